"""What the use cases need of the world: memory, blobs, the reader, the clock."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from document_service.domain.correction import Correction
from document_service.domain.document import Document, DocumentChange, DocumentState
from document_service.domain.field import Extraction, StoredField
from document_service.domain.job import Job, JobState
from document_service.domain.page import PageImage, PageInfo, PageReading, PageStart
from document_service.domain.run import ReadingOptions, Run
from document_service.domain.upload import Upload

Clock = Callable[[], datetime]
"""Gives the present time in UTC."""
NewId = Callable[[], str]
"""Makes an id that nobody else has."""


class Uploads(Protocol):
    """Files on their way."""

    async def add(self, upload: Upload) -> None:
        """Keep a new upload."""

    async def get(self, upload_id: str) -> Upload:
        """Give one; NotFound where there is none."""

    async def lock(self, upload_id: str) -> Upload:
        """Give one and keep others from changing it until the transaction ends."""

    async def save(self, upload: Upload) -> None:
        """Keep a changed upload."""

    async def put_part(self, upload_id: str, index: int, size: int, crc32c: int) -> None:
        """Note that a part has arrived; the last one of an index counts."""

    async def parts(self, upload_id: str) -> tuple[int, ...]:
        """Give the indices of the parts that have arrived, in order."""

    async def expired(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Name uploads whose time is over."""

    async def delete(self, upload_id: str) -> None:
        """Forget one with its parts."""


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents to list; all conditions must hold.

    Attributes:
        states: In any of these; empty means all.
        document_types: Of any of these; empty means all.
        created_from: Created at this time or later.
        created_before: Created before this time.
    """

    states: tuple[DocumentState, ...] = ()
    document_types: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list; all conditions must hold.

    Attributes:
        document_id: Of this document; None means all.
        states: In any of these; empty means all.
    """

    document_id: str | None = None
    states: tuple[JobState, ...] = ()


@dataclass(frozen=True, slots=True)
class After:
    """Where a list that is sorted by time and id goes on.

    Attributes:
        create_time: Of the last row given.
        id: Of the last row given.
    """

    create_time: datetime
    id: str


class Documents(Protocol):
    """Documents of the tenant."""

    async def add(self, document: Document) -> None:
        """Keep a new document."""

    async def get(self, document_id: str) -> Document:
        """Give one; NotFound where there is none."""

    async def lock(self, document_id: str) -> Document:
        """Give one and keep others from changing it until the transaction ends."""

    async def save(self, document: Document) -> None:
        """Keep a changed document."""

    async def delete(self, document_id: str) -> None:
        """Forget one with its runs, pages and fields."""

    async def list(
        self, wanted: DocumentFilter, after: After | None, limit: int
    ) -> tuple[Document, ...]:
        """Give documents, newest first."""


class Runs(Protocol):
    """Readings of documents."""

    async def add(self, run: Run) -> None:
        """Keep a new run."""

    async def options(self, run_id: str) -> ReadingOptions:
        """Give how a run is to be read."""

    async def delete_others(self, document_id: str, run_id: str) -> None:
        """Forget a document's runs, with their pages and fields, but for one."""


class Pages(Protocol):
    """Pages as they were read."""

    async def add(
        self, document_id: str, run_id: str, reading: PageReading, image: PageImage | None
    ) -> bool:
        """Keep a page; False when it was kept before, which then stands."""

    async def list(
        self, document_id: str, run_id: str, after: int, limit: int
    ) -> tuple[PageInfo, ...]:
        """Give pages by number, from the one after `after`."""

    async def layout(self, document_id: str, run_id: str, number: int) -> bytes:
        """Give a page's lines and words as the reader sent them; NotFound where there is none."""

    async def layout_sizes(self, document_id: str, run_id: str) -> Mapping[int, int]:
        """Give the bytes of each readable page's layout, by number."""

    async def layouts(
        self, document_id: str, run_id: str, numbers: Sequence[int]
    ) -> tuple[bytes, ...]:
        """Give layouts in order of page numbers."""

    async def image(self, document_id: str, run_id: str, number: int) -> PageImage | None:
        """Give a page's stored picture, if it has one; NotFound where there is no page."""

    async def numbers(self, document_id: str, run_id: str) -> Set[int]:
        """Give the numbers of the pages kept."""

    async def starts(self, document_id: str, run_id: str) -> Mapping[int, PageStart]:
        """Give how often each page was handed out."""

    async def count_start(self, document_id: str, run_id: str, numbers: Sequence[int]) -> None:
        """Count that pages are about to be handed out."""

    async def take_back_start(self, document_id: str, run_id: str, numbers: Sequence[int]) -> None:
        """Uncount a start that no reader began."""

    async def count_failure(self, document_id: str, run_id: str, number: int, reason: str) -> None:
        """Count that a page's reader died, failed or took too long."""


class Fields(Protocol):
    """Fields of documents."""

    async def replace(self, document_id: str, run_id: str, fields: Sequence[StoredField]) -> None:
        """Keep the fields of a run in place of what it had."""

    async def list(self, document_id: str, run_id: str) -> tuple[StoredField, ...]:
        """Give the fields of a run, sorted by place."""


class Corrections(Protocol):
    """What people said of fields; it outlives the runs."""

    async def add(
        self,
        document_id: str,
        corrections: Sequence[Correction],
        editor_id: str | None,
        now: datetime,
    ) -> None:
        """Keep what somebody said of a document's fields."""

    async def latest(self, document_id: str) -> tuple[Correction, ...]:
        """Give the last word on each field that anybody corrected."""


