"""Processes, files and rows of a server, looked at from outside."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from mossbox.auth import Subject, oss_v4
from tests.support import KEY_ID, REGION, SECRET, Server


def signed_head(server: Server, method: str, bucket: str, key: str, *lines: str) -> bytes:
    """The head of a signed request, for a connection of one's own."""
    headers = {
        "x-oss-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
    }
    subject = Subject(method, bucket, key.encode(), {}, headers)
    headers["authorization"] = oss_v4.sign(subject, KEY_ID, SECRET, REGION)
    head = [
        f"{method} /{bucket}/{key} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        *lines,
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def put_head(server: Server, bucket: str, key: str, size: int) -> bytes:
    """The head of a signed PUT whose body is still to come."""
    return signed_head(server, "PUT", bucket, key, f"Content-Length: {size}")


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            state, parent = stat.rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(name))
    return found


def workers_of(server: Server) -> list[int]:
    """The processes that serve."""
    assert server.process is not None
    return children(server.process.pid) if server.workers > 1 else [server.process.pid]


def kill_all(server: Server) -> None:
    """SIGKILL for the supervisor and all its workers: as near to a power cut as a process gets."""
    workers = workers_of(server)
    server.kill()
    for pid in workers:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_until(lambda: not any(map(running, workers)), "the workers are gone")


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until(true: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)


def listed(server: Server, bucket: str) -> dict[str, int]:
    """Keys and sizes in the bucket's list."""
    answer = server.request("GET", bucket, query={"max-keys": "1000"})
    root = ElementTree.fromstring(answer.body)
    assert root.findtext("IsTruncated") == "false"
    return {
        entry.findtext("Key") or "": int(entry.findtext("Size") or "")
        for entry in root.iterfind("Contents")
    }


def blob_files(data: Path) -> set[int]:
    """Ids of the blobs that lie in files."""
    return {int(path.name, 16) for path in data.glob("blobs/*/*") if path.name != "clean"}


def named_blobs(data: Path) -> tuple[set[int], set[int]]:
    """Ids that rows name as files, and ids in the garbage."""
    connection = sqlite3.connect(f"file:{data}/mossbox.db?mode=ro", uri=True)
    try:
        named = connection.execute(
            "select id from blobs where data is null and id not in (select blob from garbage)"
        ).fetchall()
        garbage = connection.execute("select blob from garbage").fetchall()
    finally:
        connection.close()
    return {row[0] for row in named}, {row[0] for row in garbage}


def tidy(data: Path) -> bool:
    """Whether each file is named by a row, each row has its file, and no garbage waits."""
    named, garbage = named_blobs(data)
    return not garbage and blob_files(data) == named
