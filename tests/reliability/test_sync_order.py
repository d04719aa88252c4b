"""What is answered is on the disk: the order of the server's system calls, seen by strace.

Killing a process proves nothing about syncing: what it wrote stays in the page cache.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.reliability.load import wait_until
from tests.reliability.tracing import traced
from tests.support import Answer, Server

CALLS = "fsync,fdatasync,write,writev,sendto,sendmsg,pwrite64,openat,mkdir,ftruncate"
OPTIONS = ("-yy", "-s", "64", "-e", f"trace={CALLS}")
_LINE = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(?: resumed>)?(.*)$")
pytestmark = pytest.mark.slow


class Syscall(NamedTuple):
    """A call that has returned: its name, and its line as strace shows it (paths for numbers)."""

    name: str
    text: str

    def on(self, path: str) -> bool:
        """Whether its first argument is a file whose path ends so."""
        return bool(re.match(rf"\(\d+<[^>]*{path}>", self.text))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Watched]":
    folder = tmp_path_factory.mktemp("traced")
    with traced(folder, *OPTIONS) as server:
        yield Watched(server, folder / "trace")


class Watched:
    """A server under strace, and what it did during one request."""

    def __init__(self, server: Server, trace: Path) -> None:
        self.server = server
        self._trace = trace

    def during(self, request: Callable[[], Answer], status: int) -> list[Syscall]:
        """The calls of a request, in the order in which they returned, up to its answer."""
        start = self._trace.stat().st_size
        answer = request()
        assert answer.status == status, answer
        calls: list[Syscall] = []

        def answered() -> bool:
            calls[:] = _parse(self._trace.read_bytes()[start:].decode(errors="replace"))
            return any(is_answer(call, status) for call in calls)

        wait_until(answered, "strace wrote down the answer")
        last = next(n for n, call in enumerate(calls) if is_answer(call, status))
        return calls[: last + 1]


def _parse(text: str) -> list[Syscall]:
    """Whole calls. One that was interrupted by another thread counts where it returned."""
    calls: list[Syscall] = []
    begun: dict[str, str] = {}
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        thread = line.split(" ", 1)[0]
        name, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
            if name in ("write", "writev", "sendto", "sendmsg"):  # bytes may leave at once
                calls.append(Syscall(name, rest))
        elif "resumed>" in line:
            if name not in ("write", "writev", "sendto", "sendmsg"):
                calls.append(Syscall(name, begun.pop(thread, "") + rest))
        else:
            calls.append(Syscall(name, rest))
    return calls


def is_answer(call: Syscall, status: int) -> bool:
    return "TCP" in call.text and f'"HTTP/1.1 {status} ' in call.text


def where(calls: list[Syscall], wanted: Callable[[Syscall], bool]) -> int:
    """The place of the last such call."""
    places = [n for n, call in enumerate(calls) if wanted(call)]
    assert places, "no such call among:\n" + "\n".join(f"{c.name}{c.text}" for c in calls)
    return places[-1]


def is_sync(call: Syscall) -> bool:
    return call.name in ("fsync", "fdatasync") and call.text.endswith("= 0")


def wal_write(call: Syscall) -> bool:
    return call.name == "pwrite64" and call.on(r"/mossbox\.db-wal")


def wal_sync(call: Syscall) -> bool:
    return is_sync(call) and call.on(r"/mossbox\.db-wal")


def check_wal(calls: list[Syscall]) -> int:
    """The log is written, then synced, then answered for; gives the place of the sync."""
    written, synced = where(calls, wal_write), where(calls, wal_sync)
    assert written < synced < len(calls) - 1
    return synced


@pytest.fixture(scope="module")
def bucket(watched: Watched) -> str:
    calls = watched.during(lambda: watched.server.request("PUT", "bucket"), 200)
    check_wal(calls)
    return "bucket"


def test_making_a_bucket(watched: Watched) -> None:
    check_wal(watched.during(lambda: watched.server.request("PUT", "another"), 200))


def test_putting_a_small_object(watched: Watched, bucket: str) -> None:
    request = lambda: watched.server.request("PUT", bucket, "small", body=b"s" * 4096)  # noqa: E731
    check_wal(watched.during(request, 200))


def test_deleting_an_object(watched: Watched, bucket: str) -> None:
    assert watched.server.request("PUT", bucket, "gone", body=b"x").status == 200
    check_wal(watched.during(lambda: watched.server.request("DELETE", bucket, "gone"), 204))


def test_changing_an_acl(watched: Watched, bucket: str) -> None:
    check_wal(watched.during(
        lambda: watched.server.request(
            "PUT", bucket, query={"acl": ""}, headers={"x-oss-acl": "public-read"}
        ),
        200,
    ))  # fmt: skip


def check_file(calls: list[Syscall]) -> None:
    """The body's file is written, then synced, then its directory, then the log."""
    file, hour = r"/blobs/[0-9a-f]{6}/[0-9a-f]{16}", r"/blobs/[0-9a-f]{6}"
    written = where(calls, lambda c: c.name == "pwrite64" and c.on(file))
    cut = where(calls, lambda c: c.name == "ftruncate" and c.on(file))
    file_synced = where(calls, lambda c: is_sync(c) and c.on(file))
    directory_synced = where(calls, lambda c: is_sync(c) and c.on(hour))
    log_written = where(calls, wal_write)
    log_synced = check_wal(calls)
    assert written < cut < file_synced < directory_synced < log_written < log_synced


