"""The store through alibabacloud-oss-v2: its sync and its async client, signatures V1 and V4."""

import asyncio
import base64
import hashlib
import http.client
import inspect
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import alibabacloud_oss_v2 as oss
import alibabacloud_oss_v2.aio as oss_aio
import pytest
import requests

from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET, UID, UNDOTTED
from tests.support import KEY_ID, REGION, SECRET, Server

NEVER = "Thu, 01 Jan 1970 00:00:01 GMT"


class Client:
    """Either client behind one face: calls with keyword arguments, answers waited for."""

    def __init__(self, config: oss.config.Config, *, asynchronous: bool) -> None:
        self.loop = asyncio.new_event_loop() if asynchronous else None
        self.inner = oss_aio.AsyncClient(config) if asynchronous else oss.Client(config)

    def wait(self, value):
        return self.loop.run_until_complete(value) if inspect.isawaitable(value) else value

    def read(self, body) -> bytes:
        return self.wait(body.read())

    def do(self, name: str, **fields):
        """`do("PutObject", bucket=…, key=…)`, with the service's own error if there is one."""
        request = getattr(oss, f"{name}Request")(**fields)
        method = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
        try:
            return self.wait(getattr(self.inner, method)(request))
        except oss.exceptions.OperationError as error:
            raise error.unwrap() from None

    def pages(self, name: str, request, **options) -> list:
        paginator = getattr(self.inner, f"{name}_paginator")(**options)

        async def collect():
            return [page async for page in paginator.iter_page(request)]

        return self.wait(collect()) if self.loop else list(paginator.iter_page(request))

    def presign(self, request, **options):
        return self.wait(self.inner.presign(request, **options))

    def close(self) -> None:
        if self.loop:
            self.loop.run_until_complete(self.inner.close())
            self.loop.close()


def config(server: Server, version: str, key_id=KEY_ID, secret=SECRET, **more) -> oss.config.Config:
    made = oss.config.load_default()
    made.credentials_provider = oss.credentials.StaticCredentialsProvider(key_id, secret)
    if not key_id:
        made.credentials_provider = oss.credentials.AnonymousCredentialsProvider()
    made.region = REGION
    made.endpoint = server.endpoint
    made.signature_version = version
    made.retry_max_attempts = 2
    for name, value in more.items():
        setattr(made, name, value)
    return made


@pytest.fixture(params=["sync-v1", "sync-v4", "async-v1", "async-v4"])
def kind(request: pytest.FixtureRequest) -> tuple[bool, str]:
    name, version = request.param.split("-")
    return name == "async", version


@pytest.fixture
def client(server: Server, kind: tuple[bool, str]) -> Iterator[Client]:
    made = Client(config(server, kind[1]), asynchronous=kind[0])
    yield made
    made.close()


@pytest.fixture
def nobody(server: Server, kind: tuple[bool, str]) -> Iterator[Client]:
    made = Client(config(server, kind[1], "", ""), asynchronous=kind[0])
    yield made
    made.close()


@pytest.fixture
def other(server: Server, kind: tuple[bool, str]) -> Iterator[Client]:
    made = Client(config(server, kind[1], OTHER_KEY_ID, OTHER_SECRET), asynchronous=kind[0])
    yield made
    made.close()


@pytest.fixture
def bucket(client: Client, bucket_name: str) -> str:
    client.do("PutBucket", bucket=bucket_name)
    return bucket_name


def refused(code: str, status: int) -> "pytest.RaisesExc[oss.exceptions.ServiceError]":
    def check(error: oss.exceptions.ServiceError) -> bool:
        return (error.code, error.status_code) == (code, status) and len(error.request_id) == 24

    return pytest.raises(oss.exceptions.ServiceError, check=check)


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()


# -- buckets ------------------------------------------------------------------------------------


