"""An electronic invoice from its bytes: which format it is, and what it says."""

from __future__ import annotations

from typing import Final

from paperwork.document_types import DOCUMENT_TYPES, main_function
from paperwork.einvoice import cii, ubl
from paperwork.einvoice.tree import Node, RefusedXml, parse_xml
from paperwork.readings import Extraction

MAX_LINES: Final = 5000
"""Further lines are left out, with the warning `LINE_ITEMS_CUT`."""
_NAMES: Final = frozenset(
    {
        "factur-x.xml",
        "zugferd-invoice.xml",
        "xrechnung.xml",
        "order-x.xml",
        "etda-invoice.xml",
        "contentfile.xml",
    }
)
_THAI: Final = {
    "T02": ("invoice", "tax_invoice"),
    "T03": ("receipt", "tax_invoice"),
    "T04": ("delivery_note", "tax_invoice"),
    "T06": ("receipt", "abbreviated_tax_invoice"),
}
_CREDIT: Final = frozenset({"381", "261", "262", "296", "308", "396", "420", "458", "532"})
_DEBIT: Final = frozenset({"383", "84"})


class RefusedInvoice(Exception):
    """The file claims to be an electronic invoice and cannot be used; the message says why."""


def is_known_name(name: str) -> bool:
    """Tell whether a file is called as the formats demand."""
    return name.casefold() in _NAMES


def read_invoice(data: bytes) -> Extraction | None:
    """Read an electronic invoice.

    Returns:
        None when the XML is something else, such as an order or the metadata of a file.

    Raises:
        RefusedInvoice: It is malformed, passes a limit, or has a document type declaration.
    """
    try:
        root = _invoice_in(parse_xml(data))
    except RefusedXml as exc:
        raise RefusedInvoice(str(exc)) from exc
    if root is None:
        return None
    if root.name in cii.ROOTS:
        extractor, code = cii.extractor_of(root), cii.type_code_of(root)
        fields, lines = cii.fields_of(root, extractor), cii.lines_of(root, extractor)
    else:
        code = ubl.type_code_of(root)
        fields, lines = ubl.fields_of(root), ubl.lines_of(root)
    functions = _functions(code, is_thai="etda" in root.space)
    cut = ("LINE_ITEMS_CUT",) if len(lines) > MAX_LINES else ()
    return Extraction(main_function(functions), functions, 1.0, fields, lines[:MAX_LINES], cut)


def _invoice_in(root: Node) -> Node | None:
    """The invoice itself, which an envelope may stand around."""
    for node in (root, *root.children):
        if node.name in cii.ROOTS:
            return node
        if node.name in ubl.ROOTS and "ubl" in node.space:
            return node
    return None


def _functions(code: str, *, is_thai: bool) -> tuple[str, ...]:
    if is_thai:
        if code in _THAI:
            return _THAI[code]
        listed = [key for key, kind in DOCUMENT_TYPES.items() if code in kind.codes]
        return tuple(listed) or ("invoice",)
    if code in _CREDIT:
        return ("credit_note",)
    return ("debit_note",) if code in _DEBIT else ("invoice",)
