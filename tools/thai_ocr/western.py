"""What stands on a line of a receipt, an invoice or a letter in a Western language.

Every function takes the generator's random source first and gives plain text; nothing here knows
of pixels. The share of each kind of line is in `KINDS`. Characters that the alphabet lacks become
its sign for foreign ones, so that the model learns to say what it cannot read.
"""

import functools
import inspect
import pydoc_data.topics
import random
import re
import string
from collections.abc import Callable

from alphabet import ACCENTED, FOREIGN, canonical, is_known
from corpora import words
from western_figures import (
    bill,
    clock,
    code,
    count,
    date,
    digits,
    money,
    phone,
    pick,
    registration,
)

_SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”‘’–—…•×±°½¼²³©®™€£¥÷µ≤≥→✓□■●○«»„§¢¿¡ªº"
Rng = random.Random


@functools.cache
def _prose() -> list[str]:
    """Give the words of Python's documentation in their order."""
    text = " ".join(map(inspect.cleandoc, pydoc_data.topics.topics.values()))
    plain = re.compile(r"[\"'(]?[A-Za-z]+(['-][A-Za-z]+)*[\"')]?[.,;:]?|\d{1,4}")
    return [word for word in text.split() if plain.fullmatch(word)]


def line(rng: Rng) -> tuple[str, str]:
    """Make one line: the text to draw, and what the model is to read."""
    while True:
        (kind,) = rng.choices(list(KINDS), list(KINDS.values()))
        text = _cased(rng, kind(rng)) if kind not in AS_MADE else kind(rng)
        if rng.random() < 0.05:
            text = rng.choice(
                ["*{}*", "** {} **", "({})", "{}:", "{} :", "- {}", "{}.", "[{}]", '"{}"', "*{}"]
            ).format(text)
        if rng.random() < 0.06:
            text = _tight(rng, text)
        text = canonical(text)
        if text:
            return text, as_read(text)


def as_read(text: str) -> str:
    """Put one sign for each run of characters that the alphabet lacks."""
    marked = "".join(c if c == " " or is_known(c) else FOREIGN for c in text)
    return re.sub(f"{FOREIGN}[{FOREIGN} ]*{FOREIGN}", FOREIGN, marked)


def _cased(rng: Rng, text: str) -> str:
    draw = rng.random()
    if draw < 0.4:
        upper = text.upper()
        return upper if len(upper) == len(text) else text
    if draw < 0.45:
        return text.lower()
    return text.title() if draw < 0.5 else text


def _tight(rng: Rng, text: str) -> str:
    """Leave spaces out beside signs, or add them, as printing programs do."""
    if rng.random() < 0.6:
        return re.sub(r" ?([:,.()/@=*-]) ?", r"\1", text)
    return re.sub(r"([:,/()-])", r" \1 ", text)


def labelled_phone(rng: Rng) -> str:
    """One or two telephone numbers with their labels."""
    text = pick(rng, "phone_labels") + pick(rng, "separators") + phone(rng)
    if rng.random() < 0.35:
        text += (
            rng.choice([" ", "  ", " / ", ", "])
            + pick(rng, "phone_labels")
            + pick(rng, "separators")
            + phone(rng)
        )
    return text


def field(rng: Rng) -> str:
    """A label with its value."""
    draw = rng.random()
    makers: list[tuple[str, Callable[[Rng], str]]] = [
        ("labels", code),
        ("labels", person),
        ("date_labels", date),
        ("amount_labels", money),
        ("amount_labels", money),
        ("amount_labels", count),
        ("tax_labels", registration),
        ("labels", count),
        ("labels", company),
        ("date_labels", clock),
    ]
    labels, maker = rng.choices(makers, [26, 8, 16, 16, 6, 4, 12, 4, 4, 4])[0]
    gap = "" if draw < 0.12 else " "
    return pick(rng, labels) + pick(rng, "separators") + gap + maker(rng)


