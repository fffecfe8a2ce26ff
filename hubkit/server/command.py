"""The command line of every service: serve, check, or show the settings."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from hubkit.config import ConfigError, ServiceSettings, load_settings, redacted
from hubkit.core.errors import HubError
from hubkit.server.app import App, methods_of
from hubkit.server.auth import TokenVerifier
from hubkit.server.run import run

S = TypeVar("S", bound=ServiceSettings)


def main(
    name: str,
    settings_type: type[S],
    build: Callable[[S], AbstractAsyncContextManager[App]],
    arguments: Sequence[str] | None = None,
) -> None:
    """Do what the command line asks; without arguments, serve until a stop signal.

    Args:
        name: The service's short name, such as `document`.
        settings_type: Its settings.
        build: Opens what it needs and gives it.
        arguments: Instead of the process's own.
    """
    parser = argparse.ArgumentParser(prog=f"{name}_service", description=f"Serve {name}.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--check", action="store_true", help="open everything it needs, say ok and end"
    )
    choice.add_argument(
        "--print-config", action="store_true", help="show the settings, secrets as stars, and end"
    )
    asked = parser.parse_args(arguments)
    try:
        settings = load_settings(settings_type)
    except ConfigError as error:
        sys.exit(f"{name} can't start, its settings are wrong:\n{error}")
    if asked.print_config:
        sys.stdout.write(redacted(settings) + "\n")
    elif asked.check:
        _check(name, settings, build)
    else:
        run(settings.server, lambda: build(settings), name=name)


def _check(name: str, settings: S, build: Callable[[S], AbstractAsyncContextManager[App]]) -> None:
    async def open_and_close() -> None:
        TokenVerifier(settings.server.jwks_file, name)
        async with build(settings) as app:
            methods_of(app.servicers)

    try:
        asyncio.run(open_and_close())
    except (HubError, OSError) as error:
        sys.exit(f"{name} can't start: {error}")
    sys.stdout.write("ok\n")
