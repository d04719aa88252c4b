"""ossfs, as people have it: its own calls, and pandas, pyarrow, Dask and DuckDB on top of it."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.programs import ROWS, module
from tests.support import KEY_ID, SECRET, Server

LARGE = os.urandom((11 << 20) + 7)  # more than a block of an open file


@pytest.fixture
def options(server: Server) -> dict[str, str]:
    """As `storage_options`."""
    return {"endpoint": server.endpoint, "key": KEY_ID, "secret": SECRET}


@pytest.fixture
def fs(options: dict[str, str]) -> Any:
    return module("ossfs").OSSFileSystem(**options, skip_instance_cache=True)


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    assert server.request("PUT", bucket_name).status == 200
    return bucket_name


def test_its_own_calls(fs: Any, server: Server, bucket: str, tmp_path: Path) -> None:
    fs.pipe_file(f"{bucket}/a/b c", b"Hello World")
    with fs.open(f"oss://{bucket}/a/large", "wb") as file:
        file.write(LARGE)  # in one piece: with several it appends where the file does not end
    with fs.open(f"{bucket}/a/log", "wb") as file:
        file.write(b"one ")
    with fs.open(f"{bucket}/a/log", "ab") as file:
        file.write(b"two")
    for key, data in (("a/b c", b"Hello World"), ("a/large", LARGE), ("a/log", b"one two")):
        assert server.request("GET", bucket, key).body == data
        with fs.open(f"{bucket}/{key}") as file:
            assert file.read() == data
    assert server.request("HEAD", bucket, "a/log").headers["x-oss-object-type"] == "Appendable"
    fs.copy(f"{bucket}/a/log", f"{bucket}/copy")
    fs.get_file(f"{bucket}/copy", tmp_path / "copy")
    fs.put_file(tmp_path / "copy", f"{bucket}/put")
    assert server.request("GET", bucket, "put").body == b"one two"
    names = [f"{bucket}/a/b c", f"{bucket}/a/large", f"{bucket}/a/log"]
    assert fs.find(f"{bucket}/a") == names
    assert fs.info(names[1])["size"] == len(LARGE)
    fs.rm(f"{bucket}/a", recursive=True)
    assert fs.find(bucket) == [f"{bucket}/copy", f"{bucket}/put"]
    with pytest.raises(FileNotFoundError):
        fs.cat_file(names[0])


def test_its_asynchronous_half_reads(options: dict[str, str], server: Server, bucket: str) -> None:
    """With the aiohttp of today it can't write."""
    for key in ("a/1", "a/2"):
        assert server.request("PUT", bucket, key, body=key.encode()).status == 200
    fs = module("ossfs").AioOSSFileSystem(**options, skip_instance_cache=True)
    assert fs.cat([f"{bucket}/a/1", f"{bucket}/a/2"]) == {
        f"{bucket}/a/1": b"a/1", f"{bucket}/a/2": b"a/2",
    }  # fmt: skip
    assert fs.ls(f"{bucket}/a", detail=False) == [f"{bucket}/a/1", f"{bucket}/a/2"]
    fs.close_session()


def test_pandas(options: dict[str, str], bucket: str) -> None:
    pandas = module("pandas")
    frame = pandas.DataFrame(ROWS)
    url = f"oss://{bucket}/a"
    frame.to_parquet(f"{url}.parquet", storage_options=options)
    frame.to_csv(f"{url}.csv", index=False, storage_options=options)
    for found in (
        pandas.read_parquet(f"{url}.parquet", storage_options=options),
        pandas.read_csv(f"{url}.csv", storage_options=options),
    ):
        pandas.testing.assert_frame_equal(found, frame, check_dtype=False)


def test_pyarrow(fs: Any, bucket: str) -> None:
    pyarrow, parquet = module("pyarrow"), module("pyarrow.parquet")
    parquet.write_to_dataset(pyarrow.table(ROWS), f"{bucket}/set", ["name"], filesystem=fs)
    back = parquet.read_table(f"{bucket}/set", filesystem=fs).sort_by("number")
    assert back.column("number").to_pylist() == ROWS["number"]
    assert [str(one) for one in back.column("name").to_pylist()] == ROWS["name"]


def test_dask(options: dict[str, str], bucket: str) -> None:
    """Parquet is written, and not read: a range of ossfs is one byte longer than asked for."""
    pandas, dask = module("pandas"), module("dask.dataframe")
    frame = pandas.DataFrame(ROWS)
    dask.from_pandas(frame, npartitions=3).to_parquet(f"oss://{bucket}/d", storage_options=options)
    url = f"oss://{bucket}/dask-*.csv"
    dask.from_pandas(frame, npartitions=3).to_csv(url, index=False, storage_options=options)
    found = dask.read_csv(url, storage_options=options).compute().reset_index(drop=True)
    pandas.testing.assert_frame_equal(found, frame, check_dtype=False)


def test_duckdb(fs: Any, server: Server, bucket: str, tmp_path: Path) -> None:
    """It writes; reading fails in ossfs, which gives DuckDB names that begin with a slash."""
    with module("duckdb").connect() as connection:
        connection.register_filesystem(fs)
        connection.sql(f"copy (from range(1000)) to 'oss://{bucket}/a.parquet' (format parquet)")
        file = tmp_path / "a.parquet"
        file.write_bytes(server.request("GET", bucket, "a.parquet").body)
        found = connection.sql(f"select sum(range)::int from '{file}'").fetchall()
    assert found == [(sum(range(1000)),)]
