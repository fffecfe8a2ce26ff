"""Figures of Western paper: amounts, dates, and the numbers of documents, firms and telephones."""

import functools
import random
import string
import tomllib
from pathlib import Path

_DIGITS_AS_LETTERS = "0123456789OISBZDQG8"
Rng = random.Random


@functools.cache
def _lists() -> dict[str, list[str]]:
    text = Path(__file__).with_name("western.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def pick(rng: Rng, name: str) -> str:
    """Choose from a list of western.toml."""
    return rng.choice(_lists()[name])


def digits(rng: Rng, count: int) -> str:
    """Give `count` digits."""
    return "".join(rng.choices(string.digits, k=count))


def money(rng: Rng) -> str:
    """An amount as printed."""
    value = 10 ** rng.uniform(-0.5, rng.choice([1, 2, 3, 3, 4, 6]))
    if rng.random() < 0.2:
        value = round(value)
    decimals = rng.choices([2, 0, 3, 1, 4], [84, 7, 4, 3, 2])[0]
    text = f"{value:,.{decimals}f}" if rng.random() < 0.85 else f"{value:.{decimals}f}"
    draw = rng.random()
    if draw < 0.07:
        text = text.translate(str.maketrans(",.", rng.choice([".,", " ,", "',"])))
    if rng.random() < 0.2:
        text = pick(rng, "currencies") + text
    elif rng.random() < 0.05:
        text += " " + pick(rng, "currencies").strip()
    if rng.random() < 0.12:
        text = rng.choice(
            ["-{}", "({})", "{}-", "+{}", "{}*", "*{}", "={}", "@{}", "{}%", "- {}"]
        ).format(text)
    if rng.random() < 0.14:
        text += rng.choice([" ", " ", ""]) + pick(rng, "suffixes")
    return text


def count(rng: Rng) -> str:
    """A quantity, with or without its unit."""
    number = str(rng.randint(0, 10 ** rng.randint(1, 3)))
    if rng.random() < 0.25:
        number = f"{rng.uniform(0, 100):.{rng.randint(1, 3)}f}"
    draw = rng.random()
    if draw < 0.2:
        return number + rng.choice(["", " "]) + pick(rng, "units")
    return (
        number + rng.choice(["x", " x", " @", " X", ".", ")", "%", "/"]) if draw < 0.35 else number
    )


def clock(rng: Rng) -> str:
    """A time of day."""
    hour, minute, second = rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)
    text = f"{hour:02d}:{minute:02d}"
    if rng.random() < 0.55:
        text += f":{second:02d}"
    if rng.random() < 0.35:
        text = text if rng.random() < 0.5 else f"{hour % 12 or 12}{text[2:]}"
        text += rng.choice([" AM", " PM", "AM", "PM", " am", " pm", "pm", " p.m."])
    return text.replace(":", rng.choice([":", ":", ":", ":", ":", ".", " "]))


def date(rng: Rng) -> str:
    """A date, often with the time."""
    day, month, year = rng.randint(1, 31), rng.randint(1, 12), rng.randint(1998, 2032)
    sep = rng.choice("///--. ")
    short = rng.random() < 0.3
    shown = f"{year % 100:02d}" if short else str(year)
    name = pick(rng, "months")
    forms = [
        *[f"{day:02d}{sep}{month:02d}{sep}{shown}"] * 6,
        f"{month:02d}{sep}{day:02d}{sep}{shown}",
        f"{day}{sep}{month}{sep}{shown}",
        *[f"{year}-{month:02d}-{day:02d}"] * 2,
        f"{day} {name} {shown}",
        f"{day:02d}-{name[:3]}-{shown}",
        f"{day:02d}/{name[:3]}/{shown}",
        f"{name} {day}, {year}",
        f"{day}{name[:3].upper()}{shown}",
    ]
    text = rng.choice(forms)
    if rng.random() < 0.1:
        text = pick(rng, "weekdays") + rng.choice([" ", ", ", ","]) + text
    elif rng.random() < 0.06:
        text += f" ({pick(rng, 'weekdays')})"
    if rng.random() < 0.35:
        text += rng.choice([" ", " ", " ", "  ", " - ", ", ", "/", "T"]) + clock(rng)
    return text


