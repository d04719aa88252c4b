"""Multipart uploads through oss2: initiate, parts, lists, complete, abort, part copies."""

import base64
import hashlib
import os

import crcmod
import oss2
import pytest
from oss2.exceptions import NoSuchUpload, ServerError
from oss2.models import PartInfo

from tests.support import Server

PART = os.urandom(100 << 10)
crc64 = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)


def etag_of(*parts: bytes) -> str:
    """The ETag of an object of these parts."""
    joined = "".join(hashlib.md5(part).hexdigest().upper() for part in parts)
    return f"{hashlib.md5(joined.encode()).hexdigest().upper()}-{len(parts)}"


def put_parts(bucket: oss2.Bucket, key: str, upload: str, *parts: bytes) -> list[PartInfo]:
    found = []
    for number, data in enumerate(parts, 1):
        result = bucket.upload_part(key, upload, number, data)
        found.append(PartInfo(number, result.etag, size=len(data), part_crc=result.crc))
    return found


def refusal(status: int, code: str, function, *arguments, **more) -> ServerError:
    with pytest.raises(ServerError) as caught:
        function(*arguments, **more)
    assert (caught.value.status, caught.value.code) == (status, code)
    return caught.value


def test_parts_become_an_object(bucket: oss2.Bucket) -> None:
    # InitiateMultipartUpload, UploadPart, CompleteMultipartUpload
    headers = {"Content-Type": "text/x-test", "x-oss-meta-who": "me", "x-oss-object-acl": "private"}
    upload = bucket.init_multipart_upload("dir/ä b", headers=headers).upload_id
    parts = [PART, os.urandom(300 << 10), b"end"]
    listed = put_parts(bucket, "dir/ä b", upload, *parts)
    assert not bucket.object_exists("dir/ä b")
    done = bucket.complete_multipart_upload("dir/ä b", upload, listed)
    whole = b"".join(parts)
    assert done.etag == etag_of(*parts)
    assert done.crc == crc64(whole)
    got = bucket.get_object("dir/ä b")
    assert got.read() == whole
    assert got.headers["ETag"] == f'"{etag_of(*parts)}"'
    assert got.headers["x-oss-hash-crc64ecma"] == str(crc64(whole))
    assert got.headers["x-oss-object-type"] == "Multipart"
    assert "Content-MD5" not in got.headers
    assert got.headers["x-oss-meta-who"] == "me"
    assert got.content_type == "text/x-test"
    assert bucket.get_object_acl("dir/ä b").acl == "private"
    edge = len(PART)
    for first, last in ((edge - 2, edge + 1), (0, 0), (edge, edge), (5, len(whole) - 2)):
        assert (
            bucket.get_object("dir/ä b", byte_range=(first, last)).read()
            == (whole[first : last + 1])
        )
    refusal(404, "NoSuchUpload", bucket.complete_multipart_upload, "dir/ä b", upload, listed)


def test_parts_may_come_in_any_order_with_gaps_and_twice(bucket: oss2.Bucket) -> None:
    upload = bucket.init_multipart_upload("k").upload_id
    bucket.upload_part("k", upload, 700, b"last")
    bucket.upload_part("k", upload, 3, b"thrown away")
    again = bucket.upload_part("k", upload, 3, PART)
    left_out = bucket.upload_part("k", upload, 5, PART)
    assert left_out.etag == again.etag
    listed = [PartInfo(3, again.etag), PartInfo(700, hashlib.md5(b"last").hexdigest())]
    assert bucket.complete_multipart_upload("k", upload, listed).etag == etag_of(PART, b"last")
    assert bucket.get_object("k").read() == PART + b"last"
    stat = bucket.get_bucket_stat()
    assert (stat.object_count, stat.multi_part_upload_count) == (1, 0)
    assert stat.storage_size_in_bytes == len(PART) + 4


