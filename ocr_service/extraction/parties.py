"""Who sells and who buys: names beside their labels, else the letterhead and the address window."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ocr_service.extraction.classify import TITLES
from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found, found_in, joined
from ocr_service.extraction.layout import Segment, Sheet
from ocr_service.extraction.lexicon import Label
from paperwork.values.dates import find_dates
from paperwork.values.parties import (
    bare_company_name,
    has_legal_form,
    has_trade_word,
    parse_branch,
    parse_tax_id,
)
from paperwork.values.text import arabic_digits, fold, has_thai, squash

_LINES_IN_BLOCK = 8
_ROLES = ("seller", "buyer", "third_party")
_STREET = re.compile(
    r"\b(?:jalan|jln|jl|street|st|road|rd|avenue|ave|lane|drive|dr|blvd|boulevard|floor|level|lot|suite|ste"
    r"|box|no|block|blk|unit|taman|bandar|lorong|plaza|building|rue|calle|via|viale|piazza|weg|allee"
    r"|platz|str|kampung|km|batu|wisma|menara|ground|tingkat|highway)\b\.?"
    r"|stra(?:ss|ß)e\b|straat\b|str\.|weg\b|allee\b|ถนน|ตำบล|แขวง|อำเภอ|เขต|จังหวัด|หมู่|ซอย|อาคาร",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"(?<!\d)\d{4,6}(?!\d)")
_PHONE = re.compile(r"[+\d][\d\s\-/()]{6,20}")
_CITY_LINE = re.compile(r"^(?:[A-Z]{1,2}[- ])?\d{4,5}\s+(?:[A-Z]{2}\s+)?[^\W\d]{3,}", re.IGNORECASE)
_ONLINE = re.compile(r"@|www\.|https?:|\.com\b", re.IGNORECASE)
_REGISTRATION = re.compile(
    r"\s*(?:\(?\b(?:co\.?[ -]?)?(?:reg\.?(?:istration)?|roc|co|no)\b.{0,24}\d.*"
    r"|\([A-Z\d\-/ ]*\d{3,}[A-Z\d\-/ ]*\)?|\d{5,}\s?-\s?[A-Z]{1,2}|[A-Z]{2}\d{6,})$",
    re.IGNORECASE,
)
_SALUTATION = re.compile(
    r"(?:herrn?|frau|firma|an|messrs\.?|m/s\.?|mr\.?|mrs\.?|monsieur|madame)", re.IGNORECASE
)
_GREETING = re.compile(
    r"thank you|thanks for|goods sold|welcome|returnable|please|copy|original|duplicate|page \d"
    r"|ขอบคุณ|ต้นฉบับ|สำเนา|promo",
    re.IGNORECASE,
)
_FORM_START = re.compile(
    r"(?:co\b|company\b|enterprise|trading\b|sdn\b|s/b|pte\b|bhd\b|ltd|จำกัด)", re.IGNORECASE
)
_SENDER_BREAK = re.compile(r"\s[-–—●•·|*]\s|\s?[●•·|]\s?")
_TAX_ID = re.compile(
    r"[A-Za-z]{0,6}\s?\d[\dA-Za-z]{0,20}(?:\s?[ .\-/]\s?[\dA-Za-z]{0,6}\d[\dA-Za-z]{0,12}){0,8}"
)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A place on the page that belongs to a party."""

    role: str
    segment: Segment


def read_parties(document: Document) -> dict[str, Found[str]]:
    """Read names, addresses, tax ids and branches of seller and buyer."""
    out: dict[str, Found[str]] = {}
    anchors = [
        _Anchor(role, label.segment)
        for role in _ROLES
        for label in document.labels.get(role, ())
        if label.leads
    ]
    blocks: dict[str, list[Segment]] = {}
    for role in ("buyer", "seller"):
        best = max(_labelled(document, role), key=lambda pair: pair[0].strength, default=None)
        if best is not None:
            out[f"{role}_name"], blocks[role] = best
    if "seller_name" not in out or out["seller_name"].strength < 0.6:
        letterhead = _letterhead(document, blocks.get("buyer", []), anchors)
        if letterhead is not None and letterhead[0].strength > _strength(out.get("seller_name")):
            out["seller_name"], blocks["seller"] = letterhead
    if "buyer_name" not in out:
        window = _window(document, out.get("seller_name"))
        if window is not None:
            out["buyer_name"], blocks["buyer"] = window
    for role, block in blocks.items():
        anchors.append(_Anchor(role, block[0]))
        address = _address(document, block)
        if address is not None:
            out[f"{role}_address"] = address.scaled(out[f"{role}_name"].strength)
    out.update(_tax_ids(document, anchors))
    return out


