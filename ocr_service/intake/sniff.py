"""What type a file is, by its first bytes; its name plays no part."""

from ocr_service.domain.errors import EmptyFile, UnsupportedType
from ocr_service.domain.file_facts import MediaType

PDF_HEADER_WITHIN = 1024
"""Readers accept a PDF whose header follows some stray bytes."""

HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs")
"""What a file of the HEIF family with HEVC inside calls itself, first or among other names."""

ACCEPTED = "PDF, JPEG, PNG, TIFF, WebP, HEIC, BMP and JPEG 2000"


def sniff(data: bytes) -> MediaType:
    """Tell the type of a file by its content.

    Raises:
        EmptyFile: There are no bytes.
        UnsupportedType: The content is of no type that is read.
    """
    if not data:
        raise EmptyFile("the file is empty; send it again", field="content")
    head = data[:16]
    known = {
        MediaType.JPEG: head.startswith(b"\xff\xd8\xff"),
        MediaType.PNG: head.startswith(b"\x89PNG\r\n\x1a\n"),
        MediaType.TIFF: head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
        MediaType.WEBP: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
        MediaType.BMP: head[:2] == b"BM" and data[6:10] == b"\0\0\0\0",
        MediaType.JPEG2000: head[:12] == b"\0\0\0\x0cjP  \r\n\x87\n"
        or head[:4] == b"\xff\x4f\xff\x51",
        MediaType.HEIC: _is_heic(data),
        MediaType.PDF: b"%PDF-" in data[:PDF_HEADER_WITHIN],
    }
    for media_type, fits in known.items():
        if fits:
            return media_type
    raise UnsupportedType(f"{_guess(head)}; {ACCEPTED} are read", field="content")


def _is_heic(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    brands = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    return any(brands[i : i + 4] in HEIC_BRANDS for i in range(0, len(brands), 4))


def _guess(head: bytes) -> str:
    """Name what was sent where people often mean well, so that they know what to do."""
    if head[4:8] == b"ftyp":
        return "this is an AVIF or film file: save the picture as JPEG"
    if head[:4] == b"PK\x03\x04":
        return "this is a ZIP or Office file: export it as PDF"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "this is a GIF: save the picture as PNG"
    return "the content is of no type that is read"
