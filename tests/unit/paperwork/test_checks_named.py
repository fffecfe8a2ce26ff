"""The table of findings in the docs is that of the code."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NAME = re.compile(r"[\"`]((?:amount|th|eu|date|einvoice)\.[a-z.]+)[\"`]")


def test_every_finding_is_in_the_docs() -> None:
    sources = [*ROOT.glob("paperwork/validation/*.py"), ROOT / "paperwork/einvoice/merge.py"]
    in_code = {name for path in sources for name in NAME.findall(path.read_text("utf-8"))}
    page = (ROOT / "docs" / "validation.md").read_text("utf-8")
    in_docs = {
        name for line in page.splitlines() if line.startswith("|") for name in NAME.findall(line)
    }
    assert in_code - {"einvoice."} == in_docs
