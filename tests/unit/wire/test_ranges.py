"""The Range header in both behaviours."""

import pytest

from mossbox.wire.ranges import parse

WHOLE, REFUSED = None, "416"


@pytest.mark.parametrize(
    ("text", "plain", "standard"),
    [
        ("bytes=0-0", (0, 1), (0, 1)),
        ("bytes=0-9", (0, 10), (0, 10)),
        ("bytes=3-5", (3, 6), (3, 6)),
        ("bytes=9-", (9, 10), (9, 10)),
        ("bytes=0-", (0, 10), (0, 10)),
        ("bytes=-3", (7, 10), (7, 10)),
        ("bytes=-10", (0, 10), (0, 10)),
        (" bytes=1-2 ", (1, 3), (1, 3)),
        # not fully inside: the whole object by default, clipped by the standard
        ("bytes=5-10", WHOLE, (5, 10)),
        ("bytes=0-9999999999999999999", WHOLE, (0, 10)),
        ("bytes=-11", WHOLE, (0, 10)),
        ("bytes=10-", WHOLE, REFUSED),
        ("bytes=10-12", WHOLE, REFUSED),
        ("bytes=-0", WHOLE, REFUSED),
        # not a range at all: ignored by both
        ("bytes=5-3", WHOLE, WHOLE),
        ("bytes=20-15", WHOLE, WHOLE),
        ("bytes=-", WHOLE, WHOLE),
        ("bytes=", WHOLE, WHOLE),
        ("bytes=0-0,2-3", WHOLE, WHOLE),
        ("bytes=a-b", WHOLE, WHOLE),
        ("bytes=+1-2", WHOLE, WHOLE),
        ("bytes=1-2\n", (1, 3), (1, 3)),
        ("bytes=\u0661-\u0662", WHOLE, WHOLE),  # digits, but not HTTP's
        ("bytes=00000000000000000001-2", WHOLE, WHOLE),
        ("items=0-1", WHOLE, WHOLE),
        ("", WHOLE, WHOLE),
    ],
)
def test_of_ten_bytes(text: str, plain: object, standard: object) -> None:
    assert parse(text, 10, standard=False) == plain
    if standard == REFUSED:
        with pytest.raises(ValueError):
            parse(text, 10, standard=True)
    else:
        assert parse(text, 10, standard=True) == standard


@pytest.mark.parametrize("text", ["bytes=0-0", "bytes=0-", "bytes=-1"])
def test_of_nothing(text: str) -> None:
    assert parse(text, 0, standard=False) is None
    with pytest.raises(ValueError):
        parse(text, 0, standard=True)
