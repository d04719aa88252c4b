"""A store and a world for the tests of `mossbox run`."""

from collections.abc import Iterator

import pytest

from tests.integrations.world import World
from tests.support import Server


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("store"), "--bucket", "open:public-read-write") as running:
        yield running


@pytest.fixture(scope="package")
def world(store: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(store, tmp_path_factory.mktemp("world")) as running:
        yield running
