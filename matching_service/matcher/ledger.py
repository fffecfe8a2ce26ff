"""The open balance of the orders of one set: what may still be delivered and billed."""

from collections.abc import Sequence
from decimal import Decimal

from matching_service.matcher.items import align
from matching_service.matcher.profiles import ItemProfile, Profile
from matching_service.matcher.records import Role


class Ledger:
    """What was ordered, and for each role what of it is still open.

    An open balance never falls below zero: what goes beyond it is the excess that `take` gives.
    """

    def __init__(self, orders: Sequence[Profile]) -> None:
        self._items: list[ItemProfile] = [item for order in orders for item in order.items]
        self._open: dict[Role, list[Decimal]] = {}

    def open(self, role: Role) -> list[Decimal]:
        """The open quantities of a role, one for each ordered line; 0 where none was read."""
        if role not in self._open:
            self._open[role] = [item.quantity or Decimal(0) for item in self._items]
        return self._open[role]

    def excess(self, document: Profile) -> float:
        """The share of a document's lines that would go beyond what is open."""
        if not document.items:
            return 0.0
        wanted = self._wanted(document)
        over = [
            sum(quantity > self.open(role)[at] for at, quantity in wanted)
            for role in booked_as(document)
        ]
        return max(over, default=0) / len(document.items)

    def take(self, document: Profile) -> Decimal:
        """Book a document; gives the quantity for which nothing was open."""
        beyond = Decimal(0)
        wanted = self._wanted(document)
        for role in booked_as(document):
            balance = self.open(role)
            for at, quantity in wanted:
                taken = min(balance[at], max(quantity, Decimal(0)))
                balance[at] -= taken
                beyond += max(quantity, Decimal(0)) - taken
        return beyond

    def _wanted(self, document: Profile) -> list[tuple[int, Decimal]]:
        return [
            (one.right, quantity)
            for one in align(document.items, self._items)
            if (quantity := document.items[one.left].quantity) is not None
            and self._items[one.right].quantity is not None
        ]


def booked_as(document: Profile) -> tuple[Role, ...]:
    """On which balances a document is booked: a delivery note may be a bill too."""
    if document.role is Role.DELIVERY:
        return (Role.DELIVERY, Role.BILL) if document.record.is_bill else (Role.DELIVERY,)
    return (Role.BILL,) if document.role is Role.BILL else ()
