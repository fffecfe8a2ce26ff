"""Stores a file in a process of its own, for tests that kill it or give it too little room."""

import asyncio
import resource
import sys
from collections.abc import AsyncIterator

from pydantic import SecretStr

from hubkit.blobs.store import open_blobs
from hubkit.config import BlobSettings
from hubkit.core.errors import HubError

CHUNK = b"x" * (1 << 20)


async def main(tenant_id: str, ending: str) -> None:
    facts = BlobSettings.model_validate_json(sys.stdin.readline())
    secret = SecretStr(sys.stdin.readline().strip())
    store = open_blobs(facts.model_copy(update={"s3_secret_key": secret}))

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield CHUNK
        if ending == "hangs":
            print("half", flush=True)
            await asyncio.Event().wait()

    if ending == "is full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (5 * len(CHUNK), 5 * len(CHUNK)))
    try:
        await store.put(tenant_id, chunks())
    except HubError as error:
        print(error.reason, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
