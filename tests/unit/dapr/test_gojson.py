"""JSON in Go's spelling; that it is Go's is seen in tests/integrations/dapr."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.dapr.gojson import DEPTH_MAX, Malformed, decode, encode, plain
from tests.unit.examples import few

VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def again(text: str | bytes) -> bytes:
    return encode(plain(decode(text if isinstance(text, bytes) else text.encode())))


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        (' {"b" : 1, "a": [ ] } ', '{"a":[],"b":1}'),
        ('"<&>\\u2028"', '"\\u003c\\u0026\\u003e\\u2028"'),
        ("1e21", "1e+21"),
        ("1e20", "100000000000000000000"),
        ("0.0000001", "1e-7"),
        ("0.000001", "0.000001"),
        ("-0.0", "-0"),
        ("123456789012345678901234567890", "1.2345678901234568e+29"),
        ('"\\ud800"', '"�"'),
        ('{"a": 1, "a": null}', '{"a":null}'),
    ],
)
def test_values_are_spelled_as_go_spells_them(text: str, spelling: str) -> None:
    assert again(text) == spelling.encode()


@few
@given(VALUES)
def test_a_value_means_the_same_in_both_spellings(value: object) -> None:
    spelled = encode(value)
    assert json.loads(spelled, parse_int=float) == value
    assert again(spelled) == spelled


@few
@given(st.integers(0, 2**64 - 1))
def test_numbers_keep_every_bit(bits: int) -> None:
    (number,) = struct.unpack("d", bits.to_bytes(8, "little"))
    if number == number and abs(number) != float("inf"):
        assert struct.pack("d", float(encode(number))) == struct.pack("d", number)


@few
@given(st.text(st.sampled_from('[]{},:"\\ \n\tu0e-.1tfn'), max_size=12))
def test_what_is_refused_is_no_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(Malformed):
            decode(text.encode())
    else:
        decode(text.encode())


def test_depth_has_an_end() -> None:
    for opening, middle, closing in ((b"[", b"", b"]"), (b'{"a":', b"1", b"}")):
        deep = opening * DEPTH_MAX + middle + closing * DEPTH_MAX
        assert again(deep) == deep
    for bracket in (b"[", b'{"a":'):
        with pytest.raises(Malformed, match="exceeded max depth"):
            decode(bracket * 100_000)


def test_a_number_may_be_too_large() -> None:
    with pytest.raises(OverflowError, match=r"^1e400$"):
        plain(decode(b'{"a": [1e400]}'))
