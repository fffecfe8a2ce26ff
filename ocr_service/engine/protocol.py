"""What the pool and its worker processes say to each other, and how it is framed.

Each message is a pickled value behind its length. Only the pool and the workers it started are on
the line: a socket pair that no other process can open.
"""

import pickle
import socket
import struct
from asyncio import StreamReader
from dataclasses import dataclass

from hubkit.core.errors import HubError
from ocr_service.domain.file_facts import FileFacts, Limits
from ocr_service.domain.page_read import PageRead, ReadOptions

LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Setup:
    """The first message to a worker.

    Attributes:
        threads: The most that one page may have.
        backend: What runs the models.
        engine: Who reads lines.
        first: Role of the model that reads every line.
        limits: Files are held to.
        preload: Load the models before reporting ready; else with the first page.
    """

    threads: int
    backend: str
    engine: str
    first: str
    limits: Limits
    preload: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has loaded what it was told to."""


@dataclass(frozen=True, slots=True)
class Inspect:
    """Look at the headers of a file."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ReadPage:
    """Read a page.

    Attributes:
        digest: Names the file.
        data: Its bytes; None where the worker still has it open.
        number: Counted from 1.
        options: How to read it.
        alone: No other page is being read: this one may have all threads.
    """

    digest: str
    data: bytes | None
    number: int
    options: ReadOptions
    alone: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The task failed.

    Attributes:
        error: An expected failure; None for a defect.
        defect: Type and place of a defect, for the log; never text of the document.
    """

    error: HubError | None
    defect: str = ""


Request = Inspect | ReadPage
Reply = Ready | FileFacts | PageRead | Failed


def framed(message: Setup | Request | Reply) -> bytes:
    """Encode a message with its length."""
    body = pickle.dumps(message, protocol=5)
    return LENGTH.pack(len(body)) + body


def receive(line: socket.socket) -> Setup | Request | None:
    """Wait for the pool's next message; None when it has hung up."""
    header = _exactly(line, LENGTH.size)
    if header is None:
        return None
    body = _exactly(line, LENGTH.unpack(header)[0])
    if body is None:
        return None
    message: Setup | Request = pickle.loads(body)  # noqa: S301  the other end is our own parent
    return message


async def reply_from(reader: StreamReader) -> Reply:
    """Wait for a worker's next message.

    Raises:
        asyncio.IncompleteReadError: It has died.
    """
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    body = await reader.readexactly(length)
    reply: Reply = pickle.loads(body)  # noqa: S301  the other end is a process we started
    return reply


def _exactly(line: socket.socket, size: int) -> bytes | None:
    body = bytearray(size)
    view = memoryview(body)
    while view:
        got = line.recv_into(view)
        if got == 0:
            return None
        view = view[got:]
    return bytes(body)
