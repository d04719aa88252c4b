"""What buckets and keys may be called."""

import pytest

from mossbox.errors import ServiceError
from mossbox.wire import names


@pytest.mark.parametrize("name", ["abc", "0ab", "123", "a" * 63, "a--b"])
def test_buckets(name: str) -> None:
    names.check_new_bucket(name)
    names.check_bucket(name)


@pytest.mark.parametrize(
    "name", ["..", "ab", "Abc", "a" * 64, "-ab", "ab-", "a.b", "1.2.3.4", "a b", "äbc", "abc\n", ""]
)
def test_names_that_no_bucket_has(name: str) -> None:
    for check in (names.check_new_bucket, names.check_bucket):
        with pytest.raises(ServiceError) as caught:
            check(name)
        assert caught.value.code.name == "InvalidBucketName"
        assert caught.value.details == {"BucketName": name}


def test_an_old_bucket_may_have_an_underscore() -> None:
    names.check_bucket("a_b")
    with pytest.raises(ServiceError):
        names.check_new_bucket("a_b")


@pytest.mark.parametrize(
    "key",
    [b"a", b"a" * 1023, "ä".encode() * 511, b"..", b".", b"a/../b", b"%2e%2e/", b"a//b", b"a\\b",
     b"\x01\x7f", b" ", b"?#&"],
)  # fmt: skip
def test_keys_are_opaque(key: bytes) -> None:
    names.check_key(key)


@pytest.mark.parametrize(
    "key", [b"", b"a" * 1024, "ä".encode() * 512, b"/a", b"\\a", b"a\0b", b"\xff", b"a\xc3"]
)
def test_keys_that_cannot_be(key: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        names.check_key(key)
    assert caught.value.code.name == "InvalidObjectName"


def test_addresses_of_four_numbers() -> None:
    assert names.is_ipv4("127.0.0.1")
    assert not names.is_ipv4("127.0.0.1.example")
    assert not names.is_ipv4("localhost")
