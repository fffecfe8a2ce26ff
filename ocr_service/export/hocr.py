"""Pages as hOCR 1.2: XHTML whose class names and titles tell what was read where.

Source: T. Breuel and K. Baierer, "hOCR - OCR Workflow and Output embedded in HTML", version 1.2.
"""

import math
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from ocr_service.domain.page import PDF_DPI, Line, Page, Quad
from ocr_service.export.words import (
    angle_degrees,
    around,
    clean,
    is_upright,
    placed_words,
)

DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'
    ' "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
)
CAPABILITIES = "ocr_page ocr_line ocrx_word ocrp_poly ocrp_wconf"
BASELINE = 0.2
"""Share of a line's height that lies below its baseline, as with most typefaces."""


def hocr(file: str, pages: Sequence[Page], *, is_pdf: bool) -> str:
    """Write pages as one hOCR document.

    A page that could not be read is there, empty, with its reason as `x_failure`.

    Args:
        file: Base name of the file they come from.
        pages: In order.
        is_pdf: Whether a page's pixels have a known resolution.
    """
    html = ET.Element(
        "html", {"xmlns": "http://www.w3.org/1999/xhtml", "xml:lang": "und", "lang": "und"}
    )
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "title").text = clean(file)
    kind = {"http-equiv": "Content-Type", "content": "text/html; charset=utf-8"}
    ET.SubElement(head, "meta", kind)
    for name, content in (
        ("ocr-system", "document-hub"),
        ("ocr-number-of-pages", str(len(pages))),
        ("ocr-capabilities", CAPABILITIES),
    ):
        ET.SubElement(head, "meta", {"name": name, "content": content})
    body = ET.SubElement(html, "body")
    ET.indent(html)  # before the text comes: there every space counts
    for page in pages:
        _page(body, file, page, is_pdf=is_pdf)
    return DOCTYPE + ET.tostring(html, encoding="unicode") + "\n"


def _page(body: ET.Element, file: str, page: Page, *, is_pdf: bool) -> None:
    title = [
        f'image "{_quotable(file)}"',
        f"bbox 0 0 {page.width} {page.height}",
        f"ppageno {page.number - 1}",
    ]
    if is_pdf:
        title.append(f"scan_res {PDF_DPI} {PDF_DPI}")
    if page.failure:
        title.append(f'x_failure "{_quotable(page.failure.reason)}"')
    attributes = {"class": "ocr_page", "id": f"page_{page.number}", "title": "; ".join(title)}
    element = ET.SubElement(body, "div", attributes)
    element.text = element.tail = "\n"
    for number, line in enumerate(page.lines, 1):
        _line(element, f"{page.number}_{number}", line)


def _line(parent: ET.Element, name: str, line: Line) -> None:
    words = placed_words(line)
    if not words:
        return
    attributes = {"class": "ocr_line", "id": f"line_{name}", "title": _line_title(line.box)}
    element = ET.SubElement(parent, "span", attributes)
    element.tail = "\n"
    for number, word in enumerate(words, 1):
        title = f"{_place(word.box)}; x_wconf {round(word.confidence * 100)}"
        attributes = {"class": "ocrx_word", "id": f"word_{name}_{number}", "title": title}
        span = ET.SubElement(element, "span", attributes)
        span.text = word.text
        span.tail = " " if word.is_spaced else None


def _line_title(quad: Quad) -> str:
    angle = angle_degrees(quad)
    quarter = round(angle / 90) * 90
    if quarter:
        # Counted against the clock here, and a baseline would have no agreed frame.
        return f"{_place(quad)}; textangle {-quarter % 360}"
    slope = math.tan(math.radians(angle))
    (x0, y0), (x3, y3) = quad[0], quad[3]
    x, y = x3 + (x0 - x3) * BASELINE, y3 + (y0 - y3) * BASELINE
    box = around(quad)
    offset = y - slope * (x - math.floor(box.x0)) - math.ceil(box.y1)
    return f"{_place(quad)}; baseline {slope:.4f} {offset:.1f}"


def _place(quad: Quad) -> str:
    box = around(quad)
    place = (
        f"bbox {math.floor(box.x0)} {math.floor(box.y0)} {math.ceil(box.x1)} {math.ceil(box.y1)}"
    )
    if is_upright(quad):
        return place
    return place + "; poly " + " ".join(f"{round(x)} {round(y)}" for x, y in quad)


def _quotable(text: str) -> str:
    """Replace what would end a quoted value, also for readers that part at every semicolon."""
    return clean(text).translate(str.maketrans('";\\', "___"))
