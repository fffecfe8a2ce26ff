"""People correct fields: typed, with history, and never overruled by a later reading."""

from decimal import Decimal

import pytest

from dochub.document.v1 import events_pb2
from document_service.domain.correction import Edit
from document_service.domain.document import Document
from document_service.domain.field import StoredField
from document_service.domain.run import ReadingOptions
from hubkit.core.errors import InvalidArgument, NotFound, PreconditionFailed, Stale
from hubkit.core.ids import new_id
from paperwork.readings import FieldSource
from tests.integration.document.desk import Desk


async def read(desk: Desk) -> Document:
    document, job = await desk.send()
    await desk.work(job)
    return await desk.document(document.id)


async def standing(desk: Desk, document_id: str) -> dict[tuple[int | None, str], StoredField]:
    with desk.person():
        found = await desk.fields(document_id)
    return {(one.position, one.value.key): one for one in found.fields}


async def edit(desk: Desk, document: Document, *edits: Edit) -> None:
    with desk.person("OPERATOR"):
        await desk.edit(document.id, edits)


async def read_again(desk: Desk, document: Document) -> None:
    with desk.person():
        job = await desk.read_again(new_id(), document.id, ReadingOptions())
    await desk.work(job)


async def test_a_value_is_read_as_its_fields_type(desk: Desk) -> None:
    document = await read(desk)
    await edit(
        desk,
        document,
        Edit(None, "total", "12.345,60", ""),
        Edit(None, "issue_date", "15 ธ.ค. 2565", ""),
        Edit(None, "seller_tax_id", "0-1055-36000-31-5", ""),
        Edit(2, "quantity", "๒", ""),
    )
    fields = await standing(desk, document.id)
    total = fields[None, "total"]
    assert total.value.value == Decimal("12345.60")
    assert (total.value.source, total.value.confidence) == (FieldSource.HUMAN, 1.0)
    assert (total.value.raw_text, total.revision) == ("12.345,60", 2)
    assert len(total.value.regions) == 1
    assert str(fields[None, "issue_date"].value.value) == "2022-12-15"
    assert fields[None, "seller_tax_id"].value.value == "0105536000315"
    assert fields[2, "quantity"].value.value == Decimal(2)


async def test_a_persons_word_stands_against_a_later_reading(desk: Desk) -> None:
    document = await read(desk)
    await edit(
        desk,
        document,
        Edit(None, "number", "INV-7", ""),
        Edit(None, "issue_date", None, ""),
        Edit(None, "po_number", "PO-1", ""),
        Edit(1, "amount", "999.00", ""),
    )
    await read_again(desk, document)
    fields = await standing(desk, document.id)
    assert fields[None, "number"].value.value == "INV-7"
    assert fields[None, "po_number"].value.value == "PO-1"
    assert fields[1, "amount"].value.value == Decimal("999.00")
    assert (None, "issue_date") not in fields
    assert fields[None, "total"].value.source is FieldSource.OCR
    told = await desk.events("document.fields_changed")
    event = events_pb2.FieldsChanged.FromString(told[-1].payload)
    assert {one.key: one.value.canonical for one in event.extraction.fields} == {
        "number": "INV-7",
        "po_number": "PO-1",
        "total": "1070.00",
    }
    await edit(desk, document, Edit(None, "issue_date", "2026-02-01", ""))
    assert (await standing(desk, document.id))[None, "issue_date"].revision == 3


async def test_a_field_that_changed_since_it_was_read_is_not_overwritten(desk: Desk) -> None:
    document = await read(desk)
    seen = (await standing(desk, document.id))[None, "number"].etag
    first = Edit(None, "number", "INV-2", seen)
    await edit(desk, document, first)
    before = await desk.document(document.id)
    with pytest.raises(Stale) as refused:
        await edit(
            desk,
            document,
            Edit(None, "total", "5.00", ""),
            Edit(None, "number", "INV-3", seen),
        )
    now = await standing(desk, document.id)
    assert refused.value.facts == {"current": now[None, "number"].etag}
    assert now[None, "number"].value.value == "INV-2"
    assert now[None, "total"].value.value == Decimal("1070.00")
    # The same call again, after a lost answer, changes nothing and is no conflict.
    await edit(desk, document, first)
    assert await desk.document(document.id) == before
    assert await desk.count("correction") == 1
    with pytest.raises(Stale):
        await edit(desk, document, Edit(None, "currency", "THB", seen))


async def test_checks_are_made_again_with_the_change(desk: Desk) -> None:
    document = await read(desk)
    with desk.person():
        before = await desk.edit(document.id, [Edit(None, "due_date", "2020-01-01", "")])
        assert "date.order" in {finding.id for finding in before.findings}
        assert "date.order" in (await desk.documents.get(document.id)).warnings
        after = await desk.edit(document.id, [Edit(None, "due_date", "2026-03-01", "")])
        assert "date.order" not in {finding.id for finding in after.findings}
        mended = await desk.documents.get(document.id)
    assert "date.order" not in mended.warnings
    assert "TOTALS_DISAGREE" in mended.warnings
    assert mended.revision == document.revision + 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Edit(None, "total", "a lot", ""), "edits[0].text"),
        (Edit(None, "issue_date", "32/1/2026", ""), "edits[0].text"),
        (Edit(None, "seller_tax_id", "1", ""), "edits[0].text"),
        (Edit(None, "number", "", ""), "edits[0].text"),
        (Edit(None, "number", "x" * 2001, ""), "edits[0].text"),
        (Edit(None, "description", "x", ""), "edits[0].key"),
        (Edit(1, "total", "1", ""), "edits[0].key"),
        (Edit(-1, "amount", "1", ""), "edits[0].position"),
        (Edit(2001, "amount", "1", ""), "edits[0].position"),
    ],
)
async def test_what_is_no_value_is_refused_by_name(desk: Desk, wrong: Edit, field: str) -> None:
    document = await read(desk)
    with pytest.raises(InvalidArgument) as refused:
        await edit(desk, document, wrong)
    assert refused.value.field == field
    assert await desk.document(document.id) == document


async def test_a_document_without_a_reading_has_no_fields_to_change(desk: Desk) -> None:
    document, _ = await desk.send()
    with pytest.raises(PreconditionFailed):
        await edit(desk, document, Edit(None, "number", "1", ""))
    with pytest.raises(InvalidArgument):
        await edit(desk, document)
    twice = Edit(None, "number", "1", "")
    with pytest.raises(InvalidArgument):
        await edit(desk, document, twice, twice)


async def test_corrections_go_with_their_document(desk: Desk) -> None:
    document = await read(desk)
    await edit(desk, document, Edit(None, "number", "INV-2", ""))
    with desk.person():
        await desk.documents.delete(document.id, "")
    assert await desk.count("correction") == 0
    with pytest.raises(NotFound):
        await edit(desk, document, Edit(None, "number", "INV-3", ""))