def _strength(found: Found[str] | None) -> float:
    return found.strength if found else 0.0


# --- names beside labels ---------------------------------------------------------------------


def _labelled(document: Document, role: str) -> Iterator[tuple[Found[str], list[Segment]]]:
    """Names that a role's labels announce, with the block of lines each opens."""
    for rank, label in enumerate(document.labels.get(role, ())[:12]):
        if not label.leads or (label.segment.sheet, label.segment.row) in document.table_rows:
            continue
        for block, start, place_strength in _blocks_of(document, label):
            name = _name_in(document, block, start)
            if name is not None:
                found, rest = name
                form = 1.0 if has_legal_form(found.value) else 0.97
                yield found.scaled(label.weight * place_strength * form * 0.97**rank), rest
                break


def _blocks_of(document: Document, label: Label) -> Iterator[tuple[list[Segment], int, float]]:
    rest = document.rest_of(label)
    if len(squash(rest.text)) > 1:
        yield [label.segment, *_column(document, label.segment)], rest.start, 1.0
        return
    beside = next(document.right_of(label.segment), None)
    under = list(_column(document, label.segment))
    near = document.sheets[label.segment.sheet].text_height * 14
    if beside is not None and (not under or beside.segment.x0 - label.segment.x1 < near):
        block = [beside.segment, *_column(document, beside.segment)]
        if not under or _name_like(document, beside.segment.text):
            yield block, beside.start, 0.97
    if under:
        yield under, 0, 0.95


def _column(document: Document, top: Segment) -> Iterator[Segment]:
    """The lines that continue a block downwards: aligned left or centred, no wide gap."""
    sheet = document.sheets[top.sheet]
    reach = 2.2 * max(sheet.text_height, 1.0)
    last = top
    count = 0
    for row in sheet.rows[top.row + 1 : top.row + 25]:
        following = None
        for candidate in sheet.overlapping(row, top.x0 - reach, max(top.x1, last.x1)):
            centred = abs((candidate.x0 + candidate.x1) - (last.x0 + last.x1)) < 2 * reach
            if abs(candidate.x0 - top.x0) < reach or (centred and candidate.x0 < last.x1):
                following = candidate
                break
        if following is None:
            if row[0].y0 - last.y1 > reach * 1.3:
                return
            continue
        if following.y0 - last.y1 > reach * 1.3 or count >= _LINES_IN_BLOCK:
            return
        yield following
        last = following
        count += 1


def _name_in(
    document: Document, block: list[Segment], start: int
) -> tuple[Found[str], list[Segment]] | None:
    """The first line of a block that reads like a name, and the block from there on."""
    for index, segment in enumerate(block[:6]):
        labels = document.labels_in(segment)
        offset = start if index == 0 else 0
        if offset == 0 and labels and labels[0].leads:
            if labels[0].key in _ROLES:
                return None
            if labels[0].key == "party_name":
                for place in document.places(labels[0]):
                    if _name_like(document, place.text):
                        return _named(place.segment, place.start, 0.97), [
                            place.segment,
                            *_column(document, place.segment),
                        ]
            if labels[0].weight >= 1.0 and labels[0].key != "absorb":
                continue
        if _SALUTATION.fullmatch(segment.text[offset:].strip()):
            continue
        if _name_like(document, segment.text[offset:]) and not _is_label(document, segment, offset):
            found = _named(segment, offset, 0.96)
            following = block[index + 1] if index + 1 < len(block) else None
            if (
                following is not None
                and not has_legal_form(found.value)
                and has_legal_form(following.text)
                and not any(c.isdigit() for c in following.text)
                and not document.labels_in(following)
            ):
                text = f"{found.value} {following.text.strip()}"
                parts = [(segment, offset, len(segment.text)), (following, 0, len(following.text))]
                return joined(text, parts, 0.93), block[index + 1 :]
            return found, block[index:]
    return None


