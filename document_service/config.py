"""Settings of the document service."""

from typing import Annotated

from pydantic import Field, field_validator

from hubkit.config import BlobSettings, DatabaseSettings, Piece, ServiceSettings


class WorkerSettings(Piece):
    """How much is read at once, and how often is swept.

    Attributes:
        slots: Documents read at once by this process, 2 or more; 0 leaves reading to others.
        tenant_slots: Documents of one tenant read at once, over all processes.
        lease_s: How long after a process died its work is taken over.
        reader_stall_s: How long a reader may send nothing before its page counts as failed.
        sweep_interval_s: Pause between two sweeps.
        blob_grace_s: How long a blob that nothing refers to is kept.
    """

    slots: Annotated[int, Field(ge=0, le=64)] = 4
    tenant_slots: Annotated[int, Field(ge=1, le=64)] = 2
    lease_s: Annotated[float, Field(ge=1, le=600)] = 15
    reader_stall_s: Annotated[float, Field(ge=1, le=3600)] = 120
    sweep_interval_s: Annotated[float, Field(gt=0)] = 600
    blob_grace_s: Annotated[float, Field(ge=0)] = 3600

    @field_validator("slots")
    @classmethod
    def _is_enough(cls, slots: int) -> int:
        if slots == 1:
            raise ValueError("must be 0, or 2 or more")
        return slots


class DocumentSettings(ServiceSettings):
    """Everything the document service is told from outside.

    Attributes:
        database: Its database.
        blobs: Where files are kept.
        ocr_target: Address of the reader.
        worker: How it works in the background.
    """

    database: DatabaseSettings
    blobs: BlobSettings = BlobSettings()
    ocr_target: str = "127.0.0.1:50052"
    worker: WorkerSettings = WorkerSettings()
