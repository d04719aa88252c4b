"""The test's end of the pipe to its store: a command in JSON and its answer, one line each."""

import json
import socket
import threading
from typing import Any

_TIMEOUT_S = 20.0


class PipeError(RuntimeError):
    """The store is gone, or does not answer."""


class Pipe:
    """Commands to one store; threads may share it."""

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(_TIMEOUT_S)
        self._socket = end
        self._file = end.makefile("rb")
        self._lock = threading.Lock()

    def read(self) -> dict[str, Any]:
        """The next line from the store; raises PipeError."""
        try:
            line = self._file.readline()
        except OSError as error:
            raise PipeError(f"the store does not answer: {error}") from None
        if not line:
            raise PipeError("the store has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, do: str, **command: Any) -> dict[str, Any]:
        """Have a command done; raises PipeError, and ValueError for one that makes no sense."""
        with self._lock:
            try:
                self._socket.sendall(json.dumps({"do": do, **command}).encode() + b"\n")
            except OSError:
                raise PipeError("the store has ended") from None
            answer = self.read()
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def close(self) -> None:
        """Let go, whereupon the store ends."""
        self._file.close()
        self._socket.close()
