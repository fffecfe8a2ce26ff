"""What reads like a firm or a person, and the block of lines under a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ocr_service.extraction.classify import TITLES
from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found, found_in, joined
from ocr_service.extraction.layout import Segment
from paperwork.values.dates import find_dates
from paperwork.values.parties import has_legal_form, has_trade_word
from paperwork.values.text import has_thai, squash

ROLES = ("seller", "buyer", "third_party")
"""Keys of the labels that open a party's block."""

STREET = re.compile(
    r"\b(?:jalan|jln|jl|street|st|road|rd|avenue|ave|lane|drive|dr|blvd|boulevard|floor|level|lot"
    r"|suite|ste|box|no|block|blk|unit|taman|bandar|lorong|plaza|building|rue|calle|via|viale"
    r"|piazza|weg|allee|platz|str|kampung|km|batu|wisma|menara|ground|tingkat|highway)\b\.?"
    r"|stra(?:ss|ß)e\b|straat\b|str\.|weg\b|allee\b"
    r"|ถนน|ตำบล|แขวง|อำเภอ|เขต|จังหวัด|หมู่|ซอย|อาคาร",
    re.IGNORECASE,
)
"""Words of an address."""

CITY_LINE = re.compile(r"^(?:[A-Z]{1,2}[- ])?\d{4,5}\s+(?:[A-Z]{2}\s+)?[^\W\d]{3,}", re.IGNORECASE)
"""A postcode and a city, as they close a European address."""

REGISTRATION = re.compile(
    r"\s*(?:\(?\b(?:co\.?[ -]?)?(?:reg\.?(?:istration)?|roc|no)\b.{0,24}\d.*"
    r"|\([A-Z\d\-/ ]*\d{3,}[A-Z\d\-/ ]*\)?|\d{5,}\s?-\s?[A-Z]{1,2}|[A-Z]{2}\d{6,})$",
    re.IGNORECASE,
)
"""A company's registration number, which follows its name and is no part of it."""

FORM_START = re.compile(
    r"(?:co\b|company\b|enterprise|trading\b|sdn\b|s/b|pte\b|bhd\b|ltd|จำกัด)", re.IGNORECASE
)
"""A line that begins with a legal form goes on with the name above it."""

SHORT_FORM = re.compile(r"\w,? (?:S\.?[AL]\.?(?:U\.?)?|B\.?V\.?|N\.?V\.?|A/S|AB|AS|SE|Oy)$")
"""Legal forms of two letters, which mark a firm only behind its name."""

_LINES_IN_BLOCK = 8
_POSTCODE = re.compile(r"(?<!\d)\d{5}(?:\s+[^\W\d]{3}|\.?$)")
_PHONE = re.compile(r"[+\d][\d\s\-/()]{6,20}")
_ONLINE = re.compile(r"@|www\.|https?:|\.com\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place on the page that belongs to a party."""

    role: str
    segment: Segment


def column(document: Document, top: Segment) -> Iterator[Segment]:
    """The lines that continue a block downwards: aligned left or centred, no wide gap."""
    sheet = document.sheets[top.sheet]
    reach = 2.2 * max(sheet.text_height, 1.0)
    last = top
    count = 0
    widest = 0.0
    for row in sheet.rows[top.row + 1 : top.row + 25]:
        following = None
        for candidate in sheet.overlapping(row, top.x0 - reach, max(top.x1, last.x1)):
            middle = candidate.x0 + candidate.x1
            off = min(abs(middle - (s.x0 + s.x1)) for s in (last, top))
            centred = off < 2 * reach
            if abs(candidate.x0 - top.x0) < reach or (centred and candidate.x0 < last.x1):
                following = candidate
                break
        if following is None:
            if row[0].y0 - last.y1 > reach * 1.3:
                return
            continue
        gap = following.y0 - last.y1
        if gap > reach * 1.3 or count >= _LINES_IN_BLOCK:
            return
        if count > 1 and gap > 2.5 * widest + 0.5 * max(sheet.text_height, 1.0):
            return  # the lines of a block stand evenly
        widest = max(widest, gap)
        yield following
        last = following
        count += 1


def named(segment: Segment, start: int, strength: float) -> Found[str]:
    """Make a name of a segment's text from `start` on, without a registration number behind it."""
    text = segment.text[start:]
    text = REGISTRATION.sub("", text).strip(" ,;:-–|.") if len(text) < 200 else text
    dotted = segment.text[start:].find(text) + len(text)
    if segment.text[start + dotted : start + dotted + 1] == "." and re.search(r"\w\.?\w$", text):
        text += "."
    at = segment.text.find(text, start)
    return found_in(text, segment, max(at, start), max(at, start) + len(text), strength)


def is_name_like(document: Document, text: str) -> bool:
    """Words rather than an address, a date, a number, a heading or an online address."""
    text = text.strip()
    if len(text) > 120 or (text.startswith("(") and text.endswith(")")):
        return False
    text = REGISTRATION.sub("", text)
    letters = sum(c.isalpha() for c in text)
    digits = sum(c.isdigit() for c in text)
    if letters < 2 or len(text) > 90 or letters < 0.4 * len(text.replace(" ", "")):
        return False
    addressed = digits > 0.5 * letters or (STREET.search(text) and digits) or CITY_LINE.match(text)
    if addressed and not (has_legal_form(text) or has_trade_word(text)):
        return False
    if _ONLINE.search(text) or find_dates(text, today=document.today):
        return False
    return len(squash(text)) > 2 or has_thai(text)


def is_mostly_label(document: Document, segment: Segment, start: int) -> bool:
    """Tell whether the text from `start` on is a label and little else."""
    labels = [x for x in document.labels_in(segment) if x.start >= start]
    covered = sum(x.end - x.start for x in labels)
    return covered > 0.7 * len(segment.text[start:].strip())


def read_address(document: Document, block: list[Segment]) -> Found[str] | None:
    """The lines under a name up to a label, a heading, a registration or the block's end."""
    lines: list[Segment] = []
    for segment in block[1:8]:
        text = segment.text.strip()
        labels = document.labels_in(segment)
        if labels and labels[0].leads and labels[0].key != "absorb":
            if labels[0].key in ("address", "number_any") and labels[0].end < len(text):
                lines.append(segment)
            elif lines or labels[0].key in ROLES:
                break
            continue
        dated = bool(find_dates(text, today=document.today))
        if dated or _ONLINE.search(text) or _PHONE.fullmatch(text) or TITLES.find(segment):
            if lines:
                break
            continue
        if REGISTRATION.fullmatch(text[:120]):
            continue
        if (
            lines
            and any(_POSTCODE.search(s.text) for s in lines)
            and any(c.isdigit() for c in text)
        ):
            break  # nothing with digits follows the postcode's line
        if not lines and (
            text.startswith("(") or (" " not in text and any(c.isdigit() for c in text))
        ):
            continue  # a branch or a registration between the name and the address
        lines.append(segment)
        if len(lines) == 5:
            break
    while len(lines) > 1 and not _opens_address(lines[0].text):
        lines = lines[1:]
    text = " ".join(s.text.strip() for s in lines)
    if len(text) < 6 or not (any(c.isdigit() for c in text) or "," in text):
        return None
    return joined(text, [(s, 0, len(s.text)) for s in lines], 0.85)


def _opens_address(text: str) -> bool:
    return any(c.isdigit() for c in text) or bool(STREET.search(text))