def _named(segment: Segment, start: int, strength: float) -> Found[str]:
    text = segment.text[start:]
    text = _REGISTRATION.sub("", text).strip(" ,;:-–|.") if len(text) < 200 else text
    dotted = segment.text[start:].find(text) + len(text)
    if segment.text[start + dotted : start + dotted + 1] == "." and re.search(r"\w\.?\w$", text):
        text += "."
    at = segment.text.find(text, start)
    return found_in(text, segment, max(at, start), max(at, start) + len(text), strength)


def _name_like(document: Document, text: str) -> bool:
    """Words rather than an address, a date, a number, a heading or an online address."""
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        return False
    text = _REGISTRATION.sub("", text)
    letters = sum(c.isalpha() for c in text)
    digits = sum(c.isdigit() for c in text)
    if letters < 2 or len(text) > 90 or letters < 0.4 * len(text.replace(" ", "")):
        return False
    formed = has_legal_form(text) or has_trade_word(text)
    if not formed and (digits > 0.5 * letters or (_STREET.search(text) and digits)):
        return False
    if _ONLINE.search(text) or (_CITY_LINE.match(text) and not formed):
        return False
    if find_dates(text, today=document.today):
        return False
    return len(squash(text)) > 2 or has_thai(text)


def _is_label(document: Document, segment: Segment, start: int) -> bool:
    """Tell whether the text from `start` on is a label and little else."""
    labels = [x for x in document.labels_in(segment) if x.start >= start]
    covered = sum(x.end - x.start for x in labels)
    return covered > 0.7 * len(segment.text[start:].strip())


# --- letterhead and address window -----------------------------------------------------------


