"""`dochub match` and `dochub rules`: which documents belong together, without a server."""

from pathlib import Path
from typing import Annotated

import typer

rules = typer.Typer(help="Matching rules as YAML.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this subject."""
    app.command()(match)
    app.add_typer(rules, name="rules")


def match(
    *,
    source: Annotated[
        Path, typer.Option("--in", metavar="FILE", help="Records, one JSON object a line.")
    ],
    target: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the sets go; without it, printed."),
    ] = None,
    rule_file: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="Rules as YAML; without it, the built-in."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell for each document why it is in its set.")
    ] = False,
    columns: Annotated[
        str,
        typer.Option(help="Group the rows of a CSV file instead, by these columns: name,street."),
    ] = "",
) -> None:
    """Find the sets of documents that belong together, and what is wrong in them.

    Reads orders, deliveries, bills and credit notes as records, one JSON object a line, and
    writes one set a line: its documents, who has to decide, and its discrepancies. The form of
    both is described in docs/matching.md.

      dochub match --in documents.jsonl --out sets.jsonl --explain
    """
    from hubctl.matching import group_rows, match_file  # noqa: PLC0415 - `--help` stays quick

    if columns:
        if rule_file or explain:
            raise typer.BadParameter("--columns goes with neither --rules nor --explain")
        group_rows(source, target, [one.strip() for one in columns.split(",") if one.strip()])
        return
    match_file(source, target, rule_file, explain=explain)


@rules.command("export")
def export(
    target: Annotated[
        Path | None, typer.Argument(help="File to write; without it, printed.")
    ] = None,
) -> None:
    """Write the built-in rules, as a start for one's own."""
    from hubctl.matching import export_rules  # noqa: PLC0415 - the same

    export_rules(target)


@rules.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="Rules as YAML.")],
) -> None:
    """Read a rule file and tell what is wrong in it, and on which line."""
    from hubctl.matching import check_rules  # noqa: PLC0415 - the same

    check_rules(file)
