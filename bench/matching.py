"""Quality and cost of matching: sets, exceptions, damage on purpose, growth, and one new document.

Usage: python -m bench.matching DATA SCORER [--copies N] [--out FILE]

DATA holds `documents.jsonl` and `truth/`, SCORER is the program that scores sets against it.
Growth is measured on copies of DATA with other numbers, months and vendors, in one process after
the other, so that only the ratio counts. One new document is put into the largest.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from matching_service.matcher.directory import learn
from matching_service.matcher.engine import Matcher
from matching_service.matcher.records import Record
from matching_service.offline import match_lines
from matching_service.reading import read_records
from matching_service.rule_files import builtin_rules

VENDORS_EVERY = 1  # copies that share their vendors
DAMAGE = {
    "harder": ["--refs", "0.1", "--typos", "0.1", "--lines", "0.03", "--names"],
    "hardest": ["--refs", "0.25", "--typos", "0.2", "--lines", "0.08", "--names", "--seed", "2"],
}


def quality(data: Path, scorer: Path) -> dict[str, object]:
    """Match a set with the rules as they come, and score it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sets.jsonl"
        with (data / "documents.jsonl").open(encoding="utf-8") as lines:
            out.write_text("\n".join(match_lines(lines, builtin_rules()[0])), "utf-8")
        done = subprocess.run(
            [sys.executable, str(scorer), str(data), str(out), "--json", "--by-tag"],
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def copy_of(record: Record, number: int) -> Record:
    """One document of another set like this one."""
    vendor, month = divmod(number, VENDORS_EVERY)

    def named(text: str) -> str:
        return f"{text}{(number * 7919 + 31415) % 100_000:05d}" if text else text

    shift = timedelta(days=31 * month + 11 * vendor)
    tax = record.seller_tax_id
    return replace(
        record,
        id=f"{number:02d}-{record.id}",
        number=named(record.number),
        order_refs=tuple(map(named, record.order_refs)),
        delivery_refs=tuple(map(named, record.delivery_refs)),
        bill_refs=tuple(map(named, record.bill_refs)),
        issued=record.issued + shift if record.issued else None,
        received=record.received + shift if record.received else None,
        seller=f"{chr(ord('α') + vendor) * 6} {record.seller}" if vendor else record.seller,
        seller_tax_id=f"{(int(tax[-2:]) + 37 * vendor) % 97:02d}{vendor}{tax[3:]}"
        if tax and vendor and tax[-2:].isdigit()
        else tax,
    )


def run(records: list[Record]) -> tuple[Matcher, float]:
    """Match all of them; gives the processor's seconds."""
    began = time.process_time()
    matcher = Matcher(builtin_rules()[0], learn(records))
    for record in records:
        matcher.put(record)
    matcher.sets()
    return matcher, time.process_time() - began


def one_more(matcher: Matcher, records: Iterable[Record]) -> dict[str, float]:
    """Put documents in one by one, each taken out before."""
    times = []
    for record in records:
        matcher.remove(record.id)
        matcher.sets_of_touched()
        began = time.perf_counter()
        matcher.put(record)
        matcher.set_of(record.id)
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return {
        "p50_ms": round(times[len(times) // 2], 2),
        "p95_ms": round(times[int(0.95 * len(times))], 2),
        "worst_ms": round(times[-1], 2),
    }


def growth(records: list[Record], copies: int) -> dict[str, object]:
    """Compare the cost of many copies with that of one."""
    _, small = run(records)
    many = [copy_of(record, number) for number in range(copies) for record in records]
    matcher, large = run(many)
    return {
        "documents": [len(records), len(many)],
        "seconds": [round(small, 2), round(large, 2)],
        "times_as_long": round(large / small, 2),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "truncated_blocks": len(matcher.truncated()),
        "one_more": one_more(matcher, many[:: max(1, len(many) // 200)]),
    }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--copies", type=int, default=25)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    report: dict[str, object] = {"as_given": quality(args.data, args.scorer)}
    for name, options in DAMAGE.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [sys.executable, "-m", "bench.harder", str(args.data), folder, *options], check=True
            )
            report[name] = quality(Path(folder), args.scorer)
    with (args.data / "documents.jsonl").open(encoding="utf-8") as lines:
        records = list(read_records(lines))
    report["growth"] = growth(records, args.copies)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if args.out:
        args.out.write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
