"""XML as a tree of local names, read without entities, DTDs or the network, and within limits.

Expat opens no other file by itself, and expands no entity that no DTD declares: a document type
declaration ends the reading before the first of its entities is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

MAX_BYTES: Final = 4 * 1024 * 1024
"""An invoice of a thousand lines has about 2 MiB."""
MAX_DEPTH: Final = 48
"""The formats nest 12 deep; signatures some more."""
MAX_NODES: Final = 60_000
"""A line has about forty."""
MAX_TEXT_CHARS: Final = 4000
"""Longer texts, such as attached files, are cut; no field has as many."""
MAX_ATTRIBUTES: Final = 64
_CHUNK: Final = 64 * 1024


class RefusedXml(Exception):
    """The XML is malformed or made to hurt; the message says what is wrong, without its text."""


@dataclass(slots=True)
class Node:
    """An element.

    Attributes:
        name: Without its namespace.
        space: Its namespace; empty for none.
        attributes: By name without namespace.
        text: Its own characters, joined and trimmed.
        children: In order.
    """

    name: str
    space: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, path: str) -> list[Node]:
        """Give every element at a path of local names such as `ExchangedDocument|Header/ID`."""
        found = [self]
        for step in path.split("/"):
            names = step.split("|")
            found = [child for node in found for child in node.children if child.name in names]
        return found

    def first(self, *paths: str) -> Node | None:
        """Give the first element at the first path that leads to one."""
        return next((found[0] for path in paths if (found := self.all(path))), None)

    def text_at(self, *paths: str) -> str:
        """Give the first text at the first path that leads to one; empty for none.

        A lone hyphen stands for nothing in many Thai files.
        """
        for path in paths:
            for node in self.all(path):
                if node.text not in ("", "-"):
                    return node.text
        return ""


def parse_xml(data: bytes) -> Node:
    """Read a whole document.

    Raises:
        RefusedXml: It is no well-formed XML, has a document type declaration, or passes a limit.
    """
    if len(data) > MAX_BYTES:
        raise RefusedXml(f"the XML is longer than {MAX_BYTES >> 20} MiB")
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.refuse_doctype
    try:
        for start in range(0, len(data), _CHUNK):
            parser.Parse(data[start : start + _CHUNK], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as exc:
        # The last two: an encoding that Python does not have, or one of several bytes a letter.
        raise RefusedXml("the XML is not well-formed") from exc
    if builder.root is None:
        raise RefusedXml("the XML has no element")
    return builder.root


class _Builder:
    """Makes the tree while the parser goes on."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._lengths: list[int] = []
        self._nodes = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise RefusedXml(f"the XML has more than {MAX_NODES} elements")
        if len(self._open) >= MAX_DEPTH:
            raise RefusedXml(f"the XML is nested deeper than {MAX_DEPTH} levels")
        if len(attributes) > MAX_ATTRIBUTES:
            raise RefusedXml(f"an element of the XML has more than {MAX_ATTRIBUTES} attributes")
        space, _, local = name.rpartition(" ")
        node = Node(local, space, {k.rpartition(" ")[2]: v for k, v in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        elif self.root is None:
            self.root = node
        self._open.append(node)
        self._texts.append([])
        self._lengths.append(0)

    def characters(self, text: str) -> None:
        if self._open and self._lengths[-1] < MAX_TEXT_CHARS:
            self._texts[-1].append(text)
            self._lengths[-1] += len(text)

    def end(self, _name: str) -> None:
        node = self._open.pop()
        node.text = "".join(self._texts.pop())[:MAX_TEXT_CHARS].strip()
        self._lengths.pop()

    def refuse_doctype(
        self, _name: str, _system: str | None, _public: str | None, _internal: object
    ) -> None:
        raise RefusedXml("the XML has a document type declaration, which no invoice needs")
