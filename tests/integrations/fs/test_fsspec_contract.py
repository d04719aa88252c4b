"""fsspec's own tests of a file system: what copy, get, put, move, pipe and open must do."""

from collections.abc import Callable

import pytest
from fsspec.tests import abstract

from mossbox.fs import OSSFileSystem
from mossbox.testing import MossboxServer
from tests.integrations.fs.conftest import make


class Fixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self, store: MossboxServer) -> OSSFileSystem:
        return make(store)

    @pytest.fixture
    def fs_path(self, store: MossboxServer) -> str:
        return store.bucket

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return lambda *names: "/".join(names)

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return False


class TestCopy(abstract.AbstractCopyTests, Fixtures):
    pass


class TestGet(abstract.AbstractGetTests, Fixtures):
    pass


class TestPut(abstract.AbstractPutTests, Fixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, Fixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, Fixtures):
    pass
