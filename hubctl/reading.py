"""Reads files in this process and writes the results as they come."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hubctl.commands.reading import Engine, Form
from hubctl.files import collect
from hubctl.tables import PIPE_WIDTH, fields_table
from ocr_service.config import reader_settings
from ocr_service.offline import ExportFolders, read_files

Result = Mapping[str, Any]  # of the form of ocr_service/result.schema.json


@dataclass(frozen=True, slots=True)
class Order:
    """How to read.

    Attributes:
        languages: Codes to expect; empty for all.
        pages: Numbers to read; None for all.
        workers: Reading processes; None for one a core.
        force_ocr: Whether to read pixels where there is text.
        engine: Who reads lines; None for what the environment says.
        exports: Folders for searchable PDFs, hOCR and ALTO.
    """

    languages: tuple[str, ...] = ()
    pages: frozenset[int] | None = None
    workers: int | None = None
    force_ocr: bool = False
    engine: Engine | None = None
    exports: ExportFolders = field(default_factory=ExportFolders)


def read(paths: Iterable[Path], order: Order, form: Form | None) -> int:
    """Read files, write results to standard output; gives the exit status.

    Raises:
        NotFound: There is nothing to read.
    """
    files = collect(paths)
    chosen = form or (Form.SUMMARY if sys.stdout.isatty() else Form.JSONL)
    reader = reader_settings()
    if order.engine is not None:
        reader = reader.model_copy(update={"engine": order.engine.value})
    results = read_files(
        files,
        languages=order.languages,
        pages=order.pages,
        workers=order.workers,
        force_ocr=order.force_ocr,
        exports=order.exports,
        reader=reader,
    )
    failed = 0

    def counted() -> Iterator[Result]:
        nonlocal failed
        for result in with_progress(results, len(files)):
            failed += result["error"] is not None
            yield result

    try:
        write(counted(), chosen, sys.stdout)
    except BrokenPipeError:
        # The reader of our output has seen enough; so says the exit status of any filter.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 1 if failed else 0


def with_progress(results: Iterable[Result], total: int) -> Iterator[Result]:
    """Show on a terminal's standard error how far it has come."""
    console = Console(stderr=True)
    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[file]}"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=total, file="")
        for result in results:
            bar.update(task, advance=1, file=escape(str(result["file"])))
            yield result


def write(results: Iterable[Result], form: Form, out: TextIO) -> None:
    """Write each result as soon as it is there."""
    if form is Form.JSON:
        json.dump(list(results), out, ensure_ascii=False, indent=2)
        out.write("\n")
        return
    width = None if out.isatty() else PIPE_WIDTH
    console = Console(file=out, highlight=False, width=width)
    for result in results:
        if form is Form.JSONL:
            out.write(json.dumps(result, ensure_ascii=False) + "\n")
        elif form is Form.TEXT:
            out.write(text_of(result))
        else:
            summarise(result, console)
        out.flush()


def text_of(result: Result) -> str:
    """Give a file's lines; pages end with a form feed, as other tools end them."""
    if result["error"] is not None:
        return ""
    return "".join(
        "".join(line["text"] + "\n" for line in page["lines"]) + "\f" for page in result["pages"]
    )


def summarise(result: Result, console: Console) -> None:
    """Show a person what was read."""
    error = result["error"]
    if error is not None:
        console.print(
            f"[bold]{escape(result['file'])}[/]  [red]{error['reason']}[/] "
            f"{escape(error['message'])}"
        )
        return
    pages = len(result["pages"])
    console.print(
        f"[bold]{escape(result['file'])}[/]  [green]{result['document_type']}[/]  "
        f"{pages} page{'s' if pages != 1 else ''}"
        + "".join(f"  [yellow]{warning}[/]" for warning in result["warnings"])
    )
    table = fields_table(
        (key, field["value"], float(field["confidence"])) for key, field in result["fields"].items()
    )
    console.print(table)
    if result["line_items"]:
        console.print(f"  {len(result['line_items'])} line items")
    console.print()
