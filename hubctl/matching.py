"""What `dochub match` and `dochub rules` do with files."""

import sys
from pathlib import Path

from hubkit.core.errors import InvalidArgument
from matching_service.offline import (
    builtin_rules,
    builtin_text,
    link_table,
    match_lines,
    parse_rules,
)


def match_file(source: Path, target: Path | None, rule_file: Path | None, *, explain: bool) -> None:
    """Match the records of a file and write the sets."""
    found = parse_rules(_text(rule_file)) if rule_file else builtin_rules()
    rule = next((one for one in found if one.enabled), None)
    if rule is None:
        raise InvalidArgument("no rule of the file is enabled", field="rules")
    sets = match_lines(_text(source).splitlines(), rule, explain=explain)
    _write(target, "".join(f"{line}\n" for line in sets))


def group_rows(source: Path, target: Path | None, columns: list[str]) -> None:
    """Group the rows of a CSV file that are about one thing."""
    groups = link_table(_text(source), columns)
    _write(target, "".join(f"{line}\n" for line in groups))


def export_rules(target: Path | None) -> None:
    """Write the built-in rules."""
    _write(target, builtin_text())


def check_rules(file: Path) -> None:
    """Read a rule file and tell what it holds."""
    for rule in parse_rules(_text(file)):
        conditions = sum(len(link.conditions) for link in rule.links)
        sys.stdout.write(
            f"{rule.id} version {rule.version}: {len(rule.links)} links, {conditions} conditions, "
            f"{len(rule.checks)} checks{'' if rule.enabled else ', not enabled'}\n"
        )


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidArgument(f"{file} can't be read as text: {exc}") from exc


def _write(target: Path | None, text: str) -> None:
    if target is None:
        sys.stdout.write(text)
        return
    try:
        target.write_text(text, "utf-8")
    except OSError as exc:
        raise InvalidArgument(f"{target} can't be written: {exc}") from exc
