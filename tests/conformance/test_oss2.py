"""The store through PyPI's oss2, signatures V1, V2 and V4, on an IP endpoint (path style)."""

import base64
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from threading import Barrier

import oss2
import pytest
import requests
from oss2.exceptions import (
    AccessDenied,
    InvalidArgument,
    NoSuchBucket,
    NoSuchKey,
    NotModified,
    PreconditionFailed,
    ServerError,
    SignatureDoesNotMatch,
)

from tests.conformance.keys import (
    AWKWARD,
    OTHER_KEY_ID,
    OTHER_SECRET,
    OTHER_UID,
    UID,
    directory_of_files,
    sums,
)
from tests.support import KEY_ID, REGION, SECRET, Server

NEVER = "Thu, 01 Jan 1970 00:00:01 GMT"


@pytest.fixture(params=["v1", "v2", "v4"])
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def auth(version: str) -> object:
    return oss2.make_auth(KEY_ID, SECRET, version)


@pytest.fixture
def service(server: Server, auth: object) -> oss2.Service:
    return oss2.Service(auth, server.endpoint, region=REGION)


@pytest.fixture
def bucket(server: Server, auth: object, bucket_name: str) -> oss2.Bucket:
    made = oss2.Bucket(auth, server.endpoint, bucket_name, region=REGION)
    made.create_bucket()
    return made


@pytest.fixture
def absent(server: Server, auth: object, bucket_name: str) -> oss2.Bucket:
    return oss2.Bucket(auth, server.endpoint, bucket_name, region=REGION)


@pytest.fixture
def theirs(server: Server, version: str, bucket_name: str) -> oss2.Bucket:
    """The same bucket, in the hands of another account."""
    other = oss2.make_auth(OTHER_KEY_ID, OTHER_SECRET, version)
    return oss2.Bucket(other, server.endpoint, bucket_name, region=REGION)


@pytest.fixture
def nobodys(server: Server, bucket_name: str) -> oss2.Bucket:
    """The same bucket without credentials."""
    return oss2.Bucket(oss2.AnonymousAuth(), server.endpoint, bucket_name, region=REGION)


def refused(code: str, status: int = 0) -> "pytest.RaisesExc[ServerError]":
    def check(error: ServerError) -> bool:
        return error.code == code and (not status or error.status == status)

    return pytest.raises(ServerError, check=check)


# -- buckets ------------------------------------------------------------------------------------


def test_list_buckets(server, auth, service, bucket_name):
    names = [f"{bucket_name}-{n}" for n in range(5)]
    for name in names:
        oss2.Bucket(auth, server.endpoint, name, region=REGION).create_bucket()
    found = service.list_buckets(prefix=bucket_name)
    assert [b.name for b in found.buckets] == names
    assert not found.is_truncated
    assert found.owner.id == UID
    first = found.buckets[0]
    assert first.location == f"oss-{REGION}"
    assert first.extranet_endpoint == f"oss-{REGION}.aliyuncs.com"
    assert first.intranet_endpoint == f"oss-{REGION}-internal.aliyuncs.com"
    assert first.storage_class == "Standard"
    assert abs(first.creation_date - time.time()) < 120
    page = service.list_buckets(prefix=bucket_name, max_keys=2)
    assert [b.name for b in page.buckets] == names[:2]
    assert page.is_truncated
    assert page.next_marker == names[1]
    rest = service.list_buckets(prefix=bucket_name, marker=page.next_marker)
    assert [b.name for b in rest.buckets] == names[2:]
    assert [b.name for b in oss2.BucketIterator(service, prefix=bucket_name, max_keys=2)] == names


def test_put_bucket(absent):
    result = absent.create_bucket(
        oss2.BUCKET_ACL_PUBLIC_READ,
        oss2.models.BucketCreateConfig(
            oss2.BUCKET_STORAGE_CLASS_IA, oss2.BUCKET_DATA_REDUNDANCY_TYPE_ZRS
        ),
    )
    assert result.status == 200
    assert result.headers["location"] == f"/{absent.bucket_name}"
    info = absent.get_bucket_info()
    assert info.acl.grant == "public-read"
    assert info.storage_class == "IA"
    assert info.data_redundancy_type == "ZRS"
    absent.create_bucket()  # one's own again
    assert absent.get_bucket_info().acl.grant == "public-read"
    with refused("BucketAlreadyExists", 409):
        absent.create_bucket(input=oss2.models.BucketCreateConfig("Archive"))


