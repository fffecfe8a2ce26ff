"""What goes wrong with uploads and readings, and how a failure is kept beside what failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hubkit.core.errors import HubError, InvalidArgument, Kind, NotFound, PreconditionFailed


class UnsupportedType(HubError):
    """The file is of no kind that can be read."""

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
    """The file or a page of it passes a limit."""

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


class ChecksumMismatch(HubError):
    """The bytes received do not have the announced checksum."""

    kind = Kind.INVALID
    reason = "CHECKSUM_MISMATCH"


class UploadIncomplete(PreconditionFailed):
    """Parts are missing; the first of them is named."""

    reason = "UPLOAD_INCOMPLETE"


class RequestIdReused(InvalidArgument):
    """The request id stands for another request already."""

    reason = "REQUEST_ID_REUSED"


class ReaderLost(HubError):
    """The connection to the reader broke while it was reading; it may have died of a page."""

    kind = Kind.UNAVAILABLE
    reason = "UNAVAILABLE"


class ReadingStopped(HubError):
    """The job was cancelled or its document deleted while it was being read."""

    kind = Kind.PRECONDITION
    reason = "PRECONDITION_FAILED"


REFUSALS: Mapping[str, type[HubError]] = {
    error.reason: error
    for error in (
        UnsupportedType,
        CorruptFile,
        EncryptedFile,
        FileTooLarge,
        TooManyPages,
        EmptyFile,
        ChecksumMismatch,
        InvalidArgument,
        NotFound,
    )
}
"""What the reader says of a file that no second try will mend, by reason."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed, as it is kept and shown.

    Attributes:
        kind: What can be done about it.
        reason: A value of `dochub.error.v1.ErrorReason` without its prefix; empty for a cancel.
        message: A sentence for people.
        facts: Details for programs.
    """

    kind: Kind
    reason: str
    message: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: HubError) -> "Failure":
        """Keep what an error says."""
        return cls(error.kind, error.reason, str(error), dict(error.facts))

    def refusal(self) -> HubError:
        """The error of a refused file, to be raised again when the call is repeated."""
        return REFUSALS.get(self.reason, CorruptFile)(
            self.message, field=None, retry_after_s=None, **self.facts
        )
