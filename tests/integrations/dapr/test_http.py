"""`mossbox dapr-http`: secrets, pages of other origins, bad input, and what it sends."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integrations.dapr import document
from tests.integrations.dapr.conftest import component_of
from tests.integrations.dapr.daprd import Daprd
from tests.integrations.dapr.servers import Ours, ask, keys, stored
from tests.support import KEY_ID, SECRET, Server

pytestmark = pytest.mark.timeout(3600)  # the first run builds daprd

STORE = """\
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: {name}
spec:
  type: secretstores.local.{kind}
  version: v1
  metadata:
{metadata}"""
BUCKET = "of-secrets"


def secret_component(server: Server, name: str, store: str, key_id: str, key: str) -> str:
    """The page's component with references in the place of both keys."""
    text = component_of(
        server.endpoint, BUCKET, name,
        ('value: "mossbox"\n', f"secretKeyRef: {key_id}\n"),
        ('value: "mossbox-secret"\n', f"secretKeyRef: {key}\n"),
    )  # fmt: skip
    return f"{text}auth:\n  secretStore: {store}\n"


def test_secrets_are_found_where_daprd_finds_them(
    program: Path, server: Server, tmp_path: Path
) -> None:
    """A file flat and in groups, and the environment; store and binding in one file."""
    server.request("PUT", BUCKET)
    folder = tmp_path / "components"
    folder.mkdir()
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"id": KEY_ID, "oss": {"id": KEY_ID, "key": SECRET}}))
    file = f"  - name: secretsFile\n    value: {secrets}\n"
    groups = f'{file}  - name: multiValued\n    value: "true"\n'
    prefix = "  - name: prefix\n    value: TESTS_\n"
    one = "{name: id, key: id}", "{name: 'oss:key'}"
    several = "{name: oss, key: id}", "{name: oss, key: key}"
    variables = "{name: OSS_ID, key: OSS_ID}", "{name: OSS_KEY}"
    for name, kind, metadata, references in (
        ("flat", "file", file, one), ("groups", "file", groups, several),
        ("variables", "env", prefix, variables),
    ):  # fmt: skip
        text = secret_component(server, name, f"{name}-store", *references)
        store = STORE.format(name=f"{name}-store", kind=kind, metadata=metadata)
        (folder / f"{name}.yaml").write_text(text + store)
    environment = {"TESTS_OSS_ID": KEY_ID, "TESTS_OSS_KEY": SECRET}
    words = ("dapr-http", "--components", str(folder), "--listen", "127.0.0.1:0")
    with (
        Daprd(program, tmp_path / "daprd", folder, environment) as theirs,
        Ours(tmp_path / "ours", *words, environment=environment) as ours,
    ):
        for name in ("flat", "groups", "variables"):
            for who, port in (("theirs", theirs.port), ("ours", ours.port)):
                body = {"operation": "create", "data": 1, "metadata": {"key": f"{who}/{name}"}}
                assert ask(port, name, body).said == (204, b"")
                assert stored(server, BUCKET, f"{who}/{name}")[0] == b"1"
        assert ours.log == ""  # nothing stands there as plain text


@pytest.fixture(scope="module")
def raw(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """Ours with all operations, raw strings, and a token to show."""
    folder = tmp_path_factory.mktemp("raw")
    server.request("PUT", "of-raw")
    (folder / "components").mkdir()
    text = component_of(server.endpoint, "of-raw", "mine", ("alicloud.oss", "mossbox-oss"))
    (folder / "components" / "a.yaml").write_text(text)
    words = ("dapr-http", "--components", "components", "--listen", "127.0.0.1:0", "--raw-strings")
    with Ours(folder, *words, environment={"DAPR_API_TOKEN": "shown"}) as running:
        yield running


SHOWN = {"dapr-api-token": "shown"}


def test_raw_strings_and_every_operation(server: Server, raw: Ours) -> None:
    def told(operation: str, data: object = None, **metadata: str) -> bytes:
        body = {"operation": operation, "data": data, "metadata": metadata}
        answer = ask(raw.port, "mine", body, headers=SHOWN)
        assert answer.status == 200, answer
        return answer.body

    told("create", "Hello World", key="a.txt")
    assert stored(server, "of-raw", "a.txt")[0] == b"Hello World"
    assert told("get", key="a.txt") == b"Hello World"
    told("create", {"a": "b"}, key="b.json")
    assert told("get", key="b.json") == b'{"a":"b"}'
    assert [one["key"] for one in json.loads(told("list"))["objects"]] == ["a.txt", "b.json"]
    assert "Signature=" in json.loads(told("presign", key="a.txt"))["presignURL"]
    told("delete", key="b.json")
    assert keys(server, "of-raw") == ["a.txt"]
    answer = ask(raw.port, "mine", {"operation": "create", "metadata": {"key": "é\r\nx: y"}},
                 headers=SHOWN)  # fmt: skip
    assert answer.headers["metadata.key"].encode("latin-1").decode() == "é  x: y"


def test_many_at_once(server: Server, raw: Ours) -> None:
    def create(number: int) -> int:
        body = {"operation": "create", "data": number, "metadata": {"key": f"many/{number}"}}
        return ask(raw.port, "mine", body, headers=SHOWN).status

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(create, range(64))) == {200}
    assert all(
        stored(server, "of-raw", f"many/{number}")[0] == str(number).encode()
        for number in range(64)
    )


