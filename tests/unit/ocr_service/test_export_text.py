"""hOCR and ALTO: their form, places, confidences, and text that would break a careless writer."""

import re
import subprocess
import sys
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from ocr_service.domain.page import Line, Page, PageFailure, Quad, TextSource, Word
from ocr_service.export.alto import NAMESPACE, alto
from ocr_service.export.hocr import hocr

HTML = "{http://www.w3.org/1999/xhtml}"
ALTO = f"{{{NAMESPACE}}}"
HOSTILE = "<b>&\"';\x00\x07\x1b\ud800\ufffe\uffff]]>-->"
HARMLESS = "<b>&\"';]]>-->"

# Of the schema alto-4-4.xsd what these documents use: children in order, required attributes.
CHILDREN = {
    "alto": "(Description )?(Layout )",
    "Description": "MeasurementUnit (sourceImageInformation )?(Processing )*",
    "sourceImageInformation": "(fileName )?",
    "Processing": "(processingCategory )?(processingSoftware )?",
    "processingSoftware": "(softwareName )?",
    "Layout": "(Page )+",
    "Page": "(PrintSpace )?",
    "PrintSpace": "(TextBlock )*",
    "TextBlock": "(Shape )?(TextLine )*",
    "TextLine": "(Shape )?(String (SP )?)+",
    "String": "(Shape )?",
    "Shape": "Polygon ",
}
PLACE = {"HPOS", "VPOS", "WIDTH", "HEIGHT"}
ATTRIBUTES = {
    "alto": ({"SCHEMAVERSION"}, {"{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"}),
    "Processing": ({"ID"}, set()),
    "Page": (
        {"ID", "PHYSICAL_IMG_NR", "WIDTH", "HEIGHT"},
        {"PROCESSINGREFS", "ROTATION", "QUALITY_DETAIL"},
    ),
    "PrintSpace": (PLACE, set()),
    "TextBlock": ({"ID"} | PLACE, set()),
    "TextLine": ({"ID"} | PLACE, set()),
    "String": ({"ID", "CONTENT", "WC"} | PLACE, set()),
    "Polygon": ({"POINTS"}, set()),
}


