"""The vocabulary of fields and the document types are what the decisions say."""

from datetime import date
from decimal import Decimal

from paperwork.document_types import DOCUMENT_TYPES, OTHER, has_function, main_function
from paperwork.fields import HEADER_FIELDS, LINE_FIELDS, FieldType

HEADER = (
    "number issue_date due_date seller_name seller_tax_id seller_branch seller_address buyer_name "
    "buyer_tax_id buyer_branch buyer_address po_number currency subtotal discount charges tax_rate "
    "tax_amount rounding total prepaid wht_amount amount_in_words"
)
LINE = "sku description quantity unit unit_price discount tax_rate amount"


def test_keys_and_their_order() -> None:
    assert list(HEADER_FIELDS) == HEADER.split()
    assert list(LINE_FIELDS) == LINE.split()


def test_every_field_speaks_both_languages() -> None:
    for field in (*HEADER_FIELDS.values(), *LINE_FIELDS.values()):
        assert field.label_en.isascii()
        assert any("\u0e01" <= c <= "\u0e5b" for c in field.label_th)


def test_types_fix_the_python_type() -> None:
    assert HEADER_FIELDS["total"].type.value_type is Decimal
    assert HEADER_FIELDS["due_date"].type.value_type is date
    assert FieldType.TAX_ID.value_type is str


def test_a_tax_invoice_is_the_main_function_and_counts_as_invoice() -> None:
    assert main_function(["receipt", "tax_invoice"]) == "tax_invoice"
    assert main_function(["delivery_note", "tax_invoice"]) == "tax_invoice"
    assert has_function(["tax_invoice"], "invoice")
    assert not has_function(["receipt"], "invoice")


def test_a_till_slip_is_a_receipt_first() -> None:
    assert main_function(["abbreviated_tax_invoice", "receipt"]) == "receipt"
    assert main_function([]) == OTHER


def test_no_title_announces_two_types() -> None:
    titles = [title for kind in DOCUMENT_TYPES.values() for title in kind.titles]
    assert len(titles) == len(set(titles))
