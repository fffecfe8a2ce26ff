"""A file's name as a person may be shown it; it never becomes part of a path or a key."""

import unicodedata

from hubkit.core.errors import InvalidArgument

MAX_CHARACTERS = 255
UNNAMED = "unnamed"
"""Stands for a name of which nothing showable is left."""

_JOINERS = frozenset("\u200c\u200d")
"""Format characters that belong to words and emoji; the others hide or turn text."""


def display_name(raw: str) -> str:
    """Make a client's file name safe to show.

    A name without folders, control characters and invisible marks comes back unchanged. Folders
    are cut off, whichever way the slashes lean; control, invisible and direction-turning
    characters go.

    Raises:
        InvalidArgument: The name is empty or longer than 255 characters.
    """
    if not raw:
        raise InvalidArgument("give the file's name", field="filename")
    if len(raw) > MAX_CHARACTERS:
        raise InvalidArgument(
            f"the file name has {len(raw)} characters; {MAX_CHARACTERS} are the limit",
            field="filename",
            limit=str(MAX_CHARACTERS),
        )
    shown = "".join(c for c in raw if _is_shown(c))
    name = shown.replace("\\", "/").rstrip("/ ").rsplit("/", 1)[-1].strip()
    return name if name.strip(". ") else UNNAMED


def _is_shown(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in {
        "Cc",  # control: NUL, line breaks, escape
        "Cf",  # format: direction overrides, zero-width spaces
        "Cs",  # lone surrogates
        "Zl",  # line and paragraph separators break log lines and headers
        "Zp",
    }
