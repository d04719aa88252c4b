"""Hadoop's file system for OSS (hadoop-aliyun), by the tests of its own project.

They come as sources from Maven Central, are compiled as they are and run in one JVM. A part of them
runs always; `make nightly` runs all, MapReduce and YARN on the store among them.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conformance.programs import cached, command
from tests.conftest import require
from tests.integrations.pages import blocks
from tests.support import Server

SUITE = Path(__file__).parent / "suite"
VERSION = "3.4.2"
PACKAGE = "org.apache.hadoop.fs.aliyun.oss"

ALWAYS = (
    "TestAliyunCredentials", "TestAliyunOSSFileSystemContract", "TestAliyunOSSInputStream",
    "contract.TestAliyunOSSContractCreate", "contract.TestAliyunOSSContractDelete",
    "contract.TestAliyunOSSContractGetFileStatus",
    "contract.TestAliyunOSSContractGetFileStatusV1List", "contract.TestAliyunOSSContractMkdir",
    "contract.TestAliyunOSSContractOpen", "contract.TestAliyunOSSContractRename",
    "contract.TestAliyunOSSContractRootDir", "contract.TestAliyunOSSContractSeek",
    "fileContext.TestOSSFileContextCreateMkdir", "fileContext.TestOSSFileContextMainOperations",
    "fileContext.TestOSSFileContextStatistics", "fileContext.TestOSSFileContextURI",
    "fileContext.TestOSSFileContextUtil",
)  # fmt: skip
NIGHTLY = (
    "TestAliyunOSSBlockOutputStream", "TestAliyunOSSFileSystemStore",
    "contract.TestAliyunOSSContractDistCp", "yarn.TestOSS", "yarn.TestOSSMiniYarnCluster",
)  # fmt: skip
# OSS tells times in seconds: what is copied within the second in which it was written looks older
# than its source, and DistCp copies it once more, which two tests count. So times are ignored, but
# for the one test that is about them.
TIMES = "distcp.update.modification.time"
OF_TIMES = ("contract.TestAliyunOSSContractDistCp", "testDistCpUpdateCheckFileSkip")
EMPTY = "fileContext.TestOSSFileContext"  # the project's, too: there is no test in it

# The project itself passes over these: OSS shows a file when it is closed, and not before; the
# file system of OSS has no append and no checksums that could be turned off; the test is empty.
PASSED_OVER = {
    ("contract.TestAliyunOSSContractCreate", "testCreatedFileIsImmediatelyVisible"),
    ("contract.TestAliyunOSSContractCreate", "testCreatedFileIsVisibleOnFlush"),
    ("fileContext.TestOSSFileContextMainOperations", "testCreateFlagCreateAppendExistingFile"),
    ("fileContext.TestOSSFileContextMainOperations", "testCreateFlagAppendExistingFile"),
    ("fileContext.TestOSSFileContextMainOperations", "testBuilderCreateAppendExistingFile"),
    ("fileContext.TestOSSFileContextMainOperations", "testSetVerifyChecksum"),
    ("fileContext.TestOSSFileContextURI", "testFileStatus"),
}

# What the tests need to run at all on Java 17: JAXB and they themselves look into these packages.
JAVA = [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in ("lang", "io")]


def compiled() -> Path:
    """The folder with the tests' classes and everything they need."""
    require("hadoop", all(map(shutil.which, ("java", "mvn"))), "install a JDK and Maven")

    def build(folder: Path) -> None:
        shutil.copytree(SUITE, folder, dirs_exist_ok=True)
        sources = f"-Dartifact=org.apache.hadoop:hadoop-aliyun:{VERSION}:jar:test-sources"
        mvn = ("mvn", "-B", "-q", "-ntp")
        command(folder, *mvn, "dependency:unpack", sources, "-DoutputDirectory=unpacked")
        command(folder, *mvn, "dependency:copy-dependencies", "compiler:compile")

    return cached("hadoop", [path for path in SUITE.rglob("*") if path.is_file()], build)


