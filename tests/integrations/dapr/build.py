"""Builds the real `daprd` from Go's module proxy, once, outside the checkout.

A recipe says which version, with which toolchain, and which files of components are kept: all of
them where it names none. The program's code is the same in both; only what it registers differs.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.conformance.programs import cached
from tests.conftest import require

HERE = Path(__file__).parent
BUILD_TIMEOUT_S = 3000
FLAGS = ("-trimpath", "-ldflags=-s -w", "-tags=allcomponents")


def daprd(recipe: str = "trimmed") -> Path:
    """The program built by ``trimmed.txt`` or ``untouched.txt``."""
    require("go", shutil.which("go") is not None, "apt install golang-go")
    lines = (HERE / f"{recipe}.txt").read_text().splitlines()
    words = [line.split() for line in lines]
    version, toolchain = (value for name, value in words if name != "keep")
    keep = {value for name, value in words if name == "keep"}

    def build(folder: Path) -> None:
        source = folder / "source"
        module = f"github.com/dapr/dapr@{version}"
        found = json.loads(run(folder, toolchain, "go", "mod", "download", "-json", module))
        shutil.copytree(found["Dir"], source)
        run(folder, toolchain, "chmod", "-R", "u+w", "source")
        for file in (source / "cmd" / "daprd" / "components").glob("*.go"):
            if keep and file.name not in keep:
                file.unlink()
        run(source, toolchain, "go", "build", *FLAGS, "-o", str(folder / "daprd"), "./cmd/daprd")
        shutil.rmtree(source)

    return cached(f"daprd-{recipe}", [HERE / f"{recipe}.txt"], build) / "daprd"


def run(folder: Path, toolchain: str, *words: str) -> str:
    """Run a command of the build with low priority; gives what it printed."""
    done = subprocess.run(
        ["nice", "-n", "19", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=BUILD_TIMEOUT_S,
        env={**os.environ, "GOTOOLCHAIN": toolchain, "GOFLAGS": "-buildvcs=false"},
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


if __name__ == "__main__":
    import sys

    os.environ["MOSSBOX_TEST_REQUIRE_ALL"] = "1"
    print(daprd(*sys.argv[1:]))
