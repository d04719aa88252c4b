"""Ids for blobs: time first, so that they sort by age and one day's lie together on disk."""

from collections.abc import Callable
from threading import Lock

_EPOCH_MS = 1_577_836_800_000  # 2020-01-01
_SLOT_BITS, _COUNT_BITS = 6, 14
HOUR_MS = 3_600_000


class IdSource:
    """Draws 63-bit ids: milliseconds, the worker's slot, a counter. Never the same twice.

    `after` is the highest id already stored: a clock that was set back can't repeat one.
    """

    def __init__(self, slot: int, now_ms: Callable[[], int], after: int = 0) -> None:
        if not 0 <= slot < 1 << _SLOT_BITS:
            raise ValueError(f"slot {slot}")
        self._slot = slot << _COUNT_BITS
        self._now_ms = now_ms
        self._ms = (after >> (_SLOT_BITS + _COUNT_BITS)) + 1
        self._count = 0
        self._turn = Lock()  # the loop draws, and so do the threads that write files

    def draw(self) -> int:
        """A new id."""
        now = self._now_ms() - _EPOCH_MS
        with self._turn:
            if now > self._ms:
                self._ms, self._count = now, 0
            else:
                self._count += 1
                if self._count >> _COUNT_BITS:
                    self._ms, self._count = self._ms + 1, 0
            return self._ms << (_SLOT_BITS + _COUNT_BITS) | self._slot | self._count


def hour_of(blob: int) -> int:
    """The hour in which an id was drawn, counted from 2020."""
    return (blob >> (_SLOT_BITS + _COUNT_BITS)) // HOUR_MS


def current_hour(now_ms: int) -> int:
    """The hour that ids drawn now belong to."""
    return (now_ms - _EPOCH_MS) // HOUR_MS
