"""Invoices as they are laid out in several countries, each field typed, items and sums included."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from ocr_service.domain.page import Page
from ocr_service.extraction import extract
from paperwork.readings import Extraction, Value

Row = tuple[float, float, str]
Paper = Callable[..., Page]

TODAY = date(2026, 11, 23)
FRENCH: list[Row] = [
    (100, 80, "Ateliers Dupont SARL"),
    (100, 120, "12 rue des Lilas"),
    (100, 160, "69003 Lyon"),
    (100, 200, "N° TVA FR40303265045"),
    (1100, 80, "FACTURE N° FA-2024-0117"),
    (1100, 120, "Date de facturation : 17/03/2024"),
    (1100, 160, "Échéance : 16/04/2024"),
    (1000, 280, "Facturé à :"),
    (1000, 320, "Boulangerie Martin SAS"),
    (1000, 360, "4 place Bellecour"),
    (1000, 400, "69002 Lyon"),
    (100, 520, "Désignation"),
    (800, 520, "Qté"),
    (950, 520, "PU HT"),
    (1150, 520, "TVA"),
    (1350, 520, "Montant HT"),
    (100, 570, "Farine de blé T55"),
    (810, 570, "10"),
    (950, 570, "18,50 €"),
    (1150, 570, "5,5 %"),
    (1370, 570, "185,00 €"),
    (100, 620, "Location du four"),
    (810, 620, "1"),
    (950, 620, "240,00 €"),
    (1150, 620, "20 %"),
    (1370, 620, "240,00 €"),
    (1000, 720, "Total HT"),
    (1370, 720, "425,00 €"),
    (1000, 760, "TVA 5,5 %"),
    (1370, 760, "10,18 €"),
    (1000, 800, "TVA 20 %"),
    (1370, 800, "48,00 €"),
    (1000, 840, "Total TTC"),
    (1370, 840, "483,18 €"),
]

SPANISH: list[Row] = [
    (100, 80, "Suministros Vega S.L."),
    (100, 120, "Calle Mayor 14"),
    (100, 160, "28013 Madrid"),
    (100, 200, "CIF: B12345674"),
    (1100, 80, "FACTURA"),
    (1100, 120, "Nº factura: 2024/311"),
    (1100, 160, "Fecha: 05/02/2024"),
    (1100, 200, "Vencimiento: 06/03/2024"),
    (100, 300, "Cliente"),
    (100, 340, "Talleres Ríos S.A."),
    (100, 380, "Avenida del Puerto 3"),
    (100, 420, "46021 Valencia"),
    (100, 520, "Concepto"),
    (800, 520, "Cantidad"),
    (1000, 520, "Precio"),
    (1200, 520, "Dto."),
    (1370, 520, "Importe"),
    (100, 570, "Tornillo M8"),
    (820, 570, "100"),
    (1000, 570, "0,15"),
    (1370, 570, "15,00"),
    (100, 620, "Broca de 10 mm"),
    (830, 620, "4"),
    (1000, 620, "6,25"),
    (1370, 620, "25,00"),
    (300, 760, "Base imponible"),
    (700, 760, "% IVA"),
    (1000, 760, "Cuota IVA"),
    (1370, 760, "Total factura"),
    (320, 800, "40,00"),
    (720, 800, "21,00"),
    (1020, 800, "8,40"),
    (1390, 800, "48,40 €"),
]

ITALIAN: list[Row] = [
    (100, 80, "Officina Bianchi S.r.l."),
    (100, 120, "Via Roma 5"),
    (100, 160, "20121 Milano MI"),
    (100, 200, "P.IVA IT12345670017"),
    (1100, 80, "Fattura n. 57/2024 del 12/01/2024"),
    (1000, 280, "Spett.le"),
    (1000, 320, "Rossi Costruzioni S.p.A."),
    (1000, 360, "Viale Europa 9"),
    (1000, 400, "00144 Roma RM"),
    (100, 520, "Descrizione"),
    (800, 520, "Q.tà"),
    (950, 520, "Prezzo unitario"),
    (1370, 520, "Importo"),
    (100, 570, "Manutenzione ordinaria"),
    (810, 570, "3"),
    (960, 570, "80,00"),
    (1380, 570, "240,00"),
    (100, 605, "compresa la sostituzione dei filtri"),
    (1000, 700, "Imponibile"),
    (1370, 700, "240,00"),
    (1000, 740, "IVA 22%"),
    (1370, 740, "52,80"),
    (1000, 780, "Totale fattura"),
    (1370, 780, "€ 292,80"),
    (1000, 820, "Scadenza 11/02/2024"),
]

SINGAPORE: list[Row] = [
    (100, 80, "Orchid Office Supplies Pte Ltd"),
    (100, 120, "21 Tampines Street 92"),
    (100, 160, "Singapore 528891"),
    (100, 200, "GST Reg No. 201512345K"),
    (1100, 80, "TAX INVOICE"),
    (1100, 120, "Invoice No: SG-4411"),
    (1100, 160, "Date: 03/04/2024"),
    (100, 300, "Bill To"),
    (100, 340, "Lion Logistics Pte Ltd"),
    (100, 380, "8 Marina View, Singapore 018960"),
    (100, 520, "Item Code"),
    (300, 520, "Description"),
    (800, 520, "Qty"),
    (950, 520, "Unit Price"),
    (1150, 520, "Disc"),
    (1350, 520, "Amount"),
    (100, 570, "PN-100"),
    (300, 570, "Gel pen, blue"),
    (810, 570, "20"),
    (960, 570, "$1.20"),
    (1160, 570, "$2.00"),
    (1370, 570, "$22.00"),
    (1000, 700, "Subtotal"),
    (1370, 700, "$22.00"),
    (1000, 740, "GST 9%"),
    (1370, 740, "$1.98"),
    (1000, 780, "Total"),
    (1370, 780, "$23.98"),
]

USA: list[Row] = [
    (100, 80, "Bright Signs Inc."),
    (100, 120, "410 Main Street"),
    (100, 160, "Austin, TX 78701"),
    (1100, 80, "INVOICE"),
    (1100, 120, "Invoice # 5120"),
    (1100, 160, "Date: 03/04/2024"),
    (100, 300, "Bill To:"),
    (100, 340, "Cedar Dental LLC"),
    (100, 380, "77 Oak Avenue"),
    (100, 420, "Dallas, TX 75201"),
    (100, 520, "Description"),
    (800, 520, "Hours"),
    (950, 520, "Rate"),
    (1350, 520, "Amount"),
    (100, 570, "Window lettering"),
    (810, 570, "6"),
    (960, 570, "$85.00"),
    (1370, 570, "$510.00"),
    (1000, 700, "Subtotal"),
    (1370, 700, "$510.00"),
    (1000, 740, "Sales Tax (8.25%)"),
    (1370, 740, "$42.08"),
    (1000, 780, "Balance Due"),
    (1370, 780, "$552.08"),
]

GERMAN: list[Row] = [
    (100, 80, "Elektro Huber GmbH & Co. KG"),
    (100, 300, "Firma"),
    (100, 335, "Schreinerei Moser"),
    (100, 370, "Lindenweg 8"),
    (100, 405, "83022 Rosenheim"),
    (1000, 300, "Rechnungs-Nr."),
    (1300, 300, "24-00871"),
    (1000, 340, "Rechnungsdatum"),
    (1300, 340, "11.06.2024"),
    (1000, 380, "Kundennummer"),
    (1300, 380, "10442"),
    (100, 450, "Rechnung"),
    (100, 560, "Pos."),
    (200, 560, "Art.-Nr."),
    (400, 560, "Bezeichnung"),
    (850, 560, "Menge"),
    (1000, 560, "Einheit"),
    (1150, 560, "E-Preis"),
    (1370, 560, "G-Preis"),
    (100, 610, "1"),
    (200, 610, "KB-35"),
    (400, 610, "Kabel NYM-J 3x1,5"),
    (860, 610, "50"),
    (1000, 610, "m"),
    (1160, 610, "0,89"),
    (1380, 610, "44,50"),
    (100, 650, "2"),
    (200, 650, "ST-12"),
    (400, 650, "Steckdose, weiß"),
    (860, 650, "12"),
    (1000, 650, "Stk"),
    (1160, 650, "3,10"),
    (1380, 650, "37,20"),
    (1000, 760, "Summe netto"),
    (1380, 760, "81,70"),
    (1000, 800, "zzgl. 19 % MwSt."),
    (1380, 800, "15,52"),
    (1000, 840, "Endsumme"),
    (1380, 840, "97,22 EUR"),
    (100, 2200, "USt-IdNr. DE136695976"),
]


def values(got: Extraction) -> dict[str, Value]:
    return {key: field.value for key, field in got.fields.items()}


def items(got: Extraction) -> list[dict[str, Value]]:
    return [{key: cell.value for key, cell in item.items()} for item in got.line_items]


def test_a_french_invoice_of_two_tax_rates_sums_its_taxes(paper: Paper) -> None:
    got = extract([paper(FRENCH)], TODAY)
    assert values(got) == {
        "number": "FA-2024-0117",
        "issue_date": date(2024, 3, 17),
        "due_date": date(2024, 4, 16),
        "seller_name": "Ateliers Dupont SARL",
        "seller_tax_id": "FR40303265045",
        "seller_address": "12 rue des Lilas 69003 Lyon",
        "buyer_name": "Boulangerie Martin SAS",
        "buyer_address": "4 place Bellecour 69002 Lyon",
        "currency": "EUR",
        "subtotal": Decimal("425.00"),
        "tax_amount": Decimal("58.18"),
        "total": Decimal("483.18"),
    }
    assert got.fields["tax_amount"].raw_text == "10,18 + 48,00"
    assert len(got.fields["tax_amount"].regions) == 2
    assert not got.findings
    assert [item["tax_rate"] for item in items(got)] == [Decimal("5.5"), Decimal(20)]


def test_sums_under_headings_of_their_own_are_read(paper: Paper) -> None:
    got = extract([paper(SPANISH)], TODAY)
    found = values(got)
    assert found["seller_name"] == "Suministros Vega S.L."
    assert found["number"] == "2024/311"
    assert found["total"] == Decimal("48.40")
    assert found["tax_amount"] == Decimal("8.40")
    assert [item["amount"] for item in items(got)] == [Decimal(15), Decimal(25)]


def test_a_description_goes_on_below_and_a_province_is_no_currency(paper: Paper) -> None:
    got = extract([paper(ITALIAN)], TODAY)
    (item,) = items(got)
    assert item["description"] == "Manutenzione ordinaria compresa la sostituzione dei filtri"
    assert values(got)["currency"] == "EUR"
    assert values(got)["due_date"] == date(2024, 2, 11)


def test_a_dollar_sign_is_that_of_the_country_the_page_names(paper: Paper) -> None:
    got = extract([paper(SINGAPORE)], TODAY)
    assert values(got)["currency"] == "SGD"
    assert values(got)["seller_name"] == "Orchid Office Supplies Pte Ltd"
    (item,) = items(got)
    assert item == {
        "sku": "PN-100",
        "description": "Gel pen, blue",
        "quantity": Decimal(20),
        "unit_price": Decimal("1.20"),
        "discount": Decimal("2.00"),
        "amount": Decimal("22.00"),
    }
    assert values(extract([paper(USA)], TODAY))["currency"] == "USD"


def test_an_american_address_puts_the_month_first_and_keeps_the_other_reading(
    paper: Paper,
) -> None:
    issued = extract([paper(USA)], TODAY).fields["issue_date"]
    assert issued.value == date(2024, 3, 4)
    assert [(a.value, a.reason) for a in issued.alternatives] == [(date(2024, 4, 3), "DAY_MONTH")]
    proven = [*USA, (1100, 400, "Ship date 25/03/2024")]
    assert extract([paper(proven)], TODAY).fields["issue_date"].value == date(2024, 4, 3)


def test_a_german_invoice_with_codes_and_units(paper: Paper) -> None:
    got = extract([paper(GERMAN)], TODAY)
    assert values(got)["tax_rate"] == Decimal(19)
    assert [(i["sku"], i["quantity"], i["unit"], i["amount"]) for i in items(got)] == [
        ("KB-35", Decimal(50), "m", Decimal("44.50")),
        ("ST-12", Decimal(12), "Stk", Decimal("37.20")),
    ]


def test_a_table_goes_on_over_the_page_without_its_headings(paper: Paper) -> None:
    more: list[Row] = [
        (200, 120, "Spannrolle"),
        (860, 120, "3"),
        (1160, 120, "4,00"),
        (1380, 120, "12,00"),
        (1000, 300, "Endsumme"),
        (1380, 300, "93,70 EUR"),
    ]
    cut = [row for row in GERMAN if row[1] < 700]
    got = extract([paper(cut), paper(more, number=2)], TODAY)
    assert [i["amount"] for i in items(got)] == [
        Decimal("44.50"),
        Decimal("37.20"),
        Decimal("12.00"),
    ]
    assert got.line_items[2]["amount"].regions[0].page_number == 2


def test_names_under_numbers_belong_to_the_item_above(paper: Paper) -> None:
    rows: list[Row] = [
        (100, 80, "Rechnung"),
        (100, 500, "Art-Nr"),
        (700, 500, "Menge"),
        (900, 500, "Einzelpreis"),
        (1300, 500, "Betrag"),
        (100, 528, "Bezeichnung"),
        (100, 580, "4711"),
        (700, 580, "2"),
        (920, 580, "5,00"),
        (1320, 580, "10,00"),
        (100, 610, "Ventil"),
        (100, 660, "4712"),
        (700, 660, "1"),
        (920, 660, "7,50"),
        (1320, 660, "7,50"),
        (100, 690, "Dichtung"),
    ]
    got = items(extract([paper(rows)], TODAY))
    assert [(i["sku"], i["description"]) for i in got] == [("4711", "Ventil"), ("4712", "Dichtung")]


def test_a_total_without_a_label_is_what_its_parts_make(paper: Paper) -> None:
    rows: list[Row] = [
        (100, 80, "RECEIPT"),
        (100, 500, "Sub total"),
        (900, 500, "68.87"),
        (100, 540, "GST 6%"),
        (900, 540, "4.13"),
        (100, 580, "T0T,:"),
        (900, 580, "73.00"),
    ]
    got = extract([paper(rows, confidence=0.9)], TODAY)
    assert values(got)["total"] == Decimal("73.00")


def test_slips_in_legal_forms_and_words_are_mended_in_names(paper: Paper) -> None:
    rows: list[Row] = [
        (300, 50, "AMANO MALAYSIA SON BHD"),
        (280, 90, "12, Jalan Setia, Leve1 2"),
        (280, 130, "43800 DENGKIL, SELANGOR"),
        (100, 500, "TOTAL"),
        (900, 500, "68.87"),
    ]
    found = extract([paper(rows, confidence=0.9)], TODAY).fields
    assert found["seller_name"].value == "AMANO MALAYSIA SDN BHD"
    assert found["seller_name"].raw_text == "AMANO MALAYSIA SON BHD"
    assert "Level 2" in str(found["seller_address"].value)


def test_a_month_with_a_mark_misread_is_still_a_month(paper: Paper) -> None:
    rows: list[Row] = [(100, 80, "ใบกำกับภาษี"), (1100, 200, "วันที่ 25 มี.ย. 67")]
    got = extract([paper(rows, confidence=0.9)], TODAY)
    assert values(got)["issue_date"] == date(2024, 6, 25)
