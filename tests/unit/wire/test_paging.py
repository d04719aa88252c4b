"""What listings have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.errors import ServiceError
from mossbox.wire import paging
from mossbox.wire.text import decode
from tests.unit.examples import few


@pytest.mark.parametrize("count", [0, 1, 100, 1000])
def test_counts(count: int) -> None:
    assert paging.check_count("max-keys", count) == count


@pytest.mark.parametrize("count", [-1, 1001, 1 << 40])
def test_counts_that_are_refused(count: int) -> None:
    with pytest.raises(ServiceError) as caught:
        paging.check_count("max-keys", count)
    assert caught.value.code.name == "InvalidArgument"
    assert caught.value.details == {"ArgumentName": "max-keys", "ArgumentValue": str(count)}


def test_marks_are_bytes_of_a_limited_size() -> None:
    assert paging.mark("prefix", "ä") == b"\xc3\xa4"
    assert paging.mark("prefix", "\udcff") == b"\xff"
    assert len(paging.mark("prefix", "ä" * 512)) == 1024
    with pytest.raises(ServiceError, match="prefix has more than 1024 bytes"):
        paging.mark("prefix", "ä" * 513)


def test_encoding_types() -> None:
    assert not paging.encoding(None)
    assert not paging.encoding("")
    assert paging.encoding("url")
    for text in ("URL", "base64", "url "):
        with pytest.raises(ServiceError, match="Invalid Encoding Method"):
            paging.encoding(text)


@few
@given(st.binary(min_size=1))
def test_url_encoded_names_can_be_read_back(raw: bytes) -> None:
    shown = paging.shown(raw, url=True)
    assert decode(shown.encode()) == raw
    assert "/" not in shown
    assert shown.isascii()


def test_names_as_they_are() -> None:
    assert paging.shown("ä/b c".encode(), url=False) == "ä/b c"
    assert paging.shown(b"a/b c+", url=True) == "a%2Fb%20c%2B"
    assert paging.shown(b"\xff", url=False) == "\ufffd"
