"""A decorator of operations: whatever storage error they raise tells operation and path."""

from collections.abc import AsyncIterator, Callable
from functools import wraps
from inspect import isasyncgenfunction
from typing import Any, TypeVar

from mossbox.storage.errors import StorageError
from mossbox.storage.model import Object

F = TypeVar("F", bound=Callable[..., Any])


def within(op: str) -> Callable[[F], F]:
    """Decorate the operation `op`: a coroutine function or an asynchronous generator."""

    def decorate(function: F) -> F:
        if isasyncgenfunction(function):
            return _generator(op, function)  # type: ignore[return-value]
        return _coroutine(op, function)  # type: ignore[return-value]

    return decorate


def _coroutine(op: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def run(self: Any, *words: Any, **more: Any) -> Any:
        try:
            return await function(self, *words, **more)
        except StorageError as error:
            raise _told(error, op, words) from error.__cause__

    return run


def _generator(op: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def run(self: Any, *words: Any, **more: Any) -> AsyncIterator[Any]:
        try:
            async for item in function(self, *words, **more):
                yield item
        except StorageError as error:
            raise _told(error, op, words) from error.__cause__

    return run


def _told(error: StorageError, op: str, words: tuple[Any, ...]) -> StorageError:
    first = words[0] if words else ""
    return error.at(op, first.path if isinstance(first, Object) else str(first))
