"""Flink, from PyPI, and the jobs and jars that Maven brings, once a version of all this."""

import shutil
import sys
from pathlib import Path

from tests.conformance.programs import cached, command
from tests.conftest import require

HERE = Path(__file__).parent
# Of 1.20, Maven Central has the jar for OSS in this version only.
VERSION, NEWER = "1.20.0", "2.3.0"


def installed(version: str = VERSION) -> Path:
    """A folder with Flink itself and, in target/dependency, the jars for its plugins/.

    PyPI's packages hold the whole distribution but opt/'s file systems, which Maven Central has.
    Their Python dependencies are left out: nothing here runs Python inside Flink.
    """
    require("flink", all(map(shutil.which, ("java", "mvn"))), "install a JDK and Maven")

    def build(folder: Path) -> None:
        command(folder, sys.executable, "-m", "venv", "venv")
        packages = (f"apache-flink-libraries=={version}", f"apache-flink=={version}")
        command(folder, "venv/bin/pip", "install", "-q", "--no-deps", *packages)
        plugin = f"-Dartifact=org.apache.flink:flink-oss-fs-hadoop:{version}"
        _mvn(
            folder,
            "dependency:copy",
            "dependency:copy-dependencies",
            plugin,
            "-DincludeScope=runtime",
        )

    return cached(f"flink-{version}", [Path(__file__), HERE / "jobs" / "pom.xml"], build)


def jobs() -> Path:
    """The jar of the jobs."""
    require("jobs of Flink", all(map(shutil.which, ("java", "mvn"))), "install a JDK and Maven")

    def build(folder: Path) -> None:
        _mvn(folder, "compiler:compile", "jar:jar")

    sources = [path for path in (HERE / "jobs").rglob("*") if path.is_file()]
    return cached("flink_jobs", sources, build) / "target" / "jobs.jar"


def _mvn(folder: Path, *goals: str) -> None:
    shutil.copytree(HERE / "jobs", folder, dirs_exist_ok=True)
    command(folder, "mvn", "-B", "-q", "-ntp", *goals)
