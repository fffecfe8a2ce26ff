"""The invoice inside a PDF is found by name, relation or content; hostile ones become a warning."""

import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ocr_service.domain.file_facts import FileFacts, Limits
from ocr_service.intake.files import inspect

pymupdf: Any = import_module("pymupdf")  # ships no types
SAMPLES = Path(__file__).resolve().parents[2] / "data" / "einvoices"
UBL = (SAMPLES / "ubl.xml").read_bytes()


def facts(*files: tuple[str, bytes], change: Callable[[Any], None] | None = None) -> FileFacts:
    document = pymupdf.open()
    document.new_page()
    for name, content in files:
        document.embfile_add(name, content, filename=name)
    if change:
        change(document)
    return inspect(document.tobytes(), Limits())


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "data.xml", "data.bin"])
def test_an_attached_invoice_is_found(name: str) -> None:
    found = facts(("photo.png", b"\x89PNG"), ("other.xml", b"<order/>"), (name, UBL))
    assert found.invoice is not None
    assert found.invoice.fields["number"].value == "U-9"
    assert found.warnings == ()


def test_an_associated_file_outside_the_names_is_found() -> None:
    def associate(document: Any) -> None:
        stream, spec = document.get_new_xref(), document.get_new_xref()
        document.update_object(stream, "<</Type/EmbeddedFile>>")
        document.update_stream(stream, UBL, new=True)
        document.update_object(
            spec, f"<</Type/Filespec/F(x.xml)/AFRelationship/Data/EF<</F {stream} 0 R>>>>"
        )
        document.xref_set_key(document.pdf_catalog(), "AF", f"[{spec} 0 R]")

    found = facts(change=associate)
    assert found.invoice is not None


def test_a_file_without_one_has_none() -> None:
    assert facts().invoice is None
    assert facts(("notes.txt", b"Invoice")).invoice is None


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Invoice>&b;</Invoice>'
)


@pytest.mark.parametrize(
    "content",
    [LAUGHS, b"<Invoice>" * 5000, b"<Invoice>" + b" " * (50 << 20), UBL[:900]],
    ids=["laughs", "depth", "50 MiB", "cut"],
)
def test_a_hostile_invoice_is_a_warning(content: bytes) -> None:
    found = facts(("factur-x.xml", content))
    assert found.invoice is None
    assert found.warnings == ("EMBEDDED_XML_REFUSED",)
    assert found.page_count == 1


def test_a_loop_of_names_ends() -> None:
    def loop(document: Any) -> None:
        node = document.get_new_xref()
        document.update_object(node, f"<</Kids[{node} 0 R {node} 0 R]>>")
        document.xref_set_key(document.pdf_catalog(), "Names", f"<</EmbeddedFiles {node} 0 R>>")

    assert facts(change=loop).invoice is None


def test_a_packed_flood_is_not_unpacked() -> None:
    def flood(document: Any) -> None:
        stream, spec = document.get_new_xref(), document.get_new_xref()
        document.update_object(stream, "<</Type/EmbeddedFile/Filter/FlateDecode>>")
        packed = zlib.compress(bytes(300 << 20), 1)
        document.update_stream(stream, packed, new=True, compress=0)
        document.xref_set_key(stream, "Filter", "/FlateDecode")
        document.update_object(spec, f"<</Type/Filespec/F(factur-x.xml)/EF<</F {stream} 0 R>>>>")
        document.xref_set_key(document.pdf_catalog(), "AF", f"[{spec} 0 R]")

    assert facts(change=flood).warnings == ("EMBEDDED_XML_REFUSED",)
