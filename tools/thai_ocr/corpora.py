"""Where the words come from: our own vocabulary, PyThaiNLP's corpora, Debian's English list."""

import csv
import functools
import random
import tomllib
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import pythainlp
from alphabet import canonical, is_known

FLATTENING = 0.75
"""Frequencies are raised to this power: the commonest words must not crowd out all others."""
_CORPUS = Path(pythainlp.__file__).parent / "corpus"
_ENGLISH_WORDS = Path("/usr/share/dict/american-english")


@dataclass(frozen=True, slots=True)
class Words:
    """The corpora.

    Attributes:
        vocabulary: The lists of vocabulary.toml by name.
        common: Thai words of running text.
        weights: Cumulative frequencies of `common`.
        thai: Every Thai word of the dictionary, rare ones too.
        syllables: Thai syllables.
        names: Given names.
        families: Family names.
        provinces: Provinces.
        english: English words.
    """

    vocabulary: dict[str, list[str]]
    common: list[str]
    weights: list[float]
    thai: list[str]
    syllables: list[str]
    names: list[str]
    families: list[str]
    provinces: list[str]
    english: list[str]


@functools.cache
def words() -> Words:
    """Load the corpora once."""
    vocabulary = tomllib.loads(
        Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8")
    )
    counted = [line.split("\t") for line in _lines("tnc_freq.txt")]
    common = [(word, float(count) ** FLATTENING) for word, count in counted if is_known(word)]
    with (_CORPUS / "thailand_provinces_th.csv").open(encoding="utf-8") as file:
        provinces = [row[0] for row in csv.reader(file)]
    english = [w for w in _ENGLISH_WORDS.read_text(encoding="utf-8").split() if w.isascii()]
    return Words(
        vocabulary,
        [word for word, _ in common],
        list(accumulate(weight for _, weight in common)),
        _lines("words_th.txt"),
        _lines("syllables_th.txt"),
        _lines("person_names_male_th.txt") + _lines("person_names_female_th.txt"),
        _lines("family_names_th.txt"),
        [p for p in provinces if is_known(p)],
        english,
    )


def pick(rng: random.Random, name: str) -> str:
    """Choose from a list of vocabulary.toml."""
    return rng.choice(words().vocabulary[name])


def running(rng: random.Random, count: int) -> str:
    """Chain common Thai words, as Thai is written: without spaces."""
    known = words()
    return "".join(rng.choices(known.common, cum_weights=known.weights, k=count))


def _lines(name: str) -> list[str]:
    rows = (_CORPUS / name).read_text(encoding="utf-8").split("\n")
    kept = [canonical(row) if "\t" not in row else row.strip() for row in rows]
    return [
        row for row in kept if row and not row.startswith("#") and ("\t" in row or is_known(row))
    ]
