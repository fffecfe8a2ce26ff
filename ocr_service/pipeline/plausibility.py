"""Whether a text layer may be believed: by its characters, and by a sample read from the pixels."""

import unicodedata
from collections.abc import Sequence

from rapidfuzz import fuzz

from ocr_service.domain.page import Line

MAX_STRANGE_SHARE = 0.1
"""More characters without meaning than this, and the font's table is broken."""
MAX_SINGLE_SHARE = 0.6
"""More words of one letter than this, and the words are broken up."""
MIN_WORDS = 20
"""Fewer words have no telling share of single letters."""
SAMPLE_LINES = 4
MIN_SAMPLE_CHARS = 4
MIN_AGREEMENT = 0.5
"""Likeness of the sample below which a layer is refused; a sound one has over 0.9."""


def is_plausible(lines: Sequence[Line]) -> bool:
    """Judge a text layer by its characters alone."""
    words = [word.text for line in lines for word in line.words]
    text = "".join(words)
    if not text:
        return False
    strange = sum(
        unicodedata.category(c) in ("Co", "Cn", "Cc", "Cs") or c == "\ufffd" for c in text
    )
    if strange > MAX_STRANGE_SHARE * len(text):
        return False
    letters = sum(len(word) == 1 and word.isalpha() and word < "\u0e00" for word in words)
    return len(words) < MIN_WORDS or letters <= MAX_SINGLE_SHARE * len(words)


def sample(lines: Sequence[Line]) -> list[Line]:
    """Choose the lines to be read from the pixels: the longest that the recogniser can read."""
    readable = [line for line in lines if len(_letters(line.text)) >= MIN_SAMPLE_CHARS]
    latin = [line for line in readable if _share_known(line.text) > 0.8]
    return sorted(latin, key=lambda line: -min(len(line.text), 40))[:SAMPLE_LINES]


def agreement(expected: Sequence[str], read: Sequence[str]) -> float:
    """Likeness in [0, 1] of texts and what was read in their place; 1 where there is none."""
    pairs = list(zip(expected, read, strict=True))
    if not pairs:
        return 1.0
    return sum(fuzz.ratio(_letters(a), _letters(b)) for a, b in pairs) / 100 / len(pairs)


def words_in_common(lines: Sequence[Line], others: Sequence[Line]) -> float:
    """Share of the words of `lines` that stand in `others` too; 1 where there are none."""
    words = {_letters(word.text) for line in lines for word in line.words} - {""}
    known = {_letters(word.text) for line in others for word in line.words}
    return len(words & known) / len(words) if words else 1.0


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _share_known(text: str) -> float:
    """Share of letters that the Latin recogniser has in its alphabet."""
    letters = [c for c in text if c.isalpha()]
    return sum(c < "\u0250" for c in letters) / len(letters) if letters else 1.0
