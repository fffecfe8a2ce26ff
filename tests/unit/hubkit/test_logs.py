"""What a process logs: JSON lines, no secrets, no text from failures."""

import json
import subprocess
import sys
from typing import Any

SCRIPT = """
import logging, sys
import structlog
from hubkit.observe.logs import configure_logs
configure_logs("probe", "INFO")
log = structlog.get_logger("x")
log.debug("not heard")
log.info("two\\nlines\\r", document_id="d", password="geheim", nested={"access_token": "geheim"})
log.info("thai", text_count=3, name="ใบกำกับภาษี")
def fail():
    raise ValueError("geheim")
try:
    try:
        fail()
    except ValueError as error:
        raise KeyError("geheim") from error
except KeyError:
    log.exception("failed")
    logging.getLogger("library").exception("library failed")
try:
    raise ExceptionGroup("geheim", [ValueError("geheim")])
except ExceptionGroup:
    log.exception("group failed")
logging.getLogger("library").info("not heard")
logging.getLogger("library").warning("heard %s", "once")
"""


def logged() -> tuple[str, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stderr, [json.loads(line) for line in done.stderr.splitlines()]


def test_each_event_is_one_json_line_without_secrets() -> None:
    text, lines = logged()
    assert [line["event"] for line in lines] == [
        "two\nlines\r", "thai", "failed", "library failed", "group failed", "heard once",
    ]  # fmt: skip
    assert "geheim" not in text
    assert lines[0]["password"] == "***"
    assert lines[0]["nested"] == {"access_token": "***"}
    assert lines[1]["name"] == "ใบกำกับภาษี"
    assert {line["service"] for line in lines} == {"probe"}
    assert all(line["time"].endswith("Z") and line["level"] for line in lines)


def test_a_failure_is_told_by_type_and_place() -> None:
    _, lines = logged()
    for line in lines[2:4]:
        assert line["error_type"] == "KeyError"
        assert line["cause"]["error_type"] == "ValueError"
        assert line["cause"]["frames"][-1].endswith("fail")
    assert lines[4]["errors"][0]["error_type"] == "ValueError"
