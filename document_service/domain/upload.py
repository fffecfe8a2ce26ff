"""A file on its way: its limits, its parts, and how it ends."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from document_service.domain.errors import (
    ChecksumMismatch,
    EmptyFile,
    Failure,
    FileTooLarge,
    UploadIncomplete,
)
from document_service.domain.filename import display_name
from hubkit.core.errors import InvalidArgument, PreconditionFailed

MAX_FILE_BYTES = 50 * 1024 * 1024
MIN_PART_BYTES = 64 * 1024
MAX_PART_BYTES = 4 * 1024 * 1024
DEFAULT_PART_BYTES = 2 * 1024 * 1024
UPLOAD_LIFETIME = timedelta(hours=24)

_SHA256 = re.compile(r"[0-9a-f]{64}")


class UploadState(Enum):
    """Where an upload stands."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"
    ABORTED = "ABORTED"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a client says of a file before sending it, checked.

    Attributes:
        filename: As it may be shown.
        size_bytes: In [1, 50 MiB].
        sha256: 64 lower-case hexadecimal digits.
        part_size_bytes: Bytes of every part but the last.
    """

    filename: str
    size_bytes: int
    sha256: str
    part_size_bytes: int

    @classmethod
    def checked(
        cls, filename: str, size_bytes: int, sha256: str, part_size_bytes: int
    ) -> "Announcement":
        """Check an announcement as it came; a part size of 0 means the usual one.

        Raises:
            EmptyFile: There are no bytes to send.
            FileTooLarge: There are more than 50 MiB.
            InvalidArgument: Another value breaks its rule; the field is named.
        """
        if size_bytes == 0:
            raise EmptyFile("the file is empty; send one with content", field="size_bytes")
        if size_bytes < 0:
            raise InvalidArgument("a size is not negative", field="size_bytes")
        if size_bytes > MAX_FILE_BYTES:
            raise FileTooLarge(
                f"the file has {size_bytes} bytes; {MAX_FILE_BYTES} are the limit",
                field="size_bytes",
                limit_bytes=str(MAX_FILE_BYTES),
            )
        digest = sha256.lower()
        if not _SHA256.fullmatch(digest):
            raise InvalidArgument("a SHA-256 is 64 hexadecimal digits", field="sha256")
        part_size = part_size_bytes or DEFAULT_PART_BYTES
        if not MIN_PART_BYTES <= part_size <= MAX_PART_BYTES:
            raise InvalidArgument(
                f"a part has {MIN_PART_BYTES} to {MAX_PART_BYTES} bytes, or 0 for the usual size",
                field="part_size_bytes",
            )
        return cls(display_name(filename), size_bytes, digest, part_size)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way.

    Attributes:
        id: Made by the server.
        announced: What was said of the file.
        creator_id: The person who sends it; None for a service.
        state: Where it stands.
        document_id: The document, once completed.
        job_id: The job that reads it, once completed.
        refusal: Why the file was refused, once it was.
        create_time: When it was announced.
        expire_time: When its parts are thrown away unless it was completed.
    """

    id: str
    announced: Announcement
    creator_id: str | None
    state: UploadState
    document_id: str | None
    job_id: str | None
    refusal: Failure | None
    create_time: datetime
    expire_time: datetime

    @classmethod
    def started(
        cls, upload_id: str, announced: Announcement, creator_id: str | None, now: datetime
    ) -> "Upload":
        """Open an upload for an announced file."""
        return cls(
            id=upload_id,
            announced=announced,
            creator_id=creator_id,
            state=UploadState.OPEN,
            document_id=None,
            job_id=None,
            refusal=None,
            create_time=now,
            expire_time=now + UPLOAD_LIFETIME,
        )

    @property
    def part_count(self) -> int:
        """How many parts there are to send."""
        return -(-self.announced.size_bytes // self.announced.part_size_bytes)

    def check_open(self, now: datetime) -> None:
        """Refuse work on an upload that has ended.

        Raises:
            PreconditionFailed: It was completed, refused or aborted, or its time is over.
        """
        if self.state is not UploadState.OPEN:
            raise PreconditionFailed(
                f"the upload is {self.state.value.lower()}; start a new one",
                state=self.state.value,
            )
        if now >= self.expire_time:
            raise PreconditionFailed("the upload has expired; start a new one", state="EXPIRED")

    def check_part(self, index: int, size: int, announced_crc32c: int, crc32c: int) -> None:
        """Check one part against the plan and its own checksum.

        Raises:
            InvalidArgument: No such part, or not of its size.
            ChecksumMismatch: The data were damaged on the way.
        """
        if not 0 <= index < self.part_count:
            raise InvalidArgument(
                f"this upload has parts 0 to {self.part_count - 1}", field="index"
            )
        expected = self._part_size(index)
        if size != expected:
            raise InvalidArgument(
                f"part {index} has {expected} bytes, not {size}",
                field="data",
                expected_bytes=str(expected),
            )
        if crc32c != announced_crc32c:
            raise ChecksumMismatch(
                f"part {index} does not have its CRC-32C; send it again", field="crc32c"
            )

    def check_whole(self, received: Collection[int]) -> None:
        """Check that every part has arrived.

        Raises:
            UploadIncomplete: One is missing; the first such is named.
        """
        missing = next((i for i in range(self.part_count) if i not in received), None)
        if missing is not None:
            raise UploadIncomplete(
                f"part {missing} is missing; send it, then complete again",
                first_missing=str(missing),
            )

    def completed(self, document_id: str, job_id: str) -> "Upload":
        """End it well."""
        return replace(self, state=UploadState.COMPLETED, document_id=document_id, job_id=job_id)

    def refused(self, why: Failure) -> "Upload":
        """End it because the file cannot be read."""
        return replace(self, state=UploadState.REFUSED, refusal=why)

    def aborted(self) -> "Upload":
        """End it on request."""
        return replace(self, state=UploadState.ABORTED)

    def _part_size(self, index: int) -> int:
        last = self.part_count - 1
        if index < last:
            return self.announced.part_size_bytes
        return self.announced.size_bytes - last * self.announced.part_size_bytes


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """An upload and what has arrived of it.

    Attributes:
        upload: The upload.
        received: Indices of the parts that have arrived, in order.
    """

    upload: Upload
    received: tuple[int, ...]
