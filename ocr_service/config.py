"""Settings of the reader, from environment variables that begin with `DOCHUB_`."""

import os
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from hubkit.config import (
    ENV_PREFIX,
    NESTED,
    BlobSettings,
    ConfigError,
    Piece,
    ServiceSettings,
    load_settings,
)
from hubkit.core.errors import InvalidArgument


class ReaderSettings(Piece):
    """How the reader spends the machine; `DOCHUB_READER__…`.

    Attributes:
        workers: Processes that read pages, each with models of its own.
        threads: The most that one page gets, when no other is being read.
        backend: What runs the models; `auto` takes OpenVINO where it knows the processor.
        engine: Who reads lines: our own models, or Tesseract where it is installed.
        first_model: Role of the model that reads every line; `dochub models list` names them.
        inspectors: Processes that only look at headers, so that an upload's check does not wait
            behind pages.
        max_reads: Calls that may have pages in work at once; more are answered RESOURCE_EXHAUSTED.
        page_timeout_s: Processor time for one page, and how long it may stand still.
        memory_cap_mib: At which a worker is killed with its page in hand.
        file_mib: Longest file.
        pages: Most pages of a file.
        megapixels: Most of a page.
        cache_mib: Stored files kept in memory between calls.
    """

    workers: Annotated[int, Field(ge=1, le=256)] = len(os.sched_getaffinity(0))
    threads: Annotated[int, Field(ge=1, le=64)] = min(64, len(os.sched_getaffinity(0)))
    backend: Literal["auto", "openvino", "onnxruntime"] = "auto"
    engine: Literal["own", "tesseract"] = "own"
    first_model: str = "western_thai"
    inspectors: Annotated[int, Field(ge=0, le=16)] = 1
    max_reads: Annotated[int, Field(ge=1, le=1000)] = 16
    page_timeout_s: Annotated[float, Field(gt=0, le=110)] = 20.0
    memory_cap_mib: Annotated[int, Field(ge=512)] = 1024
    file_mib: Annotated[int, Field(ge=1, le=1024)] = 50
    pages: Annotated[int, Field(ge=1, le=100_000)] = 2000
    megapixels: Annotated[int, Field(ge=1, le=1000)] = 100
    cache_mib: Annotated[int, Field(ge=0)] = 128


class OcrSettings(ServiceSettings):
    """Everything the service is told."""

    blobs: BlobSettings = BlobSettings()
    reader: ReaderSettings = ReaderSettings()


class LocalSettings(BaseSettings):
    """What reading without a server is told."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=NESTED, frozen=True
    )

    reader: ReaderSettings = ReaderSettings()


def reader_settings() -> ReaderSettings:
    """Read `DOCHUB_READER__…` for reading without a server.

    Raises:
        InvalidArgument: One is misspelt or of the wrong form; every one is named.
    """
    try:
        return load_settings(LocalSettings).reader
    except ConfigError as error:
        raise InvalidArgument(str(error)) from error
