"""UN/CEFACT Cross Industry Invoices: ZUGFeRD 1, Factur-X and ZUGFeRD 2, XRechnung, Thai e-Tax.

The three generations name the same groups differently; a path lists the names of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from paperwork.einvoice.cells import Cells, address_of, amount_at, branch_of, decimal_of
from paperwork.einvoice.tree import Node
from paperwork.readings import FieldReading

ROOTS: Final = frozenset(
    {
        "CrossIndustryDocument",
        "CrossIndustryInvoice",
        "TaxInvoice_CrossIndustryInvoice",
        "AbbreviatedTaxInvoice_CrossIndustryInvoice",
        "DebitCreditNote_CrossIndustryInvoice",
        "Receipt_CrossIndustryInvoice",
        "Invoice_CrossIndustryInvoice",
        "CancellationNote_CrossIndustryInvoice",
    }
)
_DOCUMENT: Final = "ExchangedDocument|HeaderExchangedDocument"
_TRADE: Final = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
_AGREEMENT: Final = "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
_SETTLEMENT: Final = "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
_SUMS: Final = (
    "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
)
_LINE: Final = "IncludedSupplyChainTradeLineItem"
_LINE_AGREEMENT: Final = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement"
_LINE_DELIVERY: Final = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery"
_LINE_SETTLEMENT: Final = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
_LINE_SUMS: Final = (
    "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
)
_RATE: Final = ("RateApplicablePercent", "ApplicablePercent", "CalculatedRate")
_REFERENCE: Final = ("IssuerAssignedID", "ID")
_DATES: Final = ("DateTimeString", "DateString", "DateTime")
_NO_GOODS: Final = frozenset({"GROUP", "INFORMATION"})
"""Lines of a hierarchy whose amounts the lines below them repeat."""


def extractor_of(root: Node) -> str:
    """Name the format."""
    if "etda" in root.space:
        return "etda-e-tax"
    return "zugferd-1" if root.name == "CrossIndustryDocument" else "factur-x"


def type_code_of(root: Node) -> str:
    """Give the code of the document's type; a Thai invoice may have none but its root's name."""
    code = root.text_at(f"{_DOCUMENT}/TypeCode")
    if not code and "etda" in root.space:
        code = {"T": "388", "A": "T05", "R": "T01", "I": "380"}.get(root.name[0], "")
    return code


def fields_of(root: Node, extractor: str) -> dict[str, FieldReading]:
    """Read the fields that stand once in a document."""
    cells = Cells(extractor)
    document = root.first(_DOCUMENT) or root
    trade = root.first(_TRADE) or root
    agreement = trade.first(_AGREEMENT) or trade
    settlement = trade.first(_SETTLEMENT) or trade
    cells.put("number", document.text_at("ID"))
    cells.put("issue_date", _day(document, "IssueDateTime"))
    cells.put("due_date", _day(settlement, "SpecifiedTradePaymentTerms/DueDateDateTime"))
    cells.put(
        "po_number",
        agreement.text_at(*(f"BuyerOrderReferencedDocument/{name}" for name in _REFERENCE))
        or _shared_order(trade),
    )
    for role, name in (("seller", "SellerTradeParty"), ("buyer", "BuyerTradeParty")):
        party = agreement.first(name)
        if party is not None:
            _party(cells, role, party)
    cells.put("currency", settlement.text_at("InvoiceCurrencyCode").upper())
    _sums(cells, settlement)
    return cells.found


def lines_of(root: Node, extractor: str) -> tuple[dict[str, FieldReading], ...]:
    """Read the lines of goods and services; mere notes between them are passed over."""
    trade = root.first(_TRADE) or root
    read = (_line(line, extractor) for line in trade.all(_LINE))
    return tuple(cells for cells in read if cells)


def _day(node: Node, path: str) -> str:
    return node.text_at(*(f"{path}/{name}" for name in _DATES), path)


def _shared_order(trade: Node) -> str:
    """The one order that lines refer to, where all that refer to any refer to it."""
    path = f"{_LINE}/{_LINE_AGREEMENT}/BuyerOrderReferencedDocument"
    orders = {order.text_at(*_REFERENCE) for order in trade.all(path)} - {""}
    return orders.pop() if len(orders) == 1 else ""


def _party(cells: Cells, role: str, party: Node) -> None:
    cells.put(f"{role}_name", party.text_at("Name"))
    ids = party.all("SpecifiedTaxRegistration/ID")
    cells.put_tax_id(role, ((node.attributes.get("schemeID", ""), node.text) for node in ids))
    branch = branch_of(party.text_at("BranchID", "SpecifiedLegalOrganization/BranchID"))
    if branch is not None:
        cells.put_value(f"{role}_branch", branch)
    address = party.first("PostalTradeAddress")
    if address is not None:
        cells.put(f"{role}_address", _address(address))


def _address(address: Node) -> str:
    names = ("LineOne", "LineTwo", "LineThree", "LineFour", "LineFive")
    lines = [address.text_at(name) for name in names]
    house = " ".join(filter(None, (address.text_at(n) for n in ("BuildingNumber", "StreetName"))))
    place = [address.text_at(n) for n in ("CitySubDivisionName", "CityName")]
    place = [name for name in place if not name.isdecimal()]
    town = " ".join(filter(None, (address.text_at("PostcodeCode"), *place)))
    country = address.text_at("CountryID")
    return address_of([address.text_at("BuildingName"), house, *lines, town, country])


def _sums(cells: Cells, settlement: Node) -> None:
    sums = settlement.first(_SUMS)
    if sums is None:
        return
    cells.put("subtotal", sums.text_at("TaxBasisTotalAmount", "LineTotalAmount"))
    cells.put_amount("discount", _discount(sums, settlement))
    cells.put_amount("charges", amount_at(sums, "ChargeTotalAmount"))
    cells.put_amount("rounding", amount_at(sums, "RoundingAmount"))
    cells.put_amount("prepaid", amount_at(sums, "TotalPrepaidAmount"))
    cells.put("tax_amount", _in_currency(sums.all("TaxTotalAmount"), settlement))
    cells.put("total", _in_currency(sums.all("GrandTotalAmount"), settlement))
    rates = {rate for tax in settlement.all("ApplicableTradeTax") if (rate := _rate(tax))}
    if len(rates) == 1:
        cells.put_value("tax_rate", rates.pop())


def _discount(sums: Node, settlement: Node) -> Decimal | None:
    """The discount on the document; that of the lines, as some writers repeat it, is in them."""
    stated = amount_at(sums, "AllowanceTotalAmount")
    before, after = amount_at(sums, "LineTotalAmount"), amount_at(sums, "TaxBasisTotalAmount")
    own = [
        amount_at(each, "ActualAmount")
        for each in settlement.all("SpecifiedTradeAllowanceCharge")
        if not _is_charge(each)
    ]
    if stated and before == after and not any(own) and not amount_at(sums, "ChargeTotalAmount"):
        return None
    return stated


def _in_currency(amounts: list[Node], settlement: Node) -> str:
    """Of amounts in two currencies the one in the invoice's own."""
    currency = settlement.text_at("InvoiceCurrencyCode")
    own = [a for a in amounts if a.attributes.get("currencyID", currency) == currency]
    return next((a.text for a in own or amounts if decimal_of(a.text) is not None), "")


