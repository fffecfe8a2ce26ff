"""Who is who and what is what in a body of documents: vendors and articles by all their names.

Learned once from many records and then frozen, so that the score of a pair depends on nothing
that arrives later. A vendor's names in two languages are joined by the tax identifier that they
were seen with, an article's by the vendor's stock number.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

from matching_service.matcher.normal import (
    company_key,
    digits_of,
    skeleton,
    tax_key,
    text_key,
)
from matching_service.matcher.records import Record
from paperwork.values.text import has_thai

NEAR_NAME = 0.84
"""A name this like a known one is that name misread."""

SEEN_OFTEN = 3
"""A text seen this often may be a name of its own."""

FAR_RARER = 6
"""How many times as often the right spelling is seen as a misread one."""


@dataclass(frozen=True)
class Directory:
    """Names and what they stand for; empty where nothing was learned.

    Attributes:
        tax_ids: A tax identifier, misread ones too, to the vendor's own.
        companies: A company's name to the vendor's tax identifier, or to its most seen name.
        support: How many records speak for a vendor.
        articles: A description to the article that it names.
    """

    tax_ids: Mapping[str, str] = field(default_factory=dict)
    companies: Mapping[str, str] = field(default_factory=dict)
    support: Mapping[str, int] = field(default_factory=dict)
    articles: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _found(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _choices(self) -> dict[bool, list[str]]:
        """Known descriptions by script, in order."""
        names = sorted(self.articles)
        return {thai: [n for n in names if has_thai(n) is thai] for thai in (True, False)}

    def vendor(self, name: str, tax_id: str | None) -> str:
        """Name the vendor: its tax identifier where known, else the name's key."""
        by_name = self.companies.get(company_key(name))
        by_id = self.tax_ids.get(tax_key(tax_id))
        if by_id and by_name and by_id != by_name:
            # A clean number is better than a name; a name seen often is better than a number
            # that was seen once.
            return by_id if self.support.get(by_id, 0) > 1 else by_name
        return by_id or by_name or tax_key(tax_id) or company_key(name)

    def article(self, description: str) -> str | None:
        """Name the article that a description stands for; None where it is unknown."""
        key = text_key(description)
        known = self.articles.get(key)
        if known is not None or len(key) < 4:
            return known
        if key not in self._found:
            self._found[key] = self._nearest(key)
        return self._found[key]

    def _nearest(self, key: str) -> str | None:
        names = self._choices[has_thai(key)]
        starting = {self.articles[name] for name in _longer(key, names)}
        if len(starting) == 1:
            return starting.pop()
        best = process.extract(
            key, names, scorer=OSA.normalized_similarity, limit=8, score_cutoff=0.75
        )
        best.sort(key=lambda one: (-one[1], one[0]))
        if not best:
            return None
        near = {self.articles[name] for name, score, _ in best if score >= best[0][1] - 0.05}
        return near.pop() if len(near) == 1 else None


def learn(records: Iterable[Record]) -> Directory:
    """Learn a directory; the order of the records changes nothing."""
    seen = sorted(records, key=lambda record: record.id)
    tax_ids, companies, support = _vendors(seen)
    partly = Directory(tax_ids, companies, support)
    return Directory(tax_ids, companies, support, _articles(seen, partly))


def _vendors(
    records: list[Record],
) -> tuple[dict[str, str], dict[str, str], dict[str, int]]:
    ids: Counter[str] = Counter()
    names: Counter[str] = Counter()
    together: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        tax, name = tax_key(record.seller_tax_id), company_key(record.seller)
        if tax:
            ids[tax] += 1
        if name:
            names[name] += 1
        if tax and name:
            together[name][tax] += 1
    tax_ids = _corrected_ids(ids)
    companies: dict[str, str] = {}
    for name in sorted(names):
        votes: Counter[str] = Counter()
        for tax, count in together[name].items():
            votes[tax_ids[tax]] += count
        if votes:
            companies[name] = max(sorted(votes), key=votes.__getitem__)
    _join_misread(names, companies)
    support: Counter[str] = Counter()
    for tax, count in ids.items():
        support[tax_ids[tax]] += count
    return tax_ids, companies, dict(support)


