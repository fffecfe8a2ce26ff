"""UBL 2 invoices, credit notes and debit notes, as Peppol and XRechnung carry them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from paperwork.einvoice.cells import Cells, address_of, amount_at, decimal_of
from paperwork.einvoice.tree import Node
from paperwork.readings import FieldReading

ROOTS: Final = {"Invoice": "380", "CreditNote": "381", "DebitNote": "383"}
"""Roots, and the code of a document that states none."""
EXTRACTOR: Final = "ubl"
_LINES: Final = "InvoiceLine|CreditNoteLine|DebitNoteLine"
_QUANTITY: Final = "InvoicedQuantity|CreditedQuantity|DebitedQuantity"
_SUMS: Final = "LegalMonetaryTotal|RequestedMonetaryTotal"


def type_code_of(root: Node) -> str:
    """Give the code of the document's type."""
    return root.text_at("InvoiceTypeCode", "CreditNoteTypeCode") or ROOTS[root.name]


def fields_of(root: Node) -> dict[str, FieldReading]:
    """Read the fields that stand once in a document."""
    cells = Cells(EXTRACTOR)
    cells.put("number", root.text_at("ID"))
    cells.put("issue_date", root.text_at("IssueDate"))
    cells.put("due_date", root.text_at("DueDate", "PaymentMeans/PaymentDueDate"))
    cells.put("po_number", root.text_at("OrderReference/ID"))
    cells.put("currency", root.text_at("DocumentCurrencyCode").upper())
    for role, name in (
        ("seller", "AccountingSupplierParty"),
        ("buyer", "AccountingCustomerParty"),
    ):
        party = root.first(f"{name}/Party")
        if party is not None:
            _party(cells, role, party)
    _sums(cells, root)
    return cells.found


def lines_of(root: Node) -> tuple[dict[str, FieldReading], ...]:
    """Read the lines of goods and services."""
    return tuple(cells for line in root.all(_LINES) if (cells := _line(line)))


def _party(cells: Cells, role: str, party: Node) -> None:
    cells.put(f"{role}_name", party.text_at("PartyLegalEntity/RegistrationName", "PartyName/Name"))
    schemes = [
        (tax.text_at("TaxScheme/ID"), tax.text_at("CompanyID"))
        for tax in party.all("PartyTaxScheme")
    ]
    ranked = sorted(schemes, key=lambda each: each[0].upper() != "VAT")
    legal = party.text_at("PartyLegalEntity/CompanyID")
    cells.put_tax_id(role, [*((scheme, text) for scheme, text in ranked), ("", legal)])
    address = party.first("PostalAddress")
    if address is not None:
        cells.put(f"{role}_address", _address(address))


def _address(address: Node) -> str:
    street = " ".join(filter(None, (address.text_at(n) for n in ("StreetName", "BuildingNumber"))))
    lines = [node.text for node in address.all("AddressLine/Line")]
    town = " ".join(filter(None, (address.text_at(n) for n in ("PostalZone", "CityName"))))
    region, country = (
        address.text_at("CountrySubentity"),
        address.text_at("Country/IdentificationCode"),
    )
    return address_of(
        [street, address.text_at("AdditionalStreetName"), *lines, town, region, country]
    )


def _sums(cells: Cells, root: Node) -> None:
    currency = root.text_at("DocumentCurrencyCode")
    taxes = root.all("TaxTotal/TaxAmount")
    own = [tax for tax in taxes if tax.attributes.get("currencyID", currency) == currency]
    cells.put("tax_amount", (own or taxes)[0].text if taxes else "")
    rates = {
        rate
        for each in root.all("TaxTotal/TaxSubtotal")
        if (rate := amount_at(each, "TaxCategory/Percent", "Percent"))
    }
    if len(rates) == 1:
        cells.put_value("tax_rate", rates.pop())
    sums = root.first(_SUMS)
    if sums is None:
        return
    cells.put("subtotal", sums.text_at("TaxExclusiveAmount", "LineExtensionAmount"))
    cells.put_amount("discount", amount_at(sums, "AllowanceTotalAmount"))
    cells.put_amount("charges", amount_at(sums, "ChargeTotalAmount"))
    cells.put_amount("rounding", amount_at(sums, "PayableRoundingAmount"))
    cells.put_amount("prepaid", amount_at(sums, "PrepaidAmount"))
    total = amount_at(sums, "TaxInclusiveAmount")
    payable = amount_at(sums, "PayableAmount")
    if total is None and payable is not None:
        total = payable + (amount_at(sums, "PrepaidAmount") or 0)
    elif total is not None:
        # The sum with the tax is stated before it is rounded.
        total += amount_at(sums, "PayableRoundingAmount") or 0
    if total is not None:
        cells.put_value("total", total)


def _line(line: Node) -> dict[str, FieldReading]:
    cells = Cells(EXTRACTOR, is_line=True)
    item = line.first("Item")
    if item is not None:
        cells.put(
            "sku",
            item.text_at(
                "SellersItemIdentification/ID",
                "StandardItemIdentification/ID",
                "BuyersItemIdentification/ID",
            ),
        )
        cells.put("description", item.text_at("Name", "Description"))
        cells.put("tax_rate", item.text_at("ClassifiedTaxCategory/Percent"))
    quantity = line.first(_QUANTITY)
    if quantity is not None:
        cells.put("quantity", quantity.text)
        cells.put("unit", quantity.attributes.get("unitCode", ""))
    _price(cells, line)
    discounts = [
        amount
        for each in line.all("AllowanceCharge")
        if each.text_at("ChargeIndicator").casefold() in ("false", "0")
        and (amount := amount_at(each, "Amount"))
    ]
    cells.put_amount("discount", sum(discounts, Decimal(0)))
    cells.put("amount", line.text_at("LineExtensionAmount"))
    return cells.found if "amount" in cells.found or "quantity" in cells.found else {}


def _price(cells: Cells, line: Node) -> None:
    amount = decimal_of(line.text_at("Price/PriceAmount"))
    basis = amount_at(line, "Price/BaseQuantity")
    if amount is not None and basis and basis != 1:
        cells.put_value("unit_price", (amount / basis).normalize() + 0)
    else:
        cells.put("unit_price", line.text_at("Price/PriceAmount"))
