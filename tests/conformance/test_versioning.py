"""Versions of objects through oss2."""

import os

import oss2
import pytest
from oss2.exceptions import NotFound, ServerError
from oss2.models import BatchDeleteObjectVersion, BatchDeleteObjectVersionList

from tests.support import Server

LATER = {"Status": "Enabled"}


def set_versioning(bucket: oss2.Bucket, status: str) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(status))


def listed(bucket: oss2.Bucket, **more) -> list[tuple[str, str, bool, bool]]:
    """Key, version id, whether newest, whether a delete marker; in the order of the list."""
    page = bucket.list_object_versions(**more)
    found = [(v.key, v.versionid, v.is_latest, False, v.last_modified) for v in page.versions]
    found += [(v.key, v.versionid, v.is_latest, True, v.last_modified) for v in page.delete_marker]
    return [item[:4] for item in sorted(found, key=lambda item: item[0])]


def version(number_or_id: str) -> dict[str, str]:
    return {"versionId": number_or_id}


def code_of(function, *arguments, **more) -> tuple[int, str]:
    with pytest.raises(ServerError) as caught:
        function(*arguments, **more)
    return caught.value.status, caught.value.code


@pytest.fixture
def versioned(bucket: oss2.Bucket) -> oss2.Bucket:
    set_versioning(bucket, "Enabled")
    return bucket


def test_the_states_of_versioning(bucket: oss2.Bucket) -> None:
    # PutBucketVersioning, GetBucketVersioning
    assert bucket.get_bucket_versioning().status is None
    assert bucket.put_object("k", b"").versionid is None
    set_versioning(bucket, "Enabled")
    assert bucket.get_bucket_versioning().status == "Enabled"
    assert bucket.get_bucket_info().versioning_status == "Enabled"
    set_versioning(bucket, "Suspended")
    assert bucket.get_bucket_versioning().status == "Suspended"
    assert code_of(set_versioning, bucket, "Never") == (400, "MalformedXML")


def test_every_write_is_a_version(versioned: oss2.Bucket) -> None:
    ids = [versioned.put_object("k", body).versionid for body in (b"one", b"two", b"three")]
    assert len(set(ids)) == 3
    assert "null" not in ids
    assert versioned.get_object("k").read() == b"three"
    assert versioned.get_object("k").headers["x-oss-version-id"] == ids[2]
    for number, body in enumerate((b"one", b"two", b"three")):
        assert versioned.get_object("k", params=version(ids[number])).read() == body
        head = versioned.head_object("k", params=version(ids[number]))
        assert head.content_length == len(body)
        assert head.headers["x-oss-version-id"] == ids[number]
        meta = versioned.get_object_meta("k", params=version(ids[number]))
        assert meta.headers["x-oss-version-id"] == ids[number]
    stat = versioned.get_bucket_stat()
    assert (stat.object_count, stat.storage_size_in_bytes) == (3, 11)
    [only] = versioned.list_objects().object_list
    assert only.size == 5


def test_a_delete_hides_and_a_delete_by_id_removes(versioned: oss2.Bucket) -> None:
    first = versioned.put_object("k", b"one").versionid
    hidden = versioned.delete_object("k")
    assert hidden.delete_marker
    assert hidden.versionid not in (None, first)
    with pytest.raises(NotFound) as caught:
        versioned.get_object("k")
    assert caught.value.code == "NoSuchKey"
    assert caught.value.headers["x-oss-delete-marker"] == "true"
    assert caught.value.headers["x-oss-version-id"] == hidden.versionid
    with pytest.raises(NotFound):
        versioned.head_object("k")
    assert list(versioned.list_objects().object_list) == []
    by_id = (versioned.get_object, "k")
    assert code_of(*by_id, params=version(hidden.versionid)) == (405, "MethodNotAllowed")
    assert versioned.get_object("k", params=version(first)).read() == b"one"
    assert listed(versioned) == [
        ("k", first, False, False),
        ("k", hidden.versionid, True, True),
    ]
    again = versioned.delete_object("k", params=version(hidden.versionid))
    assert again.delete_marker
    assert again.versionid == hidden.versionid
    assert versioned.get_object("k").read() == b"one"
    assert [item.key for item in versioned.list_objects().object_list] == ["k"]
    gone = versioned.delete_object("k", params=version(first))
    assert not gone.delete_marker
    assert gone.versionid == first
    assert listed(versioned) == []
    stat = versioned.get_bucket_stat()
    assert (stat.object_count, stat.storage_size_in_bytes) == (0, 0)