def test_list_buckets(client, bucket_name):
    names = [f"{bucket_name}-{n}" for n in range(3)]
    for name in names:
        client.do("PutBucket", bucket=name)
    found = client.do("ListBuckets", prefix=bucket_name)
    assert [b.name for b in found.buckets] == names
    assert found.owner.id == UID
    assert found.buckets[0].region == REGION
    assert found.buckets[0].location == f"oss-{REGION}"
    assert found.buckets[0].extranet_endpoint == f"oss-{REGION}.aliyuncs.com"
    page = client.do("ListBuckets", prefix=bucket_name, max_keys=2)
    assert page.is_truncated
    assert page.next_marker == names[1]
    pages = client.pages("list_buckets", oss.ListBucketsRequest(prefix=bucket_name), limit=1)
    assert [b.name for page in pages for b in page.buckets or []] == names


def test_put_bucket(client, other, bucket_name):
    made = client.do(
        "PutBucket",
        bucket=bucket_name,
        acl="public-read",
        create_bucket_configuration=oss.CreateBucketConfiguration(
            storage_class="IA", data_redundancy_type="ZRS"
        ),
    )
    assert made.status_code == 200
    info = client.do("GetBucketInfo", bucket=bucket_name).bucket_info
    assert (info.acl, info.storage_class) == ("public-read", "IA")
    assert info.data_redundancy_type == "ZRS"
    client.do("PutBucket", bucket=bucket_name)
    with refused("BucketAlreadyExists", 409):
        other.do("PutBucket", bucket=bucket_name)
    with refused("InvalidArgument", 400):
        client.do("PutBucket", bucket=f"{bucket_name}-2", acl="default")


def test_delete_bucket(client, bucket):
    client.do("PutObject", bucket=bucket, key="key", body=b"x")
    with refused("BucketNotEmpty", 409):
        client.do("DeleteBucket", bucket=bucket)
    client.do("DeleteObject", bucket=bucket, key="key")
    assert client.do("DeleteBucket", bucket=bucket).status_code == 204
    with refused("NoSuchBucket", 404):
        client.do("DeleteBucket", bucket=bucket)


def test_get_bucket_info(client, other, bucket):
    info = client.do("GetBucketInfo", bucket=bucket).bucket_info
    assert info.name == bucket
    assert info.owner.id == UID
    assert info.location == f"oss-{REGION}"
    assert info.acl == "private"
    assert info.storage_class == "Standard"
    assert info.data_redundancy_type == "LRS"
    assert info.block_public_access is False
    assert info.access_monitor == "Disabled"
    assert info.cross_region_replication == "Disabled"
    assert info.transfer_acceleration == "Disabled"
    assert info.versioning is None
    assert abs(info.creation_date.timestamp() - time.time()) < 120
    with refused("AccessDenied", 403):
        other.do("GetBucketInfo", bucket=bucket)


def test_bucket_tags(server, bucket_name):
    """PutBucketTags, GetBucketTags, DeleteBucketTags, which the asynchronous client lacks."""
    client = Client(config(server, "v4"), asynchronous=False)
    client.do("PutBucket", bucket=bucket_name, bucket_tagging=f"team={bucket_name}&size=")
    found = client.do("GetBucketTags", bucket=bucket_name).tagging.tag_set.tags
    assert [(tag.key, tag.value or "") for tag in found] == [("team", bucket_name), ("size", "")]
    tags = [oss.Tag(key="team", value=bucket_name), oss.Tag(key="中", value="<&>")]
    tagging = oss.Tagging(tag_set=oss.TagSet(tags=tags))
    client.do("PutBucketTags", bucket=bucket_name, tagging=tagging)
    found = client.do("GetBucketTags", bucket=bucket_name).tagging.tag_set.tags
    assert [(tag.key, tag.value) for tag in found] == [("team", bucket_name), ("中", "<&>")]
    client.do("PutBucket", bucket=f"{bucket_name}-2")
    for query in (
        {"tag_key": "team", "tag_value": bucket_name},
        {"tagging": f'"team":"{bucket_name}","中":"<&>"'},
    ):
        listed = client.do("ListBuckets", prefix=bucket_name, **query)
        assert [item.name for item in listed.buckets] == [bucket_name]
    assert client.do("DeleteBucketTags", bucket=bucket_name).status_code == 204
    assert not client.do("GetBucketTags", bucket=bucket_name).tagging.tag_set.tags
    tagging.tag_set.tags = [tags[0]] * 2
    with refused("RepeatedTags", 400):
        client.do("PutBucketTags", bucket=bucket_name, tagging=tagging)


