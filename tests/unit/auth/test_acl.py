"""What ACLs grant to those who are not the owner."""

import pytest

from mossbox.auth import acl
from mossbox.auth.acl import DEFAULT, PRIVATE, PUBLIC_READ, PUBLIC_READ_WRITE, grants
from mossbox.wire import names


def test_numbers_are_places_in_the_list_of_names() -> None:
    assert [names.ACLS[n] for n in (DEFAULT, PRIVATE, PUBLIC_READ, PUBLIC_READ_WRITE)] == [
        "default", "private", "public-read", "public-read-write",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "granting"),
    [
        ("oss:GetObject", {PUBLIC_READ, PUBLIC_READ_WRITE}),
        ("oss:ListObjects", {PUBLIC_READ, PUBLIC_READ_WRITE}),
        ("oss:PutObject", {PUBLIC_READ_WRITE}),
        ("oss:DeleteObject", {PUBLIC_READ_WRITE}),
        # what says who may is the owner's alone, and so is whatever is not listed
        ("oss:GetObjectAcl", set()),
        ("oss:PutObjectAcl", set()),
        ("oss:PutBucketAcl", set()),
        ("oss:GetBucketInfo", set()),
        ("oss:DeleteBucket", set()),
        ("oss:GetObjectVersion", set()),
        ("oss:Unheard", set()),
    ],
)
def test_grants(action: str, granting: set[int]) -> None:
    for number in range(-1, len(names.ACLS) + 1):
        assert grants(number, action) is (number in granting)


def test_writing_includes_reading() -> None:
    assert acl._GRANTS[PUBLIC_READ_WRITE] > acl._READ
