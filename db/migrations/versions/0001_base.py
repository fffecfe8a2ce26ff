"""Row security, the bus, and the services identity and document with their queues."""

from pathlib import Path

from hubkit.sql import ddl

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Build what every later migration stands on."""
    ddl.run(Path(__file__).with_suffix(".sql").read_text())
    for service in ("identity", "document"):
        ddl.add_service(service)
