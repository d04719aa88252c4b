"""A stand-alone Flink cluster of real processes, installed from PyPI, and jobs built by Maven."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.integrations.flink.install import VERSION, installed, jobs
from tests.integrations.pages import blocks
from tests.integrations.world import World, listens
from tests.support import free_port


class Cluster:
    """One job manager and one task manager; a context manager that kills them.

    In a world, which has a network of its own, it has the distribution's configuration as it is.
    """

    def __init__(
        self, folder: Path, endpoint: str, world: World | None = None, version: str = VERSION
    ) -> None:
        self.world = world
        self.folder, self.jar, self.place = folder, jobs(), installed(version)
        self.home = next(self.place.glob("venv/lib/*/site-packages/pyflink"))
        self.plugin("flink-oss-fs-hadoop*")
        conf = folder / "conf"
        shutil.copytree(self.home / "conf", conf)
        self.rest = 8081 if world else free_port()
        [keys] = blocks("flink", "yaml")
        keys = keys.replace("http://127.0.0.1:9000", endpoint)
        if world:
            with (conf / "config.yaml").open("a") as file:
                file.write(keys)
        else:
            _older(conf, self.rest, keys)
        (folder / "log").mkdir()
        self.environment = {
            **os.environ,
            "FLINK_HOME": str(self.home),
            "FLINK_CONF_DIR": str(conf),
            "FLINK_PLUGINS_DIR": str(folder / "plugins"),
            "FLINK_LOG_DIR": str(folder / "log"),
            "FLINK_PID_DIR": str(folder),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def plugin(self, names: str) -> None:
        """Copy jars to the plugin's directory; processes that start from now on have them."""
        place = self.folder / "plugins" / "oss-fs-hadoop"
        place.mkdir(parents=True, exist_ok=True)
        for jar in (self.place / "target" / "dependency").glob(names):
            shutil.copy(jar, place)

    def start(self) -> Self:
        """Both processes; returns when there is room for a job."""
        for name in ("jobmanager", "taskmanager"):
            self.start_one(name)
        if self.world:
            self.until(lambda: listens(self.processes["jobmanager"].pid, self.rest))
        else:
            self.until(lambda: self.ask("/overview")["slots-available"] == 4)
        return self

    def _words(self, *program: str) -> list[str]:
        return self.world.words(*program) if self.world else list(program)

    def start_one(self, name: str) -> None:
        """A job manager or a task manager, as `bin/NAME.sh start-foreground` starts it."""
        with (self.folder / f"{name}.out").open("ab") as out:
            self.processes[name] = subprocess.Popen(
                self._words(str(self.home / "bin" / f"{name}.sh"), "start-foreground"),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
            )

    def kill(self, *names: str) -> None:
        """SIGKILL."""
        for name in names:
            process = self.processes.pop(name)
            process.send_signal(signal.SIGKILL)
            process.wait(20)

    def run(self, job: str, *words: str, options: tuple[str, ...] = ()) -> str:
        """`flink run`; gives what it printed."""
        flink = str(self.home / "bin" / "flink")
        done = subprocess.run(
            self._words(flink, "run", *options, "-c", job, str(self.jar), *words),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stdout + done.stderr + self.log[-4000:]
        return done.stdout

    def ask(self, path: str) -> Any:
        """What the job manager says; {} of keys that are 0 while it does not listen."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.rest}{path}", timeout=10
            ) as answer:
                return json.load(answer)
        except OSError:
            return {"slots-available": 0}

    def until(self, holds: Callable[[], bool], timeout_s: float = 120) -> None:
        """Wait for a fact that nobody tells."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            assert all(process.poll() is None for process in self.processes.values()), self.log
            assert time.monotonic() < deadline, self.log[-8000:]
            time.sleep(0.05)

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*manager.out")))

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.kill(*self.processes)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill(*self.processes)


def _older(conf: Path, rest: int, keys: str) -> None:
    """A flink-conf.yaml in place of the distribution's config.yaml, with ports of its own.

    Of the file system it has the page's three keys, and nothing else.
    """
    given = (conf / "config.yaml").read_text().splitlines()
    [java] = [line for line in given if line.strip().startswith("all: --add-exports")]
    (conf / "config.yaml").unlink()
    (conf / "flink-conf.yaml").write_text(f"""
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: {free_port()}
jobmanager.bind-host: 127.0.0.1
jobmanager.memory.process.size: 1600m
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: {rest}
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.memory.process.size: 1728m
taskmanager.numberOfTaskSlots: 4
env.java.opts.all: {java.partition("all: ")[2]}
{keys}""")
