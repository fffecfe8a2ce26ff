"""The door of intake: from bytes to an open document, held to limits from the first look."""

from ocr_service.domain.errors import FileTooLarge
from ocr_service.domain.file_facts import FileFacts, Limits, MediaType
from ocr_service.intake.content import OpenDocument
from ocr_service.intake.images import ImageDocument
from ocr_service.intake.pdf import PdfDocument
from ocr_service.intake.sniff import sniff


def open_document(data: bytes, limits: Limits) -> OpenDocument:
    """Open a file of any type that is read.

    Raises:
        HubError: With reason EMPTY, UNSUPPORTED_TYPE, CORRUPT, ENCRYPTED, TOO_LARGE or
            TOO_MANY_PAGES and a message that says what to do.
    """
    if len(data) > limits.file_bytes:
        raise FileTooLarge(
            f"the file has {len(data) / 2**20:.1f} MiB, at most"
            f" {limits.file_bytes / 2**20:.0f} MiB are read; split it or scan it smaller",
            field="content",
        )
    media_type = sniff(data)
    if media_type is MediaType.PDF:
        return PdfDocument(data, limits)
    return ImageDocument(data, media_type, limits)


def inspect(data: bytes, limits: Limits) -> FileFacts:
    """Look at a file's headers without reading its pages; raises like `open_document`."""
    document = open_document(data, limits)
    try:
        return document.facts
    finally:
        document.close()
