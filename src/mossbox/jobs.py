"""What runs by the clock: deleting garbage, sweeping crash leftovers."""

import asyncio
import fcntl
import logging
import os
import time
from pathlib import Path

from mossbox.engine import bodies
from mossbox.engine.store import Engine

log = logging.getLogger("mossbox")

REAP_EVERY_S = 2.0
SWEEP_EVERY_S = 600.0
_REAP_COUNT = 500
_WAIT_S = 0.1  # between two looks at who is reading


async def reap(engine: Engine) -> int:
    """Delete blobs that no row names any more; tells how many.

    They may still be read by those who began before; whoever begins now can't find them. The file
    goes first: after a crash in between, the garbage row is still there to try again.
    """
    blobs = bodies.garbage(engine.db, _REAP_COUNT)
    if blobs:
        found = time.monotonic_ns()
        while not engine.readers.done_since(found):
            await asyncio.sleep(_WAIT_S)
        await engine.blobs.delete(blobs)
        await engine.db.write(lambda tx: bodies.forget_garbage(tx, blobs))
    return len(blobs)


async def sweep(engine: Engine) -> int:
    """Remove the files of writes that never came to be."""
    return await engine.blobs.sweep(lambda blobs: bodies.known_blobs(engine.db, blobs))


async def run(engine: Engine, folder: Path | None) -> None:
    """Do all of it for ever, in the one worker that holds the jobs' lock."""
    lock = None
    if folder is not None:
        lock = os.open(folder / "jobs.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while not try_lock(lock):
            await asyncio.sleep(REAP_EVERY_S)
    try:
        await _run(engine)
    finally:
        if lock is not None:
            os.close(lock)


async def _run(engine: Engine) -> None:
    loop = asyncio.get_running_loop()
    next_sweep = loop.time()
    while True:
        try:
            if loop.time() >= next_sweep:
                next_sweep = loop.time() + SWEEP_EVERY_S
                removed = await sweep(engine)
                if removed:
                    log.warning("removed %d unfinished bodies of an earlier crash", removed)
            if await reap(engine) == _REAP_COUNT:
                continue
        except Exception:
            log.exception("a background job failed; it will be tried again")
        await asyncio.sleep(REAP_EVERY_S)


def try_lock(fd: int) -> bool:
    """Take the lock of an open file if nobody has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
