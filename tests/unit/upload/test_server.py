"""The endpoints: what they answer, to whom, and what they refuse."""

import json
import logging
from base64 import b64decode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mossbox.settings import SettingsError
from mossbox.upload import Limits, UploadSettings, upload_server
from mossbox.upload.server import load_hook
from tests.unit.examples import few
from tests.unit.upload.conftest import KEY, SETTINGS, ask, asking

STS = "/get_sts_token_for_oss_upload"
POST = "/get_post_signature_for_oss_upload"
URL = "/get_presigned_url_for_oss_upload"
PARTS = "/get_multipart_urls_for_oss_upload"
PAGES = (STS, POST, URL, PARTS, "/")
LIMITED = replace(
    SETTINGS,
    dir="in/",
    min_size_bytes=2,
    max_size_bytes=100,
    content_type=("image/png", "text/plain"),
)


PARAMETERS = (
    "dir", "min_size", "max_size", "types", "expires", "version", "name", "size", "type",
    "upload_id", "parts",
)  # fmt: skip


def conditions(answer: Any) -> list[Any]:
    found: list[Any] = json.loads(b64decode(answer.json()["policy"]))["conditions"]
    return found


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", PAGES)
def test_get_only(path: str, method: str) -> None:
    answer = ask(path, method=method)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_parts_are_as_long_as_the_servers_own_limit_makes_them() -> None:
    """Else a caller's own limit would give shorter and more parts, to add to the long ones."""
    mib = 1024**2
    settings = replace(SETTINGS, max_size_bytes=80_001 * mib)
    given = {"name": "a", "size": 80_000 * mib, "max_size": 80_000 * mib, "upload_id": "1"}
    for parts, status in (("8889", 200), ("8890", 400)):
        answer = ask(f"{PARTS}?{urlencode({**given, 'parts': parts})}", settings)
        assert answer.status_code == status
    assert ask(f"{PARTS}?{urlencode(given)}", settings).json()["part_size"] == 9 * mib


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_kept_by_caches_or_read_by_other_origins(path: str) -> None:
    answer = ask(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_a_form_is_v4_unless_asked_otherwise() -> None:
    assert ask(POST).json()["x_oss_signature_version"] == "OSS4-HMAC-SHA256"
    assert "ossAccessKeyId" in ask(f"{POST}?version=V1").json()
    v1 = replace(SETTINGS, post_version="V1")
    assert "ossAccessKeyId" in ask(POST, v1).json()
    assert "policy" in ask(f"{POST}?version=V4", v1).json()
    refused = ask(f"{POST}?version=V2")
    assert (refused.status_code, refused.json()["Message"]) == (400, "version is V4 or V1.")


def test_a_signed_url_is_plain_text() -> None:
    answer = ask(URL)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    url = urlsplit(answer.text)
    assert url.path == "/exampleobject.png"
    assert dict(parse_qsl(url.query))["x-oss-expires"] == "3600"
    assert (
        urlsplit(ask(f"{URL}?name=a/b.txt&type=text/plain", replace(SETTINGS, dir="d/")).text).path
        == "/d/a/b.txt"
    )
    assert "x-oss-additional-headers=content-length" in ask(f"{URL}?size=5").text


def test_temporary_keys_need_a_role() -> None:
    answer = ask(STS)
    assert answer.status_code == 403
    assert "OSS_STS_ROLE_ARN" in answer.json()["Message"]


def test_requests_narrow_the_limits() -> None:
    answer = ask(
        f"{POST}?dir=me/&max_size=50&min_size=1&types=image/png,image/gif&expires=60", LIMITED
    )
    assert answer.json()["dir"] == "in/me/"
    assert ["starts-with", "$key", "in/me/"] in conditions(answer)
    assert ["content-length-range", 2, 50] in conditions(answer)
    assert ["in", "$content-type", ["image/png"]] in conditions(answer)


def test_requests_do_not_widen_them() -> None:
    answer = ask(f"{POST}?max_size=1000&min_size=0&types=&expires=999999", LIMITED)
    assert ["content-length-range", 2, 100] in conditions(answer)
    assert ["in", "$content-type", ["image/png", "text/plain"]] in conditions(answer)
    long = ask(f"{URL}?size=9&expires=999999", LIMITED).text
    assert "x-oss-expires=3600" in long


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{POST}?dir=../", 400, "InvalidDirectory"),
        (f"{POST}?dir=*", 400, "InvalidDirectory"),
        (f"{POST}?dir=/x", 400, "InvalidDirectory"),
        (f"{POST}?max_size=1", 403, "SizeNotAllowed"),
        (f"{POST}?max_size=-1", 400, "InvalidParameter"),
        (f"{POST}?expires=soon", 400, "InvalidParameter"),
        (f"{POST}?types=image/gif", 403, "TypeNotAllowed"),
        (f"{POST}?name=../x", 400, "InvalidName"),
        (f"{POST}?name=x&size=101", 403, "SizeNotAllowed"),
        (f"{POST}?name=x&size=1", 403, "SizeNotAllowed"),
        (f"{POST}?name=x&type=image/gif", 403, "TypeNotAllowed"),
        (URL, 400, "MissingParameter"),
        (f"{URL}?size=101", 403, "SizeNotAllowed"),
        (f"{URL}?size=9&type=image/gif", 403, "TypeNotAllowed"),
        (f"{URL}?size=9&type=", 403, "TypeNotAllowed"),
        (f"{URL}?size=9&type=image/png%0Ax-oss-object-acl:public-read", 403, "TypeNotAllowed"),
        (f"{URL}?size=9&name=", 400, "InvalidName"),
        (f"{URL}?size=9&name=a/../../b", 400, "InvalidName"),
        (PARTS, 400, "MissingParameter"),
        (f"{PARTS}?name=a&size=101&type=image/png", 403, "SizeNotAllowed"),
        (f"{PARTS}?name=a&size=9", 403, "TypeNotAllowed"),
        (f"{PARTS}?size=9&type=image/png", 400, "InvalidName"),
        (f"{PARTS}?name=../a&size=9&type=image/png", 400, "InvalidName"),
        (f"{PARTS}?name=a&size=9&type=image/png&upload_id=1&parts=2", 400, "InvalidParameter"),
        (f"{PARTS}?name=a&size=9&type=image/png&upload_id=1&parts=0", 400, "InvalidParameter"),
        (f"{PARTS}?name=a&size=9&type=image/png&upload_id=1&parts=x-1", 400, "InvalidParameter"),
        ("/nothing", 404, ""),
    ],
)  # fmt: skip
def test_refusals(path: str, status: int, code: str) -> None:
    answer = ask(path, LIMITED)
    assert answer.status_code == status
    if code:
        assert answer.json()["Code"] == code
        assert answer.json()["Message"].endswith(".")