def test_get_bucket_location(client, bucket):
    assert client.do("GetBucketLocation", bucket=bucket).location == f"oss-{REGION}"


def test_get_bucket_stat(client, bucket):
    client.do("PutObject", bucket=bucket, key="a", body=b"x" * 10)
    client.do("PutObject", bucket=bucket, key="b", body=b"x" * 7, storage_class="Archive")
    stat = client.do("GetBucketStat", bucket=bucket)
    assert (stat.storage, stat.object_count) == (17, 2)
    assert (stat.standard_storage, stat.standard_object_count) == (10, 1)
    assert (stat.archive_storage, stat.archive_object_count) == (7, 1)
    assert stat.multi_part_upload_count == stat.delete_marker_count == 0
    assert abs(stat.last_modified_time - time.time()) < 120


def test_bucket_acl(client, other, bucket):
    for acl in ("public-read", "public-read-write", "private"):
        client.do("PutBucketAcl", bucket=bucket, acl=acl)
        found = client.do("GetBucketAcl", bucket=bucket)
        assert (found.acl, found.owner.id) == (acl, UID)
    with refused("InvalidArgument", 400):
        client.do("PutBucketAcl", bucket=bucket, acl="open")
    with refused("AccessDenied", 403):
        other.do("PutBucketAcl", bucket=bucket, acl="public-read")


# -- lists --------------------------------------------------------------------------------------


@pytest.fixture
def awkward(client: Client, bucket: str) -> str:
    for key in UNDOTTED:
        client.do("PutObject", bucket=bucket, key=key, body=key.encode())
    return bucket


def test_awkward_keys_come_back(client, awkward):
    for key in UNDOTTED:
        got = client.do("GetObject", bucket=awkward, key=key)
        assert client.read(got.body) == key.encode()
        head = client.do("HeadObject", bucket=awkward, key=key)
        assert head.content_length == len(key.encode())


def test_list_objects(client, awkward):
    pages = client.pages("list_objects", oss.ListObjectsRequest(bucket=awkward), limit=4)
    assert [item.key for page in pages for item in page.contents] == UNDOTTED
    assert {len(page.contents) for page in pages[:-1]} == {4}
    found = client.do("ListObjects", bucket=awkward, prefix="a/", delimiter="/", max_keys=10)
    assert [item.key for item in found.contents] == ["a/", "a/b"]
    assert [item.prefix for item in found.common_prefixes] == ["a//"]
    assert (found.prefix, found.delimiter, found.max_keys) == ("a/", "/", 10)
    item = client.do("ListObjects", bucket=awkward, prefix="plain").contents[0]
    assert item.etag == f'"{hashlib.md5(b"plain.txt").hexdigest().upper()}"'
    assert (item.size, item.object_type, item.storage_class) == (9, "Normal", "Standard")
    assert item.owner.id == UID
    after = client.do("ListObjects", bucket=awkward, marker="中文/文件.txt")
    assert [item.key for item in after.contents] == ["😀"]


