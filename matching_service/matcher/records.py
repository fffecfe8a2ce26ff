"""What the engine knows of a document: one record form for every source."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """The part a document plays in a transaction."""

    ORDER = "order"
    DELIVERY = "delivery"
    BILL = "bill"
    CREDIT = "credit"


ROLE_OF: Final[Mapping[str, Role]] = {
    "purchase_order": Role.ORDER,
    "delivery_note": Role.DELIVERY,
    "goods_receipt": Role.DELIVERY,
    "receipt_advice": Role.DELIVERY,
    "invoice": Role.BILL,
    "tax_invoice": Role.BILL,
    "receipt": Role.BILL,
    "debit_note": Role.BILL,
    "credit_note": Role.CREDIT,
}
"""The main function of a document, and the role it is matched in."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line item as it was read; None where nothing was."""

    description: str = ""
    sku: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One document's fields as they were read.

    Attributes:
        kind: The main function, such as `invoice`.
        functions: All functions; a delivery note can be a tax invoice too.
        issued: The date on the paper; None where none was read.
        received: The day it came in, which stands in for a missing date.
        confidence: Field name to 0..1; a field that is missing here counts as certain.
    """

    id: str
    tenant: str
    kind: str
    functions: frozenset[str] = frozenset()
    number: str = ""
    issued: date | None = None
    received: date | None = None
    seller: str = ""
    seller_tax_id: str | None = None
    buyer: str = ""
    buyer_tax_id: str | None = None
    currency: str | None = None
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    order_refs: tuple[str, ...] = ()
    delivery_refs: tuple[str, ...] = ()
    bill_refs: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    confidence: Mapping[str, float] = field(default_factory=dict)

    @property
    def role(self) -> Role | None:
        """The part it plays, None for paper that takes no part."""
        return ROLE_OF.get(self.kind)

    @property
    def is_bill(self) -> bool:
        """Tell whether it bills goods, as a delivery note that is a tax invoice does."""
        return self.role is Role.BILL or (
            self.role is Role.DELIVERY and bool({"invoice", "tax_invoice"} & self.functions)
        )

    @property
    def day(self) -> date | None:
        """Its date, or else the day it came in."""
        return self.issued or self.received

    def fingerprint(self) -> str:
        """Name its content, so that a later edit shows."""
        content = repr((self.kind, sorted(self.functions), self.number, self.issued, self.seller))
        content += repr((self.seller_tax_id, self.buyer, self.buyer_tax_id, self.currency))
        content += repr((self.subtotal, self.tax, self.total, self.lines))
        content += repr((self.order_refs, self.delivery_refs, self.bill_refs))
        return hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
