"""The one clock: wall time for dates and expiry, monotonic time for durations.

Tests move wall time by writing seconds to a pipe whose read end is named by
``MOSSBOX_CLOCK_PIPE``; there is no way to do so over HTTP.
"""

import os
import time
from functools import lru_cache

monotonic = time.monotonic

_shift: "memoryview[float] | None" = None
_left_behind = False


def now() -> float:
    """Wall time in seconds since 1970, as moved by a test."""
    return time.time() if _shift is None else time.time() + _shift[0]


def now_ms() -> int:
    """Wall time in milliseconds since 1970."""
    return int(now() * 1000)


def share(cell: "memoryview[float]") -> None:
    """Take the shift in seconds from `cell` (one float64), which all workers map."""
    global _shift
    _shift = cell


def leave_signers_behind(left: bool) -> None:
    """Say whether those who sign live on in real time; only tests (`mossbox.testpipe`) do so."""
    global _left_behind
    _left_behind = left


def may_be_a_signers(seconds: int, skew_s: int) -> bool:
    """Whether a test moved this clock and not its clients', by which `seconds` is the present."""
    return _left_behind and abs(time.time() - seconds) <= skew_s


def test_pipe() -> int | None:
    """The file descriptor on which a test sends shifts, one decimal number a line."""
    text = os.environ.get("MOSSBOX_CLOCK_PIPE", "")
    return int(text) if text.isdigit() else None


def read_pipe(fd: int) -> None:
    """Apply the newest shift that waits in the pipe."""
    lines = os.read(fd, 65536).split()
    if lines and _shift is not None:
        _shift[0] = float(lines[-1])


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


@lru_cache(maxsize=8192)
def http_date(seconds: int) -> str:
    """RFC 9110 date (``Sat, 21 Nov 2026 01:02:03 GMT``)."""
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(seconds)
    return (
        f"{_DAYS[weekday]}, {day:02d} {_MONTHS[month - 1]} {year:04d}"
        f" {hour:02d}:{minute:02d}:{second:02d} GMT"
    )


_iso: tuple[int, str] = (0, "1970-01-01T00:00:00")


def iso_ms(ms: int) -> str:
    """OSS's XML date: ``2026-11-21T01:02:03.000Z`` (the store shows whole seconds)."""
    global _iso
    second = ms // 1000
    if _iso[0] != second:  # pages of keys written together share their second
        _iso = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
    return _iso[1] + ".000Z"
