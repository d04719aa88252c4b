"""A store as a child of the test's process, reached by its address and by a private pipe."""

import os
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

from mossbox.settings import DEVELOPMENT_KEY_ID, DEVELOPMENT_KEY_SECRET
from mossbox.testing import clients
from mossbox.testing.faults import Faults
from mossbox.testing.pipe import Pipe, PipeError
from mossbox.testing.timetravel import Clock

if TYPE_CHECKING:
    from mossbox.testing.identity import Credentials, Role

_STOP_S = 15.0
_SESSION_S = 3600
_LOG_MAX = 1 << 20


class MossboxServer:
    """`mossbox serve` on a free port of 127.0.0.1, in memory unless `data` names a directory.

    A context manager, also an asynchronous one. It ends with `stop`, with this object, and with
    the process that started it, however that ends. `arguments` are further flags of
    `mossbox serve`.
    """

    host = "127.0.0.1"
    access_key_id = DEVELOPMENT_KEY_ID
    access_key_secret = DEVELOPMENT_KEY_SECRET

    def __init__(
        self,
        data: str | Path | None = None,
        *,
        port: int = 0,
        region: str = "cn-hangzhou",
        bucket: str = "test-bucket",
        account_id: str = "1000000000000001",
        arguments: Sequence[str] = (),
    ) -> None:
        self.data = Path(data) if data is not None else None
        self.port = port
        self.region = region
        self.bucket = bucket
        self.account_id = account_id
        self.clock = Clock(self)
        self.faults = Faults(self)
        self._arguments = tuple(arguments)
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Pipe | None = None
        self._output: BinaryIO | None = None
        self._said = ""
        self._role: Role | None = None
        self._end: weakref.finalize[..., MossboxServer] | None = None

    # -- life -----------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start it and wait until it serves; a second start keeps the port.

        Raises RuntimeError with what the store said when it can't.
        """
        if self._process is not None:
            self.stop()
        ours, theirs = socket.socketpair()
        self._output = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115
        with theirs:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                env=_environment(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
            )
        self._pipe = Pipe(ours)
        self._end = weakref.finalize(
            self, _kill, self._process, self._pipe, self._output, os.getpid()
        )
        try:
            self.port = self._pipe.read()["port"]
        except PipeError as error:
            self.stop()
            raise RuntimeError(f"the store did not start ({error}): {self.log}") from None
        self._renewed()
        return self

    def stop(self) -> None:
        """End it; what it kept in memory is gone. A store that ended already is no error."""
        process, self._process = self._process, None
        if process is None:
            return
        if self.data is not None and process.poll() is None:
            process.terminate()  # what lies on disk is closed properly
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                pass
        self._said, self._output = self.log, None
        if self._end is not None:
            self._end()

    def _command(self) -> list[str]:
        kept = ["--memory"] if self.data is None else ["--data", str(self.data), "--workers", "1"]
        return [
            sys.executable, "-P", "-m", "mossbox", "serve", *kept,
            "--listen", f"{self.host}:{self.port}", "--console", "off", "--access-log", "off",
            "--region", self.region, "--account-id", self.account_id, "--bucket", self.bucket,
            *self._arguments,
        ]  # fmt: skip

    def reset(self) -> None:
        """As at the start: buckets, identities, time and faults. One that died is started anew.

        Raises RuntimeError for a store on disk.
        """
        try:
            self.ask("reset")
        except PipeError:
            if self.data is not None:
                raise
            self.start()
        except ValueError as error:
            raise RuntimeError(str(error)) from None
        self._renewed()

    def _renewed(self) -> None:
        self._role = None
        self.clock.forget()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process; raises RuntimeError before the start and after the end."""
        if self._process is None:
            raise RuntimeError("the store is not running: call start()")
        return self._process.pid

    @property
    def log(self) -> str:
        """What the store printed since its last start."""
        if self._output is None:
            return self._said
        return os.pread(self._output.fileno(), _LOG_MAX, 0).decode(errors="replace").strip()

    def ask(self, do: str, **command: Any) -> dict[str, Any]:
        """Have a command done through the pipe; raises PipeError, ValueError."""
        if self._pipe is None or self._process is None:
            raise PipeError("the store is not running: call start()")
        return self._pipe.ask(do, **command)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        from asyncio import to_thread

        return await to_thread(self.start)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from asyncio import to_thread

        await to_thread(self.stop)

    # -- what clients need ----------------------------------------------------------------------

    @property
    def endpoint(self) -> str:
        """The address, for OSS, STS and RAM alike."""
        return f"http://{self.host}:{self.port}"

    def get_endpoint(self) -> str:
        """The same, as Testcontainers name it."""
        return self.endpoint

    @property
    def role(self) -> "Role":
        """A role of STS and the RAM user who may assume it, made at the first look."""
        if self._role is None:
            from mossbox.testing.identity import make_role

            self._role = make_role(self)
        return self._role

    def assume_role(
        self, *, policy: str = "", duration_s: int = _SESSION_S, session_name: str = "test"
    ) -> "Credentials":
        """A temporary key of `role`, narrowed by a policy in JSON if one is given."""
        from mossbox.testing.identity import assume_role

        return assume_role(
            self, self.role, policy=policy, duration_s=duration_s, session_name=session_name
        )

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which programs find a store and its key."""
        return {
            "OSS_ENDPOINT": self.endpoint,
            "OSS_REGION": self.region,
            "OSS_BUCKET": self.bucket,
            "OSS_ACCESS_KEY_ID": self.access_key_id,
            "OSS_ACCESS_KEY_SECRET": self.access_key_secret,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.access_key_secret,
        }

    @property
    def _key(self) -> tuple[str, str]:
        return self.access_key_id, self.access_key_secret

    def oss2_bucket(self, bucket: str = "", key: clients.Key = ()) -> Any:
        """An `oss2.Bucket`: the ready one, with the root key unless another is given."""
        return clients.oss2_bucket(self, bucket or self.bucket, key or self._key)

    def client(self, key: clients.Key = ()) -> Any:
        """An `alibabacloud_oss_v2.Client`."""
        return clients.client(self, key or self._key)

    def async_client(self, key: clients.Key = ()) -> Any:
        """An `alibabacloud_oss_v2.aio.AsyncClient`; the caller closes it."""
        return clients.async_client(self, key or self._key)


def _environment(pipe: int) -> Mapping[str, str]:
    """The environment without this person's own settings, and with the pipe."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MOSSBOX_")}
    return {**kept, "MOSSBOX_TEST_PIPE": str(pipe)}


def _kill(process: "subprocess.Popen[bytes]", pipe: Pipe, output: BinaryIO, owner: int) -> None:
    if os.getpid() != owner:
        return  # a fork of the test's process ends; the store is not its own
    process.kill()
    process.wait()
    pipe.close()
    output.close()
