"""Patterns: as few signs as there are, and no text that makes them slow."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.auth.wildcards import any_of, compiled, is_literal, literal_head
from tests.unit.examples import few


@pytest.mark.parametrize(
    ("pattern", "fits", "not_these"),
    [
        ("", [""], ["a"]),
        ("*", ["", "a", "a/b\n"], []),
        ("a", ["a"], ["", "A", "aa"]),
        ("a*", ["a", "ab", "a/b"], ["", "ba"]),
        ("*a", ["a", "ba"], ["ab"]),
        ("a*b*c", ["abc", "axbxc", "abbcc"], ["ab", "acb", "abcd"]),
        ("ab*ba", ["abba", "abxba"], ["aba"]),
        ("?", ["a", "é", "\n"], ["", "ab"]),
        ("a?c*", ["abc", "abcd", "acc"], ["ac", "abd"]),
        ("*?", ["a", "ab"], [""]),
        ("*?*b?", ["abc", "xxbb"], ["bc", "b"]),
        ("[a]+.{2}(b|c)\\d^$", ["[a]+.{2}(b|c)\\d^$"], ["aaxxb1"]),
        ("**a**", ["a", "bab"], ["b"]),
    ],
)
def test_what_fits(pattern, fits, not_these):
    match = compiled(pattern)
    assert [text for text in fits if not match(text)] == []
    assert [text for text in not_these if match(text)] == []


@given(st.text("ab*?/", max_size=9), st.text("ab/", max_size=9))
@few
def test_the_same_as_a_regular_expression(pattern, text):
    wanted = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    assert compiled(pattern)(text) is (re.fullmatch(wanted, text, re.S) is not None)
    assert not compiled(pattern)(text) or text.startswith(literal_head(pattern))
    assert is_literal(pattern) is (literal_head(pattern) == pattern)


@given(st.lists(st.text("ab*?", max_size=4), max_size=4), st.text("ab", max_size=5))
@few
def test_one_of_many(patterns, text):
    assert any_of(patterns)(text) is any(fnmatch.fnmatchcase(text, one) for one in patterns)


@pytest.mark.parametrize("pattern", ["*a" * 2000 + "b", "*a?" * 1500 + "b", "a*" * 2000 + "c"])
@pytest.mark.timeout(20)
def test_no_pattern_is_slow(pattern):
    """With backtracking each of these takes longer than the test may."""
    match = compiled(pattern)
    for _ in range(50):
        assert not match("a" * 1023)
