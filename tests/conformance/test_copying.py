"""Copies, appends, symbolic links, tags and restoring through oss2."""

import hashlib
import os
from urllib.parse import quote

import oss2
import pytest
from oss2.exceptions import PositionNotEqualToLength, ServerError
from oss2.models import PartInfo

from tests.conformance.keys import OTHER_KEY_ID, OTHER_SECRET
from tests.conformance.test_multipart import crc64, refusal
from tests.support import REGION, Server

BIG = os.urandom(400_000)


# -- CopyObject ---------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"small", BIG, b""], ids=["small", "big", "empty"])
def test_a_copy_has_bytes_metadata_and_tags_of_its_own(bucket: oss2.Bucket, body: bytes) -> None:
    headers = {
        "Content-Type": "text/x-a", "x-oss-meta-a": "1", "Cache-Control": "no-cache",
        "x-oss-tagging": "k=v&empty=", "x-oss-object-acl": "public-read",
    }  # fmt: skip
    tag = bucket.put_object("dir/from ä+&", body, headers=headers).etag
    copied = bucket.copy_object(bucket.bucket_name, "dir/from ä+&", "to")
    assert copied.etag == tag
    bucket.delete_object("dir/from ä+&")
    got = bucket.get_object("to")
    assert got.read() == body
    assert got.headers["x-oss-meta-a"] == "1"
    assert got.headers["Cache-Control"] == "no-cache"
    assert got.content_type == "text/x-a"
    assert got.headers["x-oss-hash-crc64ecma"] == str(crc64(body))
    assert bucket.get_object_tagging("to").tag_set.tagging_rule == {"k": "v", "empty": ""}
    assert bucket.get_object_acl("to").acl == "default"
    assert bucket.get_bucket_stat().object_count == 1


def test_directives_say_whose_metadata_and_tags_count(bucket: oss2.Bucket) -> None:
    bucket.put_object("from", b"x", headers={"x-oss-meta-a": "1", "x-oss-tagging": "k=v"})
    given = {"x-oss-meta-b": "2", "Content-Type": "text/x-b", "x-oss-tagging": "n=w"}

    def copy(**directives: str) -> oss2.models.GetObjectResult:
        more = {f"x-oss-{name}-directive": value for name, value in directives.items()}
        bucket.copy_object(bucket.bucket_name, "from", "to", headers={**given, **more})
        return bucket.get_object("to")

    got = copy()
    assert (got.headers.get("x-oss-meta-a"), got.headers.get("x-oss-meta-b")) == ("1", None)
    assert bucket.get_object_tagging("to").tag_set.tagging_rule == {"k": "v"}
    got = copy(metadata="REPLACE", tagging="Replace")
    assert (got.headers.get("x-oss-meta-a"), got.headers.get("x-oss-meta-b")) == (None, "2")
    assert got.content_type == "text/x-b"
    assert bucket.get_object_tagging("to").tag_set.tagging_rule == {"n": "w"}
    # How the bytes are to be decrypted goes with them, whatever the directive says.
    secret = {"x-oss-meta-client-side-encryption-key": "k"}
    bucket.put_object("from", b"x", headers=secret)
    assert copy(metadata="REPLACE").headers["x-oss-meta-client-side-encryption-key"] == "k"
    bad = {"x-oss-metadata-directive": "MERGE"}
    copying = (bucket.copy_object, bucket.bucket_name, "from", "to")
    refusal(400, "InvalidArgument", *copying, headers=bad)


def test_a_copy_onto_itself_changes_the_metadata(bucket: oss2.Bucket) -> None:
    bucket.put_object("k", BIG, headers={"x-oss-meta-a": "1"})
    bucket.update_object_meta("k", {"x-oss-meta-b": "2", "Content-Type": "text/x-b"})
    got = bucket.get_object("k")
    assert got.read() == BIG
    assert "x-oss-meta-a" not in got.headers
    assert (got.headers["x-oss-meta-b"], got.content_type) == ("2", "text/x-b")
    assert bucket.get_bucket_stat().storage_size_in_bytes == len(BIG)


def test_conditions_of_a_copy(bucket: oss2.Bucket) -> None:
    tag = bucket.put_object("from", b"x").etag
    past, future = "Thu, 01 Jan 1970 00:00:01 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
    copying = (bucket.copy_object, bucket.bucket_name, "from", "to")
    for name, value, status in [
        ("if-match", "0" * 32, 412), ("if-unmodified-since", past, 412),
        ("if-none-match", tag, 304), ("if-modified-since", future, 304),
    ]:  # fmt: skip
        with pytest.raises(ServerError) as caught:
            copying[0](*copying[1:], headers={f"x-oss-copy-source-{name}": value})
        assert caught.value.status == status, name
        if status == 412:
            assert caught.value.details["Condition"].lower() == name
        assert not bucket.object_exists("to")
    good = {"x-oss-copy-source-if-match": tag, "x-oss-copy-source-if-modified-since": past}
    bucket.copy_object(bucket.bucket_name, "from", "to", headers=good)
    assert bucket.get_object("to").read() == b"x"


