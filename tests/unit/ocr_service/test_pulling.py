"""Pulled models: whole and proven or not there, continued after a cut, from a path as well."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from hubkit.core.errors import Busy, HubError, InvalidArgument, NotFound
from ocr_service.domain.errors import Unavailable
from ocr_service.engine.models import Model
from ocr_service.engine.pulling import pull

CONTENT = random.Random(7).randbytes(1_500_000)  # noqa: S311  nothing secret, the same each time
NAME = "letters.onnx"


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model(
        role="letters",
        name="Letters",
        path=tmp_path / "models" / NAME,
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size_bytes=len(CONTENT),
        licence="Apache-2.0",
        origin="this test",
        languages=("en",),
        is_pulled=True,
    )


@dataclass
class Mirror:
    """How a server behaves, and what it was asked for.

    Attributes:
        cuts: After how many bytes it breaks off, one for each answer; then it sends all.
        gives_parts: Whether it knows `Range`.
        content: What it serves.
    """

    cuts: list[int] = field(default_factory=list)
    gives_parts: bool = True
    content: bytes = CONTENT
    asked: list[str] = field(default_factory=list)
    address: str = ""


@contextmanager
def served(mirror: Mirror) -> Iterator[Mirror]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            mirror.asked.append(wanted)
            if not self.path.endswith(f"/{NAME}"):
                self.send_error(404)
                return
            first = int(wanted[6:-1]) if wanted and mirror.gives_parts else 0
            body = mirror.content[first:]
            self.send_response(206 if first else 200)
            if first:
                total = len(mirror.content)
                self.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: mirror.cuts.pop(0)] if mirror.cuts else body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        mirror.address = f"http://127.0.0.1:{server.server_port}/models"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield mirror
        finally:
            server.shutdown()
            thread.join()


def left_over(model: Model) -> list[str]:
    return [path.name for path in model.path.parent.iterdir() if path.stat().st_size]


def test_a_model_comes_from_an_address_once(model: Model) -> None:
    seen: list[int] = []
    with served(Mirror()) as mirror:
        assert pull(model, mirror.address, seen.append)
        assert not pull(model, mirror.address)
    assert model.path.read_bytes() == CONTENT
    assert left_over(model) == [NAME]
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)
    assert mirror.asked == [""]


def test_a_cut_download_goes_on_where_it_ended(model: Model) -> None:
    with served(Mirror(cuts=[700_000, 300_000])) as mirror:
        assert pull(model, f"{mirror.address}/{NAME}")
    assert mirror.asked == ["", "bytes=700000-", "bytes=1000000-"]
    assert model.path.read_bytes() == CONTENT


def test_a_later_command_goes_on_where_an_earlier_one_gave_up(model: Model) -> None:
    with served(Mirror(cuts=[700_000, 0, 0, 0])) as mirror:
        with pytest.raises(Unavailable, match="700000 of 1500000"):
            pull(model, mirror.address)
        assert not model.path.exists()
        pull(model, mirror.address)
    assert mirror.asked[-1] == "bytes=700000-"
    assert model.path.read_bytes() == CONTENT


def test_a_source_without_parts_is_read_from_the_start(model: Model) -> None:
    with served(Mirror(cuts=[700_000], gives_parts=False)) as mirror:
        pull(model, mirror.address)
    assert model.path.read_bytes() == CONTENT


def test_nobody_answering_is_told(model: Model) -> None:
    with served(Mirror()) as mirror:
        pass
    with pytest.raises(Unavailable, match="does not answer"):
        pull(model, mirror.address)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (CONTENT[:-1] + b"\0", "sha-256"),
        (CONTENT + b"\0", "more than the 1500000 bytes"),
    ],
)
def test_another_file_is_refused_and_leaves_nothing(
    model: Model, content: bytes, words: str
) -> None:
    with served(Mirror(content=content)) as mirror, pytest.raises(InvalidArgument, match=words):
        pull(model, mirror.address)
    assert left_over(model) == []


def test_a_shorter_file_never_passes(model: Model) -> None:
    with served(Mirror(content=CONTENT[:1000])) as mirror, pytest.raises(HubError):
        pull(model, mirror.address)
    assert not model.path.exists()


def test_what_the_source_lacks_is_told(model: Model) -> None:
    with served(Mirror()) as mirror, pytest.raises(NotFound, match="404"):
        pull(model, f"{mirror.address}/other.onnx")


def test_a_model_comes_from_a_file_or_a_folder(model: Model, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / NAME).write_bytes(CONTENT)
    assert pull(model, str(stick))
    model.path.unlink()
    assert pull(model, str(stick / NAME))
    assert model.path.read_bytes() == CONTENT


def test_a_path_that_holds_no_model_is_told(model: Model, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=NAME):
        pull(model, str(tmp_path))
    with pytest.raises(InvalidArgument, match="http, https or a path"):
        pull(model, "ftp://mirror/models")


def test_a_damaged_model_is_got_again(model: Model, tmp_path: Path) -> None:
    model.path.parent.mkdir()
    model.path.write_bytes(b"damaged")
    (tmp_path / NAME).write_bytes(CONTENT)
    assert pull(model, str(tmp_path))
    assert model.path.read_bytes() == CONTENT


def test_two_commands_do_not_mix(model: Model, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    second: list[HubError] = []

    def meanwhile(_: int) -> None:
        if not second:
            with pytest.raises(Busy) as refusal:
                pull(model, str(tmp_path))
            second.append(refusal.value)

    with served(Mirror()) as mirror:
        pull(model, mirror.address, meanwhile)
    assert second
    assert model.path.read_bytes() == CONTENT


def test_what_comes_with_a_package_is_not_pulled(model: Model, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="installed packages"):
        pull(replace(model, is_pulled=False), str(tmp_path))
