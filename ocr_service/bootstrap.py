"""Puts the reader together; the only file that knows all its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dochub.ocr.v1 import ocr_service_pb2
from dochub.ocr.v1.ocr_service_pb2_grpc import add_OcrServiceServicer_to_server
from hubkit.blobs.store import open_blobs
from hubkit.server.app import App, Servicer
from ocr_service.api import OcrApi
from ocr_service.application import ExtractFields, Reading, Sources
from ocr_service.config import OcrSettings
from ocr_service.engine.models import installed_models
from ocr_service.engine.pool import PoolSettings, ReaderPool
from ocr_service.ports import Engine

NAME = "ocr"


@asynccontextmanager
async def build(settings: OcrSettings) -> AsyncIterator[App]:
    """Start the workers, and give the service once one of them can read.

    Raises:
        HubError: No worker can be started, or the store cannot be opened.
    """
    reader = settings.reader
    # Enough for all calls that are let in, so that none is refused halfway through a file.
    waiting = reader.max_reads * reader.workers + settings.server.max_concurrent_calls
    pool = PoolSettings.of(reader, waiting=waiting)
    sources = Sources(open_blobs(settings.blobs), pool.limits.file_bytes, reader.cache_mib << 20)
    async with ReaderPool(pool) as readers:
        reading = Reading(readers, sources, at_once=reader.workers, most_reads=reader.max_reads)
        api = OcrApi(reading, ExtractFields(reading), engines())
        descriptor = ocr_service_pb2.DESCRIPTOR.services_by_name["OcrService"]
        yield App(NAME, (Servicer(add_OcrServiceServicer_to_server, api, descriptor),))


def engines() -> tuple[Engine, ...]:
    """List the models that read, in the order of use."""
    return tuple(
        Engine(
            name=model.name,
            task="detection" if role == "detector" else "recognition",
            version=model.sha256[:12],
            languages=model.languages,
            sha256=model.sha256,
            size_bytes=model.size_bytes,
            licence=model.licence,
            origin=model.origin,
        )
        for role, model in installed_models().items()
    )
