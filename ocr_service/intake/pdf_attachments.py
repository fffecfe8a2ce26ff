"""The electronic invoice a PDF may carry: found among its attachments, read within limits.

Attachments are found by the tree of embedded files and by the files that the document says it is
associated with. Which of them is the invoice its name tells, else its first characters.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ocr_service.intake.pdf_tree import REFERENCE
from paperwork.einvoice import RefusedInvoice, is_known_name, read_invoice
from paperwork.einvoice.tree import MAX_BYTES
from paperwork.readings import Extraction

MOST_LOOKED_AT = 32
"""Attachments; an invoice comes with a handful."""
MOST_NODES = 256
"""Nodes of the tree of embedded files."""
REFUSED = "EMBEDDED_XML_REFUSED"
MOST_CHARS = 100_000
"""Of an array."""
_INLINE = re.compile(r"<<(?:[^<>]|<<[^<>]*>>)*>>")
_STREAM = re.compile(r"/EF\s*<<\s*/U?F\s+(\d{1,10})\s+\d+\s+R")
_FILE = re.compile(r"/U?F\s*\(([^()]{1,200})\)")
_RELATION = re.compile(r"/AFRelationship\s*/(\w{1,40})")
_XML_NAME = re.compile(r"\.xml\Z", re.IGNORECASE)
_INVOICE = re.compile(
    rb"CrossIndustry(?:Invoice|Document)\b|<(?:\w{1,20}:)?(?:Invoice|CreditNote)\b"
)
_SNIFFED = 16 * 1024
"""Licences stand in comments before the first element."""
_FAILURES = (RuntimeError, ValueError, TypeError, IndexError, KeyError)
"""What the library raises for objects that are not there or are of another kind."""


@dataclass(frozen=True, slots=True)
class _Attachment:
    """A file inside the file.

    Attributes:
        name: As stated, perhaps empty.
        relation: What it is to the document, such as `Alternative`; perhaps empty.
        stream: Number of the object that holds it.
    """

    name: str
    relation: str
    stream: int

    @property
    def rank(self) -> int:
        """0 for the surest name, larger for less."""
        if is_known_name(self.name):
            return 0
        is_xml = bool(_XML_NAME.search(self.name))
        return 1 if is_xml and self.relation else 2 if is_xml else 3


def embedded_invoice(document: Any) -> tuple[Extraction | None, tuple[str, ...]]:
    """Find and read the invoice in an open `pymupdf.Document`; the library is untyped.

    Returns:
        The first that can be read, and warnings: `EMBEDDED_XML_REFUSED` where there is one that
        is malformed, too large, or made to hurt.
    """
    try:
        attachments = _attachments(document)
    except _FAILURES:
        return None, ()
    warnings: tuple[str, ...] = ()
    for attachment in sorted(attachments, key=lambda each: each.rank):
        try:
            data = _content(document, attachment.stream)
        except (*_FAILURES, zlib.error):
            continue
        if data is None:
            if attachment.rank < 3:
                warnings = (REFUSED,)
            continue
        if not _INVOICE.search(data[:_SNIFFED].replace(b"\0", b"")) and attachment.rank > 0:
            continue
        try:
            invoice = read_invoice(data)
        except RefusedInvoice:
            warnings = (REFUSED,)
            continue
        if invoice is not None:
            return invoice, ()
    return None, warnings


def _attachments(document: Any) -> list[_Attachment]:
    catalog = document.pdf_catalog()
    found: dict[int, _Attachment] = {}
    for listed in (_array(document, catalog, "AF"), *_in_names(document, catalog)):
        for attachment in _in_array(document, listed):
            found.setdefault(attachment.stream, attachment)
            if len(found) >= MOST_LOOKED_AT:
                return list(found.values())
    return list(found.values())


def _array(document: Any, number: int, key: str) -> str:
    """The text of an array that stands in an object, or in one of its own."""
    kind, value = document.xref_get_key(number, key)
    if kind == "xref":
        value = document.xref_object(int(value.split()[0]), compressed=True)
    return str(value)[:MOST_CHARS]


def _in_names(document: Any, catalog: int) -> list[str]:
    """The arrays of the tree of embedded files."""
    kind, value = document.xref_get_key(catalog, "Names/EmbeddedFiles")
    if kind == "null":
        return []
    if kind == "xref":
        waiting, found = [int(value.split()[0])], []
    else:  # the root of the tree stands in the catalog
        found = [value[:MOST_CHARS]]
        waiting = [int(each) for each in REFERENCE.findall(value)] if "/Kids" in value else []
    seen: set[int] = set()
    while waiting and len(seen) < MOST_NODES:
        number = waiting.pop(0)
        if number not in seen:
            seen.add(number)
            waiting += map(int, REFERENCE.findall(_array(document, number, "Kids"))[:MOST_NODES])
            found.append(_array(document, number, "Names"))
    return found


def _in_array(document: Any, listed: str) -> Iterator[_Attachment]:
    """Read file specifications, which stand in an array or in objects that it points to."""
    for spec in _INLINE.findall(listed):
        stream, name, relation = _STREAM.search(spec), _FILE.search(spec), _RELATION.search(spec)
        if stream:
            said = relation[1] if relation else ""
            yield _Attachment(name[1] if name else "", said, int(stream[1]))
    for number in list(map(int, REFERENCE.findall(_INLINE.sub("", listed))))[: 4 * MOST_LOOKED_AT]:
        try:
            attachment = _attachment(document, number)
        except _FAILURES:
            continue
        if attachment is not None:
            yield attachment


def _attachment(document: Any, number: int) -> _Attachment | None:
    keys = ("EF/F", "EF/UF")
    kind, value = next(
        (found for key in keys if (found := document.xref_get_key(number, key))[0] == "xref"),
        ("null", ""),
    )
    if kind != "xref":
        # A name written oddly may hide the specification that points to the file itself.
        return _Attachment("", "", number) if document.xref_is_stream(number) else None
    names = (document.xref_get_key(number, key) for key in ("UF", "F"))
    name = next((text.strip() for kind, text in names if kind == "string" and text), "")
    relation = document.xref_get_key(number, "AFRelationship")
    said = relation[1].lstrip("/") if relation[0] == "name" else ""
    return _Attachment(name, said, int(value.split()[0]))


def _content(document: Any, stream: int) -> bytes | None:
    """The bytes of an attachment; None for one that is too long, however it is packed."""
    raw: bytes | None = document.xref_stream_raw(stream)
    if raw is None or len(raw) > MAX_BYTES:
        return None
    kind, packing = document.xref_get_key(stream, "Filter")
    plain = kind == "name" and packing == "/FlateDecode"
    if plain and document.xref_get_key(stream, "DecodeParms")[0] == "null" and raw[:1] == b"\x78":
        # Inflated here, where it can be stopped: a page of noughts packs a thousandfold.
        data = zlib.decompressobj().decompress(raw, MAX_BYTES + 1)
    else:
        data = document.xref_stream(stream) or b""
    return None if len(data) > MAX_BYTES else data
