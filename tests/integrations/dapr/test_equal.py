"""The same requests to the real daprd and to `mossbox dapr-http`: status, body and what is kept."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integrations.dapr import document
from tests.integrations.dapr.conftest import OURS, THEIRS
from tests.integrations.dapr.daprd import Daprd
from tests.integrations.dapr.servers import Ours, Told, ask, keys, stored
from tests.support import Server

pytestmark = pytest.mark.timeout(3600)  # the first run builds daprd

DATA = [
    '"Hello World"', '""', "null", "true", "[]", "{}", "[1, 2,\n3]",
    '{"b": 1, "a": [2, {"c": {}}]}', '{"a": 1, "a": 2}',
    '{"é": 1, "z": 2, "\\ud83d\\ude00": 3, "\\uffff": 4}', '"<a href=\\"x\\">&"',
    '"\\u2028\\u2029\\u007f\\b\\f\\n\\r\\t\\u0001\\u001f/\\/\\\\"', '"\\ud800 \\udc00\\ud800 x"',
    '"é 猫 \U0001f408"', "0", "-0", "1.0", "100", "1e2", "-1.5", "0.1", "1e20", "1e21", "1E+22",
    "1e-6", "1e-7", "123456789012345678901234567890", "9007199254740993", "5e-324",
    "1.7976931348623157e308", "3.0000000000000004", "1e-400",
]  # fmt: skip
BODIES = [
    "", " ", "null", "[]", '"x"', "1", "true", "{}", "{", "[", "}", "]", ",", "{]", "[}", "[1,]",
    "[1 2]", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}', '{"a":1 "b"}', "{1:2}",
    "{'a':1}", "nul", "nulx", "not json", "tru", "falsy", "-", "-x", "01", "1.", "1.x", "1e", "1ex",
    "1e+x", "+1", '"', '"a', '"\\', '"\\x"', '"\\u12g4"', '"\\u12', '"a\tb"', '"a\nb"', "\x7f",
    "\a", "é", "\u00ad", "1 2", "{} x", '{"operation":"create"} x', "NaN", "Infinity", b"\xff",
    b'"\xff', b"\xef\xbb\xbf{}", '{"operation":"get"}', '{"operation":""}', '{"operation":null}',
    '{"operation":"<x>"}', '{"OPERATION":"delete"}', '{"operation":"a","Operation":"b"}',
    '{"operation":1}', '{"operation":{}}', '{"operation":true}', '{"operation":[]}',
    '{"operation":"create\\n"}', '{"operation":"create","data":1e400}',
    '{"operation":"create","data":{"x":[1e999]}}', '{"operation":"create","metadata":[]}',
    '{"operation":"create","metadata":"x"}', '{"operation":"create","metadata":{"key":1}}',
    '{"operation":"create","metadata":{"key":{}}}', '{"operation":1,"metadata":1}',
    '{"metadata":{"key":true},"operation":1}',
]  # fmt: skip
RANDOM_KEYS = [
    '{"operation":"create"}', '{"operation":"create","data":1,"metadata":null}',
    '{"operation":"create","data":1,"metadata":{}}',
    '{"operation":"create","data":1,"metadata":{"key":""}}',
    '{"operation":"create","data":1,"metadata":{"key":null}}',
    '{"operation":"create","data":1,"metadata":{"Key":"other-case"}}',
]  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.text(st.characters(codec="utf-8"))
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=10,
)
few = settings(
    max_examples=int(os.environ.get("MOSSBOX_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
KEYS = ["plain", "a/b c.txt", "dir/", "é/猫", "a+b&c=d?e#f%20", "x.json", "x.png", "x.pdf", "~.-_"]


class Both:
    """The two, asked the same."""

    def __init__(self, store: Server, theirs: Daprd, ours: Ours) -> None:
        self.store = store
        self.sides = ((theirs.port, THEIRS), (ours.port, OURS))

    def ask(self, binding: str, body: object, **more: str) -> tuple[Told, Told]:
        theirs, ours = (ask(port, binding, body, **more) for port, _ in self.sides)
        return theirs, ours

    def keep(self, key: str, body: object) -> list[tuple[bytes, str]]:
        """What each kept under a key."""
        theirs, ours = self.ask(document.NAME, body)
        assert theirs.said == ours.said == (204, b""), (body, theirs, ours)
        return [stored(self.store, bucket, key) for _, bucket in self.sides]


@pytest.fixture
def both(server: Server, theirs: Daprd, ours: Ours) -> Both:
    return Both(server, theirs, ours)


def test_data_is_kept_in_the_same_bytes(both: Both) -> None:
    for data in DATA:
        body = f'{{"operation": "create", "data": {data}, "metadata": {{"key": "data"}}}}'
        theirs, ours = both.keep("data", body)
        assert theirs == ours, data
        assert theirs[0], data


@few
@given(VALUES, st.booleans())
def test_any_data_is_kept_in_the_same_bytes(both: Both, value: object, ascii_only: bool) -> None:
    body = {"operation": "create", "data": value, "metadata": {"key": "any"}}
    theirs, ours = both.keep("any", json.dumps(body, ensure_ascii=ascii_only))
    assert theirs == ours


@few
@given(st.text(st.sampled_from('[]{},:"\\ \n\tu0e-.1tfn'), max_size=12))
def test_any_nonsense_is_refused_in_the_same_words(both: Both, text: str) -> None:
    theirs, ours = both.ask(document.NAME, text)
    assert theirs.said == ours.said


def test_bytes_that_are_no_text_are_replaced_alike(both: Both) -> None:
    for data in (b"\xff\xfe", b"\xe2\x82", b"\xe2\x82x\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf"):
        body = b'{"operation":"create","metadata":{"key":"bytes"},"data":"%s"}' % data
        theirs, ours = both.keep("bytes", body)
        assert theirs == ours, data
    assert b"\xef\xbf\xbd" in theirs[0]


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_the_same(both: Both, key: str) -> None:
    body = {"operation": "create", "data": key, "metadata": {"key": key}}
    theirs, ours = both.keep(key, body)
    assert theirs[0] == ours[0]
    assert theirs[1].partition(";")[0] == ours[1].partition(";")[0]  # one may add the charset


def test_without_a_key_both_choose_one(both: Both) -> None:
    before = [set(keys(both.store, bucket)) for _, bucket in both.sides]
    for body in RANDOM_KEYS:
        theirs, ours = both.ask(document.NAME, body)
        assert theirs.said == ours.said == (204, b""), body
    for (_, bucket), old in zip(both.sides, before, strict=True):
        new = set(keys(both.store, bucket)) - old
        assert {len(key) for key in new} == {36}
        kept = sorted(stored(both.store, bucket, key)[0] for key in new)
        assert kept == [b"1"] * 5 + [b"null"]  # no data is kept as null, as Dapr does


def test_bodies_are_refused_in_the_same_words(both: Both) -> None:
    for body in BODIES:
        theirs, ours = both.ask(document.NAME, body)
        assert theirs.said == ours.said, body
        assert theirs.status in (400, 500), body
        assert theirs.headers["content-type"] == ours.headers["content-type"]


@pytest.mark.parametrize("binding", ["missing", "denied", "nobody", "no%2Fbody", "n%20o"])
def test_failures_are_told_in_the_same_words(both: Both, binding: str) -> None:
    theirs, ours = both.ask(binding, {"operation": "create", "data": 1})
    assert theirs.said == ours.said
    assert theirs.status == 500
    assert "ERR_INVOKE_OUTPUT_BINDING" in theirs.body.decode()


def test_refusals_of_the_store_are_told_in_the_same_words(both: Both) -> None:
    body = {"operation": "create", "data": 1, "metadata": {"key": "/x"}}
    theirs, ours = both.ask(document.NAME, body)
    assert theirs.said == ours.said
    assert "ErrorCode=InvalidObjectName" in ours.message
    body["metadata"] = {"key": "k" * 1100}  # our client does not even send it
    assert [answer.status for answer in both.ask(document.NAME, body)] == [500, 500]


def test_an_endpoint_that_does_not_answer(both: Both, ours: Ours) -> None:
    """Both say that the connection was refused; ours names the file and the field too."""
    theirs, mine = both.ask("unreachable", {"operation": "create", "data": 1})
    assert theirs.status == mine.status == 500
    assert theirs.message.endswith("connect: connection refused")
    file = ours.folder / "components" / "unreachable.yaml"
    why = f"{file}: component unreachable: endpoint: http://127.0.0.1:1 does not answer"
    assert mine.message == f"error invoking output binding unreachable: {why}: Connection refused"
    assert f"{why}: Connection refused" in ours.log  # and at the start already


def test_methods_and_addresses(both: Both) -> None:
    body = '{"operation":"create","data":1,"metadata":{"key":"m"}}'
    here = f"/v1.0/bindings/{document.NAME}"
    for method, path, status in (
        ("PUT", here, 204), ("POST", f"{here}/", 204), ("POST", f"{here}?a=b", 204),
        ("POST", here.replace("ali", "%61li"), 204),
        ("GET", here, 404), ("DELETE", here, 404), ("OPTIONS", here, 404), ("PATCH", here, 404),
        ("POST", "/", 404), ("GET", "/v1.0/healthz", 204),
        ("GET", "/v1.0/healthz/outbound", 204),
    ):  # fmt: skip
        theirs, ours = both.ask(document.NAME, body, method=method, path=path)
        assert theirs.status == ours.status == status, (method, path)


def test_the_largest_body(both: Both) -> None:
    frame = '{"operation":"create","metadata":{"key":"large"},"data":"%s"}'
    room = (4 << 20) - len(frame % "")
    theirs, ours = both.keep("large", frame % ("x" * room))
    assert theirs == ours
    theirs, ours = both.ask(document.NAME, frame % ("x" * (room + 70_000)))
    assert theirs.said == ours.said == (400, b"error reading request body: stream too large\n")