def write_configuration(
    folder: Path, endpoint: str, bucket: str, changes: Mapping[str, str]
) -> None:
    """The file that the suite includes, with what the how-to page says and the tests' own keys."""
    keys = {
        "test.fs.oss.name": f"oss://{bucket}",
        "fs.contract.test.fs.oss": f"oss://{bucket}",
        # One test asks for these two, which have no values of their own.
        "fs.oss.fast.upload.buffer": "disk",
        "fs.oss.buffer.dir": str(folder / "buffer"),
        TIMES: "false",
        **changes,
    }
    page = blocks("hadoop", "xml")[0]
    found = page.replace("http://127.0.0.1:9000", endpoint) + "".join(
        f"<property><name>{name}</name><value>{value}</value></property>\n"
        for name, value in keys.items()
    )
    (folder / "buffer").mkdir()
    (folder / "auth-keys.xml").write_text(f"<configuration>\n{found}</configuration>\n")


def java(folder: Path, timeout_s: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a class of Hadoop's or of the tests with the configuration in this folder."""
    built = compiled()
    places = (folder, built / "conf", built / "unpacked", built / "target/classes")
    path = ":".join([*map(str, places), str(built / "target/dependency/*")])
    done = subprocess.run(
        ["java", *JAVA, "-cp", path, *words],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done


Said = Mapping[str, Mapping[str, str]]


def run(
    server: Server,
    bucket: str,
    folder: Path,
    classes: tuple[str, ...],
    timeout_s: int = 280,
    **changes: str,
) -> dict[str, dict[str, str]]:
    """What became of the tests of these classes: ``ok``, ``skipped`` or why not."""
    assert server.request("PUT", bucket).status == 200
    write_configuration(folder, server.endpoint, bucket, changes)
    done = java(folder, timeout_s, "Main", *(f"{PACKAGE}.{name}" for name in classes))
    found: dict[str, dict[str, str]] = {name: {} for name in classes}
    for verdict, name, test in re.findall(
        rf"^(ok|skipped|not ok) {PACKAGE}\.(\S+) (\S+)$", done.stdout, re.MULTILINE
    ):
        why = done.stderr.partition(f"{test}({PACKAGE}.{name})\n")[2][:1500]
        found[name][test] = why if verdict == "not ok" else verdict
    return found


def check(said: Said, name: str) -> None:
    assert {test: why for test, why in said[name].items() if why not in ("ok", "skipped")} == {}
    skipped = {(name, test) for test, why in said[name].items() if why == "skipped"}
    assert skipped == {one for one in PASSED_OVER if one[0] == name}
    assert "ok" in said[name].values()


@pytest.fixture(scope="module")
def said(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Said:
    return run(server, "of-hadoop", tmp_path_factory.mktemp("hadoop"), ALWAYS)


@pytest.fixture(scope="module")
def said_at_night(tmp_path_factory: pytest.TempPathFactory) -> Said:
    folder = tmp_path_factory.mktemp("hadoop")
    with Server(folder, workers=2) as server:
        found = run(server, "of-hadoop", folder, ALWAYS + NIGHTLY, 900)
        name, test = OF_TIMES
        other = tmp_path_factory.mktemp("hadoop")
        found[name][test] = run(server, "of-times", other, (name,), **{TIMES: "true"})[name][test]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ALWAYS)
def test_contract(said: Said, name: str) -> None:
    check(said, name)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ALWAYS + NIGHTLY)
def test_the_whole_contract(said_at_night: Said, name: str) -> None:
    check(said_at_night, name)


@pytest.mark.slow
def test_no_class_is_left_out() -> None:
    folder = compiled() / "unpacked" / PACKAGE.replace(".", "/")
    there = {
        str(path.relative_to(folder).with_suffix("")).replace("/", ".")
        for path in folder.rglob("Test*.java")
    }
    assert there == {*ALWAYS, *NIGHTLY, EMPTY}
