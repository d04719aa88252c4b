"""Encryption at rest through the official Python clients, and the disk searched for what they sent.

Every way to write (PutObject, AppendObject, a multipart upload, CopyObject, the bucket's default)
with every algorithm and key.
"""

import http.client
import os
import sqlite3
import struct
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import alibabacloud_oss_v2 as oss
import oss2
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mossbox.engine.blobfile import FOOTER_BYTES, parse_footer
from mossbox.engine.cipher import SEALED_BYTES
from mossbox.wire.checksum import crc64, signed
from tests.sm4 import gcm_decrypt
from tests.support import KEY_ID, REGION, SECRET, Answer, Server

BLOCK = 128 << 10
SMALL, LARGE = 3000, 3 * BLOCK + 1234

ALGORITHM = "x-oss-server-side-encryption"
DATA_ALGORITHM = "x-oss-server-side-data-encryption"
NAMED_KEY = "x-oss-server-side-encryption-key-id"

HEADERS = {
    "server_side_encryption": ALGORITHM,
    "server_side_data_encryption": DATA_ALGORITHM,
    "server_side_encryption_key_id": NAMED_KEY,
}

# The rows of the table: algorithm, data algorithm, whether a key is named.
ROWS = {
    "KMS": ("KMS", None, False),
    "KMS and a key": ("KMS", None, True),
    "KMS and SM4": ("KMS", "SM4", False),
    "KMS and SM4 and a key": ("KMS", "SM4", True),
    "AES256": ("AES256", None, False),
    "SM4": ("SM4", None, False),
}


@pytest.fixture(params=ROWS)
def row(request: pytest.FixtureRequest, server: Server) -> dict[str, str | None]:
    """Fields of a request of the second generation's client."""
    algorithm, data, named = ROWS[request.param]
    made = server.request("POST", query={"mossbox-keys": "CreateKey"}) if named else None
    return {
        "server_side_encryption": algorithm,
        "server_side_data_encryption": data,
        "server_side_encryption_key_id": made.element("KeyId") if made else None,
    }


@pytest.fixture
def client(server: Server) -> oss.Client:
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(KEY_ID, SECRET)
    config.region, config.endpoint, config.use_path_style = REGION, server.endpoint, True
    return oss.Client(config)


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    assert server.request("PUT", bucket_name).status == 200
    return bucket_name


@pytest.fixture
def old_client(server: Server, bucket: str) -> oss2.Bucket:
    return oss2.Bucket(oss2.AuthV4(KEY_ID, SECRET), server.endpoint, bucket, region=REGION)


