"""Why a file or a page cannot be read: one class for each thing a caller can react to."""

from hubkit.core.errors import Busy, DeadlineExceeded, HubError, InvalidArgument, Kind, Unavailable

__all__ = [
    "Busy",
    "CorruptFile",
    "EmptyFile",
    "EncryptedFile",
    "FileTooLarge",
    "InvalidArgument",
    "PageTimeout",
    "TooManyPages",
    "Unavailable",
    "UnsupportedType",
    "WorkerLost",
]


class UnsupportedType(HubError):
    """The content is of no type that is read."""

    kind = Kind.INVALID
    reason = "UNSUPPORTED_TYPE"


class CorruptFile(HubError):
    """The file is damaged beyond reading."""

    kind = Kind.INVALID
    reason = "CORRUPT"


class EncryptedFile(HubError):
    """The file asks for a password."""

    kind = Kind.INVALID
    reason = "ENCRYPTED"


class FileTooLarge(HubError):
    """The file, a page or the memory needed to read it passes a limit."""

    kind = Kind.INVALID
    reason = "TOO_LARGE"


class TooManyPages(HubError):
    """The file has more pages than are accepted."""

    kind = Kind.INVALID
    reason = "TOO_MANY_PAGES"


class EmptyFile(HubError):
    """The file holds no bytes or no page."""

    kind = Kind.INVALID
    reason = "EMPTY"


class PageTimeout(DeadlineExceeded):
    """Reading one page took longer than allowed."""


class WorkerLost(HubError):
    """The process reading the page died; other pages are not touched."""

    kind = Kind.INTERNAL
    reason = "INTERNAL"
