"""Whatever stands on a page, extraction ends, and what it gives is typed, placed and bounded."""

from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocr_service.domain.page import Line, Page, Quad, TextSource, Word
from ocr_service.extraction import extract
from paperwork.fields import HEADER_FIELDS, LINE_FIELDS
from paperwork.readings import FieldReading

TODAY = date(2026, 11, 23)
BAIT = [
    *("Invoice No", "Total", "Subtotal", "VAT 7%", "Bill To", "Date", "Due", "Description", "Qty"),
    *("Amount", "Unit price", "ใบกำกับภาษี", "เลขที่", "รวมทั้งสิ้น", "วันที่", "Sdn Bhd", "Rs", "RM", "$"),
    *("1.1.1.1.1.1.1.1", "1,1,1,1,1,1,1", "12/12/12/12", "๐๑/๐๒/๒๕๖๗", "((((", "-" * 60, "1" * 40),
    *("a1" * 60, "25 มี.ย. 67", "1 234,50", "-.5", "5%", "\u0e48\u0e49\u0e31", "\u200b", "🧾"),
]
TEXTS = st.one_of(st.sampled_from(BAIT), st.text(min_size=1, max_size=30))
PLACES = st.tuples(st.integers(0, 1500), st.integers(0, 2200), st.integers(1, 60))


def _quad(x: float, y: float, width: float, height: float) -> Quad:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


@st.composite
def pages(draw: st.DrawFn) -> list[Page]:
    lines = []
    for text, (x, y, height) in draw(st.lists(st.tuples(TEXTS, PLACES), max_size=40)):
        words = text.split() or [text]
        sure = draw(st.floats(0.0, 1.0))
        placed = tuple(
            Word(word, _quad(x + 90 * n, y, 80, height), sure) for n, word in enumerate(words)
        )
        lines.append(Line(text, _quad(x, y, 90 * len(words), height), sure, placed))
    source = draw(st.sampled_from([TextSource.OCR, TextSource.TEXT_LAYER]))
    return [Page(1, 1653, 2339, source, lines=tuple(lines))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pages())
def test_readings_are_typed_placed_and_bounded(given_pages: list[Page]) -> None:
    got = extract(given_pages, TODAY)
    assert got == extract(given_pages, TODAY)
    for key, field in got.fields.items():
        assert isinstance(field.value, HEADER_FIELDS[key].type.value_type)
        _check(field)
    for item in got.line_items:
        for key, cell in item.items():
            assert isinstance(cell.value, LINE_FIELDS[key].type.value_type)
            _check(cell)
    assert got.document_type in got.functions
    assert 0.0 <= got.type_confidence <= 1.0
    assert not {key for key, _ in got.type_alternatives} & set(got.functions)


def _check(field: FieldReading) -> None:
    assert 0.0 <= field.confidence <= 1.0
    assert field.regions
    others = [other.value for other in field.alternatives]
    assert len(others) == len(set(others))
    assert field.value not in others
    assert field.confidence + sum(o.confidence for o in field.alternatives) <= 1.0 + 1e-3
