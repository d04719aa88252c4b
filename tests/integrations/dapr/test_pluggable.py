"""`mossbox dapr-component` under the real daprd: every operation, by HTTP and by the Python SDK."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conformance.cloud import TRUST_ACCOUNT, Cloud
from tests.integrations.dapr import document
from tests.integrations.dapr.conftest import component_of, packages
from tests.integrations.dapr.daprd import Daprd
from tests.integrations.dapr.servers import Ours, Told, ask, keys, stored
from tests.support import REGION, Server

pytestmark = pytest.mark.timeout(3600)  # the first run builds daprd

if TYPE_CHECKING:
    from tests.integrations.dapr.conftest import Sdk

BUCKET, OTHER = "of-component", "of-component-other"
TYPE = ("bindings.alicloud.oss", "bindings.mossbox-oss")
REGION_FIELD = f"  - name: region\n    value: {REGION}\n"
TOKEN = '  - name: securityToken\n    value: "%s"\n'


def temporary(server: Server) -> Cloud:
    """The temporary key of a role that may put and get objects in BUCKET, and nothing else."""
    root = Cloud(server)
    root("CreateRole", role_name="dapr", assume_role_policy_document=TRUST_ACCOUNT)
    on = f"acs:oss:*:*:{BUCKET}/*"
    root.attach(root.policy("dapr", "oss:PutObject", "oss:GetObject", resource=on), "Role", "dapr")
    user = root.user("dapr")
    root.attach("AliyunSTSAssumeRoleAccess", "User", "dapr")
    return user.assume("dapr")


@pytest.fixture(scope="module")
def plugged(
    program: Path, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daprd]:
    """daprd with three components of our type on one socket."""
    packages()
    folder = tmp_path_factory.mktemp("plugged")
    for bucket in (BUCKET, OTHER):
        server.request("PUT", bucket)
    held = temporary(server)
    assert held.token
    files = {
        "mine": component_of(server.endpoint, BUCKET, "mine", TYPE),
        "other": component_of(server.endpoint, OTHER, "other", TYPE) + REGION_FIELD,
        "held": component_of(
            server.endpoint, BUCKET, "held", TYPE,
            ('"mossbox"', f'"{held.key_id}"'), ('"mossbox-secret"', f'"{held.secret}"'),
        ) + TOKEN % held.token,
    }  # fmt: skip
    components = folder / "components"
    components.mkdir()
    for name, text in files.items():
        (components / f"{name}.yaml").write_text(text)
    # Names of sockets are short, and pytest's folders are deep.
    sockets = Path("/tmp") / f"mossbox-{folder.parent.name}-{folder.name}"
    words = ("dapr-component", "--socket", str(sockets / "mossbox-oss.sock"))
    with Ours(folder / "ours", *words):
        assert (sockets / "mossbox-oss.sock").stat().st_mode & 0o777 == 0o600
        environment = {"DAPR_COMPONENTS_SOCKETS_FOLDER": str(sockets)}
        with Daprd(program, folder / "daprd", components, environment) as running:
            yield running
    assert list(sockets.iterdir()) == []
    sockets.rmdir()


def test_create_as_the_page_has_it(server: Server, plugged: Daprd) -> None:
    told = ask(plugged.port, "mine", {"operation": "create", "data": "Hello World"})
    assert told.status == 200
    random = told.headers["metadata.key"]
    assert len(random) == 36
    assert stored(server, BUCKET, random)[0] == b'"Hello World"'
    (body,) = [block for block in document.blocks("json") if "file content" in block]
    assert ask(plugged.port, "mine", body).headers["metadata.key"] == "my-key"
    assert stored(server, BUCKET, "my-key")[0] == b'"file content"'


def over_http(port: int, operation: str, data: object = None, **metadata: str) -> Told:
    return ask(port, "mine", {"operation": operation, "data": data, "metadata": metadata})


def test_every_operation_by_http(server: Server, plugged: Daprd) -> None:
    told = over_http(plugged.port, "create", {"n": 1}, key="h/a.json", contentType="text/x-own")
    assert (told.status, told.body) == (200, b"")
    assert stored(server, BUCKET, "h/a.json") == (b'{"n":1}', "text/x-own")
    told = over_http(plugged.port, "get", key="h/a.json")
    assert (told.status, told.body) == (200, b'{"n":1}')
    assert told.headers["metadata.contenttype"] == "text/x-own"

    raw = base64.b64encode(b"\0\xff raw").decode()
    over_http(plugged.port, "create", raw, key="h/b.bin", decodeBase64="true")
    assert stored(server, BUCKET, "h/b.bin")[0] == b"\0\xff raw"
    told = over_http(plugged.port, "get", key="h/b.bin", encodeBase64="true")
    assert told.body.decode() == raw

    page = json.loads(over_http(plugged.port, "list", {"prefix": "h/", "maxResults": 1}).body)
    assert [one["key"] for one in page["objects"]] == ["h/a.json"]
    assert page["objects"][0]["size"] == 7
    rest = {"prefix": "h/", "marker": page["nextMarker"]}
    page = json.loads(over_http(plugged.port, "list", rest).body)
    assert [one["key"] for one in page["objects"]] == ["h/b.bin"]
    assert not page["isTruncated"]
    page = json.loads(over_http(plugged.port, "list", {"delimiter": "/", "maxResults": 1000}).body)
    assert page["prefixes"] == [
        "h/",
        *([] if "sdk/a.txt" not in keys(server, BUCKET) else ["sdk/"]),
    ]

    signed = json.loads(over_http(plugged.port, "presign", key="h/a.json", presignTTL="1m").body)
    with urllib.request.urlopen(signed["presignURL"]) as answer:
        assert answer.read() == b'{"n":1}'
    assert over_http(plugged.port, "delete", key="h/a.json").status == 200
    assert "h/a.json" not in keys(server, BUCKET)


def test_every_operation_by_the_python_sdk(server: Server, plugged: Daprd, sdk: "Sdk") -> None:
    with sdk(plugged) as client:
        made = client.invoke_binding("mine", "create", b"\0\xff", {"key": "sdk/a.txt"})
        assert made.binding_metadata["key"] == "sdk/a.txt"
        assert stored(server, BUCKET, "sdk/a.txt") == (b"\0\xff", "text/plain")
        assert client.invoke_binding("mine", "get", b"", {"key": "sdk/a.txt"}).data == b"\0\xff"
        page = json.loads(client.invoke_binding("mine", "list", b'{"prefix":"sdk/"}').data)
        assert [one["key"] for one in page["objects"]] == ["sdk/a.txt"]
        put = {"key": "sdk/put.txt", "method": "PUT", "contentType": "text/x-own"}
        signed = json.loads(client.invoke_binding("mine", "presign", b"", put).data)
        request = urllib.request.Request(signed["presignURL"], b"by URL", method="PUT")
        request.add_header("content-type", "text/x-own")
        urllib.request.urlopen(request).close()
        assert stored(server, BUCKET, "sdk/put.txt") == (b"by URL", "text/x-own")
        client.invoke_binding("mine", "delete", b"", {"key": "sdk/a.txt"})
        assert "sdk/a.txt" not in keys(server, BUCKET)


def test_components_on_one_socket_are_kept_apart(server: Server, plugged: Daprd) -> None:
    body = {"operation": "create", "data": 1, "metadata": {"key": "apart"}}
    assert ask(plugged.port, "other", body).status == 200
    assert keys(server, OTHER) == ["apart"]
    assert "apart" not in keys(server, BUCKET)


def test_a_region_brings_the_newest_signature(server: Server, plugged: Daprd) -> None:
    ask(plugged.port, "other", {"operation": "create", "data": 4, "metadata": {"key": "v4"}})
    body = {"operation": "presign", "metadata": {"key": "v4", "presignTTL": "168h"}}
    url = json.loads(ask(plugged.port, "other", body).body)["presignURL"]
    assert "x-oss-signature-version=OSS4-HMAC-SHA256" in url
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"4"
    server.request("DELETE", OTHER, "v4")


def test_temporary_keys(server: Server, plugged: Daprd) -> None:
    body = {"operation": "create", "data": 1, "metadata": {"key": "by-role", "presignTTL": "1m"}}
    signed = json.loads(ask(plugged.port, "held", body).body)
    with urllib.request.urlopen(signed["presignURL"]) as answer:
        assert answer.read() == b"1"
    refused = ask(plugged.port, "held", {"operation": "list"})
    assert refused.status == 500
    assert "ErrorCode=AccessDenied" in refused.message


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"operation": "get", "metadata": {"key": "nothing"}}, "ErrorCode=NoSuchKey"),
        ({"operation": "get"}, "metadata.key is missing"),
        ({"operation": "copy"}, "supported operations:create get delete list presign"),
        ({"operation": "list", "data": {"max": 1}}, "data.max of list is not one of"),
        ({"operation": "presign", "metadata": {"key": "x", "presignTTL": "soon"}}, "presignTTL"),
    ],
)
def test_failures_are_told(plugged: Daprd, body: object, why: str) -> None:
    told = ask(plugged.port, "mine", body)
    assert told.status == 500
    assert why in told.message


def test_a_component_without_a_bucket_is_named(
    program: Path, server: Server, tmp_path: Path
) -> None:
    packages()
    components = tmp_path / "components"
    components.mkdir()
    text = component_of(server.endpoint, BUCKET, "mine", TYPE, ("- name: bucket", "- name: other"))
    (components / "a.yaml").write_text(text)
    sockets = Path("/tmp") / f"mossbox-{tmp_path.name}-{server.port}"
    words = ("dapr-component", "--socket", str(sockets / "mossbox-oss.sock"))
    with Ours(tmp_path / "ours", *words):
        environment = {"DAPR_COMPONENTS_SOCKETS_FOLDER": str(sockets)}
        with pytest.raises(RuntimeError, match=r"spec\.metadata bucket is missing"):
            Daprd(program, tmp_path / "daprd", components, environment).start()
    sockets.rmdir()
