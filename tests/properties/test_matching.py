"""What holds for matching whatever the papers, their order and the decisions."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.matcher.comparing import fuzzy, within
from matching_service.matcher.decisions import Confirmed, Rejected, remove_from_set
from matching_service.matcher.directory import learn
from matching_service.matcher.engine import Matcher
from matching_service.matcher.hungarian import best_assignment
from matching_service.matcher.ledger import Ledger
from matching_service.matcher.normal import number_similarity, text_similarity
from matching_service.matcher.profiles import profile
from matching_service.matcher.records import Line, Record, Role
from matching_service.matcher.rules import Algorithm, BlockingKey, Fuzzy, Rule, Step, Tolerance
from matching_service.matcher.sets import Decision
from matching_service.rule_files import builtin_rules

RULE = builtin_rules()[0]
NARROW = replace(
    RULE, keys=tuple(BlockingKey(key.parts, cap=2) for key in RULE.keys), component_cap=4
)
GOODS = ("bolt M8", "water pump", "copper cable", "desk lamp")
KINDS = ("purchase_order", "delivery_note", "invoice", "credit_note", "letter")


@st.composite
def papers(draw: st.DrawFn) -> list[Record]:
    records = []
    for at in range(draw(st.integers(2, 9))):
        kind = draw(st.sampled_from(KINDS))
        refs = draw(st.lists(st.sampled_from(("PO-1001", "PO-1002", "PO-2001")), max_size=2))
        goods = draw(
            st.lists(st.tuples(st.sampled_from(GOODS), st.integers(1, 4)), min_size=1, max_size=3)
        )
        records.append(
            Record(
                id=f"d{at}",
                tenant=draw(st.sampled_from(("a", "a", "a", "b"))),
                kind=kind,
                functions=frozenset({kind}),
                number=draw(st.sampled_from(("PO-1001", "PO-1002", "PO-2001", "77001", "77002"))),
                issued=date(2025, 3, 1) + timedelta(days=draw(st.integers(0, 40))),
                seller=draw(st.sampled_from(("Alpha Ltd", "Beta GmbH"))),
                order_refs=() if kind == "purchase_order" else tuple(refs),
                lines=tuple(
                    Line(description=name, quantity=Decimal(count), unit_price=Decimal(10))
                    for name, count in goods
                ),
            )
        )
    return records


def run(records: list[Record], rule: Rule = RULE) -> Matcher:
    matcher = Matcher(rule, learn(records))
    for record in records:
        matcher.put(record)
    return matcher


@settings(max_examples=60, deadline=None)
@given(papers(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_arrival_changes_no_set(
    records: list[Record], dice: Random, narrow: bool
) -> None:
    shuffled = sorted(records, key=lambda _: dice.random())
    rule = NARROW if narrow else RULE
    assert run(records, rule).sets() == run(shuffled, rule).sets()


@settings(max_examples=60, deadline=None)
@given(papers(), st.data())
def test_one_by_one_with_edits_gives_the_sets_of_a_full_run(
    records: list[Record], data: st.DataObject
) -> None:
    narrow = data.draw(st.booleans())
    rule = NARROW if narrow else RULE
    matcher = Matcher(rule, learn(records))
    for record in records:
        earlier = replace(record, number="PO-1002", order_refs=("PO-2001",), seller="Beta GmbH")
        matcher.put(data.draw(st.sampled_from((record, earlier))))
        matcher.sets()
    for record in records:
        matcher.put(record)
        matcher.set_of(record.id)
    gone = data.draw(st.sampled_from(records))
    matcher.remove(gone.id)
    matcher.sets()
    matcher.put(gone)
    assert matcher.sets() == run(records, rule).sets()


@settings(max_examples=40, deadline=None)
@given(papers())
def test_every_document_stands_in_one_set_of_its_tenant(records: list[Record]) -> None:
    sets = run(records).sets()
    assert sorted(name for one in sets for name in one.documents) == sorted(r.id for r in records)
    tenant = {record.id: record.tenant for record in records}
    assert all(len({tenant[name] for name in one.documents}) == 1 for one in sets)


@settings(max_examples=60, deadline=None)
@given(papers(), st.data())
def test_decisions_survive_any_run(records: list[Record], data: st.DataObject) -> None:
    held = [record.id for record in records if record.role and record.tenant == "a"]
    if len(held) < 3:
        return
    together = frozenset(data.draw(st.permutations(held))[:2])
    apart = data.draw(st.permutations(sorted(set(held) - together)))[0]
    matcher = run(records)
    one, other = sorted(together)
    matcher.decide(Confirmed(together))
    matcher.decide(Rejected(one, apart))
    for record in (*records, *reversed(records)):
        matcher.put(record)
        found = matcher.set_of(one)
        assert found is not None
        assert other in found.documents
        assert apart not in found.documents


@settings(max_examples=40, deadline=None)
@given(papers())
def test_what_was_taken_out_stays_out(records: list[Record]) -> None:
    matcher = run(records)
    found = next((one for one in matcher.sets() if len(one.documents) > 1), None)
    if found is None:
        return
    member, *others = found.documents
    for decided in remove_from_set(member, others):
        matcher.decide(decided)
    for record in records:
        matcher.put(record)
    left = matcher.set_of(member)
    assert left is not None
    assert not set(others) & set(left.documents)


@settings(max_examples=40, deadline=None)
@given(papers())
def test_an_edit_makes_a_confirmed_set_stale_and_keeps_it(records: list[Record]) -> None:
    matcher = run(records)
    found = next((one for one in matcher.sets() if len(one.documents) > 1), None)
    if found is None:
        return
    contents = frozenset((r.id, r.fingerprint()) for r in records if r.id in found.documents)
    matcher.decide(Confirmed(frozenset(found.documents), contents))
    before = matcher.set_of(found.documents[0])
    assert before is not None
    assert before.decision is Decision.CONFIRMED
    assert not before.is_stale
    edited = next(record for record in records if record.id == found.documents[0])
    matcher.put(replace(edited, number="999999", order_refs=(), lines=(Line("ice", "X1"),)))
    after = matcher.set_of(found.documents[0])
    assert after is not None
    assert after.documents == before.documents
    assert after.is_stale


@given(st.text(max_size=12), st.text(max_size=12))
def test_texts_and_numbers_compare_alike_from_both_sides(one: str, other: str) -> None:
    assert number_similarity(one, other) == number_similarity(other, one)
    assert text_similarity(one, other) == text_similarity(other, one)
    for algorithm in Algorithm:
        told = Fuzzy(algorithm, (Step.FOLD,))
        assert fuzzy(told, one, other) == fuzzy(told, other, one)
        assert 0 <= fuzzy(told, one, other) <= 1


@given(*[st.decimals(-1000, 1000, places=2)] * 2)
def test_amounts_compare_alike_from_both_sides(one: Decimal, other: Decimal) -> None:
    told = Tolerance(absolute=Decimal(1), percent=Decimal(2))
    assert within(told, one, other) == within(told, other, one)


@given(papers())
@settings(max_examples=40, deadline=None)
def test_an_open_balance_never_falls_below_zero(records: list[Record]) -> None:
    directory = learn(records)
    ready = [profile(record, record.role, directory) for record in records if record.role]
    ledger = Ledger([one for one in ready if one.role is Role.ORDER])
    for one in ready:
        assert ledger.take(one) >= 0
        assert all(left >= 0 for role in Role for left in ledger.open(role))


@given(st.lists(st.lists(st.integers(-3, 9), min_size=3, max_size=3), min_size=1, max_size=4))
def test_an_assignment_is_the_best_one(weights: list[list[int]]) -> None:
    rows = [[float(weight) for weight in row] for row in weights]
    chosen = best_assignment(rows)

    def best(row: int, free: frozenset[int]) -> float:
        if row == len(rows):
            return 0.0
        taking = [rows[row][column] + best(row + 1, free - {column}) for column in free]
        return max([best(row + 1, free), *taking])

    taken = [column for column in chosen if column is not None]
    assert len(taken) == len(set(taken))
    total = sum(rows[row][column] for row, column in enumerate(chosen) if column is not None)
    assert total == best(0, frozenset(range(3)))
