"""The credential providers of Python and Node.js, on a store of their own.

They fetch temporary keys and renew them in time; test_renewed_keys.py does that in Go and Java.
Those that assume roles insist on TLS, so the store here has a certificate of its own making.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cloud import TRUST_ACCOUNT, Cloud, document
from tests.conformance.keys import UID
from tests.conformance.programs import Program
from tests.conformance.raw import ask
from tests.conformance.test_story import PUT_ONLY
from tests.support import KEY_ID, SECRET, Server, free_port

NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
HOW = "install Node.js 18 or newer, with npm"
NODE = Program("alicloud", ("node", "npm"), HOW, (NPM,), ("node", "FOLDER/run.js"))
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def tls_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, tls_port: int) -> Iterator[Server]:
    """A store with TLS and the credentials page."""
    arguments = ("--tls-listen", f"localhost:{tls_port}", "--tls-self-signed", "--credentials-uri")
    with Server(tmp_path_factory.mktemp("secure"), *arguments) as running:
        yield running


@pytest.fixture(scope="module")
def orders(secure: Server, tls_port: int) -> dict[str, Any]:
    """A user who may assume a role that may do everything in OSS, and a session of it."""
    root = Cloud(secure)
    user = root.user("caller")
    root.attach("AliyunSTSAssumeRoleAccess", "User", "caller")
    root("CreateRole", role_name="worker", assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", "worker")
    session = user.assume("worker")
    root.oss("PUT", "story")
    return {
        "bucket": "story", "trust": TRUST_ACCOUNT,
        "putOnly": PUT_ONLY.replace("<BucketName>", "story"),
        "port": secure.port, "tlsPort": tls_port, "name": "other",
        "root": {"id": KEY_ID, "secret": SECRET},
        "user": {"id": user.key_id, "secret": user.secret},
        "session": {"id": session.key_id, "secret": session.secret, "token": session.token},
        "roleArn": f"acs:ram::{UID}:role/worker", "policy": document("oss:ListBuckets"),
        "uri": f"{secure.endpoint}/-/credentials?role=worker",
    }  # fmt: skip


def said_by(words: tuple[str, ...], secure: Server, orders: dict[str, Any]) -> dict[str, Any]:
    certificate = str(secure.data / "tls-cert.pem")
    trusting = {"SSL_CERT_FILE": certificate, "NODE_EXTRA_CA_CERTS": certificate}
    done = subprocess.run(
        words, input=json.dumps(orders), env={**os.environ, **trusting}, capture_output=True,
        text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def python(secure: Server, orders: dict[str, Any]) -> dict[str, Any]:
    return said_by((sys.executable, str(HERE / "credential_providers.py")), secure, orders)


@pytest.fixture(scope="module")
def node(secure: Server, orders: dict[str, Any]) -> dict[str, Any]:
    return said_by(NODE.built(), secure, orders)


def works(secure: Server, key: dict[str, str]) -> bool:
    caller = Cloud(secure, key["id"], key["secret"], key["token"])
    return key["id"].startswith("STS.") and caller.oss("GET").status == 200


@pytest.mark.parametrize("kind", ["role", "uri"])
def test_python_renews_its_keys(secure: Server, python: dict[str, Any], kind: str) -> None:
    said = python[kind]
    assert said["kept"]
    assert said["first"]["id"] != said["later"]["id"]
    assert works(secure, said["first"])
    assert works(secure, said["later"])


def test_python_keeps_what_it_is_given(secure: Server, python: dict[str, Any]) -> None:
    assert works(secure, python["static"])


def test_node_renews_its_keys(secure: Server, node: dict[str, Any]) -> None:
    said = node["refreshing"]
    assert said["kept"]
    assert said["first"]["id"] != said["later"]["id"]
    assert works(secure, said["first"])
    assert works(secure, said["later"])


@pytest.mark.parametrize("client", ["pop", "aliOss", "staticSts", "uri"])
def test_keys_that_node_got_work(secure: Server, node: dict[str, Any], client: str) -> None:
    assert works(secure, node[client])


def test_the_tutorial_in_node(secure: Server, node: dict[str, Any]) -> None:
    assert node["story"] == {
        "put": 200, "get": "AccessDenied", "list": "AccessDenied", "remove": "AccessDenied",
        "putWithoutUser": 200,  # the token is the role's
        "putWithoutRole": node["story"]["putWithoutRole"],
    }  # fmt: skip
    assert node["story"]["putWithoutRole"] in ("InvalidSecurityToken", "AccessDenied")
    assert Cloud(secure).oss("GET", "story", "page.txt").body == b"still"


def test_ram_and_sts_of_node(secure: Server, node: dict[str, Any]) -> None:
    assert node["ram"]["arn"] == f"acs:ram::{UID}:user/other-node"
    assert works(secure, node["ram"]["session"])
    assert node["ram"]["gone"] == "InvalidAccessKeyId.NotFound"
    assert node["aliOss"]["refused"] == "InvalidParameter.RoleArn"


def test_the_page_is_for_programs_of_this_machine(
    secure: Server, server: Server, orders: dict[str, Any]
) -> None:
    page = orders["uri"][len(secure.endpoint) :]
    body = json.loads(ask(secure, "GET", page).body)
    assert body.keys() == {
        "Code", "AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration",
    }  # fmt: skip
    assert body["Code"] == "Success"
    assert ask(secure, "GET", page, {"Origin": "http://localhost"}).status == 403
    assert ask(secure, "GET", page, {"X-Forwarded-For": "10.0.0.1"}).status == 403
    assert ask(secure, "GET", page, {"Host": "rebound.example"}).status == 421
    assert ask(secure, "GET", "/-/credentials?role=none").status == 404
    assert ask(server, "GET", page).status == 404  # unless it was asked for, there is none