def code(rng: Rng) -> str:
    """A document number, part number or reference."""
    parts = []
    for _ in range(rng.choices([1, 2, 3], [6, 4, 2])[0]):
        draw = rng.random()
        if draw < 0.5:
            parts.append(digits(rng, rng.randint(2, 8)))
        elif draw < 0.85:
            letters = "".join(rng.choices(string.ascii_uppercase, k=rng.randint(1, 4)))
            parts.append(letters + digits(rng, rng.randint(0, 7)))
        elif draw < 0.93:
            parts.append(
                "".join(
                    rng.choices(string.ascii_uppercase + _DIGITS_AS_LETTERS, k=rng.randint(3, 9))
                )
            )
        else:
            parts.append(
                "".join(rng.choices(string.ascii_lowercase + string.digits, k=rng.randint(2, 8)))
            )
    text = rng.choice(["-", "/", "", " ", ".", "-", ":", "_"]).join(parts)
    return rng.choice(["#{}", "({})", "[{}]"]).format(text) if rng.random() < 0.08 else text


def registration(rng: Rng) -> str:
    """The number of a company or a tax payer."""
    d = digits(rng, 12)
    a, b = rng.choices(string.ascii_uppercase, k=2)
    forms = [
        d,
        d,
        d,
        f"{d[:6]}-{a}",
        f"({d[:6]}-{a})",
        f"{d[:7]}-{a}",
        f"{a}{b}{d[:9]}",
        f"{d[:2]}-{d[2:9]}",
        f"{d[:3]} {d[3:6]} {d[6:9]}",
        f"{d[:2]} {d[2:5]} {d[5:8]} {d[8:11]}",
        f"{a}{b} {d[:3]} {d[3:7]} {d[7:9]}",
        f"{a}{d[:8]}",
        f"{d[:4]}-{d[4:8]}-{d[8:]}",
        f"{a}{b}{d[:2]} {d[2:6]} {d[6:10]} {digits(rng, 4)}",
    ]
    return rng.choice(forms)


def phone(rng: Rng) -> str:
    """A telephone number."""
    d = digits(rng, 10)
    forms = [
        *[
            f"0{d[0]}-{d[1:9]}",
            f"0{d[0]}-{d[1:5]} {d[5:9]}",
            f"0{d[:2]}-{d[2:9]}",
            f"+60{d[0]}-{d[1:5]} {d[5:9]}",
        ]
        * 2,
        f"({d[:3]}) {d[3:6]}-{d[6:]}",
        f"{d[:3]}-{d[3:6]}-{d[6:]}",
        f"+{d[:2]} {d[2]} {d[3:6]} {d[6:]}",
        f"0{d[:3]} {d[3:6]} {d[6:]}",
        f"0{d}",
        f"+44 (0){d[:3]} {d[3:9]}",
        f"1-{d[:3]}-{d[3:5]}-{d[5:9]}",
        f"1800 {d[:3]} {d[3:6]}",
        f"0{d[0]}-{d[1:5]}-{d[5:9]}",
        f"{d[:4]} {d[4:8]}",
        f"0{d[:3]}/{d[3:]}",
    ]
    return rng.choice(forms)


def bill(rng: Rng) -> str:
    """Quantities times prices."""
    a, b, c = money(rng), money(rng), rng.randint(1, 30)
    forms = [
        f"{c} x {a}",
        f"{c} X {a}",
        f"{c} @ {a}",
        f"{c}@{a}",
        f"{c} x {a} {b}",
        f"{c} {a} {b}",
        f"{a} * {c} = {b}",
        f"{c} PCS @ {a}",
        f"{a}*{c}",
        f"{c}.0 {a} {b} {pick(rng, 'suffixes')}",
        f"{c} {pick(rng, 'units')} {a} {b}",
    ]
    return rng.choice(forms)
