"""What stands on a line of Thai business paper: seeded text from templates and word corpora.

Every function takes the generator's random source first and gives plain text; nothing here knows
of pixels. The share of each kind of line is in `KINDS`.
"""

import random
from collections.abc import Callable

from alphabet import canonical, is_known
from corpora import pick, running, words
from figures import (
    LATIN,
    account,
    baht_text,
    code,
    date,
    digits,
    money,
    number,
    phone,
    size,
    tax_id,
)

THAI_DIGITS_SHARE = 0.17
"""Share of lines whose figures are turned into Thai digits."""
_THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
_CONSONANTS = "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ"
_SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”‘’–—…•×±°½¼²³©®™€£¥÷µ≤≥→✓□■●○฿ฯๆ๐๑๒๓๔๕๖๗๘๙"
Rng = random.Random


def line(rng: Rng) -> str:
    """Make one line of text in canonical spelling, known to the alphabet."""
    while True:
        (kind,) = rng.choices(list(KINDS), list(KINDS.values()))
        text = kind(rng)
        if rng.random() < THAI_DIGITS_SHARE:
            text = text.translate(_THAI_DIGITS)
        if rng.random() < 0.03:
            text = f"({text})"
        elif rng.random() < 0.07:
            text = f"{pick(rng, 'bullets')} {text}"
        elif rng.random() < 0.02:
            text += rng.choice(["*", "**", " :", "/", ";", " -", " (1.+2.)", " (5.-6.)"])
        text = canonical(text)
        if text and is_known(text):
            return text


def company(rng: Rng) -> str:
    """A company's name."""
    if rng.random() < 0.6:
        name = "".join(pick(rng, "company_words") for _ in range(rng.randint(1, 3)))
    else:
        name = rng.choice(rng.choice([words().families, words().thai, words().names]))
    if rng.random() < 0.7:
        name += " " + pick(rng, "trades")
    if rng.random() < 0.05:
        return " ".join(_english(rng, 3)).title() + " Co., Ltd."
    return pick(rng, "company_forms").format(name)


def person(rng: Rng) -> str:
    """A person's name, often in the brackets under a signature."""
    name = rng.choice(words().names) + " " + rng.choice(words().families)
    if rng.random() < 0.5:
        name = pick(rng, "honorifics") + rng.choice(["", "", " "]) + name
    return f"({name})" if rng.random() < 0.5 else name


def address(rng: Rng) -> str:
    """A piece of an address, or all of it."""
    province = rng.choice(words().provinces)
    bangkok = rng.random() < 0.4
    place = ["แขวง", "เขต"] if bangkok else rng.choice([["ตำบล", "อำเภอ"], ["ต.", "อ."]])
    house = f"{rng.randint(1, 999)}/{rng.randint(1, 199)}"
    if rng.random() < 0.3:
        house = str(rng.randint(1, 2999))
    n = rng.randint(1, 40)
    pieces = [
        rng.choice(["", "เลขที่ ", "", "บ้านเลขที่ "]) + house,
        rng.choice(["", "", f"หมู่ {n}", f"ม.{n}", f"หมู่ที่ {n}", f"ชั้น {n}", f"ห้อง {digits(rng, 3)}"]),
        rng.choice(["", f"ซอย {pick(rng, 'roads')} {n}", f"ซ.{pick(rng, 'places')} {n}"]),
        rng.choice(["ถนน", "ถ.", "ถนน "]) + pick(rng, "roads"),
        place[0] + pick(rng, "places"),
        place[1] + pick(rng, "places"),
        "กรุงเทพมหานคร" if bangkok else rng.choice(["จังหวัด", "จ.", ""]) + province,
        str(rng.randint(10, 96)) + rng.choice(["000", "110", "130", "150", "230", "260", "540"]),
    ]
    pieces = [piece for piece in pieces if piece]
    start = rng.randrange(len(pieces))
    kept = pieces[start : start + rng.randint(2, 6)] if rng.random() < 0.75 else pieces
    if rng.random() < 0.12:
        kept.append(f"{pick(rng, 'phone_labels')} {phone(rng)}")
    return " ".join(kept)


def item(rng: Rng) -> str:
    """A description of goods, Thai with English and sizes mixed in."""
    parts = [pick(rng, "items") if rng.random() < 0.6 else running(rng, rng.randint(1, 3))]
    if rng.random() < 0.3:
        parts.append(pick(rng, "english"))
    if rng.random() < 0.3:
        parts.append(pick(rng, "qualifiers"))
    if rng.random() < 0.45:
        parts.append(size(rng))
    if rng.random() < 0.08:
        parts.append(code(rng))
    return " ".join(parts)


def field(rng: Rng) -> str:
    """A label with its value."""
    makers: dict[str, Callable[[Rng], str]] = {
        "date_labels": date,
        "number_labels": code,
        "tax_labels": _tax_id_and_branch,
        "party_labels": company if rng.random() < 0.7 else person,
        "amount_labels": money,
        "banks": account,
        "signing": _dots,
    }
    (labels,) = rng.choices(list(makers), [20, 22, 16, 17, 13, 5, 7])
    gap = " " if rng.random() < 0.95 else ""
    return pick(rng, labels) + pick(rng, "colons") + gap + makers[labels](rng)