def label(rng: Rng) -> str:
    """A heading or a label alone."""
    (name,) = rng.choices(
        [
            "titles",
            "labels",
            "date_labels",
            "amount_labels",
            "columns",
            "tax_labels",
            "phone_labels",
        ],
        [10, 16, 5, 26, 26, 6, 2],
    )
    return pick(rng, name) + (pick(rng, "separators").rstrip() if rng.random() < 0.3 else "")


def person(rng: Rng) -> str:
    """A person's name."""
    return " ".join(pick(rng, "people") for _ in range(rng.randint(1, 2)))


def company(rng: Rng) -> str:
    """A company's name, sometimes with its number."""
    parts = [
        pick(rng, "company_words") if rng.random() < 0.75 else rng.choice(words().english).title()
        for _ in range(rng.randint(1, 3))
    ]
    if rng.random() < 0.65:
        parts.append(pick(rng, "company_trades"))
    name = pick(rng, "company_forms").format(
        rng.choice([" ", " ", " ", " & "]).join(parts[:2]) + "".join(f" {p}" for p in parts[2:])
    )
    return f"{name} {registration(rng)}" if rng.random() < 0.1 else name


def address(rng: Rng) -> str:
    """A piece of an address."""
    name = pick(rng, "street_names") if rng.random() < 0.75 else rng.choice(words().english).title()
    n, m = rng.randint(1, 60), rng.randint(1, 40)
    street = pick(rng, "streets").format(name, n=n, m=m)
    house = rng.choice(
        [
            f"No {n},",
            f"No. {n},",
            f"NO.{n},",
            f"{n},",
            f"{n}",
            f"{n}-{m}",
            f"Lot {n},",
            f"Lot {n}-{m},",
            f"Unit {n}-{m},",
            f"{n}{rng.choice('ABG')},",
            f"Block {rng.choice('ABC')},",
            f"{n}, {m} & {m + 2},",
            f"Suite {n}0{m},",
            f"Level {n},",
            f"G-{n},",
        ]
    )
    post = digits(rng, rng.choice([5, 5, 5, 4, 6]))
    pieces = [
        house,
        street + rng.choice([",", ",", "", "."]),
        f"Taman {name},",
        f"{post} {pick(rng, 'cities')}" + rng.choice(["", ",", "."]),
        pick(rng, "cities") + rng.choice(["", ".", ","]),
    ]
    start = rng.randrange(4)
    return " ".join(pieces[start : start + rng.randint(1, 3)])


def item(rng: Rng) -> str:
    """A line of goods, with or without code, size, quantity and price."""
    parts = [pick(rng, "goods")]
    if rng.random() < 0.4:
        parts.insert(
            0, rng.choice(words().english).title() if rng.random() < 0.5 else pick(rng, "qualities")
        )
    if rng.random() < 0.35:
        parts.append(pick(rng, "qualities"))
    if rng.random() < 0.35:
        parts.append(
            str(rng.choice([rng.randint(1, 999), round(rng.uniform(0.1, 9), 1)]))
            + rng.choice(["", "", " "])
            + pick(rng, "units")
        )
    if rng.random() < 0.15:
        parts.insert(0, code(rng))
    if rng.random() < 0.12:
        parts.insert(0, str(rng.randint(1, 20)))
    if rng.random() < 0.1:
        parts.append(
            rng.choice(["+ {}", "({})", "& {}", "/ {}", "- {}", "W/ {}"]).format(pick(rng, "goods"))
        )
    if rng.random() < 0.15:
        parts.append(money(rng))
    return " ".join(parts)


def mail(rng: Rng) -> str:
    """A mail or web address."""
    a, b = (re.sub("[^a-z]", "", rng.choice(words().english).lower()) for _ in range(2))
    end = pick(rng, "mail_ends")
    forms = [
        f"{a}@{b}.{end}",
        f"{a}.{b}@mail.{end}",
        f"www.{a}{b}.{end}",
        f"www.{a}-{b}.{end}",
        f"http://www.{a}.{end}",
        f"https://{a}.{b}.{end}/{digits(rng, 3)}",
        f"Email: {a}{digits(rng, 2)}@{b}.{end}",
        f"{a}_{b}@{a}.{end}",
        f"facebook.com/{a}{b}",
        f"@{a}.{b}",
        f"Website : www.{a}.{end}",
    ]
    return rng.choice(forms)


