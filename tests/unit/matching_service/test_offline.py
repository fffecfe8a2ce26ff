"""`dochub match` as it is called, and what an explanation holds."""

import json
import subprocess
import sys
from pathlib import Path

from matching_service.offline import link_table

ORDER = {
    "doc_id": "o",
    "tenant": "t",
    "doc_type": "purchase_order",
    "number": "PO-1001",
    "issue_date": "2025-03-01",
    "seller": "Alpha Ltd",
    "lines": [{"description": "water pump", "quantity": 4, "unit_price": 10.5, "amount": 42}],
}
BILL = ORDER | {
    "doc_id": "b",
    "doc_type": "invoice",
    "number": "77",
    "po_refs": ["P0-1001"],
    "issue_date": "2025-03-05",
}


def dochub(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hubctl.main import main; main()", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_sets_are_written_with_their_reasons(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(json.dumps(one) for one in (BILL, ORDER)), "utf-8")
    done = dochub("match", "--in", str(source), "--out", str(target), "--explain")
    assert done.returncode == 0, done.stderr
    (found,) = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert found["docs"] == ["b", "o"]
    assert [one["kind"] for one in found["exceptions"]] == ["missing_delivery"]
    (told,) = found["explanation"]
    number = next(one for one in told["reasons"] if one["condition"] == "order_number")
    assert (number["left"], number["right"]) == ("P0-1001", "PO-1001")
    assert 0.9 < number["similarity"] < 1
    assert 0 < number["points"] < number["possible"]
    assert number["english"]
    assert number["thai"]
    assert told["lacking"]
    assert told["version"] == 1


def test_rules_are_exported_checked_and_used(tmp_path: Path) -> None:
    rules, source = tmp_path / "rules.yaml", tmp_path / "in.jsonl"
    assert dochub("rules", "export", str(rules)).returncode == 0
    assert dochub("rules", "check", str(rules)).stdout.startswith("three-way version 1")
    rules.write_text(rules.read_text("utf-8").replace("review: 30", "review: x"), "utf-8")
    refused = dochub("rules", "check", str(rules))
    assert refused.returncode == 1
    assert "line " in refused.stderr
    source.write_text("no record\n", "utf-8")
    refused = dochub("match", "--in", str(source))
    assert refused.returncode == 1
    assert "line 1 is no JSON" in refused.stderr


def test_rows_of_one_person_are_grouped() -> None:
    first = ("anna", "maria", "jonas", "peter", "lena", "oskar", "ida", "emil", "clara", "hugo")
    last = ("berg", "holm", "lund", "dahl", "ek", "strand", "falk", "nord", "ask", "vik")
    lines = ["id,given,family,born,town"]
    people = [(a, b) for a in first for b in last]
    for at, (given, family) in enumerate(people):
        born, town = f"19{50 + at % 47}0{1 + at % 9}{10 + at % 18}", f"town{at % 23}"
        lines.append(f"a{at:03d},{given},{family},{born},{town}")
        if at % 4 == 0:
            lines.append(f"b{at:03d},{given[:-1]},{family},{born},{town}")
    groups = [
        json.loads(one)["docs"] for one in link_table("\n".join(lines), lines[0].split(",")[1:])
    ]
    assert groups == [[f"a{at:03d}", f"b{at:03d}"] for at in range(0, len(people), 4)]