def test_the_next_older_version_becomes_the_newest(versioned: oss2.Bucket) -> None:
    ids = [versioned.put_object("k", bytes(n)).versionid for n in (1, 2, 3)]
    versioned.delete_object("k", params=version(ids[1]))
    assert len(versioned.get_object("k").read()) == 3
    versioned.delete_object("k", params=version(ids[2]))
    assert len(versioned.get_object("k").read()) == 1
    assert [item.size for item in versioned.list_objects().object_list] == [1]


def test_what_was_there_before_is_the_null_version(bucket: oss2.Bucket) -> None:
    bucket.put_object("k", b"before")
    set_versioning(bucket, "Enabled")
    assert bucket.head_object("k").headers["x-oss-version-id"] == "null"
    new = bucket.put_object("k", b"after").versionid
    assert bucket.get_object("k", params=version("null")).read() == b"before"
    assert listed(bucket) == [("k", new, True, False), ("k", "null", False, False)]
    set_versioning(bucket, "Suspended")
    assert bucket.put_object("k", b"replaced").versionid == "null"
    assert bucket.get_object("k").read() == b"replaced"
    assert listed(bucket) == [("k", "null", True, False), ("k", new, False, False)]
    marker = bucket.delete_object("k")
    assert (marker.delete_marker, marker.versionid) == (True, "null")
    assert sorted(listed(bucket)) == sorted([("k", "null", True, True), ("k", new, False, False)])
    assert bucket.get_object("k", params=version(new)).read() == b"after"
    bucket.delete_object("k", params=version("null"))
    assert bucket.get_object("k").read() == b"after"


def test_version_ids_that_name_nothing(versioned: oss2.Bucket) -> None:
    known = versioned.put_object("k", b"one").versionid
    versioned.delete_object("k", params=version(known))
    versioned.put_object("k", b"two")
    assert code_of(versioned.get_object, "k", params=version(known)) == (404, "NoSuchVersion")
    assert code_of(versioned.get_object, "k", params=version("null")) == (404, "NoSuchVersion")
    assert code_of(versioned.get_object, "k", params=version("x")) == (400, "InvalidArgument")
    assert code_of(versioned.get_object, "k", params=version("")) == (400, "InvalidArgument")
    assert versioned.delete_object("k", params=version(known)).status == 204
    for function in (versioned.get_object_acl, versioned.get_object_tagging):
        assert code_of(function, "k", params=version(known)) == (404, "NoSuchVersion")


def test_pages_of_versions(versioned: oss2.Bucket) -> None:
    # ListObjectVersions
    made = []
    for key in ("a", "dir/1", "dir/2", "b ä"):
        made += [(key, versioned.put_object(key, b"x").versionid) for _ in range(3)]
    marker = versioned.delete_object("a").versionid
    expected = [("a", marker)]
    for key in ("a", "b ä", "dir/1", "dir/2"):
        expected += [item for item in reversed(made) if item[0] == key]
    for count in (1, 2, 5, 100):
        found, more = [], {}
        while True:
            page = versioned.list_object_versions(max_keys=count, **more)
            items = [*page.delete_marker, *page.versions]
            assert len(items) <= count
            found += [(item.key, item.versionid) for item in items]
            if not page.is_truncated:
                break
            more = {
                "key_marker": page.next_key_marker,
                "versionid_marker": page.next_versionid_marker,
            }
        assert found == expected, count
    page = versioned.list_object_versions(delimiter="/", max_keys=5)
    assert page.common_prefix == []
    page = versioned.list_object_versions(
        delimiter="/", key_marker=page.next_key_marker, versionid_marker=page.next_versionid_marker
    )
    assert [(item.key, item.versionid) for item in page.versions] == expected[5:7]
    assert page.common_prefix == ["dir/"]
    page = versioned.list_object_versions(prefix="dir/", key_marker="dir/1")
    assert [(item.key, item.versionid) for item in page.versions] == expected[10:]
    assert [item.is_latest for item in page.versions] == [True, False, False]
    assert code_of(versioned.list_object_versions, versionid_marker=marker) == (
        400, "InvalidArgument",
    )  # fmt: skip


