"""Limits are narrowed and never widened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.upload.limits import FORM_SIZE_MAX, PARTS_MAX, Limits, LimitsError
from tests.unit.examples import few

TYPES = st.lists(st.sampled_from(["image/png", "image/jpeg", "text/plain"]), max_size=3).map(tuple)
LIMITS = st.builds(
    Limits, st.sampled_from(["", "a/", "b", "a/b/"]), st.integers(0, 9), st.integers(0, 9), TYPES
)


@few
@given(LIMITS, LIMITS, st.sampled_from(["x", "y.png"]), st.integers(0, 12), st.text(max_size=9))
def test_what_passes_narrowed_limits_passes_both(
    ours: Limits, theirs: Limits, name: str, size: int, kind: str
) -> None:
    try:
        both = ours.narrowed(theirs)
        key = both.key(name)
        both.check_size(size, FORM_SIZE_MAX)
        for one in both.types or (kind,):
            both.check_type(one)
            ours.check_type(one)
            theirs.check_type(one)
    except LimitsError:
        return
    assert key.startswith(ours.dir)
    assert key.endswith(theirs.dir + name)
    ours.check_size(size, FORM_SIZE_MAX)
    theirs.check_size(size, FORM_SIZE_MAX)


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("", ""), ("", "/a"), ("", "\\a"), ("", "a\nb"), ("", ".."), ("a/", "../b"), ("a/", "./b"),
        ("a/.", "."), ("", "x" * 1024), ("a" * 1000, "ä" * 12), ("", "\ud800"), ("", "a\x7f"),
    ],
)  # fmt: skip
def test_names_that_are_none(directory: str, name: str) -> None:
    with pytest.raises(LimitsError) as refused:
        Limits(directory).key(name)
    assert refused.value.field == "name"
    assert refused.value.sentence.startswith("The name ")


@pytest.mark.parametrize("name", ["a", "a b.png", "x" * 1023, "..a", "图片.png", "a//b", "%2e/x"])
def test_names_that_are_names(name: str) -> None:
    assert Limits().key(name) == name


@pytest.mark.parametrize("directory", ["*", "a?", "a/${x}", "/", "..", "a/../"])
def test_directories_that_would_mean_others(directory: str) -> None:
    with pytest.raises(LimitsError) as refused:
        Limits(directory).check()
    assert refused.value.field == "dir"
    with pytest.raises(LimitsError):
        Limits("a/").narrowed(Limits(directory))


@pytest.mark.parametrize("most", [1, 9 * 1024**2, 10**9, 10**12, 48 * 10**12])
def test_parts_asked_for_under_any_length_never_make_more_than_the_limit(most: int) -> None:
    limits = Limits(max_size_bytes=most)
    longest = [0] * (PARTS_MAX + 1)
    for length in (most, most - 1, most // 2, most // 7, most // 300, 0):
        size = limits.part_size(length)
        last = max(1, -(-length // size))
        assert last <= PARTS_MAX
        for number in range(1, last + 1):
            part = size if number < last else length - size * (last - 1)
            longest[number] = max(longest[number], part)
    assert sum(longest) == most


@pytest.mark.parametrize("size", [0, 1, 8 * 1024**2 * PARTS_MAX, 48 * 1024**4])
def test_parts_suffice_for_every_file(size: int) -> None:
    assert Limits().part_size(size) * PARTS_MAX >= size
