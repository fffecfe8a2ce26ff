"""List the typed fields of a document, and change them by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from document_service.domain.correction import (
    MAX_EDITS,
    MAX_POSITION,
    MAX_TEXT,
    Correction,
    Edit,
    correct,
    corrected,
    extraction_of,
    findings_of,
    last_revisions,
    parse_value,
    rejudged,
)
from document_service.domain.document import DocumentChange
from document_service.domain.field import StoredField
from document_service.ports import Clock, NewId, Store
from hubkit.core.caller import current_caller
from hubkit.core.errors import InvalidArgument, PreconditionFailed
from hubkit.core.ids import check_id
from paperwork.fields import HEADER_FIELDS, LINE_FIELDS
from paperwork.readings import Finding


@dataclass(frozen=True, slots=True)
class JudgedFields:
    """Fields, and what the checks report of them.

    Attributes:
        fields: Those of the whole document first, then those of each line, in order.
        findings: In the order of the checks.
    """

    fields: tuple[StoredField, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ListFields:
    """Gives the fields of the reading that is shown.

    Attributes:
        store: The service's memory.
        clock: Tells the time.
    """

    store: Store
    clock: Clock

    async def __call__(self, document_id: str) -> JudgedFields:
        """Give all fields as they stand."""
        document_id = check_id(document_id, "document_id")
        async with self.store.transaction(current_caller().tenant_id) as work:
            document = await work.documents.get(document_id)
            fields = await work.fields.list(document_id, document.run_id)
        functions = document.classification.functions
        return JudgedFields(fields, findings_of(fields, functions, self.clock().date()))


@dataclass(frozen=True, slots=True)
class EditFields:
    """Changes fields by hand; what a person said stands against every later reading.

    Attributes:
        store: The service's memory.
        clock: Tells the time.
        new_id: Names fields that are added.
    """

    store: Store
    clock: Clock
    new_id: NewId

    async def __call__(self, document_id: str, edits: Sequence[Edit]) -> JudgedFields:
        """Change fields, all or none; fields, history, checks and events in one transaction.

        Raises:
            InvalidArgument: A value cannot be read as its field's type, or a field is unknown.
            Stale: A field changed after the person read it.
            PreconditionFailed: The document has no reading yet.
        """
        document_id = check_id(document_id, "document_id")
        _check(edits)
        caller, now = current_caller(), self.clock()
        values = [
            None
            if edit.text is None
            else parse_value(edit, edit.text, now.date(), f"edits[{index}].text")
            for index, edit in enumerate(edits)
        ]
        async with self.store.transaction(caller.tenant_id) as work:
            document = await work.documents.lock(document_id)
            if not document.run_is_whole:
                raise PreconditionFailed("the document is not read yet; wait for its job to end")
            fields = await work.fields.list(document_id, document.run_id)
            standing = {(one.position, one.value.key): one for one in fields}
            revisions = last_revisions(await work.corrections.latest(document_id))
            said: list[Correction] = []
            for edit, value in zip(edits, values, strict=True):
                last = revisions.get(edit.place, 0)
                change = correct(edit, value, standing.get(edit.place), last)
                if change is not None:
                    said.append(change)
            functions = document.classification.functions
            before = findings_of(fields, functions, now.date())
            if not said:
                return JudgedFields(fields, before)
            fields = corrected(fields, said, self.new_id)
            after = findings_of(fields, functions, now.date())
            document = document.edited(rejudged(document.warnings, before, after), now)
            await work.corrections.add(document_id, said, caller.person_id, now)
            await work.fields.replace(document_id, document.run_id, fields)
            await work.documents.save(document)
            await work.outbox.changed(DocumentChange.UPDATED, document)
            told = extraction_of(document.classification, fields, document.warnings)
            await work.outbox.fields_changed(document, told)
        return JudgedFields(fields, after)


def _check(edits: Sequence[Edit]) -> None:
    if not 1 <= len(edits) <= MAX_EDITS:
        raise InvalidArgument(f"send 1 to {MAX_EDITS} edits", field="edits")
    seen = set()
    for index, edit in enumerate(edits):
        known = HEADER_FIELDS if edit.position is None else LINE_FIELDS
        path = f"edits[{index}]"
        if edit.key not in known:
            raise InvalidArgument("there is no field of that key", field=f"{path}.key")
        if edit.position is not None and not 1 <= edit.position <= MAX_POSITION:
            raise InvalidArgument(
                f"lines are counted from 1 to {MAX_POSITION}", field=f"{path}.position"
            )
        if edit.text is not None and not 1 <= len(edit.text) <= MAX_TEXT:
            raise InvalidArgument(
                f"a value has 1 to {MAX_TEXT} characters; set clear to take the field away",
                field=f"{path}.text",
            )
        if edit.place in seen:
            raise InvalidArgument("each field is changed once in a call", field=path)
        seen.add(edit.place)
