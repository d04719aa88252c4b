"""OSS's dialect: places, callers, refusals."""

import base64
import time
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from mossbox import errors
from mossbox.auth import ANONYMOUS, Subject, oss_v1, oss_v2, oss_v4
from mossbox.auth.credentials import Keys, root_key
from mossbox.errors import ServiceError
from mossbox.fronts import Place
from mossbox.fronts.hosts import Hosts
from mossbox.fronts.oss import OssFront
from mossbox.http.message import Request

KEY = root_key("id", "secret", 7, "1000000000000001")


def front(guard_origin: bool = True) -> OssFront:
    hosts = Hosts(cnames=("files.example=photos",), strict=False)
    return OssFront(hosts, Keys({"id": KEY}), guard_origin=guard_origin)


def request(target: bytes = b"/", method: str = "GET", **headers: str) -> Request:
    path, _, query = target.partition(b"?")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, query, {"host": "localhost", **named}, "1.1")


def refusal(code: str) -> "pytest.RaisesExc[ServiceError]":
    return pytest.raises(ServiceError, check=lambda error: error.code.name == code)


# -- places -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "target", "place"),
    [
        ("localhost", b"/", ("service", "", b"", "")),
        ("localhost", b"/?prefix=a", ("service", "", b"", "")),
        ("oss-cn-x1.aliyuncs.com", b"/", ("service", "", b"", "cn-x1")),
        ("localhost", b"/photos", ("bucket", "photos", b"", "")),
        ("localhost", b"/photos/", ("bucket", "photos", b"", "")),
        ("localhost", b"/photos/a", ("object", "photos", b"a", "")),
        ("localhost", b"/photos/a/b//c", ("object", "photos", b"a/b//c", "")),
        ("localhost", b"/photos/a%2Fb", ("object", "photos", b"a/b", "")),
        ("localhost", b"/photos/a+b%2B%2520", ("object", "photos", b"a b+%20", "")),
        ("localhost", b"/photos/../x", ("object", "photos", b"../x", "")),
        ("localhost", b"/photos/%E4%B8%AD", ("object", "photos", "中".encode(), "")),
        ("localhost", b"/pho%74os/a", ("object", "photos", b"a", "")),
        ("photos.localhost", b"/", ("bucket", "photos", b"", "")),
        ("photos.localhost", b"/photos/a", ("object", "photos", b"photos/a", "")),
        ("photos.oss-cn-x1.aliyuncs.com", b"/a%2Fb", ("object", "photos", b"a/b", "cn-x1")),
        ("photos.localhost", b"/-/health", ("object", "photos", b"-/health", "")),
        ("photos.localhost", b"/?Action=x", ("bucket", "photos", b"", "")),
        ("files.example", b"/a", ("object", "photos", b"a", "")),
        ("old_bucket.oss-cn-x1.aliyuncs.com", b"/a", ("object", "old_bucket", b"a", "cn-x1")),
    ],
)
def test_places(host, target, place):
    found = front().place(request(target, host=host))
    assert (found.scope, found.bucket, found.key, found.region) == place


def test_a_bucket_without_its_slash_is_marked():
    assert front().place(request(b"/photos")).bare
    assert front().place(request(b"/photos?acl")).bare
    assert not front().place(request(b"/photos/")).bare
    assert not front().place(request(b"/", host="photos.localhost")).bare


def test_the_query_is_parsed_once_and_the_first_name_wins():
    found = front().place(request(b"/photos/?acl&prefix=a+b%2Fc&prefix=d&empty="))
    assert found.query == {"acl": "", "prefix": "a b/c", "empty": ""}


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (b"//key", "InvalidBucketName"), (b"/Photos/key", "InvalidBucketName"),
        (b"/a%2Fb/key", "InvalidBucketName"), (b"/../key", "InvalidBucketName"),
        (b"/ab", "InvalidBucketName"), (b"/%ff%fe%fd/key", "InvalidBucketName"),
        (b"/photos//key", "InvalidObjectName"), (b"/photos/%5Ckey", "InvalidObjectName"),
        (b"/photos/a%00b", "InvalidObjectName"), (b"/photos/%ff", "InvalidObjectName"),
        (b"/photos/" + b"k" * 1024, "InvalidObjectName"),
    ],
)  # fmt: skip
def test_places_that_nobody_has(target, code):
    with refusal(code):
        front().place(request(target))


@pytest.mark.parametrize(
    "asked",
    [
        request(b"/", host="sts.aliyuncs.com"), request(b"/?Action=AssumeRole"),
        request(b"/", x_acs_action="AssumeRole"),
        request(b"/", "POST", content_type="application/x-www-form-urlencoded; charset=utf-8"),
    ],
)  # fmt: skip
def test_rpc_is_told_apart(asked):
    assert front().place(asked).scope == "rpc"


# -- callers ------------------------------------------------------------------------------------


def who(asked: Request, **options: bool):
    made = front(**options)
    return made.authenticate(asked, made.place(asked))


