"""The fonts lines are drawn with: every installed one whose Thai marks stand right.

Two sources: Debian's font packages and the OFL families that the fontsource packages carry (one
file for Thai, one for Latin). A line may need more than one font, because many Thai fonts have no
Latin digits and few have every sign; `runs` divides a text by what each font has.
"""

import functools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

SYSTEM = Path("/usr/share/fonts")
MISPLACED_MARKS = ("TlwgMono", "LoopedThai", "unifont", "Droid")
"""Checked by eye: upper marks beside their consonants."""
UNREADABLE = (
    "Thin",
    "Hairline",
    "ExtraLight",
    "ExtLt",
    "Symbol",
    "D050000L",
    "Purisa-BoldOblique",
    "Math",
    "LinBiolinum_K",
    "-100-",
    "-200-",
    "KeyCaps",
    "_RZ",
    "TeX",
)
THAI_SAMPLE = frozenset({0x0E01, 0x0E48})
LATIN_SAMPLE = frozenset(map(ord, "Ag09.:/"))
FIXED_SHARE = 0.5
"""Share of Western lines in a face of one width, as receipts mostly are."""
WESTERN_FAMILIES = (
    "cmun*", "EBGaramond*", "Comfortaa*", "mononoki-*", "TerminusTTF*", "Tuffy*", "unifont",
    "3270-*", "Monoid-*", "Anonymous*", "OldStandard*", "NotoSansDisplay*", "NotoSerifDisplay*",
    "Z003*",
)  # fmt: skip
"""Families for Western lines alone, beside LATIN_FAMILIES and the fontsource ones without Thai."""
FOREIGN_FILES = (
    "NotoSansCJK-*.ttc", "NotoSerifCJK-*.ttc", "NotoSansDevanagari-Regular.ttf", "unifont.otf",
    "DroidSansFallback*", "NotoSans-Regular.ttf", "NotoSerif-Regular.ttf",
)  # fmt: skip
OFFICIAL = ("sarabun", "Laksaman")
OFFICIAL_SHARE = 4
"""The face of Thai offices and its like stand on more paper than any other."""
UPRIGHT_SHARE = 0.8
"""Share of lines that no slanted style is drawn in."""
LATIN_FAMILIES = (
    "DejaVu*", "Liberation*", "Arimo*", "Cousine*", "Tinos*", "Carlito*", "Caladea*", "Lato*",
    "OpenSans*", "Roboto*", "Inconsolata*", "Hack*", "FiraCode*", "Nimbus*", "C059*", "P052*",
    "URWGothic*", "URWBookman*", "Courier*", "FreeSans*", "FreeMono*", "NotoSans-*", "NotoSerif-*",
    "NotoSansMono*", "Cantarell*", "CharisSIL*", "Andika*", "Gentium*", "LinLibertine*", "OCRA",
    "OCRB", "Vollkorn*", "Cabin*", "Quicksand*", "Dosis*", "JetBrainsMono*", "Play-*",
    "lmroman10*", "lmmono10*",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Face:
    """One font file.

    Attributes:
        path: The file.
        has: The code points it draws.
    """

    path: str
    has: frozenset[int]


@dataclass(frozen=True, slots=True)
class Typeface:
    """What a line is set in.

    Attributes:
        family: For balance: each family is drawn as often, however many styles it has.
        faces: In order of preference; the last ones fill what the first lack.
    """

    family: str
    faces: tuple[Face, ...]


class Library:
    """Fonts found on this machine, chosen from with a seeded source."""

    def __init__(self, extra: Path) -> None:
        """Look for fonts.

        Args:
            extra: Folder of unpacked fontsource packages; may be missing.
        """
        latin = {f for g in LATIN_FAMILIES for f in SYSTEM.rglob(g + ".[to]tf") if _usable(f)}
        self._latin = _by_family([face for f in sorted(latin) if (face := _face(f))])
        self._fallback = next(
            f for fs in self._latin.values() for f in fs if f.path.endswith("/DejaVuSans.ttf")
        )
        thai = [*_debian_thai(), *_fontsource_thai(extra)]
        self._thai: dict[str, list[tuple[Face, ...]]] = {}
        for faces in thai:
            self._thai.setdefault(_family(faces[0].path), []).append(faces)

        files = {f for g in WESTERN_FAMILIES for f in SYSTEM.rglob(g + ".[to]tf") if _usable(f, ())}
        western = [(face,) for f in sorted(files) if (face := _face(f))]
        western += [(face,) for faces in self._latin.values() for face in faces]
        western += _fontsource_latin(extra)
        self._western: dict[bool, dict[str, list[tuple[Face, ...]]]] = {True: {}, False: {}}
        for faces in western:
            if faces[0].has >= LATIN_SAMPLE:
                same = self._western[_is_fixed(faces[0].path)]
                same.setdefault(_family(faces[0].path), []).append(faces)
        foreign = sorted(f for g in FOREIGN_FILES for f in SYSTEM.rglob(g))
        self._foreign = [face for f in foreign if (face := _face(f))]

    def choose_western(self, rng: random.Random, text: str) -> Typeface:
        """Choose what a text in a Western language is set in."""
        families = self._western[rng.random() < FIXED_SHARE]
        family = rng.choice(sorted(families))
        styles = families[family]
        if rng.random() < UPRIGHT_SHARE:
            styles = [s for s in styles if not _is_slanted(s[0].path)] or styles
        faces = rng.choice(styles)
        others = rng.sample(self._foreign, len(self._foreign)) if not text.isascii() else []
        return Typeface(family, (*faces, self._fallback, *others))

    def families(self) -> list[str]:
        """Name the Thai families."""
        return sorted(self._thai)

    def choose(self, rng: random.Random, text: str) -> Typeface:
        """Choose what a text is set in."""
        is_thai = any("\u0e00" <= c <= "\u0e7f" for c in text)
        latin_styles = self._latin[rng.choice(sorted(self._latin))]
        upright = [s for s in latin_styles if not _is_slanted(s.path)] or latin_styles
        latin = rng.choice(upright if rng.random() < UPRIGHT_SHARE else latin_styles)
        if not is_thai and rng.random() < 0.35:
            return Typeface(_family(latin.path), (latin, self._fallback))
        names = sorted(self._thai)
        shares = [OFFICIAL_SHARE if name in OFFICIAL else 1 for name in names]
        (family,) = rng.choices(names, shares)
        styles = self._thai[family]
        if rng.random() < UPRIGHT_SHARE:
            styles = [s for s in styles if not _is_slanted(s[0].path)] or styles
        faces = rng.choice(styles)
        if rng.random() < 0.12 and len(faces) == 1:
            # As offices do: Thai in one font, figures and English in another.
            thai_only = Face(faces[0].path, frozenset(c for c in faces[0].has if c >= 0x0E00))
            return Typeface(family, (thai_only, latin, self._fallback))
        return Typeface(family, (*faces, latin, self._fallback))


def runs(text: str, typeface: Typeface) -> list[tuple[str, Face]] | None:
    """Divide a text into runs of one face each; None where a character is in no face."""
    out: list[tuple[str, Face]] = []
    for char in text:
        previous = out[-1][1] if out else None
        if previous and (
            ord(char) in previous.has and (char == " " or previous is typeface.faces[0])
        ):
            face: Face | None = previous
        else:
            face = next((f for f in typeface.faces if ord(char) in f.has), None)
        if face is None:
            return None
        if out and out[-1][1] is face:
            out[-1] = (out[-1][0] + char, face)
        else:
            out.append((char, face))
    return out


@functools.lru_cache(maxsize=600)
def sized(path: str, size: int) -> ImageFont.FreeTypeFont:
    """Open a font at a size in pixels."""
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)


