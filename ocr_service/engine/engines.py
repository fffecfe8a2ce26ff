"""What may be asked to read lines, and whether it is here; loads nothing that reads."""

import shutil
import subprocess
from functools import cache

from hubkit.core.errors import PreconditionFailed
from ocr_service.engine.models import recogniser

OWN, TESSERACT = "own", "tesseract"
FIRST, SECOND = "western_thai", "latin_cjk"
"""Roles of the recognisers in the manifest: the quick one reads every line, the other one those
that it is unsure of."""
TESSERACT_CODES = {
    "th": "tha", "en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "pt": "por",
    "nl": "nld", "da": "dan", "sv": "swe", "no": "nor", "fi": "fin", "pl": "pol", "cs": "ces",
    "zh": "chi_sim", "ja": "jpn", "ko": "kor", "vi": "vie", "ru": "rus", "hi": "hin", "ar": "ara",
}  # fmt: skip
"""Tesseract's names of languages by ISO 639-1 code."""


def check(engine: str, first: str) -> None:
    """Find out before any process is started whether what is asked for is here.

    Raises:
        PreconditionFailed: It is not installed.
        InvalidArgument: There is no such model.
    """
    if engine == TESSERACT:
        tesseract_languages()
    else:
        recogniser(first)


def tesseract_languages() -> frozenset[str]:
    """List the ISO 639-1 codes of what Tesseract reads here.

    Raises:
        PreconditionFailed: It is not installed, or reads no language we know.
    """
    found = frozenset(code for code, name in TESSERACT_CODES.items() if name in _installed())
    if not found:
        raise PreconditionFailed(
            "tesseract is not installed: the packages tesseract-ocr and tesseract-ocr-tha bring it;"
            " without it, leave the engine at its default"
        )
    return found


@cache
def _installed() -> frozenset[str]:
    program = shutil.which("tesseract")
    if program is None:
        return frozenset()
    told = subprocess.run([program, "--list-langs"], capture_output=True, check=False)  # noqa: S603  no shell
    return frozenset(told.stdout.decode().split())
