"""Real daprd and ours, side by side on one store."""

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import require
from tests.integrations.dapr import document
from tests.integrations.dapr.build import daprd
from tests.integrations.dapr.daprd import Daprd
from tests.integrations.dapr.servers import Ours
from tests.support import Server

if TYPE_CHECKING:
    from dapr.clients import DaprClient

    Sdk = Callable[[Daprd], DaprClient]

THEIRS, OURS = "of-daprd", "of-dapr-http"


@pytest.fixture(scope="session")
def program() -> Path:
    """The real daprd: with the components needed here, or untouched in `make nightly`."""
    return daprd(os.environ.get("MOSSBOX_TEST_DAPRD") or "trimmed")


def packages() -> None:
    """Without these neither the SDK nor a pluggable component can be tried."""
    found = all(map(find_spec, ("dapr", "grpc", "grpc_reflection")))
    require("dapr and grpcio-reflection", found, "make setup-integrations")


def components(folder: Path, store: Server, bucket: str) -> Path:
    """The page's component, and others that are made of it and fail in their own ways."""
    folder.mkdir()
    kinds = {
        "missing": component_of(store.endpoint, "no-such-bucket", "missing"),
        "unreachable": component_of("http://127.0.0.1:1", bucket, "unreachable"),
        "denied": component_of(store.endpoint, bucket, "denied", ("mossbox-secret", "wrong")),
        document.NAME: document.component(store.endpoint, bucket),
    }
    for name, text in kinds.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def component_of(endpoint: str, bucket: str, name: str, *changes: tuple[str, str]) -> str:
    return document.component(endpoint, bucket, (document.NAME, name), *changes)


@pytest.fixture(scope="session")
def theirs(
    program: Path, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daprd]:
    """daprd on the bucket THEIRS."""
    folder = tmp_path_factory.mktemp("theirs")
    server.request("PUT", THEIRS)
    with Daprd(program, folder, components(folder / "components", server, THEIRS)) as running:
        yield running


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> "Sdk":
    """The Python SDK for a daprd, found by its variables as a program beside it would."""

    packages()
    from dapr.clients import DaprClient

    def client(running: Daprd) -> DaprClient:
        monkeypatch.setenv("DAPR_HTTP_PORT", str(running.port))
        monkeypatch.setenv("DAPR_GRPC_PORT", str(running.grpc_port))
        return DaprClient()

    return client


@pytest.fixture(scope="session")
def ours(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """`mossbox dapr-http` on the bucket OURS."""
    folder = tmp_path_factory.mktemp("ours")
    server.request("PUT", OURS)
    where = components(folder / "components", server, OURS)
    words = ("dapr-http", "--components", str(where), "--listen", "127.0.0.1:0")
    with Ours(folder, *words) as running:
        yield running