def _debian_thai() -> Iterator[tuple[Face, ...]]:
    for file in sorted(SYSTEM.rglob("*.[to]tf")):
        face = _face(file) if _usable(file) else None
        if face and face.has >= THAI_SAMPLE:
            yield (face,)


def _fontsource_thai(folder: Path) -> Iterator[tuple[Face, ...]]:
    """Pair the Thai and the Latin file of each style: FAMILY-thai-WEIGHT-STYLE.woff2."""
    for file in sorted(folder.rglob("*-thai-[0-9]*.woff2")):
        latin = file.with_name("-latin-".join(file.name.rsplit("-thai-", 1)))
        if _usable(file) and latin.exists():
            faces = (_face(file), _face(latin))
            yield tuple(face for face in faces if face)


def _fontsource_latin(folder: Path) -> Iterator[tuple[Face, ...]]:
    """Take the styles of families without Thai, with their letters of Central Europe."""
    for file in sorted(folder.rglob("*-latin-[0-9]*.woff2")):
        if not _usable(file) or any(file.parent.glob("*-thai-*")):
            continue
        more = file.with_name("-latin-ext-".join(file.name.rsplit("-latin-", 1)))
        faces = [_face(file)] + ([_face(more)] if more.exists() else [])
        yield tuple(face for face in faces if face)


def _is_fixed(path: str) -> bool:
    font = sized(path, 40)
    return bool(font.getlength("i") == font.getlength("M"))


def _is_slanted(path: str) -> bool:
    return any(word in path.lower() for word in ("oblique", "italic"))


def _usable(file: Path, bad: tuple[str, ...] = MISPLACED_MARKS) -> bool:
    return not any(word in file.name for word in (*bad, *UNREADABLE))


@functools.cache
def _face(file: Path) -> Face | None:
    try:
        with TTFont(file, lazy=True, fontNumber=0) as font:
            return Face(str(file), frozenset(font.getBestCmap() or {}))
    except Exception as error:  # noqa: BLE001 - a broken font is passed over and named
        print(f"passed over {file}: {error}")
        return None


def _family(path: str) -> str:
    name = Path(path).name.split(".")[0]
    if path.endswith("woff2"):
        return re.split("-(?:thai|latin)-", name)[0]
    # "Courier Prime Sans Bold", "LinLibertine_RB" and "FreeSerifBold" are styles, not families.
    return re.sub("( Sans| Code|_[A-Z]+|Bold|Oblique|Italic| )*$", "", name.split("-")[0])


def _by_family(faces: list[Face]) -> dict[str, list[Face]]:
    families: dict[str, list[Face]] = {}
    for face in faces:
        families.setdefault(_family(face.path), []).append(face)
    return families
