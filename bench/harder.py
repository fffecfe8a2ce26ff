"""Makes a matching set harder: references dropped, characters misread, lines lost, firms renamed.

Usage: python -m bench.harder DATA OUT [--seed N] [--refs P] [--typos P] [--lines P] [--names]

DATA and OUT are folders with `documents.jsonl` and `truth/`. The truth about groups stays; that
about exceptions does not hold after lines were lost, so it is not carried over.
"""

import argparse
import json
import random
import shutil
from pathlib import Path

LIKE = {"0": "O", "1": "I", "5": "S", "8": "B", "2": "Z", "6": "G"}
Json = dict[str, object]


def misread(text: str, dice: random.Random) -> str:
    """One character replaced, dropped or swapped with the next."""
    if len(text) < 4:
        return text
    at = dice.randrange(1, len(text) - 1)
    kind = dice.random()
    if kind < 0.4:
        other = LIKE.get(text[at]) or (
            dice.choice("0123456789") if text[at].isdigit() else dice.choice("aeiou")
        )
        return text[:at] + other + text[at + 1 :]
    if kind < 0.7:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def renamed(text: str, seed: int) -> str:
    """Latin and Thai consonants of a name turned round, the same way for all documents."""
    dice = random.Random(seed)  # noqa: S311 - made-up data
    latin, thai = list("bcdfgklmnprst"), list("กขคจชดตทนบปพมรลวส")
    one, other = latin[:], thai[:]
    dice.shuffle(one)
    dice.shuffle(other)
    table: dict[str, str | int | None] = dict(zip(latin + thai, one + other, strict=True))
    table |= {a.upper(): b.upper() for a, b in zip(latin, one, strict=True)}
    kept = ("Co., Ltd.", "Company Limited", "GmbH", "AG", "Ltd., Part.", "บริษัท", "จำกัด", "บจก.")
    pieces = {word: f"\x00{at}\x00" for at, word in enumerate(kept)}
    for word, mark in pieces.items():
        text = text.replace(word, mark)
    text = text.translate(str.maketrans(table))
    for word, mark in pieces.items():
        text = text.replace(mark, word)
    return text


def harder(data: Json, args: argparse.Namespace, dice: random.Random) -> Json:
    """One document with more damage."""
    for name in ("po_refs", "dn_refs", "invoice_refs"):
        refs = data.get(name)
        if isinstance(refs, list):
            kept = [] if dice.random() < args.refs else refs
            data[name] = [misread(r, dice) if dice.random() < args.typos else r for r in kept]
    for name in ("number", "seller", "seller_tax_id"):
        value = data.get(name)
        if isinstance(value, str) and name == "seller" and args.names:
            value = data[name] = renamed(value, args.seed)
        if isinstance(value, str) and dice.random() < args.typos:
            data[name] = misread(value, dice)
    if dice.random() < args.refs / 2:
        data["seller_tax_id"] = None
    lines = data.get("lines")
    if isinstance(lines, list):
        kept_lines = [one for one in lines if dice.random() >= args.lines] or lines[:1]
        for one in kept_lines:
            if args.names:
                one["description"] = renamed(str(one["description"]), args.seed + 1)
            if dice.random() < args.typos:
                one["description"] = misread(str(one["description"]), dice)
        data["lines"] = kept_lines
    return data


def main() -> None:
    """Write the harder set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--refs", type=float, default=0.1, help="share of references dropped")
    parser.add_argument("--typos", type=float, default=0.1, help="share of texts misread")
    parser.add_argument("--lines", type=float, default=0.03, help="share of lines lost")
    parser.add_argument("--names", action="store_true", help="give firms and goods other names")
    args = parser.parse_args()
    dice = random.Random(args.seed)  # noqa: S311 - made-up data
    (args.out / "truth").mkdir(parents=True, exist_ok=True)
    for name in ("groups.jsonl", "tags.jsonl"):
        shutil.copyfile(args.data / "truth" / name, args.out / "truth" / name)
    with (
        (args.data / "documents.jsonl").open(encoding="utf-8") as source,
        (args.out / "documents.jsonl").open("w", encoding="utf-8") as target,
    ):
        for line in source:
            target.write(
                json.dumps(harder(json.loads(line), args, dice), ensure_ascii=False) + "\n"
            )


if __name__ == "__main__":
    main()
