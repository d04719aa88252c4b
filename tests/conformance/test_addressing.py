"""Where a bucket and its keys can be named: paths, host names, custom domains, and odd targets."""

import json

import pytest

from tests.conformance.raw import ask, presigned, signed, target
from tests.support import REGION, Server

VERSIONS = pytest.mark.parametrize("version", ["v1", "v4"])


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    server.request("PUT", bucket_name)
    server.request("PUT", bucket_name, "a/key", body=b"body")
    return bucket_name


HOSTS = [
    "{}.localhost", "{}.localhost:{}", "{}.LOCALHOST", "{}.localhost.",
    "{}.oss-cn-hangzhou.localhost", "{}.oss-cn-hangzhou.aliyuncs.com",
    "{}.oss-cn-hangzhou-internal.aliyuncs.com", "{}.oss-us-west-1.aliyuncs.com:{}",
    "{}.oss.aliyuncs.com", "{}.oss-accelerate.aliyuncs.com",
    "{}.oss-accelerate-overseas.aliyuncs.com", "{}.oss.test", "{}.oss.test:{}",
]  # fmt: skip


@VERSIONS
@pytest.mark.parametrize("pattern", HOSTS)
def test_a_host_that_names_the_bucket(server, bucket, version, pattern):
    host = {"host": pattern.format(bucket, server.port)}
    given = signed(version, "GET", bucket, b"a/key")
    answer = ask(server, "GET", "/a/key", {**given, **host})
    assert (answer.status, answer.body) == (200, b"body")
    answer = ask(server, "GET", "/", {**signed(version, "GET", bucket), **host})
    assert answer.element("Key") == "a/key"
    query = presigned(version, "GET", bucket, b"a/key")
    answer = ask(server, "GET", target("", b"", query).replace("/", "/a/key", 1), host)
    assert answer.body == b"body"
    answer = ask(
        server, "GET", "/-/health", {**signed(version, "GET", bucket, b"-/health"), **host}
    )
    assert answer.code == "NoSuchKey"  # the host names the bucket, whatever the path


ENDPOINTS = [
    "localhost", "LOCALHOST:{}", "127.0.0.1", "127.0.0.1:{}", "[::1]:{}",
    "oss-cn-hangzhou.localhost", "oss-cn-hangzhou.aliyuncs.com",
    "oss-cn-hangzhou-internal.aliyuncs.com", "oss.aliyuncs.com",
    "oss-accelerate.aliyuncs.com", "oss.test", "oss.test:{}", ".oss-cn-hangzhou.aliyuncs.com",
]  # fmt: skip


@VERSIONS
@pytest.mark.parametrize("pattern", ENDPOINTS)
def test_an_endpoint(server, bucket, version, pattern):
    host = {"host": pattern.format(server.port)}
    given = signed(version, "GET", bucket, b"a/key")
    assert ask(server, "GET", f"/{bucket}/a/key", {**given, **host}).body == b"body"
    for query in ("", "?prefix=&marker="):
        answer = ask(server, "GET", f"/{query}", {**signed_service(version, query), **host})
        assert (answer.status, answer.element("ListAllMyBucketsResult")[:8]) == (200, "<Prefix>")
    assert ask(server, "GET", "/-/health", host).body == b"ok\n"


def signed_service(version: str, query: str) -> dict[str, str]:
    names = {"prefix": "", "marker": ""} if query else {}
    return signed(version, "GET", "", query=names)


@VERSIONS
def test_a_bucket_without_its_slash(server, bucket, version):
    for path in (f"/{bucket}", f"/{bucket}/"):
        answer = ask(server, "GET", path, signed(version, "GET", bucket))
        assert answer.element("Key") == "a/key"
        query = {"acl": ""}
        for written in ("?acl", "?acl=", "?acl=&prefix=", "?&acl&"):
            more = {"prefix": ""} if "prefix" in written else {}
            given = signed(version, "GET", bucket, query={**query, **more})
            assert ask(server, "GET", path + written, given).element("Grant") == "private"


def test_a_custom_domain(server, bucket_name):
    """--cname files.example=cname-bucket"""
    server.request("PUT", "cname-bucket")
    server.request("PUT", "cname-bucket", "key", body=b"by domain")
    given = signed("v4", "GET", "cname-bucket", b"key")
    answer = ask(server, "GET", "/key", {**given, "host": "Files.Example:80"})
    assert answer.body == b"by domain"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "oss.test.evil.example", "10.0.0.1",
             "[fe80::1]", "aliyuncs.com", "b.oss-cn-hangzhou.aliyuncs.com.evil.example"],
)  # fmt: skip
def test_strangers_are_refused_with_the_development_keys(server, bucket, host):
    for path, name, key in (("/", "", b""), (f"/{bucket}/a/key", bucket, b"a/key")):
        given = signed("v4", "GET", name, key)
        answer = ask(server, "GET", path, {**given, "host": host})
        assert (answer.status, answer.code) == (421, "MisdirectedRequest")


