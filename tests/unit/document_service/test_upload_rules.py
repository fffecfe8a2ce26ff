from datetime import UTC, datetime

import pytest

from document_service.domain.errors import EmptyFile, FileTooLarge
from document_service.domain.upload import (
    DEFAULT_PART_BYTES,
    MAX_FILE_BYTES,
    MAX_PART_BYTES,
    MIN_PART_BYTES,
    Announcement,
    Upload,
)
from hubkit.core.errors import HubError, InvalidArgument

SHA = "ab" * 32


def test_part_size_of_zero_means_the_usual_one() -> None:
    assert Announcement.checked("a", 1, SHA, 0).part_size_bytes == DEFAULT_PART_BYTES


def test_checksum_is_taken_in_either_case() -> None:
    assert Announcement.checked("a", 1, SHA.upper(), 0).sha256 == SHA


@pytest.mark.parametrize(
    ("size", "sha256", "part", "error", "field"),
    [
        (0, SHA, 0, EmptyFile, "size_bytes"),
        (-1, SHA, 0, InvalidArgument, "size_bytes"),
        (MAX_FILE_BYTES + 1, SHA, 0, FileTooLarge, "size_bytes"),
        (1, SHA[:-1], 0, InvalidArgument, "sha256"),
        (1, SHA[:-1] + "g", 0, InvalidArgument, "sha256"),
        (1, SHA + "\n", 0, InvalidArgument, "sha256"),
        (1, SHA, MIN_PART_BYTES - 1, InvalidArgument, "part_size_bytes"),
        (1, SHA, MAX_PART_BYTES + 1, InvalidArgument, "part_size_bytes"),
        (1, SHA, -1, InvalidArgument, "part_size_bytes"),
    ],
)
def test_announcement_that_breaks_a_limit_names_the_field(
    size: int, sha256: str, part: int, error: type[HubError], field: str
) -> None:
    with pytest.raises(error) as refused:
        Announcement.checked("a", size, sha256, part)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("size", "count", "last"),
    [
        (1, 1, 1),
        (MIN_PART_BYTES, 1, MIN_PART_BYTES),
        (MIN_PART_BYTES + 1, 2, 1),
        (3 * MIN_PART_BYTES, 3, MIN_PART_BYTES),
    ],
)
def test_last_part_has_what_remains(size: int, count: int, last: int) -> None:
    announced = Announcement.checked("a", size, SHA, MIN_PART_BYTES)
    upload = Upload.started("id", announced, None, datetime.now(UTC))
    assert upload.part_count == count
    upload.check_part(count - 1, last, 7, 7)
    with pytest.raises(InvalidArgument):
        upload.check_part(count - 1, last + 1, 7, 7)
