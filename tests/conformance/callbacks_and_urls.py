"""Runs callbacks_and_urls.js on a store."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.conformance.test_ali_oss import PROGRAM
from tests.support import KEY_ID, REGION, SECRET, Server


def by_ali_oss(server: Server, what: str, v4: bool, **more: Any) -> dict[str, Any]:
    """What ali-oss saw of callbacks or signed URLs."""
    given = {
        "what": what, "port": server.port, "region": REGION, "keyId": KEY_ID,
        "secret": SECRET, "v4": v4, "bucket": "photos", **more,
    }  # fmt: skip
    modules = Path(PROGRAM.built()[1]).parent / "node_modules"
    done = subprocess.run(
        ["node", Path(__file__).with_suffix(".js")],
        input=json.dumps(given), capture_output=True, text=True, timeout=60,
        env={**os.environ, "NODE_PATH": str(modules)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
