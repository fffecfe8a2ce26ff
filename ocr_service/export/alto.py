"""Pages as ALTO 4.4, the form of text and layout that libraries and archives keep.

Source: ALTO Editorial Board, schema alto-4-4.xsd.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from ocr_service.domain.page import Line, Page, Quad
from ocr_service.export.words import Box, PlacedWord, around, clean, is_upright, placed_words

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def alto(file: str, pages: Sequence[Page]) -> str:
    """Write pages as one ALTO document; places are in pixels of the page as given.

    A page that could not be read is there, empty, with its reason as `QUALITY_DETAIL`.

    Args:
        file: Base name of the file they come from.
        pages: In order, at least one.
    """
    root = ET.Element(
        "alto",
        {
            "xmlns": NAMESPACE,
            "xmlns:xsi": XSI,
            "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
            "SCHEMAVERSION": "4.4",
        },
    )
    description = ET.SubElement(root, "Description")
    ET.SubElement(description, "MeasurementUnit").text = "pixel"
    source = ET.SubElement(description, "sourceImageInformation")
    ET.SubElement(source, "fileName").text = clean(file)
    processing = ET.SubElement(description, "Processing", {"ID": "reading"})
    ET.SubElement(processing, "processingCategory").text = "contentGeneration"
    software = ET.SubElement(processing, "processingSoftware")
    ET.SubElement(software, "softwareName").text = "document-hub"
    layout = ET.SubElement(root, "Layout")
    for page in pages:
        _page(layout, page)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _page(layout: ET.Element, page: Page) -> None:
    attributes = {
        "ID": f"page_{page.number}",
        "PHYSICAL_IMG_NR": str(page.number),
        "WIDTH": str(page.width),
        "HEIGHT": str(page.height),
        "PROCESSINGREFS": "reading",
        # Against the clock, of the text; ours are clockwise, and the first turns the page back.
        "ROTATION": _number((page.rotation - page.skew_degrees + 180) % 360 - 180),
    }
    if page.failure:
        attributes["QUALITY_DETAIL"] = clean(f"not read: {page.failure.reason}")
    element = ET.SubElement(layout, "Page", attributes)
    whole = Box(0, 0, page.width, page.height)
    space = ET.SubElement(element, "PrintSpace", _place(whole))
    written = [(line, words) for line in page.lines if (words := placed_words(line))]
    if not written:
        return
    boxes = [around(line.box) for line, _ in written]
    extent = Box(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )
    block = ET.SubElement(space, "TextBlock", {"ID": f"block_{page.number}", **_place(extent)})
    for number, (line, words) in enumerate(written, 1):
        _line(block, f"{page.number}_{number}", line, words)


def _line(block: ET.Element, name: str, line: Line, words: Sequence[PlacedWord]) -> None:
    element = ET.SubElement(block, "TextLine", {"ID": f"line_{name}", **_place(around(line.box))})
    _shape(element, line.box)
    for number, word in enumerate(words, 1):
        attributes = {
            "ID": f"string_{name}_{number}",
            **_place(around(word.box)),
            "CONTENT": word.text,
            "WC": f"{word.confidence:.4f}",
        }
        _shape(ET.SubElement(element, "String", attributes), word.box)
        if word.is_spaced:
            ET.SubElement(element, "SP")


def _place(box: Box) -> dict[str, str]:
    return {
        "HPOS": _number(box.x0),
        "VPOS": _number(box.y0),
        "WIDTH": _number(box.x1 - box.x0),
        "HEIGHT": _number(box.y1 - box.y0),
    }


def _shape(element: ET.Element, quad: Quad) -> None:
    """Add the true outline where the upright rectangle is not it."""
    if not is_upright(quad):
        points = " ".join(f"{_number(x)},{_number(y)}" for x, y in quad)
        ET.SubElement(ET.SubElement(element, "Shape"), "Polygon", {"POINTS": points})


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