def test_list_objects_v2(client, awkward):
    asked = oss.ListObjectsV2Request(bucket=awkward, delimiter="/")
    pages = client.pages("list_objects_v2", asked, limit=3)
    keys = [item.key for page in pages for item in page.contents or []]
    assert keys == [key for key in UNDOTTED if "/" not in key]
    groups = [item.prefix for page in pages for item in page.common_prefixes or []]
    assert groups == ["a/", "中文/"]
    assert all(page.key_count <= 3 for page in pages)
    assert sum(page.key_count for page in pages) == len(keys) + len(groups)
    found = client.do("ListObjectsV2", bucket=awkward, start_after="中文", fetch_owner=True)
    assert [item.key for item in found.contents] == ["中文/文件.txt", "😀"]
    assert found.contents[0].owner.id == UID
    assert found.start_after == "中文"
    with refused("InvalidArgument", 400):
        client.do("ListObjectsV2", bucket=awkward, continuation_token="not base64!")


# -- objects ------------------------------------------------------------------------------------


def test_put_object(client, bucket):
    body = b"hello"
    put = client.do(
        "PutObject", bucket=bucket, key="key", body=body, acl="public-read", storage_class="IA",
        metadata={"a": "1", "a-b": "2", "Mixed-Case": "3"}, cache_control="max-age=60",
        content_disposition='attachment; filename="a b.txt"', content_encoding="identity",
        content_md5=md5(body), content_type="text/plain", content_length=5,
        expires="Fri, 28 Feb 2031 05:38:42 GMT", forbid_overwrite=True,
    )  # fmt: skip
    assert put.status_code == 200
    assert put.etag == f'"{hashlib.md5(body).hexdigest().upper()}"'
    assert put.content_md5 == md5(body)
    head = client.do("HeadObject", bucket=bucket, key="key")
    assert dict(head.metadata) == {"a": "1", "a-b": "2", "mixed-case": "3"}
    assert head.cache_control == "max-age=60"
    assert head.content_disposition == 'attachment; filename="a b.txt"'
    assert head.content_encoding == "identity"
    assert head.content_type == "text/plain"
    assert head.expires == "Fri, 28 Feb 2031 05:38:42 GMT"
    assert head.storage_class == "IA"
    assert head.object_type == "Normal"
    assert head.etag == put.etag
    assert head.hash_crc64 == put.hash_crc64
    assert client.do("GetObjectAcl", bucket=bucket, key="key").acl == "public-read"
    got = client.do("GetObject", bucket=bucket, key="key")
    assert client.read(got.body) == body


def test_put_object_of_every_size(client, bucket, tmp_path):
    for size in (0, 1, 131_072, 131_073, 1_500_000):
        body = bytes(n % 253 for n in range(size))
        client.do("PutObject", bucket=bucket, key="key", body=body)
        got = client.do("GetObject", bucket=bucket, key="key")
        assert got.content_length == size
        assert got.hash_crc64 is not None
        if body or not client.loop:  # the async client can't read an empty body
            assert client.read(got.body) == body
    if client.loop is None:
        request = oss.PutObjectRequest(bucket=bucket, key="file")
        (tmp_path / "up").write_bytes(body)
        client.inner.put_object_from_file(request, str(tmp_path / "up"))
        asked = oss.GetObjectRequest(bucket=bucket, key="file")
        client.inner.get_object_to_file(asked, str(tmp_path / "down"))
        assert (tmp_path / "down").read_bytes() == body


def test_put_object_refusals_leave_the_object(client, bucket):
    client.do("PutObject", bucket=bucket, key="key", body=b"first")
    for code, status, fields in [
        ("InvalidDigest", 400, {"content_md5": md5(b"other")}),
        ("FileAlreadyExists", 409, {"forbid_overwrite": True}),
        ("InvalidArgument", 400, {"storage_class": "Frozen"}),
        ("InvalidArgument", 400, {"acl": "mine"}),
        ("InvalidArgument", 400, {"metadata": {"a": "x" * 8192}}),
        ("InvalidEncryptionAlgorithmError", 400, {"server_side_encryption": "DES"}),
        ("NotImplemented", 400, {"object_worm_legal_hold": "ON"}),
    ]:
        with refused(code, status):
            client.do("PutObject", bucket=bucket, key="key", body=b"second", **fields)
    assert client.read(client.do("GetObject", bucket=bucket, key="key").body) == b"first"


