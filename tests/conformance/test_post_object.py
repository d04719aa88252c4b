"""PostObject: forms as browsers send them, and what becomes of them."""

import base64
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.conformance import forms
from tests.conformance.forms import File, body, post, send, signed
from tests.reliability.raw import until
from tests.support import KEY_ID, Answer, Server

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def fields(key: str = "dir/photo.png", **more: str) -> dict[str, str]:
    """The least that a form says, and more."""
    return {"key": key, **signed("v4"), **{k.replace("_", "-"): v for k, v in more.items()}}


def nothing(server: Server, bucket: str) -> bool:
    """Whether a bucket is empty."""
    return "<Contents>" not in server.request("GET", bucket).body.decode()


@pytest.mark.parametrize("version", forms.VERSIONS)
def test_a_signed_form(server: Server, named: str, version: str) -> None:
    data = os.urandom(1000)
    answer = post(server, named, {"key": "dir/photo.png", **signed(version)}, File(data))
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["etag"] == f'"{hashlib.md5(data).hexdigest().upper()}"'
    got = server.request("GET", named, "dir/photo.png")
    assert (got.body, got.headers["content-type"]) == (data, "image/png")
    for header in ("etag", "content-md5", "x-oss-hash-crc64ecma"):
        assert got.headers[header] == answer.headers[header]


def test_the_addresses_of_a_form(server: Server, named: str) -> None:
    form = body(*fields().items(), File())
    for path in (f"/{named}", f"/{named}/"):
        assert send(server, named, form, path=path).status == 204
    for host in (
        f"{named}.oss-cn-hangzhou.aliyuncs.com",
        f"{named}.localhost",
        f"{named}.oss.test",
    ):
        assert send(server, named, form, {"host": host}, path="/").status == 204
    assert send(server, named, form, path=f"/{named}/dir/photo.png").code == "MethodNotAllowed"
    assert send(server, named, form, {"host": "localhost"}, path="/").code == "MethodNotAllowed"
    assert send(server, named, form, path="/t-nobody-made-this").code == "NoSuchBucket"
    nobody = {"key": "a", **signed("v4", key_id="nobody")}  # the bucket is looked for first
    assert post(server, "t-nobody-made-this", nobody).code == "NoSuchBucket"


@pytest.mark.parametrize("status", ["", "204", "200", "201", "202", "303", "ok"])
def test_what_a_form_is_answered(server: Server, named: str, status: str) -> None:
    given = fields("dir/ä&.png", success_action_status="")
    given["success_action_status"] = status
    answer = post(server, named, given)
    assert answer.status == (int(status) if status in ("200", "201") else 204)
    assert answer.headers["etag"]
    if status != "201":
        assert answer.body == b""
        return
    assert answer.headers["content-type"] == "application/xml"
    assert answer.body.count(b"<PostResponse>") == 1
    assert answer.element("Bucket") == named
    assert answer.element("Key") == "dir/ä&.png"
    assert answer.element("ETag") == answer.headers["etag"]
    assert answer.element("Location") == f"{server.endpoint}/{named}/dir/%C3%A4%26.png"
    host = f"{named}.oss.test"
    answer = send(server, named, body(*given.items(), File()), {"host": host}, path="/")
    assert answer.element("Location") == f"http://{host}/dir/%C3%A4%26.png"


def test_where_a_form_leads_to(server: Server, named: str) -> None:
    given = fields("a b", success_action_redirect="")
    for url, page in (
        ("http://app.test/done", "http://app.test/done?"),
        ("https://app.test:8443/done?a=1#top", "https://app.test:8443/done?a=1&"),
        ("http://app.test/ä", "http://app.test/%C3%A4?"),
    ):
        answer = post(server, named, {**given, "success_action_redirect": url})
        assert (answer.status, answer.body) == (303, b"")
        location = answer.headers["location"]
        assert location.startswith(page)
        told = dict(parse_qsl(urlsplit(location).query))
        assert told.items() >= {"bucket": named, "key": "a b"}.items()
        assert told["etag"] == answer.headers["etag"]
        assert urlsplit(location).fragment == urlsplit(url).fragment


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "//evil.test/", "/done", "app.test", "http://",
        "http:///done", "ftp://app.test/", " javascript:alert(1)", "http://[::1", "\tjavascript:x",
        "http://app.test/\r\nSet-Cookie: a=b", "http://app.test/\nx", "http://app.test/\0",
    ],
)  # fmt: skip
def test_46_where_no_form_leads_to(server: Server, named: str, url: str) -> None:
    answer = post(server, named, fields() | {"success_action_redirect": url})
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert nothing(server, named)


