"""What must stay small or flat: start, memory under 5 GiB bodies, completions, list pages.

    python bench/scale.py [--gib 5] [--keys 1000000]

Prints what it measured; judges nothing. Rows of the large buckets are put straight into the
database, since it is reading them that is measured.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import http.client

import apsw

from bench.dialects import Signer
from bench.process import Peer, cpu_s, family, free_port, memory_mib

KEY_ID, SECRET = "benchkey", "bench-secret-0123456789"
PIECE = bytes(1 << 20)


def start(folder: Path, workers: int = 1) -> Peer:
    """A server on a data folder."""
    port = free_port()
    command = [
        sys.executable, "-m", "mossbox", "serve", "--listen", f"127.0.0.1:{port}", "--data",
        str(folder), "--workers", str(workers), "--console", "off", "--access-log", "off",
    ]  # fmt: skip
    env = {"MOSSBOX_ACCESS_KEY_ID": KEY_ID, "MOSSBOX_ACCESS_KEY_SECRET": SECRET}
    return Peer("scale", command, port, env)


class Client:
    """One connection that signs."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.connection = http.client.HTTPConnection(peer.host, timeout=600)

    def send(
        self, method: str, path: str, query: str = "", body: Iterator[bytes] | None = None,
        length: int | None = None, more: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:  # fmt: skip
        """One request; the answer is unread."""
        signer = Signer(True, self.peer.host, KEY_ID, SECRET, "cn-hangzhou", more=dict(more or {}))
        headers = dict(signer.fields())
        headers["Authorization"] = signer.authorization() + signer.sign(method, path, query)
        if length is not None:
            headers["Content-Length"] = str(length)
        target = path + (f"?{query}" if query else "")
        self.connection.request(method, target, body, headers)
        return self.connection.getresponse()


class PeakMemory:
    """Watches a server's memory without file pages, in MiB, while a block runs."""

    def __init__(self, peer: Peer) -> None:
        self.peak = 0.0
        self._peer = peer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self.peak = max(self.peak, memory_mib(self._peer.process.pid, "Pss_Anon", "Pss_Shmem"))

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()


def starts(folder: Path) -> None:
    """Time from the command to the first answer, and memory idle."""
    for name in ("a new folder", "a warm start", "a warm start"):
        peer = start(folder, workers=2)
        began = time.monotonic()
        client = Client(peer)
        client.send("GET", "/").read()
        print(f"first answer of {name}: {peer.ready_s + time.monotonic() - began:.2f} s")
        time.sleep(0.5)
        sizes = memory_mib(peer.process.pid, "Pss") / (len(family(peer.process.pid)) or 1)
        print(f"idle memory a process: {sizes:.0f} MiB")
        peer.end()


def large_bodies(folder: Path, gib: int) -> None:
    """Memory of a worker while a large body goes up and comes down."""
    peer = start(folder)
    try:
        client = Client(peer)
        client.send("PUT", "/scale/").read()
        size = gib << 30
        with PeakMemory(peer) as memory:
            pieces = (PIECE for _ in range(size // len(PIECE)))
            answer = client.send("PUT", "/scale/large", body=pieces, length=size)
            answer.read()
        print(f"upload of {gib} GiB: status {answer.status}, peak {memory.peak:.0f} MiB")
        with PeakMemory(peer) as memory:
            answer = client.send("GET", "/scale/large")
            received = 0
            while piece := answer.read(1 << 20):
                received += len(piece)
        print(f"download: {received} bytes, peak {memory.peak:.0f} MiB")
        client.send("DELETE", "/scale/large").read()
    finally:
        peer.end()


def completions(folder: Path, parts: int) -> None:
    """How long it takes to make an object of many parts, and to copy it."""
    peer = start(folder)
    try:
        client = Client(peer)
        client.send("PUT", "/scale/").read()
        answer = client.send("POST", "/scale/parts", "uploads").read().decode()
        upload = answer.partition("<UploadId>")[2].partition("<")[0]
        for number in range(1, parts + 1):
            query = f"partNumber={number}&uploadId={upload}"
            size = (100 << 10) + number % 7  # not all alike
            client.send("PUT", "/scale/parts", query, iter([PIECE[:size]]), size).read()
        extra = {"x-oss-complete-all": "yes"}
        for label, method, path, query, headers in (
            (f"completion of {parts:,} parts", "POST", "/scale/parts", f"uploadId={upload}", extra),
            ("its copy", "PUT", "/scale/copy", "", {"x-oss-copy-source": "/scale/parts"}),
        ):
            began = time.monotonic()
            found = client.send(method, path, query, more=headers)
            found.read()
            print(f"{label}: {(time.monotonic() - began) * 1000:.0f} ms, status {found.status}")
    finally:
        peer.end()


def fill_rows(folder: Path, bucket: str, keys: Iterator[tuple[bytes, int]]) -> None:
    """Rows of a bucket, `live` or not, straight into the database."""
    db = apsw.Connection(str(folder / "mossbox.db"))
    ((number,),) = db.execute("select id from buckets where name = ?", (bucket,)).fetchall()
    with db:
        db.cursor().executemany(
            "insert into versions values"
            " (?, ?, ?, ?, ?, 1, 0, 1700000000000, 'D41D8CD98F00B204E9800998ECF8427E',"
            " 0, 0, 0, 'text/plain', null, null, 0)",
            ((number, key, -rank, live, 0 if live else 4) for rank, (key, live) in enumerate(keys)),
        )
    db.close()


def listings(folder: Path, keys: int) -> None:
    """Cost of list pages: small bucket, large bucket, directories, markers."""
    peer = start(folder)
    client = Client(peer)
    for name in ("small", "large", "folders", "markers"):
        client.send("PUT", f"/{name}/").read()
    peer.end()
    fill_rows(folder, "small", ((b"%08d" % n, 1) for n in range(1000)))
    fill_rows(folder, "large", ((b"%08d" % n, 1) for n in range(keys)))
    fill_rows(folder, "folders", ((b"%06d/%04d" % divmod(n, 1000), 1) for n in range(keys)))
    fill_rows(folder, "markers", ((b"%08d" % n, int(n >= 100_000)) for n in range(101_000)))
    peer = start(folder)
    client = Client(peer)
    try:
        pages = {
            "1,000 keys": ("small", ""),
            f"{keys:,} keys, first page": ("large", ""),
            f"{keys:,} keys, middle": ("large", f"&start-after={keys // 2:08d}"),
            f"{keys:,} keys, last": ("large", f"&start-after={keys - 1001:08d}"),
            "after 100,000 delete markers": ("markers", ""),
        }
        for label, (bucket, after) in pages.items():
            query = f"list-type=2&max-keys=1000{after}"
            print(f"{label}: {cost(peer, client, bucket, query):.2f} ms CPU")
        for label, after in (("first", ""), ("middle", f"key-marker={keys // 2:08d}&")):
            query = f"{after}max-keys=1000&versions"
            milliseconds = cost(peer, client, "large", query, rounds=3)
            print(f"versions of {keys:,} keys, {label} page: {milliseconds:.2f} ms CPU")
        later = f"&start-after={keys // 2000:06d}%2F"
        for label, after in (("first", ""), ("later", later)):
            query = f"delimiter=%2F&list-type=2&max-keys=1000{after}"
            milliseconds = cost(peer, client, "folders", query)
            print(f"{keys // 1000:,} folders, {label} page: {milliseconds:.2f} ms CPU")
    finally:
        peer.end()


def cost(peer: Peer, client: Client, bucket: str, query: str, rounds: int = 5) -> float:
    """Server CPU milliseconds a page, the median of a few rounds of many."""
    found = []
    for _ in range(rounds):
        before = cpu_s(peer.process.pid)
        for _ in range(100):
            client.send("GET", f"/{bucket}/", query).read()
        found.append((cpu_s(peer.process.pid) - before) * 1000 / 100)
    return statistics.median(found)


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=int, default=5)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--folder", default=None)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mossbox-scale-", dir=options.folder))
    try:
        starts(folder / "start")
        large_bodies(folder / "large", options.gib)
        completions(folder / "parts", 10_000)
        listings(folder / "lists", options.keys)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
