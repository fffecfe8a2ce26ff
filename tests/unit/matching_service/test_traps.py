"""The cases that matching is known to get wrong."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from matching_service.matcher.directory import Directory
from matching_service.matcher.engine import Matcher
from matching_service.matcher.records import Line, Record
from matching_service.matcher.rules import Kind
from matching_service.matcher.sets import Completeness, Decision, MatchSet
from matching_service.rule_files import builtin_rules

RULE = builtin_rules()[0]
START = date(2025, 3, 3)
PRICES = {"bolt": "2.50", "pump": "310.00", "cable": "14.20", "lamp": "99.00", "desk": "1875.00"}


def lines(*wanted: tuple[str, int], priced: bool = True) -> tuple[Line, ...]:
    return tuple(
        Line(
            description=f"{name} type {name[0].upper()}",
            quantity=Decimal(count),
            unit_price=Decimal(PRICES[name]) if priced else None,
            amount=Decimal(PRICES[name]) * count if priced else None,
        )
        for name, count in wanted
    )


def paper(
    name: str, kind: str, *wanted: tuple[str, int], day: int = 0, refs: tuple[str, ...] = ()
) -> Record:
    priced = kind != "delivery_note"
    items = lines(*wanted, priced=priced)
    total = sum((line.amount for line in items if line.amount is not None), Decimal(0))
    return Record(
        id=name,
        tenant="acme",
        kind=kind,
        functions=frozenset({kind}),
        number=f"{kind[0].upper()}-{name}",
        issued=START + timedelta(days=day),
        seller="Northern Tools Ltd",
        seller_tax_id="0105551234567",
        subtotal=total if priced else None,
        total=total if priced else None,
        order_refs=refs,
        lines=items,
    )


def order(name: str, *wanted: tuple[str, int], day: int = 0) -> Record:
    return paper(name, "purchase_order", *wanted, day=day)


def delivery(name: str, *wanted: tuple[str, int], day: int = 5, to: tuple[str, ...] = ()) -> Record:
    return paper(name, "delivery_note", *wanted, day=day, refs=to)


def bill(name: str, *wanted: tuple[str, int], day: int = 7, to: tuple[str, ...] = ()) -> Record:
    return paper(name, "invoice", *wanted, day=day, refs=to)


def matched(*records: Record) -> list[MatchSet]:
    matcher = Matcher(RULE, Directory())
    for record in records:
        matcher.put(record)
    return matcher.sets()


def grouped(*records: Record) -> set[frozenset[str]]:
    return {frozenset(one.documents) for one in matched(*records)}


def one_set(*records: Record) -> MatchSet:
    sets = matched(*records)
    assert [one.documents for one in sets] == [tuple(sorted(record.id for record in records))]
    return sets[0]


def kinds(found: MatchSet) -> set[Kind]:
    return {one.kind for one in found.discrepancies}


def test_one_order_billed_in_parts() -> None:
    found = one_set(
        order("10001", ("bolt", 100), ("pump", 4)),
        delivery("20001", ("bolt", 100), ("pump", 4), to=("P-10001",)),
        bill("30001", ("bolt", 100), to=("P-10001",)),
        bill("30002", ("pump", 4), day=9, to=("P-10001",)),
    )
    assert not found.discrepancies
    assert found.completeness is Completeness.COMPLETE


def test_one_order_delivered_in_parts_without_references() -> None:
    found = one_set(
        order("10001", ("bolt", 100), ("pump", 4)),
        delivery("20001", ("bolt", 60), ("pump", 1)),
        delivery("20002", ("bolt", 40), ("pump", 3), day=9),
        bill("30001", ("bolt", 100), ("pump", 4), day=10, to=("P-10001",)),
    )
    assert not found.discrepancies


def test_two_deliveries_and_two_bills_of_one_order() -> None:
    found = one_set(
        order("10001", ("bolt", 100), ("pump", 4)),
        delivery("20001", ("bolt", 50), ("pump", 2), to=("P-10001",)),
        delivery("20002", ("bolt", 50), ("pump", 2), day=15, to=("P-10001",)),
        bill("30001", ("bolt", 50), ("pump", 2), day=6),
        bill("30002", ("bolt", 50), ("pump", 2), day=16),
    )
    assert not found.discrepancies
    assert len(found.documents) == 5


def test_a_bill_for_part_of_an_order_and_something_else() -> None:
    records = (
        order("10001", ("bolt", 100), ("pump", 4)),
        bill("30001", ("bolt", 100), ("desk", 1), to=("P-10001",)),
    )
    assert grouped(*records) == {frozenset({"10001", "30001"})}


def test_papers_with_nothing_in_common_stay_apart() -> None:
    records = (
        order("10001", ("bolt", 100), ("pump", 4)),
        delivery("20001", ("cable", 7), ("lamp", 2)),
        bill("30001", ("desk", 3)),
    )
    assert grouped(*records) == {frozenset({record.id}) for record in records}


def test_one_bill_for_two_orders_that_it_names() -> None:
    found = one_set(
        order("10001", ("bolt", 100)),
        order("10002", ("pump", 4), day=1),
        bill("30001", ("bolt", 100), ("pump", 4), to=("P-10001", "P-10002")),
        delivery("20001", ("bolt", 100), ("pump", 4), to=("P-10001", "P-10002")),
    )
    assert not found.discrepancies


def test_one_delivery_for_two_orders_that_it_does_not_name() -> None:
    one_set(
        order("10001", ("bolt", 100), ("lamp", 3)),
        order("10002", ("pump", 4), ("desk", 2), day=1),
        delivery("20001", ("bolt", 100), ("lamp", 3), ("pump", 4), ("desk", 2)),
    )


@pytest.mark.parametrize(
    ("delivered", "billed", "expected"),
    [
        (12, 10, {Kind.OVER_DELIVERY}),
        (10, 11, {Kind.OVER_BILLING}),
        (8, 8, set()),
        (12, 12, {Kind.OVER_DELIVERY, Kind.OVER_BILLING}),
    ],
)
def test_quantities_are_summed_over_the_set(
    delivered: int, billed: int, expected: set[Kind]
) -> None:
    found = one_set(
        order("10001", ("pump", 10), ("bolt", 5)),
        delivery("20001", ("pump", 6), ("bolt", 5), to=("P-10001",)),
        delivery("20002", ("pump", delivered - 6), day=8, to=("P-10001",)),
        bill("30001", ("pump", billed), ("bolt", 5), day=9, to=("P-10001",)),
    )
    assert kinds(found) == expected


def test_the_same_article_on_several_lines() -> None:
    found = one_set(
        order("10001", ("pump", 3), ("pump", 7), ("bolt", 5)),
        delivery("20001", ("pump", 7), ("bolt", 5), ("pump", 3), to=("P-10001",)),
        bill("30001", ("pump", 10), ("bolt", 5), to=("P-10001",)),
    )
    assert not found.discrepancies


def test_a_tie_goes_to_the_same_order_whatever_comes_first() -> None:
    records = (
        order("10001", ("bolt", 10), ("pump", 1)),
        order("10002", ("bolt", 10), ("pump", 1)),
        delivery("20001", ("bolt", 10), ("pump", 1)),
        delivery("20002", ("bolt", 10), ("pump", 1)),
    )
    results = {frozenset(grouped(*arrival)) for arrival in permutations(records)}
    assert len(results) == 1
    sizes = sorted(len(one) for one in results.pop())
    assert sizes == [2, 2]


def test_a_tie_is_left_to_a_person() -> None:
    sets = matched(
        order("10001", ("bolt", 10), ("pump", 1)),
        order("10002", ("bolt", 10), ("pump", 1)),
        delivery("20001", ("bolt", 10), ("pump", 1)),
    )
    assert Decision.MATCHED not in {one.decision for one in sets}


def test_an_equal_total_of_other_goods_is_no_match() -> None:
    wanted = order("10001", ("pump", 2))
    other = replace(bill("30001", ("cable", 3)), total=wanted.total, subtotal=wanted.subtotal)
    assert len(grouped(wanted, delivery("20001", ("pump", 1), to=("P-10001",)), other)) == 2


def test_tenants_never_mix() -> None:
    ours = order("10001", ("bolt", 10))
    theirs = replace(bill("30001", ("bolt", 10), to=("P-10001",)), tenant="other")
    assert len(grouped(ours, theirs)) == 2


def test_a_price_over_the_tolerance_shows_and_one_inside_does_not() -> None:
    wanted = order("10001", ("pump", 10), ("bolt", 5))
    sent = delivery("20001", ("pump", 10), ("bolt", 5), to=("P-10001",))
    for factor, expected in (("1.019", set()), ("1.021", {Kind.PRICE}), ("0.97", {Kind.PRICE})):
        asked = bill("30001", ("pump", 10), ("bolt", 5), to=("P-10001",))
        first, second = asked.lines
        price = Decimal(PRICES["pump"]) * Decimal(factor)
        asked = replace(asked, lines=(replace(first, unit_price=price, amount=price * 10), second))
        assert kinds(one_set(wanted, sent, asked)) == expected


def test_a_second_copy_is_a_duplicate_and_bills_nothing_twice() -> None:
    asked = bill("30001", ("pump", 10), to=("P-10001",))
    found = one_set(
        order("10001", ("pump", 10)),
        delivery("20001", ("pump", 10), to=("P-10001",)),
        asked,
        replace(asked, id="30009"),
    )
    assert kinds(found) == {Kind.DUPLICATE}
    assert found.blocked


def test_a_bill_without_a_delivery_misses_one() -> None:
    found = one_set(order("10001", ("pump", 10)), bill("30001", ("pump", 10), to=("P-10001",)))
    assert kinds(found) == {Kind.MISSING_DELIVERY}
    assert found.completeness is Completeness.PARTIAL


def test_a_credit_note_takes_back_what_was_billed_too_much() -> None:
    credit = replace(
        paper("40001", "credit_note", ("pump", 2), day=12, refs=("P-10001",)),
        bill_refs=("I-30001",),
    )
    found = one_set(
        order("10001", ("pump", 10)),
        delivery("20001", ("pump", 10), to=("P-10001",)),
        bill("30001", ("pump", 12), to=("P-10001",)),
        credit,
    )
    assert not found.discrepancies
