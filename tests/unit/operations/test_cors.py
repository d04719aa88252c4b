"""CORS: what rules are taken, which requests they fit, and what answers then say."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mossbox import errors
from mossbox.http.message import Body
from mossbox.operations.origins import CorsRule, CorsRules, fits
from tests.unit.examples import few

PAGE = "https://app.example.com"


def rule(*origins: str, methods="PUT", headers="", exposed="", age: object = None) -> str:
    """A rule's XML; the values of a list have spaces between."""
    parts = [
        *(("AllowedOrigin", value) for value in origins),
        *(("AllowedMethod", value) for value in methods.split()),
        *(("AllowedHeader", value) for value in headers.split()),
        *(("ExposeHeader", value) for value in exposed.split()),
    ]
    if age is not None:
        parts.append(("MaxAgeSeconds", age))
    return "<CORSRule>" + "".join(f"<{n}>{v}</{n}>" for n, v in parts) + "</CORSRule>"


def document(*rules: str, more: str = "") -> bytes:
    return f"<CORSConfiguration>{''.join(rules)}{more}</CORSConfiguration>".encode()


def put(line, *rules: str, more: str = "", **headers: str):
    return line.send("PUT", "/photos?cors", document(*rules, more=more), headers)


def ask(line, method="PUT", origin=PAGE, path="/photos/a.txt", headers=None):
    """A preflight."""
    named = {"origin": origin, "access-control-request-method": method}
    if headers is not None:
        named["access-control-request-headers"] = headers
    return line.send("OPTIONS", path, headers=named, key="")


def crossing(answer) -> dict[str, str]:
    """The headers that a browser heeds."""
    return {
        name.removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.startswith("access-control-") or name == "vary"
    }


# -- rules --------------------------------------------------------------------------------------


def test_rules_are_kept_replaced_and_removed(line):
    assert line.send("GET", "/photos?cors").code == "NoSuchCORSConfiguration"
    full = rule("http://a.example", "https://*.b", methods="GET PUT", headers="authorization x-*",
                exposed="ETag x-oss-request-id", age=100)  # fmt: skip
    for rules, more in (([full, rule("*", methods="HEAD POST DELETE", age=0)], "true"),
                        ([rule("http://c")], "false")):  # fmt: skip
        assert put(line, *rules, more=f"<ResponseVary>{more}</ResponseVary>").status == 200
        kept = line.send("GET", "/photos?cors")
        expected = document(*rules, more=f"<ResponseVary>{more}</ResponseVary>")
        assert kept.status == 200
        assert kept.body.endswith(expected + b"\n")
    for _ in range(2):
        assert line.send("DELETE", "/photos?cors").status == 204
        assert line.send("GET", "/photos?cors").code == "NoSuchCORSConfiguration"
    assert line.send("DELETE", "/photos").status == 204
    assert line.send("PUT", "/photos").status == 200
    assert line.send("GET", "/photos?cors").status == 404


@pytest.mark.parametrize(
    ("rules", "code", "ec"),
    [
        ([], "MalformedXML", ""),
        (["<CORSRule></CORSRule>"], "MalformedXML", ""),
        ([rule(methods="GET")], "MalformedXML", ""),
        ([rule("", methods="GET")], "MalformedXML", ""),
        ([rule("*", methods="")], "MalformedXML", ""),
        ([rule("*", age="soon")], "MalformedXML", ""),
        ([rule("*"), rule("http://*.*.example")], "InvalidArgument", "0034-00000009"),
        ([rule("http://a b")], "InvalidArgument", "0034-00000009"),
        ([rule("http://ä")], "InvalidArgument", "0034-00000009"),
        ([rule("*", methods="OPTIONS")], "InvalidArgument", ""),
        ([rule("*", methods="put")], "InvalidArgument", ""),
        ([rule("*", headers="x-*-*")], "InvalidArgument", ""),
        ([rule("*", exposed="*")], "InvalidArgument", "0034-00000013"),
        ([rule("*", exposed="x-oss-*")], "InvalidArgument", "0034-00000013"),
        ([rule("*", exposed="a:b")], "InvalidArgument", "0034-00000013"),
        ([rule("*").replace("</CORS", "<ExposeHeader>a&#13;&#10;b</ExposeHeader></CORS")],
         "InvalidArgument", "0034-00000013"),
        ([rule("*", age=-1)], "InvalidArgument", ""),
        ([rule("*", age=1_000_000_000)], "InvalidArgument", ""),
        ([rule("*")] * 11, "CORSRuleBeyondLimit", "0034-00000006"),
        ([rule("*", headers="x" * (16 << 10))], "EntityTooLarge", ""),
    ],
)  # fmt: skip
def test_rules_that_are_refused(line, rules, code, ec):
    assert put(line, rule("http://first")).status == 200
    answer = put(line, *rules)
    assert (answer.status, answer.code) == (400, code)
    assert not ec or answer.headers["x-oss-ec"] == ec
    assert b"http://first" in line.send("GET", "/photos?cors").body


