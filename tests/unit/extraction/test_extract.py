"""Fields come out typed, placed and weighed; what is not on the page is not made up."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from ocr_service.domain.page import Page, PageFailure, TextSource
from ocr_service.extraction import extract
from paperwork.fields import HEADER_FIELDS, LINE_FIELDS
from paperwork.readings import FieldReading, FieldSource, Value

Row = tuple[float, float, str]
Paper = Callable[..., Page]

TODAY = date(2026, 11, 23)

THAI: list[Row] = [
    (100, 100, "บริษัท ทดสอบพัฒนา จำกัด"),
    (1200, 100, "ใบกำกับภาษี"),
    (100, 150, "99/1 ถนนเพชรเกษม แขวงบางหว้า เขตภาษีเจริญ กรุงเทพมหานคร 10160"),
    (100, 200, "เลขประจำตัวผู้เสียภาษี ๐๗๓๐๒๑๕๗๓๖๘๑๑ (สำนักงานใหญ่)"),
    (100, 300, "ลูกค้า: บริษัท ตัวอย่างการค้า จำกัด"),
    (1100, 300, "เลขที่ IV6809-0088"),
    (1100, 350, "วันที่ ๒๔ ก.ย. ๒๕๖๘"),
    (1100, 400, "ครบกำหนด 8 พฤศจิกายน 2568"),
    (100, 400, "เลขประจำตัวผู้เสียภาษี 3303642621297"),
    (1100, 450, "ใบสั่งซื้อเลขที่ PO-2025-45127"),
    (120, 550, "ลำดับ"),
    (200, 550, "รายการ"),
    (900, 550, "จำนวน"),
    (1050, 550, "หน่วย"),
    (1200, 550, "ราคา/หน่วย"),
    (1400, 550, "จำนวนเงิน"),
    (120, 600, "1"),
    (200, 600, "กล่องกระดาษ เบอร์ C"),
    (920, 600, "10"),
    (1050, 600, "ใบ"),
    (1220, 600, "9.91"),
    (1420, 600, "99.10"),
    (120, 650, "2"),
    (200, 650, "ค่าบริการติดตั้ง"),
    (920, 650, "๑"),
    (1050, 650, "งาน"),
    (1220, 650, "1,000.90"),
    (1420, 650, "1,000.90"),
    (1000, 800, "รวมเป็นเงิน"),
    (1420, 800, "1,100.00"),
    (1000, 850, "ภาษีมูลค่าเพิ่ม 7%"),
    (1420, 850, "77.00"),
    (1000, 900, "จำนวนเงินรวมทั้งสิ้น"),
    (1420, 900, "1,177.00"),
    (100, 900, "(หนึ่งพันหนึ่งร้อยเจ็ดสิบเจ็ดบาทถ้วน)"),
]

GERMAN: list[Row] = [
    (180, 400, "Muster Hosting AG - Uferweg 4 - D-63571 Gelnhausen"),
    (180, 500, "Beispielkunde GmbH"),
    (180, 535, "Hauptstr. 7"),
    (180, 570, "76138 Karlsruhe"),
    (150, 800, "Rechnung Nr. RE-2024/0815 vom 7. Mai 2024"),
    (900, 1200, "Nettobetrag"),
    (1400, 1200, "1.000,00 €"),
    (900, 1240, "zzgl. MwSt. 19 %"),
    (1400, 1240, "190,00 €"),
    (900, 1280, "Gesamtbetrag"),
    (1400, 1280, "1.190,00 €"),
    (150, 1400, "Bitte überweisen Sie bis zum 21.05.2024:"),
    (150, 2200, "USt-IdNr. DE 232 446 240"),
]

RECEIPT: list[Row] = [
    (300, 50, "SAMPLE MART SDN BHD"),
    (280, 90, "NO 12, JALAN CONTOH 3"),
    (280, 130, "43800 DENGKIL, SELANGOR"),
    (300, 170, "GST ID : 000781500416"),
    (100, 250, "DOC NO : CS00012658"),
    (500, 250, "DATE: 11/05/2018"),
    (100, 400, "SUB TOTAL"),
    (600, 400, "80.91"),
    (100, 450, "ROUNDING ADJUSTMENT"),
    (600, 450, "-.01"),
    (100, 500, "TOTAL"),
    (600, 500, "80.90"),
    (100, 550, "CASH"),
    (600, 550, "100.00"),
    (100, 600, "CHANGE"),
    (600, 600, "19.10"),
]


def values(fields: dict[str, FieldReading]) -> dict[str, Value]:
    return {key: reading.value for key, reading in fields.items()}


def test_a_thai_tax_invoice_is_read_whole(paper: Paper) -> None:
    got = extract([paper(THAI)], TODAY)
    assert (got.document_type, got.functions) == ("tax_invoice", ("tax_invoice",))
    expected: dict[str, Value] = {
        "number": "IV6809-0088",
        "issue_date": date(2025, 9, 24),
        "due_date": date(2025, 11, 8),
        "seller_name": "บริษัท ทดสอบพัฒนา จำกัด",
        "seller_tax_id": "0730215736811",
        "seller_branch": "00000",
        "buyer_name": "บริษัท ตัวอย่างการค้า จำกัด",
        "buyer_tax_id": "3303642621297",
        "po_number": "PO-2025-45127",
        "currency": "THB",
        "subtotal": Decimal("1100.00"),
        "tax_rate": Decimal(7),
        "tax_amount": Decimal("77.00"),
        "total": Decimal("1177.00"),
        "amount_in_words": "หนึ่งพันหนึ่งร้อยเจ็ดสิบเจ็ดบาทถ้วน",
    }
    assert expected.items() <= values(got.fields).items()
    # The paper has no addresses, and its buyer's number is a person's.
    assert set(got.warnings) == {"th.tin.kind", "th.invoice.particulars"}


def test_items_keep_their_cells_even_when_named_like_a_charge(paper: Paper) -> None:
    first, second = extract([paper(THAI)], TODAY).line_items
    assert values(first) == {
        "description": "กล่องกระดาษ เบอร์ C",
        "quantity": Decimal(10),
        "unit": "ใบ",
        "unit_price": Decimal("9.91"),
        "amount": Decimal("99.10"),
    }
    assert second["description"].value == "ค่าบริการติดตั้ง"
    assert second["quantity"].value == Decimal(1)


def test_a_german_letter_is_read(paper: Paper) -> None:
    got = values(extract([paper(GERMAN)], TODAY).fields)
    expected: dict[str, Value] = {
        "number": "RE-2024/0815",
        "issue_date": date(2024, 5, 7),
        "due_date": date(2024, 5, 21),
        "seller_name": "Muster Hosting AG",
        "seller_tax_id": "DE232446240",
        "buyer_name": "Beispielkunde GmbH",
        "currency": "EUR",
        "subtotal": Decimal("1000.00"),
        "tax_amount": Decimal("190.00"),
        "total": Decimal("1190.00"),
    }
    assert expected.items() <= got.items()


def test_a_till_slip_is_a_receipt_with_its_rounded_total(paper: Paper) -> None:
    got = extract([paper(RECEIPT)], TODAY)
    assert got.document_type == "receipt"
    read = values(got.fields)
    assert read["seller_name"] == "SAMPLE MART SDN BHD"
    assert read["seller_address"] == "NO 12, JALAN CONTOH 3 43800 DENGKIL, SELANGOR"
    assert read["number"] == "CS00012658"
    assert read["issue_date"] == date(2018, 5, 11)
    assert read["rounding"] == Decimal("-0.01")
    assert read["total"] == Decimal("80.90")


def test_the_kind_of_paper_decides_whose_number_it_is(paper: Paper) -> None:
    rows: list[Row] = [(100, 300, "PO No: 4711-A"), (100, 350, "Invoice No: 99-B")]
    order = values(extract([paper([(700, 100, "PURCHASE ORDER"), *rows])], TODAY).fields)
    invoice = values(extract([paper([(700, 100, "INVOICE"), *rows])], TODAY).fields)
    assert (order["number"], order.get("po_number")) == ("4711-A", None)
    assert (invoice["number"], invoice["po_number"]) == ("99-B", "4711-A")


@pytest.mark.parametrize(
    ("heading", "main", "functions"),
    [
        ("ใบเสร็จรับเงิน/ใบกำกับภาษี", "tax_invoice", ("tax_invoice", "receipt")),
        ("ใบส่งของ/ใบกำกับภาษี", "tax_invoice", ("tax_invoice", "delivery_note")),
        ("PACKING SLIP", "delivery_note", ("delivery_note",)),
        ("Rechnungskorrektur", "credit_note", ("credit_note",)),
        ("Facture", "invoice", ("invoice",)),
        ("K O S T E N R E C H N U N G", "invoice", ("invoice",)),
    ],
)
def test_headings_tell_the_functions(
    paper: Paper, heading: str, main: str, functions: tuple[str, ...]
) -> None:
    got = extract([paper([(600, 100, heading), (100, 400, "Lorem ipsum dolor sit")])], TODAY)
    assert (got.document_type, got.functions) == (main, functions)


def test_sums_that_add_up_win_over_a_total_that_does_not(paper: Paper) -> None:
    rows: list[Row] = [
        (100, 100, "INVOICE"),
        (900, 500, "Total amount"),
        (1400, 500, "55.00"),
        (900, 700, "Subtotal"),
        (1400, 700, "100.00"),
        (900, 740, "VAT 7%"),
        (1400, 740, "7.00"),
        (900, 780, "Total amount"),
        (1400, 780, "107.00"),
    ]
    assert values(extract([paper(rows)], TODAY).fields)["total"] == Decimal("107.00")


def test_a_page_that_proves_month_first_turns_all_its_dates(paper: Paper) -> None:
    rows: list[Row] = [(100, 100, "INVOICE"), (100, 300, "Invoice Date: 03/04/2020")]
    assert values(extract([paper(rows)], TODAY).fields)["issue_date"] == date(2020, 4, 3)
    rows.append((100, 400, "Period 04/14/2020"))
    assert values(extract([paper(rows)], TODAY).fields)["issue_date"] == date(2020, 3, 4)


def test_confidence_follows_how_well_the_words_were_read(paper: Paper) -> None:
    sure = extract([paper(THAI)], TODAY).fields["total"]
    unsure = extract([paper(THAI, confidence=0.5)], TODAY).fields["total"]
    assert 0.0 < unsure.confidence < sure.confidence <= 1.0
    assert sure.confidence - unsure.confidence > 0.05


def test_regions_lie_on_the_words(paper: Paper) -> None:
    got = extract([paper(THAI)], TODAY)
    (region,) = got.fields["total"].regions
    assert region.page_number == 1
    assert region.box == ((1420, 900), (1508, 900), (1508, 924), (1420, 924))


@pytest.mark.parametrize("degrees", [90.0, 180.0, -90.0, 2.0, -1.5])
def test_turned_and_slanted_pages_give_the_same(paper: Paper, degrees: float) -> None:
    upright = extract([paper(THAI)], TODAY)
    turned_page = paper(THAI, degrees=degrees)
    turned = extract([turned_page], TODAY)
    assert values(turned.fields) == values(upright.fields)
    assert len(turned.line_items) == len(upright.line_items)
    word = next(w for line in turned_page.lines for w in line.words if w.text == "1,177.00")
    (region,) = turned.fields["total"].regions
    for got, want in zip(region.box, word.box, strict=True):
        assert got == pytest.approx(want, abs=0.01)


def test_sources_follow_the_page(paper: Paper) -> None:
    scanned = extract([paper(RECEIPT)], TODAY)
    digital = extract([paper(RECEIPT, source=TextSource.TEXT_LAYER)], TODAY)
    assert {f.source for f in scanned.fields.values()} == {FieldSource.OCR}
    assert {f.source for f in digital.fields.values()} == {FieldSource.TEXT_LAYER}


def test_fields_are_of_the_vocabulary_and_typed(paper: Paper) -> None:
    for rows in (THAI, GERMAN, RECEIPT):
        got = extract([paper(rows)], TODAY)
        for key, reading in got.fields.items():
            assert isinstance(reading.value, HEADER_FIELDS[key].type.value_type)
            assert 0.0 <= reading.confidence <= 1.0
            assert reading.regions
        for item in got.line_items:
            for key, cell in item.items():
                assert isinstance(cell.value, LINE_FIELDS[key].type.value_type)


def test_prose_gives_no_fields(paper: Paper) -> None:
    rows: list[Row] = [
        (100, 100 + 40 * n, "and the total of all that was ever sold or bought by us is unknown")
        for n in range(30)
    ]
    got = extract([paper(rows)], TODAY)
    assert got.document_type == "other"
    assert got.fields == {}
    assert got.line_items == ()


def test_failed_and_empty_pages_are_passed_over(paper: Paper) -> None:
    failed = Page(1, 10, 10, TextSource.NONE, failure=PageFailure("UNREADABLE", "no"))
    assert extract([failed], TODAY).fields == {}
    assert extract([], TODAY).document_type == "other"
    got = extract([failed, paper(RECEIPT, number=2)], TODAY)
    assert got.fields["total"].regions[0].page_number == 2


def test_sums_that_disagree_are_warned_of(paper: Paper) -> None:
    rows: list[Row] = [
        (100, 100, "INVOICE"),
        (900, 700, "Subtotal"),
        (1400, 700, "100.00"),
        (900, 740, "Grand total"),
        (1400, 740, "170.00"),
    ]
    assert "amount.total" in extract([paper(rows)], TODAY).warnings


def item_page(*rows: Row) -> list[Row]:
    titles = ("Description", "SKU", "Qty", "Unit Price", "Amount")
    places = (200, 800, 930, 1140, 1360)
    return [(x, 700.0, title) for x, title in zip(places, titles, strict=True)] + list(rows)


def test_a_quantity_read_into_the_code_before_it_is_parted_by_price_and_amount(
    paper: Paper,
) -> None:
    rows = item_page(
        (200, 750, "Docking station"),
        (800, 750, "DOC-USBC-0146"),
        (1140, 750, "$199.99"),
        (1360, 750, "$1199.94"),
        (200, 800, "Keyboard"),
        (800, 800, "KEY-MECH-0065"),
        (1140, 800, "$149.99"),
        (1360, 800, "$599.96"),
    )
    parted, whole = extract([paper(rows)], TODAY).line_items
    assert parted["sku"].value == "DOC-USBC-014"
    assert parted["quantity"].value == Decimal(6)
    assert whole["sku"].value == "KEY-MECH-0065"
    assert whole["quantity"].value == Decimal(4)  # 599.96 / 149.99; its own digit was not read
    assert len(whole["quantity"].regions) == 2
    assert whole["quantity"].confidence < parted["quantity"].confidence


def test_specks_beside_an_amount_do_not_spoil_it(paper: Paper) -> None:
    rows = item_page(
        (200, 750, "Docking station"),
        (930, 750, "6"),
        (1140, 750, "$199.99'"),
        (1360, 750, "$1199.94 ."),
    )
    (item,) = extract([paper(rows)], TODAY).line_items
    assert item["amount"].value == Decimal("1199.94")
    assert item["unit_price"].value == Decimal("199.99")


def test_a_quantity_that_stands_under_the_unit_is_read_with_it(paper: Paper) -> None:
    rows: list[Row] = [
        *(
            (160, 700, "Description"),
            (550, 700, "Item code"),
            (930, 700, "Qty"),
            (1210, 700, "Unit"),
        ),
        *((160, 750, "Bolt M8"), (550, 750, "010120401"), (1169, 750, "10 EA")),
        *((160, 800, "Nut M8"), (550, 800, "010120409"), (1180, 800, "6 EA")),
    ]
    items = extract([paper(rows)], TODAY).line_items
    assert [(i["quantity"].value, i["unit"].value) for i in items] == [
        (Decimal(10), "EA"),
        (Decimal(6), "EA"),
    ]


def test_a_slip_without_headings_gives_items_when_they_make_the_total(paper: Paper) -> None:
    rows: list[Row] = [
        (200, 50, "สยามมินิมาร์ท"),
        (150, 100, "ใบเสร็จรับเงิน/ใบกำกับภาษีอย่างย่อ"),
        (40, 200, "3"),
        (90, 200, "น้ำดื่ม 600 มล."),
        (520, 200, "73.50"),
        (40, 240, "2"),
        (90, 240, "ปูนซีเมนต์ 50 กก."),
        (520, 240, "126.50"),
        (40, 320, "รวมทั้งสิ้น"),
        (520, 320, "200.00"),
    ]
    got = extract([paper(rows)], TODAY)
    assert (got.document_type, len(got.line_items)) == ("receipt", 2)
    assert got.line_items[1]["amount"].value == Decimal("126.50")
    rows[-1] = (520, 320, "201.00")
    assert extract([paper(rows)], TODAY).line_items == ()


def test_labels_with_misread_letters_still_count(paper: Paper) -> None:
    rows: list[Row] = [
        (100, 100, "INVOICE"),
        (100, 300, "lnvoice N0: A-778"),
        (900, 740, "Grand Totak"),
        (1400, 740, "170 50"),
    ]
    read = values(extract([paper(rows, confidence=0.9)], TODAY).fields)
    assert read["number"] == "A-778"
    assert read["total"] == Decimal("170.50")


def test_cash_less_change_tells_the_total(paper: Paper) -> None:
    rows = [row for row in RECEIPT if row[2] not in ("TOTAL", "SUB TOTAL", "80.91", "-.01")]
    assert values(extract([paper(rows)], TODAY).fields)["total"] == Decimal("80.90")


def test_the_digits_of_an_amount_are_no_misread_letters(paper: Paper) -> None:
    rows: list[Row] = [(100, 100, "INVOICE"), (900, 740, "Total: 55.00")]
    assert values(extract([paper(rows)], TODAY).fields)["total"] == Decimal("55.00")
