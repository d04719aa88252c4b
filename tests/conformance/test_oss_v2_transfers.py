"""Transfers of alibabacloud-oss-v2 that are made of many requests: V1 and V4."""

import os
from pathlib import Path

import alibabacloud_oss_v2 as oss
import pytest

from tests.conformance.programs import PART_SIZE, RESUMABLE_SIZE, moved
from tests.support import KEY_ID, REGION, SECRET, Server

BODY = os.urandom(RESUMABLE_SIZE)


class Broken(Exception):
    """What the progress callback stops a transfer with."""


def breaking(_increment: int, transferred: int, total: int) -> None:
    if transferred > total // 2:
        raise Broken


@pytest.fixture(params=["v1", "v4"])
def client(request: pytest.FixtureRequest, server: Server) -> oss.Client:
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(KEY_ID, SECRET)
    config.region, config.endpoint = REGION, server.endpoint
    config.signature_version = request.param
    return oss.Client(config)


@pytest.fixture
def bucket(client: oss.Client, bucket_name: str) -> str:
    client.put_bucket(oss.PutBucketRequest(bucket=bucket_name))
    return bucket_name


def read(client: oss.Client, bucket: str, key: str) -> bytes:
    return client.get_object(oss.GetObjectRequest(bucket=bucket, key=key)).body.read()


def options(tmp_path: Path) -> dict:
    records = tmp_path / "records"
    records.mkdir(exist_ok=True)
    return {
        "part_size": PART_SIZE,
        "parallel_num": 1,
        "enable_checkpoint": True,
        "checkpoint_dir": str(records),
    }


def test_a_broken_upload_is_resumed(client, server, bucket, tmp_path: Path) -> None:
    (tmp_path / "up").write_bytes(BODY)
    uploader = client.uploader(**options(tmp_path), leave_parts_on_error=True)
    with pytest.raises(Broken):
        uploader.upload_file(
            oss.PutObjectRequest(bucket=bucket, key="key", progress_fn=breaking),
            str(tmp_path / "up"),
        )
    before = moved(server, "UploadPart")
    uploader.upload_file(oss.PutObjectRequest(bucket=bucket, key="key"), str(tmp_path / "up"))
    assert 0 < moved(server, "UploadPart") - before <= RESUMABLE_SIZE // 2 + 2 * PART_SIZE
    assert read(client, bucket, "key") == BODY
    request = oss.ListMultipartUploadsRequest(bucket=bucket)
    assert not client.list_multipart_uploads(request).uploads


def test_a_big_copy_goes_part_by_part(client, bucket) -> None:
    client.put_object(
        oss.PutObjectRequest(
            bucket=bucket, key="from 中文", body=BODY, metadata={"one": "1"}, tagging="a=1"
        )
    )
    copier = client.copier(
        part_size=PART_SIZE, multipart_copy_threshold=PART_SIZE, disable_shallow_copy=True
    )
    copier.copy(oss.CopyObjectRequest(bucket=bucket, key="to", source_key="from 中文"))
    head = client.head_object(oss.HeadObjectRequest(bucket=bucket, key="to"))
    assert (head.object_type, head.metadata, head.tagging_count) == ("Multipart", {"one": "1"}, 1)
    assert read(client, bucket, "to") == BODY


def test_an_object_is_written_and_read_like_a_file(client, bucket) -> None:
    with client.append_file(bucket=bucket, key="log") as file:
        file.write(b"one ")
        file.write(BODY)
    with client.append_file(bucket=bucket, key="log") as file:
        file.write(b" two")
    with client.open_file(bucket=bucket, key="log") as file:
        assert file.read(4) == b"one "
        file.seek(-4, os.SEEK_END)
        assert file.read() == b" two"
        file.seek(4)
        assert file.read(len(BODY)) == BODY