def test_the_largest_rules_that_are_taken(line):
    assert put(line, *[rule("*", age=999_999_999)] * 10).status == 200


def test_a_document_is_held_to_its_sum(line):
    wrong = {"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    assert put(line, rule("*"), **wrong).code == "InvalidDigest"
    assert put(line, rule("*"), **{"content-md5": "x"}).code == "InvalidDigest"
    assert line.send("GET", "/photos?cors").status == 404


# -- matching -----------------------------------------------------------------------------------


@few
@given(st.text("aB*.", max_size=6).filter(lambda text: text.count("*") <= 1),
       st.text("Ab.", max_size=6))  # fmt: skip
@example("a*a", "a")
@example("*", "")
def test_a_pattern_fits_what_its_star_can_be_replaced_with(pattern, text):
    pattern_lower, lower = pattern.lower(), text.lower()
    parts = {lower[i:j] for i in range(len(lower) + 1) for j in range(i, len(lower) + 1)}
    expected = any(pattern_lower.replace("*", part) == lower for part in parts)
    assert fits(pattern, text) == expected


def test_the_first_rule_that_fits_is_found():
    narrow = CorsRule(("http://a",), ("GET",), ("x-*",), (), 1)
    wide = CorsRule(("http://*",), ("GET", "PUT"), ("*",), (), 2)
    rules = CorsRules((narrow, wide))
    assert rules.find("http://a", "GET") is narrow
    assert rules.find("HTTP://A", "GET", ["X-oss-date"]) is narrow
    assert rules.find("http://a", "GET", ["x-a", "content-type"]) is wide
    assert rules.find("http://a", "PUT") is wide
    assert rules.find("http://b", "GET") is wide
    assert rules.find("http://a", "get") is None
    assert rules.find("https://a", "GET") is None
    assert rules.find("null", "GET") is None
    no_headers = CorsRules((CorsRule(("*",), ("PUT",), (), (), None),))
    assert no_headers.find("null", "PUT") is not None
    assert no_headers.find("null", "PUT", ["content-type"]) is None


# -- preflights ---------------------------------------------------------------------------------


def test_a_preflight_is_answered_by_the_first_rule_that_fits(line):
    rules = [
        rule(PAGE, methods="GET PUT", headers="content-type x-oss-*", exposed="ETag x-a", age=60),
        rule("*", methods="PUT"),
    ]
    assert put(line, *rules).status == 200
    asked = "Content-Type,x-oss-date"
    for path in ("/photos/a.txt", "/photos", "/photos/", "/photos/a?uploadId=1&acl&versionId=x"):
        answer = ask(line, path=path, headers=asked)
        assert (answer.status, answer.body) == (200, b"")
        assert crossing(answer) == {
            "allow-origin": PAGE, "allow-methods": "GET, PUT", "allow-headers": asked,
            "expose-headers": "ETag, x-a", "max-age": "60",
        }  # fmt: skip
    assert crossing(ask(line, origin="http://b")) == {"allow-origin": "*", "allow-methods": "PUT"}


def test_preflights_that_are_refused(line):
    answer = ask(line)
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert answer.element("Message") == "CORSResponse: CORS is not enabled for this bucket."
    assert answer.headers["x-oss-ec"] == "0003-00000601"
    assert put(line, rule(PAGE, headers="x-a")).status == 200
    for more in ({"origin": "http://b"}, {"method": "GET"}, {"method": "PATCH"},
                 {"headers": "x-a, x-b"}):  # fmt: skip
        answer = ask(line, **more)
        assert (answer.status, answer.code) == (403, "AccessForbidden")
        assert answer.element("Message").startswith("CORSResponse: This CORS request is not")
        assert answer.headers["x-oss-ec"] == "0003-00000602"
        assert crossing(answer) == {}
    assert ask(line, path="/nobody/a").code == "NoSuchBucket"
    assert ask(line, path="/").code == "MethodNotAllowed"
    for headers, ec in (({"access-control-request-method": "PUT"}, "0034-00000101"),
                        ({"origin": PAGE}, "0034-00000102")):  # fmt: skip
        answer = line.send("OPTIONS", "/photos/a", headers=headers, key="")
        assert (answer.status, answer.code, answer.headers["x-oss-ec"]) == (400, "BadRequest", ec)


def test_a_preflight_asks_for_as_many_headers_as_a_request_may_have(line):
    """Each of them is compared with all patterns, for a caller whom nobody knows."""
    assert put(line, rule("*", headers="*")).status == 200
    names = [f"x-{number}" for number in range(201)]
    assert ask(line, headers=", ".join(names[:200])).status == 200
    assert ask(line, headers=", ".join(names)).code == "BadRequest"


# -- other answers ------------------------------------------------------------------------------


def test_every_answer_to_a_page_that_a_rule_allows_says_so(line):
    assert put(line, rule(PAGE, methods="GET PUT POST", exposed="ETag")).status == 200
    page = {"origin": PAGE}
    sent = line.send("PUT", "/photos/a.txt", b"twelve bytes", page)
    etag = sent.headers["etag"]
    large = line.send("PUT", "/photos/large", b"x" * 5000, page)
    answers = [
        (200, sent), (200, large),
        (200, line.send("GET", "/photos/large", headers=page)),
        (206, line.send("GET", "/photos/a.txt", headers={**page, "range": "bytes=0-1"})),
        (304, line.send("GET", "/photos/a.txt", headers={**page, "if-none-match": etag})),
        (404, line.send("GET", "/photos/none", headers=page)),
        (403, line.send("GET", "/photos/a.txt", headers=page, key="")),
        (403, line.send("GET", "/photos/a.txt", headers={**page, "authorization": "OSS a:b"},
                        key="")),
        (409, line.send("PUT", "/photos/a.txt", b"x", {**page, "x-oss-forbid-overwrite": "true"})),
        (400, line.send("GET", "/photos?quota", headers=page)),
        (200, line.send("GET", "/photos", headers=page)),
    ]  # fmt: skip
    for status, answer in answers:
        assert answer.status == status, answer
        assert crossing(answer) == {"allow-origin": PAGE, "expose-headers": "ETag"}


def test_a_body_that_breaks_off_is_refused_for_the_page_too(line):
    assert put(line, rule(PAGE)).status == 200
    request = line.request("PUT", "/photos/a", Body(10), {"origin": PAGE})
    request.body.fail(errors.RequestTimeout())
    assert crossing(line.answer(request)) == {"allow-origin": PAGE}
    later = line.pipeline.refuse(errors.InternalError(), request)
    assert f"Access-Control-Allow-Origin: {PAGE}\r\n" in later.head


def test_rules_are_no_matter_of_permission(line):
    """A bucket without settings is its owner's at once; rules must not change that."""
    assert put(line, rule("*")).status == 200
    assert line.engine.bucket("photos").settings == {}
    assert line.send("GET", "/photos?acl", headers={"origin": PAGE}, key="other").status == 403


def test_other_answers_say_nothing(line):
    assert put(line, rule(PAGE, methods="GET")).status == 200
    assert line.send("PUT", "/photos/a", b"1").status == 200
    for method, path, headers in (
        ("GET", "/photos/a", {}), ("HEAD", "/photos/a", {"origin": PAGE}),
        ("GET", "/photos/a", {"origin": "http://b"}), ("GET", "/", {"origin": PAGE}),
        ("GET", "/nobody/a", {"origin": PAGE}), ("GET", "/UP/a", {"origin": PAGE}),
        ("GET", "/-/health", {"origin": PAGE}), ("PUT", "/photos/b", {"origin": PAGE}),
    ):  # fmt: skip
        assert crossing(line.send(method, path, headers=headers)) == {}
    assert line.send("GET", "/photos/b").status == 200  # it was written: nobody guards here
    assert line.send("DELETE", "/photos?cors").status == 204
    assert crossing(line.send("GET", "/photos/a", headers={"origin": PAGE})) == {}


def test_where_it_is_asked_for_every_answer_varies_by_origin(line):
    assert line.send("PUT", "/photos/a", b"1").status == 200
    vary = "<ResponseVary>true</ResponseVary>"
    assert put(line, rule(PAGE, methods="GET"), more=vary).status == 200
    for headers in ({}, {"origin": PAGE}, {"origin": "http://b"}):
        for path in ("/photos/a", "/photos/none", "/photos"):
            assert crossing(line.send("GET", path, headers=headers))["vary"] == "Origin"
    assert crossing(ask(line, "GET"))["vary"] == "Origin"
    assert crossing(ask(line, "PUT"))["vary"] == "Origin"
    assert put(line, rule(PAGE, methods="GET")).status == 200
    for headers in ({}, {"origin": PAGE}):
        assert "vary" not in crossing(line.send("GET", "/photos/a", headers=headers))