def prose(rng: Rng) -> str:
    """Running English as letters and conditions have it."""
    text = _prose()
    start = rng.randrange(len(text) - 20)
    chosen = text[start : start + rng.choices([2, 4, 7, 10, 14], [1, 2, 3, 4, 4])[0]]
    for _ in range(rng.choice([0, 0, 1])):
        place = rng.randrange(len(chosen))
        chosen[place] = rng.choice(
            [
                "({})",
                "“{}”",
                '"{}"',
                "{},",
                "{};",
                "{}.",
                "{}:",
                "'{}'",
                "{} -",
                "{}/" + chosen[place],
            ]
        ).format(chosen[place])
    if rng.random() < 0.1:
        chosen.insert(
            0,
            rng.choice(
                ["1.", "2.", "10.", "a)", "b)", "(c)", "(iv)", "•", "-", "–", "3.1", "§ 4", "*"]
            ),
        )
    return " ".join(chosen)


def stock(rng: Rng) -> str:
    """What receipts and letters always say."""
    return (
        pick(rng, "sentences")
        if rng.random() < 0.8
        else " ".join(pick(rng, "malay") for _ in range(rng.randint(1, 3)))
    )


def rare(rng: Rng) -> str:
    """Words without sense together: the model must see, not guess."""
    chosen = rng.choices(words().english, k=rng.randint(1, 5))
    return " ".join(chosen)


def abroad(rng: Rng) -> str:
    """Words with accents, known ones and made ones."""
    chosen = [pick(rng, "words_abroad") for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.35:
        word = rng.choice(words().english)
        place = rng.randrange(len(word))
        chosen.append(word[:place] + rng.choice(ACCENTED) + word[place + 1 :])
    if rng.random() < 0.3:
        chosen.append(money(rng))
    return " ".join(chosen)


def foreign(rng: Rng) -> str:
    """Words in scripts that the alphabet lacks, often beside ones that it has."""
    parts = [pick(rng, "foreign") for _ in range(rng.choice([1, 1, 2, 3]))]
    if rng.random() < 0.6:
        parts.insert(
            rng.randrange(len(parts) + 1), rng.choice([money, code, item, label, date])(rng)
        )
    return rng.choice([" ", " ", ""]).join(parts)


def mixed(rng: Rng) -> str:
    """Several things on one line, as a detector that joins neighbours gives them."""
    makers = [label, money, count, code, item, date, field]
    return "  ".join(rng.choice(makers)(rng) for _ in range(rng.randint(2, 4)))


def rule(rng: Rng) -> str:
    """A line drawn with signs, alone or around a word."""
    sign = rng.choice("--==**__..~#+")
    row = rng.choice([sign, sign, f"{sign} "]) * rng.randint(4, 44)
    return f"{row[:16]} {label(rng)} {row[:16]}" if rng.random() < 0.15 else row


def signs(rng: Rng) -> str:
    """Rows of characters from the whole alphabet, so that every sign is learnt."""
    pools = [_SIGNS, string.digits, string.ascii_uppercase, string.ascii_lowercase, ACCENTED, " "]
    return "".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(1, 14)))


KINDS: dict[Callable[[Rng], str], float] = {
    money: 14,
    count: 5,
    field: 15,
    label: 10,
    item: 10,
    bill: 3,
    company: 5,
    address: 8,
    date: 5,
    labelled_phone: 3,
    registration: 2,
    code: 4,
    mail: 2,
    prose: 15,
    stock: 6,
    rare: 6,
    abroad: 4,
    foreign: 3,
    mixed: 5,
    rule: 1.5,
    signs: 2,
    person: 1,
}
AS_MADE = {mail, signs, rule, code, registration}
"""Kinds whose case is part of what they say, or random already."""
