"""Transfers at a limited rate by the official clients: slower, and the same bytes."""

import gzip
import http.client
import ssl
from pathlib import Path

import alibabacloud_oss_v2 as oss
import oss2
import pytest

from tests.conformance import forms
from tests.support import KEY_ID, REGION, SECRET, Server, free_port

SLOWEST, FASTEST = "819200", "838860800"
DATA = bytes(range(256)) * 100  # a quarter of a second at the lowest rate


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> oss2.Bucket:
    made = oss2.Bucket(oss2.Auth(KEY_ID, SECRET), server.endpoint, bucket_name, is_path_style=True)
    made.create_bucket()
    return made


def test_oss2(bucket: oss2.Bucket, tmp_path: Path) -> None:
    slow = {"x-oss-traffic-limit": SLOWEST}
    put = bucket.put_object("put", DATA, headers=slow)
    assert int(put.headers["x-oss-qos-delay-time"]) > 0
    assert "x-oss-qos-delay-time" not in bucket.put_object("plain", DATA).headers
    assert bucket.get_object("put", headers=slow).read() == DATA
    bucket.append_object("append", 0, DATA, headers=slow)
    bucket.copy_object(bucket.bucket_name, "put", "copy", headers=slow)
    assert bucket.get_object("copy").read() == DATA
    upload = bucket.init_multipart_upload("parts", headers=slow).upload_id
    part = bucket.upload_part("parts", upload, 1, DATA, headers=slow)
    bucket.upload_part_copy(
        bucket.bucket_name, "put", (0, 99), "parts", upload, 2, headers=slow
    )  # a part of its own, that is not used
    bucket.complete_multipart_upload("parts", upload, [oss2.models.PartInfo(1, part.etag)])
    assert bucket.get_object("parts").read() == DATA
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("put", b"other", headers={"x-oss-traffic-limit": "1000"})
    assert (refused.value.status, refused.value.code) == (400, "InvalidArgument")
    assert bucket.get_object("put").read() == DATA


def test_oss2_s_resumable_transfers_pass_the_limit_on(bucket: oss2.Bucket, tmp_path: Path) -> None:
    """Also to requests that move no bytes."""
    fast = {"x-oss-traffic-limit": FASTEST}
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(DATA * 10)
    store = oss2.ResumableStore(root=str(tmp_path))
    oss2.resumable_upload(
        bucket, "big", str(source), store=store, headers=fast, multipart_threshold=100_000,
        part_size=102_400,
    )  # fmt: skip
    store = oss2.ResumableDownloadStore(root=str(tmp_path))
    oss2.resumable_download(
        bucket, "big", str(target), store=store, headers=fast, multiget_threshold=100_000,
        part_size=102_400,
    )  # fmt: skip
    assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("auth", [oss2.Auth, oss2.AuthV4])
def test_the_limit_in_a_url(server: Server, bucket: oss2.Bucket, auth: type) -> None:
    signer = oss2.Bucket(
        auth(KEY_ID, SECRET), server.endpoint, bucket.bucket_name, region=REGION, is_path_style=True
    )
    params = {"x-oss-traffic-limit": SLOWEST}  # copied each time: signing leaves its own behind
    url = signer.sign_url("PUT", "in-url", 60, params=dict(params), slash_safe=True)
    assert signer.put_object_with_url(url, DATA).status == 200
    url = signer.sign_url("GET", "in-url", 60, params=dict(params), slash_safe=True)
    assert signer.get_object_with_url(url).read() == DATA
    faster = url.replace(SLOWEST, FASTEST)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        signer.get_object_with_url(faster)
    assert (refused.value.status, refused.value.code) == (403, "SignatureDoesNotMatch")


def test_oss_v2(server: Server, bucket: oss2.Bucket) -> None:
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(KEY_ID, SECRET)
    config.region, config.endpoint, config.use_path_style = REGION, server.endpoint, True
    client = oss.Client(config)
    limit = int(SLOWEST)
    put = oss.PutObjectRequest(bucket.bucket_name, "v2", body=DATA, traffic_limit=limit)
    assert client.put_object(put).status_code == 200
    get = oss.GetObjectRequest(bucket.bucket_name, "v2", traffic_limit=limit)
    assert client.get_object(get).body.content == DATA
    signed = client.presign(get)
    assert SLOWEST in signed.url or SLOWEST in (signed.signed_headers or {}).values()


@pytest.mark.parametrize("where", ["field", "header", "query"])
def test_a_form(server: Server, bucket: oss2.Bucket, where: str) -> None:
    name = bucket.bucket_name
    limit = {"x-oss-traffic-limit": SLOWEST}
    given = {"key": "of-form", **forms.signed("v4"), **(limit if where == "field" else {})}
    form = forms.body(*given.items(), forms.File(DATA))
    path = f"/{name}?x-oss-traffic-limit={SLOWEST}" if where == "query" else f"/{name}"
    headers = limit if where == "header" else {}
    assert forms.send(server, name, form, headers, path=path).status == 204
    assert bucket.get_object("of-form").read() == DATA
    given["x-oss-traffic-limit"] = "1"
    refused = forms.send(server, name, forms.body(*given.items(), forms.File(b"other")))
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    assert bucket.get_object("of-form").read() == DATA


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_over_tls_and_with_compression(tmp_path: Path, encoding: str) -> None:
    """The other way that bodies leave by, and a body whose length nobody knows before."""
    port = free_port()
    arguments = ("--tls-listen", f"127.0.0.1:{port}", "--tls-self-signed", "--memory")
    with Server(tmp_path, *arguments, "--bucket", "texts:public-read") as server:
        kind = {"content-type": "text/plain"}
        server.request("PUT", "texts", "a.txt", body=DATA, headers=kind)
        context = ssl._create_unverified_context()
        for connection in (
            http.client.HTTPConnection("127.0.0.1", server.port, timeout=30),
            http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context),
        ):
            headers = {"x-oss-traffic-limit": SLOWEST, "accept-encoding": encoding}
            connection.request("GET", "/texts/a.txt", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200
            body = answer.read()
            assert (gzip.decompress(body) if encoding == "gzip" else body) == DATA
            connection.close()