def test_forbid_overwrite_lets_one_of_many_through(server, kind, client, bucket):
    def put_all() -> list[str]:
        async def one(number: int) -> str:
            request = oss.PutObjectRequest(
                bucket=bucket, key="once", body=b"%d" % number, forbid_overwrite=True
            )
            try:
                await client.inner.put_object(request)
            except oss.exceptions.OperationError as error:
                return error.unwrap().code
            return "kept"

        async def every() -> list[str]:
            return await asyncio.gather(*(one(n) for n in range(32)))

        return client.wait(every())

    def put(number: int) -> str:
        try:
            client.do(
                "PutObject", bucket=bucket, key="once", body=b"%d" % number, forbid_overwrite=True
            )
        except oss.exceptions.ServiceError as error:
            return error.code
        return "kept"

    if client.loop:
        answers = put_all()
    else:
        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(put, range(32)))
    assert sorted(answers) == ["FileAlreadyExists"] * 31 + ["kept"]
    kept = client.read(client.do("GetObject", bucket=bucket, key="once").body)
    assert kept == b"%d" % answers.index("kept")


@pytest.mark.parametrize("size", [1000, 300_000])
def test_get_object_ranges(client, bucket, size):
    body = bytes(n % 251 for n in range(size))
    client.do("PutObject", bucket=bucket, key="key", body=body)
    for header, expected in [
        ("bytes=0-9", body[:10]), (f"bytes={size - 1}-", body[-1:]), ("bytes=-7", body[-7:]),
    ]:  # fmt: skip
        got = client.do("GetObject", bucket=bucket, key="key", range_header=header)
        assert (got.status_code, client.read(got.body)) == (206, expected)
        assert got.content_range.endswith(f"/{size}")
    for header in (f"bytes=10-{size}", f"bytes={size}-", "bytes=0-0,2-3"):
        got = client.do("GetObject", bucket=bucket, key="key", range_header=header)
        assert (got.status_code, client.read(got.body)) == (200, body)
    got = client.do(
        "GetObject", bucket=bucket, key="key", range_header=f"bytes=10-{size}",
        range_behavior="standard",
    )  # fmt: skip
    assert (got.status_code, client.read(got.body)) == (206, body[10:])
    with refused("InvalidRange", 416):
        client.do(
            "GetObject", bucket=bucket, key="key", range_header=f"bytes={size}-",
            range_behavior="standard",
        )  # fmt: skip


@pytest.mark.parametrize("operation", ["GetObject", "HeadObject"])
def test_conditions(client, bucket, operation):
    put = client.do("PutObject", bucket=bucket, key="key", body=b"body")
    date = client.do("HeadObject", bucket=bucket, key="key").headers["Last-Modified"]
    later = formatdate(time.time() + 3600, usegmt=True)
    for fields in (
        {"if_match": put.etag}, {"if_none_match": '"0"'}, {"if_modified_since": NEVER},
        {"if_unmodified_since": date}, {"if_match": put.etag, "if_none_match": '"0"'},
    ):  # fmt: skip
        assert client.do(operation, bucket=bucket, key="key", **fields).status_code == 200
    for fields in (
        {"if_none_match": put.etag}, {"if_modified_since": date}, {"if_modified_since": later},
    ):  # fmt: skip
        with pytest.raises(oss.exceptions.ServiceError) as caught:
            client.do(operation, bucket=bucket, key="key", **fields)
        assert caught.value.status_code == 304
    for fields in ({"if_match": '"0"'}, {"if_unmodified_since": NEVER}):
        with refused("PreconditionFailed", 412):
            client.do(operation, bucket=bucket, key="key", **fields)