class Jobs(Protocol):
    """Long work."""

    async def add(self, job: Job) -> None:
        """Keep a new job."""

    async def get(self, job_id: str) -> Job:
        """Give one; NotFound where there is none."""

    async def lock(self, job_id: str) -> Job:
        """Give one and keep others from changing it until the transaction ends."""

    async def save(self, job: Job) -> None:
        """Keep a changed job."""

    async def lock_active(self, document_id: str) -> Job | None:
        """Give and lock the job now queued or running for a document."""

    async def list(self, wanted: JobFilter, after: After | None, limit: int) -> tuple[Job, ...]:
        """Give jobs, newest first."""


class Requests(Protocol):
    """Requests that were answered, so that a repeated one gets the same answer."""

    async def claim(
        self, request_id: str, rpc: str, digest: bytes, answer_id: str, now: datetime
    ) -> str:
        """Give the id that answers a request: the one offered, or that of the first such request.

        Raises:
            RequestIdReused: The id stands for another request.
        """

    async def forget_expired(self, now: datetime) -> None:
        """Drop those older than 24 hours."""


class BlobUse(Protocol):
    """Which blobs of the tenant are needed."""

    async def share(self, sha256: str) -> None:
        """Keep a blob from being swept until the transaction ends; taken before its row is."""

    async def unused(self, sha256s: Sequence[str]) -> Set[str]:
        """Tell which of these nothing refers to just now."""

    async def claim_unused(self, sha256: str) -> bool:
        """Whether nothing refers to a blob; if so, nothing can until the transaction ends."""


DOCUMENT_CHANGED: Final = "document.changed"
FIELDS_CHANGED: Final = "document.fields_changed"
PROCESS: Final = "process"
"""The kind of work that reads a document; its payload is the job's id."""


class EventForms(Protocol):
    """Writes events as messages of the contract."""

    def document_changed(self, change: DocumentChange, document: Document) -> bytes:
        """Write that a document changed."""

    def fields_changed(self, document: Document, extraction: Extraction) -> bytes:
        """Write that a document's fields were read."""


class Outbox(Protocol):
    """What leaves with the transaction: events for everybody, work for our own queue."""

    async def changed(self, change: DocumentChange, document: Document) -> None:
        """Tell that a document appeared, moved on or went."""

    async def fields_changed(self, document: Document, extraction: Extraction) -> None:
        """Tell that a document's fields were read."""

    async def process(self, job: Job) -> None:
        """Have a document read."""


class Work(Protocol):
    """One transaction in one tenant: everything in it happens, or nothing."""

    @property
    def uploads(self) -> Uploads:
        """Files on their way."""

    @property
    def documents(self) -> Documents:
        """Documents."""

    @property
    def runs(self) -> Runs:
        """Readings."""

    @property
    def pages(self) -> Pages:
        """Pages."""

    @property
    def fields(self) -> Fields:
        """Fields."""

    @property
    def corrections(self) -> Corrections:
        """What people said of fields."""

    @property
    def jobs(self) -> Jobs:
        """Jobs."""

    @property
    def requests(self) -> Requests:
        """Answered requests."""

    @property
    def blobs(self) -> BlobUse:
        """Use of blobs."""

    @property
    def outbox(self) -> Outbox:
        """Events and work."""


class Store(Protocol):
    """The service's memory."""

    def transaction(self, tenant_id: str) -> AbstractAsyncContextManager[Work]:
        """Begin a transaction that sees one tenant; it commits when the block ends well."""

    async def tenants(self) -> tuple[str, ...]:
        """Name the tenants that have anything here; for the sweeper alone."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file is.

    Attributes:
        media_type: Found by content.
        page_count: At least 1.
        warnings: Machine-readable words.
    """

    media_type: str
    page_count: int
    warnings: tuple[str, ...]


class Reader(Protocol):
    """The stateless reader; it reads blobs of the current caller's tenant."""

    async def ensure_ready(self) -> None:
        """Make sure that it can be reached; Unavailable when it cannot."""

    async def inspect(self, sha256: str) -> Inspection:
        """Look at a file; one of `domain.errors.REFUSALS` when it can't be read."""

    def read_pages(
        self, sha256: str, first: int, last: int, options: ReadingOptions
    ) -> AsyncIterator[PageReading]:
        """Read pages, each given as soon as it is whole.

        Raises:
            ReaderLost: The connection broke; the reader may have died of a page.
            Unavailable: The reader says that it cannot read now.
            DeadlineExceeded: Nothing came for too long.
        """

    async def extract(self, sha256: str, layouts: Sequence[bytes], today: date) -> Extraction:
        """Find type, fields and line items in pages that were read of a file, and in the file."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of the tenant's documents, or a heartbeat.

    Attributes:
        seq: Its place in the tenant's sequence.
        document_id: The document; None for a heartbeat.
        payload: The event's message as it was published; empty for a heartbeat.
    """

    seq: int
    document_id: str | None
    payload: bytes


class Changes(Protocol):
    """The tenant's stream of document changes."""

    def follow(self, tenant_id: str, after_seq: int | None) -> AsyncGenerator[Change, None]:
        """Give changes after a place, or from now on, with a heartbeat every 15 seconds.

        The first thing given is a heartbeat, sent once nothing can be missed any more.
        """
