"""Write `ocr_service/pipeline/letter_pairs.py`: how likely letters follow each other in real text.

    python tools/letter_pairs.py FOLDER > letter_pairs.py

FOLDER holds translation catalogues, `.../LANGUAGE/LC_MESSAGES/*.po`, such as those in the wheel of
Django (BSD-3-Clause), which the table in the repository was counted on. Each language weighs the
same, so that none becomes unlikely for having a short catalogue.
"""

import ast
import math
import re
import sys
from collections import Counter
from pathlib import Path

from ocr_service.pipeline.plausibility import LATIN, THAI, folded, pairs_of

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "id")
SMOOTHING = 2e-5
"""Share that a pair never seen gets."""
WIDTH = 88
MARKUP = re.compile(r"%\(\w+\)s|%\w|<[^>]+>|&\w+;|\{[^}]*\}|\S+[@/_]\S+")


def text_of(folder: Path, language: str) -> str:
    """Join the translated sentences of one language, for English the original ones."""
    wanted = "msgid" if language == "en" else "msgstr"
    found = []
    for path in sorted(folder.rglob(f"locale/{language}/LC_MESSAGES/*.po")):
        _, *entries = path.read_text(encoding="utf-8").split("\n\n")  # the first is a header
        for entry in entries:
            keyword = ""
            for line in entry.splitlines():
                if line.startswith("#"):
                    continue
                head, quote, body = line.partition('"')
                keyword = head.strip() or keyword
                if quote and keyword.partition("[")[0] == wanted:
                    found.append(ast.literal_eval(quote + body))
    return MARKUP.sub(" ", " ".join(found))


def table(texts: list[str], letters: str) -> str:
    """Count pairs and write -log2 of P(second | first) in half bits, base 36, row by row."""
    shares: Counter[str] = Counter()
    for text in texts:
        counts = Counter(pairs_of(folded(text), letters))
        for pair, count in counts.items():
            shares[pair] += count / counts.total() / len(texts)  # type: ignore[assignment]  # shares
    rows = []
    for first in letters:
        total = sum(shares[first + second] + SMOOTHING for second in letters)
        for second in letters:
            bits = -math.log2((shares[first + second] + SMOOTHING) / total)
            rows.append("0123456789abcdefghijklmnopqrstuvwxyz"[min(35, round(bits * 2))])
    return "".join(rows)


def main() -> None:
    """Count and print."""
    folder = Path(sys.argv[1])
    print('"""How unlikely a letter is after another, in half bits; see `plausibility.bits`.')
    print()
    print("Written by tools/letter_pairs.py; counted on translations that come under BSD-3-Clause.")
    print('"""')
    for name, letters, languages in (
        ("LATIN_BITS", LATIN, LANGUAGES),
        ("THAI_BITS", THAI, ("th",)),
    ):
        digits = table([text_of(folder, language) for language in languages], letters)
        print(f"\n{name} = (")
        for start in range(0, len(digits), WIDTH):
            print(f'    "{digits[start : start + WIDTH]}"')
        print(")")


if __name__ == "__main__":
    main()
