"""Starts the document service: `python -m document_service [--check | --print-config]`."""

import argparse
import asyncio
import sys

from document_service.bootstrap import NAME, build
from document_service.config import DocumentSettings
from hubkit.config import ConfigError, load_settings, redacted
from hubkit.core.errors import HubError
from hubkit.server.run import run


def main() -> None:
    """Serve, or check or print the settings."""
    parser = argparse.ArgumentParser(prog="python -m document_service", description=__doc__)
    parser.add_argument("--check", action="store_true", help="check settings and schema, then end")
    parser.add_argument("--print-config", action="store_true", help="print the settings, redacted")
    asked = parser.parse_args()
    try:
        settings = load_settings(DocumentSettings)
        if asked.print_config:
            sys.stdout.write(redacted(settings) + "\n")
        elif asked.check:
            asyncio.run(_check(settings))
        else:
            run(settings.server, lambda: build(settings), name=NAME)
    except (ConfigError, HubError) as error:
        sys.exit(str(error))


async def _check(settings: DocumentSettings) -> None:
    async with build(settings):
        pass


if __name__ == "__main__":
    main()
