"""The file system on a store: reading, writing, appending, creating, deleting, and faults."""

import asyncio
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import fsspec
import pytest

import mossbox.fs
from mossbox.fs import ConfigInvalid, OSSFileSystem
from mossbox.testing import MossboxServer
from tests.conftest import Run
from tests.integrations.fs.conftest import make

BUCKET = "test-bucket"
SMALL, LARGE = b"0123456789", os.urandom(350 << 10)  # one request, and four parts


def kind(fs: OSSFileSystem, path: str) -> str:
    return str(fs.info(path)["ObjectType"])


def unfinished(store: MossboxServer) -> list[str]:
    """Keys of uploads that nobody completed or gave up."""
    return [one.key for one in store.oss2_bucket().list_multipart_uploads().upload_list]


# -- reading and writing ------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
def test_what_is_written_is_read(fs: OSSFileSystem, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "from").write_bytes(data)
    with fs.open(f"oss://{BUCKET}/opened", "wb") as file:
        for at in range(0, len(data), 50_000):
            file.write(data[at : at + 50_000])
    fs.pipe_file(f"{BUCKET}/piped", data)
    fs.put_file(tmp_path / "from", f"{BUCKET}/put")
    for name in ("opened", "piped", "put"):
        path = f"{BUCKET}/{name}"
        assert fs.cat_file(path) == data
        with fs.open(path) as file:
            assert file.read() == data
        fs.get_file(path, tmp_path / name)
        assert (tmp_path / name).read_bytes() == data
        assert fs.info(path)["ETag"].endswith('-4"') is (len(data) > 200 << 10)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["from", "opened", "piped", "put"]


@pytest.mark.parametrize(
    ("start", "end"),
    [(2, 5), (None, 3), (7, None), (-3, None), (-30, -2), (2, -2), (5, 5), (20, 30), (8, 99)],
)
def test_ranges_are_slices(fs: OSSFileSystem, start: int | None, end: int | None) -> None:
    fs.pipe_file(f"{BUCKET}/a", SMALL)
    assert fs.cat_file(f"{BUCKET}/a", start, end) == SMALL[start:end]
    assert fs.cat_ranges([f"{BUCKET}/a"] * 2, [1, 2], [3, 4]) == [b"12", b"23"]


def test_what_is_written_appears_at_once_and_whole(fs: OSSFileSystem, store: MossboxServer) -> None:
    path = f"{BUCKET}/a"
    fs.pipe_file(path, SMALL)
    with fs.open(path, "wb") as file:
        file.write(LARGE)
        assert unfinished(store) == ["a"]  # parts are under way
        assert fs.cat_file(path) == SMALL
    assert fs.cat_file(path) == LARGE


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("mode", ["wb", "xb"])
def test_a_block_that_fails_leaves_all_as_it_was(
    fs: OSSFileSystem, store: MossboxServer, mode: str, data: bytes
) -> None:
    def write() -> None:
        with fs.open(f"{BUCKET}/a", mode) as file:
            file.write(data)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert not fs.exists(f"{BUCKET}/a")
    assert unfinished(store) == []


def test_a_part_that_can_not_be_sent_ends_the_file(fs: OSSFileSystem, store: MossboxServer) -> None:
    store.faults.add("UploadPart", error="AccessDenied")
    file = fs.open(f"{BUCKET}/a", "wb")
    with pytest.raises(PermissionError, match="AccessDenied"):
        file.write(LARGE)
    file.close()
    with pytest.raises(PermissionError, match="AccessDenied"):
        fs.pipe_file(f"{BUCKET}/a", LARGE)
    assert not fs.exists(f"{BUCKET}/a")
    assert unfinished(store) == []


def test_a_transaction_makes_all_of_its_files_or_none(
    fs: OSSFileSystem, store: MossboxServer
) -> None:
    def write(fails: bool) -> None:
        with fs.transaction:
            for name, data in (("a", SMALL), ("b", LARGE)):
                with fs.open(f"{BUCKET}/t/{name}", "wb") as file:
                    file.write(data)
            assert not fs.exists(f"{BUCKET}/t/a")
            if fails:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(fails=True)
    assert fs.find(f"{BUCKET}/t") == []
    assert unfinished(store) == []
    write(fails=False)
    assert fs.cat(f"{BUCKET}/t/", recursive=True, on_error="omit") == {
        f"{BUCKET}/t/a": SMALL, f"{BUCKET}/t/b": LARGE,
    }  # fmt: skip