def test_listing_and_deleting_in_turns_reaches_the_end(bucket: oss2.Bucket) -> None:
    bucket.put_object("k", b"null version")
    set_versioning(bucket, "Enabled")
    for _ in range(4):
        bucket.put_object("k", b"x")
    more, seen = {}, 0
    while True:
        page = bucket.list_object_versions(max_keys=2, **more)
        for item in page.versions:
            bucket.delete_object("k", params=version(item.versionid))
            seen += 1
        if not page.is_truncated:
            break
        more = {"key_marker": page.next_key_marker, "versionid_marker": page.next_versionid_marker}
    assert seen == 5
    assert listed(bucket) == []


def test_many_versions_are_deleted_at_once(versioned: oss2.Bucket) -> None:
    one = versioned.put_object("k", b"1").versionid
    two = versioned.put_object("k", b"2").versionid
    versioned.put_object("other", b"3")
    wanted = BatchDeleteObjectVersionList()
    wanted.append(BatchDeleteObjectVersion("k", one))
    result = versioned.delete_object_versions(wanted)
    assert [(item.key, item.versionid) for item in result.delete_versions] == [("k", one)]
    versioned.batch_delete_objects(["other"])
    assert [item[3] for item in listed(versioned) if item[0] == "other"].count(True) == 1
    assert [item.key for item in versioned.list_objects().object_list] == ["k"]
    assert versioned.get_object("k").headers["x-oss-version-id"] == two


def test_acl_and_tags_belong_to_a_version(versioned: oss2.Bucket) -> None:
    first = versioned.put_object("k", b"one").versionid
    second = versioned.put_object("k", b"two").versionid
    versioned.put_object_acl("k", "public-read", params=version(first))
    assert versioned.get_object_acl("k", params=version(first)).acl == "public-read"
    assert versioned.get_object_acl("k").acl == "default"
    rule = oss2.models.TaggingRule()
    rule.add("a", "1")
    tagged = versioned.put_object_tagging("k", oss2.models.Tagging(rule), params=version(first))
    assert tagged.headers["x-oss-version-id"] == first
    assert versioned.get_object_tagging("k", params=version(first)).tag_set.tagging_rule == {
        "a": "1"
    }
    assert versioned.get_object_tagging("k").tag_set.tagging_rule == {}
    assert versioned.head_object("k").headers["x-oss-version-id"] == second


def test_an_old_version_is_brought_back_by_a_copy(versioned: oss2.Bucket) -> None:
    first = versioned.put_object("k", b"one", headers={"x-oss-meta-a": "b"}).versionid
    versioned.put_object("k", b"two")
    copied = versioned.copy_object(versioned.bucket_name, "k", "k", params=version(first))
    assert copied.headers["x-oss-copy-source-version-id"] == first
    got = versioned.get_object("k")
    assert got.read() == b"one"
    assert got.headers["x-oss-meta-a"] == "b"
    assert got.headers["x-oss-version-id"] == copied.versionid != first
    assert len(listed(versioned)) == 3
    marker = versioned.delete_object("k").versionid
    copy = (versioned.copy_object, versioned.bucket_name, "k", "k")
    assert code_of(*copy, params=version(marker)) == (400, "InvalidArgument")
    assert code_of(*copy) == (404, "NoSuchKey")


def test_forbid_overwrite_does_not_count_where_versions_are_kept(versioned: oss2.Bucket) -> None:
    forbid = {"x-oss-forbid-overwrite": "true"}
    versioned.put_object("k", b"one", headers=forbid)
    versioned.put_object("k", b"two", headers=forbid)
    assert len(listed(versioned)) == 2


def test_a_bucket_with_versions_is_not_empty(versioned: oss2.Bucket) -> None:
    versioned.delete_object("never there")
    assert code_of(versioned.delete_bucket) == (409, "BucketNotEmpty")


def test_big_and_multipart_versions_keep_their_bytes(versioned: oss2.Bucket) -> None:
    bodies = [os.urandom(300_000), os.urandom(200_000)]
    first = versioned.put_object("k", bodies[0]).versionid
    upload = versioned.init_multipart_upload("k").upload_id
    part = versioned.upload_part("k", upload, 1, bodies[1])
    done = versioned.complete_multipart_upload("k", upload, [oss2.models.PartInfo(1, part.etag)])
    assert done.versionid not in (None, "null", first)
    assert versioned.get_object("k").read() == bodies[1]
    assert versioned.get_object("k", params=version(first)).read() == bodies[0]


def test_raw_headers_of_a_delete(versioned: oss2.Bucket, server: Server) -> None:
    answer = server.request("DELETE", versioned.bucket_name, "k")
    assert answer.status == 204
    assert answer.headers["x-oss-delete-marker"] == "true"
    assert answer.headers["x-oss-version-id"]
