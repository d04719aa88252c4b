"""What the clients' tests have in common: accounts, awkward keys, a directory of files."""

import hashlib
import random
from pathlib import Path

from tests.conftest import ROOT

UID = "1000000000000001"
OTHER_UID, OTHER_KEY_ID, OTHER_SECRET = "2000000000000002", "other-key", "other-secret-of-tests"

AWKWARD = sorted(
    [
        "plain.txt", "with space", "plus+plus", "per%20cent", "quest?ion&am=p", "hash#tag", "a;b",
        "中文/文件.txt", "😀", "é", "e\u0301", ".hidden", "../x", "a/../b", "a//b",
        "a/", "a/b", "tail ", " head", "quote\"'<>&", "back\\slash", "tab\tkey", "line\nfeed",
        "bell\x07", "del\x7f", "colon:", "tilde~*()!", "k" * 1023,
    ],
    key=str.encode,
)  # fmt: skip

# Clients that write slashes as they are leave it to their HTTP library to take dot segments away.
UNDOTTED = [key for key in AWKWARD if ".." not in key]


def directory_of_files(folder: Path) -> dict[str, Path]:
    """Names and files: our own source, and some megabytes of noise of many sizes."""
    noise = random.Random(7)
    files = {
        path.relative_to(ROOT).as_posix(): path
        for path in (ROOT / "src").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for size in (0, 1, 4095, 4096, 128 << 10, (128 << 10) + 1, 1 << 20, (3 << 20) + 17):
        path = folder / f"noise-{size}"
        path.write_bytes(noise.randbytes(size))
        files[f"noise/{size}.bin"] = path
    return files


def sums(files: dict[str, Path]) -> dict[str, str]:
    """The SHA-256 of each file."""
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
