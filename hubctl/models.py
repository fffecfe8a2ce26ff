"""Shows the models that read, and proves that they are the right ones."""

import json
import sys
from dataclasses import asdict

from rich.table import Table

from hubctl.tables import console
from hubkit.core.errors import HubError
from ocr_service.offline import installed_models, verify


def show_models(*, as_json: bool) -> None:
    """List the models of the manifest."""
    models = list(installed_models().values())
    if as_json:
        rows = [{**asdict(one), "path": str(one.path)} for one in models]
        sys.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
        return
    table = Table("name", "role", "languages", "size", "licence", "sha256", box=None)
    for one in models:
        size = f"{one.size_bytes / 2**20:.1f} MiB"
        table.add_row(
            one.name, one.role, ",".join(one.languages) or "-", size, one.licence, one.sha256[:16]
        )
    console().print(table)


def check_models() -> int:
    """Compare every model file with the manifest; gives the exit status."""
    wrong = 0
    for one in installed_models().values():
        try:
            verify(one)
            verdict = "ok"
        except HubError as error:
            verdict = str(error)
            wrong += 1
        sys.stdout.write(f"{one.name}: {verdict}\n")
    return 1 if wrong else 0
