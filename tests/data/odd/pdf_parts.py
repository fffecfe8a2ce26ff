"""PDF files put together object by object, so that each can lie in one place."""

from collections.abc import Mapping, Sequence

TEXT = (
    "Invoice number 4711",
    "The amount is payable within thirty days",
    "Thank you for your order of paper clips",
    "Delivery to our warehouse by the river",
    "Total 1,284.50 EUR",
)
HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def pdf(objects: Sequence[bytes], trailer: bytes = b"/Root 1 0 R") -> bytes:
    """Number objects from 1 and write them with a sound cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d %b>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer,
        start,
    )
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%b>>stream\n%b\nendstream" % (len(data), entries, data)


def painted(lines: Sequence[str] = TEXT, *, mode: int = 0) -> bytes:
    """Write a content stream that paints lines from the top."""
    shown = b"".join(b"(%b) Tj 0 -30 Td " % line.encode("cp1252") for line in lines)
    return b"BT /F1 14 Tf %d Tr 72 760 Td %bET" % (mode, shown)


def page(contents: int, *, font: int = 5, parent: int = 2, more: bytes = b"") -> bytes:
    box = b"" if b"/MediaBox" in more else b"/MediaBox[0 0 595 842]"
    return (
        b"<</Type/Page/Parent %d 0 R%b/Contents %d 0 R/Resources<</Font<</F1 %d 0 R>>"
        b"/XObject<</Im 6 0 R>>>>%b>>"
    ) % (parent, box, contents, font, more)


def one_page(
    contents: bytes | None = None,
    *,
    count: bytes = b"1",
    more: bytes = b"",
    font: bytes = HELVETICA,
    others: Sequence[bytes] = (),
    trailer: bytes = b"/Root 1 0 R",
) -> bytes:
    """A page is object 3, its contents 4, its font 5, a picture it may show 6."""
    body = stream(painted()) if contents is None else contents
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count %b/Kids[3 0 R]>>" % count,
            page(4, more=more),
            body,
            font,
            *others,
        ],
        trailer,
    )


def pages_claiming(count: bytes, real: int = 2) -> bytes:
    """Write a tree of real pages under a /Count of one's own."""
    kids = b" ".join(b"%d 0 R" % (5 + i) for i in range(real))
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count %b/Kids[%b]>>" % (count, kids),
            stream(painted()),
            HELVETICA,
            *[page(3, font=4) for _ in range(real)],
        ]
    )


def to_unicode(table: Mapping[int, int]) -> bytes:
    """Write the table that tells what a font's codes mean."""
    rows = list(table.items())
    body = b""
    for start in range(0, len(rows), 100):
        part = rows[start : start + 100]
        body += b"%d beginbfchar\n" % len(part)
        body += b"".join(b"<%02x> <%04x>\n" % row for row in part) + b"endbfchar\n"
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"/CMapName /T def /CMapType 2 def\n"
        b"1 begincodespacerange\n<00> <ff>\nendcodespacerange\n" + body + b"endcmap end end"
    )


def with_table(table: Mapping[int, int], lines: Sequence[str] = TEXT) -> bytes:
    """Write a page that is painted right and whose letters are told by a table of one's own."""
    font = HELVETICA[:-2] + b"/ToUnicode 6 0 R>>"
    return one_page(stream(painted(lines)), font=font, others=[to_unicode(table)])


def picture(width: int, height: int, data: bytes, entries: bytes) -> bytes:
    return stream(
        data, b"/Type/XObject/Subtype/Image/Width %d/Height %d%b" % (width, height, entries)
    )


SHOW_PICTURE = stream(b"q 595 0 0 842 0 0 cm /Im Do Q")