def test_put_bucket_of_another_account(bucket, theirs):
    with refused("BucketAlreadyExists", 409):
        theirs.create_bucket()
    assert bucket.get_bucket_info().owner.id == UID


def test_delete_bucket(bucket):
    bucket.put_object("key", b"x")
    with refused("BucketNotEmpty", 409):
        bucket.delete_bucket()
    bucket.delete_object("key")
    assert bucket.delete_bucket().status == 204
    with refused("NoSuchBucket", 404):
        bucket.delete_bucket()


def test_get_bucket_info(bucket):
    info = bucket.get_bucket_info()
    assert info.name == bucket.bucket_name
    assert info.location == f"oss-{REGION}"
    assert info.owner.id == info.owner.display_name == UID
    assert info.acl.grant == "private"
    assert info.storage_class == "Standard"
    assert info.data_redundancy_type == "LRS"
    assert info.extranet_endpoint == f"oss-{REGION}.aliyuncs.com"
    assert info.intranet_endpoint == f"oss-{REGION}-internal.aliyuncs.com"
    assert info.bucket_encryption_rule.sse_algorithm is None
    assert info.versioning_status is None


def test_get_bucket_location(bucket):
    assert bucket.get_bucket_location().location == f"oss-{REGION}"


def test_get_bucket_stat(bucket):
    bucket.put_object("a", b"x" * 10)
    bucket.put_object("b", b"x" * 200_000)
    bucket.put_object("c", b"x" * 30, headers={"x-oss-storage-class": "IA"})
    bucket.put_object("a", b"y" * 11)
    bucket.put_object("gone", b"z")
    bucket.delete_object("gone")
    stat = bucket.get_bucket_stat()
    assert stat.storage_size_in_bytes == 200_041
    assert stat.object_count == 3
    assert stat.multi_part_upload_count == 0
    assert stat.standard_storage == 200_011
    assert stat.standard_object_count == 2
    assert stat.infrequent_access_object_count == 1
    assert stat.infrequent_access_storage == 30


def test_bucket_acl(bucket, nobodys):
    assert bucket.get_bucket_acl().acl == "private"
    for acl in ("public-read", "public-read-write", "private"):
        bucket.put_bucket_acl(acl)
        assert bucket.get_bucket_acl().acl == acl
    with pytest.raises(InvalidArgument) as caught:
        bucket.put_bucket_acl("default")
    assert caught.value.message == "no such bucket access control exists"
    assert caught.value.details["ArgumentName"] == "x-oss-acl"
    with pytest.raises(AccessDenied):
        nobodys.get_bucket_acl()


def test_put_bucket_acl_makes_a_bucket_that_is_not_there(absent, nobodys):
    with pytest.raises(AccessDenied):
        nobodys.put_bucket_acl("public-read")
    absent.put_bucket_acl("public-read")
    assert absent.get_bucket_info().acl.grant == "public-read"


# -- lists --------------------------------------------------------------------------------------


@pytest.fixture
def awkward(bucket: oss2.Bucket) -> oss2.Bucket:
    for key in AWKWARD:
        bucket.put_object(key, key.encode())
    return bucket


def test_awkward_keys_come_back(awkward):
    for key in AWKWARD:
        assert awkward.get_object(key).read() == key.encode()
        assert awkward.head_object(key).content_length == len(key.encode())
        assert awkward.get_object_meta(key).content_length == len(key.encode())
        awkward.put_object_acl(key, "public-read")
        assert awkward.get_object_acl(key).acl == "public-read"


