"""The whole hub, as a person starts it: up, sign in, upload, look, kill, stop."""

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
SAMPLES: Final = ROOT / "samples"
DOCHUB: Final = (sys.executable, "-c", "from hubctl.main import main; main()")
WITHIN_S: Final = 120
PARTS: Final = {"postgres", "ocr", "identity", "document", "envoy"}


@dataclass
class Hub:
    """A hub on a data directory, started as from a shell."""

    data_dir: Path
    process: "subprocess.Popen[str]"
    config: Path
    lines: list[str] = field(default_factory=list)

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.data_dir / "run" / "mesh.json").read_text())
        return state

    def pids(self) -> set[int]:
        """Every process of the hub, children of children too."""
        return {one.pid for one in psutil.Process(self.process.pid).children(recursive=True)}

    def run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return run(*arguments, "--data-dir", str(self.data_dir), config=self.config, stdin=stdin)


def run(*arguments: str, config: Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "XDG_CONFIG_HOME": str(config)}
    return subprocess.run(
        [*DOCHUB, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment,
        timeout=WITHIN_S,
        check=False,
    )


def start(data_dir: Path, config: Path) -> Hub:
    """Start and wait for the invitation to try it."""
    process = subprocess.Popen(
        [*DOCHUB, "up", "--data-dir", str(data_dir), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    hub = Hub(data_dir, process, config)
    assert process.stdout is not None
    for line in process.stdout:
        hub.lines.append(line)
        if "Ctrl-C" in line:
            return hub
    raise AssertionError(f"the hub ended with status {process.wait()}")


def stop(hub: Hub) -> int:
    hub.process.send_signal(signal.SIGTERM)
    status = hub.process.wait(WITHIN_S)
    assert hub.process.stdout is not None
    hub.process.stdout.close()
    return status


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def answers(hub: Hub) -> bool:
    """Whether the gateway reaches a healthy replica of every service."""
    state = hub.state
    trust = ssl.create_default_context(cafile=state["ca_file"])
    port = int(state["url"].rpartition(":")[2])
    connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    running = start(folder / "data", folder / "config")
    try:
        password = next(
            m[1] for m in map(re.compile(r"password +(\S+)").search, running.lines) if m
        )
        (folder / "password").write_text(password)
        done = running.run(
            *("login", "--email", "admin@dochub.local", "--password-file", str(folder / "password"))
        )
        assert done.returncode == 0, done.stderr
        yield running
    finally:
        stop(running)


def test_a_document_is_uploaded_read_shown_and_given_back(hub: Hub, tmp_path: Path) -> None:
    sample = SAMPLES / "scanned-invoice.pdf"
    done = hub.run("upload", str(sample), "--wait", "--json")
    assert done.returncode == 0, done.stderr
    uploaded = json.loads(done.stdout)
    fields = {one["key"]: one["value"]["canonical"] for one in uploaded["fields"]}
    assert uploaded["document"]["state"] == "DOCUMENT_STATE_NEEDS_REVIEW"
    assert fields["number"] == "INVOICE-2026-1797"
    assert fields["total"] == "3254.02"
    document_id = uploaded["document"]["id"]
    listed = hub.run("documents", "list", "--type", uploaded["document"]["document_type"])
    assert document_id in listed.stdout
    shown = json.loads(hub.run("documents", "show", document_id, "--json").stdout)
    assert shown["document"]["file"]["filename"] == sample.name
    given = tmp_path / "back.pdf"
    assert hub.run("documents", "download", document_id, "--out", str(given)).returncode == 0
    assert given.read_bytes() == sample.read_bytes()


def test_a_bad_file_fails_alone(hub: Hub, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_text("this is no document")
    done = hub.run("upload", str(bad), str(SAMPLES / "receipt.jpg"), "--json")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert results[0]["error"]["reason"] == "UNSUPPORTED_TYPE"
    assert results[1]["error"] is None


def test_an_operator_migrates_and_makes_an_administrator(hub: Hub, tmp_path: Path) -> None:
    assert hub.run("migrate").returncode == 0
    made = hub.run("admin", "create", "ann@example.com", "--tenant", "acme")
    found = re.search(r"password: (\S+)", made.stdout)
    assert found is not None
    secret = tmp_path / "password"
    secret.write_text(found[1])
    # In a folder of her own: the first administrator stays signed in.
    ann = Hub(hub.data_dir, hub.process, tmp_path / "config")
    signed_in = ann.run("login", "--email", "ann@example.com", "--password-file", str(secret))
    assert "tenant acme" in signed_in.stdout
    assert "no documents" in ann.run("documents", "list").stdout
    assert ann.run("logout").returncode == 0
    assert "dochub login" in ann.run("documents", "list").stderr


def test_a_second_hub_on_the_same_data_is_refused(hub: Hub) -> None:
    done = hub.run("up")
    assert done.returncode == 1
    assert f"process {hub.process.pid}" in done.stderr
    assert hub.state["url"] in done.stderr


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_part_that_is_killed_comes_back(hub: Hub, name: str) -> None:
    before = hub.state["processes"][name]
    os.kill(before["pid"], signal.SIGKILL)
    wait_until(lambda: hub.state["processes"][name]["restarts"] > before["restarts"])
    wait_until(lambda: answers(hub))
    wait_until(lambda: hub.run("documents", "list").returncode == 0)


def test_a_killed_hub_leaves_no_process_and_starts_again_with_its_data(tmp_path: Path) -> None:
    config = tmp_path / "config"
    first = start(tmp_path / "data", config)
    pids = first.pids()
    assert len(pids) > len(PARTS)
    first.process.kill()
    stop(first)
    wait_until(lambda: not any(lives(pid) for pid in pids))
    second = start(tmp_path / "data", config)
    try:
        assert set(second.state["processes"]) == PARTS
        # The administrator of the first start is remembered; the password is not shown again.
        assert not any("shown this once" in line for line in second.lines)
        assert any("admin@dochub.local" in line for line in second.lines)
        pids = second.pids()
    finally:
        assert stop(second) == 0
    assert not any(lives(pid) for pid in pids)
    assert not (tmp_path / "data" / "run" / "mesh.json").exists()


def test_the_demonstration_ends_well_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [*DOCHUB, "demo"], capture_output=True, text=True, env=environment, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "INVOICE-2026-1797" in done.stdout
    assert "page 4 of 4" in done.stderr
    assert done.stdout.rstrip().endswith("demo: done")
    assert [path for path in tmp_path.iterdir() if path.name.startswith("dochub-demo")] == []
