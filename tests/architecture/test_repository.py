"""What every file of the repository keeps to."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400  # lines of a hand-written file
NOT_PACKAGES = ("protos", "gateway", "db", "deploy", "docs", "tools", "bench", "tests", "samples")


def tracked(*patterns: str) -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in names.split("\0") if name]


def test_hand_written_files_stay_small() -> None:
    files = [path for path in tracked("*.py") if "dochub" not in path.relative_to(ROOT).parts]
    assert files
    long = {
        str(path.relative_to(ROOT)): count
        for path in files
        if (count := len(path.read_text().splitlines())) > LONGEST
    }
    assert long == {}


def test_folders_of_input_are_no_packages() -> None:
    assert [name for name in NOT_PACKAGES if (ROOT / name / "__init__.py").exists()] == []


def test_no_lock_file_names_a_registry() -> None:
    locks = [*tracked("requirements*.txt"), *tracked("*package-lock.json")]
    assert locks
    naming = [
        str(path)
        for path in locks
        if re.search(r"https?://[^\s\"]*\.(whl|tgz|tar\.gz)", path.read_text())
    ]
    assert naming == []
    assert [path.name for path in locks if "--index-url" in path.read_text()] == []