def test_a_file_that_changes_while_it_is_read_is_told(fs: OSSFileSystem) -> None:
    path = f"{BUCKET}/a"
    fs.pipe_file(path, LARGE)
    with fs.open(path, block_size=4096) as file:
        assert file.read(10) == LARGE[:10]
        fs.pipe_file(path, LARGE[::-1])
        file.seek(300_000)
        with pytest.raises(OSError, match="it changed while it was read"):
            file.read(10)


def test_a_stream_resumes_and_tells_a_change(store: MossboxServer, run: Run) -> None:
    data = os.urandom(8 << 20)

    async def read(change: bool) -> bytes:
        fs = make(store, asynchronous=True)
        await fs._pipe_file(f"{BUCKET}/a", data)
        fault = store.faults.add("GetObject", drop="within", nth=1)
        async with await fs.open_async(f"{BUCKET}/a") as file:
            found = await file.read(10)
            if change:
                await fs._pipe_file(f"{BUCKET}/a", data[::-1])
            found += await file.read()
        assert fault.hits == 1
        return bytes(found)

    assert run(read(change=False)) == data
    with pytest.raises(OSError, match="it changed while it was read"):
        run(read(change=True))


# -- appending ----------------------------------------------------------------------------------


def append(fs: OSSFileSystem, data: bytes) -> None:
    with fs.open(f"{BUCKET}/log", "ab") as file:
        file.write(data)


def test_an_append_makes_an_appendable_object(fs: OSSFileSystem) -> None:
    append(fs, b"one ")
    append(fs, LARGE)
    append(fs, b"")
    append(fs, b" two")
    assert fs.cat_file(f"{BUCKET}/log") == b"one " + LARGE + b" two"
    assert kind(fs, f"{BUCKET}/log") == "Appendable"


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_an_append_goes_on_with_an_object_of_another_kind(fs: OSSFileSystem, data: bytes) -> None:
    fs.pipe_file(f"{BUCKET}/log", data, content_type="text/x-log")
    append(fs, b" and more")
    append(fs, LARGE)
    assert fs.cat_file(f"{BUCKET}/log") == data + b" and more" + LARGE
    assert fs.info(f"{BUCKET}/log")["ContentType"] == "text/x-log"
    assert fs.open(f"{BUCKET}/log").read(5) == data[:5]


def test_a_log_is_read_while_it_grows(fs: OSSFileSystem) -> None:
    append(fs, LARGE)
    with fs.open(f"{BUCKET}/log", block_size=4096) as file:
        file.read(10)
        append(fs, b"more")
        file.seek(300_000)
        assert file.read(10) == LARGE[300_000:300_010]