def label(rng: Rng) -> str:
    """A heading, a label or a unit alone."""
    shares = {
        "titles": 10,
        "amount_labels": 22,
        "columns": 22,
        "units": 14,
        "signing": 8,
        "party_labels": 5,
        "date_labels": 5,
        "number_labels": 5,
        "tax_labels": 3,
        "banks": 3,
        "months_short": 1,
    }
    (name,) = rng.choices(list(shares), list(shares.values()))
    return pick(rng, name) + (pick(rng, "colons") if rng.random() < 0.2 else "")


def prose(rng: Rng) -> str:
    """Running Thai: common words in chains, rare words, stock sentences, insertions."""
    if rng.random() < 0.25:
        text = pick(rng, "sentences")
        return text + (" " + pick(rng, "sentences") if rng.random() < 0.3 else "")
    makers: list[Callable[[], str]] = [
        lambda: running(rng, rng.randint(1, 7)),
        lambda: "".join(rng.choices(words().thai, k=rng.randint(1, 3))),
        lambda: pick(rng, "sentences"),
        lambda: _insertion(rng),
    ]
    chosen = rng.choices(makers, [60, 20, 8, 12], k=rng.randint(1, 5))
    parts = [make() for make in chosen]
    return rng.choice([" ", " ", " ", " ", " : ", "/"]).join(parts)


def rare(rng: Rng) -> str:
    """Syllables and signs without sense: the model must see, not guess."""
    if rng.random() < 0.55:
        pool = words().syllables if rng.random() < 0.5 else words().thai
        return "".join(rng.choices(pool, k=rng.randint(1, 5)))
    text = ""
    for _ in range(rng.randint(2, 9)):
        text += rng.choice(["", "", "", *"เแโใไ"]) + rng.choice(_CONSONANTS)
        draw = rng.random()
        if draw < 0.45:
            text += rng.choice("ิีึืัุู")
        if draw < 0.3 or draw > 0.9:
            text += rng.choice("่้๊๋")
        elif draw > 0.84:
            text += rng.choice("์็")
        text += rng.choice(["", "", "", "", *"าะำ ๆฯฤ"])
    return text


def latin(rng: Rng) -> str:
    """English alone: labels, sentences, mail and web addresses."""
    kind = rng.random()
    if kind < 0.15:
        a, b = (word.lower().replace("'", "") for word in rng.choices(words().english, k=2))
        forms = [f"www.{a}.co.th", f"{a}@{b}.com", f"https://{a}.{b}.th/", f"Line: @{a}"]
        return rng.choice(forms)
    pool = words().english if kind < 0.55 else words().vocabulary["english"]
    text = " ".join(rng.choices(pool, k=rng.randint(1, 6)))
    draw = rng.random()
    if draw < 0.3:
        return text.upper()
    return text.title() if draw < 0.45 else text


def mixed(rng: Rng) -> str:
    """Several things on one line, as a detector that joins neighbours gives them."""
    makers = [label, number, item, field, latin, number]
    return "  ".join(rng.choice(makers)(rng) for _ in range(rng.randint(2, 3)))


def row(rng: Rng) -> str:
    """Cells of a table that were taken for one line: figures, dashes, short words."""
    makers = [number, money, lambda source: pick(source, "cells"), lambda _: "-", label]
    chosen = rng.choices(makers, [3, 4, 2, 4, 1], k=rng.randint(2, 6))
    return "    ".join(make(rng) for make in chosen)


def signs(rng: Rng) -> str:
    """Rows of characters from the whole alphabet, so that every sign is learnt."""
    pools = [_SIGNS, "0123456789", LATIN, LATIN.lower(), " "]
    return "".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(3, 16)))


def _tax_id_and_branch(rng: Rng) -> str:
    branches = ["", "", " (สำนักงานใหญ่)", f" (สาขาที่ {digits(rng, 5)})", " สำนักงานใหญ่"]
    return tax_id(rng) + rng.choice(branches)


def _dots(rng: Rng) -> str:
    return rng.choice("._") * rng.randint(8, 24)


def _insertion(rng: Rng) -> str:
    makers: list[Callable[[], str]] = [
        lambda: money(rng),
        lambda: date(rng),
        lambda: pick(rng, "insertions"),
        lambda: f"{rng.randint(1, 20)} : {running(rng, 2)}",
        lambda: f"({running(rng, 2)})",
        lambda: f"“{running(rng, 2)}”",
        lambda: pick(rng, "english"),
        lambda: f"พ.ศ. {rng.randint(2500, 2570)}",
        lambda: f"ร้อยละ {rng.randint(1, 100)}",
        lambda: f"ข้อ {rng.randint(1, 30)}",
    ]
    return rng.choice(makers)()


def _english(rng: Rng, most: int) -> list[str]:
    return rng.choices(words().english, k=rng.randint(1, most))


KINDS: dict[Callable[[Rng], str], float] = {
    number: 19,
    field: 16,
    label: 11,
    item: 11,
    prose: 15,
    company: 5,
    address: 6,
    person: 3,
    baht_text: 4,
    mixed: 3,
    row: 3,
    latin: 5,
    rare: 5,
    signs: 2,
}