def test_pages_of_other_origins_and_callers_without_the_token_are_refused(
    server: Server, raw: Ours
) -> None:
    body = {"operation": "create", "metadata": {"key": "stolen"}}
    own = {f"http://{name}:{raw.port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    for origin in ("http://evil.example", f"http://evil.example:{raw.port}", "null", "",
                   "http://localhost:1", f"https://localhost:{raw.port}"):  # fmt: skip
        answer = ask(raw.port, "mine", body, headers={**SHOWN, "origin": origin})
        assert answer.status == 403, origin
    for headers in ({}, {"dapr-api-token": ""}, {"dapr-api-token": "guessed"}):
        assert ask(raw.port, "mine", body, headers=headers).status == 401
    assert "stolen" not in keys(server, "of-raw")
    for origin in own:
        answer = ask(raw.port, "mine", body, headers={**SHOWN, "origin": origin})
        assert answer.status == 200


def test_bad_input_is_told_in_one_sentence(tmp_path: Path, server: Server) -> None:
    components = tmp_path / "components"
    words = [sys.executable, "-m", "mossbox", "dapr-http", "--components", "components"]
    environment = {name: value for name, value in os.environ.items() if name != "DAPR_API_TOKEN"}

    def told(*more: str) -> str:
        done = subprocess.run([*words, *more], cwd=tmp_path, capture_output=True, text=True,
                              timeout=30, env=environment)  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        lines = [line for line in done.stderr.splitlines() if "WARNING" not in line]
        assert len(lines) == 1, done.stderr
        return lines[0]

    assert told() == "mossbox: components: there is no such folder"
    components.mkdir()
    file = components / "a.yaml"
    good = document.component(server.endpoint, "of-raw")
    file.write_text(good.replace("  type:", " type:"))
    assert told().startswith("mossbox: components/a.yaml:8: this is not YAML: ")
    file.write_text(good.replace("- name: accessKey\n", "- name: acessKey\n"))
    where = f"mossbox: components/a.yaml: component {document.NAME}: "
    assert told() == f"{where}spec.metadata accessKey is missing"
    file.write_text(good)
    assert told("--listen", "0.0.0.0:0").startswith("mossbox: --listen 0.0.0.0:0: anybody who")
    taken = f"127.0.0.1:{server.port}"
    assert told("--listen", taken) == f"mossbox: --listen: {taken}: Address already in use"
    assert told("--listen", "here").startswith("mossbox: --listen: 'here' is no address")


def test_nothing_is_sent_that_another_oss_would_not_know(tmp_path: Path) -> None:
    """Every request of every operation, seen by a server that is not ours."""
    seen: list[tuple[str, str, dict[str, str]]] = []

    class Recorder(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            seen.append((self.command, self.path, dict(self.headers.items())))
            listing = b"<ListBucketResult><Name>b</Name></ListBucketResult>"
            body = listing if "list-type" in self.path else b""
            self.send_response(204 if self.command == "DELETE" else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = do

        def log_message(self, *arguments: object) -> None:
            pass

    recorder = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=recorder.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{recorder.server_port}"
    (tmp_path / "components").mkdir()
    text = component_of(endpoint, "bucket", "mine", ("alicloud.oss", "mossbox-oss"))
    text = text.replace('"mossbox"', '"id"').replace('"mossbox-secret"', '"key"')
    (tmp_path / "components" / "a.yaml").write_text(text)
    words = ("dapr-http", "--components", "components", "--listen", "127.0.0.1:0")
    with Ours(tmp_path, *words) as ours:
        for operation in ("create", "get", "list", "delete", "presign"):
            body = {"operation": operation, "metadata": {"key": "k"}}
            assert ask(ours.port, "mine", body).status == 200
    recorder.shutdown()
    recorder.server_close()
    assert [(method, path.partition("?")[0]) for method, path, _ in seen] == [
        ("PUT", "/bucket/k"), ("GET", "/bucket/k"), ("GET", "/bucket/"), ("DELETE", "/bucket/k"),
    ]  # fmt: skip
    common = {"host", "date", "authorization", "user-agent", "accept", "accept-encoding",
              "content-type", "content-length", "content-md5"}  # fmt: skip
    for method, path, headers in seen:
        assert {name.lower() for name in headers} <= common, (method, headers)
        assert "mossbox" not in f"{method} {path} {headers}".lower()
        assert headers["Authorization"].startswith("OSS id:")
