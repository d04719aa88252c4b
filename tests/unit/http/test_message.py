"""Bodies: read as they come, held back when nobody reads, never whole when cut off."""

import asyncio

import pytest

from mossbox import errors
from mossbox.errors import ServiceError
from mossbox.http.message import LOW_WATER_BYTES, NO_BODY, Body


class Flow:
    """A connection that only notes what the body asks of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def want_body(self) -> None:
        self.asked.append("want")

    def resume_body(self) -> None:
        self.asked.append("resume")


async def read_all(body: Body) -> bytes:
    parts = []
    while chunk := await body.read():
        parts.append(chunk)
    return b"".join(parts)


def test_no_body() -> None:
    assert NO_BODY.ended
    assert NO_BODY.whole() == b""
    assert asyncio.run(NO_BODY.read()) == b""


def test_chunks_are_read_in_their_order() -> None:
    body = Body(5)
    body.feed(b"he")
    assert body.whole() is None  # not all is here
    body.feed(b"llo")
    body.end()
    assert (body.received, body.buffered) == (5, 5)
    assert asyncio.run(read_all(body)) == b"hello"
    assert (body.received, body.buffered) == (5, 0)


def test_all_at_once() -> None:
    body = Body(None)
    body.feed(b"he")
    body.feed(b"llo")
    body.end()
    assert body.whole() == b"hello"
    assert body.buffered == 0
    assert asyncio.run(body.read()) == b""


def test_a_reader_waits_and_the_peer_is_told_to_go_on() -> None:
    async def run() -> None:
        flow = Flow()
        body = Body(5, flow)
        reader = asyncio.create_task(body.read())
        await asyncio.sleep(0)
        assert flow.asked == ["want"]
        body.feed(b"hello")
        assert await reader == b"hello"

    asyncio.run(run())


def test_the_peer_goes_on_once_the_buffer_is_low() -> None:
    async def run() -> None:
        flow = Flow()
        body = Body(None, flow)
        body.feed(bytes(LOW_WATER_BYTES))
        body.feed(bytes(LOW_WATER_BYTES))
        await body.read()
        assert flow.asked == []  # still full
        await body.read()
        assert flow.asked == ["resume"]

    asyncio.run(run())


@pytest.mark.parametrize("error", [errors.IncompleteBody(), errors.RequestTimeout()])
def test_a_body_that_fails_tells_its_reader_why(error: ServiceError) -> None:
    async def run() -> None:
        body = Body(10)
        body.feed(b"he")
        body.fail(error)
        assert body.whole() is None
        assert await body.read() == b"he"
        with pytest.raises(ServiceError) as caught:
            await body.read()
        assert caught.value is error

    asyncio.run(run())


def test_a_waiting_reader_hears_of_the_failure() -> None:
    async def run() -> None:
        body = Body(10)
        reader = asyncio.create_task(body.read())
        await asyncio.sleep(0)
        body.fail(errors.IncompleteBody())
        with pytest.raises(ServiceError, match="IncompleteBody"):
            await reader

    asyncio.run(run())


def test_what_failed_is_never_whole_whatever_comes_after() -> None:
    async def run() -> None:
        body = Body(None)
        body.feed(b"good")
        body.fail(errors.BadRequest())
        body.feed(b"more")
        body.end()
        assert not body.ended
        assert body.whole() is None
        with pytest.raises(ServiceError, match="BadRequest"):
            await read_all(body)

    asyncio.run(run())


def test_the_first_failure_counts_and_none_after_the_end() -> None:
    async def run() -> None:
        body = Body(3)
        body.feed(b"abc")
        body.end()
        body.fail(errors.IncompleteBody())
        assert await read_all(body) == b"abc"
        twice = Body(3)
        twice.fail(errors.RequestTimeout())
        twice.fail(errors.IncompleteBody())
        with pytest.raises(ServiceError, match="RequestTimeout"):
            await twice.read()

    asyncio.run(run())


def test_collecting_up_to_a_limit() -> None:
    async def run() -> None:
        body = Body(None)
        body.feed(b"he")
        body.feed(b"llo")
        body.end()
        assert await body.collect(5) == b"hello"

    asyncio.run(run())


def test_an_announced_length_over_the_limit_is_refused_unread() -> None:
    flow = Flow()
    with pytest.raises(ServiceError) as caught:
        asyncio.run(Body(6, flow).collect(5))
    assert caught.value.code.name == "EntityTooLarge"
    assert flow.asked == []


def test_a_body_of_unknown_length_is_refused_once_it_passes_the_limit() -> None:
    async def run() -> None:
        body = Body(None)
        body.feed(b"abc")
        body.feed(b"def")  # and more would come
        with pytest.raises(ServiceError, match="EntityTooLarge"):
            await body.collect(5)

    asyncio.run(run())
