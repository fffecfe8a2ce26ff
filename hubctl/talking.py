"""Signs in at a hub and shows its documents."""

import asyncio
import getpass
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dochub.document.v1 import document_pb2, field_service_pb2
from hubctl.client.hub import Hub
from hubctl.client.session import Session
from hubctl.client.session import sign_in as open_session
from hubctl.client.store import SessionStore, StoredSession
from hubctl.client.target import Target, find_target
from hubctl.mesh.directory import DataDirectory
from hubctl.operating import secret_of
from hubctl.tables import console, fields_table
from hubkit.core.errors import InvalidArgument, PreconditionFailed, Unauthenticated

STATE_PREFIX: Final = "DOCUMENT_STATE_"
ID_LENGTH: Final = 36
COLUMNS: Final = ("state", "type", "pages", "created", "file")


@dataclass(frozen=True, slots=True)
class Where:
    """Which hub a person means.

    Attributes:
        data_dir: Of a hub on this computer.
        url: Of any other; None for the one of the data directory.
        ca_file: Certificate to trust there; None for the one known.
    """

    data_dir: Path
    url: str | None = None
    ca_file: Path | None = None

    def target(self, store: SessionStore) -> Target:
        """Find it."""
        return find_target(self.url, self.ca_file, self.data_dir, store)


@asynccontextmanager
async def signed_in(where: Where) -> AsyncIterator[tuple[Hub, Session]]:
    """Use the session that is kept for a hub.

    Raises:
        Unauthenticated: Nobody signed in there.
    """
    store = SessionStore()
    target = where.target(store)
    stored = store.get(target.url)
    if stored is None:
        raise Unauthenticated(f"nobody is signed in at {target.url}: `dochub login`")
    async with target.open_channel() as channel:
        session = Session(channel, stored, store)
        yield Hub(channel, session), session


def sign_in(where: Where, email: str, tenant: str, password_file: Path | None) -> None:
    """Ask for what is missing, open a session and keep it."""
    store = SessionStore()
    target = where.target(store)
    who = email or _ask_email(where.data_dir)
    password = secret_of(password_file) if password_file else _ask_password()

    async def run() -> StoredSession:
        async with target.open_channel() as channel:
            return await open_session(channel, target, who, password, tenant)

    session = asyncio.run(run())
    with store.locked():
        store.put(session)
    sys.stdout.write(f"signed in at {target.url} as {session.email}, tenant {session.tenant}\n")


def sign_out(where: Where) -> None:
    """End the session."""

    async def run() -> None:
        async with signed_in(where) as (_, session):
            await session.sign_out()

    asyncio.run(run())
    sys.stdout.write("signed out\n")


def list_documents(
    where: Where, states: Sequence[str], types: Sequence[str], limit: int, *, as_json: bool
) -> None:
    """List documents, newest first."""
    chosen = [_state(name) for name in states]

    async def run() -> list[document_pb2.Document]:
        async with signed_in(where) as (hub, _):
            return [one async for one in hub.documents(chosen, types, limit)]

    found = asyncio.run(run())
    if as_json:
        _print_json([_plain(document) for document in found])
        return
    # An id that is cut short is of no use to the next command.
    table = Table(Column("id", no_wrap=True, min_width=ID_LENGTH), *COLUMNS, box=None)
    for one in found:
        table.add_row(
            one.id,
            state_name(one.state),
            one.document_type or "-",
            f"{one.pages_done}/{one.page_count}",
            one.create_time.ToDatetime().strftime("%Y-%m-%d %H:%M"),
            escape(one.file.filename),
        )
    console().print(table if found else "no documents")


def show_document(where: Where, document_id: str, *, as_json: bool) -> None:
    """Show a document with its fields."""

    async def run() -> tuple[document_pb2.Document, field_service_pb2.ListFieldsResponse]:
        async with signed_in(where) as (hub, _):
            return await hub.document(document_id), await hub.fields(document_id)

    document, fields = asyncio.run(run())
    if as_json:
        _print_json({"document": _plain(document), **_plain(fields)})
    else:
        print_document(document, fields, console())


def download_document(where: Where, document_id: str, out: Path | None) -> None:
    """Write a document's file to disk."""

    async def run() -> Path:
        async with signed_in(where) as (hub, _):
            document = await hub.document(document_id)
            target = _place(document, out)
            await hub.download(document_id, target, lambda _done, _all: None)
            return target

    sys.stdout.write(f"{asyncio.run(run())}\n")


def _place(document: document_pb2.Document, out: Path | None) -> Path:
    # The name was chosen by whoever uploaded it: only its last part is a name here.
    name = Path(document.file.filename.replace("\\", "/")).name or document.id
    place = (out / name) if out and out.is_dir() else out or Path(name)
    if place.exists():
        raise PreconditionFailed(f"{place} exists already; name another by --out")
    return place


def print_document(
    document: document_pb2.Document,
    fields: field_service_pb2.ListFieldsResponse,
    out: Console,
) -> None:
    """Show a document to a person."""
    warnings = "".join(f"  [yellow]{warning}[/]" for warning in document.warnings)
    out.print(
        f"[bold]{escape(document.file.filename)}[/]  "
        f"[green]{document.document_type or '-'}[/]  {document.pages_done}/{document.page_count}"
        f" pages  {state_name(document.state)}  [dim]{document.id}[/]{warnings}"
    )
    if document.error.message:
        out.print(f"  [red]{escape(document.error.message)}[/]")
    out.print(fields_table((one.key, one.value.canonical, one.confidence) for one in fields.fields))
    if fields.line_items:
        out.print(f"  {len(fields.line_items)} line items")
        for item in fields.line_items:
            cells = "  ".join(f"[dim]{c.key}[/] {escape(c.value.canonical)}" for c in item.cells)
            out.print(f"  {item.position:>3}  {cells}")


def state_name(state: document_pb2.DocumentState.ValueType) -> str:
    """Give a state's name without its prefix."""
    return document_pb2.DocumentState.Name(state).removeprefix(STATE_PREFIX)


def _state(name: str) -> document_pb2.DocumentState.ValueType:
    known = [one.removeprefix(STATE_PREFIX) for one in document_pb2.DocumentState.keys()[1:]]
    if name.upper() not in known:
        raise InvalidArgument(f"a state is one of {', '.join(known)}", field="state")
    return document_pb2.DocumentState.Value(STATE_PREFIX + name.upper())


def _plain(message: Message) -> dict[str, object]:
    return MessageToDict(message, preserving_proto_field_name=True)


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _ask_email(data_dir: Path) -> str:
    first = DataDirectory(data_dir).first_admin
    usual = str(json.loads(first.read_text())["email"]) if first.exists() else ""
    sys.stderr.write(f"e-mail [{usual}]: " if usual else "e-mail: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or usual


def _ask_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("password: ")
    return sys.stdin.readline().rstrip("\n")
