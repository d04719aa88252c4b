"""Memory that all workers of one server map: generation, clock shift, readers and counters.

Made by the supervisor before it forks. Every cell has one writer at a time: the generation is
changed under the data directory's lock, a worker's counters by that worker alone.
"""

import mmap

_PAGE = 4096
COUNTERS_PER_WORKER = 8192  # 64-bit cells


class Shared:
    """The mapping, as typed views."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        stripe = COUNTERS_PER_WORKER * 8
        self._map = mmap.mmap(-1, _PAGE + workers * stripe)
        view = memoryview(self._map)
        self._head = view[:64].cast("Q")
        self.clock_shift = view[64:72].cast("d")
        self.throttle_us = view[72:80].cast("Q")  # of AssumeRole, see operations/sts.py
        self.reading = view[128 : 128 + 8 * workers].cast("Q")  # since when, by worker
        self._stripes = [
            view[_PAGE + n * stripe : _PAGE + (n + 1) * stripe].cast("Q") for n in range(workers)
        ]

    @property
    def generation(self) -> int:
        """Number of catalog changes so far; odd while one is being committed."""
        return self._head[0]

    def catalog_changes(self) -> None:
        """Call with the write lock held before a catalog commit: caches stop being filled."""
        self._head[0] |= 1

    def catalog_changed(self) -> None:
        """Call with the write lock held after it: caches filled before are dead."""
        if self._head[0] & 1:
            self._head[0] += 1

    def counters(self, worker: int) -> memoryview:
        """The 64-bit counters of one worker."""
        return self._stripes[worker]
