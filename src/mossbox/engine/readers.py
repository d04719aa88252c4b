"""Who is reading bytes that might be dropped meanwhile: what the reaper waits for.

An object of many blobs opens them one by one, so a blob must outlive every read that began before
it was dropped. Each worker keeps the time of its oldest such read in memory that all share; the
reaper deletes what it found once no read is older than its finding it.
"""

import time
from itertools import count

from mossbox.shared import Shared


class Readers:
    """The reads of one worker; times are those of the monotonic clock, one for all processes."""

    def __init__(self, shared: Shared, worker: int) -> None:
        self._oldest = shared.reading
        self._worker = worker
        self._tickets = count()
        self._began: dict[int, int] = {}  # in the order in which they began
        self._oldest[worker] = 0  # an earlier process of this worker may have died reading

    def enter(self) -> int:
        """A read begins: call it before the rows are looked at."""
        ticket = next(self._tickets)
        now = time.monotonic_ns()
        self._began[ticket] = now
        if len(self._began) == 1:
            self._oldest[self._worker] = now
        return ticket

    def leave(self, ticket: int) -> None:
        """It ended; saying so twice is no error."""
        if self._began.pop(ticket, None) is not None:
            self._oldest[self._worker] = next(iter(self._began.values()), 0)

    def done_since(self, moment: int) -> bool:
        """Whether all reads of all workers that began before `moment` have ended."""
        return all(not began or began > moment for began in self._oldest)
