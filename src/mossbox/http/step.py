"""Running a handler without paying for a Task until it really waits.

Most requests are answered without one wait. A coroutine is therefore stepped here; only when it
yields a future does a Task take it over, so that timeouts and cancellation work from there on.
"""

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


def step(
    coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop
) -> "T | asyncio.Future[T]":
    """The coroutine's result if it did not have to wait, else a task for the rest of it."""
    try:
        first = coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    return loop.create_task(_rest(coroutine, first))


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, T], waited: Any) -> Generator[Any, Any, T]:
    """What is left of a coroutine whose first wait is already known."""
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
