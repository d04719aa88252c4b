"""Policies of forms: spellings, conditions, and what is none."""

import base64
import json
from calendar import timegm

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.auth.post_policy import PostPolicy, parse
from mossbox.errors import ServiceError
from tests.unit.examples import few

NOW = timegm((2026, 11, 21, 12, 0, 0))
LATER = "2026-11-21T13:00:00Z"


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def policy(*conditions: object, expiration: object = LATER) -> PostPolicy:
    document = {"expiration": expiration, "conditions": list(conditions)}
    return parse(encoded(json.dumps(document)))


def refusal(found: PostPolicy, fields: dict[str, str], now_s: float = NOW) -> str:
    """The message of AccessDenied, empty where there is none."""
    try:
        found.check(fields, now_s)
    except ServiceError as error:
        return error.message if error.code.name == "AccessDenied" else error.code.name
    return ""


def holds(condition: object, **fields: str) -> bool:
    said = refusal(policy(condition), {k.replace("_", "-"): v for k, v in fields.items()})
    assert not said or said.startswith("Invalid according to Policy: Policy Condition failed: ")
    return not said


@pytest.mark.parametrize(
    "text",
    [
        '{"expiration":"2026-11-21T13:00:00Z","conditions":[]}',
        '{"conditions":[["starts-with","$key","user\\/"]],"expiration":"2026-11-21T13:00:00.000Z"}',
        '{ "expiration" : "2026-11-21T13:00:00.123Z" , "conditions" : [ {"bucket" : "b"} ] }',
        '{"expiration":"2026-11-21T13:00:00.000000Z","conditions":[{"success_action_status":200}]}',
        '{"expiration":"2026-11-21T13:00:00Z","conditions":[["content-length-range",0,"1048576"]]}',
        '{"expiration":"2026-11-21T13:00:00Z","conditions":[["EQ","$Key","\\u00e4"]],"more":1}',
        r'{"expiration":"2026-11-21T13:00:00Z","conditions":[["eq","$key","\$1"]]}',
    ],
)
def test_spellings(text: str) -> None:
    assert timegm((2026, 11, 21, 13, 0, 0)) <= parse(encoded(text)).expires_s < NOW + 3601


def test_base64_may_have_line_ends() -> None:
    text = encoded('{"expiration":"2026-11-21T13:00:00Z","conditions":[]}')
    assert parse(text[:40] + "\r\n" + text[40:] + "\n") == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", "1", "{", '{"conditions":[]}',
        '{"expiration":"2026-11-21T13:00:00Z"}',
        '{"expiration":"2026-11-21T13:00:00Z","conditions":{}}',
        '{"expiration":"2026-11-21T13:00:00Z","conditions":null}', "[" * 5000, '{"a":' * 1000,
        '{"expiration":"2026-11-21T13:00:00Z","conditions":' + "[" * 3000 + "]" * 3000 + "}",
        '{"expiration":"2026-11-21T13:00:00Z","conditions":[["eq","$key",1e400]]}', "\0",
    ],
)  # fmt: skip
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse(encoded(text))
    assert caught.value.code.name == "InvalidPolicyDocument"


def test_no_depth_is_too_deep_to_be_refused() -> None:
    for depth in range(1, 1200, 7):
        nested = '{"expiration":"2026-11-21T13:00:00Z","conditions":[' + "[" * depth + "]" * depth
        with pytest.raises(ServiceError) as caught:
            parse(encoded(nested + "]}"))
        assert caught.value.code.name == "InvalidPolicyDocument"


