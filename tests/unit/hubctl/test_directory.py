"""A data directory belongs to one hub at a time, and is cleared of what an earlier one left."""

import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hubctl.mesh.certificate import ensure_certificate
from hubctl.mesh.directory import AlreadyUp, DataDirectory, MeshState, ProcessState
from hubctl.mesh.ports import free_ports, is_free
from hubkit.core.errors import PreconditionFailed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATE = MeshState("https://localhost:8443", "/tls/cert.pem", 1, True, {})


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "data")
    directory.prepare()
    return directory


def test_secrets_lie_where_others_cannot_look(directory: DataDirectory) -> None:
    for folder in (directory.keys, directory.tls, directory.blobs, directory.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_second_hub_is_told_about_the_first(directory: DataDirectory) -> None:
    with directory.locked():
        directory.write_state(STATE)
        with pytest.raises(AlreadyUp, match="https://localhost:8443"), directory.locked():
            pass
    with directory.locked():
        pass


def test_what_runs_is_read_back(directory: DataDirectory) -> None:
    assert directory.read_state() is None
    state = MeshState("u", "c", 7, False, {"ocr": ProcessState(8, 1.5, 2, "127.0.0.1:9")})
    directory.write_state(state)
    assert directory.read_state() == state
    directory.forget_state()
    assert directory.read_state() is None


@pytest.mark.parametrize("broken", ["", "{}", "[]", '{"processes": {"a": {}}}'])
def test_a_broken_state_file_is_no_state(directory: DataDirectory, broken: str) -> None:
    (directory.run / "mesh.json").write_text(broken)
    assert directory.read_state() is None


def test_leftovers_are_ended_and_strangers_are_not(directory: DataDirectory) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    ours = subprocess.Popen(command, process_group=0)
    stranger = subprocess.Popen(command, process_group=0)
    try:
        started = psutil.Process(ours.pid).create_time()
        processes = {
            "ocr": ProcessState(ours.pid, started, 0, ""),
            # The same number as a process of ours had, long after it ended.
            "identity": ProcessState(stranger.pid, started - 3600, 0, ""),
        }
        directory.write_state(MeshState("u", "c", 1, True, processes))
        assert directory.end_leftovers() == ["ocr"]
        assert ours.wait(10) != 0
        assert stranger.poll() is None
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()


def test_a_file_in_the_place_of_the_directory_is_complained_about(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(PreconditionFailed, match="can't use"):
        DataDirectory(tmp_path / "data").prepare()


def test_a_certificate_stays_until_it_ends_or_lacks_a_name(tmp_path: Path) -> None:
    def made(names: list[str], now: datetime) -> bytes:
        ensure_certificate(tmp_path, names, now)
        return (tmp_path / "cert.pem").read_bytes()

    first = made(["localhost", "127.0.0.1"], NOW)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert made(["localhost"], NOW + timedelta(days=300)) == first
    second = made(["localhost", "hub.example"], NOW)
    assert second != first
    assert made(["localhost"], NOW + timedelta(days=380)) != second


def test_a_certificate_that_somebody_put_there_is_left_alone(tmp_path: Path) -> None:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    authority, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    builder = x509.CertificateBuilder(name("authority"), name("hub"), key.public_key(), 7)
    signed = builder.not_valid_before(NOW - timedelta(days=9)).not_valid_after(NOW)
    pem = signed.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM)
    (tmp_path / "cert.pem").write_bytes(pem)
    (tmp_path / "key.pem").write_text("theirs")
    ensure_certificate(tmp_path, ["localhost"], NOW)
    assert (tmp_path / "cert.pem").read_bytes() == pem


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(is_free("127.0.0.1", port) for port in ports)
