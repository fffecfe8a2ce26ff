"""Passwords that everybody tries first, and those made of one with a little around it."""

import re
from functools import cache
from importlib.resources import files
from typing import Final

_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_FEWEST_LETTERS: Final = 5
"""Different characters in a password that is not one key held down."""


def is_common(password: str) -> bool:
    """Tell whether a password is on the list, repeats what is, or adds only digits and signs."""
    text = password.lower()
    core = _AROUND.sub("", text)
    return (
        len(set(text)) < _FEWEST_LETTERS
        or _unit(text) in _list()
        or text in _list()
        or (len(core) * 2 > len(text) and _unit(core) in _list())
    )


def _unit(text: str) -> str:
    """Give the shortest piece that the text repeats."""
    return text[: (text + text).find(text, 1)]


@cache
def _list() -> frozenset[str]:
    text = files("identity_service.engine").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.partition("\n\n")[2].split())
