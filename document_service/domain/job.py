"""A job: long work on a document, as the caller follows it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from document_service.domain.errors import Failure
from hubkit.core.errors import Kind

PROCESS_DOCUMENT = "process_document"

CANCELLED = Failure(Kind.PRECONDITION, "", "reading was cancelled")


class JobState(Enum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far work has come.

    Attributes:
        done: Pages finished.
        total: Pages in all.
        stage: What is being done: `waiting`, `reading`, `extracting` or `done`.
    """

    done: int
    total: int
    stage: str


@dataclass(frozen=True, slots=True)
class Job:
    """Work on a document that survives restarts.

    Attributes:
        id: Made by the server.
        document_id: The document it works on.
        run_id: The reading it makes.
        kind: What is done.
        state: Where it stands.
        progress: How far it has come.
        error: Why it failed.
        starts: How often work on it began.
        create_time: When it was asked for.
        start_time: When work first began.
        end_time: When it ended.
    """

    id: str
    document_id: str
    run_id: str
    kind: str
    state: JobState
    progress: Progress
    error: Failure | None
    starts: int
    create_time: datetime
    start_time: datetime | None
    end_time: datetime | None

    @classmethod
    def queued(
        cls, job_id: str, document_id: str, run_id: str, page_count: int, now: datetime
    ) -> "Job":
        """Ask for a document to be read."""
        return cls(
            id=job_id,
            document_id=document_id,
            run_id=run_id,
            kind=PROCESS_DOCUMENT,
            state=JobState.QUEUED,
            progress=Progress(0, page_count, "waiting"),
            error=None,
            starts=0,
            create_time=now,
            start_time=None,
            end_time=None,
        )

    def begun(self, pages_done: int, now: datetime) -> "Job":
        """Begin or resume it."""
        return replace(
            self,
            state=JobState.RUNNING,
            progress=Progress(pages_done, self.progress.total, "reading"),
            starts=self.starts + 1,
            start_time=self.start_time or now,
        )

    def page_read(self) -> "Job":
        """Count one more page."""
        return replace(self, progress=replace(self.progress, done=self.progress.done + 1))

    def extracting(self) -> "Job":
        """All pages are read; fields come next."""
        return replace(self, progress=replace(self.progress, stage="extracting"))

    def succeeded(self, now: datetime) -> "Job":
        """End it well."""
        total = self.progress.total
        return replace(
            self,
            state=JobState.SUCCEEDED,
            progress=Progress(total, total, "done"),
            end_time=now,
        )

    def failed(self, why: Failure, now: datetime) -> "Job":
        """End it without a result."""
        return replace(self, state=JobState.FAILED, error=why, end_time=now)

    def cancelled(self, now: datetime) -> "Job":
        """End it on request."""
        return replace(self, state=JobState.CANCELLED, end_time=now)