def marked(size: int) -> tuple[bytes, bytes]:
    """A body that is full of a text of its own, and that text."""
    marker = b"<marker " + os.urandom(16).hex().encode() + b">"
    return (marker * (size // len(marker) + 1))[:size], marker


def found_on_disk(server: Server, marker: bytes) -> list[str]:
    """The files below the data directory, the database and its log among them, with that text."""
    names, found = [], []
    for path in server.data.rglob("*"):
        try:
            held = marker in path.read_bytes() if path.is_file() else False
        except FileNotFoundError:
            continue  # garbage that was just taken away
        names.append(path.name)
        if held:
            found.append(path.name)
    assert "mossbox.db-wal" in names
    return found


def as_asked(result: object, row: dict[str, str | None]) -> bool:
    """Whether a result tells the encryption of the row, with the id of the key that was used."""
    told = {name: result.headers.get(header) for name, header in HEADERS.items()}
    if row["server_side_encryption"] == "KMS":
        assert len(told["server_side_encryption_key_id"]) == 36
        if row["server_side_encryption_key_id"] is None:
            told["server_side_encryption_key_id"] = None
    return told == row


def check(
    client: oss.Client, server: Server, bucket: str, key: str, body: bytes, row: dict, marker: bytes
) -> None:
    """The object is whole and says how it is kept, its ranges are right, its text is nowhere."""
    got = client.get_object(oss.GetObjectRequest(bucket=bucket, key=key))
    assert got.body.read() == body
    assert as_asked(got, row)
    assert as_asked(client.head_object(oss.HeadObjectRequest(bucket=bucket, key=key)), row)
    for start, stop in ((0, 1), (len(body) // 2, len(body) // 2 + 1000), (len(body) - 1, None)):
        header = f"bytes={start}-{'' if stop is None else stop - 1}"
        part = client.get_object(oss.GetObjectRequest(bucket=bucket, key=key, range_header=header))
        assert part.body.read() == body[start:stop]
    assert found_on_disk(server, marker) == []


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_put_object(client: oss.Client, server: Server, bucket: str, row: dict, size: int) -> None:
    body, marker = marked(size)
    put = client.put_object(oss.PutObjectRequest(bucket=bucket, key="k", body=body, **row))
    assert as_asked(put, row)
    check(client, server, bucket, "k", body, row, marker)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_two_appends(client: oss.Client, server: Server, bucket: str, row: dict, size: int) -> None:
    body, marker = marked(2 * size)
    first = client.append_object(
        oss.AppendObjectRequest(bucket=bucket, key="k", position=0, body=body[:size], **row)
    )
    second = client.append_object(  # what it is was said before
        oss.AppendObjectRequest(bucket=bucket, key="k", position=size, body=body[size:])
    )
    assert second.next_position == 2 * size
    assert as_asked(first, row)
    assert as_asked(second, row)
    check(client, server, bucket, "k", body, row, marker)


def test_a_multipart_upload(client: oss.Client, server: Server, bucket: str, row: dict) -> None:
    body, marker = marked(LARGE + SMALL)
    begun = client.initiate_multipart_upload(
        oss.InitiateMultipartUploadRequest(bucket=bucket, key="k", **row)
    )
    assert as_asked(begun, row)
    parts = []
    for number, data in ((1, body[:LARGE]), (2, body[LARGE:])):
        part = client.upload_part(
            oss.UploadPartRequest(
                bucket=bucket, key="k", upload_id=begun.upload_id, part_number=number, body=data
            )
        )
        assert as_asked(part, row)
        parts.append(oss.UploadPart(part_number=number, etag=part.etag))
    assert found_on_disk(server, marker) == []  # nor in an upload that is not finished
    done = client.complete_multipart_upload(
        oss.CompleteMultipartUploadRequest(
            bucket=bucket, key="k", upload_id=begun.upload_id,
            complete_multipart_upload=oss.CompleteMultipartUpload(parts=parts),
        )
    )  # fmt: skip
    assert as_asked(done, row)
    check(client, server, bucket, "k", body, row, marker)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_copy_object(client: oss.Client, server: Server, bucket: str, row: dict, size: int) -> None:
    """From one encryption to another, and back to none: the bytes are written anew."""
    body, marker = marked(size)
    client.put_object(
        oss.PutObjectRequest(bucket=bucket, key="s", body=body, server_side_encryption="AES256")
    )
    copied = client.copy_object(
        oss.CopyObjectRequest(bucket=bucket, key="k", source_key="s", **row)
    )
    assert as_asked(copied, row)
    check(client, server, bucket, "k", body, row, marker)
    client.delete_object(oss.DeleteObjectRequest(bucket=bucket, key="s"))
    check(client, server, bucket, "k", body, row, marker)
    plain = client.copy_object(oss.CopyObjectRequest(bucket=bucket, key="p", source_key="k"))
    assert ALGORITHM not in plain.headers
    assert found_on_disk(server, marker) != []  # and so the search finds what there is


def test_a_copied_part_takes_the_uploads_encryption(
    client: oss.Client, server: Server, bucket: str, row: dict
) -> None:
    body, marker = marked(LARGE)
    client.put_object(
        oss.PutObjectRequest(bucket=bucket, key="s", body=body, server_side_encryption="AES256")
    )
    begun = client.initiate_multipart_upload(
        oss.InitiateMultipartUploadRequest(bucket=bucket, key="k", **row)
    )
    part = client.upload_part_copy(
        oss.UploadPartCopyRequest(
            bucket=bucket, key="k", upload_id=begun.upload_id, part_number=1, source_key="s"
        )
    )
    client.complete_multipart_upload(
        oss.CompleteMultipartUploadRequest(
            bucket=bucket, key="k", upload_id=begun.upload_id,
            complete_multipart_upload=oss.CompleteMultipartUpload(
                parts=[oss.UploadPart(part_number=1, etag=part.etag)]
            ),
        )
    )  # fmt: skip
    check(client, server, bucket, "k", body, row, marker)


def rule_of(row: dict[str, str | None]) -> oss.ServerSideEncryptionRule:
    return oss.ServerSideEncryptionRule(
        apply_server_side_encryption_by_default=oss.ApplyServerSideEncryptionByDefault(
            sse_algorithm=row["server_side_encryption"],
            kms_data_encryption=row["server_side_data_encryption"],
            kms_master_key_id=row["server_side_encryption_key_id"],
        )
    )


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_buckets_default(
    client: oss.Client, server: Server, bucket: str, row: dict, size: int
) -> None:
    """PutBucketEncryption, GetBucketEncryption, DeleteBucketEncryption, and what they do."""
    client.put_bucket_encryption(
        oss.PutBucketEncryptionRequest(bucket=bucket, server_side_encryption_rule=rule_of(row))
    )
    got = client.get_bucket_encryption(oss.GetBucketEncryptionRequest(bucket=bucket))
    shown = got.server_side_encryption_rule.apply_server_side_encryption_by_default
    assert (shown.sse_algorithm, shown.kms_data_encryption, shown.kms_master_key_id) == tuple(
        row.values()
    )
    info = client.get_bucket_info(oss.GetBucketInfoRequest(bucket=bucket)).bucket_info
    assert info.sse_rule.sse_algorithm == row["server_side_encryption"]
    body, marker = marked(size)
    put = client.put_object(oss.PutObjectRequest(bucket=bucket, key="k", body=body))
    assert as_asked(put, row)
    check(client, server, bucket, "k", body, row, marker)
    other = {"server_side_encryption": "SM4"}  # what a request asks for comes first
    put = client.put_object(oss.PutObjectRequest(bucket=bucket, key="o", body=body, **other))
    assert put.headers[ALGORITHM] == "SM4"
    client.delete_bucket_encryption(oss.DeleteBucketEncryptionRequest(bucket=bucket))
    with pytest.raises(oss.exceptions.OperationError) as missing:
        client.get_bucket_encryption(oss.GetBucketEncryptionRequest(bucket=bucket))
    assert missing.value.unwrap().code == "NoSuchServerSideEncryptionRule"
    plain = client.put_object(oss.PutObjectRequest(bucket=bucket, key="p", body=b"x"))
    assert ALGORITHM not in plain.headers
    check(client, server, bucket, "k", body, row, marker)  # what is there stays as it is


# -- oss2 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROWS)
def test_oss2(old_client: oss2.Bucket, server: Server, name: str) -> None:
    algorithm, data, named = ROWS[name]
    headers = {ALGORITHM: algorithm}
    if data:
        headers[DATA_ALGORITHM] = data
    if named:
        made = server.request("POST", query={"mossbox-keys": "CreateKey"})
        headers[NAMED_KEY] = made.element("KeyId")
    for size in (SMALL, LARGE):
        body, marker = marked(size)
        put = old_client.put_object("k", body, headers=headers)
        got = old_client.get_object("k")
        assert got.read() == body
        for result in (put, old_client.head_object("k"), got):
            told = {name: result.headers.get(name) for name in headers}
            assert told == headers
        old_client.append_object(f"a{size}", 0, body[:1000], headers=headers)
        old_client.append_object(f"a{size}", 1000, body[1000:], headers=headers)
        assert old_client.get_object(f"a{size}").read() == body
        assert found_on_disk(server, marker) == []


def test_oss2_the_buckets_default(old_client: oss2.Bucket) -> None:
    with pytest.raises(oss2.exceptions.NoSuchServerSideEncryptionRule):
        old_client.get_bucket_encryption()
    assert old_client.get_bucket_info().bucket_encryption_rule.sse_algorithm is None
    rule = oss2.models.ServerSideEncryptionRule("KMS", kms_data_encryption="SM4")
    old_client.put_bucket_encryption(rule)
    for got in (
        old_client.get_bucket_encryption(), old_client.get_bucket_info().bucket_encryption_rule,
    ):  # fmt: skip
        assert (got.sse_algorithm, got.kms_data_encryption) == ("KMS", "SM4")
    assert old_client.put_object("k", b"x").headers[DATA_ALGORITHM] == "SM4"
    old_client.delete_bucket_encryption()
    old_client.delete_bucket_encryption()  # a second time is no error


# -- refusals -----------------------------------------------------------------------------------

UNKNOWN = "00000000-0000-0000-0000-000000000000"
REFUSED = {
    "another algorithm": ({ALGORITHM: "DES"}, "InvalidEncryptionAlgorithmError"),
    "lower case": ({ALGORITHM: "aes256"}, "InvalidEncryptionAlgorithmError"),
    "nothing": ({ALGORITHM: ""}, "InvalidEncryptionAlgorithmError"),
    "another data algorithm": (
        {ALGORITHM: "KMS", DATA_ALGORITHM: "AES256"}, "InvalidDataEncryptionAlgorithmError",
    ),
    "a key with AES256": ({ALGORITHM: "AES256", NAMED_KEY: UNKNOWN}, "InvalidArgument"),
    "a key with SM4": ({ALGORITHM: "SM4", NAMED_KEY: UNKNOWN}, "InvalidArgument"),
    "an unknown key": ({ALGORITHM: "KMS", NAMED_KEY: UNKNOWN}, "InvalidParameter"),
    "the store's own key": ({ALGORITHM: "KMS", NAMED_KEY: "oss"}, "InvalidParameter"),
    "a key alone": ({NAMED_KEY: UNKNOWN}, "InvalidArgument"),
    "a data algorithm alone": ({DATA_ALGORITHM: "SM4"}, "InvalidArgument"),
}  # fmt: skip

WAYS: dict[str, Callable[[Server, str, dict[str, str]], Answer]] = {
    "PutObject": lambda server, bucket, headers: server.request(
        "PUT", bucket, "k", body=b"x", headers=headers
    ),
    "AppendObject": lambda server, bucket, headers: server.request(
        "POST", bucket, "k", {"append": "", "position": "0"}, b"x", headers
    ),
    "InitiateMultipartUpload": lambda server, bucket, headers: server.request(
        "POST", bucket, "k", {"uploads": ""}, headers=headers
    ),
    "CopyObject": lambda server, bucket, headers: server.request(
        "PUT", bucket, "k", headers={**headers, "x-oss-copy-source": f"/{bucket}/source"}
    ),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_refused(server: Server, bucket: str, way: str, case: str) -> None:
    headers, code = REFUSED[case]
    server.request("PUT", bucket, "source", body=b"x")
    refused = WAYS[way](server, bucket, headers)
    assert (refused.status, refused.code) == (400, code)
    assert server.request("HEAD", bucket, "k").status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_where_nothing_is_written_the_headers_are_refused(
    server: Server, bucket: str, method: str
) -> None:
    server.request("PUT", bucket, "k", body=b"x")
    assert server.request(method, bucket, "k", headers={ALGORITHM: "AES256"}).status == 400


RULES = {
    "<SSEAlgorithm>DES</SSEAlgorithm>": "InvalidEncryptionAlgorithmError",
    "<SSEAlgorithm></SSEAlgorithm>": "InvalidEncryptionAlgorithmError",
    "<KMSMasterKeyID>x</KMSMasterKeyID>": "MalformedXML",
    "<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>x</KMSMasterKeyID>": "InvalidArgument",
    "<SSEAlgorithm>KMS</SSEAlgorithm><KMSDataEncryption>x</KMSDataEncryption>": (
        "InvalidDataEncryptionAlgorithmError"
    ),
}


@pytest.mark.parametrize("inner", RULES)
def test_rules_that_are_refused(server: Server, bucket: str, inner: str) -> None:
    name = "ApplyServerSideEncryptionByDefault"
    document = f"<ServerSideEncryptionRule><{name}>{inner}</{name}></ServerSideEncryptionRule>"
    refused = server.request("PUT", bucket, query={"encryption": ""}, body=document.encode())
    assert (refused.status, refused.code) == (400, RULES[inner])
    assert server.request("GET", bucket, query={"encryption": ""}).status == 404


def test_a_default_key_is_looked_for_when_it_is_used(old_client: oss2.Bucket) -> None:
    """As on OSS, whose own clients' tests set keys that there are not."""
    rule = oss2.models.ServerSideEncryptionRule("KMS", UNKNOWN)
    old_client.put_bucket_encryption(rule)
    assert old_client.get_bucket_encryption().kms_master_keyid == UNKNOWN
    with pytest.raises(oss2.exceptions.ServerError, match="KMS keyId not valid"):
        old_client.put_object("k", b"x")
    assert not old_client.object_exists("k")
    old_client.put_object("k", b"x", headers={ALGORITHM: "AES256"})


# -- the disk -----------------------------------------------------------------------------------


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Server]:
    """A store that a test may take apart."""
    with Server(tmp_path) as server:
        assert server.request("PUT", "bucket").status == 200
        yield server


def blobs_of(server: Server) -> list[Path]:
    return sorted(path for path in (server.data / "blobs").rglob("*") if len(path.name) == 16)


@pytest.mark.parametrize("algorithm", ["AES256", "SM4"])
def test_equal_bodies_lie_there_as_different_bytes(alone: Server, algorithm: str) -> None:
    body = b"the same " * 40_000
    for key in ("one", "two"):
        alone.request("PUT", "bucket", key, body=body, headers={ALGORITHM: algorithm})
    one, two = (path.read_bytes() for path in blobs_of(alone))
    assert len(one) == len(two) > len(body)
    same = sum(a == b for a, b in zip(one[: len(body)], two, strict=False))
    assert same < len(body) / 100  # of random bytes, one in 256 is equal
    assert len(zlib.compress(one[: len(body)])) > len(body)  # and they look random


@pytest.mark.parametrize("algorithm", ["AES256", "SM4"])
@pytest.mark.parametrize("position", [0, 70_000, BLOCK + 7, 2 * SEALED_BYTES + 5, -1000])
def test_one_bit_that_flipped_is_an_error_and_never_wrong_bytes(
    alone: Server, algorithm: str, position: int
) -> None:
    body = os.urandom(LARGE)
    alone.request("PUT", "bucket", "k", body=body, headers={ALGORITHM: algorithm})
    [path] = blobs_of(alone)
    raw = bytearray(path.read_bytes())
    raw[position] ^= 8
    path.write_bytes(raw)
    try:
        got = alone.request("GET", "bucket", "k")
    except (OSError, http.client.IncompleteRead):
        return  # it was cut off before the damaged block
    assert (got.status, got.code) == (500, "InternalError")


@pytest.mark.parametrize("algorithm", ["AES256", "SM4"])
def test_a_flipped_bit_in_the_database_is_an_error(alone: Server, algorithm: str) -> None:
    """A small body's bytes and their CRC, changed by somebody who knows the format."""
    alone.request("PUT", "bucket", "k", body=b"small", headers={ALGORITHM: algorithm})
    alone.stop()
    with sqlite3.connect(alone.data / "mossbox.db") as db:
        [(data,)] = db.execute("select data from blobs")
        changed = bytes((data[0] ^ 1,)) + data[1:]
        db.execute("update blobs set data = ?, crc64 = ?", (changed, signed(crc64(changed))))
    db.close()
    alone.start()
    got = alone.request("GET", "bucket", "k")
    assert (got.status, got.code) == (500, "InternalError")


def the_blob(server: Server) -> tuple[int, int, int, bytes, bytes | None]:
    """Id, size, cipher, data key and small body of the only blob, without the store's own code."""
    master = AESGCM(b64decode((server.data / "master.key").read_bytes()))
    with closing(sqlite3.connect(server.data / "mossbox.db")) as db:
        [(blob, size, cipher, kept, data)] = db.execute(
            "select id, size, cipher, wrapped_key, data from blobs"
        )
        ring, version = struct.unpack("<QI", kept[1:13])
        [(name, wrapped)] = db.execute(
            "select name, wrapped from ring_keys join ring_versions on ring_key = id"
            " where id = ? and ring_versions.version = ?",
            (ring, version),
        )
    ring_key = master.decrypt(wrapped[:12], wrapped[12:], f"{name}/{version}".encode())
    key = AESGCM(ring_key).decrypt(kept[13:25], kept[25:], kept[:13] + bytes((cipher,)))
    return blob, size, cipher, key, data


@pytest.mark.parametrize("headers", [
    {ALGORITHM: "SM4"}, {ALGORITHM: "KMS", DATA_ALGORITHM: "SM4"},
])  # fmt: skip
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_sm4_is_sm4(alone: Server, headers: dict[str, str], size: int) -> None:
    """What lies on the disk is opened by an SM4 that was written from the standard."""
    body = os.urandom(size)
    alone.request("PUT", "bucket", "k", body=body, headers=headers)
    alone.stop()
    blob, kept, cipher, key, data = the_blob(alone)
    assert (cipher, kept, len(key)) == (2, size, 16)
    last = 0
    if data is None:
        raw = blobs_of(alone)[0].read_bytes()
        assert parse_footer(raw[-FOOTER_BYTES:]) == (blob, size, 2)
        last = size // BLOCK
        data = raw[last * SEALED_BYTES : size + 16 * (last + 1)]
    covers = blob.to_bytes(8, "little") + size.to_bytes(8, "little")
    assert gcm_decrypt(key, last.to_bytes(12, "big"), data, covers) == body[last * BLOCK :]


def test_restarted_the_store_opens_what_it_encrypted(alone: Server) -> None:
    body = os.urandom(LARGE)
    for algorithm in ("AES256", "SM4", "KMS"):
        alone.request("PUT", "bucket", algorithm, body=body, headers={ALGORITHM: algorithm})
    alone.stop()
    alone.start()
    for algorithm in ("AES256", "SM4", "KMS"):
        assert alone.request("GET", "bucket", algorithm).body == body