def test_complete_all_takes_what_is_there(bucket: oss2.Bucket) -> None:
    upload = bucket.init_multipart_upload("k").upload_id
    put_parts(bucket, "k", upload, PART, b"b")
    every = {"x-oss-complete-all": "yes"}
    error = refusal(
        400, "InvalidArgument", bucket.complete_multipart_upload, "k", upload,
        [PartInfo(1, "X")], headers=every,
    )  # fmt: skip
    assert error.details["EC"] == "0042-00000216"
    bucket.complete_multipart_upload("k", upload, None, headers=every)
    assert bucket.get_object("k").read() == PART + b"b"


def test_what_completion_refuses(bucket: oss2.Bucket) -> None:
    upload = bucket.init_multipart_upload("k").upload_id
    one, two = put_parts(bucket, "k", upload, b"small", PART)
    complete = bucket.complete_multipart_upload
    refusal(400, "InvalidPart", complete, "k", upload, [PartInfo(1, "0" * 32)])
    refusal(400, "InvalidPart", complete, "k", upload, [PartInfo(9, one.etag)])
    refusal(400, "InvalidPartOrder", complete, "k", upload, [two, two])
    refusal(400, "InvalidPartOrder", complete, "k", upload, [PartInfo(10001, one.etag)])
    refusal(400, "MalformedXML", complete, "k", upload, [])
    error = refusal(400, "EntityTooSmall", complete, "k", upload, [one, two])
    assert error.details["PartNumber"] == "1"
    refusal(404, "NoSuchUpload", complete, "other", upload, [two])
    refusal(404, "NoSuchUpload", complete, "k", upload[:-1] + "!", [two])
    assert not bucket.object_exists("k")
    assert len(bucket.list_parts("k", upload).parts) == 2
    for number in (0, 10001, -1):
        refusal(400, "InvalidArgument", bucket.upload_part, "k", upload, number, b"x")
    refusal(404, "NoSuchUpload", bucket.upload_part, "k", "0" * 32, 1, b"x")
    wrong = {"Content-MD5": base64.b64encode(b"0" * 16).decode()}
    refusal(400, "InvalidDigest", bucket.upload_part, "k", upload, 1, b"x", headers=wrong)
    complete("k", upload, [two])
    assert bucket.get_object("k").read() == PART


def test_an_abort_leaves_nothing(bucket: oss2.Bucket) -> None:
    # AbortMultipartUpload
    upload = bucket.init_multipart_upload("k").upload_id
    put_parts(bucket, "k", upload, PART, b"x")
    refusal(409, "BucketNotEmpty", bucket.delete_bucket)
    bucket.abort_multipart_upload("k", upload)
    with pytest.raises(NoSuchUpload):
        bucket.abort_multipart_upload("k", upload)
    refusal(404, "NoSuchUpload", bucket.upload_part, "k", upload, 1, b"x")
    assert list(oss2.MultipartUploadIterator(bucket)) == []
    stat = bucket.get_bucket_stat()
    assert (stat.multi_part_upload_count, stat.storage_size_in_bytes) == (0, 0)


def test_a_sequential_upload_takes_parts_in_their_order(bucket: oss2.Bucket) -> None:
    upload = bucket.init_multipart_upload("k", params={"sequential": ""}).upload_id
    bucket.upload_part("k", upload, 1, b"first")
    bucket.upload_part("k", upload, 1, PART)
    refusal(400, "PartNotSequential", bucket.upload_part, "k", upload, 3, b"x")
    bucket.upload_part("k", upload, 2, b"second")
    refusal(400, "PartNotSequential", bucket.upload_part, "k", upload, 1, b"x")
    bucket.complete_multipart_upload("k", upload, None, headers={"x-oss-complete-all": "yes"})
    assert bucket.get_object("k").read() == PART + b"second"


