"""Pictures are known by content, measured from headers, and brought upright by EXIF."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from hubkit.core.errors import HubError
from ocr_service.domain.errors import (
    CorruptFile,
    EmptyFile,
    FileTooLarge,
    TooManyPages,
    UnsupportedType,
)
from ocr_service.domain.file_facts import Limits, MediaType, PageSize
from ocr_service.intake.files import inspect, open_document
from ocr_service.intake.images import UPRIGHT

Encode = Callable[..., bytes]
LIMITS = Limits()
register_heif_opener()  # so that the tests can write them


def corner_marked() -> Image.Image:
    """Draw a picture whose four corners differ, so that every turn and flip shows."""
    pixels = np.full((60, 80, 3), 255, np.uint8)
    pixels[:20, :20] = (255, 0, 0)
    pixels[:20, -20:] = (0, 255, 0)
    pixels[-20:, :20] = (0, 0, 255)
    return Image.fromarray(pixels)


def png_with_size(width: int, height: int) -> bytes:
    """Write a PNG whose header claims a size that its data do not have."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 4096)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("JPEG", MediaType.JPEG),
        ("PNG", MediaType.PNG),
        ("TIFF", MediaType.TIFF),
        ("WEBP", MediaType.WEBP),
        ("BMP", MediaType.BMP),
        ("JPEG2000", MediaType.JPEG2000),
        ("HEIF", MediaType.HEIC),
    ],
)
def test_each_type_is_told_by_content(form: str, media_type: MediaType, encode: Encode) -> None:
    facts = inspect(encode(corner_marked(), form), LIMITS)
    assert facts.media_type is media_type
    assert facts.page_sizes == (PageSize(80, 60),)


@pytest.mark.parametrize("form", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation: int, form: str, encode: Encode) -> None:
    upright = corner_marked()
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    stored = upright.transpose(UPRIGHT[undo[orientation]]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if form == "JPEG" else {"lossless": True} if form == "WEBP" else {}
    document = open_document(encode(stored, form, exif=exif, **options), LIMITS)
    assert document.facts.page_sizes == (PageSize(80, 60),)
    pixels = document.page(1).pixels[:, :, ::-1].astype(int)
    assert np.abs(pixels - np.asarray(upright).astype(int)).mean() < 6


def test_every_page_of_a_tiff_is_there(encode: Encode) -> None:
    pages = [Image.new("RGB", (40 + 10 * i, 30), (80 * i, 0, 0)) for i in range(3)]
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    document = open_document(data, LIMITS)
    assert [size.width for size in document.facts.page_sizes] == [40, 50, 60]
    assert [int(document.page(n).pixels[0, 0, 2]) for n in (1, 2, 3)] == [0, 80, 160]


def test_too_many_tiff_pages_are_refused(encode: Encode) -> None:
    pages = [Image.new("L", (8, 8))] * 4
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    with pytest.raises(TooManyPages, match="4 pages, at most 3"):
        inspect(data, Limits(pages=3))


@pytest.mark.parametrize("size", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (100_001, 1_000)])
def test_a_pixel_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(FileTooLarge):
        inspect(png_with_size(*size), LIMITS)


def test_a_lying_header_gives_a_warning_and_what_there_is() -> None:
    data = png_with_size(40, 2000)  # data for 34 rows
    with pytest.raises(CorruptFile):
        open_document(data, LIMITS).page(1)  # all black: nothing of a page


def test_a_cut_jpeg_is_read_as_far_as_it_goes(
    draw: Callable[..., Image.Image], encode: Encode
) -> None:
    data = encode(draw(), "JPEG")
    page = open_document(data[: len(data) // 2], LIMITS).page(1)
    assert page.warnings == ("FILE_TRUNCATED",)
    assert page.pixels[:200].min() < 100


def test_large_scans_are_reduced_and_keep_their_stated_size(encode: Encode) -> None:
    data = encode(Image.new("L", (5000, 6800), 200), "JPEG")
    page = open_document(data, LIMITS).page(1)
    assert (page.width, page.height) == (5000, 6800)
    assert max(page.pixels.shape) <= 4000


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I"])
def test_every_mode_ends_as_colours(mode: str, encode: Encode) -> None:
    plain = Image.new("L", (20, 20), 255)
    picture = (
        Image.fromarray(np.full((20, 20), 65535, np.uint16))
        if mode == "I;16"
        else plain.convert(mode)
    )
    data = encode(picture, "JPEG" if mode == "CMYK" else "TIFF" if mode == "I" else "PNG")
    pixels = open_document(data, LIMITS).page(1).pixels
    assert pixels.shape == (20, 20, 3)
    assert int(pixels.min()) >= 250


def test_transparent_ground_is_white(encode: Encode) -> None:
    data = encode(Image.new("RGBA", (10, 10), (0, 0, 0, 0)), "PNG")
    assert int(open_document(data, LIMITS).page(1).pixels.min()) == 255


def test_an_animation_gives_its_first_frame_and_says_so(encode: Encode) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("white", "black")]
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    document = open_document(data, LIMITS)
    assert document.facts.warnings == ("ANIMATION_FIRST_FRAME",)
    assert document.facts.page_count == 1
    assert int(document.page(1).pixels.min()) == 255


def test_no_bytes_are_an_empty_file() -> None:
    with pytest.raises(EmptyFile):
        inspect(b"", LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"PK\x03\x04rest",
        b"GIF89a",
        b"\0\0\0\x18ftypavif",
        b"<html>",
        b"MZ\x90",
        b"\0" * 99,
    ],
)
def test_foreign_content_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedType, match="are read"):
        inspect(data, LIMITS)


def test_too_many_bytes_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(FileTooLarge, match="MiB"):
        inspect(b"x" * 2000, Limits(file_bytes=1000))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "JPEG2000", "HEIF"])
def test_damage_is_always_a_named_failure(form: str, encode: Encode) -> None:
    data = encode(corner_marked(), form)
    seen = 0
    for step in range(0, len(data), max(1, len(data) // 60)):
        for broken in (data[:step], data[:step] + b"\xff\x00\xff" + data[step + 3 :]):
            try:
                document = open_document(broken, LIMITS)
                for number in range(1, min(document.facts.page_count, 3) + 1):
                    document.page(number)
            except HubError:
                seen += 1
    assert seen


def test_headers_cost_no_pixels(encode: Encode) -> None:
    out = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(out, "PNG")
    assert inspect(out.getvalue(), LIMITS).page_sizes == (PageSize(9_000, 9_000),)


def test_a_fax_with_dots_twice_as_high_as_wide_is_made_square(encode: Encode) -> None:
    fax = Image.new("1", (1728, 1100), 1)
    fax.paste(0, (100, 50, 300, 150))  # a square on paper
    data = encode(fax, "TIFF", compression="group4", dpi=(204, 98))
    page = open_document(data, LIMITS).page(1)
    assert (page.width, page.height) == (1728, 2290)
    assert page.pixels.shape == (2290, 1728, 3)
    rows, columns = np.nonzero(page.pixels.min(axis=2) < 128)
    assert abs(np.ptp(rows) - np.ptp(columns)) < 12


def test_almost_square_dots_are_left_alone(encode: Encode) -> None:
    data = encode(Image.new("1", (1728, 2200), 1), "TIFF", compression="group4", dpi=(204, 196))
    assert inspect(data, LIMITS).page_sizes == (PageSize(1728, 2200),)
