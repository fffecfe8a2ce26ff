"""Kinds of documents: their titles on paper, their codes, and which function is the main one."""

from collections.abc import Iterable
from dataclasses import dataclass

OTHER = "other"
"""The type of a page that is none of the business documents known here."""


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One function a document can have.

    Attributes:
        key: The name used in code, JSON and the contract.
        label_en: What people see in English.
        label_th: What people see in Thai.
        titles: Headings that announce it, in the languages read.
        codes: UN/CEFACT codes as the Thai electronic tax invoice standard uses them.
    """

    key: str
    label_en: str
    label_th: str
    titles: tuple[str, ...]
    codes: tuple[str, ...] = ()


def _titles(text: str) -> tuple[str, ...]:
    return tuple(title.strip() for title in text.split("|"))


DOCUMENT_TYPES: dict[str, DocumentType] = {
    t.key: t
    for t in (
        DocumentType(
            "tax_invoice",
            "Tax invoice",
            "ใบกำกับภาษี",
            _titles(
                "ใบกำกับภาษี|ใบกํากับภาษี|tax invoice|vat invoice|gst invoice|invoice / tax invoice"
            ),
            ("388", "T02", "T03", "T04"),
        ),
        DocumentType(
            "credit_note",
            "Credit note",
            "ใบลดหนี้",
            _titles(
                "ใบลดหนี้|credit note|credit memo|credit invoice|gutschrift|rechnungskorrektur"
                "|korrekturrechnung|stornorechnung|avoir|facture d'avoir|nota de credito"
                "|nota di credito|factura rectificativa|creditnota"
            ),
            ("81",),
        ),
        DocumentType(
            "debit_note",
            "Debit note",
            "ใบเพิ่มหนี้",
            _titles(
                "ใบเพิ่มหนี้|debit note|debit memo|lastschriftanzeige|note de debit|nota de debito"
                "|nota di debito"
            ),
            ("80",),
        ),
        DocumentType(
            "invoice",
            "Invoice",
            "ใบแจ้งหนี้",
            _titles(
                "ใบแจ้งหนี้|invoice|commercial invoice|sales invoice|proforma invoice|rechnung|faktura"
                "|facture|factura|fattura|factuur"
            ),
            ("380", "82"),
        ),
        DocumentType(
            "receipt",
            "Receipt",
            "ใบเสร็จรับเงิน",
            _titles(
                "ใบเสร็จรับเงิน|ใบรับเงิน|receipt|official receipt|cash receipt|payment receipt"
                "|cash bill|cash sales|sales receipt|quittung|kassenbon|kassenbeleg|recu"
                "|ticket de caisse|recibo|ricevuta|scontrino|kwitantie"
            ),
            ("T01",),
        ),
        DocumentType(
            "abbreviated_tax_invoice",
            "Abbreviated tax invoice",
            "ใบกำกับภาษีอย่างย่อ",
            _titles(
                "ใบกำกับภาษีอย่างย่อ|ใบกํากับภาษีอย่างย่อ|ใบกำกับภาษี(อย่างย่อ)|abbreviated tax invoice"
                "|simplified tax invoice|tax invoice (abb)|factura simplificada"
            ),
            ("T05", "T06"),
        ),
        DocumentType(
            "purchase_order",
            "Purchase order",
            "ใบสั่งซื้อ",
            _titles(
                "ใบสั่งซื้อ|purchase order|order|bestellung|einkaufsbestellung|bon de commande|commande"
                "|orden de compra|pedido|ordine di acquisto|ordine d'acquisto|inkooporder"
            ),
        ),
        DocumentType(
            "delivery_note",
            "Delivery note",
            "ใบส่งของ",
            _titles(
                "ใบส่งของ|ใบส่งสินค้า|ใบส่งมอบ|delivery note|delivery order|delivery slip|packing slip"
                "|packing list|despatch advice|dispatch note|despatch note|lieferschein"
                "|bon de livraison|bordereau de livraison|albaran|nota de entrega"
                "|documento di trasporto|bolla di consegna|pakbon"
            ),
        ),
        DocumentType(
            "goods_receipt",
            "Goods receipt",
            "ใบรับสินค้า",
            _titles(
                "ใบรับสินค้า|ใบรับของ|goods receipt|goods received note|receiving report|wareneingang"
                "|wareneingangsschein|bon de reception"
            ),
        ),
        DocumentType(
            "quotation",
            "Quotation",
            "ใบเสนอราคา",
            _titles(
                "ใบเสนอราคา|quotation|quote|angebot|kostenvoranschlag|devis|presupuesto|cotizacion"
                "|preventivo|offerte"
            ),
        ),
        DocumentType(
            "billing_note",
            "Billing note",
            "ใบวางบิล",
            _titles("ใบวางบิล|billing note|statement of account|kontoauszug"),
        ),
        DocumentType(
            "contract",
            "Contract",
            "สัญญา",
            _titles(
                "สัญญา|สัญญาซื้อขาย|สัญญาจ้าง|contract|agreement|confirmation contract|contract agreement"
                "|vertrag|contrat|contrato|contratto|overeenkomst"
            ),
        ),
        DocumentType(
            "withholding_certificate",
            "Withholding tax certificate",
            "หนังสือรับรองการหักภาษี ณ ที่จ่าย",
            _titles("หนังสือรับรองการหักภาษีณที่จ่าย|หนังสือรับรองการหักภาษี|withholding tax certificate"),
        ),
        DocumentType(
            "bank_slip",
            "Bank slip",
            "สลิปโอนเงิน",
            _titles(
                "โอนเงินสำเร็จ|สลิปโอนเงิน|ใบนำฝาก|transfer slip|transfer successful"
                "|deposit slip|pay-in slip"
            ),
        ),
        DocumentType(OTHER, "Other", "อื่นๆ", ()),
    )
}
"""All types by key; of two functions on one paper the earlier here is the main one."""

_COUNTS_AS = {"tax_invoice": "invoice", "abbreviated_tax_invoice": "invoice"}


def main_function(functions: Iterable[str]) -> str:
    """Choose the main function: a tax invoice before all, a till slip's receipt before its tax."""
    present = set(functions)
    return next((key for key in DOCUMENT_TYPES if key in present), OTHER)


_ETDA_CODES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"invoice", "tax_invoice"}), "T02"),
    (frozenset({"receipt", "tax_invoice"}), "T03"),
    (frozenset({"delivery_note", "tax_invoice"}), "T04"),
    (frozenset({"receipt", "abbreviated_tax_invoice"}), "T06"),
    (frozenset({"abbreviated_tax_invoice"}), "T05"),
    (frozenset({"credit_note"}), "81"),
    (frozenset({"debit_note"}), "80"),
    (frozenset({"tax_invoice"}), "388"),
    (frozenset({"invoice"}), "380"),
    (frozenset({"receipt"}), "T01"),
)


def etda_code(functions: Iterable[str]) -> str | None:
    """Give the code of the Thai e-Tax invoice standard for a document with these functions.

    Returns:
        The code of the first combination, the most particular first, that is present; None for
        papers that the standard does not know, such as a purchase order.
    """
    present = set(functions)
    return next((code for wanted, code in _ETDA_CODES if wanted <= present), None)


def has_function(functions: Iterable[str], wanted: str) -> bool:
    """Tell whether a document can stand for `wanted`; a tax invoice is an invoice too."""
    return any(f == wanted or _COUNTS_AS.get(f) == wanted for f in functions)
