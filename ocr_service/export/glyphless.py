"""A font without shapes: text in it is never seen, yet found and copied in every script.

One font of two empty glyphs serves a whole document. Each character that occurs gets a two-byte
code; a table in the PDF tells the character of each code. So a PDF grows by some hundred bytes
and not by the fonts of all the scripts that a reader knows.

Source: ISO 32000-1, 9.7 (composite fonts) and 9.10.3 (ToUnicode); OpenType 1.9, required tables.
"""

import struct
import unicodedata

EM = 1000
ADVANCE = 500
"""Width of a character, in thousandths of the font's size."""
SPACE = 200
"""Width of a space: less than most gaps between words, so that it reaches into none of them."""
ASCENT = 800
DESCENT = -200
NAME = "DochubGlyphless"
CODES_MAX = 0xFFFF
BLOCK = 100
"""Entries that one `bfchar` block may have."""


class CharCodes:
    """The codes of one document's characters, given out as they occur."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def hexadecimal(self, text: str) -> str:
        """Encode text as the digits of a PDF hexadecimal string."""
        return "".join(f"{self._code(char):04X}" for char in text)

    @staticmethod
    def advance(text: str) -> int:
        """Add up the characters' widths, in thousandths of the font's size."""
        return sum(_width(char) for char in text)

    def widths(self) -> str:
        """Write the widths of the characters that have not the usual one, as in `/W`."""
        return " ".join(
            f"{code} [{width}]"
            for char, code in self._codes.items()
            if (width := _width(char)) != ADVANCE
        )

    def to_unicode(self) -> bytes:
        """Write the CMap that gives the characters back."""
        entries = [
            f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>"
            for char, code in self._codes.items()
        ]
        blocks = [entries[start : start + BLOCK] for start in range(0, len(entries), BLOCK)]
        lines = [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<0000> <FFFF>",
            "endcodespacerange",
        ]
        for block in blocks:
            lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
        lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
        return "\n".join(lines).encode("ascii")

    def glyph_map(self) -> bytes:
        """Map every code to the one glyph there is beside `.notdef`."""
        return b"\x00\x00" + b"\x00\x01" * len(self._codes)

    def _code(self, char: str) -> int:
        # More different characters than codes would need a text in all scripts ever written.
        return self._codes.setdefault(char, min(len(self._codes) + 1, CODES_MAX))


def _width(char: str) -> int:
    if char == " ":
        return SPACE
    # Marks stand on the letter before, as Thai vowels do; readers take it that they take no room.
    return 0 if unicodedata.category(char) in ("Mn", "Me") else ADVANCE


def truetype() -> bytes:
    """Make the font program: the tables that a PDF must embed, and a glyph that paints nothing.

    The glyph is two points in opposite corners, each a contour by itself: nothing to fill, even
    for a program that takes no notice of invisibility, yet a box of its full size. PDFium finds
    no text that runs up or down the page when its glyphs have no extent.
    """
    version = 0x00010000
    box = (0, DESCENT, ADVANCE, ASCENT)
    glyph = (
        struct.pack(">hhhhhHHHBBhhhh", 2, *box, 0, 1, 0, 1, 1, 0, ADVANCE, DESCENT, EM) + b"\0\0"
    )
    tables = {
        b"glyf": glyph,
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh",
            *(version, version, 0, 0x5F0F3CF5, 0x000B, EM, 0, 0),
            *(*box, 0, 8, 2, 0, 0),
        ),
        b"hhea": struct.pack(
            ">IhhhHhhhhhh8xhH",
            *(version, ASCENT, DESCENT, 0, ADVANCE, 0, 0, ADVANCE, 1, 0, 0, 0, 1),
        ),
        b"hmtx": struct.pack(">Hhh", ADVANCE, 0, 0),
        b"loca": struct.pack(">HHH", 0, 0, len(glyph) // 2),
        b"maxp": struct.pack(">IHHHHHH16x", version, 2, 2, 2, 0, 0, 1),
    }
    header = struct.pack(">IHHHH", version, len(tables), 64, 2, len(tables) * 16 - 64)
    offset = len(header) + 16 * len(tables)
    directory, body = b"", b""
    for tag, table in tables.items():
        directory += struct.pack(">4sIII", tag, _sum(table), offset + len(body), len(table))
        body += table + b"\0" * (-len(table) % 4)
    font = header + directory + body
    adjustment = (0xB1B0AFBA - _sum(font)) & 0xFFFFFFFF
    place = font.index(tables[b"head"]) + 8
    return font[:place] + struct.pack(">I", adjustment) + font[place + 4 :]


def _sum(table: bytes) -> int:
    padded = table + b"\0" * (-len(table) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF
