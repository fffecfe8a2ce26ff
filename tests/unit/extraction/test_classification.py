"""Each kind of paper is told by its headings, in English and Thai, as a set of functions."""

from collections.abc import Callable
from datetime import date

import pytest

from ocr_service.domain.page import Page
from ocr_service.extraction import extract

Row = tuple[float, float, str]
Paper = Callable[..., Page]

TODAY = date(2026, 11, 23)
THAI: list[Row] = [
    (100, 100, "บริษัท ทดสอบพัฒนา จำกัด"),
    (100, 150, "99/1 ถนนเพชรเกษม เขตภาษีเจริญ กรุงเทพมหานคร 10160"),
    (100, 200, "เลขประจำตัวผู้เสียภาษี 0730215736811"),
    (100, 300, "ลูกค้า: บริษัท ตัวอย่างการค้า จำกัด"),
    (1100, 300, "เลขที่ A6809-0088"),
    (1100, 350, "วันที่ 24 ก.ย. 2568"),
    (1000, 900, "จำนวนเงินรวมทั้งสิ้น"),
    (1420, 900, "1,177.00"),
]
ENGLISH: list[Row] = [
    (100, 100, "Sample Trading Co., Ltd."),
    (100, 150, "12 Station Road, Bangkok 10160"),
    (100, 300, "Customer: Example Holdings Ltd."),
    (1100, 300, "No. A6809-0088"),
    (1100, 350, "Date 24 Sep 2025"),
    (1000, 900, "Total amount"),
    (1420, 900, "1,177.00"),
]


@pytest.mark.parametrize(
    ("heading", "main", "functions"),
    [
        ("ใบกำกับภาษี", "tax_invoice", {"tax_invoice"}),
        ("ใบแจ้งหนี้/ใบกำกับภาษี", "tax_invoice", {"tax_invoice", "invoice"}),
        ("ใบเสร็จรับเงิน/ใบกำกับภาษี", "tax_invoice", {"tax_invoice", "receipt"}),
        ("ใบส่งของ/ใบกำกับภาษี", "tax_invoice", {"tax_invoice", "delivery_note"}),
        ("ใบกำกับภาษีอย่างย่อ", "abbreviated_tax_invoice", {"abbreviated_tax_invoice"}),
        (
            "ใบเสร็จรับเงิน/ใบกำกับภาษีอย่างย่อ",
            "receipt",
            {"receipt", "abbreviated_tax_invoice"},
        ),
        ("ใบแจ้งหนี้", "invoice", {"invoice"}),
        ("ใบเสร็จรับเงิน", "receipt", {"receipt"}),
        ("ใบสั่งซื้อ", "purchase_order", {"purchase_order"}),
        ("ใบส่งของ", "delivery_note", {"delivery_note"}),
        ("ใบเสนอราคา", "quotation", {"quotation"}),
        ("ใบลดหนี้", "credit_note", {"credit_note"}),
        ("ใบเพิ่มหนี้", "debit_note", {"debit_note"}),
        ("ใบวางบิล", "billing_note", {"billing_note"}),
        ("ใบรับสินค้า", "goods_receipt", {"goods_receipt"}),
        ("สัญญาซื้อขาย", "contract", {"contract"}),
        (
            "หนังสือรับรองการหักภาษี ณ ที่จ่าย",
            "withholding_certificate",
            {"withholding_certificate"},
        ),
        ("โอนเงินสำเร็จ", "bank_slip", {"bank_slip"}),
    ],
)
def test_thai_headings(paper: Paper, heading: str, main: str, functions: set[str]) -> None:
    got = extract([paper([*THAI, (1100, 100, heading)])], TODAY)
    assert got.document_type == main
    assert set(got.functions) == functions