def test_46_a_refused_form_leads_nowhere(server: Server, named: str) -> None:
    given = {"key": "a", "success_action_redirect": "http://app.test/", **signed("v1")}
    answer = post(server, named, {**given, "Signature": "AAAA"})
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("filename", "key"),
    [
        ("photo.png", "up/photo.png!"), ("../../x", "up/x!"), ("C:\\x", "up/x!"), ("a/b", "up/b!"),
        ("C:\\photos\\new.png", "up/new.png!"), ("..", "up/..!"), ("ä b.png", "up/ä b.png!"),
        ("${filename}", "up/${filename}!"), ("", "up/!"), ("x/", "up/!"),
    ],
)  # fmt: skip
def test_45_the_files_own_name(server: Server, named: str, filename: str, key: str) -> None:
    text = forms.policy(["eq", "$key", "up/${filename}!"])
    given = {"key": "up/${filename}!", **signed("v4", text), "success_action_status": "201"}
    answer = post(server, named, given, File(name=filename))
    assert (answer.status, answer.element("Key")) == (201, key)
    assert server.request("GET", named, key).body == b"the file"


def test_45_keys_that_are_none(server: Server, named: str) -> None:
    for key in ("/up/a", "\\up", "a" * 1024, "a\0b"):
        assert post(server, named, fields(key)).code == "InvalidObjectName", key
    bad = body(("key", b"\xff"), *signed("v1").items(), File())
    assert send(server, named, bad).code == "InvalidObjectName"
    empty = post(server, named, fields("${filename}"), File(name=""))
    assert empty.code == "InvalidArgument"
    assert nothing(server, named)


def test_what_is_kept_with_the_file(server: Server, named: str) -> None:
    given = {
        "Cache-Control": "no-cache", "Content-Disposition": "attachment; filename=x.png",
        "content-encoding": "identity", "Expires": "Fri, 28 Feb 2031 05:38:42 GMT",
        "x-oss-meta-Author": "alice", "X-OSS-Meta-More": " ä ", "x-oss-storage-class": "IA",
        "x-oss-object-acl": "public-read", "x-oss-server-side-encryption": "AES256",
        "name": "photo.png", "unheard-of": "ignored", "Content-Language": "de",
    }  # fmt: skip
    answer = post(server, named, {**given, **fields()})
    assert answer.status == 204
    assert answer.headers["x-oss-server-side-encryption"] == "AES256"
    got = server.request("GET", named, "dir/photo.png")
    shown = {
        "cache-control": "no-cache", "content-disposition": "attachment; filename=x.png",
        "content-encoding": "identity", "expires": "Fri, 28 Feb 2031 05:38:42 GMT",
        "x-oss-meta-author": "alice", "x-oss-storage-class": "IA", "content-language": "de",
        "x-oss-server-side-encryption": "AES256",
    }  # fmt: skip
    assert got.headers.items() >= shown.items()
    assert got.headers["x-oss-meta-more"].encode("latin-1").decode() == "ä"
    assert server.request("GET", named, "dir/photo.png", sign=False).status == 200
    assert "x-oss-meta-unheard-of" not in got.headers


@pytest.mark.parametrize(
    ("given", "kind", "stored"),
    [
        ({}, "image/png", "image/png"),
        ({"Content-Type": "text/css"}, "image/png", "image/png"),
        ({"Content-Type": "text/css"}, None, "text/css"),
        ({"x-oss-content-type": "text/html", "Content-Type": "text/css"}, "image/png", "text/html"),
        ({}, None, "application/octet-stream"),
    ],
)
def test_which_type_is_kept(
    server: Server, named: str, given: dict[str, str], kind: str | None, stored: str
) -> None:
    assert post(server, named, {**given, **fields()}, File(kind=kind)).status == 204
    assert server.request("GET", named, "dir/photo.png").headers["content-type"] == stored


def test_headers_of_the_request_stand_for_fields_that_are_absent(
    server: Server, named: str
) -> None:
    headers = {
        "x-oss-object-acl": "public-read-write", "x-oss-meta-a": "header", "x-oss-meta-b": "header",
        "cache-control": "max-age=0", "expires": "0", "x-oss-date": "19990101T000000Z",
        "x-oss-security-token": "none",
    }  # fmt: skip
    form = body(*fields(x_oss_meta_a="field", x_oss_object_acl="private").items(), File())
    assert send(server, named, form, headers).status == 204
    got = server.request("GET", named, "dir/photo.png")
    assert (got.headers["x-oss-meta-a"], got.headers["x-oss-meta-b"]) == ("field", "header")
    assert "cache-control" not in got.headers  # which was the browser's own
    assert "expires" not in got.headers
    acl = server.request("GET", named, "dir/photo.png", {"acl": ""})
    assert acl.element("Grant") == "private"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("x-oss-object-acl", "everybody", "InvalidArgument"),
        ("x-oss-storage-class", "Cheap", "InvalidArgument"),
        ("x-oss-server-side-encryption", "ROT13", "InvalidEncryptionAlgorithmError"),
        ("x-oss-forbid-overwrite", "maybe", "InvalidArgument"),
        ("x-oss-meta-a", "line\r\nSet-Cookie: a=b", "InvalidArgument"),
        ("x-oss-meta-a b", "space", "InvalidArgument"),
        ("x-oss-meta-a:", "colon", "InvalidArgument"),
        ("x-oss-meta-a", "x" * 8181, "FieldItemTooLong"),
        ("Cache-Control", "a\0b", "InvalidArgument"),
        ("x-oss-content-type", "text/html\nx", "InvalidArgument"),
        ("x-oss-tagging", "a=b", "NotImplemented"),
        ("x-oss-copy-source", "/b/k", "NotImplemented"),
    ],
)
def test_fields_that_are_refused(
    server: Server, named: str, field: str, value: str, code: str
) -> None:
    answer = post(server, named, {**fields(), field: value})
    assert (answer.status, answer.code) == (400, code)
    assert nothing(server, named)


