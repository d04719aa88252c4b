"""Running a handler without paying for a Task until it really waits.

Most requests are answered without one wait. So the door steps a handler's coroutine itself; only
when that yields a future does a Task take over the rest, and from there on timeouts and
cancellation work as usual.
"""

import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


@types.coroutine
def rest_of(coroutine: Coroutine[Any, Any, T], waited: Any) -> Generator[Any, Any, T]:
    """What is left of a coroutine that has been stepped to its first wait."""
    while True:
        try:
            value = yield waited
        except BaseException as error:
            try:
                waited = coroutine.throw(error)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
        else:
            try:
                waited = coroutine.send(value)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
