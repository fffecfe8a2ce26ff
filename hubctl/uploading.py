"""Uploads files and follows their reading, several at once."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from google.protobuf.json_format import MessageToDict
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dochub.document.v1 import document_pb2, field_service_pb2
from dochub.type.v1 import job_pb2
from hubctl.client.hub import Hub
from hubctl.files import collect
from hubctl.tables import console
from hubctl.talking import Where, print_document, signed_in
from hubkit.core.errors import HubError

AT_ONCE: Final = 4
"""Files on their way at the same time."""


class Board(Protocol):
    """Shows how far a file has come."""

    def show(self, file: Path, stage: str, done: int, total: int) -> None:
        """Tell the stage of a file, and how much of it is done."""


class Silence:
    """Shows nothing."""

    def show(self, file: Path, stage: str, done: int, total: int) -> None:
        """Do nothing."""


class Bars:
    """A bar a file on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[Path, TaskID] = {}

    def show(self, file: Path, stage: str, done: int, total: int) -> None:
        """Move the file's bar."""
        if file not in self._tasks:
            self._tasks[file] = self._progress.add_task(escape(file.name))
        task = self._tasks[file]
        self._progress.update(task, completed=done, total=total or None, stage=stage)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file.

    Attributes:
        file: Which.
        document: As it stands; None if it was refused.
        fields: What was read; None without waiting.
        error: Why it failed.
    """

    file: Path
    document: document_pb2.Document | None = None
    fields: field_service_pb2.ListFieldsResponse | None = None
    error: HubError | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the file was refused or could not be read."""
        failed = document_pb2.DOCUMENT_STATE_FAILED
        return self.error is not None or (
            self.document is not None and self.document.state == failed
        )


def upload(where: Where, paths: Iterable[Path], *, wait: bool, as_json: bool) -> int:
    """Upload files and show what became of them; gives the exit status."""
    files = collect(paths)
    failures = 0

    async def run() -> None:
        nonlocal failures
        board, showing = _board()
        with showing:
            async with signed_in(where) as (hub, _):
                async for outcome in send_all(hub, files, board, wait=wait):
                    failures += outcome.is_failure
                    _report(outcome, as_json=as_json)

    asyncio.run(run())
    return 1 if failures else 0


async def send_all(
    hub: Hub, files: Sequence[Path], board: Board, *, wait: bool
) -> AsyncIterator[Outcome]:
    """Upload files, several at once, and give each one's outcome in the order of the files."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(file: Path) -> Outcome:
        async with turns:
            return await send(hub, file, board, wait=wait)

    tasks = [asyncio.create_task(one(file)) for file in files]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def send(hub: Hub, file: Path, board: Board, *, wait: bool) -> Outcome:
    """Upload one file; with `wait`, follow its reading and get its fields."""
    try:
        answer = await hub.upload(file, partial(board.show, file, "uploading"))
        if not wait:
            return Outcome(file, answer.document)
        async for job in hub.follow(answer.job.id):
            board.show(file, stage_of(job), job.progress.done, job.progress.total)
        document = await hub.document(answer.document.id)
        return Outcome(file, document, await hub.fields(document.id))
    except HubError as error:
        return Outcome(file, error=error)


def stage_of(job: job_pb2.Job) -> str:
    """Say what is being done about a document."""
    if job.state == job_pb2.JOB_STATE_QUEUED:
        return "waiting"
    if job.state != job_pb2.JOB_STATE_RUNNING:
        return job_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_").lower()
    counted = f" page {job.progress.done} of {job.progress.total}" if job.progress.total else ""
    return (job.progress.stage or "working") + counted


def _board() -> tuple[Board, AbstractContextManager[object]]:
    err = Console(stderr=True)
    if not err.is_terminal:
        return Silence(), nullcontext()
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[stage]}"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
    return Bars(progress), progress


def _report(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(_plain(outcome), ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    out = console()
    if outcome.error is not None:
        out.print(
            f"[bold]{escape(outcome.file.name)}[/]  [red]{outcome.error.reason}[/]"
            f"  {escape(str(outcome.error))}"
        )
    elif outcome.document is not None and outcome.fields is not None:
        print_document(outcome.document, outcome.fields, out)
    elif outcome.document is not None:
        out.print(f"{outcome.document.id}  {escape(outcome.file.name)}")


def _plain(outcome: Outcome) -> dict[str, object]:
    plain: dict[str, object] = {"file": outcome.file.name}
    if outcome.document is not None:
        plain["document"] = MessageToDict(outcome.document, preserving_proto_field_name=True)
    if outcome.fields is not None:
        plain |= MessageToDict(outcome.fields, preserving_proto_field_name=True)
    error = outcome.error
    plain["error"] = {"reason": error.reason, "message": str(error)} if error else None
    return plain
