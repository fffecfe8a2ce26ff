"""From pages of words to typed fields: pure, knows no tenant and no layout by name."""

from ocr_service.extraction.extract import extract

__all__ = ["extract"]
