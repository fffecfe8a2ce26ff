"""Write the odd files anew: `python -m tests.data.odd.make`.

What is expected of each stands in `expected.toml`. The same files come out each time but for what
the libraries change and for encrypted ones, which hold random keys.
"""

import io
import random
import string
import struct
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pillow_heif import register_heif_opener

from tests.data.odd.pdf_parts import (
    HELVETICA,
    SHOW_PICTURE,
    TEXT,
    one_page,
    page,
    pages_claiming,
    painted,
    pdf,
    picture,
    stream,
    with_table,
)

pymupdf: Any = import_module("pymupdf")  # it ships no types
HERE = Path(__file__).parent
LETTERS = range(32, 127)
SCAN = ("Delivery note 20831", "Twelve boxes of paper", "Total 99.00 EUR")


def drawn(lines: tuple[str, ...] = SCAN, size: tuple[int, int] = (700, 330)) -> Image.Image:
    paper = Image.new("L", size, 255)
    pen = ImageDraw.Draw(paper)
    for row, line in enumerate(lines):
        pen.text((40, 30 + 90 * row), line, font=ImageFont.load_default(40), fill=0)
    return paper


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def shuffled(letters: str) -> dict[int, int]:
    others = list(letters)
    random.Random(3).shuffle(others)  # noqa: S311  any order will do
    return {code: code for code in LETTERS} | {
        ord(a): ord(b) for a, b in zip(letters, others, strict=True)
    }


def private_digits() -> dict[int, int]:
    return {code: 0xE000 + code if chr(code).isdigit() else code for code in LETTERS}


def scan_page(more: bytes = b"", *, before: bytes = b"", mode: int = 0) -> bytes:
    """A page that a picture covers, with other text painted before it."""
    paper = drawn(size=(700, 990))
    image = picture(
        *paper.size,
        zlib.compress(paper.tobytes()),
        b"/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode",
    )
    contents = before + b" q 595 0 0 842 0 0 cm /Im Do Q " + (painted(mode=mode) if mode else b"")
    return one_page(stream(contents), more=more, others=[image])


def letterhead() -> bytes:
    paper = drawn(("Acme Trading Company", "Tax id 0105551234567"), (900, 230))
    image = picture(
        *paper.size,
        zlib.compress(paper.tobytes()),
        b"/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode",
    )
    contents = painted() + b" q 450 0 0 115 72 480 cm /Im Do Q"
    return one_page(stream(contents), others=[image])


def deep_tree(depth: int = 1_500) -> bytes:
    nodes = [
        b"<</Type/Pages/Parent %d 0 R/Count 1/Kids[%d 0 R]>>" % (max(1, i + 1), i + 3)
        for i in range(depth)
    ]
    leaf = page(depth + 3, font=depth + 4, parent=depth + 1)
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, leaf, stream(painted()), HELVETICA])


def nested_forms(depth: int = 40, fan: int = 8) -> bytes:
    """Forms that show each other eight times: a drawing of 8 ** 40 strokes."""
    forms = [
        stream(
            b"/Im Do " * fan,
            b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]"
            b"/Resources<</XObject<</Im %d 0 R>>>>" % min(7 + i, 5 + depth),
        )
        for i in range(depth - 1)
    ]
    last = stream(b"0 0 9 9 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]")
    return one_page(stream(painted() + b" /Im Do"), others=[*forms, last])


def png_claiming(width: int, height: int, depth: int = 1, kind_of_colour: int = 0) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, depth, kind_of_colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 4096))
        + chunk(b"IEND", b"")
    )


def saved(document: Any, **options: object) -> bytes:
    return bytes(document.tobytes(**options, no_new_id=True))


def protected(**passwords: str) -> bytes:
    document = pymupdf.open(stream=one_page(), filetype="pdf")
    return saved(document, encryption=pymupdf.PDF_ENCRYPT_AES_256, **passwords)


