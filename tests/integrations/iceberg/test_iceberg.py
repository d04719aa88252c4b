"""Iceberg's OSSFileIO (iceberg-aliyun): files, and a table whose metadata and data lie in OSS."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance.programs import cached, command
from tests.conftest import require
from tests.support import KEY_ID, SECRET, Server

PROGRAM = Path(__file__).parent / "program"


def built() -> Path:
    """The folder with the program's classes and everything they need."""
    require("iceberg", all(map(shutil.which, ("java", "mvn"))), "install a JDK and Maven")

    def build(folder: Path) -> None:
        shutil.copytree(PROGRAM, folder, dirs_exist_ok=True)
        command(folder, "mvn", "-B", "-q", "-ntp", "compiler:compile")
        command(folder, "mvn", "-B", "-q", "-ntp", "dependency:copy-dependencies")

    files = [path for path in PROGRAM.rglob("*") if path.is_file()]
    return cached("iceberg", files, build) / "target"


@pytest.mark.slow
def test_files_and_a_table(server: Server, bucket_name: str) -> None:
    assert server.request("PUT", bucket_name).status == 200
    folder = built()
    classes = f"{folder}/classes:{folder}/dependency/*"
    done = subprocess.run(
        ["java", "-XX:TieredStopAtLevel=1", "-cp", classes, "Main"],
        env={
            **os.environ, "OSS_ENDPOINT": server.endpoint, "BUCKET": bucket_name,
            "OSS_ACCESS_KEY_ID": KEY_ID, "OSS_ACCESS_KEY_SECRET": SECRET,
        },
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["ok files", "ok table"], done.stdout + done.stderr
    text = server.request("GET", bucket_name, query={"prefix": "lake/table/"}).body.decode()
    keys = re.findall("<Key>(.*?)</Key>", text)
    assert sum(key.endswith(".metadata.json") for key in keys) == 3
    assert sum(key.endswith(".avro") for key in keys) == 4  # a manifest and its list, twice
    assert server.request("GET", bucket_name, "lake/table/data/2.csv").body == b"row 2\n"
