"""Names without a label: the letterhead of a page and the address window of a letter."""

from __future__ import annotations

import re
from collections import Counter

from ocr_service.extraction.classify import TITLES
from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found, found_in, joined
from ocr_service.extraction.layout import Segment, Sheet
from ocr_service.extraction.names import (
    CITY_LINE,
    FORM_START,
    REGISTRATION,
    SHORT_FORM,
    STREET,
    Anchor,
    column,
    is_mostly_label,
    is_name_like,
    named,
)
from paperwork.values.parties import bare_company_name, has_legal_form, has_trade_word
from paperwork.values.text import has_thai, squash

_SENDER_BREAK = re.compile(r"\s[-–—●•·|*]\s|\s?[●•·|]\s?")
_GREETING = re.compile(
    r"thank you|thanks for|goods sold|welcome|returnable|please|copy|original|duplicate|page \d"
    r"|ขอบคุณ|ต้นฉบับ|สำเนา|promo",
    re.IGNORECASE,
)


def letterhead(
    document: Document, buyer_block: list[Segment], anchors: list[Anchor]
) -> tuple[Found[str], list[Segment]] | None:
    """The name at the head of the first page, judged by form, size, place and repetition."""
    if not document.sheets or not document.sheets[0].rows:
        return None
    sheet = document.sheets[0]
    taken = {(s.row, s.place) for s in buyer_block}
    taken |= {
        (s.row, s.place)
        for a in anchors
        if a.role != "seller" and a.segment.sheet == 0
        for s in (a.segment, *column(document, a.segment))
    }
    repeated = _repeated_names(document)
    first = sheet.rows[0][0].y0
    best: tuple[float, Segment, int] | None = None
    for row in sheet.rows[:40]:
        for segment in row[:6]:
            depth = (segment.y0 - first) / max(sheet.height, 1.0)
            if depth > 0.4 or (segment.row, segment.place) in taken:
                continue
            score, end = _letterhead_score(document, sheet, segment, depth, repeated)
            if score > 0 and (best is None or score > best[0]):
                best = (score, segment, end)
    if best is None:
        return None
    score, segment, end = best
    strength = min(0.25 + 0.15 * score, 0.9)
    if end < len(segment.text):
        text = segment.text[:end].strip(" ,")
        return found_in(text, segment, 0, end, strength), [segment]
    return _extended(document, segment, strength)


def _letterhead_score(
    document: Document, sheet: Sheet, segment: Segment, depth: float, repeated: Counter[str]
) -> tuple[float, int]:
    """Score a candidate; also where its name ends, as a sender line goes on with the address."""
    text, end = segment.text, len(segment.text)
    breaks = list(_SENDER_BREAK.finditer(text))
    if len(breaks) >= 2 and any(c.isdigit() for c in text):
        end = breaks[0].start()
        text = text[:end]
    if document.is_labelled(segment) or not is_name_like(document, text):
        return 0.0, end
    if is_mostly_label(document, segment, 0) or FORM_START.match(text) or _GREETING.search(text):
        return 0.0, end
    titles = TITLES.find(segment)
    if titles and sum(t.end - t.start for t in titles) > 0.5 * len(text):
        return 0.0, end
    score = 1.8 - 5.0 * depth
    below = next(column(document, segment), None)
    firm = has_legal_form(text) or SHORT_FORM.search(text) is not None
    if firm or (below is not None and _goes_on(document, below)):
        score += 2.0
    elif has_trade_word(text):
        score += 1.2
    score -= 1.5 if STREET.match(text) and not has_legal_form(text) else 0.0
    score -= 1.0 if len(sheet.rows[segment.row]) > 2 and not has_legal_form(text) else 0.0
    score -= 0.6 if len(text.split()) == 1 and not has_thai(text) else 0.0
    score += min(max(segment.height / max(sheet.text_height, 1.0) - 1.0, 0.0), 1.2) * 1.2
    score += 0.8 if repeated[bare_company_name(text)] > 1 else 0.0
    score -= 3.0 if len(text.split()) > 8 or not _is_titled(text) else 0.0
    score -= 1.2 if text.rstrip().endswith((":", ".", "!", "?")) and not firm else 0.0
    score -= 0.8 if len(squash(text)) < 5 else 0.0
    return score, end


def _repeated_names(document: Document) -> Counter[str]:
    counts: Counter[str] = Counter()
    for number, segment in enumerate(document.segments()):
        if number > 600:
            break
        if 3 < len(segment.text) < 80:
            counts[bare_company_name(_SENDER_BREAK.split(segment.text, maxsplit=1)[0])] += 1
    return counts


def _extended(
    document: Document, segment: Segment, strength: float
) -> tuple[Found[str], list[Segment]]:
    """Take in the next line when the name runs on: an open bracket, or a legal form by itself."""
    block = [segment, *column(document, segment)]
    parts = [(segment, 0, len(segment.text))]
    text = segment.text
    for following in block[1:4]:
        opened = text.count("(") > text.count(")")
        if not opened and not _goes_on(document, following):
            break
        parts.append((following, 0, len(following.text)))
        text += " " + following.text
    if len(parts) == 1:
        return named(segment, 0, strength), block
    return joined(REGISTRATION.sub("", text).strip(), parts, strength * 0.95), block[
        len(parts) - 1 :
    ]


def _is_titled(text: str) -> bool:
    """Tell a name from the start of a sentence: most of its longer Latin words are capitals."""
    words = [w for w in text.split() if len(w) > 3 and w[0].isalpha() and not has_thai(w)]
    if len(words) <= 3 and text[:1].isupper():
        return True
    return 2 * sum(w[0].isupper() for w in words) >= len(words)


def _goes_on(document: Document, line: Segment) -> bool:
    return FORM_START.match(line.text) is not None and not document.is_labelled(line)


def address_window(
    document: Document, seller: Found[str] | None, seller_block: list[Segment]
) -> tuple[Found[str], list[Segment]] | None:
    """The address block of a letter: two to six lines, one of them postcode and city."""
    if not document.sheets:
        return None
    sheet = document.sheets[0]
    own = bare_company_name(seller.value) if seller else ""
    taken = {(s.sheet, s.row, s.place) for s in seller_block}
    for row in sheet.rows[:30]:
        for segment in row[:2]:
            if segment.y0 > 0.42 * sheet.height or segment.x0 > 0.45 * sheet.width:
                continue
            if document.is_labelled(segment) or _SENDER_BREAK.search(segment.text):
                continue
            if (segment.sheet, segment.row, segment.place) in taken:
                continue
            block = [segment, *column(document, segment)][:7]
            cities = [n for n, s in enumerate(block) if n and CITY_LINE.match(s.text)]
            if not cities or cities[0] > 5 or not is_name_like(document, segment.text):
                continue
            if TITLES.find(segment) or bare_company_name(segment.text) == own:
                continue
            if any(document.is_labelled(s) for s in block[: cities[0]]):
                continue
            return named(segment, 0, 0.7), block
    return None
