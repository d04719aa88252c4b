"""The right to write, between processes."""

import subprocess
import sys
import threading
from pathlib import Path

from mossbox.engine.sqlite import DataLock

HOLDER = """
import sys
from pathlib import Path
from mossbox.engine.sqlite import DataLock

lock = DataLock(Path(sys.argv[1]))
print("ready", flush=True)
for line in sys.stdin:
    with lock:
        print("taken", flush=True)
        sys.stdin.readline()
    print("given back", flush=True)
"""

COUNTER = """
import sys
from pathlib import Path
from mossbox.engine.sqlite import DataLock

folder = Path(sys.argv[1])
lock = DataLock(folder)
for _ in range(300):
    with lock:
        number = int((folder / "number").read_text())
        (folder / "number").write_text(str(number + 1))
"""


def start(text: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", text, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip


class Other:
    """A process that takes the lock and gives it back when told."""

    def __init__(self, folder: Path) -> None:
        self.process = start(HOLDER, folder)
        assert self.read() == "ready"

    def tell(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    others = [start(COUNTER, tmp_path) for _ in range(2)]
    for other in others:
        other.communicate(timeout=60)
        assert other.returncode == 0
    assert (tmp_path / "number").read_text() == "600"


def test_who_comes_second_waits_until_the_first_is_done(tmp_path: Path) -> None:
    other = Other(tmp_path)
    other.tell()
    assert other.read() == "taken"
    lock = DataLock(tmp_path)
    taken = threading.Event()

    def take() -> None:
        with lock:
            taken.set()

    thread = threading.Thread(target=take)
    thread.start()
    assert not taken.wait(0.1)
    other.tell()
    assert other.read() == "given back"
    assert taken.wait(10)
    thread.join()
    lock.close()
    other.end()


def test_a_process_that_dies_gives_the_lock_back(tmp_path: Path) -> None:
    other = Other(tmp_path)
    other.tell()
    assert other.read() == "taken"
    other.end()
    lock = DataLock(tmp_path)
    with lock:
        pass
    lock.close()