def test_lists_of_parts_go_on_after_a_marker(bucket: oss2.Bucket) -> None:
    # ListParts
    upload = bucket.init_multipart_upload("k&<").upload_id
    for number in (1, 2, 5, 7, 10000):
        bucket.upload_part("k&<", upload, number, b"x" * number)
    page = bucket.list_parts("k&<", upload, max_parts=2)
    assert [part.part_number for part in page.parts] == [1, 2]
    assert page.is_truncated
    assert page.next_marker == "2"
    page = bucket.list_parts("k&<", upload, marker="2", max_parts=3)
    assert [(part.part_number, part.size) for part in page.parts] == [
        (5, 5),
        (7, 7),
        (10000, 10000),
    ]
    assert not page.is_truncated
    assert page.parts[0].etag == hashlib.md5(b"x" * 5).hexdigest().upper()
    refusal(400, "InvalidArgument", bucket.list_parts, "k&<", upload, max_parts=1001)
    refusal(404, "NoSuchUpload", bucket.list_parts, "other", upload)


def test_a_list_of_parts_tells_how_a_client_encrypts_them(
    bucket: oss2.Bucket, server: Server
) -> None:
    """So that another program of the client's can go on with the upload."""
    means = {
        "key": "a+b=", "start": "c", "cek-alg": "AES/CTR/NoPadding", "wrap-alg": "custom",
        "data-size": "300", "part-size": "160",
    }  # fmt: skip
    headers = {f"x-oss-meta-client-side-encryption-{name}": text for name, text in means.items()}
    upload = bucket.init_multipart_upload("k", headers=headers).upload_id
    told = server.request("GET", bucket.bucket_name, "k", {"uploadId": upload})
    for name, text in means.items():
        element = "".join(word.capitalize() for word in name.split("-"))
        assert told.element(f"ClientEncryption{element}") == text
    plain = bucket.init_multipart_upload("plain").upload_id
    told = server.request("GET", bucket.bucket_name, "plain", {"uploadId": plain})
    assert b"ClientEncryption" not in told.body


def test_an_acl_that_is_empty_is_none(bucket: oss2.Bucket) -> None:
    """Java's client sends the header without a value where none was chosen."""
    empty = {"x-oss-object-acl": ""}
    upload = bucket.init_multipart_upload("k", headers=empty).upload_id
    parts = put_parts(bucket, "k", upload, PART)
    bucket.complete_multipart_upload("k", upload, parts, headers=empty)
    bucket.put_object("put", b"x", headers=empty)
    bucket.append_object("log", 0, b"x", headers=empty)
    bucket.append_object("log", 1, b"x", headers=empty)
    assert {bucket.get_object_acl(key).acl for key in ("k", "put", "log")} == {"default"}


def test_lists_of_uploads_go_on_after_a_marker(bucket: oss2.Bucket) -> None:
    # ListMultipartUploads
    begun = [
        (key, bucket.init_multipart_upload(key).upload_id)
        for key in ("a", "dir/1", "dir/1", "dir/2", "z ä")
    ]
    found = [(u.key, u.upload_id) for u in oss2.MultipartUploadIterator(bucket, max_uploads=2)]
    assert found == begun
    page = bucket.list_multipart_uploads(delimiter="/", max_uploads=2)
    assert [u.key for u in page.upload_list] == ["a"]
    assert page.prefix_list == ["dir/"]
    assert page.is_truncated
    page = bucket.list_multipart_uploads(delimiter="/", key_marker=page.next_key_marker)
    assert [u.key for u in page.upload_list] == ["z ä"]
    page = bucket.list_multipart_uploads(prefix="dir/", max_uploads=1)
    assert (page.next_key_marker, page.next_upload_id_marker) == begun[1]
    page = bucket.list_multipart_uploads(
        prefix="dir/", key_marker="dir/1", upload_id_marker=begun[1][1]
    )
    assert [(u.key, u.upload_id) for u in page.upload_list] == begun[2:4]
    page = bucket.list_multipart_uploads(upload_id_marker=begun[-1][1])
    assert len(page.upload_list) == 5
    assert bucket.get_bucket_stat().multi_part_upload_count == 5


