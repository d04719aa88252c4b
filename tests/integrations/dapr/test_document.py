"""The page about Dapr's binding for OSS, on the real daprd and on `mossbox dapr-http`."""

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integrations.dapr import document
from tests.integrations.dapr.conftest import OURS, THEIRS, component_of
from tests.integrations.dapr.daprd import Daprd
from tests.integrations.dapr.servers import Ours, ask, curl, keys, stored
from tests.integrations.world import MOSSBOX, Program, World, until
from tests.support import Server

if TYPE_CHECKING:
    from tests.integrations.dapr.conftest import Sdk

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
HELLO = b'"Hello World"'  # with its quotes, 13 bytes
pytestmark = pytest.mark.timeout(3600)  # the first run builds daprd


def type_in(folder: Path, command: str) -> str:
    """Run a command of the page as it stands; curl prints the status after the body."""
    curl()
    (folder / ".curlrc").write_text('silent\nshow-error\nwrite-out = " %{http_code}"\n')
    environment = {**os.environ, "CURL_HOME": str(folder)}
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_commands(server: Server, bucket: str, port: int, folder: Path) -> None:
    before = set(keys(server, bucket))
    commands = document.commands(port)
    assert type_in(folder, commands["random key"]) == " 204"
    (random,) = set(keys(server, bucket)) - before
    assert UUID4.fullmatch(random)
    assert stored(server, bucket, random) == (HELLO, "application/octet-stream")
    assert type_in(folder, commands["given key"]) == " 204"
    assert stored(server, bucket, "my-key") == (HELLO, "application/octet-stream")


def test_commands_on_the_real_daprd(server: Server, theirs: Daprd, tmp_path: Path) -> None:
    check_commands(server, THEIRS, theirs.port, tmp_path)


def test_commands_without_dapr(server: Server, ours: Ours, tmp_path: Path) -> None:
    check_commands(server, OURS, ours.port, tmp_path)


def test_the_body_that_sets_the_key(server: Server, theirs: Daprd, ours: Ours) -> None:
    (body,) = [block for block in document.blocks("json") if "file content" in block]
    for bucket, port in ((THEIRS, theirs.port), (OURS, ours.port)):
        assert ask(port, document.NAME, body).said == (204, b"")
        assert stored(server, bucket, "my-key")[0] == b'"file content"'


def test_the_python_sdk_keeps_bytes_as_they_are(server: Server, theirs: Daprd, sdk: "Sdk") -> None:
    with sdk(theirs) as client:
        answer = client.invoke_binding(
            document.NAME, "create", b"\0raw \xff bytes", {"key": "sdk/bytes.bin"}
        )
        assert answer.data == b""
    assert stored(server, THEIRS, "sdk/bytes.bin")[0] == b"\0raw \xff bytes"


def test_the_python_sdk_tells_what_went_wrong(theirs: Daprd, sdk: "Sdk") -> None:
    with sdk(theirs) as client:
        for binding, operation, why in (
            (document.NAME, "get", "supported operations:create"),
            ("missing", "create", "ErrorCode=NoSuchBucket"),
            ("denied", "create", "ErrorCode=SignatureDoesNotMatch"),
        ):
            with pytest.raises(Exception, match=why):
                client.invoke_binding(binding, operation, b"x", {})


CLOUD = "https://oss-cn-hangzhou.aliyuncs.com"


@pytest.mark.slow
def test_the_endpoint_that_the_page_gives(program: Path, server: Server, tmp_path: Path) -> None:
    """The very address of the page, over TLS, with requests to a host for the bucket."""
    assert f"| {CLOUD}\n" in document.page()
    server.request("PUT", "of-the-page")
    components = tmp_path / "components"
    components.mkdir()
    (components / "a.yaml").write_text(component_of(CLOUD, "of-the-page", "page"))
    theirs = Daprd(program, tmp_path / "daprd", components)
    http = ["dapr-http", "--components", str(components), "--listen", "127.0.0.1:3500"]
    body = '{ "operation": "create", "data": "Hello World", "metadata": { "key": "%s" } }'
    (tmp_path / "ours").mkdir()
    curl()
    with World(server, tmp_path) as world:
        running = [
            Program(world, theirs.words, theirs.folder, theirs.environment),
            Program(world, [*MOSSBOX, *http], tmp_path / "ours", {}),
        ]
        try:
            for who, port, one in zip(
                ("theirs", "ours"), (theirs.port, 3500), running, strict=True
            ):
                one.start(port)
                address = f"http://127.0.0.1:{port}/v1.0/bindings/page"
                assert world.run("curl", "-sS", "-d", body % who, address) == ""
                assert stored(server, "of-the-page", who)[0] == HELLO
        finally:
            for one in running:
                one.stop()
    host = "of-the-page.oss-cn-hangzhou.aliyuncs.com"
    until(lambda: server.access.count(f'"{host}"') == 2, lambda: server.access[-2000:])
