"""Electronic invoices in XML: read safely, mapped to the one vocabulary, merged with the page."""

from paperwork.einvoice.merge import merge
from paperwork.einvoice.read import RefusedInvoice, is_known_name, read_invoice

__all__ = ["RefusedInvoice", "is_known_name", "merge", "read_invoice"]
