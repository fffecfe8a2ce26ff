"""Text in comparable form: Thai marks in order, digits as ASCII, folding for compare and search."""

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u00b4": "'",
        "`": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
    }
)

# A Thai consonant carries at most one vowel mark (above or below) and one tone or silencing mark;
# typists and OCR produce them in any order and sometimes twice.
_ABOVE_BELOW = "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\u0e47\u0e4d"
_TONES = "\u0e48\u0e49\u0e4a\u0e4b\u0e4c"
_MARK_RUN = re.compile(f"[{_ABOVE_BELOW}{_TONES}]{{2,}}")
_SARA_AM = re.compile(f"\u0e4d([{_TONES}]?)\u0e32")
_THAI = re.compile(r"[\u0e01-\u0e5b]")


def ordered_thai(text: str) -> str:
    """Put Thai marks in their one order: vowel, then tone; no mark twice, no invisible characters.

    Also writes the doubled sara e as sara ae and a split sara am as one character. Text without
    Thai passes unchanged but for invisible characters.
    """
    text = text.translate(_INVISIBLE)
    if not _THAI.search(text):
        return text
    text = text.replace("\u0e40\u0e40", "\u0e41")
    text = _MARK_RUN.sub(_order_run, text)
    return _SARA_AM.sub("\\1\u0e33", text)


def _order_run(match: re.Match[str]) -> str:
    run = dict.fromkeys(match.group())
    return "".join(c for c in run if c in _ABOVE_BELOW) + "".join(c for c in run if c in _TONES)


def arabic_digits(text: str) -> str:
    """Write every decimal digit (Thai, full width, ...) as ASCII; the length stays the same."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def has_thai(text: str) -> bool:
    """Tell whether any Thai letter or mark occurs."""
    return _THAI.search(text) is not None


def fold(text: str) -> str:
    """Fold for comparison: NFKC, no case, no Latin accents, ASCII digits, single spaces.

    The result is stable: folding it again changes nothing.
    """
    if text.isascii():
        return " ".join(text.casefold().replace("`", "'").split())
    text = unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)
    text = unicodedata.normalize("NFD", text.casefold())
    text = "".join(c for c in text if not "\u0300" <= c <= "\u036f")
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(ordered_thai(arabic_digits(text)).split())


def squash(text: str) -> str:
    """Fold, then keep letters, digits and Thai marks only: the form for equality and lookup."""
    return "".join(c for c in fold(text) if unicodedata.category(c)[0] in "LNM")
