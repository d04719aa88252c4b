"""A real `daprd` as a process of its own, and the component files that it reads."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

# The default resolver announces the program on the network; this one writes a file.
CONFIGURATION = """\
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: quiet
spec:
  nameResolution:
    component: sqlite
    version: v1
    configuration:
      connectionString: "{folder}/names.db"
"""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Daprd:
    """`daprd` on free ports with the components of one folder."""

    def __init__(
        self, program: Path, folder: Path, components: Path, environment: Mapping[str, str] = {}
    ) -> None:
        self.program, self.folder, self.components = program, folder, components
        # It looks for an address that leads outside, and some networks have none.
        self.environment = {
            "DAPR_HOST_IP": "127.0.0.1", "DAPR_COMPONENTS_SOCKETS_FOLDER": str(folder / "none"),
            **environment,
        }  # fmt: skip
        self.port, self.grpc_port, self._internal, self._public = free_ports(4)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "daprd.log").read_text(errors="replace")

    @property
    def words(self) -> list[str]:
        """The command that starts it; writes the configuration that it names."""
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "configuration.yaml"
        configuration.write_text(CONFIGURATION.format(folder=self.folder))
        return [
            str(self.program), "--app-id", "tests", "--mode", "standalone",
            "--dapr-http-port", str(self.port), "--dapr-grpc-port", str(self.grpc_port),
            "--dapr-internal-grpc-port", str(self._internal),
            "--dapr-public-port", str(self._public),
            "--dapr-listen-addresses", "127.0.0.1",
            "--dapr-internal-grpc-listen-address", "127.0.0.1",
            "--dapr-public-listen-address", "127.0.0.1",
            "--placement-host-address", "", "--scheduler-host-address", "",
            "--enable-metrics=false", "--resources-path", str(self.components),
            "--config", str(configuration), "--dapr-graceful-shutdown-seconds", "1",
        ]  # fmt: skip

    def start(self, timeout_s: float = 30.0) -> Self:
        """Start it and wait until it answers."""
        words = self.words
        with open(self.folder / "daprd.log", "ab") as log:
            self.process = subprocess.Popen(
                words,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment},
            )
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._answers():
                return self
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"daprd did not start:\n{self.log}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/v1.0/healthz/outbound")
            return connection.getresponse().status == 204
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End it."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