def cut_in_two() -> bytes:
    """Two pages, of which the second's contents are cut off with all that follows."""
    whole = pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 2/Kids[3 0 R 6 0 R]>>",
            page(4),
            stream(painted()),
            HELVETICA,
            page(7),
            stream(painted(("The second page",) * 20)),
        ]
    )
    return whole[: whole.index(b"7 0 obj") + 40]


def form_fields() -> bytes:
    document = pymupdf.open(stream=one_page(), filetype="pdf")
    field = pymupdf.Widget()
    field.rect, field.field_name = pymupdf.Rect(72, 400, 400, 430), "amount"
    field.field_type, field.field_value = pymupdf.PDF_WIDGET_TYPE_TEXT, "Paid amount 550.00"
    document[0].add_widget(field)
    return saved(document)


def pdfs() -> dict[str, bytes]:
    ident = {code: code for code in LETTERS}
    flate = b"/Filter/FlateDecode"
    damaged = zlib.compress(painted())[:40] + b"\xff" * 60
    bomb = zlib.compress(b"\0" * 100_000, 9)
    dots = b"/ColorSpace/DeviceGray/BitsPerComponent 8"
    return {
        "plain.pdf": one_page(),
        "table-sound.pdf": with_table(ident),
        "table-shuffled.pdf": with_table(shuffled(string.ascii_letters)),
        "table-shifted.pdf": with_table({code: code + 1 for code in LETTERS}),
        "table-unknown.pdf": with_table(dict.fromkeys(LETTERS, 0xFFFD)),
        "table-private.pdf": with_table({code: 0xE000 + code for code in LETTERS}),
        "table-private-digits.pdf": with_table(private_digits()),
        "table-foreign-script.pdf": with_table({code: 0x3E0 + code for code in LETTERS}),
        "wrong-text-under-scan.pdf": scan_page(before=painted()),
        "wrong-hidden-text.pdf": scan_page(mode=3),
        "letterhead-picture.pdf": letterhead(),
        "form-field.pdf": form_fields(),
        "count-too-small.pdf": pages_claiming(b"1", 3),
        "count-too-large.pdf": pages_claiming(b"5"),
        "count-zero.pdf": pages_claiming(b"0"),
        "count-negative.pdf": pages_claiming(b"-3"),
        "count-huge.pdf": pages_claiming(b"2147483647"),
        "count-text.pdf": pages_claiming(b"(two)"),
        "no-pages.pdf": pages_claiming(b"0", 0),
        "kids-loop.pdf": pages_claiming(b"2").replace(b"[5 0 R 6 0 R]", b"[2 0 R 6 0 R]"),
        "kid-missing.pdf": pages_claiming(b"2").replace(b"[5 0 R 6 0 R]", b"[5 0 R 9 0 R]"),
        "deep-tree.pdf": deep_tree(),
        "cut-in-half.pdf": one_page()[:450],
        "cut-second-page.pdf": cut_in_two(),
        "no-end.pdf": one_page().partition(b"xref")[0],
        "bytes-before-header.pdf": b"From: scanner\r\n\r\n" + one_page(),
        "header-only.pdf": b"%PDF-1.7\n",
        "stream-damaged.pdf": one_page(stream(damaged, flate)),
        "stream-missing.pdf": one_page(b"null"),
        "blank.pdf": one_page(stream(b"")),
        "picture-damaged.pdf": one_page(
            SHOW_PICTURE,
            others=[picture(600, 800, b"\xff\xd8garbage", dots + b"/Filter/DCTDecode")],
        ),
        "picture-jbig2-damaged.pdf": one_page(
            SHOW_PICTURE, others=[picture(600, 800, b"\0" * 50, dots + b"/Filter/JBIG2Decode")]
        ),
        "picture-bomb.pdf": one_page(
            SHOW_PICTURE, others=[picture(100_000, 100_000, bomb, dots + flate)]
        ),
        "picture-bomb-jpx.pdf": one_page(
            SHOW_PICTURE, others=[picture(60_000, 60_000, b"\0" * 60, dots + b"/Filter/JPXDecode")]
        ),
        "picture-no-picture.pdf": one_page(
            SHOW_PICTURE,
            others=[stream(b"nothing", b"/Type/XObject/Subtype/Unheard/Width 600/Height 800")],
        ),
        "objects-claimed.pdf": pages_claiming(b"0", 0).replace(b"2 0 obj", b"8388000 0 obj"),
        "nested-forms.pdf": nested_forms(),
        "page-endless.pdf": one_page(more=b"/MediaBox[0 0 99999999 842]"),
        "page-of-no-size.pdf": one_page(more=b"/MediaBox[0 0 0 0]"),
        "page-upside-box.pdf": one_page(more=b"/MediaBox[595 842 0 0]"),
        "page-turned.pdf": one_page(more=b"/Rotate 90"),
        "page-turned-oddly.pdf": one_page(more=b"/Rotate 45"),
        "page-cropped.pdf": one_page(more=b"/CropBox[60 600 400 800]"),
        "page-crop-outside.pdf": one_page(more=b"/CropBox[5000 5000 6000 6000]"),
        "password-user.pdf": protected(user_pw="secret", owner_pw="other"),
        "password-owner.pdf": protected(owner_pw="other"),
        "protection-unknown.pdf": one_page(
            others=[b"<</Filter/Unheard/V 9>>"], trailer=b"/Root 1 0 R/Encrypt 6 0 R"
        ),
    }


