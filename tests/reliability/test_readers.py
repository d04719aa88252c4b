"""Objects of many parts that are replaced while somebody reads them, and clients that leave."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mossbox.auth import Subject, oss_v4
from tests.support import KEY_ID, REGION, SECRET, Server

PARTS = 24
PART = 1 << 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, workers=2) as running:
        assert running.request("PUT", "bucket").status == 200
        yield running


def put_multipart(server: Server, key: str) -> bytes:
    """An object of parts, some in files and the last ones in the database."""
    upload = server.request("POST", "bucket", key, {"uploads": ""}).element("UploadId")
    bodies = [os.urandom(PART) for _ in range(PARTS)]
    bodies += [os.urandom(110 << 10) for _ in range(4)]
    for number, body in enumerate(bodies, 1):
        query = {"uploadId": upload, "partNumber": str(number)}
        assert server.request("PUT", "bucket", key, query, body).status == 200
    every = {"x-oss-complete-all": "yes"}
    assert server.request("POST", "bucket", key, {"uploadId": upload}, b"", every).status == 200
    return b"".join(bodies)


def signed_head(
    server: Server, method: str, key: str, query: dict[str, str], more: dict[str, str]
) -> bytes:
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"x-oss-date": date, "x-oss-content-sha256": "UNSIGNED-PAYLOAD", **more}
    subject = Subject(method, "bucket", key.encode(), query, headers)
    authorization = oss_v4.sign(subject, KEY_ID, SECRET, REGION)
    target = f"/bucket/{key}" + (
        "?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else ""
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{lines}"
        f"Authorization: {authorization}\r\n\r\n"
    ).encode()


def blob_files(server: Server) -> list[Path]:
    return [path for path in (server.data / "blobs").glob("*/*") if len(path.name) == 16]


@pytest.mark.slow
def test_an_object_that_is_replaced_is_read_to_its_end(server: Server) -> None:
    whole = put_multipart(server, "k")
    with socket.create_connection(("127.0.0.1", server.port)) as reader:
        reader.sendall(signed_head(server, "GET", "k", {}, {}))
        got = reader.recv(1000)
        assert server.request("PUT", "bucket", "k", body=b"new").status == 200
        assert server.request("GET", "bucket", "k").body == b"new"
        time.sleep(4)  # two rounds of the reaper, which must hold back
        assert len(blob_files(server)) == PARTS
        head, _, body = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        pieces = [body]
        size = len(body)
        while size < len(whole):
            piece = reader.recv(1 << 20)
            assert piece, size
            pieces.append(piece)
            size += len(piece)
        assert b"".join(pieces) == whole
    deadline = time.monotonic() + 20
    while blob_files(server):
        assert time.monotonic() < deadline, "the reaper never came"
        time.sleep(0.1)


def test_a_completion_goes_on_when_its_client_leaves(server: Server) -> None:
    upload = server.request("POST", "bucket", "k", {"uploads": ""}).element("UploadId")
    query = {"uploadId": upload, "partNumber": "1"}
    assert server.request("PUT", "bucket", "k", query, b"x").status == 200
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        every = {"x-oss-complete-all": "yes", "content-length": "0"}
        client.sendall(signed_head(server, "POST", "k", {"uploadId": upload}, every))
    deadline = time.monotonic() + 10
    while server.request("GET", "bucket", "k").body != b"x":
        assert time.monotonic() < deadline
        time.sleep(0.05)