def test_what_a_copy_refuses(bucket: oss2.Bucket, server: Server) -> None:
    bucket.put_object("from", b"x")
    name = bucket.bucket_name
    refusal(404, "NoSuchKey", bucket.copy_object, name, "absent", "to")
    refusal(404, "NoSuchBucket", bucket.copy_object, "no-such-bucket-here", "k", "to")
    forbid = {"x-oss-forbid-overwrite": "true"}
    refusal(409, "FileAlreadyExists", bucket.copy_object, name, "from", "from", headers=forbid)
    sources = [
        "",
        "from",
        "/",
        "//",
        f"/{name}",
        f"/{name}/",
        f"{name}/from",
        "/b/../c/k",
        "/a/%00",
    ]
    for source in sources:
        headers = {"x-oss-copy-source": source}
        answer = server.request("PUT", name, "to", headers=headers)
        assert answer.status == 400, source
        assert answer.code in ("InvalidArgument", "InvalidBucketName", "InvalidObjectName"), source
    assert [item.key for item in bucket.list_objects().object_list] == ["from"]
    other = oss2.AuthV4(OTHER_KEY_ID, OTHER_SECRET)
    theirs = oss2.Bucket(other, server.endpoint, f"{name}-2", region=REGION)
    theirs.create_bucket()
    refusal(403, "AccessDenied", theirs.copy_object, name, "from", "to")
    bucket.put_object_acl("from", "public-read")
    theirs.copy_object(name, "from", "to")
    assert theirs.get_object("to").read() == b"x"


def test_a_multipart_object_is_copied_whole(bucket: oss2.Bucket) -> None:
    upload = bucket.init_multipart_upload("from").upload_id
    parts = [bucket.upload_part("from", upload, n, BIG[:200_000]) for n in (1, 2)]
    listed = [PartInfo(n, part.etag) for n, part in enumerate(parts, 1)]
    tag = bucket.complete_multipart_upload("from", upload, listed).etag
    bucket.copy_object(bucket.bucket_name, "from", "to")
    bucket.put_object("from", b"other")
    got = bucket.get_object("to")
    assert got.read() == BIG[:200_000] * 2
    assert got.etag == tag


# -- AppendObject -------------------------------------------------------------------------------


def test_bytes_are_added_at_the_end(bucket: oss2.Bucket) -> None:
    # AppendObject
    pieces = [b"a", b"bc" * 3, BIG, b"", b"d" * 9000, b"e" * 9000, b"f"]
    headers = {"Content-Type": "text/x-log", "x-oss-meta-a": "1"}
    whole, tags = b"", set()
    for piece in pieces:
        result = bucket.append_object("log", len(whole), piece, headers=headers)
        whole += piece
        assert result.next_position == len(whole)
        assert result.crc == crc64(whole)
        tags.add(result.etag)
        headers = {"Content-Type": "text/ignored"}
    assert len(tags) == len(pieces) - 1
    got = bucket.get_object("log")
    assert got.read() == whole
    assert got.content_type == "text/x-log"
    assert got.headers["x-oss-object-type"] == "Appendable"
    assert got.headers["x-oss-next-append-position"] == str(len(whole))
    assert got.headers["x-oss-hash-crc64ecma"] == str(crc64(whole))
    for first, last in ((0, 3), (6, 8), (5, len(whole) - 2), (len(whole) - 9002, len(whole) - 1)):
        assert bucket.get_object("log", byte_range=(first, last)).read() == whole[first : last + 1]
    stat = bucket.get_bucket_stat()
    assert (stat.object_count, stat.storage_size_in_bytes) == (1, len(whole))
    bucket.copy_object(bucket.bucket_name, "log", "copy")
    bucket.append_object("log", len(whole), b"more")
    assert bucket.get_object("copy").read() == whole
    assert bucket.get_object("log").read() == whole + b"more"


def test_what_later_appends_say_of_the_object_does_not_count(bucket: oss2.Bucket) -> None:
    bucket.append_object("log", 0, b"a")
    many = {"x-oss-tagging": "&".join(f"k{n}=v" for n in range(15))}
    bucket.append_object("log", 1, b"b", headers=many)
    refusal(400, "TooManyTags", bucket.append_object, "new", 0, b"a", headers=many)


