"""Opens the store that the settings name."""

from hubkit.blobs.filesystem import FilesystemBlobs
from hubkit.blobs.port import BlobStore
from hubkit.blobs.s3 import S3Blobs
from hubkit.config import BlobSettings


def open_blobs(settings: BlobSettings) -> BlobStore:
    """Open the store; nothing needs to be closed."""
    if settings.kind == "s3":
        return S3Blobs(settings)
    return FilesystemBlobs(settings.root)