def test_parts_are_copied_from_objects(bucket: oss2.Bucket) -> None:
    # UploadPartCopy
    source = os.urandom(300 << 10)
    bucket.put_object("from ä", source)
    upload = bucket.init_multipart_upload("k").upload_id
    name = bucket.bucket_name
    one = bucket.upload_part_copy(name, "from ä", (1000, 150_000), "k", upload, 1)
    two = bucket.upload_part_copy(name, "from ä", None, "k", upload, 2)
    assert two.etag == hashlib.md5(source).hexdigest().upper()
    last = bucket.upload_part("k", upload, 3, b"end")
    parts = [PartInfo(1, one.etag), PartInfo(2, two.etag), PartInfo(3, last.etag)]
    bucket.complete_multipart_upload("k", upload, parts)
    whole = source[1000:150_001] + source + b"end"
    got = bucket.get_object("k")
    assert got.read() == whole
    assert got.headers["x-oss-hash-crc64ecma"] == str(crc64(whole))
    bucket.delete_object("from ä")
    again = bucket.init_multipart_upload("again").upload_id
    part = bucket.upload_part_copy(name, "k", (149_000, 149_000 + 120_000), "again", again, 1)
    bucket.delete_object("k")
    bucket.complete_multipart_upload("again", again, [PartInfo(1, part.etag)])
    assert bucket.get_object("again").read() == whole[149_000 : 149_000 + 120_001]


def test_part_copies_have_conditions(bucket: oss2.Bucket) -> None:
    tag = bucket.put_object("from", PART).etag
    upload = bucket.init_multipart_upload("k").upload_id

    def copy(name: str, value: str) -> object:
        headers = {f"x-oss-copy-source-{name}": value}
        return bucket.upload_part_copy(
            bucket.bucket_name, "from", None, "k", upload, 1, headers=headers
        )

    refusal(412, "PreconditionFailed", copy, "if-match", "0" * 32)
    refusal(304, "", copy, "if-none-match", tag)
    assert copy("if-match", tag).etag == tag
    refusal(
        404, "NoSuchKey", bucket.upload_part_copy, bucket.bucket_name, "no", None, "k", upload, 1
    )


def test_forbid_overwrite_is_asked_again_at_the_end(bucket: oss2.Bucket) -> None:
    forbid = {"x-oss-forbid-overwrite": "true"}
    upload = bucket.init_multipart_upload("k", headers=forbid).upload_id
    parts = put_parts(bucket, "k", upload, b"x")
    bucket.put_object("k", b"there")
    refusal(409, "FileAlreadyExists", bucket.init_multipart_upload, "k", headers=forbid)
    refusal(
        409, "FileAlreadyExists", bucket.complete_multipart_upload, "k", upload, parts,
        headers=forbid,
    )  # fmt: skip
    assert bucket.get_object("k").read() == b"there"


def test_an_upload_resumes_where_it_broke(bucket: oss2.Bucket, tmp_path, server: Server) -> None:
    data = os.urandom(1 << 20)
    (tmp_path / "file").write_bytes(data)
    sent: list[int] = []

    def progress(done: int, _total: int) -> None:
        sent.append(done)
        if len(sent) == 4:
            raise ConnectionError("cut")

    store = oss2.ResumableStore(root=str(tmp_path))
    more = {"part_size": 200 << 10, "multipart_threshold": 0, "store": store, "num_threads": 1}
    with pytest.raises(ConnectionError):
        oss2.resumable_upload(
            bucket, "k", str(tmp_path / "file"), progress_callback=progress, **more
        )
    [upload] = oss2.MultipartUploadIterator(bucket)
    done = len(bucket.list_parts("k", upload.upload_id).parts)
    assert 0 < done < 6
    oss2.resumable_upload(bucket, "k", str(tmp_path / "file"), **more)
    assert bucket.get_object("k").read() == data
