"""The key set in the form in which Envoy takes it up without a restart."""

import hashlib
import json
from pathlib import Path

from hubkit.tokens import replace_file

_ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"


def write_jwks_route(jwks_file: Path) -> None:
    """Write the route by which Envoy answers itself with a key set, beside that.

    Envoy watches the folder, and reads what is moved into it.
    """
    keys = jwks_file.read_text()
    answer = {"status": 200, "body": {"inline_string": keys}}
    host = {
        "name": "jwks",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "direct_response": answer}],
    }
    version = hashlib.sha256(keys.encode()).hexdigest()
    resources = [{"@type": _ROUTES, "name": "jwks", "virtual_hosts": [host]}]
    content = {"version_info": version, "resources": resources}
    replace_file(jwks_file.with_suffix(".route.json"), json.dumps(content).encode(), 0o644)
