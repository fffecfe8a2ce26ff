"""The background side: jobs from the queue, and the sweep."""

import asyncio
from typing import Final

import structlog

from document_service.application.process_document import ProcessDocument
from document_service.application.sweep import Sweep
from hubkit.core.errors import HubError, Kind
from hubkit.jobs.delivery import Delivery

_log: Final = structlog.get_logger(__name__)


class GaveUp(HubError):
    """Reading failed several times by a defect of ours."""

    kind = Kind.INTERNAL
    reason = "INTERNAL"


class DocumentWorker:
    """Hands deliveries to use cases.

    Args:
        process_document: Reads documents.
        sweep: Removes what nobody needs.
        sweep_interval_s: Pause between sweeps.
    """

    def __init__(
        self, process_document: ProcessDocument, sweep: Sweep, sweep_interval_s: float
    ) -> None:
        self._process_document = process_document
        self._sweep = sweep
        self._sweep_interval_s = sweep_interval_s

    async def process(self, delivery: Delivery) -> None:
        """Read a document."""
        await self._process_document(delivery.tenant_id, delivery.payload.decode())

    async def on_dead(self, delivery: Delivery, error: Exception) -> None:
        """End a job that was started too often in vain."""
        why = error if isinstance(error, HubError) else GaveUp("reading failed; it was given up")
        await self._process_document.fail(delivery.tenant_id, delivery.payload.decode(), why)

    async def keep_swept(self) -> None:
        """Sweep at intervals until cancelled; a store that is away is tried again next time."""
        while True:
            await asyncio.sleep(self._sweep_interval_s)
            try:
                swept = await self._sweep()
            except HubError as error:
                _log.warning("sweep failed", reason=error.reason, why=str(error))
            else:
                _log.info("swept", uploads=swept.uploads, blobs=swept.blobs)