# -- creating ------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
def test_of_two_who_create_one_is_first(
    fs: OSSFileSystem, store: MossboxServer, data: bytes
) -> None:
    """Both have found nothing and written all before either of them is done."""
    ready = threading.Barrier(2)
    outcomes: list[str] = []

    def writer(mark: bytes) -> None:
        own = make(store)
        try:
            with own.open(f"{BUCKET}/lock", "xb") as file:
                file.write(data + mark)
                ready.wait(20)
            outcomes.append(f"created {mark!r}")
        except FileExistsError as error:
            outcomes.append(f"too late: {error.filename}")

    threads = [threading.Thread(target=writer, args=(mark,)) for mark in (b"1", b"2")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    created, late = sorted(outcomes)
    assert late == f"too late: {BUCKET}/lock"
    mark = created.removeprefix("created ").encode()[2:3]
    assert fs.cat_file(f"{BUCKET}/lock") == data + mark
    assert unfinished(store) == []


def test_of_many_who_create_one_is_first(store: MossboxServer, run: Run) -> None:
    async def race() -> list[Any]:
        fs = make(store, asynchronous=True)
        writes = [fs._pipe_file(f"{BUCKET}/lock", b"%d" % i, mode="create") for i in range(20)]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        await fs.aclose()
        return outcomes

    outcomes = run(race())
    assert outcomes.count(None) == 1
    assert sum(isinstance(one, FileExistsError) for one in outcomes) == 19


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_what_exists_is_not_created_again(fs: OSSFileSystem, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "new").write_bytes(data)
    path = f"{BUCKET}/a"
    fs.pipe_file(path, b"old")
    again: list[Callable[[], object]] = [
        lambda: fs.open(path, "xb"),
        lambda: fs.open(path, "x"),
        lambda: fs.pipe_file(path, data, mode="create"),
        lambda: fs.put_file(tmp_path / "new", path, mode="create"),
    ]
    for create in again:
        with pytest.raises(FileExistsError):
            create()
    assert fs.cat_file(path) == b"old"


def test_a_create_whose_answer_is_lost_is_not_taken_for_somebody_elses(
    fs: OSSFileSystem, store: MossboxServer
) -> None:
    fault = store.faults.add("PutObject", drop="after", nth=1)
    with pytest.raises(ConnectionError):
        fs.pipe_file(f"{BUCKET}/a", SMALL, mode="create")
    assert fault.hits == fault.seen == 1
    assert fs.cat_file(f"{BUCKET}/a") == SMALL


def test_an_append_whose_answer_is_lost_is_not_made_twice(
    fs: OSSFileSystem, store: MossboxServer
) -> None:
    append(fs, b"one ")
    store.faults.add("AppendObject", drop="after", nth=1)
    with pytest.raises(ConnectionError):
        append(fs, b"two")
    assert fs.cat_file(f"{BUCKET}/log") == b"one two"


def test_a_completion_whose_answer_is_lost_is_one(fs: OSSFileSystem, store: MossboxServer) -> None:
    fault = store.faults.add("CompleteMultipartUpload", drop="after", nth=1)
    fs.pipe_file(f"{BUCKET}/a", LARGE)
    assert (fault.hits, fault.seen) == (1, 2)
    assert fs.cat_file(f"{BUCKET}/a") == LARGE
    store.faults.add("CompleteMultipartUpload", error="NoSuchUpload")
    with pytest.raises(OSError, match="NoSuchUpload"):
        fs.pipe_file(f"{BUCKET}/a", LARGE[::-1])
    assert fs.cat_file(f"{BUCKET}/a") == LARGE


# -- lists, copies and deletes --------------------------------------------------------------------


def test_lists(fs: OSSFileSystem, store: MossboxServer) -> None:
    for key in ("a", "d/b", "d/e/c", "d/e/f/g", "ä/ö x"):
        fs.pipe_file(f"{BUCKET}/{key}", SMALL)
    store.oss2_bucket().put_object("marked/", b"")
    assert fs.ls("", detail=False) == [BUCKET]
    top = [f"{BUCKET}/{name}" for name in ("a", "d", "marked", "ä")]
    assert fs.ls(f"oss://{BUCKET}/", detail=False) == top
    assert fs.ls(f"{BUCKET}/marked", detail=False) == []
    assert fs.isdir(f"{BUCKET}/marked")
    assert fs.ls(f"{BUCKET}/a", detail=False) == [f"{BUCKET}/a"]
    deep = [f"{BUCKET}/d/{name}" for name in ("b", "e/c", "e/f/g")]
    assert fs.find(f"{BUCKET}/d") == deep
    assert fs.find(f"{BUCKET}/d", withdirs=True) == sorted(
        [*deep, f"{BUCKET}/d", f"{BUCKET}/d/e", f"{BUCKET}/d/e/f"]
    )
    assert fs.find(f"{BUCKET}/d", maxdepth=1) == deep[:1]
    assert fs.find(BUCKET, prefix="d/e/") == deep[1:]
    assert fs.glob(f"{BUCKET}/*/*/c") == deep[1:2]
    assert fs.du(f"{BUCKET}/d") == 30
    assert [one[0] for one in fs.walk(f"{BUCKET}/d")] == [
        f"{BUCKET}/d", f"{BUCKET}/d/e", f"{BUCKET}/d/e/f",
    ]  # fmt: skip
    for path in (f"{BUCKET}/none", "no-such-bucket/a", "no-such-bucket"):
        assert not fs.exists(path)
        with pytest.raises(FileNotFoundError):
            fs.ls(path)


def test_copies_move_no_bytes(fs: OSSFileSystem, store: MossboxServer) -> None:
    fs.mkdir("other-bucket")
    keys = [f"d/{number}/{number}" for number in range(30)]
    for key in keys:
        fs.pipe_file(f"{BUCKET}/{key}", key.encode(), content_type="text/x-own")
    moved = store.faults.add("GetObject", error="InternalError")
    fs.copy(f"{BUCKET}/d", "other-bucket/copy", recursive=True)
    assert moved.seen == 0
    moved.stop()
    assert fs.cat("other-bucket/copy", recursive=True, on_error="omit") == {
        f"other-bucket/copy/{key[2:]}": key.encode() for key in keys
    }
    assert fs.info("other-bucket/copy/3/3")["ContentType"] == "text/x-own"
    fs.mv("other-bucket/copy/3/3", f"{BUCKET}/moved")
    assert (fs.exists("other-bucket/copy/3/3"), fs.cat(f"{BUCKET}/moved")) == (False, b"d/3/3")


def test_large_copies_are_made_of_parts(
    fs: OSSFileSystem, monkeypatch: pytest.MonkeyPatch, store: MossboxServer
) -> None:
    monkeypatch.setattr("mossbox.fs.transfer._COPY_MAX", 200 << 10)
    monkeypatch.setattr("mossbox.fs.transfer._COPY_PART", 100 << 10)
    fs.pipe_file(f"{BUCKET}/a", LARGE, content_type="text/x-own", metadata={"who": "me"})
    fs.copy(f"{BUCKET}/a", f"{BUCKET}/b")
    assert fs.cat_file(f"{BUCKET}/b") == LARGE
    told = store.oss2_bucket().head_object("b")
    assert (told.content_type, told.headers["x-oss-meta-who"]) == ("text/x-own", "me")


def test_deletes_go_a_thousand_at_a_time(fs: OSSFileSystem, store: MossboxServer) -> None:
    fs.pipe({f"{BUCKET}/d/{number:04}": b"" for number in range(1050)})
    fs.pipe({f"{BUCKET}/dd": b"", f"{BUCKET}/e/f": b""})
    store.oss2_bucket().put_object("d/", b"")
    batches = store.faults.add("DeleteMultipleObjects", latency_s=0.001)
    single = store.faults.add("DeleteObject", latency_s=0.001)
    fs.rm(f"{BUCKET}/d", recursive=True)
    assert (batches.seen, single.seen) == (2, 0)
    assert fs.find(BUCKET) == [f"{BUCKET}/dd", f"{BUCKET}/e/f"]
    fs.rm([f"{BUCKET}/dd", f"{BUCKET}/e/*"])
    assert fs.ls(BUCKET) == []
    with pytest.raises(FileNotFoundError):
        fs.rm(f"{BUCKET}/d", recursive=True)
    with pytest.raises(ValueError, match="all buckets"):
        fs.rm("oss://", recursive=True)


def test_buckets_are_made_and_removed_empty(fs: OSSFileSystem, store: MossboxServer) -> None:
    fs.makedirs("new-bucket/and/a/directory")
    assert not fs.exists("new-bucket")
    fs.mkdir("new-bucket")
    fs.makedirs("new-bucket", exist_ok=True)
    with pytest.raises(FileExistsError):
        fs.mkdir("new-bucket")
    store.oss2_bucket("new-bucket").put_object("a/", b"")
    fs.pipe_file("new-bucket/a/b", b"")
    for path in ("new-bucket", "new-bucket/a"):
        with pytest.raises(OSError, match=r"BucketNotEmpty|not empty"):
            fs.rmdir(path)
    fs.rm("new-bucket/a/b")
    fs.rmdir("new-bucket/a")
    fs.rmdir("new-bucket")
    assert not fs.exists("new-bucket")


# -- who asks, and faults ------------------------------------------------------------------------


def test_what_is_asked_again(fs: OSSFileSystem, store: MossboxServer, tmp_path: Path) -> None:
    fs.pipe_file(f"{BUCKET}/a", LARGE)
    for operation in ("GetObject", "PutObject", "ListObjectsV2", "UploadPart"):
        store.faults.add(operation, error="InternalError", nth=1)
    store.faults.add("GetObject", drop="within", nth=2)
    assert fs.cat_file(f"{BUCKET}/a") == LARGE
    store.faults.add("GetObject", drop="within", nth=1)
    fs.get_file(f"{BUCKET}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == LARGE
    fs.pipe_file(f"{BUCKET}/b", SMALL)
    fs.pipe_file(f"{BUCKET}/c", LARGE)
    assert fs.find(BUCKET) == [f"{BUCKET}/{key}" for key in "abc"]


def test_attempts_end(store: MossboxServer) -> None:
    fault = store.faults.add("GetObject", error="InternalError")
    with pytest.raises(OSError, match="InternalError"):
        make(store, attempts_maximum=2).cat_file(f"{BUCKET}/a")
    assert fault.hits == 2


def test_encryption_and_acl_of_what_is_written(store: MossboxServer, tmp_path: Path) -> None:
    fs = OSSFileSystem(
        config={
            "fs.oss.endpoint": store.endpoint, "fs.oss.accessKeyId": "mossbox",
            "fs.oss.accessKeySecret": "mossbox-secret", "fs.oss.acl.default": "public-read",
            "fs.oss.server-side-encryption-algorithm": "AES256",
            "fs.oss.multipart.upload.size": "100K", "fs.oss.multipart.upload.threshold": "200K",
        },
        skip_instance_cache=True,
    )  # fmt: skip
    fs.pipe({f"{BUCKET}/small": SMALL, f"{BUCKET}/large": LARGE})
    fs.copy(f"{BUCKET}/small", f"{BUCKET}/copy")
    for name, data in (("file", SMALL), ("parts", LARGE)):
        with fs.open(f"{BUCKET}/{name}", "wb", content_type="text/x-own") as file:
            file.write(data)
    append(fs, SMALL)
    bucket = store.oss2_bucket()
    for key in ("small", "large", "copy", "file", "parts", "log"):
        head = bucket.head_object(key).headers
        assert head["x-oss-server-side-encryption"] == "AES256", key
        assert bucket.get_object_acl(key).acl == "public-read", key
        assert (head["content-type"] == "text/x-own") is (key in ("file", "parts"))
    nobody = OSSFileSystem(store.endpoint, skip_instance_cache=True)
    assert nobody.cat_file(f"{BUCKET}/copy") == SMALL
    with pytest.raises(PermissionError, match="AccessDenied"):
        nobody.ls(BUCKET)


def test_temporary_keys_and_wrong_ones(store: MossboxServer) -> None:
    key = store.assume_role()
    given = (key.access_key_id, key.access_key_secret, key.security_token)
    assert OSSFileSystem(store.endpoint, *given).ls("", detail=False) == [BUCKET]
    with pytest.raises(PermissionError, match="SignatureDoesNotMatch"):
        OSSFileSystem(store.endpoint, "mossbox", "wrong").cat_file(f"{BUCKET}/a")
    with pytest.raises(PermissionError):
        OSSFileSystem(store.endpoint, given[0], given[1], "no-token").info(f"{BUCKET}/a")


def test_signatures_of_version_1(store: MossboxServer) -> None:
    fs = make(store, signatureversion="V1")
    fs.pipe_file(f"{BUCKET}/a b/ä", SMALL)
    assert fs.find(BUCKET) == [f"{BUCKET}/a b/ä"]
    assert "Signature=" in fs.sign(f"{BUCKET}/a")


def test_signed_urls(fs: OSSFileSystem) -> None:
    fs.pipe_file(f"{BUCKET}/a", SMALL)
    with urlopen(fs.sign(f"{BUCKET}/a", expiration=60)) as answer:
        assert answer.read() == SMALL
    assert fs.modified(f"{BUCKET}/a").tzinfo is not None


def test_where_nobody_answers(fs: OSSFileSystem) -> None:
    silent = OSSFileSystem("http://127.0.0.1:1", "k", "s", config={"fs.oss.attempts.maximum": 1})
    with pytest.raises(ConnectionError, match=r"fs\.oss\.endpoint http://127\.0\.0\.1:1 does not"):
        silent.ls(BUCKET)


def test_the_asynchronous_face(store: MossboxServer, run: Run) -> None:
    async def story() -> list[Any]:
        fs = make(store, asynchronous=True)
        await asyncio.gather(*(fs._pipe_file(f"{BUCKET}/{i}", b"%d" % i) for i in range(9)))
        await fs._copy(f"{BUCKET}/1", f"{BUCKET}/d/1")
        found = [await fs._cat([f"{BUCKET}/d/1"]), await fs._find(BUCKET)]
        async with await fs.open_async(f"{BUCKET}/1") as file:
            found.append([await file.read(0), await file.read(5), await file.read(), fs.loop])
        await fs._pipe_file(f"{BUCKET}/large", LARGE)
        async with await fs.open_async(f"oss://{BUCKET}/large") as file:
            pieces = [await file.read(100_000) for _ in range(5)]
            assert (b"".join(pieces), [len(one) for one in pieces][:3]) == (LARGE, [100_000] * 3)
        with pytest.raises(FileNotFoundError):
            await (await fs.open_async(f"{BUCKET}/none")).read()
        await fs._rm(BUCKET, recursive=True)
        found.append(await fs._ls(BUCKET))
        await fs.aclose()
        return found

    assert run(story()) == [
        {f"{BUCKET}/d/1": b"1"}, [*(f"{BUCKET}/{i}" for i in range(9)), f"{BUCKET}/d/1"],
        [b"", b"1", b"", None], [],
    ]  # fmt: skip


# -- set-up ---------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ("ENDPOINT", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SESSION_TOKEN"):
        monkeypatch.delenv(f"OSS_{name}", raising=False)
    yield monkeypatch
    OSSFileSystem.clear_instance_cache()


def test_where_nothing_is_given_the_environment_counts(
    store: MossboxServer, environment: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigInvalid, match=r"fs\.oss\.endpoint is missing"):
        OSSFileSystem()
    for name, value in store.environment.items():
        environment.setenv(name, value)
    assert OSSFileSystem().ls("", detail=False) == [BUCKET]


def test_a_file_system_travels_to_other_processes(fs: OSSFileSystem) -> None:
    fs.pipe_file(f"{BUCKET}/a", SMALL)
    again = pickle.loads(pickle.dumps(fs))
    assert again.cat_file(f"{BUCKET}/a") == SMALL
    assert "secret" not in repr(fs)


@pytest.mark.usefixtures("unregistered")
def test_registering_is_one_line_and_never_silent(store: MossboxServer) -> None:
    class Other(fsspec.AbstractFileSystem):
        protocol = "oss"

    keys = {
        "fs.oss.endpoint": store.endpoint, "fs.oss.accessKeyId": store.access_key_id,
        "fs.oss.accessKeySecret": store.access_key_secret,
    }  # fmt: skip
    fsspec.register_implementation("oss", Other, clobber=True)
    with pytest.raises(ValueError, match=r"oss:// is .*Other in this process: register\("):
        mossbox.fs.register(keys)
    assert type(fsspec.filesystem("oss")) is Other
    with pytest.raises(ConfigInvalid, match=r"fs\.oss\.accessKeySecret is missing"):
        mossbox.fs.register({**keys, "fs.oss.accessKeySecret": ""}, replace=True)
    assert type(fsspec.filesystem("oss")) is Other
    mossbox.fs.register(keys, replace=True)
    mossbox.fs.register(keys)
    with fsspec.open(f"oss://{BUCKET}/a", "w") as file:
        file.write("ä")
    assert fsspec.filesystem("oss").cat_file(f"{BUCKET}/a") == "ä".encode()