@pytest.mark.parametrize(
    ("heading", "main"),
    [
        ("TAX INVOICE", "tax_invoice"),
        ("ABBREVIATED TAX INVOICE", "abbreviated_tax_invoice"),
        ("INVOICE", "invoice"),
        ("Commercial Invoice", "invoice"),
        ("OFFICIAL RECEIPT", "receipt"),
        ("PURCHASE ORDER", "purchase_order"),
        ("DELIVERY NOTE", "delivery_note"),
        ("Packing List", "delivery_note"),
        ("QUOTATION", "quotation"),
        ("CREDIT NOTE", "credit_note"),
        ("DEBIT NOTE", "debit_note"),
        ("BILLING NOTE", "billing_note"),
        ("GOODS RECEIVED NOTE", "goods_receipt"),
        ("WITHHOLDING TAX CERTIFICATE", "withholding_certificate"),
        ("TRANSFER SLIP", "bank_slip"),
        ("RECHNUNG", "invoice"),
        ("LIEFERSCHEIN", "delivery_note"),
        ("FACTURE", "invoice"),
        ("BON DE LIVRAISON", "delivery_note"),
        ("FACTURA RECTIFICATIVA", "credit_note"),
        ("ALBARÁN", "delivery_note"),
        ("NOTA DI CREDITO", "credit_note"),
        ("ORDINE DI ACQUISTO", "purchase_order"),
        ("FACTUUR", "invoice"),
        ("PAKBON", "delivery_note"),
    ],
)
def test_headings_of_other_languages(paper: Paper, heading: str, main: str) -> None:
    got = extract([paper([*ENGLISH, (1100, 100, heading)])], TODAY)
    assert got.document_type == main


@pytest.mark.parametrize("read", ["ใบเสรีจรับเงิน/ใบกำกับภาษือย่างย่อ", "ใบเสรีจรับเงิน/ใบกำกับภาษีอย่างย่อ"])
def test_a_heading_with_a_mark_misread_is_still_told(paper: Paper, read: str) -> None:
    got = extract([paper([*THAI, (1100, 100, read)], confidence=0.9)], TODAY)
    assert set(got.functions) == {"receipt", "abbreviated_tax_invoice"}


def test_a_letter_is_none_of_them(paper: Paper) -> None:
    rows = [(100, 100, "เรื่อง ขอเชิญประชุม"), (100, 150, "เรียน ผู้จัดการ"), (100, 250, "ขอแสดงความนับถือ")]
    assert extract([paper(rows)], TODAY).functions == ("other",)


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("ใบกำกับภาษี", "388"),
        ("ใบแจ้งหนี้/ใบกำกับภาษี", "T02"),
        ("ใบเสร็จรับเงิน/ใบกำกับภาษี", "T03"),
        ("ใบส่งของ/ใบกำกับภาษี", "T04"),
        ("ใบกำกับภาษีอย่างย่อ", "T05"),
        ("ใบเสร็จรับเงิน/ใบกำกับภาษีอย่างย่อ", "T06"),
        ("ใบเสร็จรับเงิน", "T01"),
        ("ใบแจ้งหนี้", "380"),
        ("ใบเพิ่มหนี้", "80"),
        ("ใบลดหนี้", "81"),
        ("ใบสั่งซื้อ", None),
    ],
)
def test_codes_of_the_e_tax_standard(paper: Paper, heading: str, code: str | None) -> None:
    assert extract([paper([*THAI, (1100, 100, heading)])], TODAY).etda_code == code


@pytest.mark.parametrize(
    ("mark", "is_copy"),
    [
        ("ต้นฉบับ", False),
        ("(สำเนา)", True),
        ("ORIGINAL", False),
        ("COPY", True),
        ("Kopie", True),
        ("ต้นฉบับ / สำเนา", None),
        ("สิ่งที่ส่งมาด้วย สำเนาใบแจ้งหนี้ จำนวน ๔ ฉบับ", None),
        ("เอกสารออกเป็นชุด", None),
    ],
)
def test_original_and_copy_are_told_apart(paper: Paper, mark: str, is_copy: bool | None) -> None:
    rows = [*THAI, (1100, 100, "ใบกำกับภาษี"), (1100, 150, mark)]
    assert extract([paper(rows)], TODAY).is_copy is is_copy


def test_what_another_heading_says_is_an_alternative(paper: Paper) -> None:
    rows = [*ENGLISH, (1100, 100, "INVOICE"), (300, 1500, "Delivery note")]
    got = extract([paper(rows)], TODAY)
    assert got.document_type == "invoice"
    assert [key for key, _ in got.type_alternatives] == ["delivery_note"]
    assert 0.0 < got.type_alternatives[0][1] < got.type_confidence


def test_a_title_inside_a_label_is_no_heading(paper: Paper) -> None:
    rows = [*ENGLISH, (1100, 100, "CONFIRMATION CONTRACT"), (700, 130, "Order Type")]
    assert extract([paper(rows)], TODAY).functions == ("contract",)