def pictures() -> dict[str, bytes]:
    paper = drawn()
    colours = paper.convert("RGB")
    deep = Image.fromarray(np.asarray(paper, np.uint16) * 257)
    clear = Image.merge(
        "RGBA", (*Image.new("RGB", paper.size).split(), paper.point(lambda v: 255 - v))
    )
    fax = drawn(size=(1728, 400)).convert("1").resize((1728, 200))
    turned = Image.Exif()
    turned[0x0112] = 6
    jpeg = encoded(colours, "JPEG", quality=85)
    tiff = encoded(paper.convert("1"), "TIFF", compression="group4")
    more = {"save_all": True, "append_images": [Image.new("L", paper.size, 0)]}
    sideways = colours.transpose(Image.Transpose.ROTATE_90)
    return {
        "turned-by-exif.jpg": encoded(sideways, "JPEG", exif=turned),
        "four-inks.jpg": encoded(colours.convert("CMYK"), "JPEG"),
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut-header.jpg": jpeg[:60],
        "pdf-by-name.pdf": jpeg,
        "deep.png": encoded(deep, "PNG"),
        "palette.png": encoded(colours.quantize(8), "PNG"),
        "clear-ground.png": encoded(clear, "PNG"),
        "bomb.png": png_claiming(60_000, 60_000),
        "bomb-largest.png": png_claiming(2**31 - 1, 2**31 - 1),
        "short-clear.png": png_claiming(700, 330, 8, 6),
        "blank.png": encoded(Image.new("L", (400, 500), 255), "PNG"),
        "moving.png": encoded(paper, "PNG", **more),
        "moving.webp": encoded(paper, "WEBP", lossless=True, **more),
        "fax-low.tif": encoded(fax, "TIFF", compression="group4", dpi=(204, 98)),
        "two-pages.tif": encoded(
            paper.convert("1"), "TIFF", save_all=True, compression="group4",
            append_images=[drawn(TEXT[:3]).convert("1")],
        ),
        "cut.tif": tiff[: len(tiff) // 3],
        "paper.jp2": encoded(paper, "JPEG2000"),
        "paper.heic": encoded(colours, "HEIF", quality=70),
        "cut.heic": encoded(colours, "HEIF", quality=70)[:900],
        "nothing.pdf": b"",
        "archive.pdf": b"PK\x03\x04" + b"\0" * 60,
    }  # fmt: skip


def main() -> None:
    register_heif_opener()
    for name, data in {**pdfs(), **pictures()}.items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
