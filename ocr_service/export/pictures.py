"""Picture files as PDF pages: a JPEG goes in byte for byte, any other picture pixel by pixel."""

import io
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ocr_service.domain.file_facts import Limits, MediaType, PageSize
from ocr_service.intake.images import FORMATS, ORIENTATION_TAG, SIDEWAYS, UPRIGHT, ImageDocument

SCANNER_DPI = (90.0, 1300.0)
"""What a scanner states; cameras and screens write numbers such as 72 that mean nothing."""
A4_LENGTH_PT = 842.0
"""Longer side of a page whose picture tells no size."""
LONGEST_PT = 14400.0
"""Of any PDF page."""
PLAIN = {"1": ("/DeviceGray", 1, 1), "L": ("/DeviceGray", 8, 1), "RGB": ("/DeviceRGB", 8, 3)}
"""Colour space, bits and colours of the modes that go in as they are."""
JPEG_SPACES = {"L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK"}

Affine = tuple[float, float, float, float, float, float]

# EXIF orientation: how u and v, the shares of the upright page's width and height, follow from
# the stored picture's: (constant, by x, by y) each (TIFF 6.0, page 36).
_UPRIGHT_SHARES = {
    1: ((0, 1, 0), (0, 0, 1)),
    2: ((1, -1, 0), (0, 0, 1)),
    3: ((1, -1, 0), (1, 0, -1)),
    4: ((0, 1, 0), (1, 0, -1)),
    5: ((0, 0, 1), (0, 1, 0)),
    6: ((1, 0, -1), (0, 1, 0)),
    7: ((1, 0, -1), (1, -1, 0)),
    8: ((0, 0, 1), (1, -1, 0)),
}


@dataclass(frozen=True, slots=True)
class PicturePage:
    """A page that shows one picture.

    Attributes:
        width_pt: Of the page.
        height_pt: Of the page.
        place: PDF matrix that lays the picture's unit square upright on the page.
        entries: The image object's dictionary, without type and length.
        data: Its stream, encoded as `entries` says.
    """

    width_pt: float
    height_pt: float
    place: Affine
    entries: dict[str, str]
    data: bytes


def picture_pages(data: bytes, media_type: MediaType) -> Iterator[PicturePage]:
    """Turn a picture file's pages into PDF pages, one at a time.

    Args:
        data: The file, one that intake accepts.
        media_type: Of the file.

    Raises:
        HubError: A page cannot be decoded.
    """
    sizes = ImageDocument(data, media_type, Limits()).facts.page_sizes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # intake has counted the pixels
        for number, size in enumerate(sizes, 1):
            with Image.open(io.BytesIO(data), formats=FORMATS[media_type]) as image:
                if number > 1:
                    image.seek(number - 1)
                orientation = _orientation(image)
                width, height = _points(image, size, is_turned=orientation in SIDEWAYS)
                if media_type is MediaType.JPEG and image.mode in JPEG_SPACES:
                    place = _place(width, height, orientation)
                    yield PicturePage(width, height, place, _jpeg_entries(image), data)
                    continue
                pixels = _upright_pixels(image, orientation)
                if pixels is None:
                    seen = ImageDocument(data, media_type, Limits()).page(number).pixels
                    pixels = Image.fromarray(np.ascontiguousarray(seen[:, :, ::-1]))
                place = _place(width, height, 1)
                yield PicturePage(
                    width, height, place, _png_entries(pixels), _png_compressed(pixels)
                )


def _orientation(image: Image.Image) -> int:
    try:
        found = int(image.getexif().get(ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, TypeError, OSError, KeyError, struct.error):
        return 1  # broken EXIF: the pixels are still good
    return found if found in _UPRIGHT_SHARES else 1


def _jpeg_entries(image: Image.Image) -> dict[str, str]:
    entries = {
        "Width": str(image.width),
        "Height": str(image.height),
        "ColorSpace": JPEG_SPACES[image.mode],
        "BitsPerComponent": "8",
        "Filter": "/DCTDecode",
    }
    if image.mode == "CMYK" and "adobe" in image.info:
        entries["Decode"] = "[1 0 1 0 1 0 1 0]"  # such files hold the colours inverted
    return entries


def _upright_pixels(image: Image.Image, orientation: int) -> Image.Image | None:
    """Decode a picture without loss; None where only the reader's own view of it will do."""
    try:
        image.load()
    except (OSError, SyntaxError, ValueError):
        return None  # cut off: the reader takes what is there
    if "transparency" in image.info or image.mode not in (*PLAIN, "P"):
        return None
    plain = image.convert("RGB") if image.mode == "P" else image
    turn = UPRIGHT.get(orientation)
    # Pillow has applied a TIFF's orientation while loading.
    return plain if turn is None or image.format == "TIFF" else plain.transpose(turn)


def _png_entries(image: Image.Image) -> dict[str, str]:
    space, bits, colors = PLAIN[image.mode]
    return {
        "Width": str(image.width),
        "Height": str(image.height),
        "ColorSpace": space,
        "BitsPerComponent": str(bits),
        "Filter": "/FlateDecode",
        "DecodeParms": f"<< /Predictor 15 /Colors {colors} /BitsPerComponent {bits}"
        f" /Columns {image.width} >>",
    }


def _png_compressed(image: Image.Image) -> bytes:
    """Compress pixels as PNG does, which a PDF can hold as it is: take the chunks' contents."""
    out = io.BytesIO()
    image.save(out, "PNG")
    png = out.getvalue()
    position, parts = 8, []
    while position < len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        if kind == b"IDAT":
            parts.append(png[position + 8 : position + 8 + length])
        position += length + 12
    return b"".join(parts)


def _place(width: float, height: float, orientation: int) -> Affine:
    u, v = _UPRIGHT_SHARES[orientation]
    # The unit square counts y from its foot, so that the stored row is 1 - y; so does the page.
    return (
        width * u[1],
        -height * v[1],
        -width * u[2],
        height * v[2],
        width * (u[0] + u[2]),
        height * (1 - v[0] - v[2]),
    )


def _points(image: Image.Image, size: PageSize, *, is_turned: bool) -> tuple[float, float]:
    """Give the size on paper of a page of so many pixels."""
    try:
        x, y = (float(value) for value in image.info.get("dpi", (0, 0)))
    except (TypeError, ValueError, ZeroDivisionError):
        x = y = 0.0
    if is_turned:
        x, y = y, x
    low, high = SCANNER_DPI
    if not (low <= x <= high and low <= y <= high):
        x = y = 72 * max(size.width, size.height) / A4_LENGTH_PT
    width, height = size.width * 72 / x, size.height * 72 / y
    shrink = min(1.0, LONGEST_PT / max(width, height))
    return max(1.0, width * shrink), max(1.0, height * shrink)