SEALED = {"x-oss-server-side-encryption": "AES256"}


@pytest.mark.parametrize("headers", [{}, SEALED], ids=["plain", "sealed"])
@pytest.mark.parametrize("size", [(128 << 10) + 1, (3 << 20) + 7])
def test_putting_a_large_object(watched: Watched, bucket: str, size: int, headers) -> None:
    body = b"b" * size
    request = lambda: watched.server.request("PUT", bucket, "big", body=body, headers=headers)  # noqa: E731
    check_file(watched.during(request, 200))


def test_appending(watched: Watched, bucket: str) -> None:
    position = 0
    for body, check in ((b"s" * 100, check_wal), (b"b" * 300_000, check_file), (b"s", check_wal)):
        query = {"append": "", "position": str(position)}
        ask = partial(watched.server.request, "POST", bucket, "grows", query, body)
        check(watched.during(ask, 200))
        position += len(body)


def test_an_upload_in_parts(watched: Watched, bucket: str) -> None:
    ask = partial(watched.server.request, "POST", bucket, "parts", {"uploads": ""})
    check_wal(watched.during(ask, 200))
    page = watched.server.request("GET", bucket, query={"uploads": ""})
    query = {"uploadId": page.element("UploadId")}
    for number, size in ((1, 100 << 10), (2, 300_000)):
        part = {"partNumber": str(number), **query}
        ask = partial(watched.server.request, "PUT", bucket, "parts", part, b"p" * size)
        check = check_wal if number == 1 else check_file
        check(watched.during(ask, 200))
    source = {"x-oss-copy-source": f"/{bucket}/source"}
    assert watched.server.request("PUT", bucket, "source", body=b"s" * 300_000).status == 200
    part = {"partNumber": "3", **query}
    ask = partial(watched.server.request, "PUT", bucket, "parts", part, headers=source)
    check_wal(watched.during(ask, 200))
    everything = {"x-oss-complete-all": "yes"}
    ask = partial(watched.server.request, "POST", bucket, "parts", query, headers=everything)
    check_wal(watched.during(ask, 200))


@pytest.mark.parametrize(
    ("headers", "check"), [({}, check_wal), (SEALED, check_file)], ids=["named again", "rewritten"]
)
def test_copying(watched: Watched, bucket: str, headers, check) -> None:
    assert watched.server.request("PUT", bucket, "from", body=b"f" * 300_000).status == 200
    source = {"x-oss-copy-source": f"/{bucket}/from", **headers}
    check(watched.during(partial(watched.server.request, "PUT", bucket, "to", headers=source), 200))


def test_removing_a_version(watched: Watched) -> None:
    ask = partial(watched.server.request, bucket="versions")
    assert ask("PUT").status == 200
    enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    check_wal(watched.during(partial(ask, "PUT", query={"versioning": ""}, body=enabled), 200))
    kept = ask("PUT", key="k", body=b"x")
    check_wal(watched.during(partial(ask, "DELETE", key="k"), 204))
    query = {"versionId": kept.headers["x-oss-version-id"]}
    check_wal(watched.during(partial(ask, "DELETE", key="k", query=query), 204))


def test_the_first_large_object_of_an_hour(tmp_path: Path) -> None:
    with traced(tmp_path, *OPTIONS) as server:
        watched = Watched(server, tmp_path / "trace")
        assert server.request("PUT", "bucket").status == 200
        calls = watched.during(
            lambda: server.request("PUT", "bucket", "big", body=b"b" * 300_000), 200
        )
        made = where(calls, lambda c: c.name == "mkdir" and "/blobs/" in c.text)
        parent_synced = where(calls, lambda c: is_sync(c) and c.on("/blobs"))
        assert made < parent_synced < where(calls, wal_write)


def test_a_new_data_directory_is_synced_with_its_parent(tmp_path: Path) -> None:
    with traced(tmp_path, *OPTIONS):
        calls = _parse((tmp_path / "trace").read_text(errors="replace"))
        database = where(calls, lambda c: c.name == "pwrite64" and c.on(r"/data/mossbox\.db"))
        for path in ("/data", re.escape(str(tmp_path))):
            synced = where(calls, lambda c, path=path: is_sync(c) and c.on(path))
            assert synced > database, path
