"""A person's corrections: read as typed, kept against every later reading."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from document_service.domain.document import Classification
from document_service.domain.field import Extraction, FieldValue, Region, StoredField
from hubkit.core.errors import InvalidArgument, Stale
from paperwork.fields import HEADER_FIELDS, LINE_FIELDS, FieldType
from paperwork.readings import FieldSource, Finding, Value, canonical
from paperwork.validation import check
from paperwork.values.dates import parse_date
from paperwork.values.money import parse_money
from paperwork.values.parties import parse_tax_id

MAX_EDITS = 200
MAX_TEXT = 2000
MAX_POSITION = 2000

Place = tuple[int | None, str]
"""A field's line, None for the document's own, and its key."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What one field is to be.

    Attributes:
        position: Line it belongs to, counted from 1; None for one of the whole document.
        key: A key of the field vocabulary.
        text: As the person wrote it; None takes the field away.
        etag: Of the field that the person saw; empty means whatever stands.
    """

    position: int | None
    key: str
    text: str | None
    etag: str

    @property
    def place(self) -> Place:
        """Which field it is."""
        return (self.position, self.key)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person said of a field, and what stood there before.

    Attributes:
        position: Line it belongs to; None for one of the whole document.
        key: A key of the field vocabulary.
        revision: The field's revision that this is.
        value: What it is; None where it was taken away.
        before: What it was, in its one written form; None where there was no field.
        raw_text: As the person wrote it.
        regions: Where the corrected field stands.
    """

    position: int | None
    key: str
    revision: int
    value: Value | None
    before: str | None
    raw_text: str
    regions: tuple[Region, ...]

    @property
    def place(self) -> Place:
        """Which field it is of."""
        return (self.position, self.key)


def parse_value(edit: Edit, text: str, today: date, field: str) -> Value:
    """Read what a person wrote as the type of its field.

    Raises:
        InvalidArgument: It is no such value; `field` is named.
    """
    known = HEADER_FIELDS if edit.position is None else LINE_FIELDS
    kind = known[edit.key].type
    value: Value | None = text
    if kind in (FieldType.MONEY, FieldType.NUMBER):
        money = parse_money(text.rstrip("% "))
        value = None if money is None else money.amount
    elif kind is FieldType.DATE:
        day = parse_date(text, today=today)
        value = None if day is None else day.value
    elif kind is FieldType.TAX_ID:
        tax_id = parse_tax_id(text)
        value = None if tax_id is None else tax_id.value
    if value is None:
        raise InvalidArgument(f"{edit.key} cannot be read as {_MEANT[kind]}", field=field)
    return value


_MEANT = {
    FieldType.MONEY: "an amount, such as 1,070.00",
    FieldType.NUMBER: "a number, such as 12.5",
    FieldType.DATE: "a day, such as 2026-01-31 or 31/1/2026",
    FieldType.TAX_ID: "a tax id of 5 to 20 letters and digits",
}


def correct(
    edit: Edit, value: Value | None, standing: StoredField | None, last_revision: int
) -> Correction | None:
    """Decide what an edit changes.

    Args:
        edit: What the person wants.
        value: The value, read; None takes the field away.
        standing: The field as it stands.
        last_revision: Of the last correction there; 0 for none.

    Returns:
        None when the field is already so by a person's word, as when a call is repeated.

    Raises:
        Stale: The field changed after the person read it.
    """
    if standing is None and value is None:
        return None
    if standing is not None and standing.value.source is FieldSource.HUMAN:
        now, wanted = standing.value.value, value
        if wanted is not None and canonical(now) == canonical(wanted):
            return None
    etag = "" if standing is None else standing.etag
    if edit.etag and edit.etag != etag:
        raise Stale(
            f"the field {edit.key} changed since you read it; read it again",
            field="etag",
            current=etag,
        )
    return Correction(
        position=edit.position,
        key=edit.key,
        revision=max(last_revision, standing.revision if standing else 0) + 1,
        value=value,
        before=canonical(standing.value.value) if standing else None,
        raw_text=edit.text or "",
        regions=standing.value.regions if standing else (),
    )


def corrected(
    fields: Iterable[StoredField], corrections: Iterable[Correction], new_id: Callable[[], str]
) -> tuple[StoredField, ...]:
    """Put what people said in place of what was read; a place on the page stays where it is."""
    by_place: dict[Place, StoredField] = {(one.position, one.value.key): one for one in fields}
    for said in corrections:
        standing = by_place.pop(said.place, None)
        if said.value is None:
            continue
        regions = standing.value.regions if standing else said.regions
        value = FieldValue(said.key, said.value, said.raw_text, 1.0, FieldSource.HUMAN, regions)
        field_id = standing.id if standing else new_id()
        by_place[said.place] = StoredField(field_id, said.position, value, said.revision)
    return tuple(sorted(by_place.values(), key=lambda one: one.place))


def findings_of(
    fields: Sequence[StoredField], functions: Sequence[str], today: date
) -> tuple[Finding, ...]:
    """Run every check on the values that stand."""
    header: dict[str, Value] = {}
    lines: dict[int, dict[str, Value]] = {}
    for one in fields:
        cells = header if one.position is None else lines.setdefault(one.position, {})
        cells[one.value.key] = one.value.value
    return tuple(check(header, [lines[n] for n in sorted(lines)], functions, today))


def rejudged(
    warnings: Sequence[str], before: Iterable[Finding], after: Iterable[Finding]
) -> tuple[str, ...]:
    """Give a document's warnings when its findings have changed."""
    stale = {finding.id for finding in before}
    kept = [word for word in warnings if word not in stale]
    return tuple(dict.fromkeys([*kept, *(finding.id for finding in after)]))


def extraction_of(
    classification: Classification, fields: Sequence[StoredField], warnings: tuple[str, ...]
) -> Extraction:
    """Give all fields that stand in the form in which they are told to others."""
    lines: dict[int, list[FieldValue]] = {}
    for one in fields:
        if one.position is not None:
            lines.setdefault(one.position, []).append(one.value)
    return Extraction(
        classification=classification,
        fields=tuple(one.value for one in fields if one.position is None),
        line_items=tuple(tuple(lines[position]) for position in sorted(lines)),
        warnings=warnings,
    )


def last_revisions(corrections: Iterable[Correction]) -> Mapping[Place, int]:
    """Give the revision of the last correction of each field."""
    return {said.place: said.revision for said in corrections}
