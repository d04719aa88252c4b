"""Real daprd and ours, side by side on one store."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dapr.clients import DaprClient

from tests.integrations.dapr import document
from tests.integrations.dapr.build import daprd
from tests.integrations.dapr.daprd import Daprd
from tests.integrations.dapr.servers import Ours
from tests.support import Server

THEIRS, OURS = "of-daprd", "of-dapr-http"


@pytest.fixture(scope="session")
def program() -> Path:
    """The real daprd: with the components needed here, or untouched in `make nightly`."""
    return daprd(os.environ.get("MOSSBOX_TEST_DAPRD") or "trimmed")


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
def sdk(monkeypatch: pytest.MonkeyPatch) -> Callable[[Daprd], DaprClient]:
    """The Python SDK for a daprd, found by its variables as a program beside it would."""

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
