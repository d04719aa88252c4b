"""The commands of the page on Hadoop, by the version of the tests and by one that signs as V4."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.programs import cached, command
from tests.conftest import require
from tests.integrations.hadoop.test_hadoop import JAVA, compiled
from tests.integrations.pages import blocks
from tests.support import Server

pytestmark = pytest.mark.slow

POM = Path(__file__).parent / "newer" / "pom.xml"


V4 = blocks("hadoop", "xml")[1]


def newer() -> Path:
    """Hadoop 3.5.0, the first version that knows V4."""
    require("hadoop 3.5", all(map(shutil.which, ("java", "mvn"))), "install a JDK and Maven")

    def build(folder: Path) -> None:
        shutil.copy(POM, folder)
        command(folder, "mvn", "-B", "-q", "-ntp", "dependency:copy-dependencies")

    return cached("hadoop_newer", [POM], build)


def hadoop(
    home: Path, folder: Path, endpoint: str, extra: str, *words: str
) -> subprocess.CompletedProcess[str]:
    """`hadoop fs`, configured as the page says."""
    page = blocks("hadoop", "xml")[0]
    properties = page.replace("http://127.0.0.1:9000", endpoint) + extra
    (folder / "core-site.xml").write_text(f"<configuration>\n{properties}</configuration>\n")
    return subprocess.run(
        ["java", *JAVA, "-cp", f"{folder}:{home}/target/dependency/*",
         "org.apache.hadoop.fs.FsShell", *words],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("home", [compiled, newer])
def test_the_commands_of_the_page(tmp_path: Path, home: Callable[[], Path]) -> None:
    extra = V4 if home is newer else ""
    (tmp_path / "cat.txt").write_text("meow\n")
    [commands] = blocks("hadoop", "console")
    with Server(tmp_path, "--strict-regions", "--bucket", "photos") as server:
        for line in commands.splitlines():
            words = line.removeprefix("$ hadoop fs ").split()
            done = hadoop(home(), tmp_path, server.endpoint, extra, *words)
            assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("meow\n")
        assert server.request("GET", "photos", "album/cat.txt").body == b"meow\n"
        elsewhere = extra.replace("cn-hangzhou", "cn-beijing")
        done = hadoop(home(), tmp_path, server.endpoint, elsewhere, *words)
        assert (done.returncode != 0) == (home is newer)  # only V4 signs the region
