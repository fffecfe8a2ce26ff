"""How far a PDF page's own text is believed, and what is read from the pixels in its stead.

A font whose letters follow each other as in a language is believed at once. Any other is compared
with a few of its words read from the pixels, once a file. So most pages cost no inference.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ocr_service.domain.page import Line, Point, Quad, Word
from ocr_service.intake.content import Area, PageContent, Picture, Run, TextLayer
from ocr_service.pipeline.geometry import Floats, as_quad, part_of
from ocr_service.pipeline.plausibility import (
    MIN_AGREEMENT,
    has_lost_marks,
    is_language,
    is_ornament,
    is_plausible,
    is_strange,
    likeness,
)
from ocr_service.pipeline.recognition import WordInLine, line_confidence

SCAN_PICTURE = 0.8
"""A page covered so far is a scan, whatever text is laid under or over it."""
FEW_SIGNS = 12
"""A font with fewer signs on a page is believed with the others."""
SAMPLES = 2
"""Stretches of a font that are read; each costs as much as a hundred pages' letters."""
PAGE_SAMPLES = 4
SAMPLE_SIGNS = 9
"""A good stretch to read: some more than this and it costs more than it tells."""
LEAST_SIGNS = 3
SURELY_READ = 0.8
"""What was read with less confidence contradicts nothing."""
MAX_REFUSED = 0.3
"""With more of its letters in refused fonts, nothing of a layer is believed."""
LEAST_CONFIDENCE = 0.5
"""What is read with less in place of a line is not given."""
MARGIN = 0.1
"""Of a box's height, kept around it."""
LOGO_SHARE = 0.03
"""Smaller pictures are logos, stamps and signatures: not worth a search for text."""
MOST_PICTURES = 8

Image = NDArray[np.uint8]


class Eyes(Protocol):
    """What reads pixels."""

    def read_quads(self, image: Image, quads: Floats) -> Sequence[tuple[WordInLine, ...]]:
        """Read (N, 4, 2) quads on an (H, W, 3) BGR image."""
        ...

    def read_picture(self, image: Image) -> tuple[Line, ...]:
        """Find lines on an image and read them; boxes in its pixels."""
        ...


@dataclass(frozen=True, slots=True)
class Believed:
    """What of a page's text stands.

    Attributes:
        lines: Believed as the file tells them.
        read: Read from the pixels, where the file's text is of no use or only a picture is.
    """

    lines: tuple[Line, ...]
    read: tuple[Line, ...]


