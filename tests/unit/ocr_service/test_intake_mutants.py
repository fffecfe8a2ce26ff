"""Seeded mutants of the odd files: each is read, refused by name, or fails page by page by name.

They go through one reading process, which no mutant may end. `MUTANTS` sets how many; what a longer
run finds becomes a file of its own among the odd ones.
"""

import os
import random
import re
from pathlib import Path

from hubkit.core.errors import HubError
from ocr_service.domain.errors import PageTimeout, WorkerLost
from ocr_service.domain.file_facts import MediaType
from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool

FOLDER = Path(__file__).resolve().parents[2] / "data" / "odd"
MUTANTS = int(os.environ.get("MUTANTS", "48"))
CHECKED = (MediaType.PDF, MediaType.PNG)
"""Damage to a JPEG or a fax may decode to noise without a word."""
SMALL_BYTES = 60_000
NUMBERS = (b"0", b"-1", b"1", b"65536", b"2147483647", b"4294967296", b"9" * 20)


def mutant(seed: int, files: list[Path]) -> bytes:
    """Change, cut, copy or drop bytes, or put an extreme number for a number."""
    chance = random.Random(seed)  # noqa: S311  repeatable, not secret
    data = bytearray(files[seed % len(files)].read_bytes())
    for _ in range(chance.randint(1, 6)):
        if not data:
            break
        at, length = chance.randrange(len(data)), chance.randint(1, 40)
        match chance.randrange(6):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = chance.randbytes(length)
            case 3:
                source = chance.randrange(len(data))
                data[at : at + length] = data[source : source + length]
            case 4:
                del data[at:]
            case _:
                found = [match.span() for match in re.finditer(rb"\d+", data)]
                if found:
                    start, end = chance.choice(found)
                    data[start:end] = chance.choice(NUMBERS)
    return bytes(data)


async def outcome(data: bytes, pool: ReaderPool) -> str:
    try:
        facts = await pool.inspect(data)
        page = (await pool.read_page(data, 1, ReadOptions(with_image=False))).page
    except (PageTimeout, WorkerLost) as defect:
        return f"DEFECT {defect}"
    except HubError as error:
        return error.reason
    silent = not (page.lines or page.warnings or facts.warnings)
    if silent and facts.media_type in CHECKED:
        return "BLANK"
    return "READ"


async def test_no_mutant_hangs_ends_a_process_or_passes_for_blank() -> None:
    files = sorted(
        path
        for path in FOLDER.iterdir()
        if path.suffix in (".pdf", ".jpg", ".png", ".tif", ".webp", ".jp2", ".heic")
        and path.stem not in ("blank", "nothing", "nested-forms")
        and path.stat().st_size < SMALL_BYTES
    )
    seen: dict[str, list[int]] = {}
    async with ReaderPool(PoolSettings(workers=1)) as pool:
        for seed in range(MUTANTS):
            seen.setdefault(await outcome(mutant(seed, files), pool), []).append(seed)
    bad = {kind: seeds for kind, seeds in seen.items() if kind == "BLANK" or "DEFECT" in kind}
    assert not bad
    assert "READ" in seen
