"""What the binding makes of the words it is given; what it does is seen in tests/integrations."""

from datetime import timedelta

import pytest

from mossbox.dapr.binding import BindingError, BlockingOssBinding, FieldError, Target, _duration

GIVEN = {
    "endpoint": "http://127.0.0.1:1",
    "accessKeyID": "id",
    "accessKey": "the-secret",
    "bucket": "photos",
}


@pytest.mark.parametrize(
    ("endpoint", "region", "path_style"),
    [
        ("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou", False),
        ("oss-us-west-1-internal.aliyuncs.com", "us-west-1", False),
        ("https://oss-accelerate.aliyuncs.com", "", False),
        ("https://files.example.com/", "", False),
        ("http://127.0.0.1:9000", "", False),  # the SDK knows what an address is
        ("http://localhost:9000", "", True),
        ("http://store:9000", "", True),
        ("http://[::1]:9000", "", True),
    ],
)
def test_endpoints(endpoint: str, region: str, path_style: bool) -> None:
    target = Target.of({**GIVEN, "endpoint": endpoint})
    assert (target.region, target.path_style) == (region, path_style)


@pytest.mark.parametrize(
    "endpoint",
    ["http://", "http:///x", "http://h/p", "http://h?x", "http://h#x", "http://h:port", "http://h:0",
     "http://h:65536", "http://[::1", "http://a b", "ftp://h", "//h", "http://u:p@h"],
)  # fmt: skip
def test_what_is_no_endpoint(endpoint: str) -> None:
    with pytest.raises(FieldError, match=r"^endpoint: .* is no address of an OSS"):
        Target.of({**GIVEN, "endpoint": endpoint})


def test_extra_fields() -> None:
    more = {"securityToken": "the-token", "REGION": "cn-beijing", "pathStyle": "True"}
    target = Target.of(GIVEN | more)
    assert (target.security_token, target.region, target.path_style) == (
        "the-token", "cn-beijing", True,
    )  # fmt: skip
    assert "the-" not in repr(target)


@pytest.mark.parametrize("name", GIVEN)
def test_a_missing_field_is_named(name: str) -> None:
    with pytest.raises(FieldError, match=f"^{name} is missing$"):
        Target.of({key: value for key, value in GIVEN.items() if key != name})
    with pytest.raises(FieldError, match=f"^{name} is empty$"):
        Target.of({**GIVEN, name: " "})


@pytest.mark.parametrize(
    ("operation", "data", "metadata", "why"),
    [
        ("copy", b"", {}, "'copy' is not one of: create get delete list presign"),
        ("get", b"", {"key": ""}, "metadata.key is missing"),
        ("create", b'"***"', {"decodeBase64": "true"}, "data is no base64"),
        ("create", b"", {"decodeBase64": "often"}, "metadata.decodeBase64: 'often' is neither"),
        ("list", b"[1]", {}, "data of list is no JSON object"),
        ("list", b"{", {}, "data of list is no JSON: "),
        ("list", b'{"maxResults": "1"}', {}, "data.maxResults of list is no int"),
        ("list", b'{"maxResults": true}', {}, "data.maxResults of list is no int"),
        ("presign", b"", {"key": "k", "method": "POST"}, "'POST' is neither GET nor PUT"),
        ("presign", b"", {"key": "k", "presignTTL": "1d"}, "'1d' is no length of time"),
        ("presign", b"", {"key": "k", "presignTTL": "0s"}, "'0s' is no length of time"),
        ("get", b"", {"key": "k"}, "does not answer: Connection refused"),
    ],
)
def test_what_cannot_be_done_is_told(
    operation: str, data: bytes, metadata: dict[str, str], why: str
) -> None:
    with BlockingOssBinding(Target.of(GIVEN)) as binding, pytest.raises(BindingError) as error:
        binding.invoke(operation, data, metadata)
    assert why in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 900), ("15m", 900), ("1h30m", 5400), ("1h1m1s", 3661), ("90", 90)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert _duration("presignTTL", text) == timedelta(seconds=seconds)