def sign(asked: Request, scheme: str, secret: str = "secret") -> Request:
    """The request with the Authorization header of a scheme."""
    place = front().place(asked)
    headers = dict(asked.headers)
    if scheme in ("v1", "v2"):
        headers["date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        subject = Subject(asked.method, place.bucket, place.key, place.query, headers)
        signer = oss_v1.sign if scheme == "v1" else oss_v2.sign
        headers["authorization"] = signer(subject, "id", secret)
    else:
        headers["x-oss-date"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        subject = Subject(asked.method, place.bucket, place.key, place.query, headers)
        headers["authorization"] = oss_v4.sign(subject, "id", secret, "cn-hangzhou")
    return replace(asked, headers=headers)


def test_nobody():
    assert who(request(b"/photos/a")) is ANONYMOUS


@pytest.mark.parametrize("scheme", ["v1", "v2", "v4"])
def test_a_signed_request(scheme):
    asked = sign(request(b"/photos/a?acl"), scheme)
    assert who(asked) is KEY.by_header
    with refusal("SignatureDoesNotMatch"):
        who(replace(asked, path=b"/photos/b"))
    with refusal("SignatureDoesNotMatch"):
        who(sign(request(b"/photos/a"), scheme, "other secret"))


def test_a_signed_url():
    query = oss_v1.presign(
        Subject("GET", "photos", b"a", {}, {}), "id", "secret", int(time.time()) + 60
    )
    target = b"/photos/a?" + "&".join(f"{n}={v}" for n, v in query.items()).encode()
    target = target.replace(b"+", b"%2B")
    assert who(request(target)) is KEY.by_query


@pytest.mark.parametrize("value", ["", "Foo x", "OSS", "OSS x", "AWS4-HMAC-SHA256 Credential=x"])
def test_a_header_that_no_scheme_claims(value):
    with refusal("InvalidArgument"):
        who(request(b"/photos/a", authorization=value))


@pytest.mark.parametrize("value", ["x", "STREAMING-UNSIGNED-PAYLOAD", "0" * 63, "g" * 64])
def test_a_payload_hash_that_is_none(value):
    asked = sign(request(b"/photos/a", x_oss_content_sha256=value), "v4")
    with refusal("InvalidArgument"):
        who(asked)


@pytest.mark.parametrize("value", ["UNSIGNED-PAYLOAD", "0" * 64, "A" * 64])
def test_a_payload_hash(value):
    assert who(sign(request(b"/photos/a", x_oss_content_sha256=value), "v4")) is KEY.by_header


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://localhost.evil.example", "null", "", "localhost", "file://",
     "http://127.0.0.1.evil.example", "http://user@evil.example", "http://[::1"],
)  # fmt: skip
def test_pages_of_others_are_distrusted(origin):
    assert front().distrusts(origin)
    assert not front(guard_origin=False).distrusts(origin)


@pytest.mark.parametrize(
    "origin", ["http://localhost", "http://localhost:3000", "https://127.0.0.1:9001",
               "http://[::1]:9001", "http://app.localhost"],
)  # fmt: skip
def test_pages_of_this_machine_are_trusted(origin):
    assert not front().distrusts(origin)


# -- refusals -----------------------------------------------------------------------------------


def test_an_error_document():
    error = errors.NoSuchKey(Key="a<b>&c").with_header("X-More", "1")
    answer = front().error(error, request(b"/photos/a", host="photos.localhost:9000"), "R" * 24)
    assert answer.status == 404
    assert answer.head == (
        "Content-Type: application/xml\r\nx-oss-ec: 0026-00000001\r\nX-More: 1\r\n"
    )
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "Error"
    assert [(child.tag, child.text) for child in root] == [
        ("Code", "NoSuchKey"),
        ("Message", "The specified key does not exist."),
        ("RequestId", "R" * 24),
        ("HostId", "photos.localhost:9000"),
        ("Key", "a<b>&c"),
        ("EC", "0026-00000001"),
        ("RecommendDoc", "https://api.aliyun.com/troubleshoot?q=0026-00000001"),
    ]


def test_an_error_document_for_head_travels_in_a_header():
    answer = front().error(errors.NoSuchKey(Key="a"), request(b"/photos/a", "HEAD"), "R" * 24)
    assert answer.body == b""
    encoded = answer.head.partition("x-oss-err: ")[2].strip()
    document = base64.b64decode(encoded)
    assert answer.length == len(document)
    assert ElementTree.fromstring(document).findtext("Code") == "NoSuchKey"


@pytest.mark.parametrize("text", ["a\x00b", "\x01\x1f", "\udcff", "line\nline\r\n\ttab", "\x7f"])
def test_an_error_document_can_be_read_whatever_was_asked(text):
    answer = front().error(errors.NoSuchKey(Key=text), request(b"/photos/a"), "R" * 24)
    assert ElementTree.fromstring(answer.body).findtext("Code") == "NoSuchKey"


def test_a_place_is_a_value():
    made = front().place(request(b"/photos/a"))
    assert made == Place("object", "photos", b"a", {}, "", False)
