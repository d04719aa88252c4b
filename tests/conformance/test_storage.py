"""`mossbox.storage` against the store: what only OSS has, faults on the way, and encryption."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mossbox.engine.blobfile import FOOTER_BYTES, parse_footer
from mossbox.engine.cipher import SEALED_BYTES
from mossbox.storage import (
    ConfigInvalid,
    EndpointUnreachable,
    ListMode,
    ObjectMode,
    ObjectNotExist,
    PermissionDenied,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Storager,
    Unexpected,
    memory,
    sync,
)
from mossbox.testing import MossboxServer
from tests.conformance.test_encryption import (
    BLOCK,
    LARGE,
    ROWS,
    SMALL,
    blobs_of,
    found_on_disk,
    marked,
    the_blob,
)
from tests.sm4 import gcm_decrypt
from tests.support import KEY_ID, SECRET, Server


def fields(endpoint: str, **more: str) -> dict[str, str]:
    """A configuration as the document prints it."""
    return {
        "credential": f"hmac:{KEY_ID}:{SECRET}",
        "endpoint": endpoint.replace("://", ":"),
        **more,
    }


@pytest.fixture
def storager(mossbox: MossboxServer) -> Iterator[sync.Storager]:
    """The ready bucket, without an event loop."""
    with sync.Storager.from_config(fields(mossbox.endpoint, name=mossbox.bucket)) as one:
        yield one


# -- without an event loop ----------------------------------------------------------------------


def test_all_of_it_without_an_event_loop(mossbox: MossboxServer) -> None:
    with sync.Servicer.from_config(fields(mossbox.endpoint)) as servicer:
        storager = servicer.create("photos")
        assert [one.name for one in servicer.list()] == ["photos", mossbox.bucket]
        assert storager.write("a", b"Hello") == 5
        assert storager.read("a", offset=1) == b"ello"
        assert b"".join(storager.stream("a")) == b"Hello"
        assert storager.stat("a").content_length == 5
        storager.create_link("link", "a")
        storager.create_dir("dir")
        log = storager.create_append("log")
        storager.write_append(log, b"1")
        storager.commit_append(log)
        upload = storager.create_multipart("big")
        parts = [storager.write_multipart(upload, b"1", index=0)]
        assert list(storager.list_multipart(upload)) == parts
        assert [one.path for one in storager.list(list_mode=ListMode.PART)] == ["big"]
        storager.complete_multipart(upload, parts)
        found = {one.path: one.mode for one in storager.list()}
        assert found == {
            "a": ObjectMode.READ, "big": ObjectMode.READ, "dir": ObjectMode.DIR,
            "link": ObjectMode.LINK, "log": ObjectMode.READ | ObjectMode.APPEND,
        }  # fmt: skip
        for path in found:
            storager.delete(path)
        storager.delete("dir", object_mode=ObjectMode.DIR)
        below = servicer.get("photos", work_dir="/x")
        assert (below.metadata().work_dir, below.create("a").id) == ("/x/", "x/a")
        servicer.delete("photos")


def test_the_twin_has_the_same_face() -> None:
    with sync.Servicer(memory.Servicer()) as servicer:
        storager = servicer.create("photos")
        storager.write("a", b"1")
        assert storager.read("a") == b"1"
        assert list(storager.list("b")) == []


def test_by_a_connection_string(mossbox: MossboxServer) -> None:
    given = fields(mossbox.endpoint)
    text = "&".join(f"{name}={value}" for name, value in given.items())
    with sync.Storager.from_string(f"oss://{mossbox.bucket}/dir?{text}") as storager:
        storager.write("a", b"1")
    assert mossbox.oss2_bucket().get_object("dir/a").read() == b"1"


def test_by_a_file(mossbox: MossboxServer, tmp_path: Path) -> None:
    given = fields(
        mossbox.endpoint, name=mossbox.bucket, work_dir="/dir", location="oss-cn-beijing"
    )
    file = tmp_path / "oss.yaml"
    file.write_text("".join(f"{name}: {value}\n" for name, value in given.items()))
    with sync.Storager.from_file(file) as storager:
        storager.write("a", b"1")
        assert storager.metadata().location == "cn-beijing"
    assert mossbox.oss2_bucket().object_exists("dir/a")


# -- what goes wrong ----------------------------------------------------------------------------


def test_an_endpoint_where_nothing_listens() -> None:
    with (
        sync.Storager.from_config(fields("http:127.0.0.1:1", name="photos")) as storager,
        pytest.raises(EndpointUnreachable, match=r"read a: .*endpoint http://127\.0\.0\.1:1 "),
    ):
        storager.read("a")


def test_keys_that_are_wrong_or_may_not(mossbox: MossboxServer) -> None:
    stranger = {**fields(mossbox.endpoint, name=mossbox.bucket), "credential": "hmac:x:y"}
    wrong = {**stranger, "credential": f"hmac:{KEY_ID}:wrong"}
    role = mossbox.role
    powerless = {
        **stranger, "credential": f"hmac:{role.access_key_id}:{role.access_key_secret}",
    }  # fmt: skip
    for given, code in (
        (stranger, "InvalidAccessKeyId"),
        (wrong, "SignatureDoesNotMatch"),
        (powerless, "AccessDenied"),
    ):
        with sync.Storager.from_config(given) as storager:
            with pytest.raises(PermissionDenied) as refused:
                storager.write("a", b"1")
            assert refused.value.code == code
            assert refused.value.__cause__ is not None
            with pytest.raises(PermissionDenied):
                storager.stat("a")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InternalError", 500, ServiceInternal),
        ("QpsLimitExceeded", 503, RequestThrottled),
        ("Throttling", 429, RequestThrottled),
        ("EntityTooLarge", 400, RestrictionDissatisfied),
        ("KmsServiceNotEnabled", 403, PermissionDenied),
        ("InvalidStorageClass", 400, Unexpected),
    ],
)
def test_refusals_by_their_kinds(
    code: str, status: int, kind: type[StorageError], mossbox: MossboxServer,
    storager: sync.Storager,
) -> None:  # fmt: skip
    with mossbox.faults.add("PutObject", error=code, status=status), pytest.raises(kind) as refused:
        storager.write("a", b"1")
    assert refused.value.code == code


def test_a_client_tries_again(mossbox: MossboxServer, storager: sync.Storager) -> None:
    fault = mossbox.faults.add("PutObject", error="InternalError", nth=1)
    storager.write("a", b"1")
    assert (fault.hits, fault.seen) == (1, 2)


def test_a_connection_that_breaks(mossbox: MossboxServer, storager: sync.Storager) -> None:
    storager.write("a", os.urandom(2_000_000))
    once = mossbox.faults.add("GetObject", drop="within", nth=1)
    assert len(storager.read("a")) == 2_000_000  # the client goes on where it was
    assert once.hits == 1
    with mossbox.faults.add("*Object", drop="within"), pytest.raises(EndpointUnreachable):
        storager.read("a")
    with mossbox.faults.add("*Object", drop="before"), pytest.raises(EndpointUnreachable):
        storager.write("a", b"1")


def test_a_location_that_is_not_the_endpoints(mossbox: MossboxServer) -> None:
    with sync.Servicer.from_config(fields(mossbox.endpoint)) as servicer:
        with pytest.raises(RestrictionDissatisfied, match="location oss-us-west-1 is not"):
            servicer.create("photos", location="oss-us-west-1")
        assert [one.name for one in servicer.list()] == [mossbox.bucket]


def test_signatures_are_for_the_location() -> None:
    with MossboxServer(region="cn-beijing", arguments=["--strict-regions"]) as store:
        given = fields(store.endpoint, name=store.bucket)
        with sync.Storager.from_config({**given, "location": "oss-cn-beijing"}) as storager:
            storager.write("a", b"1")
        with sync.Storager.from_config(given) as storager, pytest.raises(StorageError):
            storager.write("a", b"1")


def test_a_missing_library_is_named() -> None:
    script = (
        "import sys\nsys.modules['alibabacloud_oss_v2'] = None\n"
        "from mossbox.storage import Servicer\n"
        "Servicer.from_config({'credential': 'hmac:a:b', 'endpoint': 'http:h'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr.strip().endswith(
        f"{ConfigInvalid.__name__}: mossbox.storage needs alibabacloud_oss_v2:"
        " pip install 'mossbox[storage]'"
    )


def test_several_tasks_share_a_storager(mossbox: MossboxServer) -> None:
    async def case() -> None:
        async with Storager.from_config(fields(mossbox.endpoint, name=mossbox.bucket)) as one:
            await asyncio.gather(*(one.write(f"{n:02}", b"1" * n) for n in range(40)))
            found = [entry async for entry in one.list()]
            assert [entry.content_length for entry in found] == list(range(40))
            with pytest.raises(ObjectNotExist):
                await one.read("40")

    asyncio.run(case())


# -- encryption, looked for on the disk ---------------------------------------------------------


@pytest.fixture(params=ROWS)
def pairs(request: pytest.FixtureRequest, server: Server) -> dict[str, Any]:
    """One row of the document's table, as pairs; the key's id by the name that it prints."""
    algorithm, data, named = ROWS[request.param]
    given = {"server_side_encryption": algorithm, "server_side_data_encryption": data}
    if named:
        made = server.request("POST", query={"mossbox-keys": "CreateKey"})
        given["server-side-encryption-key-id"] = made.element("KeyId")
    return given


def as_asked(pairs: dict[str, Any], server: Server, bucket: str, key: str) -> None:
    """HEAD and GET tell the row."""
    for method in ("HEAD", "GET"):
        told = server.request(method, bucket, key).headers
        assert told["x-oss-server-side-encryption"] == pairs["server_side_encryption"]
        data = told.get("x-oss-server-side-data-encryption")
        assert data == pairs["server_side_data_encryption"]
        key_id = told.get("x-oss-server-side-encryption-key-id")
        assert (key_id is not None) is (pairs["server_side_encryption"] == "KMS")
        assert pairs.get("server-side-encryption-key-id", key_id) == key_id


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_nothing_lies_there_in_plain_text(
    server: Server, bucket_name: str, pairs: dict[str, Any], size: int
) -> None:
    assert server.request("PUT", bucket_name).status == 200
    body, marker = marked(2 * size)
    with sync.Storager.from_config(fields(server.endpoint, name=bucket_name)) as storager:
        storager.write("put", body, **pairs)
        log = storager.create_append("appended", **pairs)
        storager.write_append(log, body[:size], **pairs)
        storager.write_append(log, body[size:], **pairs)
        late = storager.create_append("late")
        storager.write_append(late, body[:size], **pairs)
        storager.write_append(late, body[size:], **pairs)
        upload = storager.create_multipart("parts", **pairs)
        storager.write_multipart(upload, body, index=0)
        for key in ("put", "appended", "late"):
            assert storager.read(key) == body
            assert storager.read(key, offset=size - 5, size=10) == body[size - 5 : size + 5]
            as_asked(pairs, server, bucket_name, key)
        assert found_on_disk(server, marker) == []
        storager.delete("parts", multipart_id=upload.multipart_id or "")


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Server]:
    """A store that a test may take apart."""
    with Server(tmp_path) as running:
        assert running.request("PUT", "photos").status == 200
        yield running


@pytest.mark.parametrize("algorithm", ["AES256", "SM4", "KMS"])
def test_equal_bodies_differ_and_a_flipped_bit_is_an_error(alone: Server, algorithm: str) -> None:
    body = b"the same " * 40_000
    with sync.Storager.from_config(fields(alone.endpoint, name="photos")) as storager:
        for path in ("one", "two"):
            storager.write(path, body, server_side_encryption=algorithm)
        one, two = blobs_of(alone)
        first = bytearray(one.read_bytes())
        same = sum(a == b for a, b in zip(first[: len(body)], two.read_bytes(), strict=False))
        assert same < len(body) / 100
        for path in (one, two):
            raw = bytearray(path.read_bytes())
            raw[70_000] ^= 8
            path.write_bytes(raw)
        for name in ("one", "two"):
            with pytest.raises(StorageError):
                storager.read(name)


@pytest.mark.parametrize("pairs", [
    {"server_side_encryption": "SM4"},
    {"server_side_encryption": "KMS", "server_side_data_encryption": "SM4"},
], ids=["SSE-OSS", "SSE-KMS"])  # fmt: skip
@pytest.mark.parametrize("appended", [False, True])
def test_sm4_is_sm4(alone: Server, pairs: dict[str, Any], appended: bool) -> None:
    """What lies on the disk is opened by an SM4 that was written from the standard."""
    body = os.urandom(LARGE)
    with sync.Storager.from_config(fields(alone.endpoint, name="photos")) as storager:
        if appended:
            storager.write_append(storager.create_append("a", **pairs), body)
        else:
            storager.write("a", body, **pairs)
    alone.stop()
    with sqlite3.connect(alone.data / "mossbox.db") as db:
        db.execute("delete from blobs where size = 0")  # what the append began with
    db.close()
    blob, size, cipher, key, _ = the_blob(alone)
    assert (size, cipher) == (LARGE, 2)
    raw = blobs_of(alone)[-1].read_bytes()
    assert parse_footer(raw[-FOOTER_BYTES:]) == (blob, size, 2)
    last = size // BLOCK
    data = raw[last * SEALED_BYTES : size + 16 * (last + 1)]
    covers = blob.to_bytes(8, "little") + size.to_bytes(8, "little")
    assert gcm_decrypt(key, last.to_bytes(12, "big"), data, covers) == body[last * BLOCK :]
