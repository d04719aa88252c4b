"""The chunked coding, whole and in any pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.errors import ServiceError
from mossbox.http.chunked import ChunkedDecoder, ChunkedReader
from mossbox.http.message import UNKNOWN
from tests.unit.examples import few


def decode(data: bytes, cuts: list[int] | None = None) -> tuple[bytes, bool, bytes]:
    """Body, whether it ended, and what follows it, fed in pieces."""
    decoder = ChunkedDecoder()
    body, rest = b"", b""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts or []), len(data)]
    for start, stop in pairwise(edges):
        piece = data[start:stop]
        if decoder.ended:
            rest += piece
        else:
            body += b"".join(decoder.feed(piece))
            rest = decoder.rest
    return body, decoder.ended, rest


def encode(parts: list[bytes], extension: bytes = b"", trailer: bytes = b"") -> bytes:
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts if part)
    return chunks + b"0\r\n" + trailer + b"\r\n"


cuts = st.lists(st.integers(0, 10_000), max_size=12)


@few
@given(st.lists(st.binary(max_size=40), max_size=6), st.binary(max_size=20), cuts)
def test_any_body_in_any_pieces(parts: list[bytes], after: bytes, cuts: list[int]) -> None:
    data = encode(parts, b";ext=1", b"X-A: b\r\n") + after
    assert decode(data, cuts) == (b"".join(parts), True, after)


@few
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(0, 10_000), cuts)
def test_a_cut_off_body_never_ends(parts: list[bytes], stop: int, cuts: list[int]) -> None:
    data = encode(parts, trailer=b"X-A: b\r\n")
    body, ended, _ = decode(data[: stop % len(data)], cuts)
    assert not ended
    assert b"".join(parts).startswith(body)


@few
@given(st.binary(max_size=60), cuts)
def test_pieces_change_nothing_about_nonsense(data: bytes, cuts: list[int]) -> None:
    def outcome(cuts: list[int]) -> object:
        try:
            return decode(data, cuts)
        except ServiceError as error:
            return error.code.name

    assert outcome(cuts) == outcome([])


REFUSED = {
    "no size": b"\r\nabc",
    "only an extension": b";a\r\n",
    "not hexadecimal": b"g\r\n",
    "a prefix": b"0x5\r\nhello\r\n",
    "a sign": b"+5\r\nhello\r\n",
    "a negative size": b"-5\r\nhello\r\n",
    "a space before": b" 5\r\nhello\r\n",
    "a space within": b"1 1\r\n",
    "an underscore": b"1_0\r\n",
    "a size that overflows": b"10000000000000005\r\nhello\r\n",
    "a bare line feed": b"5\nhello\r\n",
    "a line feed in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "a carriage return in an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "a zero byte in an extension": b"5;\0\r\nhello\r\n0\r\n\r\n",
    "too long a body": b"5\r\nhello!\r\n",
    "too short a body": b"5\r\nhell\r\n0\r\n\r\n",
    "a bare line feed after a chunk": b"5\r\nhello\n0\r\n\r\n",
    "a long extension": b"5;" + b"a" * 300 + b"\r\nhello\r\n0\r\n\r\n",
    "a line that never ends": b"5;" + b"a" * 300,
    "a long trailer": b"0\r\n" + b"a" * 9000 + b"\r\n\r\n",
    "many trailers": b"0\r\n" + b"a: b\r\n" * 3000 + b"\r\n",
    "a trailer that never ends": b"0\r\n" + b"a" * 9000,
    "a line feed in a trailer": b"0\r\na: b\nc\r\n\r\n",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_what_is_not_well_formed(data: bytes, step: int) -> None:
    with pytest.raises(ServiceError) as caught:
        decode(data, list(range(0, len(data), step)))
    assert caught.value.code.name == "BadRequest"


@pytest.mark.parametrize("line", [b"5", b"05", b"5 ", b"5\t", b"5;a=b", b"5 ;a", b'5;a="b;c"'])
def test_sizes_and_extensions(line: bytes) -> None:
    assert decode(line + b"\r\nhello\r\n0\r\n\r\n") == (b"hello", True, b"")


def test_capital_letters() -> None:
    assert decode(b"A\r\n0123456789\r\n0\r\n\r\n")[0] == b"0123456789"


def test_what_follows_is_not_touched() -> None:
    assert decode(b"0\r\n\r\nGET / HTTP/1.1\r\n") == (b"", True, b"GET / HTTP/1.1\r\n")


class Pieces:
    """A body in pieces; None stands for one that has to be waited for, and follows."""

    length = UNKNOWN

    def __init__(self, *pieces: bytes | None) -> None:
        self.pieces = list(pieces)
        self.closed = False

    def next_nowait(self) -> bytes | None:
        if not self.pieces:
            return b""
        return self.pieces.pop(0)

    async def next(self) -> bytes:
        return self.next_nowait() or b""

    def close(self) -> None:
        self.closed = True


def test_a_body_is_sent_in_chunks_that_we_read_ourselves(run) -> None:
    inner = Pieces(b"hello", None, b"0123456789abcdefg", b"!")
    reader = ChunkedReader(inner)
    sent = [reader.next_nowait(), reader.next_nowait(), run(reader.next())]
    assert sent == [b"5\r\nhello\r\n", None, b"11\r\n0123456789abcdefg\r\n"]
    sent += [run(reader.next()), reader.next_nowait(), reader.next_nowait(), run(reader.next())]
    assert decode(b"".join(filter(None, sent))) == (b"hello0123456789abcdefg!", True, b"")
    reader.close()
    assert inner.closed