def test_pages_of_other_origins_are_refused(server, bucket):
    server.request("PUT", bucket, query={"acl": ""}, headers={"x-oss-acl": "public-read-write"})
    for origin in ("http://evil.example", "null", "http://localhost.evil.example", ""):
        answer = ask(server, "PUT", f"/{bucket}/a/key", {"origin": origin}, b"x")
        assert (answer.status, answer.code) == (403, "AccessForbidden"), origin
    for origin in ("http://localhost:3000", "https://127.0.0.1", "http://app.localhost"):
        assert ask(server, "GET", f"/{bucket}/a/key", {"origin": origin}).body == b"body"


def test_a_region_of_its_own_for_a_bucket_made_there(server, bucket_name):
    host = {"host": f"{bucket_name}.oss-eu-central-1.aliyuncs.com"}
    made = ask(server, "PUT", "/", {**signed("v4", "PUT", bucket_name), **host})
    assert made.status == 200
    answer = server.request("GET", bucket_name, query={"location": ""})
    assert answer.element("LocationConstraint") == "oss-eu-central-1"
    info = server.request("GET", bucket_name, query={"bucketInfo": ""})
    assert info.element("ExtranetEndpoint") == "oss-eu-central-1.aliyuncs.com"
    fast = {"host": f"{bucket_name}-2.oss-accelerate.aliyuncs.com"}
    ask(server, "PUT", "/", {**signed("v4", "PUT", f"{bucket_name}-2"), **fast})
    answer = server.request("GET", f"{bucket_name}-2", query={"location": ""})
    assert answer.element("LocationConstraint") == f"oss-{REGION}"


@VERSIONS
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("..", b".."), (".", b"."), ("a/../b", b"a/../b"), ("%2e%2e%2f", b"../"),
        ("..%2f..%2fetc%2fpasswd", b"../../etc/passwd"), ("a//b", b"a//b"), ("a%2F%2Fb", b"a//b"),
        ("a+b", b"a b"), ("a%2Bb", b"a+b"), ("a%20b", b"a b"), ("%25%32%35", b"%25"),
        ("%E4%B8%AD", "中".encode()), ("a%5Cb", b"a\\b"), ("a%3Fb%23c", b"a?b#c"), ("a;b", b"a;b"),
        ("%01%0a%0d%1f%7f", b"\x01\n\r\x1f\x7f"), ("k" * 1023, b"k" * 1023), ("100%", b"100%"),
    ],
)  # fmt: skip
def test_keys_are_opaque_and_decoded_once(server, bucket, version, path, key):
    given = signed(version, "PUT", bucket, key)
    assert ask(server, "PUT", f"/{bucket}/{path}", given, key).status == 200
    host = {"host": f"{bucket}.localhost"}
    answer = ask(server, "GET", f"/{path}", {**signed(version, "GET", bucket, key), **host})
    assert (answer.status, answer.body) == (200, key)
    assert server.request("GET", bucket, key).body == key
    listed = server.request("GET", bucket, query={"prefix": key.decode(), "encoding-type": "url"})
    assert listed.status == 200
    assert listed.element("Size") == str(len(key))
    assert server.request("GET", bucket, "a/key").body == b"body"


@VERSIONS
def test_metadata_beyond_ascii_comes_back_byte_for_byte(server, bucket, version):
    """Signed as UTF-8 bytes, and names by themselves: a-b comes after a."""
    meta = {"x-oss-meta-a": "中文 é", "x-oss-meta-a-b": "2", "x-oss-meta-a0": "3"}
    given = signed(version, "PUT", bucket, b"key", headers=meta)
    sent = {name: value.encode() for name, value in given.items()}
    assert ask(server, "PUT", f"/{bucket}/key", sent, b"x").status == 200
    got = server.request("HEAD", bucket, "key")
    assert got.headers["x-oss-meta-a"].encode("latin-1").decode() == "中文 é"
    assert (got.headers["x-oss-meta-a-b"], got.headers["x-oss-meta-a0"]) == ("2", "3")


def test_a_whole_url_as_target(server, bucket):
    given = signed("v4", "GET", bucket, b"a/key")
    host = f"{bucket}.oss-cn-hangzhou.aliyuncs.com"
    answer = ask(server, "GET", f"http://{host}/a/key", {**given, "host": "ignored.example"})
    assert answer.body == b"body"


def test_rpc_is_not_taken_for_something_else(server):
    for method, path, headers in [
        ("GET", "/", {"host": "sts.aliyuncs.com"}),
        ("GET", "/", {"host": "ram.cn-hangzhou.aliyuncs.com"}),
        ("GET", "/?Action=AssumeRole", {}),
        ("POST", "/", {"content-type": "application/x-www-form-urlencoded"}),
        ("POST", "/", {"x-acs-action": "AssumeRole"}),
    ]:
        answer = ask(server, method, path, headers, b"" if method == "POST" else None)
        assert answer.status == 400
        assert json.loads(answer.body)["Code"] == "MissingAccessKeyId"
