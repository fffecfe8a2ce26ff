from hypothesis import given
from hypothesis import strategies as st

from document_service.domain.page import (
    MAX_EXTRACTION_BYTES,
    MAX_FAILURES,
    MAX_RANGE,
    MAX_STARTS,
    PageStart,
    pages_for_extraction,
    plan_pages,
)


def test_fresh_pages_go_in_ranges_of_four() -> None:
    assert plan_pages(10, frozenset(), {}).ranges == ((1, 4), (5, 8), (9, 10))


def test_started_page_goes_alone_and_stored_ones_not_at_all() -> None:
    plan = plan_pages(8, {1, 4}, {1: PageStart(1, 0), 2: PageStart(1, 0), 3: PageStart(2, 1)})
    assert plan.ranges == ((2, 2), (3, 3), (5, 8))


def test_page_is_given_up_after_three_failures_or_ten_starts() -> None:
    starts = {
        1: PageStart(MAX_FAILURES, MAX_FAILURES, "TIMEOUT"),
        2: PageStart(MAX_STARTS, 0),
        3: PageStart(MAX_STARTS - 1, MAX_FAILURES - 1),
    }
    plan = plan_pages(3, frozenset(), starts)
    assert (plan.given_up, plan.ranges) == ((1, 2), ((3, 3),))
    assert [starts[n].why_given_up().reason for n in (1, 2)] == ["TIMEOUT", "READER_DIED"]


@given(
    st.integers(1, 40),
    st.sets(st.integers(1, 40)),
    st.dictionaries(
        st.integers(1, 40), st.builds(PageStart, st.integers(0, 11), st.integers(0, 4))
    ),
)
def test_every_page_is_in_exactly_one_place(
    page_count: int, stored: set[int], starts: dict[int, PageStart]
) -> None:
    plan = plan_pages(page_count, stored, starts)
    asked = [n for first, last in plan.ranges for n in range(first, last + 1)]
    kept = [n for n in stored if n <= page_count]
    assert sorted([*asked, *plan.given_up, *kept]) == list(range(1, page_count + 1))
    for first, last in plan.ranges:
        assert last - first < MAX_RANGE
        if last > first:
            assert all(n not in starts or starts[n].starts == 0 for n in range(first, last + 1))


def test_long_document_is_told_by_its_first_and_last_pages() -> None:
    chosen = pages_for_extraction(dict.fromkeys(range(1, 201), 1000))
    assert chosen == (*range(1, 51), *range(191, 201))


@given(st.dictionaries(st.integers(1, 300), st.integers(1, 9 << 20), min_size=1))
def test_chosen_pages_fit_one_message(sizes: dict[int, int]) -> None:
    chosen = pages_for_extraction(sizes)
    assert chosen == tuple(sorted(chosen))
    assert 1 <= len(chosen) <= 60
    assert chosen[0] == min(sizes)
    assert len(chosen) == 1 or sum(sizes[n] for n in chosen) <= MAX_EXTRACTION_BYTES
