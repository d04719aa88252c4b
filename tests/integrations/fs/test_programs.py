"""pandas, pyarrow, Dask and DuckDB on ``oss://``, set up by one line and the printed keys."""

import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

import mossbox.fs
from mossbox.testing import MossboxServer
from tests.integrations.fs.document import core_site, filled, flink_conf
from tests.integrations.programs import ROWS, module
from tests.integrations.world import World
from tests.support import Server


@pytest.fixture(params=["core-site.xml", "flink-conf.yaml"])
def url(
    request: pytest.FixtureRequest, store: MossboxServer, tmp_path: Path, unregistered: None
) -> str:
    """Where to write; what the page prints is all the configuration there is."""
    keys = filled(store.endpoint)
    file = (core_site if request.param == "core-site.xml" else flink_conf)(tmp_path, keys)
    mossbox.fs.register(file)
    return f"oss://{store.bucket}/frames"


def test_pandas(url: str) -> None:
    pandas = module("pandas")
    frame = pandas.DataFrame(ROWS)
    frame.to_parquet(f"{url}/a.parquet")
    frame.to_csv(f"{url}/a.csv.gz", index=False)
    frame.to_json(f"{url}/a.jsonl", orient="records", lines=True)
    for found in (
        pandas.read_parquet(f"{url}/a.parquet"),
        pandas.read_csv(f"{url}/a.csv.gz"),
        pandas.read_json(f"{url}/a.jsonl", orient="records", lines=True),
    ):
        pandas.testing.assert_frame_equal(found, frame, check_dtype=False)
    with pytest.raises(FileExistsError):
        frame.to_csv(f"{url}/a.jsonl", mode="x")


def test_pyarrow(url: str) -> None:
    pyarrow, datasets, fs = module("pyarrow"), module("pyarrow.dataset"), module("pyarrow.fs")
    table = pyarrow.table(ROWS)
    oss = fs.PyFileSystem(fs.FSSpecHandler(fsspec.filesystem("oss")))
    folder = url.removeprefix("oss://")
    datasets.write_dataset(
        table, f"{folder}/set", filesystem=oss, format="parquet", partitioning=["name"],
        existing_data_behavior="delete_matching",
    )  # fmt: skip
    found = datasets.dataset(f"{folder}/set", filesystem=oss, partitioning=["name"])
    assert len(found.files) == 7
    back = found.to_table().sort_by("number").select(["number", "name"])
    assert back.to_pydict() == ROWS
    few = found.to_table(filter=datasets.field("number") < 3)
    assert sorted(few.column("number").to_pylist()) == [0, 1, 2]


def test_dask(url: str) -> None:
    pandas, dask = module("pandas"), module("dask.dataframe")
    frame = pandas.DataFrame(ROWS)
    dask.from_pandas(frame, npartitions=4).to_parquet(f"{url}/dask")
    names = fsspec.filesystem("oss").glob(f"{url}/dask/*.parquet")
    assert len(names) == 4
    found = dask.read_parquet(f"{url}/dask").compute()
    pandas.testing.assert_frame_equal(found, frame, check_dtype=False)
    assert dask.read_parquet(f"{url}/dask")["number"].sum().compute() == sum(range(1000))


def test_duckdb(url: str) -> None:
    duckdb = module("duckdb")
    with duckdb.connect() as connection:
        connection.register_filesystem(fsspec.filesystem("oss"))
        connection.sql(
            "copy (select i, 'name ' || i % 7 as name from range(1000) t(i))"
            f" to '{url}/a.parquet' (format parquet)"
        )
        rows = connection.sql(
            f"select name, sum(i)::int from '{url}/*.parquet' group by name order by name limit 2"
        ).fetchall()
    expected = [sum(i for i in range(1000) if i % 7 == rest) for rest in (0, 1)]
    assert rows == [("name 0", expected[0]), ("name 1", expected[1])]


STORY = """
import sys
import fsspec, mossbox.fs

mossbox.fs.register(sys.argv[1])
with fsspec.open(f"oss://{sys.argv[2]}/a/b c.txt", "w") as file:
    file.write("Hello World")
with fsspec.open(f"oss://{sys.argv[2]}/a/b c.txt") as file:
    print(file.read(5))
print(fsspec.filesystem("oss").find(f"oss://{sys.argv[2]}"))
"""


@pytest.fixture
def world(server: Server, tmp_path: Path) -> Iterator[World]:
    (tmp_path / "world").mkdir()
    with World(server, tmp_path / "world") as running:
        yield running


@pytest.mark.slow
def test_under_the_clouds_own_name(
    world: World, server: Server, bucket_name: str, tmp_path: Path
) -> None:
    """The endpoint as Hadoop's documentation writes it: a host, to be reached over TLS."""
    assert server.request("PUT", bucket_name).status == 200
    file = core_site(tmp_path, filled("oss-cn-hangzhou.aliyuncs.com"))
    said = world.run(sys.executable, "-c", STORY, str(file), bucket_name)
    assert said.splitlines() == ["b'Hello'", f"['{bucket_name}/a/b c.txt']"]
    assert server.request("GET", bucket_name, "a/b c.txt").body == b"Hello World"
