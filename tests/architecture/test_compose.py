"""compose.yaml as far as it can be held to account without a container engine."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import grpc
import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import HealthServicer
from pydantic import BaseModel

from document_service.config import DocumentSettings
from hubctl.gateway.binary import envoy_command
from hubctl.gateway.health import is_serving
from hubctl.gateway.render import Endpoint
from hubctl.mesh.ports import LOOPBACK, free_ports
from hubctl.testing import running_gateway
from hubkit.config import NESTED, ServiceSettings, load_settings
from identity_service.config import IdentitySettings
from ocr_service.config import OcrSettings

ROOT: Final = Path(__file__).resolve().parents[2]
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
SETTINGS: Final[dict[str, type[ServiceSettings]]] = {
    "identity": IdentitySettings,
    "document": DocumentSettings,
    "ocr": OcrSettings,
}
NAMES_OF_KEYS: Final = {"ROOT_ACCESS_KEY", "DOCHUB_BLOBS__S3_ACCESS_KEY"}  # no secrets
OF_THE_COMMAND: Final = {"DOCHUB_OWNER_DSN_FILE"}

TEXT: Final = {"type": "string"}
TEXTS: Final = {"type": "array", "items": TEXT}
DURATION: Final = {"type": "string", "pattern": r"^\d+(ms|s|m)$"}
# The part of the Compose Specification that the file uses; anything else is a slip.
SERVICE: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["image"],
    "properties": {
        "image": {"type": "string", "pattern": r":[\w.-]+$"},
        "build": {
            "type": "object",
            "additionalProperties": False,
            "required": ["context", "dockerfile", "target"],
            "properties": {"context": TEXT, "dockerfile": TEXT, "target": TEXT},
        },
        "restart": {"enum": ["no", "unless-stopped"]},
        "read_only": {"type": "boolean"},
        "tmpfs": TEXTS,
        "cap_drop": TEXTS,
        "security_opt": TEXTS,
        "stop_grace_period": DURATION,
        "profiles": TEXTS,
        "user": TEXT,
        "entrypoint": TEXTS,
        "command": TEXTS,
        "volumes": TEXTS,
        "ports": TEXTS,
        "secrets": TEXTS,
        "shm_size": TEXT,
        "environment": {"type": "object", "additionalProperties": TEXT},
        "healthcheck": {
            "type": "object",
            "additionalProperties": False,
            "required": ["test", "interval", "timeout", "retries"],
            "properties": {
                "test": {"type": "array", "items": TEXT, "contains": {"const": "CMD"}},
                "interval": DURATION,
                "timeout": DURATION,
                "start_period": DURATION,
                "start_interval": DURATION,
                "retries": {"type": "integer", "minimum": 1},
            },
        },
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["condition"],
                "properties": {
                    "condition": {"enum": ["service_healthy", "service_completed_successfully"]}
                },
            },
        },
    },
}
SCHEMA: Final = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "required": ["name", "services", "volumes", "secrets"],
    "properties": {
        "name": TEXT,
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
        "secrets": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["file"],
                "properties": {"file": TEXT},
            },
        },
    },
}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `docker compose run --rm prepare` leaves, made by the same script."""
    folder = tmp_path_factory.mktemp("state")
    run("prepare.sh", str(folder), "hub.example")
    return folder


