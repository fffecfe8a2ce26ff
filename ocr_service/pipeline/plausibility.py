"""Whether a text layer may be believed: by its characters, its letters' order, and a sample."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from rapidfuzz import fuzz

from ocr_service.domain.page import Line
from ocr_service.pipeline.letter_pairs import LATIN_BITS, THAI_BITS

LATIN = " abcdefghijklmnopqrstuvwxyz"
THAI = " " + "".join(map(chr, range(0x0E01, 0x0E4F)))
"""Alphabets of the tables; the blank is the edge of a word."""
SURE_BITS = {LATIN: 4.1, THAI: 5.9}
"""Letters that follow each other more likely than this on average are language."""
SURE_LETTERS = 25
"""Fewer letters tell too little."""
MAX_STRANGE_SHARE = 0.3
"""More words with characters without meaning than this, and nothing of the layer is believed."""
MAX_SINGLE_SHARE = 0.6
"""More words of one letter than this, and the words are broken up."""
MIN_WORDS = 20
"""Fewer words have no telling share of single letters."""
MIN_THAI = 40
"""Fewer Thai letters tell nothing of their marks."""
MIN_MARKS = 0.12
"""Marks above and below to Thai letters; running text has 0.25."""
MIN_TONES = 0.01
MIN_THAI_TONES = 150
"""Tone marks to Thai letters, and from how many letters on: running text has 0.09."""
MIN_AGREEMENT = 0.5
"""Likeness of the sample below which a layer is refused; a sound one has over 0.9."""

_NO_CHARACTER = re.compile(r"\(cid:\d+\)")
_THAI_LETTER = re.compile("[\u0e01-\u0e2e]")
_THAI_MARK = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")
_THAI_TONE = re.compile("[\u0e48-\u0e4b]")


def is_strange(word: str) -> bool:
    """Tell whether a word holds characters that mean nothing: glyphs their font has no name for."""
    if word.isascii() and word.isprintable():
        return bool(_NO_CHARACTER.search(word))
    return any(unicodedata.category(c) in ("Co", "Cn", "Cc", "Cs") or c == "\ufffd" for c in word)


def is_ornament(word: str) -> bool:
    """Tell whether a word is a lone strange glyph, such as the bullet of a symbol font."""
    return len(word) == 1 and is_strange(word) and word != "\ufffd"


def is_plausible(lines: Sequence[Line]) -> bool:
    """Judge a text layer as a whole by its characters alone."""
    words = [word.text for line in lines for word in line.words if not is_ornament(word.text)]
    if not words:
        return False
    if sum(map(is_strange, words)) > MAX_STRANGE_SHARE * len(words):
        return False
    letters = sum(len(word) == 1 and word.isalpha() and word < "\u0e00" for word in words)
    return len(words) < MIN_WORDS or letters <= MAX_SINGLE_SHARE * len(words)


def has_lost_marks(lines: Sequence[Line]) -> bool:
    """Tell whether Thai text lacks the marks that it must have."""
    text = " ".join(line.text for line in lines)
    letters = len(_THAI_LETTER.findall(text))
    if letters < MIN_THAI:
        return False
    if len(_THAI_MARK.findall(text)) < MIN_MARKS * letters:
        return True
    return letters >= MIN_THAI_TONES and len(_THAI_TONE.findall(text)) < MIN_TONES * letters


def is_language(text: str) -> bool:
    """Tell whether letters follow each other as they do in a language whose habits are known.

    No for a text that is too short or in a language that is not known: only a yes tells something.
    """
    plain = folded(text)
    for alphabet, sure in SURE_BITS.items():
        letters = sum(c in alphabet for c in plain) - plain.count(" ")
        # A few letters among strangers prove nothing.
        if letters >= SURE_LETTERS and 2 * letters > sum(c.isalpha() for c in plain):
            return bits(plain, alphabet) <= sure
    return False


def bits(text: str, alphabet: str) -> float:
    """Mean of -log2 P(letter | letter before) over the words of a folded text; 0 for none."""
    table = _table(alphabet)
    found = [table[pair] for pair in pairs_of(text, alphabet)]
    return sum(found) / len(found) if found else 0.0


def pairs_of(text: str, alphabet: str) -> Iterator[str]:
    """Give the pairs of neighbours within words of an alphabet's letters, with the words' edges."""
    for word in re.findall(f"[{alphabet[1]}-{alphabet[-1]}]+", text):
        if len(word) > 1:
            framed = f" {word} "
            yield from (framed[i : i + 2] for i in range(len(framed) - 1))


def folded(text: str) -> str:
    """Take case and the accents of Latin letters off."""
    lowered = text.casefold()
    if lowered.isascii():
        return lowered
    apart = unicodedata.normalize("NFD", lowered)
    return "".join(c for c in apart if not "\u0300" <= c <= "\u036f")


def agreement(expected: Sequence[str], read: Sequence[str]) -> float:
    """Likeness in [0, 1] of texts and what was read in their place; 1 where there is none."""
    pairs = list(zip(expected, read, strict=True))
    if not pairs:
        return 1.0
    return sum(likeness(a, b) for a, b in pairs) / len(pairs)


def likeness(expected: str, read: str) -> float:
    """Likeness in [0, 1] of two texts by their letters and digits."""
    return fuzz.ratio(_letters(expected), _letters(read)) / 100


def words_in_common(lines: Sequence[Line], others: Sequence[Line]) -> float:
    """Share of the words of `lines` that stand in `others` too; 1 where there are none."""
    words = {_letters(word.text) for line in lines for word in line.words} - {""}
    known = {_letters(word.text) for line in others for word in line.words}
    return len(words & known) / len(words) if words else 1.0


@cache
def _table(alphabet: str) -> dict[str, float]:
    digits = iter(LATIN_BITS if alphabet == LATIN else THAI_BITS)
    return {a + b: int(next(digits), 36) / 2 for a in alphabet for b in alphabet}


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