def test_metadata_that_is_too_much(server: Server, named: str) -> None:
    more = {f"x-oss-meta-{n}": "x" * 3000 for n in range(3)}
    assert post(server, named, {**fields(), **more}).code == "InvalidArgument"
    bad = body(*fields().items(), ("x-oss-meta-a", b"\xff"), File())
    assert send(server, named, bad).code == "InvalidArgument"
    assert nothing(server, named)


def test_what_else_the_address_may_not_say(server: Server, named: str) -> None:
    form = body(*fields().items(), File())
    for query in ("?cors", "?versionId=a", "?x-oss-process=image/info", "?x-oss-traffic-limit=x"):
        answer = send(server, named, form, path=f"/{named}{query}")
        assert answer.status in (400, 405), query
    assert nothing(server, named)


def test_the_sum_of_the_whole_body(server: Server, named: str) -> None:
    """The header Content-MD5 is of the form, not of its file."""
    form = body(*fields().items(), File(PNG))
    right = base64.b64encode(hashlib.md5(form).digest()).decode()
    wrong = base64.b64encode(hashlib.md5(PNG).digest()).decode()
    for bad in (wrong, "x"):
        answer = send(server, named, form, {"content-md5": bad})
        assert (answer.status, answer.code) == (400, "InvalidDigest")
    assert nothing(server, named)
    assert send(server, named, form, {"content-md5": right}).status == 204


def test_9_one_of_many_racing_forms(server: Server, named: str) -> None:
    """x-oss-forbid-overwrite, of which the policy says nothing: 32 forms, one success."""

    def upload(number: int) -> Answer:
        given = fields("one", x_oss_forbid_overwrite="true")
        return post(server, named, given, File(b"%d" % number * 1000))

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(upload, range(32)))
    won = [n for n, answer in enumerate(answers) if answer.status == 204]
    assert len(won) == 1
    assert {(a.status, a.code) for a in answers} == {(204, ""), (409, "FileAlreadyExists")}
    assert server.request("GET", named, "one").body == b"%d" % won[0] * 1000
    form = body(*fields("one").items(), File(b"later"))
    late = send(server, named, form, {"x-oss-forbid-overwrite": "true"})
    assert late.code == "FileAlreadyExists"
    assert post(server, named, fields("one"), File(b"later")).status == 204


def test_versions_and_encryption_are_the_buckets(server: Server, named: str) -> None:
    xml = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert server.request("PUT", named, query={"versioning": ""}, body=xml).status == 200
    rule = (
        b"<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>SM4"
        b"</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>"
    )
    assert server.request("PUT", named, query={"encryption": ""}, body=rule).status == 200
    first, second = (post(server, named, fields(), File(data)) for data in (b"one", b"two"))
    assert first.headers["x-oss-server-side-encryption"] == "SM4"
    ids = [answer.headers["x-oss-version-id"] for answer in (first, second)]
    for version, data in zip(ids, (b"one", b"two"), strict=True):
        got = server.request("GET", named, "dir/photo.png", {"versionId": version})
        assert got.body == data


@pytest.mark.parametrize("size", [0, 1, 131_071, 131_072, 131_073, 3_000_000])
def test_files_of_every_size(server: Server, named: str, size: int) -> None:
    data = os.urandom(size)
    assert post(server, named, fields(), File(data)).status == 204
    assert server.request("GET", named, "dir/photo.png").body == data


def test_what_follows_the_file_is_read_and_forgotten(server: Server, named: str) -> None:
    after = [("submit", "Upload"), ("x-oss-object-acl", "public-read"), ("policy", "x")]
    assert post(server, named, fields(), after=after).status == 204
    acl = server.request("GET", named, "dir/photo.png", {"acl": ""})
    assert acl.element("Grant") == "default"
    long = [("submit", "x" * 9000)]
    assert post(server, named, fields("other"), after=long).code == "FieldItemTooLong"
    assert server.request("HEAD", named, "other").status == 404


def test_what_the_log_says(server: Server, named: str) -> None:
    good = post(server, named, {"key": "k", **signed("v1")}).headers["x-oss-request-id"]
    bad = post(server, named, {"key": "k", **signed("v1", secret="no")}).headers["x-oss-request-id"]
    until(lambda: good in server.access and bad in server.access, "both access lines")
    lines = {line.split()[1]: line for line in server.access.splitlines()}
    assert f" {KEY_ID} PostObject " in lines[good]
    assert " PostObject " in lines[bad]
    assert " SignatureDoesNotMatch " in lines[bad]
