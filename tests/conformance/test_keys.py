"""The key ring from outside: operations, the command, and what a key's state does to objects."""

import os
import re
import subprocess
import sys

import pytest

from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET
from tests.support import Answer, Server

UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    assert server.request("PUT", bucket_name).status == 200
    return bucket_name


def ask(server: Server, operation: str, key_id: str = "", **more: str) -> Answer:
    method = "GET" if operation in ("ListKeys", "DescribeKey") else "POST"
    query = {"mossbox-keys": operation}
    if key_id:
        query["x-oss-key-id"] = key_id
    return server.request(method, query={**query, **more})


def create(server: Server) -> str:
    answer = ask(server, "CreateKey")
    assert answer.status == 200
    return answer.element("KeyId")


def kms(key_id: str = "") -> dict[str, str]:
    headers = {"x-oss-server-side-encryption": "KMS"}
    return {**headers, "x-oss-server-side-encryption-key-id": key_id} if key_id else headers


def test_a_key_is_made_and_described(server: Server) -> None:
    made = ask(server, "CreateKey", **{"x-oss-key-description": "for <tests>"})
    key_id = made.element("KeyId")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key_id)
    shown = ask(server, "DescribeKey", key_id)
    for answer in (made, shown):
        assert answer.element("Description") == "for <tests>"
        assert answer.element("KeyState") == "Enabled"
        assert answer.element("Default") == "false"
    assert shown.body.count(b"<KeyVersion>") == 1
    assert key_id.encode() in ask(server, "ListKeys").body


def test_after_a_rotation_old_objects_are_read(server: Server, bucket: str) -> None:
    key_id = create(server)
    bodies = {}
    for name in ("before", "after"):
        for size in (100, 400_000):
            body = bodies[f"{name}-{size}"] = os.urandom(size)
            put = server.request("PUT", bucket, f"{name}-{size}", body=body, headers=kms(key_id))
            assert put.status == 200
        if name == "before":
            rotated = ask(server, "CreateKeyVersion", key_id)
            assert rotated.body.count(b"<KeyVersion>") == 2
    for key, body in bodies.items():
        assert server.request("GET", bucket, key).body == body


def test_a_disabled_key_opens_nothing_and_encrypts_nothing(server: Server, bucket: str) -> None:
    key_id = create(server)
    for size in (100, 400_000):
        server.request("PUT", bucket, f"k{size}", body=b"x" * size, headers=kms(key_id))
        assert server.request("GET", bucket, f"k{size}").status == 200
    assert ask(server, "DisableKey", key_id).element("KeyState") == "Disabled"
    for _ in range(6):  # connections go to both workers
        for size in (100, 400_000):
            refused = server.request("GET", bucket, f"k{size}")
            assert (refused.status, refused.code) == (403, "AccessDenied")
            assert "forbidden by kms" in refused.element("Message")
    refused = server.request("PUT", bucket, "new", body=b"x", headers=kms(key_id))
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert server.request("HEAD", bucket, "new").status == 404
    assert server.request("HEAD", bucket, "k100").status == 200  # what it is may be told
    assert ask(server, "CreateKeyVersion", key_id).status == 403
    assert ask(server, "EnableKey", key_id).element("KeyState") == "Enabled"
    for size in (100, 400_000):
        assert server.request("GET", bucket, f"k{size}").body == b"x" * size


def test_objects_under_other_keys_do_not_care(server: Server, bucket: str) -> None:
    disabled, other = create(server), create(server)
    server.request("PUT", bucket, "k", body=b"fine", headers=kms(other))
    server.request("PUT", bucket, "p", body=b"plain")
    ask(server, "DisableKey", disabled)
    assert server.request("GET", bucket, "k").body == b"fine"
    assert server.request("GET", bucket, "p").body == b"plain"


