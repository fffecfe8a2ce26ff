"""Numbers as Thai business paper prints them: amounts, dates, ids, codes, amounts in words."""

import random

from corpora import pick, words
from pythainlp.util import bahttext

LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Rng = random.Random


def digits(rng: Rng, count: int) -> str:
    """Give `count` digits."""
    return "".join(rng.choices("0123456789", k=count))


def money(rng: Rng) -> str:
    """An amount as printed."""
    value = 10 ** rng.uniform(0, rng.choice([3, 4, 5, 7, 8]))
    decimals = rng.choices([2, 0, 4, 3, 1], [72, 15, 9, 2, 2])[0]
    text = f"{value:,.{decimals}f}" if rng.random() < 0.92 else f"{value:.{decimals}f}"
    return pick(rng, "money_forms").format(text) if rng.random() < 0.12 else text


def date(rng: Rng) -> str:
    """A date in one of the forms that Thai paper has."""
    day, month = rng.randint(1, 31), rng.randrange(12)
    year = rng.randint(2540, 2575) if rng.random() < 0.8 else rng.randint(1997, 2032)
    style = rng.random()
    if style < 0.45:
        era = "พ.ศ. " if rng.random() < 0.12 else ""
        if rng.random() < 0.55:
            return f"{day} {words().vocabulary['months'][month]} {era}{year}"
        short = year % 100 if rng.random() < 0.5 else year
        return f"{day} {words().vocabulary['months_short'][month]} {era}{short:02d}"
    sep = rng.choice("//-.")
    two = year % 100 if rng.random() < 0.4 else year
    form = "{:02d}{s}{:02d}{s}{:02d}" if rng.random() < 0.7 else "{}{s}{}{s}{}"
    text = form.format(day, month + 1, two, s=sep)
    if style > 0.88:
        text = f"{year % 100 + 2000}-{month + 1:02d}-{day:02d}"
    if rng.random() < 0.2:
        colon, end = rng.choice(":."), rng.choice(["", " น.", ":08"])
        text += f" {rng.randint(0, 23):02d}{colon}{rng.randint(0, 59):02d}{end}"
    return text


def tax_id(rng: Rng) -> str:
    """Thirteen digits, plain or in one of the two groupings."""
    d = digits(rng, 13)
    dashed = f"{d[0]}-{d[1:5]}-{d[5:10]}-{d[10:12]}-{d[12]}"
    official = f"{d[0]}-{d[1:3]}-{d[3]}-{d[4:7]}-{d[7:12]}-{d[12]}"
    return rng.choices([d, dashed, official, dashed.replace("-", " ")], [60, 22, 10, 8])[0]


def account(rng: Rng) -> str:
    """The number of a bank account."""
    d = digits(rng, 10)
    return f"{d[:3]}-{d[3]}-{d[4:9]}-{d[9]}"


def code(rng: Rng) -> str:
    """A document number, part number or reference."""
    parts = []
    for _ in range(rng.randint(1, 3)):
        kind = rng.random()
        if kind < 0.55:
            parts.append(digits(rng, rng.randint(2, 6)))
        elif kind < 0.8:
            letters = "".join(rng.choices(LATIN, k=rng.randint(1, 4)))
            parts.append(letters + digits(rng, rng.randint(0, 5)))
        elif kind < 0.9:
            parts.append(str(rng.randint(2560, 2570)))
        else:
            parts.append(pick(rng, "code_prefixes"))
    return rng.choice(["-", "/", "", " ", "."]).join(parts)


def phone(rng: Rng) -> str:
    """A telephone number."""
    n = "0" + digits(rng, 9)
    forms = [
        n,
        f"{n[:3]}-{n[3:6]}-{n[6:]}",
        f"{n[:2]}-{n[2:5]}-{n[5:9]}",
        f"{n[:2]} {n[2:5]} {n[5:9]}-{rng.randint(2, 9)}",
        f"+66 {n[1:3]} {n[3:6]} {n[6:]}",
    ]
    return rng.choice(forms)


def size(rng: Rng) -> str:
    """A measure of goods."""
    whole, tenths, thousandths = rng.randint(1, 999), rng.uniform(0.1, 99), rng.uniform(0.1, 9)
    n = rng.choice([str(whole), f"{tenths:.1f}", f"{thousandths:.3f}", "1/2", "3/4", "1½"])
    unit = pick(rng, "measures")
    forms = [
        *[f"{n} {unit}"] * 3,
        f"{n}{unit}",
        f"M{rng.randint(3, 24)}x{rng.randint(10, 99)}",
        f"{n}x{rng.randint(1, 99)} {unit}",
        f"{rng.randint(1, 99)}x{rng.randint(1, 9)}.5",
        f"#{rng.randint(1, 99)}",
        f"({n} {unit})",
        f"{n} × {n} {unit}",
        f"±{n} {unit}",
        f"{n}°",
    ]
    return rng.choice(forms)


def number(rng: Rng) -> str:
    """A number alone in its cell."""
    makers = [money, _count, date, tax_id, code, lambda source: pick(source, "cells")]
    return rng.choices(makers, [62, 12, 6, 6, 9, 5])[0](rng)


def baht_text(rng: Rng) -> str:
    """An amount in words."""
    text: str = bahttext(round(10 ** rng.uniform(0, 7.3), rng.choice([0, 2, 2])))
    return pick(rng, "baht_forms").format(text)


def _count(rng: Rng) -> str:
    return str(rng.randint(0, 10 ** rng.randint(1, 4)))
