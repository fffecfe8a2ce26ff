from pathlib import Path

import pytest

from hubkit.testing.tokens import Mesh, make_mesh


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Mesh:
    return make_mesh(Path(tmp_path_factory.mktemp("mesh")))