def _corrected_ids(ids: Counter[str]) -> dict[str, str]:
    """Map an identifier to one seen far more often that is one misreading away."""
    out = {tax: tax for tax in ids}
    by_piece: dict[tuple[int, str], list[str]] = defaultdict(list)
    for tax in sorted(ids):
        # One edit leaves one half whole (a swap over the middle is rare enough).
        by_piece[0, tax[:5]].append(tax)
        by_piece[1, tax[-5:]].append(tax)
    for tax in sorted(ids):
        near = {*by_piece[0, tax[:5]], *by_piece[1, tax[-5:]]}
        better = [
            other
            for other in sorted(near)
            if ids[other] >= 3 * ids[tax] and OSA.distance(tax, other, score_cutoff=2) <= 2
        ]
        if better:
            out[tax] = max(better, key=ids.__getitem__)
    for tax, other in out.items():
        out[tax] = out.get(other, other)
    return out


def _join_misread(names: Counter[str], companies: dict[str, str]) -> None:
    """Give a rare name the vendor of a frequent one that is nearly equal."""
    often = sorted(name for name in names if names[name] >= SEEN_OFTEN)
    # One slip leaves the beginning or the end whole; all with all would grow with the square.
    by_end: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for name in often:
        by_end[False, name[:3]].append(name)
        by_end[True, name[-3:]].append(name)
    for name in sorted(names):
        if names[name] >= SEEN_OFTEN and name in companies:
            continue
        choices = sorted({*by_end[False, name[:3]], *by_end[True, name[-3:]]})
        near = process.extract(
            name, choices, scorer=OSA.normalized_similarity, limit=3, score_cutoff=NEAR_NAME
        )
        others = sorted((-score, other) for other, score, _ in near if other != name)
        if others:
            best = others[0][1]
            companies[name] = companies.get(best, best)


def _articles(records: list[Record], vendors: Directory) -> dict[str, str]:
    texts: Counter[str] = Counter()
    by_sku: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for record in records:
        vendor = vendors.vendor(record.seller, record.seller_tax_id)
        for line in record.lines:
            key = text_key(line.description)
            if len(key) >= 3:
                texts[key] += 1
                if line.sku:
                    by_sku[vendor, skeleton(line.sku)][key] += 1
    ordered = sorted(texts)
    often = {
        text
        for text, count in texts.items()
        if count >= SEEN_OFTEN and not any(texts[t] >= 3 * count for t in _longer(text, ordered))
    }
    often -= _misread(texts, often, by_sku)
    shared: Counter[tuple[str, str]] = Counter()
    for found in by_sku.values():
        known = sorted(text for text in found if text in often)
        for i, one in enumerate(known):
            for other in known[i + 1 :]:
                shared[one, other] += min(found[one], found[other], 3)
    strongest: Counter[str] = Counter()
    for (one, other), count in shared.items():
        strongest[one] = max(strongest[one], count)
        strongest[other] = max(strongest[other], count)
    parent = {text: text for text in often}

    def root(text: str) -> str:
        while parent[text] != text:
            text = parent[text]
        return text

    for (one, other), count in sorted(shared.items()):
        if count >= 2 and 2 * count >= max(strongest[one], strongest[other]):
            first, second = sorted((root(one), root(other)))
            parent[second] = first
    return {text: root(text) for text in sorted(often)}


def _misread(
    texts: Counter[str], often: set[str], by_sku: Mapping[tuple[str, str], Counter[str]]
) -> set[str]:
    """Find texts that are another one misread: nearly equal and far rarer.

    Where digits differ it may be another size, so a stock number must have been seen with both.
    """
    names = sorted(often)
    found = set()
    for text in names:
        near = process.extract(
            text, names, scorer=OSA.normalized_similarity, limit=4, score_cutoff=0.8
        )
        for other, _, _ in near:
            if texts[other] < FAR_RARER * texts[text]:
                continue
            if digits_of(other) == digits_of(text) or any(
                both[text] and both[other] for both in by_sku.values()
            ):
                found.add(text)
    return found


def _longer(start: str, ordered: list[str]) -> list[str]:
    """List the texts of an ordered list that begin with a text and go on."""
    first = bisect_right(ordered, start)
    return ordered[first : bisect_left(ordered, start + "\U0010ffff", first)]