def test_response_overrides(client, bucket):
    client.do("PutObject", bucket=bucket, key="key", body=b"body")
    wanted = {
        "response_content_type": "text/wanted", "response_content_language": "fr",
        "response_expires": "soon", "response_cache_control": "no-store",
        "response_content_disposition": "inline", "response_content_encoding": "identity",
    }  # fmt: skip
    got = client.do("GetObject", bucket=bucket, key="key", **wanted)
    for name, value in wanted.items():
        assert got.headers[name.removeprefix("response_").replace("_", "-")] == value
    signed = client.presign(oss.GetObjectRequest(bucket=bucket, key="key", **wanted))
    answer = requests.get(signed.url, headers=signed.signed_headers, timeout=30)
    assert answer.headers["Content-Type"] == "text/wanted"
    assert answer.headers["Cache-Control"] == "no-store"


def test_head_object(client, bucket):
    client.do("PutObject", bucket=bucket, key="key", body=b"body")
    head = client.do("HeadObject", bucket=bucket, key="key")
    assert head.content_length == 4
    assert head.content_md5 == md5(b"body")
    assert head.headers["Accept-Ranges"] == "bytes"
    with refused("NoSuchKey", 404) as caught:
        client.do("HeadObject", bucket=bucket, key="no")
    assert caught.value.ec == "0026-00000001"
    with refused("NoSuchBucket", 404) as caught:
        client.do("HeadObject", bucket=f"{bucket}-no", key="no")
    assert caught.value.ec == "0015-00000101"


def test_get_object_meta(client, bucket):
    put = client.do("PutObject", bucket=bucket, key="key", body=b"body", metadata={"a": "1"})
    meta = client.do("GetObjectMeta", bucket=bucket, key="key")
    assert (meta.content_length, meta.etag) == (4, put.etag)
    assert meta.hash_crc64 == put.hash_crc64
    assert abs(meta.last_modified.timestamp() - time.time()) < 120
    assert "x-oss-meta-a" not in meta.headers
    with refused("NoSuchKey", 404):
        client.do("GetObjectMeta", bucket=bucket, key="no")


def test_get_object_meta_by_get(server, client, bucket):
    """As Java clients before 3.11 ask: the size stands in Content-Length, and no body follows."""
    put = client.do("PutObject", bucket=bucket, key="key", body=b"body")
    with pytest.raises(http.client.IncompleteRead) as caught:
        server.request("GET", bucket, "key", query={"objectMeta": ""})
    assert (caught.value.partial, caught.value.expected) == (b"", 4)
    client.do("PutObject", bucket=bucket, key="empty")
    answer = server.request("GET", bucket, "empty", query={"objectMeta": ""})
    assert (answer.status, answer.headers["content-length"]) == (200, "0")
    assert put.etag != answer.headers["etag"]


def test_delete_object(client, bucket):
    client.do("PutObject", bucket=bucket, key="key", body=b"body")
    assert client.do("DeleteObject", bucket=bucket, key="key").status_code == 204
    assert client.do("DeleteObject", bucket=bucket, key="key").status_code == 204
    with refused("NoSuchKey", 404):
        client.do("GetObject", bucket=bucket, key="key")


def test_delete_multiple_objects(client, nobody, awkward):
    wanted = [oss.DeleteObject(key=key) for key in UNDOTTED[:-1]]
    done = client.do("DeleteMultipleObjects", bucket=awkward, objects=wanted)
    assert [item.key for item in done.deleted_objects] == UNDOTTED[:-1]
    with refused("AccessDenied", 403):
        nobody.do(
            "DeleteMultipleObjects", bucket=awkward, objects=[oss.DeleteObject(key=UNDOTTED[-1])]
        )
    left = client.do("ListObjects", bucket=awkward)
    assert [item.key for item in left.contents] == UNDOTTED[-1:]
    last = [oss.DeleteObject(key=UNDOTTED[-1])]
    done = client.do("DeleteMultipleObjects", bucket=awkward, objects=last, quiet=True)
    assert not done.deleted_objects
    assert not client.do("ListObjects", bucket=awkward).contents


