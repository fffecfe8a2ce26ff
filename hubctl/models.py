"""Shows the models that read, gets those that come with no package, and proves all of them."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from hubctl.tables import console
from hubkit.core.errors import HubError, NotFound, PreconditionFailed
from ocr_service.offline import Model, known_models, pull, verify


def show_models(*, as_json: bool) -> None:
    """List the models of the manifest."""
    models = list(known_models().values())
    if as_json:
        rows = [
            {**asdict(one), "path": str(one.path), "is_installed": one.is_there} for one in models
        ]
        sys.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
        return
    table = Table("name", "role", "installed", "languages", "size", "licence", "sha256", box=None)
    for one in models:
        table.add_row(
            one.name,
            one.role,
            "yes" if one.is_there else "no",
            ",".join(one.languages) or "-",
            f"{one.size_bytes / 2**20:.1f} MiB",
            one.licence,
            one.sha256[:16],
        )
    console().print(table)


def pull_models(names: Sequence[str], source: str | None) -> int:
    """Get models from where a person says; gives the exit status.

    Args:
        names: Their roles; none for all that can be pulled.
        source: An http(s) address or a path, of a file or of the folder that holds it.

    Raises:
        NotFound: No model to pull has such a name.
        PreconditionFailed: No source is named.
    """
    there = {role: one for role, one in known_models().items() if one.is_pulled}
    for name in names:
        if name not in there:
            raise NotFound(f"no model to pull is called {name}: there are {', '.join(there)}")
    if not source:
        raise PreconditionFailed(
            "say where the models come from: --from an address, a folder or a file,"
            " or set DOCHUB_MODELS_SOURCE"
        )
    failed = 0
    for name in names or there:
        try:
            fetched = _pull(there[name], source)
            verdict = f"installed in {there[name].path}" if fetched else "was here already"
        except HubError as error:
            verdict = str(error)
            failed += 1
        sys.stdout.write(f"{there[name].name}: {verdict}\n")
    return 1 if failed else 0


def check_models() -> int:
    """Compare every model file with the manifest; gives the exit status."""
    wrong = 0
    for one in known_models().values():
        try:
            if one.is_pulled and not one.is_there:
                verdict = "not installed, and not needed"
            else:
                verify(one)
                verdict = "ok"
        except HubError as error:
            verdict = str(error)
            wrong += 1
        sys.stdout.write(f"{one.name}: {verdict}\n")
    return 1 if wrong else 0


def _pull(model: Model, source: str) -> bool:
    """Pull one model, with a bar on a terminal's standard error."""
    terminal = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(
        *columns, console=terminal, transient=True, disable=not terminal.is_terminal
    ) as bar:
        task = bar.add_task(model.name, total=model.size_bytes)
        return pull(model, source, lambda have: bar.update(task, completed=have))
