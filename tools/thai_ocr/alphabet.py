"""The classes that the recogniser tells apart, and how text becomes a row of them.

A vowel and a tone above or below the same consonant stand at one place of the line. A CTC model
reads from left to right, so such pairs are one class: they need one time step instead of two, and
their order cannot be got wrong.
"""

import re
import unicodedata
from collections.abc import Sequence

BLANK = 0

_THAI = "".join(map(chr, (*range(0x0E01, 0x0E3B), 0x0E3F, *range(0x0E40, 0x0E4E))))
_THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_SYMBOLS = "“”‘’–—…•×±°½¼²³©®™€£¥÷µ≤≥→✓□■●○"
ACCENTED = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽžŁłĄąĆćĘęŃńŚśŹźŻżČčĎďĚěŇňŘřŤťŮů"
    "ŐőŰűĞğİıŞş"
)
"""Letters of Western and Central European languages beside A to Z."""
_EUROPEAN_SIGNS = "¡¿«»„§¢ªº"
FOREIGN = "\ufffd"
"""What the model says where characters stand that it does not know."""
_PAIRS = (*(vowel + tone for vowel in "ัิีึืุู" for tone in "่้๊๋"), "ิ์", "ุ์")

CHARACTERS: tuple[str, ...] = (
    *(*_THAI, *_THAI_DIGITS, *_ASCII, *_SYMBOLS, *_PAIRS),
    *(*ACCENTED, *_EUROPEAN_SIGNS, FOREIGN),
)
"""Classes 1, 2, …; the class after the last of them is the space."""
SPACE = len(CHARACTERS) + 1
CLASSES = len(CHARACTERS) + 2

_CLASS_OF = {text: i for i, text in enumerate(CHARACTERS, 1)} | {" ": SPACE}
_TOKEN = re.compile("|".join(_PAIRS) + "|.", re.DOTALL)
_TONE_BEFORE_VOWEL = re.compile("([\u0e48-\u0e4c])([\u0e31\u0e34-\u0e3a\u0e47\u0e4d])")
_PARTED_SARA_AM = re.compile("([\u0e48-\u0e4b]?)\u0e4d([\u0e48-\u0e4b]?)\u0e32")


def canonical(text: str) -> str:
    """Bring Thai text into the one spelling the model learns.

    NFC; vowel before tone; sara am and sara ae as one character; single plain spaces.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub("[\u200b-\u200d\ufeff\u00ad]", "", text).replace("เเ", "แ")
    text = _PARTED_SARA_AM.sub("\\1\\2\u0e33", text)
    text = _TONE_BEFORE_VOWEL.sub(r"\2\1", text)
    return " ".join(text.split())


def encode(text: str) -> list[int]:
    """Give the classes of a canonical text.

    Raises:
        KeyError: A character is not in the alphabet.
    """
    return [_CLASS_OF[token] for token in _TOKEN.findall(text)]


def is_known(text: str) -> bool:
    """Tell whether the alphabet has every character."""
    return all(token in _CLASS_OF for token in _TOKEN.findall(text))


def decode(path: Sequence[int]) -> str:
    """Read the text off a best path: runs of one class count once, blanks not at all."""
    kept = [c for i, c in enumerate(path) if c != BLANK and (i == 0 or path[i - 1] != c)]
    return "".join(" " if c == SPACE else CHARACTERS[c - 1] for c in kept)
