"""Names and addresses as they were printed, where the reader's slips can be told from the text."""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz.distance import Levenshtein

_ONE_IN_WORD = re.compile(r"(?<=[a-z])1(?=[a-z]|(?![\w.,/-]))")
_ZERO_IN_WORD = re.compile(r"(?<=[a-z])0(?=[a-z])")
_WORD = re.compile(r"[^\s,;()]+")
_LTD = re.compile(r"\b[Iil1]td\b")
# Forms of two words: a slip in one of them shows by the other.
_PAIRS = (("SDN", "BHD"), ("PTE", "LTD"), ("PTY", "LTD"), ("PVT", "LTD"))
_SPECKED = "ÀÁÂÃÈÉÊÌÍÎÒÓÔÕÙÚÛ"
_MOST_SPECKS = 3


def has_specks(texts: list[str]) -> bool:
    """Tell whether a page's few accents are specks: on capitals alone, at most three.

    A language that has accents shows some on small letters.
    """
    accented = [c for text in texts if not text.isascii() for c in text if _is_accented(c)]
    return 0 < len(accented) <= _MOST_SPECKS and all(c in _SPECKED for c in accented)


def _is_accented(char: str) -> bool:
    return char.isalpha() and len(unicodedata.normalize("NFD", char)) > 1 and char < "\u0250"


def mended(text: str, *, specks: bool = False) -> str:
    """Mend digits inside words, slips in legal forms and, where asked, specks read as accents."""
    if specks:
        text = "".join(unicodedata.normalize("NFD", c)[0] if c in _SPECKED else c for c in text)
    text = _WORD.sub(_mended_word, text)
    return _mended_form(text)


def _mended_word(match: re.Match[str]) -> str:
    word = match[0]
    digits = sum(c.isdigit() for c in word)
    if digits != 1 or len(word) < 4 or not word[1:].replace("1", "").replace("0", "").islower():
        return _LTD.sub("ltd" if word[:1] != "L" else "Ltd", word)
    return _ZERO_IN_WORD.sub("o", _ONE_IN_WORD.sub("l", word))


def _mended_form(text: str) -> str:
    words = list(re.finditer(r"[A-Za-z0-9]+", text))
    for left, right in zip(words[-4:], words[-3:], strict=False):
        if (left[0].upper(), right[0].upper()) in _PAIRS:
            return text
        for pair in _PAIRS:
            slips = [
                Levenshtein.distance(w[0].upper(), p)
                for w, p in zip((left, right), pair, strict=True)
            ]
            same_size = len(left[0]) == len(pair[0]) and len(right[0]) == len(pair[1])
            if sum(slips) == 1 and same_size and left[0][:1] == left[0][:1].upper():
                good = [
                    p if w[0].isupper() else p.title()
                    for w, p in zip((left, right), pair, strict=True)
                ]
                between = text[left.end() : right.start()]
                return text[: left.start()] + good[0] + between + good[1] + text[right.end() :]
    return text
