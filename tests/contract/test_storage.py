"""What every storager does: of OSS, on a store in memory, and the twin that has no OSS at all."""

import asyncio
import io
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine
from hashlib import md5
from typing import Any

import pytest

from mossbox.storage import (
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairRequired,
    PairUnsupported,
    RestrictionDissatisfied,
    Servicer,
    StorageError,
    Storager,
    Unexpected,
    memory,
)

Case = Callable[[Storager], Coroutine[Any, Any, None]]
OnABucket = Callable[[Case], None]


@pytest.fixture(params=["oss", "memory"])
def servicer(request: pytest.FixtureRequest) -> Servicer:
    """A servicer of an empty account."""
    if request.param == "memory":
        return memory.Servicer()
    store = request.getfixturevalue("mossbox")
    store.oss2_bucket().delete_bucket()
    return Servicer.from_config(
        {
            "credential": f"hmac:{store.access_key_id}:{store.access_key_secret}",
            "endpoint": f"http:127.0.0.1:{store.port}",
        }
    )


@pytest.fixture
def on_a_bucket(
    servicer: Servicer,
) -> Callable[[Callable[[Storager], Coroutine[Any, Any, None]]], None]:
    """Runs a case on the storager of a new bucket, below a work dir."""

    def run(case: Callable[[Storager], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            async with servicer:
                await servicer.create("photos")
                await case(servicer.get("photos", work_dir="/albums/2026"))

        asyncio.run(whole())

    return run


async def paths(storager: Storager, path: str = "", mode: ListMode = ListMode.PREFIX) -> list[str]:
    return [found.path async for found in storager.list(path, list_mode=mode)]


def test_the_servicer(servicer: Servicer) -> None:
    async def case() -> None:
        async with servicer:
            assert [one.name async for one in servicer.list()] == []
            made = await servicer.create("photos", location="oss-cn-hangzhou")
            await servicer.create("films")
            assert made.metadata().name == "photos"
            assert [one.name async for one in servicer.list()] == ["films", "photos"]
            here = [one.location async for one in servicer.list(location="cn-hangzhou")]
            assert here == ["cn-hangzhou"] * 2
            assert [one async for one in servicer.list(location="oss-cn-beijing")] == []
            storager = servicer.get("photos")
            await storager.write("a", b"1")
            with pytest.raises(Unexpected, match=r"delete photos: .*BucketNotEmpty") as refused:
                await servicer.delete("photos")
            assert refused.value.code == "BucketNotEmpty"
            await storager.delete("a")
            await servicer.delete("photos")
            with pytest.raises(Unexpected, match="NoSuchBucket"):
                await servicer.delete("photos")
            with pytest.raises(Unexpected, match=r"write a: .*NoSuchBucket"):
                await storager.write("a", b"1")
            assert [one.name async for one in servicer.list()] == ["films"]

    asyncio.run(case())


def test_more_buckets_and_objects_than_a_page(servicer: Servicer) -> None:
    async def case() -> None:
        async with servicer:
            storager = await servicer.create("photos")
            for number in range(55):
                await servicer.create(f"films-{number:02}")
            assert len([one async for one in servicer.list()]) == 56
            names = [f"{number:03}" for number in range(450)]
            for name in names:
                await storager.write(name, b"")
            await storager.write("dir/a", b"")
            assert await paths(storager) == [*names, "dir/a"]
            assert await paths(storager, mode=ListMode.DIR) == [*names, "dir"]
            assert await paths(storager, "44") == [f"44{digit}" for digit in range(10)]

    asyncio.run(case())


def test_write_and_read(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        assert await storager.write("a/b c+ü.txt", b"Hello World") == 11
        assert await storager.read("a/b c+ü.txt") == b"Hello World"
        assert await storager.read("a/b c+ü.txt", offset=6) == b"World"
        assert await storager.read("a/b c+ü.txt", size=5) == b"Hello"
        assert await storager.read("a/b c+ü.txt", offset=4, size=3) == b"o W"
        assert await storager.read("a/b c+ü.txt", offset=6, size=100) == b"World"
        assert await storager.read("a/b c+ü.txt", size=0) == b""
        assert await storager.write("a/b c+ü.txt", b"") == 0
        assert await storager.read("a/b c+ü.txt") == b""
        with pytest.raises(ObjectNotExist, match="read c: object not exist: NoSuchKey"):
            await storager.read("c")
        with pytest.raises(ObjectNotExist):
            await storager.read("c", size=0)
        with pytest.raises(Unexpected, match="InvalidRange"):
            await storager.read("a/b c+ü.txt", offset=1)
        with pytest.raises(RestrictionDissatisfied, match="from 0"):
            await storager.read("a/b c+ü.txt", offset=-1)

    on_a_bucket(case)


def test_bodies_come_in_many_ways(on_a_bucket: OnABucket) -> None:
    body = os.urandom(700_000)

    async def pieces() -> AsyncIterator[bytes]:
        yield body[:10]
        yield b""
        yield body[10:]

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield body

    async def case(storager: Storager) -> None:
        assert await storager.write("a", endless(), 1_000_000) == 1_000_000
        for data in (bytearray(body), memoryview(body), io.BytesIO(body), pieces()):
            assert await storager.write("a", data) == len(body)
            assert await storager.read("a") == body
        for data in (body, io.BytesIO(body), pieces()):
            assert await storager.write("a", data, 300_000) == 300_000
            assert await storager.read("a") == body[:300_000]
        for data in (b"12", io.BytesIO(b"12")):
            with pytest.raises(RestrictionDissatisfied, match="size says 3 bytes, and there are 2"):
                await storager.write("b", data, 3)
        with pytest.raises(ObjectNotExist):
            await storager.stat("b")
        seen: list[bytes] = []
        await storager.write("a", io.BytesIO(body), io_callback=seen.append)
        assert b"".join(seen) == body
        seen.clear()
        got = [piece async for piece in storager.stream("a", io_callback=seen.append)]
        assert got == seen
        assert b"".join(seen) == body

    on_a_bucket(case)


def test_what_stat_tells(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        digest = b64encode(md5(b"Hello").digest()).decode()
        await storager.write(
            "a", b"Hello", content_type="text/plain", storage_class="IA", content_md5=digest
        )
        found = await storager.stat("a")
        assert (found.path, found.id, found.mode) == ("a", "albums/2026/a", ObjectMode.READ)
        assert (found.content_length, found.content_type) == (5, "text/plain")
        assert (found.content_md5, found.storage_class) == (digest, "IA")
        assert found.etag == f'"{md5(b"Hello").hexdigest().upper()}"'
        assert found.last_modified is not None
        assert found.last_modified.utcoffset() is not None
        assert found.append_offset is None
        with pytest.raises(ObjectNotExist, match="stat b: "):
            await storager.stat("b")
        with pytest.raises(Unexpected, match="InvalidDigest"):
            await storager.write("a", b"Hallo", content_md5=digest)

    on_a_bucket(case)


def test_deleting_twice_is_no_error(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        await storager.write("a", b"1")
        await storager.delete("a")
        await storager.delete("a")
        with pytest.raises(ObjectNotExist):
            await storager.stat("a")
        upload = await storager.create_multipart("a")
        assert upload.multipart_id
        await storager.delete("a", multipart_id=upload.multipart_id)
        await storager.delete("a", multipart_id=upload.multipart_id)
        assert await paths(storager, mode=ListMode.PART) == []

    on_a_bucket(case)


def test_nothing_outside_the_work_dir_is_seen(servicer: Servicer) -> None:
    async def case() -> None:
        async with servicer:
            whole = await servicer.create("photos")
            below = servicer.get("photos", work_dir="/albums")
            await whole.write("albums-old/a", b"1")
            await whole.write("b", b"1")
            await below.write("b", b"2")
            assert await paths(below) == ["b"]
            assert await paths(whole) == ["albums-old/a", "albums/b", "b"]
            assert await below.read("b") == b"2"
            await below.delete("b")
            assert await whole.read("b") == b"1"
            assert below.metadata().work_dir == "/albums/"

    asyncio.run(case())


def test_the_ways_to_list(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        for name in ("a", "dir/1", "dir/2", "dir/sub/3", "dirt"):
            await storager.write(name, b"1")
        await storager.create_dir("empty")
        upload = await storager.create_multipart("dir/part ü+")
        assert await paths(storager) == ["a", "dir/1", "dir/2", "dir/sub/3", "dirt", "empty"]
        assert await paths(storager, "dir") == ["dir/1", "dir/2", "dir/sub/3", "dirt"]
        top = {one.path: one.mode async for one in storager.list(list_mode=ListMode.DIR)}
        assert top == {
            "a": ObjectMode.READ, "dir": ObjectMode.DIR, "dirt": ObjectMode.READ,
            "empty": ObjectMode.DIR,
        }  # fmt: skip
        assert await paths(storager, "dir", ListMode.DIR) == ["dir/1", "dir/2", "dir/sub"]
        assert await paths(storager, "dir/", ListMode.DIR) == ["dir/1", "dir/2", "dir/sub"]
        assert await paths(storager, "empty", ListMode.DIR) == []
        await storager.write("odd/ü &+%/a", b"1")
        assert await paths(storager, "odd", ListMode.DIR) == ["odd/ü &+%"]
        assert await paths(storager, "odd/ü &+%", ListMode.DIR) == ["odd/ü &+%/a"]
        parts = [one async for one in storager.list(list_mode=ListMode.PART)]
        assert [(one.path, one.mode, one.multipart_id) for one in parts] == [
            ("dir/part ü+", ObjectMode.PART, upload.multipart_id)
        ]
        assert await paths(storager, "a", ListMode.PART) == []
        with pytest.raises(ListModeInvalid):
            await paths(storager, mode=ListMode.DIR | ListMode.PART)

    on_a_bucket(case)


def test_directories(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        made = await storager.create_dir("made")
        assert (made.path, made.mode) == ("made", ObjectMode.DIR)
        await storager.write("grown/a", b"1")
        for path in ("made", "made/", "grown"):
            found = await storager.stat(path, object_mode=ObjectMode.DIR)
            assert (found.path, found.mode) == (path.rstrip("/"), ObjectMode.DIR)
        with pytest.raises(ObjectNotExist):
            await storager.stat("grow", object_mode=ObjectMode.DIR)
        with pytest.raises(ObjectNotExist):
            await storager.stat("made")
        await storager.delete("made", object_mode=ObjectMode.DIR)
        await storager.delete("made", object_mode=ObjectMode.DIR)
        with pytest.raises(ObjectNotExist):
            await storager.stat("made", object_mode=ObjectMode.DIR)

    on_a_bucket(case)


def test_links(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        await storager.write("dir/a ü %41", b"1")
        made = await storager.create_link("link", "dir/a ü %41")
        assert (made.mode, made.link_target) == (ObjectMode.LINK, "dir/a ü %41")
        found = await storager.stat("link")
        assert (found.path, found.mode, found.link_target) == (
            "link",
            ObjectMode.LINK,
            "dir/a ü %41",
        )
        assert await storager.read("link") == b"1"
        await storager.create_link("link", "nowhere")
        assert (await storager.stat("link")).link_target == "nowhere"
        with pytest.raises(ObjectNotExist):
            await storager.read("link")
        modes = {one.path: one.mode async for one in storager.list()}
        assert modes == {"dir/a ü %41": ObjectMode.READ, "link": ObjectMode.LINK}

    on_a_bucket(case)


def test_appending(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        await storager.write("log", b"what was put")
        log = await storager.create_append("log", content_type="text/plain")
        assert log.mode == ObjectMode.READ | ObjectMode.APPEND
        assert log.append_offset == 0
        assert await storager.read("log") == b""
        assert await storager.write_append(log, b"Hello ") == 6
        assert await storager.write_append(log, io.BytesIO(b"World and more"), 5) == 5
        await storager.commit_append(log)
        assert log.append_offset == 11
        assert await storager.read("log") == b"Hello World"
        found = await storager.stat("log")
        assert (found.mode, found.append_offset, found.content_type) == (
            log.mode, 11, "text/plain",
        )  # fmt: skip
        assert await storager.write_append(found, b"!") == 1
        with pytest.raises(Unexpected, match=r"write_append log: .*PositionNotEqualToLength"):
            await storager.write_append(log, b"!")
        again = await storager.create_append("log")
        assert again.append_offset == 0
        assert await storager.read("log") == b""
        await storager.write("plain", b"1")
        with pytest.raises(ObjectModeInvalid, match="write_append plain: "):
            await storager.write_append(await storager.stat("plain"), b"1")
        with pytest.raises(ObjectModeInvalid):
            await storager.commit_append(storager.create("plain"))
        with pytest.raises(PairRequired, match="append_offset"):
            await storager.write_append(Object("log", "log", log.mode), b"1")

    on_a_bucket(case)


def test_uploads_in_parts(on_a_bucket: OnABucket) -> None:
    body = os.urandom(250_000)

    async def case(storager: Storager) -> None:
        upload = await storager.create_multipart("big", content_type="text/plain")
        assert upload.mode == ObjectMode.PART
        last = await storager.write_multipart(upload, body[204_800:], index=2)
        first = await storager.write_multipart(upload, io.BytesIO(body), 102_400, 0)
        middle = await storager.write_multipart(upload, body[102_400:204_800], index=1)
        assert (first.index, first.size) == (0, 102_400)
        assert [part async for part in storager.list_multipart(upload)] == [first, middle, last]
        found = await storager.stat("big", multipart_id=upload.multipart_id or "")
        assert (found.mode, found.multipart_id) == (ObjectMode.PART, upload.multipart_id)
        same = storager.create("big", multipart_id=upload.multipart_id or "")
        await storager.complete_multipart(same, [last, first, middle])
        assert same.mode == ObjectMode.READ
        assert await storager.read("big") == body
        assert (await storager.stat("big")).content_type == "text/plain"
        with pytest.raises(ObjectNotExist, match="NoSuchUpload"):
            await storager.stat("big", multipart_id=upload.multipart_id or "")
        with pytest.raises(ObjectNotExist, match=r"write_multipart big: .*NoSuchUpload"):
            await storager.write_multipart(upload, b"1", index=0)
        with pytest.raises(ObjectModeInvalid):
            await storager.write_multipart(same, b"1", index=0)

    on_a_bucket(case)


def test_parts_that_cannot_be(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        upload = await storager.create_multipart("big")
        for index in (-1, 10_000):
            with pytest.raises(RestrictionDissatisfied, match="index is between 0 and 9999"):
                await storager.write_multipart(upload, b"1", index=index)
        one = await storager.write_multipart(upload, b"1", index=0)
        two = await storager.write_multipart(upload, b"2", index=1)
        with pytest.raises(RestrictionDissatisfied, match="EntityTooSmall"):
            await storager.complete_multipart(upload, [one, two])
        wrong = [part async for part in storager.list_multipart(upload)]
        with pytest.raises(Unexpected, match="InvalidPart"):
            await storager.complete_multipart(upload, [type(one)(0, 1, two.etag), *wrong[1:]])

    on_a_bucket(case)


def test_pairs_that_an_operation_has_not(on_a_bucket: OnABucket) -> None:
    async def case(storager: Storager) -> None:
        with pytest.raises(PairUnsupported, match=r"write a: pair unsupported: .* pair acl"):
            await storager.write("a", b"1", acl="private")  # type: ignore[call-arg]
        with pytest.raises(PairUnsupported, match="read has no pair content_type"):
            await storager.read("a", content_type="text/plain")  # type: ignore[call-arg]
        with pytest.raises(PairUnsupported, match="given twice"):
            await storager.write(
                "a", b"1", server_side_encryption_key_id="a",
                **{"server-side-encryption-key-id": "b"},  # type: ignore[arg-type]
            )  # fmt: skip
        with pytest.raises(ObjectNotExist):
            await storager.stat("a")

    on_a_bucket(case)


ENCRYPTION = {
    "KMS": ("KMS", None),
    "KMS and SM4": ("KMS", "SM4"),
    "AES256": ("AES256", None),
    "SM4": ("SM4", None),
}


@pytest.mark.parametrize("name", ENCRYPTION)
def test_encryption_is_told(name: str, on_a_bucket: OnABucket) -> None:
    algorithm, data = ENCRYPTION[name]
    pairs: Any = {"server_side_encryption": algorithm, "server_side_data_encryption": data}

    def told(found: Object) -> tuple[str | None, str | None]:
        assert bool(found.server_side_encryption_key_id) is (algorithm == "KMS")
        return found.server_side_encryption, found.server_side_data_encryption

    async def case(storager: Storager) -> None:
        await storager.write("a", b"1", **pairs)
        assert told(await storager.stat("a")) == (algorithm, data)
        early = await storager.create_append("early", **pairs)
        await storager.write_append(early, b"1")
        await storager.write_append(early, b"2", **pairs)
        late = await storager.create_append("late", content_type="text/plain")
        await storager.write_append(late, b"1", **pairs)
        await storager.write_append(late, b"2")
        for path in ("early", "late"):
            assert told(await storager.stat(path)) == (algorithm, data)
            assert await storager.read(path) == b"12"
        assert (await storager.stat("late")).content_type == "text/plain"
        plain = await storager.create_append("plain")
        await storager.write_append(plain, b"1")
        with pytest.raises(RestrictionDissatisfied, match="first byte"):
            await storager.write_append(plain, b"2", **pairs)

    on_a_bucket(case)


REFUSED = {
    "a wrong algorithm": ({"server_side_encryption": "AES"}, "InvalidEncryptionAlgorithmError"),
    "a wrong data algorithm": (
        {"server_side_encryption": "KMS", "server_side_data_encryption": "AES256"},
        "InvalidDataEncryptionAlgorithmError",
    ),
    "a key without KMS": (
        {"server_side_encryption": "SM4", "server-side-encryption-key-id": "k"}, "InvalidArgument",
    ),
    "a data algorithm alone": ({"server_side_data_encryption": "SM4"}, "InvalidArgument"),
    "an unknown key": (
        {"server_side_encryption": "KMS", "server-side-encryption-key-id": "k"}, "InvalidParameter",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_encryption_that_oss_has_not(name: str, on_a_bucket: OnABucket) -> None:
    pairs: Any
    pairs, code = REFUSED[name]

    async def case(storager: Storager) -> None:
        for write in (
            storager.write("a", b"1", **pairs),
            storager.create_append("a", **pairs),
            storager.create_multipart("a", **pairs),
        ):
            with pytest.raises(StorageError) as refused:
                await write
            assert refused.value.code == code
        assert await paths(storager) == []

    on_a_bucket(case)