def box(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def line(text: str, *words: tuple[str, Quad]) -> Line:
    around = (words[0][1][0], words[-1][1][1], words[-1][1][2], words[0][1][3])
    return Line(text, around, 0.9, tuple(Word(one, place, 0.876) for one, place in words))


LEVEL = line(
    "Total 119.00", ("Total", box(10.4, 20.5, 60, 40)), ("119.00", box(70, 20.5, 130.2, 40))
)
SLANTED = line(
    "one two",
    ("one", ((10, 60), (50, 64), (48, 84), (8, 80))),
    ("two", ((60, 65), (100, 69), (98, 89), (58, 85))),
)
THAI = line(
    "ภาษีมูลค่าเพิ่ม 7%",
    ("ภาษี", box(10, 120, 50, 140)),
    ("มูลค่าเพิ่ม", box(50, 120, 120, 140)),
    ("7%", box(130, 120, 150, 140)),
)
STANDING = line("up", ("up", ((300, 200), (300, 100), (320, 100), (320, 200))))
CLOBBERED = line(HOSTILE, (HOSTILE, box(10, 160, 50, 180)), ("\x00", box(60, 160, 70, 180)))
UNSEEN = line("\x00", ("\x00", box(10, 190, 50, 210)))
PAGES = (
    Page(
        1,
        400,
        300,
        TextSource.OCR,
        skew_degrees=0.5,
        lines=(LEVEL, SLANTED, THAI, STANDING, CLOBBERED, UNSEEN),
    ),
    Page(3, 400, 300, TextSource.NONE, rotation=90),
    Page(4, 400, 300, TextSource.NONE, failure=PageFailure("TIMEOUT", "too slow")),
)


def properties(element: ET.Element) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in element.attrib["title"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.fixture
def html() -> ET.Element:
    return ET.fromstring(hocr('a "<scan>"; no.pdf', PAGES, is_pdf=True))  # noqa: S314  our own


@pytest.fixture
def xml() -> ET.Element:
    return ET.fromstring(alto("<scan>\x00.pdf", PAGES))  # noqa: S314  our own


def of_class(html: ET.Element, name: str) -> list[ET.Element]:
    return [element for element in html.iter() if element.get("class") == name]


def test_hocr_says_of_itself_what_it_has(html: ET.Element) -> None:
    said = {meta.get("name"): meta.attrib["content"] for meta in html.iter(f"{HTML}meta")}
    assert said["ocr-system"]
    assert said["ocr-number-of-pages"] == "3"
    used = {element.attrib["class"] for element in html.iter() if "class" in element.attrib}
    assert used <= set(said["ocr-capabilities"].split())
    names = [element.attrib["id"] for element in html.iter() if "id" in element.attrib]
    assert len(names) == len(set(names))
    assert html.findtext(f"{HTML}head/{HTML}title") == 'a "<scan>"; no.pdf'


def test_hocr_pages_tell_size_number_and_failure(html: ET.Element) -> None:
    first, empty, failed = (properties(page) for page in of_class(html, "ocr_page"))
    assert first["bbox"] == "0 0 400 300"
    assert first["image"] == '"a _<scan>__ no.pdf"'
    assert [page["ppageno"] for page in (first, empty, failed)] == ["0", "2", "3"]
    assert first["scan_res"] == "200 200"
    assert "x_failure" not in empty
    assert failed["x_failure"] == '"TIMEOUT"'


def test_hocr_words_have_places_and_confidences(html: ET.Element) -> None:
    words = {"".join(word.itertext()): properties(word) for word in of_class(html, "ocrx_word")}
    assert words["Total"] == {"bbox": "10 20 60 40", "x_wconf": "88"}
    assert words["one"] == {
        "bbox": "8 60 50 84",
        "poly": "10 60 50 64 48 84 8 80",
        "x_wconf": "88",
    }


def test_hocr_lines_read_as_they_stand(html: ET.Element) -> None:
    lines = of_class(html, "ocr_line")
    read = ["".join(line.itertext()) for line in lines]
    assert read == ["Total 119.00", "one two", "ภาษีมูลค่าเพิ่ม 7%", "up", HARMLESS]
    level, slanted, _, standing, _ = (properties(line) for line in lines)
    assert level["baseline"] == "0.0000 -3.9"
    slope, offset = map(float, slanted["baseline"].split())
    assert slope == pytest.approx(0.1, abs=0.001)
    x0, _, _, y1 = map(int, slanted["bbox"].split())
    assert y1 + offset + slope * (8.4 - x0) == pytest.approx(76, abs=0.1)
    assert standing["textangle"] == "90"
    assert "baseline" not in standing


def test_alto_keeps_to_its_schema(xml: ET.Element) -> None:
    for element in xml.iter():
        name = element.tag.removeprefix(ALTO)
        children = "".join(child.tag.removeprefix(ALTO) + " " for child in element)
        assert re.fullmatch(CHILDREN.get(name, ""), children), name
        required, allowed = ATTRIBUTES.get(name, (set(), set()))
        assert required <= set(element.attrib) <= required | allowed, name
        for attribute in PLACE & set(element.attrib):
            assert 0 <= float(element.attrib[attribute]) <= 400
    names = [element.attrib["ID"] for element in xml.iter() if "ID" in element.attrib]
    assert len(names) == len(set(names))
    assert xml.findtext(f".//{ALTO}MeasurementUnit") == "pixel"
    assert xml.findtext(f".//{ALTO}fileName") == "<scan>.pdf"


def test_alto_lines_read_as_they_stand(xml: ET.Element) -> None:
    texts = [
        "".join(part.get("CONTENT", " ") for part in line if part.tag != f"{ALTO}Shape")
        for line in xml.iter(f"{ALTO}TextLine")
    ]
    assert texts == ["Total 119.00", "one two", "ภาษีมูลค่าเพิ่ม 7%", "up", HARMLESS]


def test_alto_words_have_places_and_confidences(xml: ET.Element) -> None:
    words = {word.attrib["CONTENT"]: word for word in xml.iter(f"{ALTO}String")}
    total = words["Total"].attrib
    assert (total["HPOS"], total["VPOS"]) == ("10.4", "20.5")
    assert (total["WIDTH"], total["HEIGHT"]) == ("49.6", "19.5")
    assert total["WC"] == "0.8760"
    assert words["Total"].find(f"{ALTO}Shape") is None
    polygon = words["one"].find(f"{ALTO}Shape/{ALTO}Polygon")
    assert polygon is not None
    assert polygon.attrib["POINTS"] == "10,60 50,64 48,84 8,80"


def test_alto_pages_tell_turn_and_failure(xml: ET.Element) -> None:
    first, turned, failed = (page.attrib for page in xml.iter(f"{ALTO}Page"))
    assert [page["PHYSICAL_IMG_NR"] for page in (first, turned, failed)] == ["1", "3", "4"]
    assert [page["ROTATION"] for page in (first, turned)] == ["-0.5", "90"]
    assert failed["QUALITY_DETAIL"] == "not read: TIMEOUT"


@pytest.mark.parametrize(
    "write", [lambda: hocr("x", PAGES, is_pdf=False), lambda: alto("x", PAGES)]
)
def test_a_document_is_utf8_and_ends_its_lines(write: Callable[[], str]) -> None:
    text = write()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert text.endswith(">\n")
    assert "\x00" not in text.encode().decode()


def test_writing_text_forms_loads_no_pdf_library() -> None:
    script = (
        "import sys, ocr_service.export.hocr, ocr_service.export.alto;"
        "print(sorted({'pymupdf', 'PIL', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