@pytest.mark.parametrize("text", ["%%%", "abc", "ä", encoded(b"\xff\xfe{}"), "e30=e30=", "e30"])
def test_what_is_no_base64_of_text(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse(text)
    assert caught.value.code.name == "InvalidPolicyDocument"


@pytest.mark.parametrize(
    "date",
    [
        "", "tomorrow", "2026-11-21", "2026-11-21T13:00:00", "2026-02-30T00:00:00Z",
        "2026-11-21T13:00:00+01:00", "2026-11-21 13:00:00Z", "2026-11-21T25:00:00Z",
        "2026-11-21T13:00:00.Z", "2026-11-21T13:00:00Z\n", 1795266000, None, ["x"],
        "２０26-11-21T13:00:00Z",
    ],
)  # fmt: skip
def test_dates_that_are_none(date: object) -> None:
    with pytest.raises(ServiceError) as caught:
        policy(expiration=date)
    assert caught.value.code.name == "InvalidPolicyDocument"


@pytest.mark.parametrize(
    "condition",
    [
        {}, {"a": "1", "b": "2"}, {"a": None}, {"a": ["x"]}, {"a": True}, {"a": 1.5}, [], [1],
        ["eq"],
        ["eq", "$key"], ["eq", "$key", "a", "b"], ["eq", "key", "a"], ["eq", "$", "a"],
        ["eq", 1, "a"], ["ends-with", "$key", "a"], ["in", "$key", "a"], ["not-in", "$key", "a"],
        ["in", "$key", [1.5]], ["starts-with", "$key", ["a"]], 123, "eq", None, True,
        ["content-length-range"], ["content-length-range", 1], ["content-length-range", 1, 2, 3],
        ["content-length-range", "x", 2], ["content-length-range", -1, 2], ["$key"],
        ["content-length-range", 1.5, 2], ["content-length-range", 3, 2],
        ["content-length-range", [1], 2], ["content-length-range", True, 2],
        ["content-length-range", 0, 10**30],
    ],
)  # fmt: skip
def test_conditions_that_are_none(condition: object) -> None:
    with pytest.raises(ServiceError) as caught:
        policy(condition)
    assert caught.value.code.name == "InvalidPolicyDocument"
    assert caught.value.message.startswith("Invalid Policy: ")


def test_equal() -> None:
    for condition in (["eq", "$key", "a"], {"key": "a"}, {"KEY": "a"}, ["Eq", "$Key", "a"]):
        assert holds(condition, key="a")
        assert not holds(condition, key="ab")
        assert not holds(condition, key="A")
        assert not holds(condition)
    assert holds({"success-action-status": 200}, success_action_status="200")
    assert not holds(["eq", "$key", ""])  # one that is absent equals nothing


def test_starts_with() -> None:
    assert holds(["starts-with", "$key", "dir"], key="dirphoto.png")
    assert not holds(["starts-with", "$key", "dir/"], key="dirphoto.png")
    assert not holds(["starts-with", "$key", "dir"])
    assert holds(["starts-with", "$key", ""])
    assert holds(["starts-with", "$key", ""], key="any")


def test_in_and_not_in() -> None:
    some = ["image/jpg", "image/png"]
    assert holds(["in", "$content-type", some], content_type="image/png")
    assert not holds(["in", "$content-type", some], content_type="image/jpeg")
    assert not holds(["in", "$cache-control", some])
    assert not holds(["in", "$key", []], key="a")
    assert not holds(["not-in", "$content-type", some], content_type="image/png")
    assert holds(["not-in", "$content-type", some], content_type="image/jpeg")
    assert holds(["not-in", "$cache-control", some])
    assert holds(["not-in", "$key", []], key="a")


def test_dollars() -> None:
    assert holds(["eq", "$key", "dir/${filename}"], key="dir/${filename}")
    assert holds(["eq", "$key", "\\$1"], key="$1")
    raw = r'{"expiration":"2026-11-21T13:00:00Z","conditions":[["eq","$key","\$1 \\\\ \/"]]}'
    parse(encoded(raw)).check({"key": "$1 \\\\ /"}, NOW)


def test_all_conditions_must_hold() -> None:
    both = policy(["starts-with", "$key", "a"], ["starts-with", "$key", "ab"])
    both.check({"key": "abc"}, NOW)
    assert refusal(both, {"key": "ac"}).endswith('failed: ["starts-with","$key","ab"]')


def test_sizes() -> None:
    assert policy().size_max is None
    found = policy(["content-length-range", 1, 10], ["content-length-range", "0", "5"])
    assert (found.size_min, found.size_max) == (1, 5)


def test_its_end() -> None:
    ends = policy(expiration="2026-11-21T12:00:00.500Z")
    assert [refusal(ends, {}, NOW + late) for late in (0, 0.4)] == ["", ""]
    for late in (0.5, 1, 10_000):
        assert refusal(ends, {}, NOW + late) == "Invalid according to Policy: Policy expired."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["eq", "starts-with", "in", "not-in", "content-length-range", "$key", LATER]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["expiration", "conditions", "key"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@few
@given(JSON, JSON)
def test_any_document(expiration: object, conditions: object) -> None:
    """Nothing but a refusal is raised, and what is accepted can be checked."""
    text = json.dumps({"expiration": expiration, "conditions": conditions})
    try:
        found = parse(encoded(text))
    except ServiceError as error:
        if error.code.name != "InvalidPolicyDocument":
            raise
    else:
        refusal(found, {"key": "a"})


@few
@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(encoded)))
def test_any_text(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse(text)
    assert caught.value.code.name == "InvalidPolicyDocument"