def test_the_default_key_can_be_chosen(server: Server, bucket: str) -> None:
    name = "x-oss-server-side-encryption-key-id"
    first = server.request("PUT", bucket, "k1", body=b"x", headers=kms()).headers[name]
    chosen = create(server)
    assert ask(server, "SetDefaultKey", chosen).element("Default") == "true"
    assert server.request("PUT", bucket, "k2", body=b"x", headers=kms()).headers[name] == chosen
    assert ask(server, "DescribeKey", first).element("Default") == "false"
    assert server.request("HEAD", bucket, "k1").headers[name] == first
    ask(server, "SetDefaultKey", first)


@pytest.mark.parametrize(
    "operation", ["DescribeKey", "EnableKey", "DisableKey", "CreateKeyVersion", "SetDefaultKey"]
)
def test_a_key_that_is_not_there(server: Server, operation: str) -> None:
    for key_id in (UNKNOWN, "oss", ""):
        answer = ask(server, operation, key_id)
        assert (answer.status, answer.code) == (404, "KeyNotFound")


def test_the_ring_is_for_its_accounts_root_alone(server: Server, bucket: str) -> None:
    key_id = create(server)
    assert server.request("GET", query={"mossbox-keys": "ListKeys"}, sign=False).status == 403
    query = {"mossbox-keys": "DisableKey", "x-oss-key-id": key_id}
    assert server.request("POST", query=query, sign=False).status == 403
    theirs = {"key_id": OTHER_KEY_ID, "secret": OTHER_SECRET}
    listed = server.request("GET", query={"mossbox-keys": "ListKeys"}, **theirs)
    assert listed.status == 200
    assert key_id.encode() not in listed.body
    assert server.request("POST", query=query, **theirs).code == "KeyNotFound"
    mine = server.request("PUT", f"{bucket}-2", **theirs)
    assert mine.status == 200
    put = server.request("PUT", f"{bucket}-2", "k", body=b"x", headers=kms(key_id), **theirs)
    assert (put.status, put.code) == (400, "InvalidParameter")


def test_an_unknown_operation_of_the_ring_lists_no_buckets(server: Server) -> None:
    for method, name in (("GET", "Nonsense"), ("GET", "CreateKey"), ("POST", "ListKeys")):
        answer = server.request(method, query={"mossbox-keys": name})
        assert answer.status in (400, 405), answer
        assert b"<Buckets>" not in answer.body


# -- the command --------------------------------------------------------------------------------


def command(server: Server, *arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "mossbox", "key", *arguments],
        capture_output=True, text=True, check=False,
        env={**os.environ, "MOSSBOX_ENDPOINT": server.endpoint, **environment},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_the_command(server: Server) -> None:
    status, out, _ = command(server, "create", "--description", "made by hand")
    assert status == 0
    key_id = out.split()[0]
    assert "(made by hand)" in out
    assert command(server, "rotate", key_id)[1].count("version ") == 2
    assert "disabled" in command(server, "disable", key_id)[1]
    assert "disabled" in command(server, "show", key_id)[1]
    assert "enabled" in command(server, "enable", key_id)[1]
    listed = command(server, "list")[1].splitlines()
    before = next((line for line in listed if "default" in line), key_id)
    assert "default" in command(server, "default", key_id)[1]
    command(server, "default", before.split()[0])
    assert key_id in command(server, "list", "--endpoint", server.endpoint)[1]


def test_what_the_command_says_when_it_fails(server: Server) -> None:
    assert command(server, "show", UNKNOWN)[::2] == (
        1, "mossbox: KeyNotFound: The key does not exist.\n",
    )  # fmt: skip
    status, _, said = command(server, "list", "--access-key-id", "nobody")
    assert (status, "OSS_ACCESS_KEY_SECRET" in said) == (1, True)
    wrong = {"OSS_ACCESS_KEY_ID": "nobody", "OSS_ACCESS_KEY_SECRET": "nothing"}
    assert "InvalidAccessKeyId" in command(server, "list", **wrong)[2]
    status, _, said = command(server, "list", "--endpoint", "127.0.0.1:9")
    assert (status, "nothing listens" in said) == (1, True)
    assert command(server, "list", "--endpoint", f"{server.endpoint}/-/health")[0] in (0, 1)
