"""A record made ready for comparison: everything that every pair would compute again."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from matching_service.matcher.directory import Directory
from matching_service.matcher.normal import skeleton, text_key
from matching_service.matcher.records import Line, Record, Role


@dataclass(frozen=True, slots=True)
class ItemProfile:
    """A line item made ready.

    Attributes:
        article: What the directory takes it for; None where it does not know it.
        text: The description's key.
        sku: The stock number as a poor eye sees it; empty for none.
    """

    line: Line
    article: str | None
    text: str
    sku: str

    @property
    def quantity(self) -> Decimal | None:
        """How many."""
        return self.line.quantity

    @property
    def unit_price(self) -> Decimal | None:
        """What one costs, from the amount where it was not read."""
        line = self.line
        if line.unit_price is None and line.amount is not None and line.quantity:
            return line.amount / line.quantity
        return line.unit_price


@dataclass(frozen=True, slots=True)
class Profile:
    """A record made ready.

    Attributes:
        order: Where it stands among others, by date and id; never by arrival.
        is_whole: The lines add up to the subtotal, so that none was lost; None where unknown.
    """

    record: Record
    role: Role
    vendor: str
    vendor_known: bool
    day: date | None
    items: tuple[ItemProfile, ...]
    order: tuple[date, str]
    is_whole: bool | None


def profile(record: Record, role: Role, directory: Directory) -> Profile:
    """Make a record ready for comparison."""
    vendor = directory.vendor(record.seller, record.seller_tax_id)
    items = tuple(
        ItemProfile(
            line=line,
            article=directory.article(line.description) if line.description else None,
            text=text_key(line.description),
            sku=skeleton(line.sku) if line.sku else "",
        )
        for line in record.lines
    )
    return Profile(
        record=record,
        role=role,
        vendor=vendor,
        vendor_known=directory.support.get(vendor, 0) > 1,
        day=record.day,
        items=items,
        order=(record.day or date.min, record.id),
        is_whole=_whole(record),
    )


def _whole(record: Record) -> bool | None:
    amounts = [line.amount for line in record.lines]
    if record.subtotal is None or not amounts or None in amounts:
        return None
    total = sum((one for one in amounts if one is not None), Decimal(0))
    return abs(abs(total) - abs(record.subtotal)) <= max(
        Decimal("0.05"), abs(record.subtotal) * Decimal("0.0005")
    )
