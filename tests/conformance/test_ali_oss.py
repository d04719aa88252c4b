"""The store through npm's ali-oss, V1 and V4, on an IP endpoint (it then names the cloud's hosts).

A small program of our own (ali_oss/run.js) does everything once for each signature and prints
what the client saw; each test here looks at one operation. Parts, versions, tags and the like are
checked by another (ali_oss/checks.js), which is used as those of the other languages are.
"""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import oss2
import pytest

from tests.conformance.keys import (
    OTHER_KEY_ID,
    OTHER_SECRET,
    UID,
    UNDOTTED,
    directory_of_files,
    sums,
)
from tests.conformance.programs import Program, Session
from tests.support import KEY_ID, REGION, SECRET, Server

NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
HOW = "install Node.js 18 or newer, with npm"
PROGRAM = Program("ali_oss", ("node", "npm"), HOW, (NPM,), ("node", "FOLDER/checks.js"))
CHECKS = (
    "bucket_tags", "bucket_encryption", "bucket_cors", "object_tagging", "symlink", "restore",
    "encryption", "append", "copy", "multipart", "multipart_lists", "part_copy", "versioning",
    "post_object",
)  # fmt: skip
# This client does not ask for encoded names where it deletes, so it must be able to read them.
PLAIN = [key for key in UNDOTTED if key.isprintable()]
ETAG = f'"{hashlib.md5(b"hello").hexdigest().upper()}"'


