"""Settings of the reader, from environment variables that begin with `DOCHUB_`."""

import os
from typing import Annotated

from pydantic import Field

from hubkit.config import BlobSettings, Piece, ServiceSettings


class ReaderSettings(Piece):
    """How the reader spends the machine; `DOCHUB_READER__…`.

    Attributes:
        workers: Processes that read pages, each with models of its own.
        threads: Threads of one inference.
        inspectors: Processes that only look at headers, so that an upload's check does not wait
            behind pages.
        max_reads: Calls that may have pages in work at once; more are answered RESOURCE_EXHAUSTED.
        page_timeout_s: Time for one page.
        memory_cap_mib: At which a worker is killed with its page in hand.
        cache_mib: Stored files kept in memory between calls.
    """

    workers: Annotated[int, Field(ge=1, le=256)] = len(os.sched_getaffinity(0))
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    inspectors: Annotated[int, Field(ge=0, le=16)] = 1
    max_reads: Annotated[int, Field(ge=1, le=1000)] = 16
    page_timeout_s: Annotated[float, Field(gt=0, le=110)] = 20.0
    memory_cap_mib: Annotated[int, Field(ge=512)] = 1024
    cache_mib: Annotated[int, Field(ge=0)] = 128


class OcrSettings(ServiceSettings):
    """Everything the service is told."""

    blobs: BlobSettings = BlobSettings()
    reader: ReaderSettings = ReaderSettings()