def run(script: str, *arguments: str, **variables: str) -> str:
    environment = {"PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}", **variables}
    command = [str(ROOT / "deploy" / script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_file_has_the_form_of_compose() -> None:
    jsonschema.validate(COMPOSE, SCHEMA)


def test_what_a_service_waits_for_is_there_and_can_be_waited_for() -> None:
    for service in SERVICES.values():
        for name, dependency in service.get("depends_on", {}).items():
            if dependency["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[name]
            else:
                assert SERVICES[name]["restart"] == "no"


def test_every_secret_is_named_made_and_used(state: Path) -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    for secret in COMPOSE["secrets"].values():
        relative = Path(secret["file"]).relative_to("deploy/state")
        assert (state / relative).stat().st_size > 0
    assert state.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reads_only_secrets_that_it_was_given(name: str) -> None:
    service = SERVICES[name]
    mentioned = set(re.findall(r"/run/secrets/([\w.]+)", json.dumps(service)))
    if name == "gateway":
        mentioned |= {"cert.pem", "key.pem", "edge.route.json"}  # named in envoy.yaml
    if name == "postgres":
        script = (ROOT / "deploy" / "postgres.sh").read_text()
        mentioned |= set(re.findall(r"/run/secrets/(\w+)", script))
    assert mentioned == set(service.get("secrets", ()))


def test_no_secret_stands_in_the_file() -> None:
    named = [
        name
        for service in SERVICES.values()
        for name in service.get("environment", {})
        if re.search("PASSWORD|SECRET|DSN|KEY$", name)
    ]
    plain = [name for name in named if not name.startswith("FROM_FILE_")]
    assert {name for name in plain if not name.endswith("_FILE")} <= NAMES_OF_KEYS


def test_files_that_are_built_from_or_mounted_exist() -> None:
    named = set(COMPOSE["volumes"])
    for service in SERVICES.values():
        if build := service.get("build"):
            container_file = (ROOT / build["context"] / build["dockerfile"]).read_text()
            assert re.search(rf"^FROM \S+ AS {build['target']}$", container_file, re.MULTILINE)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            made_later = source == "./deploy/state"
            assert source in named or made_later or (ROOT / source).is_file(), source


def test_what_the_image_copies_exists_and_is_not_kept_out() -> None:
    text = (ROOT / "deploy" / "Containerfile").read_text()
    sources = [
        source
        for line in re.findall(r"^COPY (?!--)(.*)$", text, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    let_in = (ROOT / ".dockerignore").read_text().splitlines()
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in let_in, source
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= set(sources)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_settings_of_a_service_are_those_it_knows(
    name: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = container_environment(name, state)
    assert {key for key in environment if key.startswith("DOCHUB_")} <= variables(SETTINGS[name])
    for key in [key for key in os.environ if key.startswith("DOCHUB_")]:
        monkeypatch.delenv(key)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    settings = load_settings(SETTINGS[name])
    assert settings.server.service_key_file == Path(f"/run/secrets/{name}_key")
    if isinstance(settings, IdentitySettings):
        assert settings.browser_origins == ("https://localhost:8443",)
        assert settings.database.dsn.get_secret_value().startswith("postgresql://dochub_identity:")
    if isinstance(settings, DocumentSettings | OcrSettings):
        assert settings.blobs.s3_secret_key.get_secret_value() == (
            (state / "s3.password").read_text().strip()
        )


def container_environment(name: str, state: Path) -> dict[str, str]:
    """Give what the program sees after our entry point has read the secrets."""
    given = {
        key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        for key, value in SERVICES[name]["environment"].items()
    }
    for key, value in given.items():
        if key.startswith("FROM_FILE_"):
            secret = COMPOSE["secrets"][Path(value).name]["file"]
            given[key] = str(state / Path(secret).relative_to("deploy/state"))
    output = run("entrypoint.sh", "env", **given)
    seen = dict(line.split("=", 1) for line in output.splitlines())
    assert not [key for key in seen if key.startswith("FROM_FILE_")]
    return {key: value for key, value in seen.items() if key.startswith("DOCHUB_")}


def variables(settings: type[BaseModel], prefix: str = "DOCHUB_") -> set[str]:
    names = set()
    for name, field in settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= variables(kind, prefix + name.upper() + NESTED)
        else:
            names.add(prefix + name.upper())
    return names


def test_variables_of_other_containers_are_known_to_the_command() -> None:
    others = {
        key
        for name, service in SERVICES.items()
        if name not in SETTINGS
        for key in service.get("environment", {})
        if key.startswith("DOCHUB_")
    }
    assert others == OF_THE_COMMAND


@pytest.mark.parametrize("name", ["migrate", "prepare", *SETTINGS])
def test_our_commands_are_real(name: str) -> None:
    service = SERVICES[name]
    program, *rest = service["command"]
    if program == "python":
        assert (ROOT / rest[1] / "__main__.py").is_file()
    elif program == "dochub":
        subcommand, *options = rest
        known = run("entrypoint.sh", "dochub", subcommand, "--help")
        assert all(option.split("=")[0] in known for option in options)
    else:
        assert os.access(ROOT / program.removeprefix("/app/"), os.X_OK)
    if check := service.get("healthcheck"):
        assert check["test"][:3] == ["CMD", "dochub", "health"]
        assert "SERVICE" in run("entrypoint.sh", "dochub", "health", "--help").upper()


def test_preparing_again_changes_no_secret(state: Path) -> None:
    def secrets() -> dict[str, str]:
        files = [path for path in state.rglob("*") if path.is_file()]
        return {str(path): path.read_text() for path in files if path.name != "envoy.yaml"}

    before = secrets()
    run("prepare.sh", str(state), "hub.example")
    assert secrets() == before


def test_envoy_takes_the_configuration(state: Path, tmp_path: Path) -> None:
    text = (state / "envoy.yaml").read_text()
    for name in ("cert.pem", "key.pem", "edge.route.json"):
        real = state / Path(COMPOSE["secrets"][name]["file"]).relative_to("deploy/state")
        text = text.replace(f"/run/secrets/{name}", str(real))
    assert "/run/secrets" not in text
    assert '"https://hub.example:8443"' in text
    config = tmp_path / "envoy.yaml"
    config.write_text(text)
    done = subprocess.run(
        [*envoy_command(config), "--mode", "validate"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def healthy_service() -> Iterator[Endpoint]:
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        servicer = HealthServicer()
        servicer.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        endpoint = Endpoint(LOOPBACK, server.add_insecure_port(f"{LOOPBACK}:0"))
        server.start()
        yield endpoint
        server.stop(None).wait()


def test_the_health_checks_tell_life_from_death(tmp_path: Path, healthy_service: Endpoint) -> None:
    kind, *command = SERVICES["gateway"]["healthcheck"]["test"]
    assert kind == "CMD"

    def gateway_lives(port: int) -> bool:
        real = [part.replace("9901", str(port)) for part in command]
        return not subprocess.run(real, capture_output=True, check=False, timeout=20).returncode

    dead = free_ports(1)[0]
    assert is_serving(str(healthy_service))
    assert not is_serving(f"{LOOPBACK}:{dead}")
    upstreams = dict.fromkeys(("identity", "document", "ocr"), (healthy_service,))
    with running_gateway(tmp_path, upstreams) as gateway:
        assert gateway_lives(gateway.plan.admin.port)
        assert not gateway_lives(dead)