@pytest.fixture(scope="module", params=["v1", "v4"])
def session(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Session:
    """The checks that the other languages' programs know too."""
    return Session(PROGRAM, server, request.param, tmp_path_factory.mktemp("ali-oss-checks"))


@pytest.fixture(scope="module")
def said(session: Session) -> Mapping[str, str]:
    return session.run(*CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_check(said: Mapping[str, str], check: str) -> None:
    assert said[check] == "ok"


def test_a_broken_upload_is_resumed(session: Session) -> None:
    session.resume("upload", "UploadPart")


@pytest.fixture(scope="module", params=["v1", "v4"])
def facts(
    request: pytest.FixtureRequest,
    server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict:
    """What the client saw, by operation."""
    folder = tmp_path_factory.mktemp("ali-oss")
    files = directory_of_files(folder)
    bucket = f"ali-oss-{request.param}"
    given = {
        "port": server.port, "region": REGION, "keyId": KEY_ID, "secret": SECRET,
        "otherKeyId": OTHER_KEY_ID, "otherSecret": OTHER_SECRET, "v4": request.param == "v4",
        "bucket": bucket, "keys": UNDOTTED, "plainKeys": PLAIN, "folder": str(folder),
        "files": {name: str(path) for name, path in files.items()},
    }  # fmt: skip
    done = subprocess.run(
        ["node", Path(PROGRAM.built()[1]).parent / "run.js"], input=json.dumps(given).encode(),
        capture_output=True, timeout=40,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    found["bucket"] = bucket
    found["sums"] = sums(files)
    failed = {name: fact for name, fact in found.items() if "failed" in fact}
    assert not failed, "\n".join(fact["failed"] for fact in failed.values())
    return found


def test_put_bucket(facts):
    fact = facts["PutBucket"]
    assert (fact["name"], fact["status"], fact["again"]) == (facts["bucket"], 200, 200)
    assert fact["special"] == f"{facts['bucket']}-special"
    assert (fact["theirs"]["status"], fact["theirs"]["code"]) == (409, "BucketAlreadyExists")


def test_get_bucket_info(facts):
    fact = facts["GetBucketInfo"]
    info, special = fact["bucket"], fact["special"]
    assert info["Name"] == facts["bucket"]
    assert info["Location"] == f"oss-{REGION}"
    assert info["Owner"] == {"ID": UID, "DisplayName": UID}
    assert info["AccessControlList"] == {"Grant": "private"}
    assert info["StorageClass"] == "Standard"
    assert info["DataRedundancyType"] == "LRS"
    assert info["ExtranetEndpoint"] == f"oss-{REGION}.aliyuncs.com"
    assert info["IntranetEndpoint"] == f"oss-{REGION}-internal.aliyuncs.com"
    assert special["AccessControlList"] == {"Grant": "public-read"}
    assert (special["StorageClass"], special["DataRedundancyType"]) == ("IA", "ZRS")
    assert (fact["theirs"]["status"], fact["theirs"]["code"]) == (403, "AccessDenied")


def test_list_buckets(facts):
    fact = facts["ListBuckets"]
    assert [bucket["name"] for bucket in fact["first"]] == [facts["bucket"]]
    assert fact["first"][0]["region"] == f"oss-{REGION}"
    assert fact["truncated"] is True
    assert fact["owner"] == {"id": UID, "displayName": UID}
    assert [bucket["name"] for bucket in fact["rest"]] == [f"{facts['bucket']}-special"]


def test_delete_bucket(facts):
    fact = facts["DeleteBucket"]
    assert (fact["full"]["status"], fact["full"]["code"]) == (409, "BucketNotEmpty")
    assert fact["status"] == 204
    assert (fact["gone"]["status"], fact["gone"]["code"]) == (404, "NoSuchBucket")


def test_get_bucket_location(facts):
    assert facts["GetBucketLocation"] == f"oss-{REGION}"


def test_bucket_acl(facts):
    fact = facts["BucketAcl"]
    assert fact["seen"] == ["public-read-write", "public-read", "private"]
    assert fact["made"] == f"{facts['bucket']}-acl"
    assert (fact["wrong"]["status"], fact["wrong"]["code"]) == (400, "InvalidArgument")


def test_put_object(facts):
    fact = facts["PutObject"]
    assert fact["status"] == 200
    assert fact["headers"]["etag"] == ETAG
    assert fact["headers"]["content-md5"] == "XUFAKrxLKna5cZ2REBfFkg=="
    crc = oss2.utils.Crc64()
    crc(b"hello")
    assert int(fact["headers"]["x-oss-hash-crc64ecma"]) == crc.crc
    assert len(fact["headers"]["x-oss-request-id"]) == 24
    assert fact["file"] is True
    assert (fact["streamed"], fact["empty"]) == (140_000, 0)
    assert (fact["md5"]["status"], fact["md5"]["code"]) == (400, "InvalidDigest")
    assert (fact["forbidden"]["status"], fact["forbidden"]["code"]) == (409, "FileAlreadyExists")
    assert fact["after"] == "hello"


def test_forbid_overwrite_lets_one_of_many_through(facts):
    assert facts["ForbidOverwrite"] == ["FileAlreadyExists"] * 31 + ["kept"]


def test_get_object(facts):
    fact = facts["GetObject"]
    assert fact["content"] == fact["file"] == fact["stream"] == "hello"
    assert fact["headers"]["content-type"] == "text/plain"
    assert fact["headers"]["accept-ranges"] == "bytes"
    assert fact["inside"] == [206, "el"]
    assert fact["beyond"] == [200, "hello"]
    assert fact["standard"] == [206, "ello"]
    refused = fact["unsatisfiable"]
    assert (refused["status"], refused["code"]) == (416, "InvalidRange")
    assert (fact["missing"]["status"], fact["missing"]["code"]) == (404, "NoSuchKey")
    assert fact["missing"]["ec"] == "0026-00000001"


def test_conditions(facts):
    fact = facts["Conditions"]
    assert fact["If-Match"] == [[200, 200], [412, 412]]
    assert fact["If-None-Match"] == [[304, 304], [200, 200]]
    assert fact["If-Modified-Since"] == [[304, 304], [200, 200]]
    assert fact["If-Unmodified-Since"] == [[200, 200], [412, 412]]


def test_head_object(facts):
    fact = facts["HeadObject"]
    headers = fact["headers"]
    assert headers["content-length"] == "5"
    assert headers["etag"] == ETAG
    assert headers["cache-control"] == "max-age=60"
    assert headers["content-disposition"] == 'attachment; filename="a b.txt"'
    assert headers["content-encoding"] == "identity"
    assert headers["content-language"] == "zh-CN"
    assert headers["expires"] == "Fri, 28 Feb 2031 05:38:42 GMT"
    assert headers["x-oss-storage-class"] == "IA"
    assert headers["x-oss-object-type"] == "Normal"
    name = fact["meta"].pop("name").encode("latin-1").decode()
    assert name == "Ümläut 中文"
    assert fact["meta"] == {"one": "1", "one-more": "2"}
    assert (fact["missing"]["status"], fact["missing"]["code"]) == (404, "NoSuchKey")


def test_get_object_meta(facts):
    headers = facts["GetObjectMeta"]["headers"]
    assert headers["etag"] == ETAG
    assert headers["content-length"] == "5"
    assert "last-modified" in headers
    assert "x-oss-meta-one" not in headers
    missing = facts["GetObjectMeta"]["missing"]
    assert (missing["status"], missing["code"]) == (404, "NoSuchKey")


def test_object_acl(facts):
    fact = facts["ObjectAcl"]
    assert fact["seen"] == ["public-read", "public-read-write", "private", "default"]
    assert (fact["theirs"]["status"], fact["theirs"]["code"]) == (403, "AccessDenied")


def test_signed_urls(facts):
    fact = facts["SignedUrls"]
    assert fact["put"] == 200
    assert fact["wrong"] == [403, "SignatureDoesNotMatch"]
    assert fact["get"]["status"] == 200
    assert fact["get"]["body"] == "signed body"
    assert fact["get"]["headers"]["content-type"] == "text/signed"
    assert fact["misused"] == 403
    assert fact["shown"] == ["text/shown", "no-store", "signed body"]


def test_awkward_keys_come_back(facts):
    assert facts["Keys"]["wrong"] == []


def test_delete_object(facts):
    assert facts["DeleteObject"] == {"status": 204, "again": 204}


def test_list_objects(facts):
    fact = facts["ListObjects"]
    assert fact["listed"] == UNDOTTED
    assert set(fact["sizes"][:-1]) == {4}
    assert fact["grouped"] == [["a/", "a/b"], ["a//"]]
    one = fact["one"]
    assert (one["name"], one["size"], one["type"]) == ("plain.txt", 9, "Normal")
    assert one["storageClass"] == "Standard"
    assert one["owner"] == {"id": UID, "displayName": UID}
    assert (fact["wrong"]["status"], fact["wrong"]["code"]) == (400, "InvalidArgument")


def test_list_objects_v2(facts):
    fact = facts["ListObjectsV2"]
    assert fact["listed"] == [key for key in UNDOTTED if "/" not in key]
    assert fact["groups"] == ["a/", "中文/"]
    assert fact["owner"] == {"id": UID, "displayName": UID}
    assert fact["count"] == 1


def test_get_bucket_stat(facts):
    fact = facts["GetBucketStat"]
    assert fact["ObjectCount"] == str(len(UNDOTTED))
    assert fact["Storage"] == str(sum(len(key.encode()) for key in UNDOTTED))


def test_delete_multiple_objects(facts):
    fact = facts["DeleteMultipleObjects"]
    assert fact["deleted"] == PLAIN
    assert fact["quiet"] == fact["left"] == []


def test_a_directory_goes_up_and_comes_back(facts):
    assert facts["Directory"] == facts["sums"]


def test_errors(facts):
    codes = {name: (fact["status"], fact["code"]) for name, fact in facts["Errors"].items()}
    assert codes == {
        "unknown": (403, "InvalidAccessKeyId"),
        "wrong": (403, "SignatureDoesNotMatch"),
        "wrongHead": (403, "SignatureDoesNotMatch"),
        "nowhere": (404, "NoSuchBucket"),
        "nowhereHead": (404, "NoSuchKey"),  # all that this client makes of a HEAD's 404
    }