def _rate(tax: Node) -> Decimal | None:
    is_vat = tax.text_at("TypeCode") in ("VAT", "")
    return amount_at(tax, *_RATE) if is_vat else None


def _line(line: Node, extractor: str) -> dict[str, FieldReading]:
    cells = Cells(extractor, is_line=True)
    status = line.text_at("AssociatedDocumentLineDocument/LineStatusReasonCode")
    settlement = line.first(_LINE_SETTLEMENT) or line
    amount = settlement.text_at(
        f"{_LINE_SUMS}/LineTotalAmount",
        f"{_LINE_SUMS}/NetLineTotalAmount",
        f"{_LINE_SUMS}/NetIncludingTaxesLineTotalAmount",
    )
    quantity = line.first(f"{_LINE_DELIVERY}/BilledQuantity")
    if status in _NO_GOODS or (not amount and quantity is None):
        return {}
    product = line.first("SpecifiedTradeProduct")
    if product is not None:
        cells.put("sku", product.text_at("SellerAssignedID", "ID", "GlobalID"))
        cells.put("description", product.text_at("Name", "Description"))
    if quantity is not None:
        cells.put("quantity", quantity.text)
        unit = quantity.attributes.get("unitCode", "")
        cells.put("unit", "" if unit == "-" else unit)
    price = line.first(
        f"{_LINE_AGREEMENT}/NetPriceProductTradePrice",
        f"{_LINE_AGREEMENT}/GrossPriceProductTradePrice",
    )
    if price is not None:
        _price(cells, price)
    discounts = (
        amount_at(each, "ActualAmount")
        for each in settlement.all("SpecifiedTradeAllowanceCharge")
        if not _is_charge(each)
    )
    cells.put_amount("discount", sum(map(abs, filter(None, discounts)), Decimal(0)))
    rates = list(_line_rates(settlement))
    if len(rates) == 1:
        cells.put_value("tax_rate", rates[0])
    cells.put("amount", amount)
    return cells.found


def _price(cells: Cells, price: Node) -> None:
    """Take the price of one unit; some are stated for a hundred or a thousand."""
    amount, basis = amount_at(price, "ChargeAmount"), amount_at(price, "BasisQuantity")
    if amount is not None and basis and basis != 1:
        cells.put_value("unit_price", (amount / basis).normalize() + 0)
    else:
        cells.put("unit_price", price.text_at("ChargeAmount"))


def _line_rates(settlement: Node) -> Iterator[Decimal]:
    for tax in settlement.all("ApplicableTradeTax"):
        rate = _rate(tax)
        if rate is not None:
            yield rate


def _is_charge(node: Node) -> bool:
    said = node.text_at("ChargeIndicator/Indicator", "ChargeIndicator")
    return said.casefold() in ("true", "1")
