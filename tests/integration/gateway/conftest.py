"""The real Envoy before small real servers."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from hubctl.gateway.render import Endpoint
from hubctl.mesh.ports import LOOPBACK
from hubctl.testing import UNLIMITED, Gateway, running_gateway

REPLICA = Path(__file__).with_name("replica.py")
ROOT = Path(__file__).resolve().parents[3]

Replica = subprocess.Popen[str]
Started = AbstractContextManager[tuple[Gateway, list[Replica]]]


@contextmanager
def replica(name: str) -> Iterator[tuple[Replica, Endpoint]]:
    process = subprocess.Popen(
        [sys.executable, str(REPLICA), name], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with process:
        assert process.stdout is not None
        yield process, Endpoint(LOOPBACK, int(process.stdout.readline()))
        process.kill()


@contextmanager
def serving(
    folder: Path, *, replicas: int, rate_per_s: int = UNLIMITED, burst: int = UNLIMITED
) -> Iterator[tuple[Gateway, list[Replica]]]:
    with ExitStack() as stack:
        started = [stack.enter_context(replica(f"replica-{number}")) for number in range(replicas)]
        endpoints = tuple(endpoint for _, endpoint in started)
        upstreams = dict.fromkeys(("identity", "document", "ocr"), endpoints)
        running = running_gateway(folder, upstreams, rate_per_s=rate_per_s, burst=burst)
        yield stack.enter_context(running), [process for process, _ in started]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("gateway"), replicas=2) as (running, _):
        yield running


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Started]:
    """Start a gateway of one's own, with its servers at hand."""
    return lambda **choices: serving(tmp_path, **choices)
