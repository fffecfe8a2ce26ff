"""Serve identity: `python -m identity_service [--check | --print-config]`."""

from hubkit.server.command import main
from identity_service.bootstrap import build
from identity_service.config import IdentitySettings

if __name__ == "__main__":
    main("identity", IdentitySettings, build)
