"""`dochub ocr` and `dochub models`: reading here and now, without a server."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

models = typer.Typer(help="The models that read.", no_args_is_help=True)


class Form(StrEnum):
    """How results are written."""

    SUMMARY = "summary"
    JSONL = "jsonl"
    JSON = "json"
    TEXT = "text"


class Engine(StrEnum):
    """Who reads lines."""

    OWN = "own"
    TESSERACT = "tesseract"


def register(app: typer.Typer) -> None:
    """Add the commands of this subject."""
    app.command()(ocr)
    app.add_typer(models, name="models")


def ocr(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", show_default=False)],
    *,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON array, indented.")] = False,
    text: Annotated[bool, typer.Option("--text", help="The lines alone.")] = False,
    languages: Annotated[
        str, typer.Option(help="Languages to expect, such as th,en; empty for all.")
    ] = "",
    pages: Annotated[str, typer.Option(help="Pages to read, such as 1-3,7 or 5-.")] = "",
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Reading processes; 0 for one a core.")
    ] = 0,
    force_ocr: Annotated[
        bool, typer.Option("--force-ocr", help="Read pixels even where a PDF has text.")
    ] = False,
    engine: Annotated[
        Engine | None, typer.Option(help="Who reads lines; tesseract must be installed.")
    ] = None,
    searchable_pdf: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write there PDFs with the text laid invisibly over."),
    ] = None,
    hocr: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write there what was read as hOCR.")
    ] = None,
    alto: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write there what was read as ALTO XML.")
    ] = None,
) -> None:
    """Read files and folders and print type, fields and text. Needs no server.

    On a terminal it prints a summary, into a pipe JSON lines; the form is described in
    ocr_service/result.schema.json. A file that can't be read gives a result with its error; the
    others go on, and the exit status is 1.

    For example:

      dochub ocr invoice.pdf

      dochub ocr --jsonl ~/paper > results.jsonl

      dochub ocr --text --pages 1 contract.pdf

      dochub ocr --searchable-pdf archive/ scans/
    """
    chosen = [form for form, wanted in zip(FLAGS, (jsonl, json, text), strict=True) if wanted]
    if len(chosen) > 1:
        raise typer.BadParameter("choose one of --jsonl, --json and --text")
    from hubctl.reading import Order, read  # noqa: PLC0415 - `--help` stays quick
    from ocr_service.offline import ExportFolders  # noqa: PLC0415 - the same

    order = Order(
        languages=tuple(one.strip() for one in languages.split(",") if one.strip()),
        pages=page_numbers(pages),
        workers=workers or None,
        force_ocr=force_ocr,
        engine=engine,
        exports=ExportFolders(searchable_pdf, hocr, alto),
    )
    raise typer.Exit(read(paths, order, chosen[0] if chosen else None))


FLAGS = (Form.JSONL, Form.JSON, Form.TEXT)
LAST_PAGE = 100_000  # more than any file may have


def page_numbers(text: str) -> frozenset[int] | None:
    """Read a list such as `1-3,7` or `5-`; None for all."""
    numbers: set[int] = set()
    for part in text.split(",") if text else ():
        first, dash, last = (one.strip() for one in part.partition("-"))
        last = last or (str(LAST_PAGE) if dash else first)
        if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last)):
            raise typer.BadParameter(
                f"--pages takes numbers and ranges such as 1-3,7, not {part!r}"
            )
        numbers.update(range(int(first), min(int(last), LAST_PAGE) + 1))
    return frozenset(numbers) if text else None


@models.command("list")
def list_models(
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the models with their languages, licence and checksum."""
    from hubctl.models import show_models  # noqa: PLC0415 - `--help` stays quick

    show_models(as_json=json)


@models.command("pull")
def pull_models(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ROLE]...", show_default=False, help="Which; none for all."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            envvar="DOCHUB_MODELS_SOURCE",
            help="Address (http, https) or path, of the file or of the folder that holds it.",
        ),
    ] = None,
) -> None:
    """Get models that come with no package, from where you say, and install what proves right.

    A download that was cut goes on where it ended. Models lie in DOCHUB_MODELS, or in dochub/models
    under XDG_DATA_HOME.

    For example:

      dochub models pull --from https://mirror.example/models

      dochub models pull thai_ppocrv5 --from /media/stick/th_PP-OCRv5_rec_mobile.onnx
    """
    from hubctl.models import pull_models as pull  # noqa: PLC0415 - `--help` stays quick

    raise typer.Exit(pull(names or (), source))


@models.command("verify")
def verify_models() -> None:
    """Check that every model file is the one named in the manifest; exit status 1 if not."""
    from hubctl.models import check_models  # noqa: PLC0415 - `--help` stays quick

    raise typer.Exit(check_models())
