"""`--memory`: the same store with nothing on disk, that says when it is full."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.load import listed, wait_until
from tests.support import Server

BODY = os.urandom(3 << 20)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Server]:
    """8 MiB: half for small bodies, half for large ones."""
    with Server(tmp_path, "--memory", "--memory-limit-mib", "8") as server:
        assert server.request("PUT", "bucket").status == 200
        yield server


def test_bodies_of_all_sizes_come_back(store: Server) -> None:
    for size in (0, 1, 4096, (128 << 10) - 1, 128 << 10, (128 << 10) + 1, len(BODY)):
        body = BODY[:size]
        assert store.request("PUT", "bucket", f"k{size}", body=body).status == 200
        assert store.request("GET", "bucket", f"k{size}").body == body
        if size > 100:
            headers = {"range": f"bytes=50-{size - 10}"}
            answer = store.request("GET", "bucket", f"k{size}", headers=headers)
            assert answer.body == body[50 : size - 9]
    assert len(listed(store, "bucket")) == 7


def test_objects_are_replaced_and_deleted(store: Server) -> None:
    for body in (BODY, b"small", BODY[:-1]):
        assert store.request("PUT", "bucket", "k", body=body).status == 200
        assert store.request("GET", "bucket", "k").body == body
        wait_until(lambda: _fits(store, BODY[: 1 << 20]), "the old body's room is free again")
    assert store.request("DELETE", "bucket", "k").status == 204
    assert store.request("GET", "bucket", "k").code == "NoSuchKey"
    assert listed(store, "bucket") == {}
    assert store.request("DELETE", "bucket").status == 204


def _fits(store: Server, body: bytes) -> bool:
    """Whether a body can be kept (it is removed again)."""
    answer = store.request("PUT", "bucket", "probe", body=body)
    store.request("DELETE", "bucket", "probe")
    return answer.status == 200


def test_nothing_is_written_to_the_disk(store: Server, tmp_path: Path) -> None:
    assert store.request("PUT", "bucket", "k", body=BODY).status == 200
    assert {path.name for path in tmp_path.iterdir()} == {"server.log", "access.log"}


def test_nothing_survives_a_restart(store: Server) -> None:
    assert store.request("PUT", "bucket", "k", body=b"x").status == 200
    assert store.stop() == 0
    store.start()
    assert store.request("GET", "bucket", "k").code == "NoSuchBucket"


@pytest.mark.slow
@pytest.mark.parametrize("size", [60_000, 500_000])
def test_a_full_store_refuses_and_recovers(store: Server, size: int) -> None:
    kept = 0
    while True:
        answer = store.request("PUT", "bucket", f"k{kept:04}", body=BODY[:size])
        if answer.status != 200:
            break
        kept += 1
        assert kept * size < 8 << 20
    assert (answer.status, answer.code) == (503, "ServiceUnavailable")
    assert kept * size > 3 << 20  # most of its half was of use
    # What was kept is whole, and the store is ready: a full one is no broken one.
    assert store.request("GET", "-", "ready", sign=False).status == 200
    assert len(listed(store, "bucket")) == kept
    assert store.request("PUT", "bucket", "k0000", body=BODY[: size * 2]).status == 503
    for number in range(kept):
        assert store.request("GET", "bucket", f"k{number:04}").body == BODY[:size]
    for number in range(kept):
        assert store.request("DELETE", "bucket", f"k{number:04}").status == 204
    wait_until(lambda: _fits(store, BODY[:size]), "there is room again")
    stat = store.request("GET", "bucket", query={"stat": ""})
    assert stat.element("ObjectCount") == "0"
    assert stat.element("Storage") == "0"
    for number in range(kept - 1):
        assert store.request("PUT", "bucket", f"again{number}", body=BODY[:size]).status == 200
