"""The store's time, as a test moves it."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mossbox import clock

if TYPE_CHECKING:
    from mossbox.testing.server import MossboxServer


class Clock:
    """The clock of one store; it goes on from wherever it is moved to.

    Clients go on signing by the real time, so the store takes signatures that are right by either
    clock; with ``strict=True`` it takes those of its own time only, as after a real delay.
    """

    def __init__(self, server: "MossboxServer") -> None:
        self._server = server
        self._shift_s = 0.0

    def now(self) -> datetime:
        """What time it is in the store, in UTC."""
        return datetime.fromtimestamp(clock.now() + self._shift_s, UTC)

    def advance(
        self,
        by: timedelta | float = 0.0,
        *,
        days: float = 0.0,
        hours: float = 0.0,
        minutes: float = 0.0,
        seconds: float = 0.0,
        strict: bool = False,
    ) -> datetime:
        """Move it by a duration, or a number of seconds; gives the new time."""
        first = by if isinstance(by, timedelta) else timedelta(seconds=by)
        step = first + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._move(self._shift_s + step.total_seconds(), strict)

    def set(self, to: datetime | float, *, strict: bool = False) -> datetime:
        """Move it to a moment, or a number of seconds since 1970; raises ValueError."""
        if isinstance(to, datetime):
            if to.tzinfo is None:
                raise ValueError("the moment needs a time zone, such as datetime.UTC")
            to = to.timestamp()
        return self._move(to - clock.now(), strict)

    def reset(self) -> None:
        """Back to the real time."""
        self._move(0.0, False)

    def forget(self) -> None:
        """The store was emptied, which took its time back."""
        self._shift_s = 0.0

    def _move(self, shift_s: float, strict: bool) -> datetime:
        self._server.ask("clock", shift_s=shift_s, strict=strict)
        self._shift_s = shift_s
        return self.now()
