"""Encryption through the whole line, in memory: what is kept, and what changes meanwhile."""

import asyncio
import os

import pytest

from mossbox import errors
from mossbox.errors import ServiceError
from mossbox.http.message import Body, Response
from mossbox.operations.sealing import (
    ALGORITHM,
    DATA_ALGORITHM,
    KEY_ID,
    Rule,
    asked,
    checked,
    decode_rule,
    encode_rule,
)
from tests.unit.operations.conftest import Line

DEFAULT = (
    b"<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>%s</SSEAlgorithm>"
    b"</ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>"
)
WAYS = [
    {ALGORITHM: "AES256"},
    {ALGORITHM: "SM4"},
    {ALGORITHM: "KMS"},
    {ALGORITHM: "KMS", DATA_ALGORITHM: "SM4"},
]


def set_default(line: Line, algorithm: bytes) -> None:
    assert line.send("PUT", "/photos?encryption", DEFAULT % algorithm).status == 200


@pytest.mark.parametrize("headers", WAYS)
@pytest.mark.parametrize("size", [0, 1, 1024, 1025, 300_000])
def test_in_memory_too(line: Line, headers: dict[str, str], size: int) -> None:
    body = os.urandom(size)
    put = line.send("PUT", "/photos/k", body, headers)
    assert put.status == 200
    got = line.send("GET", "/photos/k")
    assert got.body == body
    assert {name: got.headers[name] for name in headers} == headers
    rows = line.engine.db.rows("select data from blobs")
    kept = [data for (data,) in rows if data] + list(line.engine.blobs._blobs.values())  # type: ignore[attr-defined]
    assert len(kept) == (size > 0)
    assert all(body[:16] not in data for data in kept if size >= 16)


def test_overwriting_leaves_no_other_encryption_behind(line: Line) -> None:
    line.send("PUT", "/photos/k", b"secret", {ALGORITHM: "AES256"})
    line.send("PUT", "/photos/k", b"plain")
    got = line.send("GET", "/photos/k")
    assert got.body == b"plain"
    assert ALGORITHM not in got.headers


@pytest.mark.parametrize("size", [10, 5000])
@pytest.mark.parametrize(
    ("before", "after"), [(b"", b"AES256"), (b"AES256", b""), (b"SM4", b"KMS")]
)
def test_a_default_that_changes_while_bytes_come_is_not_passed_by(
    line: Line, size: int, before: bytes, after: bytes
) -> None:
    """The write is refused so that the client tries again, and nothing of it is kept."""
    if before:
        set_default(line, before)
    body = Body(size)
    body.feed(b"x")
    request = line.request("PUT", "/photos/k", body, {"content-length": str(size)})

    async def scenario() -> Response:
        put = asyncio.ensure_future(line.pipeline.handle(request))
        while body.buffered:  # until it waits for the rest
            await asyncio.sleep(0)
        if after:
            change = line.request("PUT", "/photos?encryption", DEFAULT % after)
        else:
            change = line.request("DELETE", "/photos?encryption")
        assert (await line.pipeline.handle(change)).status in (200, 204)
        body.feed(b"y" * (size - 1))
        body.end()
        return await put

    assert line.run(scenario()).status == 503
    assert line.send("HEAD", "/photos/k").status == 404
    assert line.engine.db.rows("select count(*) from blobs") == [(0,)]
    assert line.engine.blobs._blobs == {}  # type: ignore[attr-defined]
    assert line.send("PUT", "/photos/k", b"again").status == 200


def test_an_append_to_what_was_made_anew_is_refused(line: Line) -> None:
    """Between its beginning and its end the object became one of another encryption."""
    line.send("POST", "/photos/k?append&position=0", b"12345", {ALGORITHM: "AES256"})
    body = Body(3)
    body.feed(b"6")
    request = line.request("POST", "/photos/k?append&position=5", body, {"content-length": "3"})

    async def scenario() -> Response:
        append = asyncio.ensure_future(line.pipeline.handle(request))
        while body.buffered:
            await asyncio.sleep(0)
        for other in (
            line.request("DELETE", "/photos/k"),
            line.request("POST", "/photos/k?append&position=0", b"abcde"),
        ):
            assert (await line.pipeline.handle(other)).status in (200, 204)
        body.feed(b"78")
        body.end()
        return await append

    assert line.run(scenario()).status == 503
    assert line.send("GET", "/photos/k").body == b"abcde"


def test_through_a_link_the_targets_encryption_shows(line: Line) -> None:
    line.send("PUT", "/photos/k", b"secret", {ALGORITHM: "AES256"})
    assert line.send("PUT", "/photos/l?symlink", b"", {"x-oss-symlink-target": "k"}).status == 200
    got = line.send("GET", "/photos/l")
    assert (got.body, got.headers[ALGORITHM]) == (b"secret", "AES256")
    set_default(line, b"SM4")
    line.send("PUT", "/photos/m?symlink", b"", {"x-oss-symlink-target": "p"})
    line.send("DELETE", "/photos?encryption")
    line.send("PUT", "/photos/p", b"plain")
    got = line.send("GET", "/photos/m")
    assert (got.body, ALGORITHM in got.headers) == (b"plain", False)


# -- rules --------------------------------------------------------------------------------------


def test_nothing_asked_is_no_rule() -> None:
    assert asked(None, None, None) is None


@pytest.mark.parametrize(
    "rule", [Rule("AES256"), Rule("SM4"), Rule("KMS"), Rule("KMS", "SM4"), Rule("KMS", "", "id")]
)
def test_a_rule_is_kept_as_it_was(rule: Rule) -> None:
    assert decode_rule(encode_rule(rule).decode()) == rule
    given = (rule.algorithm, rule.data_algorithm or None, rule.key_id or None)
    assert asked(*given) == rule


def test_a_data_algorithm_without_kms_means_nothing() -> None:
    assert asked("AES256", "SM4", None) == Rule("AES256")


def test_a_refusal_names_what_it_means() -> None:
    with pytest.raises(ServiceError) as failed:
        checked(Rule("AES256", "", "id"), "KMSMasterKeyID")
    assert failed.value.code is errors.InvalidArgument
    assert failed.value.message == (
        "KMSMasterKeyID is not applicable if the default sse algorithm is not KMS"
    )
    assert failed.value.details["ArgumentName"] == "KMSMasterKeyID"
    for name, given in ((KEY_ID, (None, None, "id")), (DATA_ALGORITHM, (None, "SM4", None))):
        with pytest.raises(ServiceError) as failed:
            asked(*given)
        assert failed.value.details["ArgumentName"] == name
