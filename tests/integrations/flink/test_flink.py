"""Flink 1.20 on the store, installed and configured as its page on OSS says.

A stand-alone cluster with real processes runs the page's three calls, what Flink recommends today
in their place, and a job that dies twice and goes on from its checkpoints in the store.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrations.flink.cluster import Cluster
from tests.integrations.flink.install import NEWER, VERSION, installed
from tests.integrations.pages import blocks
from tests.integrations.world import World
from tests.support import Server

pytestmark = pytest.mark.slow

BUCKET = "your-bucket"
LINES = 3000
TEXT = "".join(f"line {i:05} {'abcdefghij' * 5}\n" for i in range(20_000))
NUMBERS = "".join(f"{i:07}\n" for i in range(LINES))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("store")) as server:
        assert server.request("PUT", BUCKET).status == 200
        for key, text in (("text.txt", TEXT), ("numbers.txt", NUMBERS)):
            assert server.request("PUT", BUCKET, key, body=text.encode()).status == 200
        yield server


@pytest.fixture(scope="module")
def cluster(store: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("flink")
    (folder / "text.txt").write_text(TEXT)
    (folder / "numbers.txt").write_text(NUMBERS)
    with Cluster(folder, store.endpoint) as running:
        yield running


def keys(store: Server, prefix: str) -> list[str]:
    """Names of objects."""
    query = {"prefix": prefix, "max-keys": "1000"}
    text = store.request("GET", BUCKET, query=query).body.decode()
    return re.findall("<Key>(.*?)</Key>", text)


def objects(store: Server, prefix: str) -> list[str]:
    """All lines of the objects below it (or of the object itself), in order."""
    bodies = [store.request("GET", BUCKET, key).body.decode() for key in keys(store, prefix)]
    return sorted(line for body in bodies for line in body.splitlines())


def files(path: Path) -> list[str]:
    """The same of files; what begins with a dot was not finished."""
    found = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    whole = [one.read_text() for one in found if not one.name.startswith(".")]
    return sorted(line for body in whole for line in body.splitlines())


@pytest.mark.parametrize("parallelism", [1, 4])
@pytest.mark.parametrize("job", ["DocumentJob", "CurrentJob"])
def test_read_and_write(cluster: Cluster, store: Server, job: str, parallelism: int) -> None:
    out = f"{job}-{parallelism}"
    places = (f"oss://{BUCKET}", f"file://{cluster.folder}")
    each = [f"{place}/{name}" for place in places for name in ("text.txt", out, f"{out}-state")]
    cluster.run(job, str(parallelism), *each)
    assert objects(store, out) == files(cluster.folder / out) == sorted(TEXT.upper().splitlines())
    one = job == "DocumentJob" and parallelism == 1
    expected = {out} if one else {f"{out}/1", f"{out}/2", f"{out}/3", f"{out}/4"}
    if job == "DocumentJob":
        assert {key for key in keys(store, out) if not key.endswith("/")} == expected


class Lives:
    """What the source wrote down, by the lives it had."""

    def __init__(self, record: Path) -> None:
        self.lives: list[list[tuple[str, ...]]] = []
        for line in record.read_text().splitlines() if record.exists() else ():
            word, *numbers = line.split()
            if word == "start":
                self.lives.append([])
            self.lives[-1].append((word, *numbers))

    def numbers(self, life: int, word: str) -> list[int]:
        return [int(line[-1]) for line in self.lives[life] if line[0] == word]

    def waits(self, life: int) -> bool:
        return len(self.lives) > life and bool(self.numbers(life, "waiting"))


def test_killed_and_resumed(cluster: Cluster, store: Server) -> None:
    """The task manager dies, later the whole cluster; nothing before a checkpoint is read again."""
    record = cluster.folder / "record"
    words = ("{0}/numbers.txt", "{0}/sums", "{0}/checkpoints", str(record), "1000")
    oss = tuple(word.format(f"oss://{BUCKET}") for word in words)
    cluster.run("ResumingJob", *oss, options=("-d",))
    cluster.until(lambda: Lives(record).waits(0))
    cluster.kill("taskmanager")
    # The sink tries to finish what it finished before it died, and reads the refusal by JAXB, which
    # the jar expects of Java and Java has no more since 11.
    cluster.plugin("*")
    cluster.start_one("taskmanager")
    cluster.until(lambda: Lives(record).waits(1))
    cluster.kill("jobmanager", "taskmanager")
    last = newest_checkpoint(store)
    cluster.start()
    cluster.run("ResumingJob", *oss, options=("-s", f"oss://{BUCKET}/{last}"))

    seen = Lives(record)
    assert len(seen.lives) == 3
    for life in (0, 1, 2):
        [start] = seen.numbers(life, "start")
        read = seen.numbers(life, "read")
        assert read == list(range(start, start + len(read)))
        if life:
            # It goes on where a checkpoint was, which is not before the last one it was told of.
            told = max(seen.numbers(life - 1, "checkpoint"))
            assert 1000 * life <= told <= start <= seen.numbers(life - 1, "read")[-1] + 1
    assert seen.numbers(2, "read")[-1] == LINES - 1

    shutil.rmtree(cluster.folder / "sums", ignore_errors=True)
    local = [word.format(f"file://{cluster.folder}") for word in words]
    cluster.run("ResumingJob", *local[:3], str(cluster.folder / "alone"), "0")
    assert objects(store, "sums") == files(cluster.folder / "sums")
    assert len(objects(store, "sums")) == LINES


def newest_checkpoint(store: Server) -> str:
    """The folder of the newest whole checkpoint that was kept."""
    whole = [key for key in keys(store, "checkpoints/") if key.endswith("/_metadata")]
    return max(whole, key=lambda key: int(key.split("chk-")[1].split("/")[0])).rpartition("/")[0]


@pytest.mark.parametrize(
    ("version", "job"),
    [(VERSION, "DocumentJob"), pytest.param(NEWER, "CurrentJob", marks=pytest.mark.nightly)],
)
def test_the_endpoint_as_the_document_writes_it(
    store: Server, tmp_path: Path, version: str, job: str
) -> None:
    """The vendor's host name, and https because nothing else is said."""
    out = f"oss://{BUCKET}/by-name-{version}"
    with (
        World(store, tmp_path) as world,
        Cluster(tmp_path, "oss-cn-hangzhou.aliyuncs.com", world, version) as cluster,
    ):
        cluster.run(job, "1", f"oss://{BUCKET}/text.txt", out, f"{out}-state")
    assert objects(store, f"by-name-{version}") == sorted(TEXT.upper().splitlines())


def test_the_jars_that_the_page_names() -> None:
    page = "".join(blocks("flink", "console"))
    named = {f"{name}-{version}.jar" for name, version in re.findall(r":([\w.-]+):([\d.]+)", page)}
    assert named == {path.name for path in (installed() / "target" / "dependency").iterdir()}
