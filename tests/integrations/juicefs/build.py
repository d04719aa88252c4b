"""Builds JuiceFS from Go's module proxy, once, outside the checkout: for OSS and SQLite alone."""

import json
import os
import shutil
from pathlib import Path

from tests.conformance.programs import cached
from tests.conftest import require
from tests.integrations.dapr.build import run

VERSION, TOOLCHAIN = "v1.1.2", "go1.21.13"
LEFT_OUT = (
    "azure", "b2", "badger", "bos", "cos", "etcd", "gs", "hdfs", "ibmcos", "mysql",
    "obs", "pg", "qingstor", "scs", "sftp", "swift", "tikv", "ufile", "upyun",
)  # fmt: skip


def juicefs() -> Path:
    """The program."""
    found = shutil.which("go") is not None and shutil.which("gcc") is not None
    require("go", found, "apt install golang-go gcc")

    def build(folder: Path) -> None:
        source = folder / "source"
        module = f"github.com/juicedata/juicefs@{VERSION}"
        found = json.loads(run(folder, TOOLCHAIN, "go", "mod", "download", "-json", module))
        shutil.copytree(found["Dir"], source)
        run(folder, TOOLCHAIN, "chmod", "-R", "u+w", "source")
        tags = ",".join(f"no{name}" for name in LEFT_OUT)
        run(
            source, TOOLCHAIN, "go", "build", "-trimpath", "-ldflags=-s -w", f"-tags={tags}",
            "-o", str(folder / "juicefs"), ".",
        )  # fmt: skip
        shutil.rmtree(source)

    return cached("juicefs", [Path(__file__)], build) / "juicefs"


if __name__ == "__main__":
    os.environ["MOSSBOX_TEST_REQUIRE_ALL"] = "1"
    print(juicefs())
