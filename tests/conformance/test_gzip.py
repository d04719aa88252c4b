"""GetObject compressed: which answers, what they say of themselves, and that they are whole."""

import http.client
import json
import zlib

import pytest
import requests

from tests.conformance.raw import signed, target
from tests.support import Server

TEXT = json.dumps([{"number": n, "name": f"entry {n}"} for n in range(200_000)]).encode()
SIZES = (1 << 10, 20_000, (128 << 10) + 1, len(TEXT))


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    assert server.request("PUT", bucket_name).status == 200
    return bucket_name


def put(server: Server, bucket: str, body: bytes, kind: str = "text/plain", **headers: str) -> None:
    given = {"content-type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}
    assert server.request("PUT", bucket, "key", body=body, headers=given).status == 200


def get(server: Server, bucket: str, accepted: str = "gzip", **headers: str):
    given = {"accept-encoding": accepted, **headers}
    return server.request("GET", bucket, "key", headers=given)


@pytest.mark.parametrize("size", SIZES)
def test_an_answer_is_compressed(server, bucket, size):
    put(server, bucket, TEXT[:size], "application/json; charset=utf-8", x_oss_meta_a="1")
    answer = get(server, bucket)
    assert answer.status == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-length" not in answer.headers  # oss2 would hold it for that of the whole
    assert len(answer.body) < size / 2
    assert zlib.decompress(answer.body, 31) == TEXT[:size]
    # The tag and the checksums are those of other bytes.
    for name in ("etag", "content-md5", "x-oss-hash-crc64ecma"):
        assert name not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["x-oss-meta-a"] == "1"
    head = server.request("HEAD", bucket, "key", headers={"accept-encoding": "gzip"})
    assert head.headers["content-length"] == str(size)
    assert "etag" in head.headers


@pytest.mark.parametrize(
    "accepted", ["gzip", "GZIP", "deflate, gzip", "br,gzip;q=0.5", "gzip; q=1"]
)
def test_gzip_is_accepted(server, bucket, accepted):
    put(server, bucket, TEXT[:5000])
    assert get(server, bucket, accepted).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*", "x-gzip2"]
)
def test_gzip_is_not_accepted(server, bucket, accepted):
    put(server, bucket, TEXT[:5000])
    answer = get(server, bucket, accepted)
    assert answer.body == TEXT[:5000]
    assert "content-encoding" not in answer.headers
    assert "etag" in answer.headers


def test_what_is_never_compressed(server, bucket):
    for body, kind, more in (
        (TEXT[:1023], "text/plain", {}),
        (TEXT[:5000], "text/html", {}),
        (TEXT[:5000], "image/png", {}),
        (TEXT[:5000], "", {}),
        (TEXT[:5000], "text/plain", {"content_encoding": "br"}),
    ):
        put(server, bucket, body, kind, **more)
        answer = get(server, bucket)
        assert (answer.status, answer.body) == (200, body)
        assert answer.headers.get("content-encoding") == more.get("content_encoding")
        assert "x-oss-hash-crc64ecma" in answer.headers
    put(server, bucket, TEXT[:5000])
    part = get(server, bucket, range="bytes=0-1999")
    assert (part.status, part.body) == (206, TEXT[:2000])
    etag = server.request("HEAD", bucket, "key").headers["etag"]
    headers = {"accept-encoding": "gzip", "if-none-match": etag}
    assert server.request("GET", bucket, "key", headers=headers).status == 304


def test_a_client_that_unpacks_and_goes_on(server, bucket):
    """Chunks end where they say, so that a connection is used again and again."""
    put(server, bucket, TEXT)
    with requests.Session() as session:
        for _ in range(3):
            headers = signed("v4", "GET", bucket, b"key")
            url = server.endpoint + target(bucket, b"key")
            answer = session.get(url, headers={**headers, "accept-encoding": "gzip, deflate"})
            assert answer.headers["Transfer-Encoding"] == "chunked"
            assert "Content-Length" not in answer.headers
            assert answer.content == TEXT
        assert len(session.adapters["http://"].poolmanager.pools) == 1


def test_an_old_client_is_told_the_end_by_the_connection(server, bucket):
    put(server, bucket, TEXT)
    lines = "".join(f"{k}: {v}\r\n" for k, v in signed("v4", "GET", bucket, b"key").items())
    head = f"GET /{bucket}/key HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n{lines}\r\n"
    with server.connect() as connection:
        connection.sendall(head.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.getheader("Transfer-Encoding") is None
        assert answer.getheader("Connection") == "close"
        assert zlib.decompress(answer.read(), 31) == TEXT