def test_object_acl(client, nobody, bucket):
    client.do("PutObject", bucket=bucket, key="key", body=b"body")
    assert client.do("GetObjectAcl", bucket=bucket, key="key").acl == "default"
    with refused("AccessDenied", 403):
        nobody.do("GetObject", bucket=bucket, key="key")
    for acl in ("public-read-write", "private", "public-read"):
        client.do("PutObjectAcl", bucket=bucket, key="key", acl=acl)
        found = client.do("GetObjectAcl", bucket=bucket, key="key")
        assert (found.acl, found.owner.id) == (acl, UID)
    assert nobody.read(nobody.do("GetObject", bucket=bucket, key="key").body) == b"body"
    with refused("AccessDenied", 403):
        nobody.do("PutObjectAcl", bucket=bucket, key="key", acl="public-read-write")


def test_presigned_urls(client, bucket):
    metadata = {"a": "1", "a-b": "2"}
    put = client.presign(
        oss.PutObjectRequest(
            bucket=bucket, key="中文/a b+c", content_type="text/signed", metadata=metadata
        )
    )
    assert put.method == "PUT"
    answer = requests.put(put.url, data=b"body", headers=put.signed_headers, timeout=30)
    assert answer.status_code == 200
    head = client.do("HeadObject", bucket=bucket, key="中文/a b+c")
    assert (head.content_type, dict(head.metadata)) == ("text/signed", metadata)
    wrong = {**put.signed_headers, "Content-Type": "text/other"}
    assert requests.put(put.url, data=b"other", headers=wrong, timeout=30).status_code == 403
    get = client.presign(oss.GetObjectRequest(bucket=bucket, key="中文/a b+c"))
    assert requests.get(get.url, timeout=30).content == b"body"
    assert requests.put(get.url, data=b"other", timeout=30).status_code == 403
    assert requests.get(get.url, timeout=30).content == b"body"
    look = client.presign(oss.HeadObjectRequest(bucket=bucket, key="中文/a b+c"))
    assert requests.head(look.url, timeout=30).status_code == 200


def test_a_bucket_as_host_name(server, kind, bucket):
    """The cloud's own host names; the store stands where the client expects a proxy."""
    asynchronous, version = kind
    proxy = server.endpoint if asynchronous else {"http": server.endpoint}
    endpoint = f"http://oss-{REGION}.aliyuncs.com"
    made = Client(
        config(server, version, endpoint=endpoint, proxy_host=proxy), asynchronous=asynchronous
    )
    try:
        made.do("PutObject", bucket=bucket, key="a/b", body=b"by host")
        assert made.read(made.do("GetObject", bucket=bucket, key="a/b").body) == b"by host"
        assert [b.name for b in made.do("ListBuckets", prefix=bucket).buckets] == [bucket]
    finally:
        made.close()


def test_errors(server, kind, client, bucket):
    with refused("NoSuchKey", 404) as caught:
        client.do("GetObject", bucket=bucket, key="no")
    assert caught.value.ec == "0026-00000001"
    assert caught.value.message == "The specified key does not exist."
    assert caught.value.error_fileds["Key"] == "no"
    for key_id, secret, code in [
        ("unknown", "secret", "InvalidAccessKeyId"), (KEY_ID, "wrong", "SignatureDoesNotMatch"),
    ]:  # fmt: skip
        made = Client(config(server, kind[1], key_id, secret), asynchronous=kind[0])
        for name in ("GetObject", "HeadObject"):
            with refused(code, 403) as caught:
                made.do(name, bucket=bucket, key="key")
            assert caught.value.error_fileds["OSSAccessKeyId"] == key_id
            assert SECRET not in str(caught.value)
        made.close()


def test_existence(client, bucket):
    client.do("PutObject", bucket=bucket, key="key", body=b"")
    inner, wait = client.inner, client.wait
    assert wait(inner.is_bucket_exist(bucket))
    assert not wait(inner.is_bucket_exist(f"{bucket}-no"))
    assert wait(inner.is_object_exist(bucket, "key"))
    assert not wait(inner.is_object_exist(bucket, "no"))
