"""A document and the life it leads: uploaded, being read, read or failed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from document_service.domain.errors import Failure
from hubkit.core.errors import Stale


class DocumentState(Enum):
    """Where a document stands."""

    UPLOADED = "UPLOADED"
    PROCESSING = "PROCESSING"
    FAILED = "FAILED"
    NEEDS_REVIEW = "NEEDS_REVIEW"


class DocumentChange(Enum):
    """What happened to a document."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class FileInfo:
    """The file as it was uploaded.

    Attributes:
        filename: As it may be shown.
        media_type: Found by content.
        size_bytes: Its length.
        sha256: 64 lower-case hexadecimal digits.
        warnings: What was noticed when it was looked at, such as `REPAIRED`.
    """

    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """What kind of document it is.

    Attributes:
        document_type: The main function; empty until read.
        functions: All of them, the main one included.
        confidence: In [0, 1].
    """

    document_type: str = ""
    functions: tuple[str, ...] = ()
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Document:
    """A document; each transition gives the next revision.

    Attributes:
        id: Made by the server.
        revision: Counts its changes.
        state: Where it stands.
        file: The file.
        classification: What it is.
        page_count: Pages in the file.
        pages_done: Pages read by the reading in hand, those given up included.
        warnings: Machine-readable words.
        error: Why reading failed.
        run_id: The reading whose pages and fields are shown.
        run_is_whole: Whether that reading came to its end, so that it stands while another goes on.
        create_time: When the upload was completed.
        update_time: When it last changed.
        creator_id: The person who uploaded it; None for a service.
    """

    id: str
    revision: int
    state: DocumentState
    file: FileInfo
    classification: Classification
    page_count: int
    pages_done: int
    warnings: tuple[str, ...]
    error: Failure | None
    run_id: str
    run_is_whole: bool
    create_time: datetime
    update_time: datetime
    creator_id: str | None

    @classmethod
    def uploaded(
        cls,
        document_id: str,
        file: FileInfo,
        page_count: int,
        *,
        run_id: str,
        creator_id: str | None,
        now: datetime,
    ) -> "Document":
        """Make a document of a file that was looked at and found readable."""
        return cls(
            id=document_id,
            revision=1,
            state=DocumentState.UPLOADED,
            file=file,
            classification=Classification(),
            page_count=page_count,
            pages_done=0,
            warnings=file.warnings,
            error=None,
            run_id=run_id,
            run_is_whole=False,
            create_time=now,
            update_time=now,
            creator_id=creator_id,
        )

    @property
    def etag(self) -> str:
        """Changes with every change of the document."""
        return str(self.revision)

    def check_etag(self, etag: str) -> None:
        """Refuse to act on what the caller has not seen; an empty etag means whatever stands.

        Raises:
            Stale: The document changed after it was read.
        """
        if etag and etag != self.etag:
            raise Stale(
                "the document changed since you read it; read it again",
                field="etag",
                current=self.etag,
            )

    def queued(self, run_id: str, now: datetime) -> "Document":
        """Ask for another reading; a whole one stands until the new one is whole."""
        shown = self.run_id if self.run_is_whole else run_id
        return self._next(now, state=DocumentState.UPLOADED, run_id=shown, pages_done=0, error=None)

    def begun(self, pages_done: int, now: datetime) -> "Document":
        """Begin or resume reading, with so many pages read before."""
        return self._next(now, state=DocumentState.PROCESSING, pages_done=pages_done, error=None)

    def page_read(self, now: datetime) -> "Document":
        """Count one more page."""
        return self._next(now, pages_done=self.pages_done + 1)

    def read(
        self,
        run_id: str,
        classification: Classification,
        warnings: Iterable[str],
        now: datetime,
    ) -> "Document":
        """End a reading well: its result is the one shown from now on."""
        return self._next(
            now,
            state=DocumentState.NEEDS_REVIEW,
            classification=classification,
            pages_done=self.page_count,
            warnings=merged(self.file.warnings, warnings),
            error=None,
            run_id=run_id,
            run_is_whole=True,
        )

    def edited(self, warnings: tuple[str, ...], now: datetime) -> "Document":
        """Count a change of its fields by hand."""
        return self._next(now, warnings=warnings)

    def failed(self, why: Failure, now: datetime, warnings: Iterable[str] = ()) -> "Document":
        """End a reading without a result; an earlier whole result goes on standing."""
        if self.run_is_whole:
            return self._next(
                now, state=DocumentState.NEEDS_REVIEW, pages_done=self.page_count, error=None
            )
        return self._next(
            now, state=DocumentState.FAILED, error=why, warnings=merged(self.warnings, warnings)
        )

    def _next(self, now: datetime, **changes: object) -> "Document":
        # The checker cannot match a mapping against the fields; each caller above names them.
        return replace(self, revision=self.revision + 1, update_time=now, **changes)  # type: ignore[arg-type]


def merged(*groups: Iterable[str]) -> tuple[str, ...]:
    """Join words in order, each once."""
    return tuple(dict.fromkeys(word for group in groups for word in group))
