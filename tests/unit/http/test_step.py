"""A handler that was stepped by hand goes on in a Task as if it had always been there."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from mossbox.http.step import rest_of


def start(coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """As the door does: one step, and a Task for the rest."""
    return asyncio.get_running_loop().create_task(rest_of(coroutine, coroutine.send(None)))


def test_the_rest_is_run_with_its_values_and_its_result() -> None:
    async def handler(future: "asyncio.Future[int]") -> int:
        first = await future
        await asyncio.sleep(0)
        return first + await asyncio.sleep(0, 10)

    async def run() -> None:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = start(handler(future))
        future.set_result(5)
        assert await task == 15

    asyncio.run(run())


def test_a_future_that_is_done_before_the_task_begins() -> None:
    async def handler(future: "asyncio.Future[int]") -> int:
        return await future

    async def run() -> None:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        coroutine = handler(future)
        waited = coroutine.send(None)
        future.set_result(5)
        assert await asyncio.get_running_loop().create_task(rest_of(coroutine, waited)) == 5

    asyncio.run(run())


def test_errors_arrive_inside_and_leave_to_the_outside() -> None:
    async def handler(future: "asyncio.Future[int]", *, caught: bool) -> str:
        try:
            await future
        except KeyError:
            if caught:
                return "caught"
            raise
        return "nothing"

    async def run(caught: bool) -> str:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = start(handler(future, caught=caught))
        future.set_exception(KeyError())
        return await task

    assert asyncio.run(run(True)) == "caught"
    with pytest.raises(KeyError):
        asyncio.run(run(False))


def test_it_can_be_cancelled_and_cleans_up() -> None:
    cleaned = []

    async def handler() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cleaned.append(True)

    async def run() -> None:
        task = start(handler())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert cleaned == [True]


def test_timeouts_work_after_the_first_wait() -> None:
    async def handler() -> str:
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(0.001):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            return "too late"
        return "in time"

    async def run() -> str:
        return await start(handler())

    assert asyncio.run(run()) == "too late"
