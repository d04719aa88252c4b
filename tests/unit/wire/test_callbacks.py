"""Parameters of callbacks: what is refused with which words, and the bodies that come of them."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.errors import ServiceError
from mossbox.wire import callbacks
from tests.unit.examples import few

URL = "http://app.test/done"
BODY = (
    "bucket=${bucket}&object=${object}&etag=${etag}&size=${size}&mimeType=${mimeType}&x=${x:my_var}"
)
VALUES: dict[str, str | int] = {
    **dict.fromkeys(callbacks.SYSTEM, ""),
    "bucket": "photos", "object": "a b/ü&=.txt", "etag": "D8E8FCA2DC0F896FD7CB4CB0031BA249",
    "size": 5, "mimeType": "text/plain", "imageInfo.width": 640, "crc64": "18446744073709551615",
}  # fmt: skip


def packed(value: Any) -> str:
    return b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode()


def parsed(variables: dict[str, str] | None = None, **fields: Any) -> callbacks.Callback:
    given = {"callbackUrl": URL, "callbackBody": BODY, **fields}
    kept = {name: value for name, value in given.items() if value is not None}
    return callbacks.parse(packed(kept), variables or {})


def test_a_form() -> None:
    callback = parsed({"x:my_var": "for callback/test"})
    assert callback.urls == [URL]
    assert (callback.host, callback.kind) == ("", callbacks.FORM)
    assert callback.names() == {"bucket", "object", "etag", "size", "mimeType", "x:my_var"}
    assert callback.body(VALUES) == (
        b"bucket=photos&object=a%20b%2F%C3%BC%26%3D.txt&etag=D8E8FCA2DC0F896FD7CB4CB0031BA249"
        b"&size=5&mimeType=text%2Fplain&x=for%20callback%2Ftest"
    )


def test_json() -> None:
    body = (
        '{"object":${object},"size":${size},"w":${imageInfo.width},"h":${imageInfo.height},'
        '"crc":${crc64},"mine":${x:mine},"none":${x:none}}'
    )
    callback = parsed({"x:mine": 'a "b"\n'}, callbackBody=body, callbackBodyType=callbacks.JSON)
    assert json.loads(callback.body(VALUES)) == {
        "object": "a b/ü&=.txt", "size": 5, "w": 640, "h": "", "crc": "18446744073709551615",
        "mine": 'a "b"\n', "none": "",
    }  # fmt: skip


def test_values_are_not_read_again() -> None:
    callback = parsed({"x:a": "${bucket}"}, callbackBody="${x:a}${x:a}")
    assert callback.body(VALUES) == b"%24%7Bbucket%7D" * 2


def test_several_urls_and_the_rest() -> None:
    callback = parsed(
        callbackUrl="http://a.test; https://b.test/x ;", callbackHost="c.test:81", callbackSNI=True
    )
    assert callback.urls == ["http://a.test", "https://b.test/x"]
    assert callback.host == "c.test:81"


@pytest.mark.parametrize(
    ("text", "message", "ec"),
    [
        ("x123-*&", "The callback configuration is not base64 encoded.", "0007-00000002"),
        ("eyJ", "The callback configuration is not base64 encoded.", "0007-00000002"),
        ("ü", "The callback configuration is not base64 encoded.", "0007-00000002"),
        ("", "The callback configuration is not json format.", "0007-00000003"),
        (packed(b"error argument"), "The callback configuration is not json format.",
         "0007-00000003"),
        (packed([]), "The callback configuration is not json format.", "0007-00000003"),
        (packed(b"\xff"), "The callback configuration is not json format.", "0007-00000003"),
        (packed(b"[" * 3000), "The callback configuration is not json format.", "0007-00000003"),
        ("A" * 5121, "The length of callback exceed max value.", "0007-00000001"),
    ],
)  # fmt: skip
def test_what_is_no_parameter(text: str, message: str, ec: str) -> None:
    with pytest.raises(ServiceError) as failed:
        callbacks.parse(text, {})
    assert failed.value.code.name == "InvalidArgument"
    assert (failed.value.message, failed.value.ec) == (message, ec)
    assert failed.value.details["ArgumentName"] == "callback"


@pytest.mark.parametrize(
    ("fields", "message", "ec"),
    [
        ({"callbackUrl": None}, "The callback url configuration is invalid.", "0007-00000004"),
        ({"callbackUrl": ""}, "The callback url configuration is invalid.", "0007-00000004"),
        ({"callbackUrl": ";"}, "The callback url configuration is invalid.", "0007-00000004"),
        ({"callbackUrl": 1}, "The callback url configuration is invalid.", "0007-00000004"),
        ({"callbackUrl": ";".join([URL] * 6)}, "The number of callback url exceed max value.",
         "0007-00000005"),
        ({"callbackHost": [1]}, "The callback host configuration is invalid.", "0007-00000009"),
        ({"callbackHost": "a\r\nb"}, "The callback host configuration is invalid.",
         "0007-00000009"),
        ({"callbackBody": [1]}, "The callback body is invalid.", "0007-00000010"),
        ({"callbackBody": ""}, "The callback body is empty.", "0007-00000011"),
        ({"callbackBody": None}, "The callback body is empty.", "0007-00000011"),
        ({"callbackBodyType": 123}, "The callback body type configuration is invalid.",
         "0007-00000012"),
        ({"callbackBodyType": "image/jpg"}, "The body type of callback is not supported.",
         "0007-00000013"),
        ({"callbackBody": "my_var=$x:my_var}"}, "Left brace must be adjacent to dollar sign.",
         "0007-00000105"),
        ({"callbackBody": "price=5$"}, "Left brace must be adjacent to dollar sign.",
         "0007-00000105"),
        ({"callbackBody": "${bucket"}, "Right brace is missing.", "0007-00000105"),
        ({"callbackBody": "${Bucket}"}, "There is no variable of this name.", "0007-00000105"),
        ({"callbackSNI": "maybe"}, "The callback SNI configuration is invalid.", None),
    ],
)  # fmt: skip
def test_bad_fields(fields: dict[str, Any], message: str, ec: str | None) -> None:
    with pytest.raises(ServiceError) as failed:
        parsed(**fields)
    assert failed.value.code.name == "InvalidArgument"
    assert failed.value.message == message
    assert ec is None or failed.value.ec == ec


def test_extra_headers_are_refused_by_name() -> None:
    with pytest.raises(ServiceError) as failed:
        parsed(additionalHeaders={"a": "b"})
    assert failed.value.details == {"Header": "additionalHeaders"}


def test_variables() -> None:
    assert callbacks.parse_variables(packed({"x:var1": "a", "x:my_var": "ü", "x:键值1": "b"})) == {
        "x:var1": "a", "x:my_var": "ü", "x:键值1": "b",
    }  # fmt: skip
    assert callbacks.own_variables({"x:a": "1", "x-oss-a": "2", "X:b": "3", "key": "4"}) == {
        "x:a": "1"
    }


@pytest.mark.parametrize(
    ("text", "ec"),
    [
        ("A" * 5121, "0007-00000101"),
        ("x123-*&", "0007-00000102"),
        (packed(b'{"x:var1":"value1"'), "0007-00000103"),
        (packed("text"), "0007-00000103"),
        (packed({"var": "a"}), "0007-00000104"),
        (packed({"x:Var": "a"}), "0007-00000104"),
        (packed({"x:": "a"}), "0007-00000104"),
        (packed({"x:a}": "a"}), "0007-00000104"),
        (packed({"x:var": 1}), "0007-00000104"),
    ],
)
def test_bad_variables(text: str, ec: str) -> None:
    with pytest.raises(ServiceError) as failed:
        callbacks.parse_variables(text)
    assert (failed.value.code.name, failed.value.ec) == ("InvalidArgument", ec)


def status_of(text: str) -> int:
    try:
        callbacks.parse(text, {}).body(VALUES)
    except ServiceError as refusal:
        return refusal.code.status
    return 200


@few
@given(st.binary(max_size=200))
def test_any_parameter_is_taken_or_refused(data: bytes) -> None:
    text = data.decode("latin-1")
    body = packed({"callbackUrl": "a", "callbackBody": text})
    assert {status_of(packed(data)), status_of(text)} == {400}
    assert status_of(body) in (200, 400)


def test_the_documented_string_to_sign() -> None:
    assert callbacks.string_to_sign("/index.php", "?id=1&index=2", b"bucket=yonghu-test") == (
        b"/index.php?id=1&index=2\nbucket=yonghu-test"
    )
    assert callbacks.string_to_sign("/a%20b+c%E4%B8%AD", "?q=%20", b"") == (
        "/a b+c中?q=%20\n".encode()
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"Status":"OK"}', True),
        (b"[]", True),
        (b"OK", False),
        (b"", False),
        (b'\xef\xbb\xbf{"Status":"OK"}', False),
        (b'{"a":"\xff"}', False),
        (b"[" * 100_000, False),
    ],
)
def test_answers_that_are_json(body: bytes, expected: bool) -> None:
    assert callbacks.is_json(body) is expected
