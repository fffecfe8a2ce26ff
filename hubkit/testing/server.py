"""A real server in the test's own process, and channels to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hubkit.config import ServerSettings
from hubkit.server.app import App
from hubkit.server.run import serving
from hubkit.testing.tokens import Mesh


@asynccontextmanager
async def in_process_server(app: App, mesh: Mesh, **settings: Any) -> AsyncIterator[str]:
    """Serve an app on a free port of this machine; gives the target to dial.

    Args:
        app: What to serve.
        mesh: Whose tokens it takes.
        settings: Fields of `ServerSettings` that are to differ from a test's defaults.
    """
    defaults = {"listen": "127.0.0.1:0", "drain_s": 2, "jwks_file": mesh.jwks_file}
    chosen = ServerSettings.model_validate(defaults | settings)
    async with serving(chosen, app) as address:
        yield address