def test_temporary_keys_are_not_given_where_they_could_not_hold_the_limits() -> None:
    answer = ask(STS, replace(LIMITED, role_arn="acs:ram::1:role/r"))
    assert answer.status_code == 403
    assert "can't be" in answer.json()["Message"]


def test_urls_of_an_upload_in_parts() -> None:
    mib = 1024**2
    asked = f"{PARTS}?name=big.bin&size={20 * mib + 5}"
    begun = ask(asked).json()
    assert (begun["key"], begun["part_size"]) == ("big.bin", 8 * mib)
    assert begun["content_type"] == "application/octet-stream"
    assert "?uploads&" in begun["initiate"]
    going = ask(f"{asked}&upload_id=ID&parts=1-3").json()
    assert list(going["parts"]) == ["1", "2", "3"]
    for number, url in going["parts"].items():
        query = dict(parse_qsl(urlsplit(url).query))
        assert (query["partNumber"], query["uploadId"]) == (number, "ID")
        assert query["x-oss-additional-headers"] == "content-length"
    assert dict(parse_qsl(urlsplit(going["complete"]).query))["uploadId"] == "ID"
    assert ask(f"{asked}&upload_id=ID").json()["parts"] == {}
    many = f"{PARTS}?name=a&size={900 * 8 * mib}&upload_id=ID&parts="
    assert len(ask(f"{many}1-100").json()["parts"]) == 100
    assert ask(f"{many}1-101").status_code == 400