@dataclass
class LayerReader:
    """Judges the text layers of one file's pages."""

    _trusted: set[str] = field(default_factory=set)
    _refused: set[str] = field(default_factory=set)
    _pictures: dict[tuple[str, int, int], tuple[Line, ...]] = field(default_factory=dict)

    def believed(self, content: PageContent, layer: TextLayer, eyes: Eyes) -> Believed | None:
        """Give what of a layer can be believed, and what is read in place of the rest.

        None where the whole page must be read from its pixels.
        """
        if not is_plausible(layer.lines) or has_lost_marks(layer.lines):
            return None
        if layer.hidden or content.picture_share >= SCAN_PICTURE:
            # The letters may be good and yet stand under another picture.
            chosen = _samples(layer.runs, PAGE_SAMPLES)
            if _contradicted(content, chosen, eyes, needed=max(1, len(chosen) // 2)):
                return None
        else:
            self._judge_fonts(content, layer.runs, eyes)
        bad = [run for run in layer.runs if run.font in self._refused or _is_unknown(run.text)]
        if _signs(bad) > MAX_REFUSED * _signs(layer.runs):
            return None
        lines = tuple(map(_without_ornaments, layer.lines))
        unsound = {id(line) for line in lines if any(_inside(run.box, line.box) for run in bad)}
        sound = tuple(line for line in lines if id(line) not in unsound and line.words)
        reread = [_reread(content, line, eyes) for line in lines if id(line) in unsound]
        seen = self._in_pictures(content, sound, eyes)
        return Believed(sound, tuple(line for line in (*reread, *seen) if line))

    def _judge_fonts(self, content: PageContent, runs: Sequence[Run], eyes: Eyes) -> None:
        by_font: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            if run.font not in self._trusted and run.font not in self._refused:
                by_font[run.font].append(run)
        for font, own in by_font.items():
            if is_language(" ".join(run.text for run in own)):
                self._trusted.add(font)
            elif _signs(own) >= FEW_SIGNS:
                chosen = _samples(own, SAMPLES)
                refused = _contradicted(content, chosen, eyes, needed=len(chosen))
                (self._refused if refused else self._trusted).add(font)

    def _in_pictures(self, content: PageContent, lines: Sequence[Line], eyes: Eyes) -> list[Line]:
        """Read pictures large enough to hold text that matters, each once a file."""
        page = content.width * content.height
        large = [p for p in content.pictures if _size(p.area) >= LOGO_SHARE * page]
        if content.picture_share >= SCAN_PICTURE:
            large = []  # the ground of the page, with the text on it
        found: list[Line] = []
        for picture in sorted(large, key=lambda p: -_size(p.area))[:MOST_PICTURES]:
            for line in self._picture(content, picture, eyes):
                moved = _moved(line, picture.area.x0, picture.area.y0, content)
                if not any(_inside(moved.box, own.box) for own in lines):
                    found.append(moved)
        return found

    def _picture(self, content: PageContent, picture: Picture, eyes: Eyes) -> tuple[Line, ...]:
        """Read a picture; boxes are from its own corner, in pixels of the page as given."""
        area = picture.area
        key = (picture.name, round(area.x1 - area.x0), round(area.y1 - area.y0))
        if key not in self._pictures:
            pixels = content.part(area)
            scale = (area.x1 - area.x0) / max(1, pixels.shape[1])
            read = [line for line in eyes.read_picture(pixels) if line.confidence >= SURELY_READ]
            self._pictures[key] = tuple(_scaled(line, scale) for line in read)
        return self._pictures[key]


def _contradicted(content: PageContent, chosen: Sequence[Run], eyes: Eyes, needed: int) -> bool:
    """Tell whether so many of the chosen stretches are surely painted as something else."""
    against = 0
    for left, run in zip(range(len(chosen), 0, -1), chosen, strict=True):
        if against + left < needed:
            return False
        words = _read(content, run.box, eyes)
        if not words:
            against += _is_blank(content.part(_around(run.box, content)))
        elif line_confidence(words) >= SURELY_READ:
            read = " ".join(word.text for word in words)
            against += likeness(run.text, read) < MIN_AGREEMENT
    return 0 < needed <= against


def _reread(content: PageContent, line: Line, eyes: Eyes) -> Line | None:
    words = _read(content, line.box, eyes)
    if line_confidence(words) < LEAST_CONFIDENCE:
        return None
    corners = np.array(line.box, np.float64)
    placed = tuple(
        Word(
            word.text,
            as_quad(part_of(corners, word.start, word.end), content.width, content.height),
            round(word.confidence, 4),
        )
        for word in words
    )
    text = " ".join(word.text for word in placed)
    return Line(text, line.box, round(line_confidence(words), 4), placed)


def _read(content: PageContent, box: Quad, eyes: Eyes) -> tuple[WordInLine, ...]:
    """Read one box of the page as given."""
    area = _around(box, content)
    pixels = content.part(area)
    if not pixels.size:
        return ()
    scale = pixels.shape[1] / (area.x1 - area.x0)
    corners = (np.array(box, np.float64) - (area.x0, area.y0)) * scale
    return eyes.read_quads(pixels, corners[None])[0]


def _samples(runs: Sequence[Run], most: int) -> list[Run]:
    """Choose stretches to be read: of a good length, different, and spread over the page."""
    readable = {
        run.text: run
        for run in runs
        if sum(map(str.isalnum, run.text)) >= LEAST_SIGNS and not _is_unknown(run.text)
    }
    best = sorted(readable.values(), key=lambda run: abs(_signs([run]) - SAMPLE_SIGNS))
    return best[:most]


def _signs(runs: Iterable[Run]) -> int:
    return sum(len(run.text) - run.text.count(" ") for run in runs)


def _is_unknown(text: str) -> bool:
    return any(is_strange(word) and not is_ornament(word) for word in text.split())


def _is_blank(pixels: NDArray[np.uint8]) -> bool:
    return pixels.size > 0 and int(pixels.max()) - int(pixels.min()) < 16


def _without_ornaments(line: Line) -> Line:
    if line.text.isascii() or not any(is_ornament(word.text) for word in line.words):
        return line
    words = tuple(word for word in line.words if not is_ornament(word.text))
    return replace(line, text=" ".join(word.text for word in words), words=words)


def _around(box: Quad, content: PageContent) -> Area:
    corners = np.array(box)
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    margin = max(2.0, MARGIN * min(x1 - x0, y1 - y0))
    return Area(
        float(max(0, math.floor(x0 - margin))),
        float(max(0, math.floor(y0 - margin))),
        float(min(content.width, math.ceil(x1 + margin))),
        float(min(content.height, math.ceil(y1 + margin))),
    )


def _size(area: Area) -> float:
    return (area.x1 - area.x0) * (area.y1 - area.y0)


def _inside(box: Quad, other: Quad) -> bool:
    """Tell whether the middle of a box lies in another."""
    x, y = (sum(point[axis] for point in box) / 4 for axis in (0, 1))
    xs, ys = zip(*other, strict=True)
    return min(xs) <= x <= max(xs) and min(ys) <= y <= max(ys)


def _scaled(line: Line, scale: float) -> Line:
    return _changed(line, lambda point: (point[0] * scale, point[1] * scale))


def _moved(line: Line, x: float, y: float, content: PageContent) -> Line:
    return _changed(
        line,
        lambda point: (
            round(min(point[0] + x, content.width), 2),
            round(min(point[1] + y, content.height), 2),
        ),
    )


def _changed(line: Line, change: Callable[[Point], Point]) -> Line:
    def quad(box: Quad) -> Quad:
        a, b, c, d = map(change, box)
        return a, b, c, d

    words = tuple(replace(word, box=quad(word.box)) for word in line.words)
    return replace(line, box=quad(line.box), words=words)