def test_list_objects(awkward):
    assert [item.key for item in awkward.list_objects(max_keys=1000).object_list] == AWKWARD
    assert [item.key for item in oss2.ObjectIterator(awkward, max_keys=3)] == AWKWARD
    page = awkward.list_objects(prefix="a/", delimiter="/", max_keys=10)
    assert [item.key for item in page.object_list] == ["a/", "a/b"]
    assert page.prefix_list == ["a/../", "a//"]
    page = awkward.list_objects(marker="a/b", max_keys=1)
    assert page.is_truncated
    assert [item.key for item in page.object_list] == [AWKWARD[AWKWARD.index("a/b") + 1]]
    item = awkward.list_objects(prefix="plain.txt").object_list[0]
    assert item.size == 9
    assert item.etag == hashlib.md5(b"plain.txt").hexdigest().upper()
    assert item.type == "Normal"
    assert item.storage_class == "Standard"
    assert item.owner.id == UID
    assert abs(item.last_modified - time.time()) < 120


def test_list_objects_with_common_prefixes_pages_through_both(awkward):
    keys, prefixes, marker = [], [], ""
    for _ in range(100):
        page = awkward.list_objects(delimiter="/", marker=marker, max_keys=2)
        assert len(page.object_list) + len(page.prefix_list) <= 2
        keys += [item.key for item in page.object_list]
        prefixes += page.prefix_list
        marker = page.next_marker
        if not page.is_truncated:
            break
    assert keys == [key for key in AWKWARD if "/" not in key]
    assert prefixes == ["../", "a/", "中文/"]


def test_list_objects_v2(awkward):
    found = awkward.list_objects_v2(max_keys=1000)
    assert [item.key for item in found.object_list] == AWKWARD
    assert found.object_list[0].owner is None
    owned = awkward.list_objects_v2(max_keys=1, fetch_owner=True)
    assert owned.object_list[0].owner.id == UID
    assert [item.key for item in oss2.ObjectIteratorV2(awkward, max_keys=3)] == AWKWARD
    after = awkward.list_objects_v2(start_after="中文/文件.txt", max_keys=1000)
    assert [item.key for item in after.object_list] == ["😀"]
    page = awkward.list_objects_v2(prefix="a", delimiter="/", max_keys=1000)
    assert page.prefix_list == ["a/"]
    assert [item.key for item in page.object_list] == ["a;b"]
    one = awkward.list_objects_v2(max_keys=1)
    resumed = awkward.list_objects_v2(
        continuation_token=one.next_continuation_token, start_after="zzz", max_keys=1
    )
    assert [item.key for item in resumed.object_list] == [AWKWARD[1]]


def test_list_refusals(bucket):
    for bad in (-1, 1001):
        with refused("InvalidArgument", 400):
            bucket.list_objects(max_keys=bad)
        with refused("InvalidArgument", 400):
            bucket.list_objects_v2(max_keys=bad)
    with refused("InvalidArgument", 400):
        bucket.list_objects(prefix="p" * 1025)
    with refused("InvalidArgument", 400):
        bucket.list_objects_v2(encoding_type="gzip")
    with refused("InvalidArgument", 400):
        bucket.list_objects_v2(continuation_token="\x01 no base64")
    bucket.put_object("key", b"")
    assert bucket.list_objects(max_keys=0).object_list == []


# -- putting ------------------------------------------------------------------------------------


def test_put_object(bucket):
    body = b"hello, oss2"
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "max-age=60",
        "Content-Disposition": 'attachment; filename="a b.txt"',
        "Content-Encoding": "identity",
        "Content-Language": "zh-CN",
        "Expires": "Fri, 28 Feb 2031 05:38:42 GMT",
        "Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode(),
        "x-oss-storage-class": "IA",
        "x-oss-object-acl": "public-read",
        "x-oss-meta-a": "1",
        "x-oss-meta-a-b": "2",
        "x-oss-meta-Name": "Some One",
    }
    result = bucket.put_object("key", body, headers=headers)
    assert result.status == 200
    assert result.etag == hashlib.md5(body).hexdigest().upper()
    assert result.headers["Content-MD5"] == headers["Content-MD5"]
    assert len(result.request_id) == 24
    head = bucket.head_object("key")
    for name in headers:
        if not name.startswith("x-oss-meta-") and name != "x-oss-object-acl":
            assert head.headers[name] == headers[name], name
    assert head.headers["x-oss-meta-a"] == "1"
    assert head.headers["x-oss-meta-a-b"] == "2"
    assert head.headers["x-oss-meta-name"] == "Some One"
    assert head.object_type == "Normal"
    assert head.etag == result.etag
    assert bucket.get_object_acl("key").acl == "public-read"
    assert bucket.get_object("key").read() == body


