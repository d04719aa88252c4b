"""The one clock."""

import os
import time
from email.utils import formatdate

import pytest

from mossbox import clock
from mossbox.shared import Shared


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> "memoryview[float]":
    """The cell that moves the clock; the clock is real again afterwards."""
    monkeypatch.setattr(clock, "_shift", None)
    return Shared(1).clock_shift


def test_it_tells_the_time(shift: "memoryview[float]") -> None:
    before = time.time()
    assert before <= clock.now() <= time.time()
    assert int(before * 1000) <= clock.now_ms() <= time.time() * 1000


def test_a_test_moves_it_through_a_pipe(shift: "memoryview[float]") -> None:
    clock.share(shift)
    reading, writing = os.pipe()
    os.write(writing, b"60\n86400.5\n")
    clock.read_pipe(reading)
    assert clock.now() - time.time() == pytest.approx(86400.5, abs=1)
    assert clock.now_ms() / 1000 - time.time() == pytest.approx(86400.5, abs=1)
    os.close(writing)
    clock.read_pipe(reading)  # the end of the pipe changes nothing
    os.close(reading)
    assert shift[0] == 86400.5


def test_nobody_moves_it_unasked(shift: "memoryview[float]") -> None:
    shift[0] = 1000
    assert clock.now() == pytest.approx(time.time(), abs=1)


@pytest.mark.parametrize(("text", "fd"), [("", None), ("7", 7), ("x", None), ("-1", None)])
def test_the_pipe_is_named_by_the_environment(
    text: str, fd: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSSBOX_CLOCK_PIPE", text)
    assert clock.test_pipe() == fd


@pytest.mark.parametrize("seconds", [0, 951782400, 1_700_000_000, 4_102_444_799])
def test_dates_of_http(seconds: int) -> None:
    assert clock.http_date(seconds) == formatdate(seconds, usegmt=True)


def test_dates_of_xml() -> None:
    assert clock.iso_ms(0) == "1970-01-01T00:00:00.000Z"
    assert clock.iso_ms(1_700_000_000_999) == "2023-11-14T22:13:20.000Z"
    assert clock.iso_ms(1_700_000_001_000) == "2023-11-14T22:13:21.000Z"
