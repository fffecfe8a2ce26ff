"""A run: one reading of a document with its options."""

import re
from dataclasses import dataclass
from datetime import datetime

from hubkit.core.errors import InvalidArgument

MAX_LANGUAGES = 16
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How to read.

    Attributes:
        languages: BCP 47 codes; empty means all that can be read.
        force_ocr: Recognise pixels even where the file has text of its own.
    """

    languages: tuple[str, ...] = ()
    force_ocr: bool = False

    @classmethod
    def checked(cls, languages: tuple[str, ...], force_ocr: bool) -> "ReadingOptions":
        """Check options as they came.

        Raises:
            InvalidArgument: Too many languages, or one that is no BCP 47 code.
        """
        if len(languages) > MAX_LANGUAGES:
            raise InvalidArgument(
                f"name at most {MAX_LANGUAGES} languages", field="options.languages"
            )
        for language in languages:
            if not _LANGUAGE.fullmatch(language):
                raise InvalidArgument(
                    "a language is a BCP 47 code such as th or en", field="options.languages"
                )
        return cls(languages, force_ocr)


@dataclass(frozen=True, slots=True)
class Run:
    """One reading of a document.

    Attributes:
        id: Made by the server.
        document_id: The document.
        options: How it is read.
        create_time: When it was asked for.
    """

    id: str
    document_id: str
    options: ReadingOptions
    create_time: datetime
