"""The catalogue of errors and the exception that carries a code."""

import re

import pytest

from mossbox import errors
from mossbox.errors import CATALOGUE, Code, ServiceError


def test_every_code_is_whole() -> None:
    for name, code in CATALOGUE.items():
        assert code.name == name
        assert 400 <= code.status < 600 or name == "CallbackFailed"
        assert re.fullmatch(r"[0-9]{4}-[0-9]{8}", code.ec), name
        assert code.message


def test_codes_are_reached_by_their_names() -> None:
    for name, code in CATALOGUE.items():
        if "." in name:  # those of the RPC dialect have names of their own
            assert code in vars(errors).values()
            continue
        attribute = "NotImplemented_" if name == "NotImplemented" else name
        assert getattr(errors, attribute) is code


def test_our_own_numbers_differ_and_never_move() -> None:
    ours = [code.ec for code in CATALOGUE.values() if code.ec.startswith("0900-")]
    assert len(ours) == len(set(ours))
    assert errors.InternalError.ec == "0900-63856464"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403), ("NoSuchBucket", 404), ("NoSuchKey", 404), ("InvalidArgument", 400),
        ("NotImplemented", 400), ("MethodNotAllowed", 405), ("BucketNotEmpty", 409),
        ("MissingContentLength", 411), ("PreconditionFailed", 412), ("InvalidRange", 416),
        ("RequestTimeTooSkewed", 403), ("InternalError", 500), ("ServiceUnavailable", 503),
        ("MisdirectedRequest", 421),
    ],
)  # fmt: skip
def test_statuses(code: str, status: int) -> None:
    assert CATALOGUE[code].status == status


def test_a_code_makes_the_exception() -> None:
    error = errors.NoSuchKey(Key="k", Size=3)
    assert isinstance(error, ServiceError)
    assert error.code is errors.NoSuchKey
    assert error.message == "The specified key does not exist."
    assert error.ec == "0026-00000001"
    assert error.details == {"Key": "k", "Size": "3"}
    assert str(error) == "NoSuchKey: The specified key does not exist."


def test_a_case_may_say_more() -> None:
    error = errors.AccessDenied("Why.", ec="0002-00000069").with_header("a", "b")
    assert (error.message, error.ec, error.headers) == ("Why.", "0002-00000069", [("a", "b")])
    assert errors.AccessDenied().message != "Why."
    assert errors.AccessDenied().headers == []


def test_errors_with_names() -> None:
    refused = errors.not_implemented("x-oss-tagging")
    assert refused.code.status == 400
    assert refused.details == {"Header": "x-oss-tagging"}
    assert "x-oss-tagging" in refused.message
    wrong = errors.invalid_argument("No.", "max-keys", -1)
    assert wrong.code.name == "InvalidArgument"
    assert wrong.details == {"ArgumentName": "max-keys", "ArgumentValue": "-1"}


def test_a_new_code_joins_the_catalogue() -> None:
    try:
        made = Code("OnlyInThisTest", 400, "No.")
        assert CATALOGUE["OnlyInThisTest"] is made
        assert made.ec.startswith("0900-")
    finally:
        CATALOGUE.pop("OnlyInThisTest", None)