def test_put_object_of_every_size_and_kind(bucket, tmp_path):
    for size in (0, 1, 131_072, 131_073, 1_500_000):
        body = bytes(n & 0xFF for n in range(256)) * (size // 256 + 1)
        body = body[:size]
        result = bucket.put_object(f"b{size}", body)
        assert result.crc == int(result.headers["x-oss-hash-crc64ecma"])
        assert bucket.get_object(f"b{size}").read() == body
        bucket.put_object(f"g{size}", (body[n : n + 999] for n in range(0, size, 999)))
        assert bucket.get_object(f"g{size}").read() == body
        path = tmp_path / "file"
        path.write_bytes(body)
        bucket.put_object_from_file(f"f{size}", str(path))
        bucket.get_object_to_file(f"f{size}", str(tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == body
    assert bucket.head_object("b0").content_type == "application/octet-stream"
    bucket.put_object("page.html", b"<p>")
    assert bucket.head_object("page.html").content_type == "text/html"


def test_put_object_refusals_leave_the_object(bucket):
    bucket.put_object("key", b"first", headers={"x-oss-meta-n": "1"})
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    with refused("InvalidDigest", 400):
        bucket.put_object("key", b"second", headers={"Content-MD5": wrong})
    with refused("InvalidCRC64", 400):
        bucket.put_object("key", b"second", headers={"x-oss-hash-crc64ecma": "1"})
    with refused("InvalidArgument", 400):
        bucket.put_object("key", b"second", headers={"x-oss-storage-class": "Frozen"})
    with refused("InvalidArgument", 400):
        bucket.put_object("key", b"second", headers={"x-oss-object-acl": "mine"})
    with refused("InvalidArgument", 400):
        bucket.put_object("key", b"second", headers={"x-oss-meta-n": "x" * 8192})
    with refused("FileAlreadyExists", 409):
        bucket.put_object("key", b"second", headers={"x-oss-forbid-overwrite": "true"})
    assert bucket.get_object("key").read() == b"first"
    assert bucket.head_object("key").headers["x-oss-meta-n"] == "1"
    bucket.put_object("key", b"third", headers={"x-oss-forbid-overwrite": "false"})
    assert bucket.get_object("key").read() == b"third"


def test_forbid_overwrite_lets_one_of_many_through(bucket):
    gate = Barrier(32)

    def put(number: int) -> str:
        gate.wait()
        try:
            bucket.put_object("once", b"%d" % number, {"x-oss-forbid-overwrite": "true"})
        except ServerError as error:
            return f"{error.status} {error.code}"
        return "kept"

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(put, range(32)))
    assert answers.count("kept") == 1
    assert answers.count("409 FileAlreadyExists") == 31
    assert bucket.get_object("once").read() == b"%d" % answers.index("kept")


# -- getting ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1000, 300_000])
def test_get_object_ranges(bucket, size):
    body = bytes(n % 251 for n in range(size))
    bucket.put_object("key", body)
    last = size - 1
    for given, expected in [
        ((0, 0), body[:1]),
        ((10, 99), body[10:100]),
        ((last, last), body[-1:]),
        ((last, None), body[-1:]),
        ((None, 7), body[-7:]),
        ((0, last), body),
    ]:
        got = bucket.get_object("key", byte_range=given)
        assert got.status == 206, given
        assert got.read() == expected
        assert got.headers["Content-Range"].endswith(f"/{size}")
        assert got.content_length == len(expected)
        assert "x-oss-hash-crc64ecma" not in got.headers
    for given in ((0, size), (size, None), (size, size + 5), (None, size + 1)):
        got = bucket.get_object("key", byte_range=given)
        assert got.status == 200, given
        assert got.read() == body
        assert "Content-Range" not in got.headers
    for given in ("bytes=0-0,2-3", "bytes=5-2", "bytes=x", "lines=0-1"):
        assert bucket.get_object("key", headers={"Range": given}).status == 200


def test_get_object_ranges_by_the_standard(bucket):
    bucket.put_object("key", b"0123456789")
    standard = {"x-oss-range-behavior": "standard"}
    got = bucket.get_object("key", byte_range=(5, 100), headers=dict(standard))
    assert (got.status, got.read()) == (206, b"56789")
    assert got.headers["Content-Range"] == "bytes 5-9/10"
    got = bucket.get_object("key", byte_range=(None, 100), headers=dict(standard))
    assert (got.status, got.read()) == (206, b"0123456789")
    with refused("InvalidRange", 416):
        bucket.get_object("key", byte_range=(10, None), headers=dict(standard))


def test_get_object_conditions(bucket):
    put = bucket.put_object("key", b"body")
    tag, date = f'"{put.etag}"', bucket.head_object("key").headers["Last-Modified"]
    later = formatdate(time.time() + 3600, usegmt=True)
    for method in (bucket.get_object, bucket.head_object):
        for name, value in [
            ("If-Match", tag), ("If-Match", put.etag.lower()), ("If-Match", "*"),
            ("If-None-Match", '"0"'), ("If-Modified-Since", NEVER),
            ("If-Unmodified-Since", date), ("If-Unmodified-Since", later),
            ("If-Modified-Since", "no date"),
        ]:  # fmt: skip
            assert method("key", headers={name: value}).status == 200, (name, value)
        for name, value in [
            ("If-None-Match", tag), ("If-None-Match", "*"), ("If-Modified-Since", date),
            ("If-Modified-Since", later),
        ]:  # fmt: skip
            with pytest.raises(NotModified):
                method("key", headers={name: value})
        for name, value in [("If-Match", '"0"'), ("If-Unmodified-Since", NEVER)]:
            with pytest.raises(PreconditionFailed) as caught:
                method("key", headers={name: value})
            assert caught.value.details["Condition"] == name
        both = {"If-Match": tag, "If-Unmodified-Since": NEVER}
        assert method("key", headers=both).status == 200


def test_get_object_response_overrides(bucket, nobodys):
    bucket.put_object("key", b"body", headers={"Content-Type": "text/plain"})
    wanted = {
        "response-content-type": "application/x-wanted",
        "response-content-language": "fr",
        "response-expires": "Fri, 28 Feb 2031 05:38:42 GMT",
        "response-cache-control": "no-store",
        "response-content-disposition": "attachment; filename=下载.txt",
        "response-content-encoding": "identity",
    }
    got = bucket.get_object("key", params=dict(wanted))
    for name, value in wanted.items():
        shown = got.headers[name.removeprefix("response-")]
        assert shown.encode("latin-1").decode() == value
    url = bucket.sign_url("GET", "key", 60, params=dict(wanted))
    answer = requests.get(url, timeout=30)
    assert answer.headers["Content-Type"] == "application/x-wanted"
    assert answer.headers["Cache-Control"] == "no-store"
    with refused("InvalidArgument", 400):
        bucket.get_object("key", params={"response-cache-control": "a\r\nSet-Cookie: x"})
    bucket.put_object_acl("key", "public-read")
    with refused("InvalidRequest", 400):
        nobodys.get_object("key", params=dict(wanted))


def test_head_object(bucket):
    bucket.put_object("key", b"body")
    head = bucket.head_object("key")
    assert head.status == 200
    assert head.content_length == 4
    assert head.headers["Accept-Ranges"] == "bytes"
    assert head.headers["Server"] == "AliyunOSS"
    assert head.headers["Content-MD5"] == base64.b64encode(hashlib.md5(b"body").digest()).decode()
    assert head.server_crc == int(head.headers["x-oss-hash-crc64ecma"])
    assert bucket.object_exists("key")
    assert not bucket.object_exists("no")
    with pytest.raises(NoSuchKey) as caught:
        bucket.head_object("no")
    assert caught.value.code == "NoSuchKey"
    assert caught.value.ec == caught.value.headers["x-oss-ec"] == "0026-00000001"
    assert caught.value.details["Key"] == "no"


def test_get_object_meta(bucket):
    put = bucket.put_object("key", b"body", headers={"x-oss-meta-a": "1"})
    meta = bucket.get_object_meta("key")
    assert meta.content_length == 4
    assert meta.headers["ETag"] == f'"{put.etag}"'
    assert abs(meta.last_modified - time.time()) < 120
    assert "x-oss-meta-a" not in meta.headers
    with pytest.raises(NoSuchKey):
        bucket.get_object_meta("no")


# -- deleting -----------------------------------------------------------------------------------


def test_delete_object(bucket):
    bucket.put_object("key", b"body")
    assert bucket.delete_object("key").status == 204
    assert not bucket.object_exists("key")
    assert bucket.delete_object("key").status == 204


def test_delete_multiple_objects(awkward):
    awkward.put_object("form\x0cfeed", b"")
    keys = [*AWKWARD, "form\x0cfeed", "never there"]
    result = awkward.batch_delete_objects(keys)
    assert result.deleted_keys == keys
    assert awkward.list_objects().object_list == []
    with refused("MalformedXML", 400):
        awkward.batch_delete_objects([f"k{n}" for n in range(1001)])
    with pytest.raises(oss2.exceptions.ClientError):
        awkward.batch_delete_objects([])


def test_delete_multiple_objects_asks_for_each_key(bucket, nobodys):
    bucket.put_bucket_acl("public-read-write")
    bucket.put_object("open", b"")
    bucket.put_object("closed", b"", headers={"x-oss-object-acl": "private"})
    result = nobodys.batch_delete_objects(["open", "closed"])
    assert result.deleted_keys == ["open"]
    assert bucket.object_exists("closed")
    assert not bucket.object_exists("open")


# -- ACLs and accounts --------------------------------------------------------------------------


def test_object_acl(bucket):
    bucket.put_object("key", b"")
    assert bucket.get_object_acl("key").acl == "default"
    before = bucket.head_object("key").headers["Last-Modified"]
    for acl in ("private", "public-read", "public-read-write", "default"):
        bucket.put_object_acl("key", acl)
        assert bucket.get_object_acl("key").acl == acl
    assert bucket.head_object("key").headers["Last-Modified"] == before
    with refused("InvalidArgument", 400):
        bucket.put_object_acl("key", "open")
    with refused("NoSuchKey", 404):
        bucket.put_object_acl("no", "private")
    with refused("NoSuchKey", 404):
        bucket.get_object_acl("no")


BUCKET_ACLS = ("private", "public-read", "public-read-write")
OBJECT_ACLS = ("default", *BUCKET_ACLS)


@pytest.mark.parametrize("object_acl", OBJECT_ACLS)
@pytest.mark.parametrize("bucket_acl", BUCKET_ACLS)
@pytest.mark.parametrize("who", ["nobodys", "theirs"])
def test_what_acls_grant(bucket, request, who, bucket_acl, object_acl):
    stranger = request.getfixturevalue(who)
    bucket.put_bucket_acl(bucket_acl)
    bucket.put_object("key", b"first")
    bucket.put_object_acl("key", object_acl)
    effective = bucket_acl if object_acl == "default" else object_acl
    reads, writes = effective != "private", effective == "public-read-write"

    def may(action, *args, **kwargs):
        try:
            action(*args, **kwargs)
        except AccessDenied:
            return False
        return True

    assert may(stranger.get_object, "key") == reads
    assert may(stranger.head_object, "key") == reads
    assert may(stranger.get_object_meta, "key") == reads
    assert may(stranger.list_objects) == (bucket_acl != "private")
    assert may(stranger.list_objects_v2) == (bucket_acl != "private")
    assert may(stranger.put_object, "key", b"second") == writes
    assert bucket.get_object("key").read() == (b"second" if writes else b"first")
    assert may(stranger.put_object, "new", b"") == (bucket_acl == "public-read-write")
    bucket.put_object("key", b"third")
    bucket.put_object_acl("key", object_acl)
    assert may(stranger.delete_object, "key") == writes
    assert bucket.object_exists("key") != writes
    bucket.put_object("key", b"", headers={"x-oss-object-acl": object_acl})
    for manage in (
        lambda: stranger.get_object_acl("key"),
        lambda: stranger.put_object_acl("key", "public-read-write"),
        stranger.get_bucket_acl,
        lambda: stranger.put_bucket_acl("public-read-write"),
        stranger.get_bucket_info,
        stranger.get_bucket_location,
        stranger.get_bucket_stat,
        stranger.delete_bucket,
    ):
        assert not may(manage)
    assert bucket.get_object_acl("key").acl == object_acl
    assert bucket.get_bucket_acl().acl == bucket_acl


def test_accounts_see_their_own_buckets(server, bucket, theirs, version):
    other = oss2.make_auth(OTHER_KEY_ID, OTHER_SECRET, version)
    service = oss2.Service(other, server.endpoint, region=REGION)
    name = f"{bucket.bucket_name}-theirs"
    mine = oss2.Bucket(other, server.endpoint, name, region=REGION)
    mine.create_bucket()
    found = service.list_buckets(prefix=bucket.bucket_name)
    assert [item.name for item in found.buckets] == [name]
    assert found.owner.id == OTHER_UID
    assert mine.get_bucket_info().owner.id == OTHER_UID
    with pytest.raises(AccessDenied) as caught:
        theirs.get_bucket_info()
    assert caught.value.message == "The bucket you access does not belong to you."


# -- tags of buckets ----------------------------------------------------------------------------


def test_bucket_tags(server, auth, service, bucket, bucket_name):
    """PutBucketTags, GetBucketTags, DeleteBucketTags, ListBuckets."""
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {}
    wanted = {"%@abc": "abc", "123++": "++123%", "team": bucket_name, "空": ""}
    tagging = oss2.models.Tagging()
    tagging.tag_set.tagging_rule.update(wanted)
    assert bucket.put_bucket_tagging(tagging).status == 200
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == wanted
    oss2.Bucket(auth, server.endpoint, f"{bucket_name}-2", region=REGION).create_bucket()
    found = service.list_buckets(params={"tag-key": "team", "tag-value": bucket_name})
    assert [item.name for item in found.buckets] == [bucket_name]
    assert bucket.delete_bucket_tagging({"tagging": "空,team"}).status == 204
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {"%@abc": "abc", "123++": "++123%"}
    for _ in range(2):
        assert bucket.delete_bucket_tagging().status == 204
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {}
    tagging.tag_set.tagging_rule["Aliyun"] = "1"
    with refused("InvalidTag", 400):
        bucket.put_bucket_tagging(tagging)


# -- signed URLs --------------------------------------------------------------------------------


def test_presigned_get(bucket):
    for key in ("key", "中文/a b+c?.txt", "a//b~*()!'&=%20"):
        bucket.put_object(key, b"body")
        for slash_safe in (False, True):
            url = bucket.sign_url("GET", key, 60, slash_safe=slash_safe)
            answer = requests.get(url, timeout=30)
            assert (answer.status_code, answer.content) == (200, b"body")
            assert bucket.get_object_with_url(url).read() == b"body"
            assert requests.put(url, data=b"x", timeout=30).status_code == 403
            assert requests.delete(url, timeout=30).status_code == 403
            assert requests.get(url + "&acl", timeout=30).status_code == 403
    assert bucket.get_object("key").read() == b"body"


def test_presigned_put(bucket):
    headers = {"Content-Type": "text/signed", "x-oss-meta-a": "1", "x-oss-object-acl": "private"}
    url = bucket.sign_url("PUT", "key", 60, headers=headers, slash_safe=True)
    assert requests.put(url, data=b"body", headers=headers, timeout=30).status_code == 200
    head = bucket.head_object("key")
    assert head.content_type == "text/signed"
    assert head.headers["x-oss-meta-a"] == "1"
    for wrong in (
        {**headers, "Content-Type": "text/other"},
        {**headers, "x-oss-meta-a": "2"},
        {**headers, "x-oss-meta-b": "2"},
    ):
        answer = requests.put(url, data=b"other", headers=wrong, timeout=30)
        assert answer.status_code == 403
        assert b"SignatureDoesNotMatch" in answer.content
    assert bucket.get_object("key").read() == b"body"


def test_a_presigned_url_bound_to_a_header(server, bucket_name):
    bucket = oss2.Bucket(oss2.AuthV2(KEY_ID, SECRET), server.endpoint, bucket_name)
    bucket.create_bucket()
    bucket.put_object("key", b"body")
    wanted = {"Referer": "https://www.example.com/"}
    url = bucket.sign_url("GET", "key", 60, headers=wanted, additional_headers=["Referer"])
    assert "x-oss-additional-headers=referer" in url
    assert requests.get(url, headers=wanted, timeout=30).content == b"body"
    for wrong in ({}, {"Referer": "https://www.example.org/"}):
        assert requests.get(url, headers=wrong, timeout=30).status_code == 403


def test_presigned_urls_die(bucket):
    bucket.put_object("key", b"body")
    url = bucket.sign_url("GET", "key", -5 if isinstance(bucket.auth, oss2.Auth) else 0)
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 403
    assert b"AccessDenied" in answer.content


# -- refusals as this client shows them ---------------------------------------------------------


def test_errors(server, bucket, absent, version, bucket_name):
    with pytest.raises(NoSuchKey) as caught:
        bucket.get_object("no")
    error = caught.value
    assert (error.status, error.code, error.ec) == (404, "NoSuchKey", "0026-00000001")
    assert error.message == "The specified key does not exist."
    assert error.details["Key"] == "no"
    assert error.details["HostId"] == f"127.0.0.1:{server.port}"
    assert error.request_id == error.details["RequestId"]
    missing = oss2.Bucket(bucket.auth, server.endpoint, f"{bucket_name}-no", region=REGION)
    for action in (missing.get_bucket_info, lambda: missing.put_object("k", b"x")):
        with pytest.raises(NoSuchBucket) as caught:
            action()
        assert caught.value.ec == "0015-00000101"
        assert caught.value.details["BucketName"] == f"{bucket_name}-no"
    wrong = oss2.Bucket(
        oss2.make_auth(KEY_ID, "wrong-secret", version), server.endpoint, bucket_name, region=REGION
    )
    for action in (lambda: wrong.get_object("key"), lambda: wrong.head_object("key")):
        with pytest.raises(SignatureDoesNotMatch) as caught:
            action()
        assert caught.value.details["OSSAccessKeyId"] == KEY_ID
        assert "StringToSign" in caught.value.details
        assert ("CanonicalRequest" in caught.value.details) == (version == "v4")
        assert "wrong-secret" not in str(caught.value)
        assert SECRET not in str(caught.value)
    unknown = oss2.make_auth("unknown", "secret", version)
    stranger = oss2.Bucket(unknown, server.endpoint, bucket_name, region=REGION)
    with refused("InvalidAccessKeyId", 403):
        stranger.get_object("key")
    with refused("NoSuchBucket", 404):
        oss2.Bucket(unknown, server.endpoint, f"{bucket_name}-no", region=REGION).get_bucket_acl()


def test_a_large_body_is_refused_by_an_answer_not_by_a_reset(nobodys):
    with refused("NoSuchBucket", 404):
        nobodys.put_object("key", b"x" * (8 << 20))


# -- a directory --------------------------------------------------------------------------------


def test_a_directory_goes_up_and_comes_back(bucket, tmp_path: Path):
    files = directory_of_files(tmp_path)
    for name, path in files.items():
        bucket.put_object_from_file(name, str(path))
    listed = [item.key for item in oss2.ObjectIteratorV2(bucket, max_keys=7)]
    assert listed == sorted(files, key=str.encode)
    back = {}
    for name in listed:
        back[name] = tmp_path / "back" / name
        back[name].parent.mkdir(parents=True, exist_ok=True)
        bucket.get_object_to_file(name, str(back[name]))
    assert sums(back) == sums(files)
