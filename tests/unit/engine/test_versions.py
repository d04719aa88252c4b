"""Version ids, and what the newest version is after each change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.engine import versions
from mossbox.errors import ServiceError
from tests.unit.examples import few


@few
@given(st.integers(min_value=-(2**63) + 1, max_value=-1))
def test_an_id_gives_its_place_back(rank: int) -> None:
    text = versions.version_id(rank, 0)
    assert versions.parse_id(text) == rank
    assert text != "null"
    assert text.replace("-", "").replace("_", "").isalnum()


def test_the_null_version_has_a_name() -> None:
    assert versions.version_id(-7, 1) == "null"
    assert versions.parse_id("null") == versions.NULL


@few
@given(st.text())
def test_other_texts_are_no_ids(text: str) -> None:
    if text != "null":
        with pytest.raises(ServiceError) as caught:
            versions.parse_id(text)
        assert caught.value.code.name == "InvalidArgument"


def test_an_id_with_one_other_letter_is_none() -> None:
    text = versions.version_id(-12345, 0)
    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(ServiceError):
            versions.parse_id(changed)
