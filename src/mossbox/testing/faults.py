"""Faults by rule: what a test wants to go wrong in its store."""

from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from mossbox.testing.server import MossboxServer


class Fault:
    """One rule; as a context manager it holds within the block."""

    def __init__(self, server: "MossboxServer", number: int) -> None:
        self._server = server
        self._number = number

    @property
    def hits(self) -> int:
        """How many requests it happened to."""
        return int(self._server.ask("hits", id=self._number)["hits"])

    @property
    def seen(self) -> int:
        """How many requests matched, whether it happened to them or not."""
        return int(self._server.ask("hits", id=self._number)["seen"])

    def stop(self) -> None:
        """Let it happen no more; it can still be asked what it did."""
        self._server.ask("stop", id=self._number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Faults:
    """The rules of one store; of those that match a request the oldest counts."""

    def __init__(self, server: "MossboxServer") -> None:
        self._server = server
        self._numbers = count(1)

    def add(
        self,
        operation: str = "*",
        *,
        bucket: str = "*",
        key: str = "*",
        nth: int | None = None,
        times: int | None = None,
        latency_s: float = 0.0,
        error: str = "",
        status: int = 0,
        message: str = "",
        drop: Literal["", "before", "after", "within"] = "",
    ) -> Fault:
        """Add a rule: which requests, by shell patterns, and what happens to them.

        `nth` is the one request among those that match, counted from 1, and the first of `times`
        where that is given too; without both it happens to all. `error` is an error code of OSS,
        STS or RAM; one that the store itself never says, such as QpsLimitExceeded, needs a
        `status`. `drop` ends the connection before the operation is done, after it (so that the
        client can't know), or within the answer's body. Raises ValueError for what can't be meant.
        """
        number = next(self._numbers)
        self._server.ask(
            "fault", id=number, operation=operation, bucket=bucket, key=key,
            nth=1 if nth is None else nth,
            times=times if times is not None else int(nth is not None),
            latency_ms=round(latency_s * 1000), error=error, status=status, message=message,
            drop=drop,
        )  # fmt: skip
        return Fault(self._server, number)

    def clear(self) -> None:
        """Take all rules away."""
        self._server.ask("mend")
