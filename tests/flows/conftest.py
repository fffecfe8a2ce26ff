"""One hub for the flows that leave it as they found it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.flows.hub import Hub, running_hub


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    async with running_hub(tmp_path_factory.mktemp("hub") / "data") as running:
        yield running