def test_an_empty_file_has_one_part() -> None:
    assert list(ask(f"{PARTS}?name=a&size=0&upload_id=I&parts=1").json()["parts"]) == ["1"]


@pytest.mark.parametrize("way", [URL, PARTS, POST])
@pytest.mark.parametrize(
    "kind", ["image/png%0Ax-oss-object-acl:public-read", "a/b%00", "%E5%9B%BE"]
)
def test_no_other_header_gets_signed_by_way_of_the_type(way: str, kind: str) -> None:
    answer = ask(f"{way}?name=a&size=1&type={kind}")
    assert (answer.status_code, answer.json()["Code"]) == (403, "TypeNotAllowed")


@pytest.mark.parametrize("name", ["host", "origin"])
@pytest.mark.parametrize("value", ["http://[", "[", "a b", "//", ":", "a:b:c", "a_b.c", "\xff"])
def test_headers_that_are_none(name: str, value: str) -> None:
    app = upload_server(SETTINGS, access_key=KEY, hosts=["127.0.0.1"])
    answer = asking(app, ("GET", POST, {name: value.encode("latin-1")}))[0]
    assert answer.status_code in (403, 421)


@few
@given(
    st.sampled_from(PAGES),
    st.lists(st.tuples(st.sampled_from(PARAMETERS), st.text(max_size=12)), max_size=6),
)
def test_no_parameters_are_a_fault_of_ours(path: str, parameters: list[tuple[str, str]]) -> None:
    texts = [(name, text.encode("utf-8", "surrogatepass")) for name, text in parameters]
    answer = ask(f"{path}?{urlencode(texts)}", LIMITED)
    assert answer.status_code in (200, 400, 403)


def test_what_is_not_offered_is_not_found() -> None:
    only = replace(SETTINGS, offer=("post",))
    assert ask(POST, only).status_code == 200
    for path in (STS, URL, PARTS, "/"):
        assert ask(path, only).status_code == 404


# -- who may ask --


async def waits(request: Request) -> bool:
    return request.headers.get("x-me") == "ann"


def plain(request: Request) -> bool:
    return request.headers.get("x-me") == "ann"


class Guard:
    async def __call__(self, request: Request) -> bool:
        return request.headers.get("x-me") == "ann"


@pytest.mark.parametrize("hook", [waits, plain, Guard()])
@pytest.mark.parametrize("path", [POST, URL, f"{PARTS}?name=a&size=1"])
def test_the_hook_decides(hook: Any, path: str) -> None:
    refused = ask(path, authorize=hook)
    assert (refused.status_code, refused.json()["Code"]) == (403, "NotAuthorized")
    assert ask(path, authorize=hook, headers={"x-me": "ann"}).status_code == 200
    assert ask(STS, authorize=hook).json()["Code"] == "NotAuthorized"


@pytest.mark.parametrize("verdict", [None, False, 1, "yes", object()])
def test_only_true_lets_through(verdict: Any) -> None:
    assert ask(POST, authorize=lambda _: verdict).status_code == 403


def test_the_hook_may_narrow() -> None:
    answer = ask(POST, authorize=lambda _: Limits("ann/", max_size_bytes=7))
    assert answer.json()["dir"] == "ann/"
    assert ["content-length-range", 0, 7] in conditions(answer)
    inner = ask(f"{POST}?dir=b/&max_size=9", LIMITED, authorize=lambda _: Limits("ann/"))
    assert inner.json()["dir"] == "in/ann/b/"
    refused = ask(POST, LIMITED, authorize=lambda _: Limits(types=("text/html",)))
    assert refused.status_code == 403


