"""`mossbox user|access-key|group|role|policy|bucket|cors|setup` on a running store."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.cloud import Cloud, document
from tests.conformance.keys import UID
from tests.support import Server

Mossbox = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def mossbox(server: Server, tmp_path: Path) -> Mossbox:
    """Runs a command; `status` is what it must end with."""

    def run(*words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "mossbox", *words],
            env={**os.environ, "MOSSBOX_ENDPOINT": server.endpoint},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def name() -> str:
    return f"n-{os.urandom(6).hex()}"


def test_a_user_gets_a_key_a_policy_and_a_group(
    server: Server, mossbox: Mossbox, name: str, bucket_name: str, tmp_path: Path
) -> None:
    assert mossbox("user", "create", name, "--display-name", "Ann").stdout.startswith(f"{name}  2")
    key_id, secret = mossbox("access-key", "create", name).stdout.split()
    user = Cloud(server, key_id, secret)
    (tmp_path / "policy.json").write_text(document("oss:PutBucket", "oss:DeleteBucket"))
    mossbox("policy", "create", name, "policy.json")
    mossbox("policy", "attach", name, "--user", name)
    assert user.oss("PUT", bucket_name).status == 200
    mossbox("policy", "detach", name, "--user", name)
    assert user.oss("DELETE", bucket_name).status == 403
    mossbox("group", "create", name)
    mossbox("group", "add", name, name)
    mossbox("policy", "attach", name, "--group", name)
    assert name in mossbox("group", "members", name).stdout
    assert user.oss("DELETE", bucket_name).status == 204
    (tmp_path / "policy.json").write_text(document("oss:ListBuckets"))
    assert mossbox("policy", "update", name, "policy.json").stdout == "v2\n"
    assert user.oss("PUT", bucket_name).status == 403
    assert "oss:ListBuckets" in mossbox("policy", "show", name).stdout
    mossbox("access-key", "deactivate", name, key_id)
    assert "Inactive" in mossbox("access-key", "list", name).stdout
    assert secret not in mossbox("access-key", "list", name, "--json").stdout
    mossbox("access-key", "activate", name, key_id)
    assert user.oss("GET").status == 200
    mossbox("access-key", "delete", name, key_id)
    assert user.oss("GET").code == "InvalidAccessKeyId"
    mossbox("group", "remove", name, name)
    mossbox("policy", "detach", name, "--group", name)
    mossbox("group", "delete", name)
    assert name not in mossbox("group", "list").stdout
    refused = mossbox("policy", "delete", name, status=1).stderr
    assert refused.startswith("mossbox: DeleteConflict.Policy.Version")


def test_a_deleted_user_is_brought_back(mossbox: Mossbox, name: str) -> None:
    mossbox("user", "create", name)
    mossbox("user", "delete", name)
    assert name not in mossbox("user", "list").stdout
    assert f"{name}@{UID}" in mossbox("user", "bin").stdout
    mossbox("user", "restore", name)
    assert name in mossbox("user", "list").stdout
    assert "no user" in mossbox("user", "restore", name, status=1).stderr


def test_a_role_trusts_the_account_or_what_a_file_says(
    mossbox: Mossbox, name: str, tmp_path: Path
) -> None:
    made = mossbox("role", "create", name, "--trust", "account", "--max-session", "7200")
    assert made.stdout == f"acs:ram::{UID}:role/{name}\n"
    shown = json.loads(mossbox("role", "show", name, "--json").stdout)["Role"]
    assert shown["MaxSessionDuration"] == 7200
    trusted = json.loads(shown["AssumeRolePolicyDocument"])["Statement"][0]["Principal"]
    assert trusted == {"RAM": [f"acs:ram::{UID}:root"]}
    assert name in mossbox("role", "list").stdout
    mossbox("role", "delete", name)
    (tmp_path / "trust.json").write_text("{")
    refused = mossbox("role", "create", name, "--trust", "trust.json", status=1)
    assert refused.stderr.startswith("mossbox: InvalidParameter.AssumeRolePolicyDocument: ")
    assert "No such file" in mossbox("role", "create", name, "--trust", "x", status=1).stderr


def test_lists_go_on_over_pages(mossbox: Mossbox) -> None:
    policies = json.loads(mossbox("policy", "list", "--json").stdout)["Policies"]["Policy"]
    assert policies[-4]["PolicyName"] == "AdministratorAccess"


def test_buckets(server: Server, mossbox: Mossbox, bucket_name: str) -> None:
    mossbox("bucket", "create", bucket_name, "--acl", "public-read")
    assert bucket_name in mossbox("bucket", "list").stdout.split()
    root = Cloud(server)
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert root.oss("PUT", bucket_name, query={"versioning": ""}, body=versioning).status == 200
    for key in ("a", "b c", "é", "a"):
        assert root.oss("PUT", bucket_name, key, body=b"1").status == 200
    assert root.oss("DELETE", bucket_name, "a").status == 204
    assert root.oss("POST", bucket_name, "up", query={"uploads": ""}).status == 200
    lines = mossbox("bucket", "show", bucket_name).stdout.splitlines()
    assert [line.split(maxsplit=2)[::2] for line in lines] == [["1", "b c"], ["1", "é"]]
    (found,) = json.loads(mossbox("bucket", "show", bucket_name, "--prefix", "b", "--json").stdout)
    assert (found["Key"], found["Size"]) == ("b c", "1")
    assert "BucketNotEmpty" in mossbox("bucket", "delete", bucket_name, status=1).stderr
    assert json.loads(mossbox("bucket", "empty", bucket_name, "--json").stdout) == {"Removed": 6}
    mossbox("bucket", "delete", bucket_name)
    assert bucket_name not in mossbox("bucket", "list").stdout


def exports(text: str) -> dict[str, str]:
    return dict(re.findall(r"^export (\w+)='(.*)'$", text, re.M))


def test_setup_direct_upload_and_its_removal(
    server: Server, mossbox: Mossbox, bucket_name: str
) -> None:
    words = ("setup", "direct-upload", "--bucket", bucket_name)
    for _ in range(3):  # it can be done again
        values = exports(mossbox(*words).stdout)
    assert values.keys() == {"OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_STS_ROLE_ARN"}
    assert re.match(r'setx OSS_ACCESS_KEY_ID "LTAI', mossbox(*words, "--shell", "cmd").stdout)
    values = json.loads(mossbox(*words, "--json").stdout)
    user = Cloud(server, values["OSS_ACCESS_KEY_ID"], values["OSS_ACCESS_KEY_SECRET"])
    session = user.assume(values["OSS_STS_ROLE_ARN"].rpartition("/")[2])
    assert session.oss("PUT", bucket_name, "a", body=b"1").status == 200
    assert session.oss("GET", bucket_name, "a").status == 403
    assert user.oss("PUT", bucket_name, "a", body=b"1").status == 403

    remove = ("setup", "remove", "direct-upload", "--bucket", bucket_name)
    assert "still holds objects" in mossbox(*remove).stdout
    assert session.oss("PUT", bucket_name, "a", body=b"1").code == "InvalidSecurityToken"
    assert user.oss("GET").code == "InvalidAccessKeyId"
    mossbox("bucket", "empty", bucket_name)
    assert "are gone" in mossbox(*remove).stdout
    assert "are gone" in mossbox(*remove).stdout  # again nothing is left to do
    assert Cloud(server).oss("GET", bucket_name).code == "NoSuchBucket"


def test_setup_gives_the_rule_of_the_tutorial(mossbox: Mossbox, bucket_name: str) -> None:
    setup = ("setup", "direct-upload", "--bucket", bucket_name)
    shown = ("cors", "show", "--bucket", bucket_name, "--json")
    for more, origin in (((), "*"), (("--origin", "http://a.test"), "http://a.test")):
        mossbox(*setup, *more)
        rule = {"AllowedMethod": ["POST", "PUT", "GET"], "AllowedHeader": ["*"]}
        expected = {"CORSRule": [{"AllowedOrigin": [origin], **rule}], "ResponseVary": False}
        assert json.loads(mossbox(*shown).stdout) == expected
    mossbox("setup", "remove", "direct-upload", "--bucket", bucket_name)


@pytest.mark.slow
def test_cors(mossbox: Mossbox, bucket_name: str) -> None:
    mossbox("bucket", "create", bucket_name)
    of = ("--bucket", bucket_name)
    refused = mossbox("cors", "show", *of, status=1).stderr
    assert refused.startswith("mossbox: NoSuchCORSConfiguration: ")
    rule = ("--origin", "*", "--methods", "POST,PUT,GET", "--headers", "*")
    assert mossbox("cors", "set", *of, *rule).stdout == ""
    shown = mossbox("cors", "show", *of).stdout
    assert shown == (
        "origins  *\nmethods  POST, PUT, GET\nheaders  *\n\nVary: Origin is on no answers\n"
    )
    more = ("--origin", "http://a.test, http://b.test", "--origin", "http://*.c.test",
            "--methods", "put, head", "--expose", "ETag,x-oss-request-id", "--max-age", "0",
            "--vary", "--json")  # fmt: skip
    expected = {
        "CORSRule": [{
            "AllowedOrigin": ["http://a.test", "http://b.test", "http://*.c.test"],
            "AllowedMethod": ["PUT", "HEAD"],
            "ExposeHeader": ["ETag", "x-oss-request-id"],
            "MaxAgeSeconds": 0,
        }],
        "ResponseVary": True,
    }  # fmt: skip
    assert json.loads(mossbox("cors", "set", *of, *more).stdout) == expected
    refused = mossbox("cors", "set", *of, *rule[:3], "PATCH", status=1).stderr
    assert refused.startswith("mossbox: InvalidArgument: ")
    assert json.loads(mossbox("cors", "show", *of, "--json").stdout) == expected
    assert mossbox("cors", "delete", *of).stdout == ""
    mossbox("cors", "show", *of, status=1)


def test_setup_touches_nothing_that_it_did_not_make(mossbox: Mossbox, name: str) -> None:
    mossbox("user", "create", name)
    refused = mossbox("setup", "direct-upload", "--bucket", name, status=1).stderr
    assert f"there is a user {name} that was not made here" in refused
    mossbox("setup", "remove", "direct-upload", "--bucket", name, status=1)
    assert name in mossbox("user", "list").stdout


def test_where_nobody_listens(mossbox: Mossbox) -> None:
    refused = mossbox("user", "list", "--endpoint", "http://127.0.0.1:1", status=1).stderr
    assert refused == "mossbox: nothing listens at http://127.0.0.1:1; give --endpoint\n"
