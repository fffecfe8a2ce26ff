import struct
from uuid import UUID

import pytest
from pydantic import SecretStr

from hubkit.config import DatabaseSettings
from hubkit.core.errors import Busy, HubError, InvalidArgument, Unavailable
from hubkit.core.ids import new_id
from hubkit.jobs.delivery import Delivery, open_envelope
from hubkit.jobs.worker import Worker, is_away
from hubkit.sql.ddl import queue_settings
from hubkit.sql.scram import scram_verifier


def test_envelope_names_id_tenant_and_version_before_the_payload() -> None:
    event_id, tenant_id = new_id(), new_id()
    content = UUID(event_id).bytes + UUID(tenant_id).bytes + struct.pack(">i", 7) + b"payload"
    assert open_envelope("document.changed", content, 2) == Delivery(
        event_id, "document.changed", tenant_id, 7, b"payload", 2
    )


def test_content_without_an_envelope_is_refused() -> None:
    with pytest.raises(struct.error):
        open_envelope("document.changed", b"too short", 1)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unavailable("away"), True),
        (Busy("too much"), True),
        (ExceptionGroup("", [Unavailable("one"), ExceptionGroup("", [Busy("other")])]), True),
        (ExceptionGroup("", [Unavailable("one"), ValueError()]), False),
        (InvalidArgument("bad"), False),
        (HubError("a defect"), False),
        (OSError(), False),
    ],
    ids=repr,
)
def test_only_parts_that_are_away_excuse_a_failure(error: Exception, expected: bool) -> None:
    assert is_away(error) is expected


@pytest.mark.parametrize("name", ["CHANNEL", "FUNCTION", "PGQUEUER_PREFIX", "PGQUEUER_QUEUE_TABLE"])
def test_environment_never_renames_the_queue(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = queue_settings("document")
    monkeypatch.setenv(name, "other")
    assert queue_settings("document") == expected


def test_verifier_is_that_of_the_standard() -> None:
    # The example of RFC 7677: password "pencil"; keys computed from its salt and iterations.
    salt = bytes.fromhex("5b6d99689d12358eeca04b141236fa81")
    assert scram_verifier("pencil", salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
        "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


@pytest.mark.parametrize(("slots", "tenant_slots"), [(1, 2), (4, 0)])
def test_worker_needs_room(slots: int, tenant_slots: int) -> None:
    settings = DatabaseSettings(dsn=SecretStr("postgresql://role@host/database"))
    with pytest.raises(ValueError, match="slots"):
        Worker(settings, "document", {}, slots=slots, tenant_slots=tenant_slots)