def _letterhead(
    document: Document, buyer_block: list[Segment], anchors: list[_Anchor]
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
        for s in (a.segment, *_column(document, a.segment))
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
    if document.is_labelled(segment) or not _name_like(document, text):
        return 0.0, end
    if _is_label(document, segment, 0) or _FORM_START.match(text) or _GREETING.search(text):
        return 0.0, end
    titles = TITLES.find(segment)
    if titles and sum(t.end - t.start for t in titles) > 0.5 * len(text):
        return 0.0, end
    score = 1.8 - 5.0 * depth
    below = next(_column(document, segment), None)
    if has_legal_form(text) or (below is not None and _FORM_START.match(below.text)):
        score += 2.0
    elif has_trade_word(text):
        score += 1.2
    score -= 0.6 if len(text.split()) == 1 and not has_thai(text) else 0.0
    score += min(max(segment.height / max(sheet.text_height, 1.0) - 1.0, 0.0), 1.2) * 1.2
    score += 0.8 if repeated[bare_company_name(text)] > 1 else 0.0
    score -= 1.0 if len(text.split()) > 8 else 0.0
    score -= (
        1.2 if text.rstrip().endswith((":", ".", "!", "?")) and not has_legal_form(text) else 0.0
    )
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
    block = [segment, *_column(document, segment)]
    parts = [(segment, 0, len(segment.text))]
    text = segment.text
    for following in block[1:4]:
        opened = text.count("(") > text.count(")")
        if not opened and not _FORM_START.match(following.text):
            break
        parts.append((following, 0, len(following.text)))
        text += " " + following.text
    if len(parts) == 1:
        return _named(segment, 0, strength), block
    return joined(_REGISTRATION.sub("", text).strip(), parts, strength * 0.95), block[
        len(parts) - 1 :
    ]


def _window(
    document: Document, seller: Found[str] | None
) -> tuple[Found[str], list[Segment]] | None:
    """The address block of a letter: two to six lines, one of them postcode and city."""
    if not document.sheets:
        return None
    sheet = document.sheets[0]
    own = bare_company_name(seller.value) if seller else ""
    for row in sheet.rows[:30]:
        for segment in row[:2]:
            if segment.y0 > 0.42 * sheet.height or segment.x0 > 0.45 * sheet.width:
                continue
            if document.is_labelled(segment) or _SENDER_BREAK.search(segment.text):
                continue
            block = [segment, *_column(document, segment)][:7]
            cities = [n for n, s in enumerate(block) if n and _CITY_LINE.match(s.text)]
            if not cities or cities[0] > 5 or not _name_like(document, segment.text):
                continue
            if TITLES.find(segment) or bare_company_name(segment.text) == own:
                continue
            if any(document.is_labelled(s) for s in block[: cities[0]]):
                continue
            return _named(segment, 0, 0.7), block
    return None


# --- addresses and identifiers ---------------------------------------------------------------


def _address(document: Document, block: list[Segment]) -> Found[str] | None:
    """The lines under a name up to a label, a heading, a registration or the block's end."""
    lines: list[Segment] = []
    for segment in block[1:8]:
        text = segment.text.strip()
        labels = document.labels_in(segment)
        if labels and labels[0].leads and labels[0].key != "absorb":
            if labels[0].key in ("address", "number_any") and labels[0].end < len(text):
                lines.append(segment)
            elif lines or labels[0].key in _ROLES:
                break
            continue
        dated = bool(find_dates(text, today=document.today))
        if dated or _ONLINE.search(text) or _PHONE.fullmatch(text) or TITLES.find(segment):
            if lines:
                break
            continue
        if _REGISTRATION.fullmatch(text):
            continue
        if (
            lines
            and any(_POSTCODE.search(s.text) for s in lines)
            and any(c.isdigit() for c in text)
        ):
            break  # nothing with digits follows the postcode's line
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
    return any(c.isdigit() for c in text) or bool(_STREET.search(text))


def _tax_ids(document: Document, anchors: list[_Anchor]) -> dict[str, Found[str]]:
    """Tax ids and branches, each given to the party whose place on the page is nearest above."""
    out: dict[str, Found[str]] = {}
    for label in [*document.labels.get("tax_id", ()), *document.labels.get("tax_amount", ())]:
        if label.weight < 1.0 and not label.leads:
            continue
        found = _tax_id(document, label)
        if found is not None and label.key == "tax_amount" and not found.value[0].isalpha():
            found = None  # after a bare "VAT" only a number with its country is an identifier
        role = _owner(document, label.segment, anchors)
        if role == "third_party":
            continue
        if found is not None and found.strength > 1.2 * _strength(out.get(f"{role}_tax_id")):
            out[f"{role}_tax_id"] = found
        branch = parse_branch(label.segment.text[label.end : label.end + 60])
        if branch is not None and has_thai(fold(label.segment.text)):
            out.setdefault(
                f"{role}_branch",
                found_in(branch, label.segment, label.end, len(label.segment.text), 0.85),
            )
    return out


def _tax_id(document: Document, label: Label) -> Found[str] | None:
    for place in document.places(label):
        match = _TAX_ID.search(arabic_digits(place.text[:80]))
        if match is None or match.start() > 4:
            if not place.below:
                continue
            return None
        tax_id = parse_tax_id(match[0])
        if tax_id is None:
            continue
        sure = 0.98 if tax_id.proven else 0.6 if tax_id.scheme == "TH" else 0.88
        start = place.start + match.start()
        strength = label.weight * sure * place.strength
        return found_in(tax_id.value, place.segment, start, place.start + match.end(), strength)
    return None


def _owner(document: Document, segment: Segment, anchors: list[_Anchor]) -> str:
    sheet = document.sheets[segment.sheet]
    near = 0.1 * sheet.width
    above = [
        a
        for a in anchors
        if a.segment.sheet == segment.sheet
        and a.segment.y0 <= segment.y0 + 1
        and segment.y0 - a.segment.y1 < 0.25 * sheet.height
        and (abs(a.segment.x0 - segment.x0) < near or _overlap(a.segment, segment))
    ]
    if not above:
        return "seller"
    # On one line the party's own name or label wins over what merely stands beside it.
    return max(above, key=lambda a: (a.segment.y0, -abs(a.segment.x0 - segment.x0))).role


def _overlap(a: Segment, b: Segment) -> bool:
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 0.3 * min(a.x1 - a.x0, b.x1 - b.x0)