def test_a_later_append_may_change_the_acl(bucket: oss2.Bucket) -> None:
    acl = "x-oss-object-acl"
    bucket.append_object("log", 0, b"a", headers={acl: "public-read-write"})
    bucket.append_object("log", 1, b"b")
    assert bucket.get_object_acl("log").acl == "public-read-write"
    bucket.append_object("log", 2, b"c", headers={acl: "public-read"})
    assert bucket.get_object_acl("log").acl == "public-read"
    refusal(400, "InvalidArgument", bucket.append_object, "log", 3, b"d", headers={acl: "x"})
    assert bucket.get_object("log").read() == b"abc"


def test_an_append_elsewhere_is_refused(bucket: oss2.Bucket) -> None:
    with pytest.raises(PositionNotEqualToLength) as caught:
        bucket.append_object("log", 3, b"x")
    assert caught.value.next_position == 0
    bucket.append_object("log", 0, b"abc")
    for position in (0, 2, 4):
        with pytest.raises(PositionNotEqualToLength) as caught:
            bucket.append_object("log", position, b"x")
        assert caught.value.next_position == 3
        assert caught.value.details["EC"] == "0026-00000016"
    refusal(400, "InvalidArgument", bucket.append_object, "log", -1, b"x")
    bucket.put_object("plain", b"x")
    refusal(409, "ObjectNotAppendable", bucket.append_object, "plain", 1, b"x")
    bucket.put_object("log", b"now normal")
    refusal(409, "ObjectNotAppendable", bucket.append_object, "log", 10, b"x")
    wrong = {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
    refusal(400, "InvalidDigest", bucket.append_object, "new", 0, b"x", headers=wrong)
    assert not bucket.object_exists("new")


def test_a_sealed_object_does_not_grow(bucket: oss2.Bucket, server: Server) -> None:
    # SealAppendObject
    bucket.append_object("log", 0, b"abc")
    seal = {"append": "", "seal": "", "position": "2"}
    assert (
        server.request("POST", bucket.bucket_name, "log", seal).code == "PositionNotEqualToLength"
    )
    seal["position"] = "3"
    first = server.request("POST", bucket.bucket_name, "log", seal)
    assert first.status == 200
    again = server.request("POST", bucket.bucket_name, "log", seal)
    assert again.headers["x-oss-sealed-time"] == first.headers["x-oss-sealed-time"]
    refusal(409, "AppendSealedObjectNotAllowed", bucket.append_object, "log", 3, b"x")
    assert bucket.get_object("log").read() == b"abc"


def test_appends_where_versions_are_kept(bucket: oss2.Bucket) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    result = bucket.append_object("log", 0, b"abc")
    assert result.headers["x-oss-version-id"] == "null"
    bucket.append_object("log", 3, b"def")
    assert len(bucket.list_object_versions().versions) == 1
    bucket.put_object("log", b"new")
    refusal(409, "ObjectNotAppendable", bucket.append_object, "log", 3, b"x")
    assert bucket.get_object("log", params={"versionId": "null"}).read() == b"abcdef"
    bucket.delete_object("log")
    refusal(409, "ObjectNotAppendable", bucket.append_object, "log", 0, b"x")


# -- symbolic links -----------------------------------------------------------------------------


def test_a_link_shows_its_target(bucket: oss2.Bucket) -> None:
    # PutSymlink, GetSymlink
    link = {"x-oss-meta-l": "link", "Content-Type": "text/x-link"}
    bucket.put_symlink("dir/target ä", "link", headers=link)
    assert bucket.get_symlink("link").target_key == "dir/target ä"
    refusal(404, "SymlinkTargetNotExist", bucket.get_object, "link")
    tag = bucket.put_object("dir/target ä", b"bytes", headers={"x-oss-meta-t": "target"}).etag
    got = bucket.get_object("link")
    assert got.read() == b"bytes"
    assert got.headers["x-oss-object-type"] == "Symlink"
    assert (got.headers.get("x-oss-meta-l"), got.headers.get("x-oss-meta-t")) == ("link", None)
    assert (got.content_type, got.etag) == ("text/x-link", tag)
    assert bucket.get_object("link", byte_range=(1, 2)).read() == b"yt"
    assert bucket.head_object("link").content_length == 5
    assert bucket.get_object_meta("link").headers["Content-Length"] == "0"
    bucket.put_symlink("link", "second")
    refusal(400, "InvalidTargetType", bucket.get_object, "second")
    refusal(400, "NotSymlink", bucket.get_symlink, "dir/target ä")
    bucket.copy_object(bucket.bucket_name, "link", "copied")
    assert bucket.get_symlink("copied").target_key == "dir/target ä"
    bucket.delete_object("link")
    assert bucket.get_object("dir/target ä").read() == b"bytes"
    forbid = {"x-oss-forbid-overwrite": "true"}
    refusal(409, "FileAlreadyExists", bucket.put_symlink, "x", "second", headers=forbid)


def test_a_link_opens_nothing_that_is_closed(bucket: oss2.Bucket, server: Server) -> None:
    bucket.put_object("secret", b"x", headers={"x-oss-object-acl": "private"})
    bucket.put_symlink("secret", "open", headers={"x-oss-object-acl": "public-read"})
    path = (bucket.bucket_name, "open")
    assert server.request("GET", *path, sign=False).code == "AccessDenied"
    bucket.put_object_acl("secret", "public-read")
    assert server.request("GET", *path, sign=False).body == b"x"


# -- tags ---------------------------------------------------------------------------------------


def tagging(**tags: str) -> oss2.models.Tagging:
    rule = oss2.models.TaggingRule()
    for key, value in tags.items():
        rule.add(key, value)
    return oss2.models.Tagging(rule)


def test_tags_are_set_told_counted_and_removed(bucket: oss2.Bucket) -> None:
    # PutObjectTagging, GetObjectTagging, DeleteObjectTagging
    bucket.put_object("k", b"x")
    modified = bucket.head_object("k").last_modified
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {}
    bucket.put_object_tagging("k", tagging(a="1", b="x/y:z"))
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {"a": "1", "b": "x/y:z"}
    head = bucket.head_object("k")
    assert head.headers["x-oss-tagging-count"] == "2"
    assert head.last_modified == modified
    assert bucket.delete_object_tagging("k").status == 204
    assert "x-oss-tagging-count" not in bucket.head_object("k").headers
    refusal(404, "NoSuchKey", bucket.get_object_tagging, "absent")
    refusal(404, "NoSuchKey", bucket.put_object_tagging, "absent", tagging(a="1"))


def test_tags_have_limits(bucket: oss2.Bucket, server: Server) -> None:
    for text, code in [
        ("&".join(f"k{n}=v" for n in range(11)), "TooManyTags"), ("a=1&a=2", "RepeatedTags"),
        (quote("k" * 129) + "=v", "InvalidTaggingKey"), ("a=" + "v" * 257, "InvalidTag"),
        ("a%23=v", "InvalidTaggingKey"), ("=v", "InvalidTaggingKey"),
    ]:  # fmt: skip
        headers = {"x-oss-tagging": text}
        answer = server.request("PUT", bucket.bucket_name, "k", body=b"x", headers=headers)
        assert (answer.status, answer.code) == (400, code), text
    assert not bucket.object_exists("k")


# -- restoring ----------------------------------------------------------------------------------


def test_an_archived_object_is_read_after_it_is_restored(bucket: oss2.Bucket) -> None:
    # RestoreObject, CleanRestoredObject
    bucket.put_object("k", b"x", headers={"x-oss-storage-class": "Archive"})
    refusal(403, "InvalidObjectState", bucket.get_object, "k")
    refusal(403, "InvalidObjectState", bucket.copy_object, bucket.bucket_name, "k", "to")
    assert bucket.head_object("k").headers["x-oss-storage-class"] == "Archive"
    assert bucket.restore_object("k").status == 202
    assert bucket.get_object("k").read() == b"x"
    state = bucket.head_object("k").headers["x-oss-restore"]
    assert [item.restore_info for item in bucket.list_objects().object_list] == [state]
    assert [item.restore_info for item in bucket.list_objects_v2().object_list] == [state]
    assert [item.restore_info for item in bucket.list_object_versions().versions] == [state]
    assert state.startswith('ongoing-request="false", expiry-date="')
    assert bucket.restore_object("k").status == 200
    bucket.put_object("plain", b"x")
    refusal(400, "OperationNotSupported", bucket.restore_object, "plain")
    days = oss2.models.RestoreConfiguration(days=8)
    refusal(400, "MalformedXML", bucket.restore_object, "k", input=days)


def test_a_restored_copy_is_given_up(bucket: oss2.Bucket, server: Server) -> None:
    path = (bucket.bucket_name, "k", {"cleanRestoredObject": ""})
    bucket.put_object("k", b"x", headers={"x-oss-storage-class": "ColdArchive"})
    assert server.request("POST", *path).code == "ArchiveRestoreFileStale"
    wish = oss2.models.RestoreConfiguration(
        days=30, job_parameters=oss2.models.RestoreJobParameters("Bulk")
    )
    bucket.restore_object("k", input=wish)
    assert bucket.get_object("k").read() == b"x"
    assert server.request("POST", *path).status == 200
    refusal(403, "InvalidObjectState", bucket.get_object, "k")


def test_md5_of_a_copied_append_is_not_claimed(bucket: oss2.Bucket) -> None:
    bucket.append_object("log", 0, b"ab")
    bucket.append_object("log", 2, b"cd")
    bucket.copy_object(bucket.bucket_name, "log", "copy")
    got = bucket.get_object("copy")
    assert got.headers.get("Content-MD5") is None
    assert got.etag != hashlib.md5(b"abcd").hexdigest().upper()
