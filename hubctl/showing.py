"""The demonstration: everything from nothing, on sample documents, leaving nothing behind."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.markup import escape

from hubctl.client.hub import Hub
from hubctl.client.session import Session, sign_in
from hubctl.client.target import Target
from hubctl.files import collect
from hubctl.mesh.directory import DataDirectory
from hubctl.mesh.mesh import Options, Running
from hubctl.running import run_mesh, tell
from hubctl.tables import console
from hubctl.talking import print_document
from hubctl.uploading import send_all

SAMPLES: Final = Path(__file__).parents[1] / "samples"


class Lines:
    """One line for each step of a file."""

    def __init__(self) -> None:
        self._last: dict[Path, str] = {}

    def show(self, file: Path, stage: str, done: int, total: int) -> None:
        """Print the step unless it was the last one."""
        if stage == "uploading" and total:
            stage = f"uploading {done / total:.0%}"
        if self._last.get(file) != stage:
            self._last[file] = stage
            tell(f"{file.name}: {stage}")


def run_demo(paths: Sequence[Path]) -> int:
    """Run the hub in a temporary place on files; gives the exit status."""
    files = collect(paths or [SAMPLES])
    failures = len(files)

    async def work(running: Running) -> None:
        nonlocal failures
        tell(f"the hub is up at {running.state.url}")
        failures = await _show(running, files)

    with tempfile.TemporaryDirectory(prefix="dochub-demo-") as folder:
        options = Options(DataDirectory(Path(folder) / "data"), port=0)
        asyncio.run(run_mesh(options, work, tell))
    sys.stdout.write("demo: done\n" if not failures else f"demo: {failures} files failed\n")
    return 1 if failures else 0


async def _show(running: Running, files: Sequence[Path]) -> int:
    """Upload the files and print what was read; gives how many failed."""
    target = Target(running.state.url, Path(running.state.ca_file))
    out = console()
    failures = 0
    async with target.open_channel() as channel:
        admin = running.admin
        stored = await sign_in(channel, target, admin.email, admin.password or "", admin.tenant)
        hub = Hub(channel, Session(channel, stored))
        async for outcome in send_all(hub, files, Lines(), wait=True):
            failures += outcome.is_failure
            if outcome.error is not None:
                out.print(f"[red]{escape(outcome.file.name)}: {escape(str(outcome.error))}[/]")
            elif outcome.document is not None and outcome.fields is not None:
                print_document(outcome.document, outcome.fields, out)
    return failures
