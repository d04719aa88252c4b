"""What annotations say."""

from typing import Annotated

import msgspec
import pytest

from mossbox.wire.fields import Element, Field, Query, element_name, fields_of


class Model(msgspec.Struct):
    plain: str
    marked: Annotated[int | None, Query("q")]
    many: list[int]
    many_marked: Annotated[list[str] | None, Element("A/B")] = None
    counts: tuple[int, ...] = ()


def test_fields_are_taken_apart_in_their_order() -> None:
    assert fields_of(Model) == (
        Field("plain", str, optional=False, many=False, mark=None),
        Field("marked", int, optional=True, many=False, mark=Query("q")),
        Field("many", int, optional=False, many=True, mark=None),
        Field("many_marked", str, optional=True, many=True, mark=Element("A/B")),
        Field("counts", int, optional=False, many=True, mark=None),
    )


@pytest.mark.parametrize(
    ("name", "element"),
    [("max_keys", "MaxKeys"), ("id", "Id"), ("is_truncated", "IsTruncated"), ("a", "A")],
)
def test_element_names(name: str, element: str) -> None:
    assert element_name(name) == element
