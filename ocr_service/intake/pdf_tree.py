"""The page tree of a PDF walked by ourselves, for files whose /Count, /Kids or links lie.

MuPDF believes /Count: with one too small it leaves pages out without a word, with none it finds
no page at all. Walking the tree costs one look at each page.
"""

import re
from typing import Any

REFERENCE = re.compile(r"(\d+)\s+\d+\s+R")
INHERITED = ("Resources", "MediaBox", "CropBox", "Rotate")
MOST_OBJECTS = 50_000
"""Looked at one by one when no tree is left; a table may claim millions."""
MOST_LEVELS = 2000
"""Trees of real files have a handful; deeper ones are made to exhaust their reader."""


def pages_in_tree(document: Any, most: int) -> tuple[list[int], int]:
    """Walk the page tree of an open `pymupdf.Document`.

    Args:
        document: The library is untyped.
        most: Stop when more pages than this have been found.

    Returns:
        The pages' object numbers in order, and how many entries lead to nothing.
    """
    root = _reference(document, document.pdf_catalog(), "Pages")
    found: list[int] = []
    lost = 0
    seen: set[int] = set()
    waiting = [root]
    while waiting and len(found) <= most:
        number = waiting.pop()
        if number in seen:
            lost += 1  # a loop, or a page shown twice, which no writer makes
            continue
        seen.add(number)
        try:
            kind = document.xref_get_key(number, "Kids")[0]
            whole = document.xref_get_key(number, "Type")[1]
        except (RuntimeError, ValueError):
            lost += 1
            continue
        if kind in ("array", "xref"):
            waiting.extend(reversed(_kids(document, number)))
        elif whole in ("/Page", "null") and number != root and _is_page(document, number):
            found.append(number)
        elif number != root:
            lost += 1
    return found, lost


def stray_pages(document: Any, most: int) -> list[int]:
    """Find pages that no tree leads to, by looking at every object."""
    found = []
    for number in range(1, min(document.xref_length(), MOST_OBJECTS)):
        try:
            if document.xref_get_key(number, "Type")[1] == "/Page":
                found.append(number)
        except (RuntimeError, ValueError):
            continue
        if len(found) > most:
            break
    return found


def with_flat_tree(document: Any, pages: list[int]) -> bytes:
    """Write the file anew with these pages under one root, each with what it inherited."""
    root = _reference(document, document.pdf_catalog(), "Pages")
    if not root:
        root = document.get_new_xref()
        document.update_object(root, "<</Type/Pages>>")
        document.xref_set_key(document.pdf_catalog(), "Pages", f"{root} 0 R")
    for number in pages:
        for key in INHERITED:
            if document.xref_get_key(number, key)[0] == "null":
                kind, value = _inherited(document, number, key)
                if kind != "null":
                    document.xref_set_key(number, key, value)
        document.xref_set_key(number, "Type", "/Page")
    for number in pages:
        document.xref_set_key(number, "Parent", f"{root} 0 R")
    document.xref_set_key(root, "Parent", "null")
    document.xref_set_key(root, "Kids", "[" + " ".join(f"{page} 0 R" for page in pages) + "]")
    document.xref_set_key(root, "Count", str(len(pages)))
    data: bytes = document.tobytes()
    return data


def _kids(document: Any, number: int) -> list[int]:
    kind, value = document.xref_get_key(number, "Kids")
    if kind == "xref":
        value = document.xref_object(int(value.split()[0]), compressed=True)
    return [int(kid) for kid in REFERENCE.findall(value)]


def _is_page(document: Any, number: int) -> bool:
    keys = document.xref_get_keys(number)
    return any(key in keys for key in ("Contents", "MediaBox", "Parent", "Resources"))


def _inherited(document: Any, number: int, key: str) -> tuple[str, str]:
    seen = {number}
    while (number := _reference(document, number, "Parent")) and number not in seen:
        if len(seen) > MOST_LEVELS:
            break
        seen.add(number)
        kind, value = document.xref_get_key(number, key)
        if kind != "null":
            return str(kind), str(value)
    return "null", "null"


def _reference(document: Any, number: int, key: str) -> int:
    """Follow a link to another object; 0 where there is none."""
    try:
        kind, value = document.xref_get_key(number, key)
    except (RuntimeError, ValueError):
        return 0
    return int(value.split()[0]) if kind == "xref" else 0
