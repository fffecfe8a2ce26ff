"""Electronic invoices give every field, outrank the page, and cannot hurt."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperwork.einvoice import RefusedInvoice, merge, read_invoice
from paperwork.readings import Extraction, FieldReading, FieldSource, Region, Value, canonical

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "einvoices"
ETDA = (SAMPLES / "etda.xml").read_bytes()
UBL = (SAMPLES / "ubl.xml").read_bytes()
PLACE = (Region(1, ((0, 0), (1, 0), (1, 1), (0, 1))),)


def invoice(data: bytes) -> Extraction:
    found = read_invoice(data)
    assert found is not None
    return found


def written(cells: dict[str, FieldReading]) -> dict[str, str]:
    return {key: canonical(cell.value) for key, cell in cells.items()}


def read(**values: Value) -> Extraction:
    fields = {
        key: FieldReading(key, value, str(value), 0.9, FieldSource.OCR, PLACE)
        for key, value in values.items()
    }
    return Extraction("invoice", ("invoice",), 0.9, fields)


def test_a_thai_e_tax_invoice_gives_its_fields() -> None:
    found = invoice(ETDA)
    assert found.document_type == "tax_invoice"
    assert set(found.functions) == {"tax_invoice", "delivery_note"}
    assert written(found.fields) == {
        "number": "INV-2026-0042",
        "issue_date": "2026-03-17",
        "seller_name": "บริษัท ตัวอย่าง จำกัด",
        "seller_tax_id": "0730215736811",
        "seller_branch": "00012",
        "seller_address": "9, ถนนสุขุมวิท, 10110, TH",
        "buyer_name": "นางสาวทดสอบ ระบบ",
        "po_number": "PO-77",
        "currency": "THB",
        "subtotal": "200.00",
        "tax_rate": "7",
        "tax_amount": "14.00",
        "total": "214.00",
    }
    (line,) = found.line_items
    assert written(line) == {
        "sku": "A-1",
        "description": "กระดาษ A4",
        "quantity": "2",
        "unit_price": "125.00",
        "discount": "50.00",
        "amount": "200.00",
    }
    assert {f.source for f in found.fields.values()} == {FieldSource.XML}
    assert {f.extractor for f in found.fields.values()} == {"etda-e-tax"}


def test_a_ubl_invoice_gives_its_fields() -> None:
    found = invoice(UBL)
    assert found.document_type == "invoice"
    assert written(found.fields) == {
        "number": "U-9",
        "issue_date": "2026-01-31",
        "due_date": "2026-02-28",
        "seller_name": "Beispiel GmbH",
        "seller_tax_id": "DE136695976",
        "seller_address": "Markt 1, 53111 Bonn, DE",
        "buyer_name": "Kunde AG",
        "po_number": "PO-1",
        "currency": "EUR",
        "subtotal": "200.00",
        "discount": "10.00",
        "tax_amount": "26.00",
        "prepaid": "26.00",
        "total": "226.00",
    }
    assert [line["unit_price"].value for line in found.line_items] == [Decimal("0.11"), 100]
    assert [line["sku"].value for line in found.line_items if "sku" in line] == ["S-4"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("380", "invoice"), ("381", "credit_note"), ("383", "debit_note"), ("326", "invoice")],
)
def test_codes_give_the_type(code: str, kind: str) -> None:
    assert invoice(UBL.replace(b">380<", f">{code}<".encode())).document_type == kind


@pytest.mark.parametrize("data", [b"<a/>", b"<Order/>", b"<Invoice/>"])
def test_other_xml_is_no_invoice(data: bytes) -> None:
    assert read_invoice(data) is None


def test_the_invoice_outranks_the_page_and_tells_where_they_differ() -> None:
    page = read(number="INV 2026-0042", total=Decimal("274.00"), amount_in_words="สองร้อย")
    merged = merge(page, invoice(ETDA))
    assert merged.fields["total"].value == Decimal("214.00")
    (other,) = merged.fields["total"].alternatives
    assert (other.value, other.reason, other.regions) == (Decimal("274.00"), "PAGE", PLACE)
    assert merged.fields["total"].regions == ()
    assert merged.fields["number"].regions == PLACE
    assert merged.fields["number"].source is FieldSource.XML
    assert merged.fields["amount_in_words"].source is FieldSource.OCR
    (finding,) = merged.findings
    assert (finding.id, finding.fields) == ("einvoice.differs", ("total",))
    assert "214.00" in finding.message_en
    assert "274.00" in finding.message_th
    assert len(merged.line_items) == 1


def test_lines_take_the_places_of_those_read() -> None:
    cells = read(description="กระดาษ  A 4", amount=Decimal(200)).fields
    merged = merge(replace(read(), line_items=(cells,)), invoice(ETDA))
    (line,) = merged.line_items
    assert line["amount"].regions == line["description"].regions == PLACE
    assert line["sku"].regions == ()


def bombs() -> Iterator[tuple[str, bytes]]:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    yield "laughs", f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><Invoice>&e9;</Invoice>'.encode()
    external = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Invoice>&f;</Invoice>'
    yield "external entity", external.encode()
    yield "external DTD", b'<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd"><Invoice/>'
    yield "undeclared entity", b"<Invoice>&nothing;</Invoice>"
    yield "depth", b"<a>" * 100_000
    yield "width", b"<a>" + b"<b/>" * 500_000 + b"</a>"
    yield "attributes", b"<a " + b" ".join(b'a%d=""' % n for n in range(20_000)) + b"/>"
    yield "long", b"<a>" + b"x" * (50 << 20) + b"</a>"
    yield "unfinished", b"<Invoice><a>"
    yield "unknown encoding", b'<?xml version="1.0" encoding="klingon"?><a/>'
    yield "nothing", b""


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in bombs()])
def test_hostile_xml_is_refused_soon(data: bytes) -> None:
    started = time.process_time()
    with pytest.raises(RefusedInvoice):
        read_invoice(data)
    assert time.process_time() - started < 2.0


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    with suppress(RefusedInvoice):
        read_invoice(data)


@given(st.data())
def test_damaged_invoices_are_refused_or_read(data: st.DataObject) -> None:
    base = data.draw(st.sampled_from((ETDA, UBL)))
    start = data.draw(st.integers(0, len(base)))
    junk = data.draw(
        st.sampled_from((b"", b"-", b"9" * 40, b"NaN", b"1e9", b"\xd9\xa3", b">", b"<x/>"))
    )
    try:
        found = read_invoice(base[:start] + junk + base[start + data.draw(st.integers(0, 6)) :])
    except RefusedInvoice:
        return
    for field in found.fields.values() if found else ():
        assert not isinstance(field.value, Decimal) or field.value.is_finite()
        assert isinstance(field.value, str | Decimal | date)