def test_the_hook_may_answer_itself() -> None:
    def hook(_: Request) -> bool:
        raise HTTPException(401, "Log in first.", {"WWW-Authenticate": "Basic"})

    answer = ask(POST, authorize=hook)
    assert (answer.status_code, answer.json()["Message"]) == (401, "Log in first.")
    assert answer.headers["www-authenticate"] == "Basic"
    assert answer.headers["cache-control"] == "no-store"

    def forbids(_: Request) -> bool:
        raise PermissionError("secret reason")

    answer = ask(POST, authorize=forbids)
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_the_page_itself_is_for_everybody() -> None:
    assert ask("/", authorize=lambda _: False).status_code == 200


@pytest.mark.parametrize("text", ["", "json", "json:", ":x", "no_such_module:x", "json:no_such"])
def test_a_hook_that_is_none(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^--authorize "):
        load_hook(text)


def test_a_hook_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    named = replace(SETTINGS, authorize=f"{__name__}:plain")
    assert ask(POST, named).status_code == 403
    assert ask(POST, named, headers={"x-me": "ann"}).status_code == 200


# -- from where --

HERE, THERE = "https://app.example.com", "https://evil.example.com"


def test_pages_of_other_origins_are_refused() -> None:
    refused = ask(POST, headers={"origin": THERE})
    assert (refused.status_code, refused.json()["Code"]) == (403, "ForeignOrigin")
    assert ask(POST, headers={"origin": "http://127.0.0.1:8000"}).status_code == 200
    assert ask(POST, headers={"origin": "null"}).status_code == 403


def test_allowed_origins_may_read() -> None:
    listed = replace(SETTINGS, allow_origin=(HERE,))
    answer = ask(POST, listed, headers={"origin": HERE})
    assert answer.headers["access-control-allow-origin"] == HERE
    assert answer.headers["vary"] == "Origin"
    assert ask(POST, listed, headers={"origin": THERE}).status_code == 403
    assert "access-control-allow-origin" not in ask(POST, listed).headers
    anyone = replace(SETTINGS, allow_origin=("*",))
    assert (
        ask(POST, anyone, headers={"origin": THERE}).headers["access-control-allow-origin"] == "*"
    )


def test_refusals_can_be_read_by_allowed_origins_too() -> None:
    listed = replace(SETTINGS, allow_origin=(HERE,))
    answer = ask(STS, listed, headers={"origin": HERE})
    assert answer.status_code == 403
    assert answer.headers["access-control-allow-origin"] == HERE


def test_a_preflight_is_answered_where_origins_are_allowed() -> None:
    asked = {
        "origin": HERE, "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
    }  # fmt: skip
    answer = ask(POST, replace(SETTINGS, allow_origin=(HERE,)), method="OPTIONS", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert answer.headers["access-control-allow-methods"] == "GET"
    assert ask(POST, method="OPTIONS", headers=asked).status_code == 403


def test_other_names_for_this_server_are_refused_where_names_are_told() -> None:
    app = upload_server(SETTINGS, access_key=KEY, hosts=["127.0.0.1", "localhost", "::1"])
    for base, status in (
        ("http://127.0.0.1:8000", 200), ("http://localhost", 200), ("http://LocalHost:1", 200),
        ("http://[::1]:8000", 200), ("http://evil.example.com", 421),
    ):  # fmt: skip
        assert asking(app, POST, base=base)[0].status_code == status


# -- set up by the environment --


def test_settings_are_read_at_the_first_need(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = upload_server()
    with caplog.at_level(logging.ERROR):
        answer = asking(app, POST)[0]
    assert (answer.status_code, answer.json()["Code"]) == (500, "NotSetUp")
    assert "--bucket is needed" in caplog.text
    monkeypatch.setenv("MOSSBOX_UPLOAD_BUCKET", "photos")
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", "env-id")
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", "env-secret")
    assert asking(app, POST)[0].json()["x_oss_credential"].startswith("env-id/")


def test_given_settings_are_checked() -> None:
    assert ask(POST, UploadSettings(bucket="")).status_code == 500


@pytest.mark.parametrize("path", [POST, URL, f"{PARTS}?name=a&size=1", "/"])
def test_no_answer_holds_the_secret(path: str) -> None:
    assert KEY.secret not in ask(path).text
