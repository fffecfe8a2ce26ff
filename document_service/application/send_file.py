"""Bring a file in: announce it, send its parts in any order, ask what arrived, or give it up."""

import hashlib
from dataclasses import dataclass

import google_crc32c

from document_service.domain.upload import Announcement, Upload, UploadState, UploadStatus
from document_service.ports import Clock, NewId, Store
from hubkit.blobs.port import BlobStore
from hubkit.core.caller import current_caller
from hubkit.core.errors import PreconditionFailed
from hubkit.core.ids import check_id


@dataclass(frozen=True, slots=True)
class SendFile:
    """The steps of an upload up to its completion.

    Attributes:
        store: The service's memory.
        blobs: Where parts are kept.
        clock: Tells the time.
        new_id: Names uploads.
    """

    store: Store
    blobs: BlobStore
    clock: Clock
    new_id: NewId

    async def start(self, request_id: str, announced: Announcement) -> UploadStatus:
        """Announce a file; the same request gives the same upload for 24 hours.

        Raises:
            RequestIdReused: The request id came with another announcement before.
        """
        caller = current_caller()
        now = self.clock()
        upload = Upload.started(self.new_id(), announced, caller.person_id, now)
        digest = hashlib.sha256(repr(announced).encode()).digest()
        request_id = check_id(request_id, "request_id")
        async with self.store.transaction(caller.tenant_id) as work:
            answer = await work.requests.claim(request_id, "StartUpload", digest, upload.id, now)
            if answer != upload.id:
                return UploadStatus(
                    await work.uploads.get(answer), await work.uploads.parts(answer)
                )
            await work.uploads.add(upload)
        return UploadStatus(upload, ())

    async def put_part(self, upload_id: str, index: int, data: bytes, crc32c: int) -> None:
        """Keep one part; sending it again does no harm."""
        tenant_id = current_caller().tenant_id
        upload_id = check_id(upload_id, "upload_id")
        async with self.store.transaction(tenant_id) as work:
            upload = await work.uploads.get(upload_id)
        upload.check_open(self.clock())
        upload.check_part(index, len(data), crc32c, google_crc32c.value(data))
        await self.blobs.put_part(tenant_id, upload_id, index, data)
        async with self.store.transaction(tenant_id) as work:
            # Closed meanwhile: the bytes just written go with the upload's row at its expiry.
            (await work.uploads.get(upload_id)).check_open(self.clock())
            await work.uploads.put_part(upload_id, index, len(data), crc32c)

    async def status(self, upload_id: str) -> UploadStatus:
        """Tell what has arrived."""
        upload_id = check_id(upload_id, "upload_id")
        async with self.store.transaction(current_caller().tenant_id) as work:
            return UploadStatus(
                await work.uploads.get(upload_id), await work.uploads.parts(upload_id)
            )

    async def abort(self, upload_id: str) -> None:
        """Throw the parts away; an upload that has ended without a document stays as it is.

        Raises:
            PreconditionFailed: It was completed; the document can be deleted instead.
        """
        tenant_id = current_caller().tenant_id
        upload_id = check_id(upload_id, "upload_id")
        async with self.store.transaction(tenant_id) as work:
            upload = await work.uploads.lock(upload_id)
            if upload.state is UploadState.COMPLETED:
                raise PreconditionFailed(
                    "the upload was completed; delete its document instead",
                    state=upload.state.value,
                )
            if upload.state is UploadState.OPEN:
                await work.uploads.save(upload.aborted())
        await self.blobs.delete_parts(tenant_id, upload_id)
