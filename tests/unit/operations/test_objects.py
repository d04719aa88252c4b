"""Puts, gets and lists, where the clients do not reach."""

import base64
import hashlib

import pytest

from mossbox import errors
from mossbox.engine import Tx, objects
from mossbox.engine.objects import NewVersion
from mossbox.http.message import Body


def put(line, path, body=b"body", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = line.send("PUT", path, body, named)
    assert answer.status == 200, answer
    return answer


def test_the_largest_metadata_fits_and_one_byte_more_does_not(line):
    values = {f"x-oss-meta-{n}": "v" * 1023 for n in range(8)}
    assert line.send("PUT", "/photos/key", b"", values).status == 200
    values["x-oss-meta-0"] += "v"
    assert line.send("PUT", "/photos/key", b"", values).code == "InvalidArgument"
    wide = {"x-oss-meta-n": "中" * 2731}  # counted in bytes
    assert line.send("PUT", "/photos/key", b"", wide).code == "InvalidArgument"


def test_a_content_type_is_always_there(line):
    put(line, "/photos/key", content_type="")
    got = line.send("HEAD", "/photos/key")
    assert got.headers["content-type"] == "application/octet-stream"


def test_a_storage_class_comes_from_the_bucket(line):
    document = b"<CreateBucketConfiguration><StorageClass>IA</StorageClass>"
    line.send("PUT", "/cold", document + b"</CreateBucketConfiguration>")
    put(line, "/cold/key")
    assert line.send("HEAD", "/cold/key").headers["x-oss-storage-class"] == "IA"
    put(line, "/cold/key", x_oss_storage_class="Standard")
    assert line.send("HEAD", "/cold/key").headers["x-oss-storage-class"] == "Standard"


def test_a_length_is_needed_unless_the_body_is_chunked(line):
    request = line.request("PUT", "/photos/key", b"body")
    del request.headers["content-length"]
    assert line.answer(request).code == "MissingContentLength"
    request = line.request("PUT", "/photos/key", b"body", {"transfer-encoding": "chunked"})
    del request.headers["content-length"]
    assert line.answer(request).status == 200


def test_a_body_that_breaks_off_leaves_nothing(line):
    for size in (10, 5000):
        body = Body(size)
        body.feed(b"x" * (size - 1))
        body.fail(errors.IncompleteBody())
        answer = line.send("PUT", "/photos/key", body, {"content-length": str(size)})
        assert answer.code == "IncompleteBody"
        assert line.send("GET", "/photos/key").code == "NoSuchKey"
    assert line.run(line.engine.db.write(lambda tx: tx.rows("select count(*) from blobs"))) == [
        (0,)
    ]


@pytest.mark.parametrize("size", [0, 10, 5000])
def test_sums_are_checked_whatever_the_size(line, size):
    body = b"x" * size
    good = {
        "content-md5": base64.b64encode(hashlib.md5(body).digest()).decode(),
        "x-oss-content-sha256": hashlib.sha256(body).hexdigest().upper(),
    }
    crc = put(line, "/photos/key", body, **good).headers["x-oss-hash-crc64ecma"]
    put(line, "/photos/key", body, x_oss_hash_crc64ecma=crc)
    for headers, code in [
        ({"content-md5": base64.b64encode(hashlib.md5(b"y").digest()).decode()}, "InvalidDigest"),
        ({"x-oss-content-sha256": "0" * 64}, "InvalidDigest"),
        ({"x-oss-hash-crc64ecma": str(int(crc) ^ 1)}, "InvalidCRC64"),
    ]:
        assert line.send("PUT", "/photos/new", body, headers).code == code
    assert line.send("GET", "/photos/new").code == "NoSuchKey"


def test_conditions_are_looked_at_before_the_range(line):
    tag = put(line, "/photos/key", b"0123456789").headers["etag"]
    headers = {"if-none-match": tag, "range": "bytes=0-1"}
    assert line.send("GET", "/photos/key", headers=headers).status == 304
    headers = {"if-match": '"0"', "range": "bytes=99-", "x-oss-range-behavior": "standard"}
    answer = line.send("GET", "/photos/key", headers=headers)
    assert (answer.code, answer.element("Condition")) == ("PreconditionFailed", "If-Match")
    headers["if-match"] = tag
    answer = line.send("GET", "/photos/key", headers=headers)
    assert answer.code == "InvalidRange"
    assert answer.headers["content-range"] == "bytes */10"
    assert answer.element("ActualObjectSize") == "10"


def test_meta_by_get_has_no_body(line):
    put(line, "/photos/key", b"0123456789")
    answer = line.send("GET", "/photos/key?objectMeta")
    assert (answer.status, answer.body) == (200, b"")


def test_a_damaged_small_object_is_never_sent(line):
    put(line, "/photos/key", b"0123456789")
    line.run(line.engine.db.write(lambda tx: tx.rows("update blobs set data = x'00'")))
    assert line.send("GET", "/photos/key").status == 500


def test_a_page_resumes_after_a_common_prefix(line):
    for key in ("a", "b/1", "b/2", "c"):
        put(line, f"/photos/{key}")
    first = line.send("GET", "/photos/?delimiter=/&max-keys=2")
    assert first.element("NextMarker") == "b/"
    second = line.send("GET", "/photos/?delimiter=/&marker=b/")
    assert second.element("Key") == "c"
    token = line.send("GET", "/photos/?list-type=2&delimiter=/&max-keys=2").element(
        "NextContinuationToken"
    )
    assert base64.urlsafe_b64decode(token) == b"b/"
    after = line.send("GET", f"/photos/?list-type=2&delimiter=/&continuation-token={token}")
    assert after.element("Key") == "c"
    assert after.element("ContinuationToken") == token


def test_a_token_of_any_key_comes_back(line):
    keys = sorted(["a?", "a~", "ÿÿÿ", "\x01", "中文" * 20], key=str.encode)
    for key in keys:
        body = Body(0)
        assert line.send("PUT", f"/photos/{key}", body, {"content-length": "0"}).status == 200
    found, token = [], ""
    for _ in keys:
        more = f"&continuation-token={token.replace('=', '%3D')}" if token else ""
        page = line.send("GET", f"/photos/?list-type=2&max-keys=1&encoding-type=url{more}")
        found.append(page.element("Key"))
        token = page.element("NextContinuationToken")
    assert len(set(found)) == len(keys)
    assert token == ""


def test_a_symlink_of_a_newer_program_is_not_served_as_an_object(line):
    """Its row is there, its meaning is not built: never give it out as bytes."""
    bucket = line.engine.bucket("photos")
    new = NewVersion(3, 0, 1000, "0" * 32, 0, 0, 0, "text/plain", None, None)

    def work(tx: Tx) -> None:
        objects.put(tx, bucket, b"link", new, forbid_overwrite=False)

    line.run(line.engine.db.write(work))
    for method in ("GET", "HEAD"):
        assert line.send(method, "/photos/link").status == 404


def test_a_bucket_that_was_made_anew_does_not_take_the_old_ones_object(line):
    """The upload began in a bucket that was deleted before it ended."""
    bucket = line.engine.bucket("photos")
    line.send("DELETE", "/photos")
    line.send("PUT", "/photos")
    assert line.engine.bucket("photos").id != bucket.id
    with pytest.raises(Exception, match="NoSuchBucket"):
        line.run(line.engine.db.write(lambda tx: objects.check_bucket(tx, bucket)))


def test_batch_deletion_answers_for_each_key_once(line):
    for key in ("a", "b"):
        put(line, f"/photos/{key}")
    document = b"<Delete><Object><Key>a</Key></Object><Object><Key>a</Key></Object></Delete>"
    headers = {"content-md5": base64.b64encode(hashlib.md5(document).digest()).decode()}
    answer = line.send("POST", "/photos/?delete", document, headers)
    assert answer.body.count(b"<Key>a</Key>") == 1
    assert line.send("GET", "/photos/b").status == 200


def test_mixed_batch_deletion_names_what_was_refused(line):
    line.send("PUT", "/photos?acl", headers={"x-oss-acl": "public-read-write"})
    put(line, "/photos/open")
    put(line, "/photos/closed", x_oss_object_acl="private")
    document = (
        b"<Delete><Quiet>true</Quiet><Object><Key>open</Key></Object>"
        b"<Object><Key>closed</Key></Object></Delete>"
    )
    headers = {"content-md5": base64.b64encode(hashlib.md5(document).digest()).decode()}
    answer = line.send("POST", "/photos/?delete", document, headers, key="other")
    assert answer.status == 200
    assert b"<Deleted>" not in answer.body
    assert (answer.element("Key"), answer.element("Code")) == ("closed", "AccessDenied")
    assert line.send("GET", "/photos/open").code == "NoSuchKey"
    assert line.send("GET", "/photos/closed").status == 200
