"""Who sells and who buys: names beside their labels, else the letterhead and the address window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found, joined, with_others
from ocr_service.extraction.layout import Segment
from ocr_service.extraction.letterhead import address_window, letterhead
from ocr_service.extraction.lexicon import Label
from ocr_service.extraction.names import (
    ROLES,
    Anchor,
    column,
    is_mostly_label,
    is_name_like,
    named,
    read_address,
)
from ocr_service.extraction.spelling import mended
from ocr_service.extraction.tax_ids import read_tax_ids
from paperwork.readings import FieldSource
from paperwork.values.parties import has_legal_form
from paperwork.values.text import squash

_SALUTATION = re.compile(
    r"(?:herrn?|frau|firma|an|messrs\.?|m/s\.?|mr\.?|mrs\.?|monsieur|madame)", re.IGNORECASE
)


def read_parties(document: Document) -> dict[str, Found[str]]:
    """Read names, addresses, tax ids and branches of seller and buyer."""
    out: dict[str, Found[str]] = {}
    anchors = [
        Anchor(role, label.segment)
        for role in ROLES
        for label in document.labels.get(role, ())
        if label.leads
    ]
    blocks: dict[str, list[Segment]] = {}
    for role in ("buyer", "seller"):
        named_there = list(_labelled(document, role))
        best = max(named_there, key=lambda pair: pair[0].strength, default=None)
        if best is not None:
            out[f"{role}_name"] = with_others(best[0], (name for name, _ in named_there))
            blocks[role] = best[1]
    if "seller_name" not in out or out["seller_name"].strength < 0.6:
        head = letterhead(document, blocks.get("buyer", []), anchors)
        if head is not None and head[0].strength > _strength(out.get("seller_name")):
            labelled = [out["seller_name"]] if "seller_name" in out else []
            out["seller_name"], blocks["seller"] = with_others(head[0], labelled), head[1]
    if "buyer_name" not in out:
        window = address_window(document, out.get("seller_name"), blocks.get("seller", []))
        if window is not None:
            out["buyer_name"], blocks["buyer"] = window
    for role, block in blocks.items():
        anchors.append(Anchor(role, block[0]))
        address = read_address(document, block)
        if address is not None:
            out[f"{role}_address"] = address.scaled(out[f"{role}_name"].strength)
    scanned = {s.index for s in document.sheets if s.source is FieldSource.OCR}
    for key, found in out.items():
        if found.sheet in scanned:
            out[key] = replace(found, value=mended(found.value, specks=document.has_specks))
    out.update(read_tax_ids(document, anchors))
    return out


def _strength(found: Found[str] | None) -> float:
    return found.strength if found else 0.0


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
        yield [label.segment, *column(document, label.segment)], rest.start, 1.0
        return
    for other in document.sheets[label.segment.sheet].right_of(label.segment)[:1]:
        named_by = [x for x in document.labels_in(other) if x.key == "party_name" and x.leads]
        if named_by:  # "Advertiser | Name: | ..."
            yield [other], 0, 0.97
    beside = next(document.right_of(label.segment), None)
    under = list(column(document, label.segment))
    near = document.sheets[label.segment.sheet].text_height * 14
    if beside is not None and (not under or beside.segment.x0 - label.segment.x1 < near):
        block = [beside.segment, *column(document, beside.segment)]
        if not under or is_name_like(document, beside.segment.text):
            yield block, beside.start, 0.97
    if under:
        yield under, 0, 0.95


def _name_in(
    document: Document, block: list[Segment], start: int
) -> tuple[Found[str], list[Segment]] | None:
    """The first line of a block that reads like a name, and the block from there on."""
    for index, segment in enumerate(block[:6]):
        labels = document.labels_in(segment)
        offset = start if index == 0 else 0
        if offset == 0 and labels and labels[0].leads:
            if labels[0].key in ROLES:
                return None
            if labels[0].key == "party_name":
                for place in document.places(labels[0]):
                    if is_name_like(document, place.text):
                        return named(place.segment, place.start, 0.97), [
                            place.segment,
                            *column(document, place.segment),
                        ]
            if labels[0].weight >= 1.0 and labels[0].key != "absorb":
                continue
        if _SALUTATION.fullmatch(segment.text[offset:].strip()):
            continue
        named_here = is_name_like(document, segment.text[offset:])
        if named_here and not is_mostly_label(document, segment, offset):
            found = named(segment, offset, 0.96)
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
