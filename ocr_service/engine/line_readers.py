"""Who reads the lines of a page: the models of the manifest, or Tesseract where it is asked for."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from ocr_service.engine.engines import SECOND, TESSERACT, check, tesseract_languages
from ocr_service.engine.models import installed_models
from ocr_service.engine.networks import Recogniser
from ocr_service.engine.runtime import Runtime
from ocr_service.engine.tesseract import TesseractRecogniser
from ocr_service.pipeline.scripts import Recognisers


class LineReaders(Protocol):
    """Readers of lines, held by one process."""

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes of what can be read."""
        ...

    def for_page(self, languages: Sequence[str], crew: ThreadPoolExecutor | None) -> Recognisers:
        """Give what reads a page.

        Args:
            languages: ISO 639-1 codes it may be in; none for any.
            crew: Threads it has; None for this one alone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Models:
    """The models of the manifest as `LineReaders`."""

    first: Recogniser
    second: Recogniser

    @property
    def languages(self) -> frozenset[str]:
        """What the models' makers tell."""
        return frozenset(code for one in installed_models().values() for code in one.languages)

    def for_page(self, languages: Sequence[str], crew: ThreadPoolExecutor | None) -> Recognisers:
        """Give both; Thai only where it may be."""
        thai = not languages or "th" in languages
        first, second = self.first.with_crew(crew), self.second.with_crew(crew)
        return Recognisers(first=first, second=second, thai=thai)


@dataclass(frozen=True, slots=True)
class Tesseract:
    """Tesseract as `LineReaders`."""

    languages: frozenset[str]
    threads: int

    def for_page(self, languages: Sequence[str], crew: ThreadPoolExecutor | None) -> Recognisers:
        """Give Tesseract for all lines."""
        wanted = [code for code in languages if code in self.languages]
        reader = TesseractRecogniser.reading(wanted, self.languages)
        return Recognisers(first=None, second=reader.with_crew(crew, self.threads))


def line_readers(engine: str, first: str, runtime: Runtime, threads: int) -> LineReaders:
    """Load what is asked for.

    Raises:
        HubError: As `check`; or a model's file is missing or another one.
    """
    check(engine, first)
    if engine == TESSERACT:
        return Tesseract(tesseract_languages(), threads)
    return Models(
        Recogniser.load(first, runtime, threads), Recogniser.load(SECOND, runtime, threads)
    )
