"""V4 against the signatures that the vendor's clients publish in their own tests."""

import pytest
from msgspec.structs import replace

from mossbox.auth import Subject, oss_v4
from mossbox.errors import ServiceError

KEY = b"1234+-/123/1.txt"
QUERY = {
    "param1": "value1",
    "+param1": "value3",
    "|param1": "value4",
    "+param2": "",
    "|param2": "",
    "param2": "",
}
HEADERS = {
    "x-oss-head1": "value",
    "abc": "value",
    "zabc": "value",
    "xyz": "value",
    "content-type": "text/plain",
    "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
}
URL_HEADERS = {
    "x-oss-head1": "value",
    "abc": "value",
    "zabc": "value",
    "xyz": "value",
    "content-type": "application/octet-stream",
}


def subject(query=None, headers=None, **more):
    given = {"method": "PUT", "bucket": "bucket", "key": KEY, **more}
    return Subject(query=query or {}, headers=headers or {}, **given)


@pytest.mark.parametrize(
    ("date", "more", "additional", "signature"),
    [
        (
            "20231216T162057Z",
            {},
            (),
            "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe",
        ),
        (
            "20231217T034736Z",
            {"x-oss-security-token": "token"},
            (),
            "b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea",
        ),
        (
            "20231216T172512Z",
            {},
            ("abc", "zabc"),
            "4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f",
        ),
    ],
)
def test_header_vectors(date, more, additional, signature):
    given = subject(QUERY, {**HEADERS, **more, "x-oss-date": date})
    header = oss_v4.sign(given, "ak", "sk", "cn-hangzhou", additional)
    assert header.endswith(f"Signature={signature}")
    signed = replace(given, headers={**given.headers, "authorization": header})
    claim = oss_v4.claim(signed)
    assert claim.additional == additional
    assert oss_v4.verify(signed, claim, "sk") is None


@pytest.mark.parametrize(
    ("date", "more", "signature"),
    [
        (
            "20231217T025437Z",
            {},
            "a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe",
        ),
        (
            "20231217T035628Z",
            {"x-oss-security-token": "token"},
            "3817ac9d206cd6dfc90f1c09c00be45005602e55898f26f5ddb06d7892e1f8b5",
        ),
        (
            "20231217T033009Z",
            {"x-oss-additional-headers": "abc;zabc"},
            "6bd984bfe531afb6db1f7550983a741b103a8c58e5e14f83ea474c2322dfa2b7",
        ),
    ],
)
def test_url_vectors(date, more, signature):
    scope = f"{date[:8]}/cn-hangzhou/oss/aliyun_v4_request"
    query = {
        **QUERY,
        **more,
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-credential": f"ak/{scope}",
        "x-oss-date": date,
        "x-oss-expires": "599",
        "x-oss-signature": signature,
    }
    given = subject(query, URL_HEADERS)
    claim = oss_v4.claim(given)
    assert claim.expires_s == claim.signed_s + 599
    assert oss_v4.verify(given, claim, "sk") is None
    wrong = replace(given, query={**query, "extra": "1"})
    assert oss_v4.verify(wrong, claim, "sk").ec == "0002-00000201"


def test_presign_verifies():
    given = subject({"acl": ""})
    query = oss_v4.presign(given, "ak", "sk", "cn-beijing", "20231217T025437Z", 60)
    signed = replace(given, query=query)
    assert oss_v4.verify(signed, oss_v4.claim(signed), "sk") is None


def test_presign_covers_the_headers_that_it_names():
    given = subject(QUERY, URL_HEADERS)
    query = oss_v4.presign(
        given, "ak", "sk", "cn-hangzhou", "20231217T033009Z", 599, ("abc", "zabc")
    )
    signature = "6bd984bfe531afb6db1f7550983a741b103a8c58e5e14f83ea474c2322dfa2b7"
    assert query["x-oss-signature"] == signature


DATED = {**HEADERS, "x-oss-date": "20231216T162057Z"}


def signed_header(**replace):
    return oss_v4.sign(subject(QUERY, DATED), "ak", "sk", "cn-hangzhou", ("abc",))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"bucket": "other"},
        {"key": b"other"},
        {"query": {}},
        {"query": {**QUERY, "acl": ""}},
        {"headers": {"x-oss-head1": "changed"}},
        {"headers": {"abc": "changed"}},
        {"headers": {"content-type": "text/html"}},
        {"headers": {"x-oss-new": "1"}},
        {"headers": {"x-oss-content-sha256": "0" * 64}},
    ],
)
def test_anything_else_does_not_verify(change):
    header = signed_header()
    headers = {**DATED, "authorization": header, **change.pop("headers", {})}
    given = replace(subject(QUERY, headers), **change)
    mismatch = oss_v4.verify(given, oss_v4.claim(given), "sk")
    assert mismatch is not None
    assert mismatch.canonical_request.startswith(given.method)
    assert mismatch.string_to_sign.startswith("OSS4-HMAC-SHA256\n20231216T162057Z\n")


def test_an_additional_header_that_is_not_sent_is_refused():
    without = {k: v for k, v in DATED.items() if k != "abc"}
    header = oss_v4.sign(subject(QUERY, without), "ak", "sk", "cn-hangzhou", ("abc",))
    given = subject(QUERY, {**without, "authorization": header})
    assert oss_v4.verify(given, oss_v4.claim(given), "sk") is not None


def test_the_scopes_day_is_the_dates_day():
    given = subject({}, DATED)
    scope = "20231215/cn-hangzhou/oss/aliyun_v4_request"
    text = oss_v4.string_to_sign(oss_v4.canonical_request(given), DATED["x-oss-date"], scope)
    header = (
        f"OSS4-HMAC-SHA256 Credential=ak/{scope},Signature={oss_v4.signature('sk', scope, text)}"
    )
    signed = replace(given, headers={**DATED, "authorization": header})
    assert oss_v4.verify(signed, oss_v4.claim(signed), "sk") is not None


@pytest.mark.parametrize("separator", [",", ", "])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 2, 1)])
def test_order_and_spaces_of_the_header_do_not_matter(separator, order):
    header = signed_header().partition(" ")[2].split(",")
    shuffled = separator.join(header[n] for n in order)
    given = subject(QUERY, {**DATED, "authorization": f"OSS4-HMAC-SHA256 {shuffled}"})
    assert oss_v4.verify(given, oss_v4.claim(given), "sk") is None


def test_the_older_go_client_signs_its_date_header_as_it_stands():
    date = "Sat, 16 Dec 2023 16:20:57 GMT"
    headers = {"date": date, "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}
    given = subject({}, headers)
    scope = "20231216/cn-hangzhou/oss/aliyun_v4_request"
    text = oss_v4.string_to_sign(oss_v4.canonical_request(given), date, scope)
    header = (
        f"OSS4-HMAC-SHA256 Credential=ak/{scope},Signature={oss_v4.signature('sk', scope, text)}"
    )
    signed = replace(given, headers={**headers, "authorization": header})
    assert oss_v4.verify(signed, oss_v4.claim(signed), "sk") is None


@pytest.mark.parametrize(
    "header",
    [
        "OSS4-HMAC-SHA256",
        "OSS4-HMAC-SHA256 Signature=x",
        "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request",
        "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss,Signature=x",
        "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/sls/aliyun_v4_request,Signature=x",
        "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aws4_request,Signature=x",
        "OSS4-HMAC-SHA256 Credential=ak/20231216/oss-cn-hangzhou/oss/aliyun_v4_request,Signature=x",
        "OSS4-HMAC-SHA256 Signature=x,Credential=ak,Signature=y",
    ],
)
def test_a_malformed_header_is_refused(header):
    with pytest.raises(ServiceError) as caught:
        oss_v4.claim(subject({}, {**DATED, "authorization": header}))
    assert caught.value.code.name == "InvalidArgument"


@pytest.mark.parametrize("expires", ["0", "604801", "abc", "-1", "", "99999999999999999999"])
def test_a_urls_life_has_limits(expires):
    query = {
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-credential": "ak/20231216/cn-hangzhou/oss/aliyun_v4_request",
        "x-oss-date": "20231216T162057Z",
        "x-oss-expires": expires,
        "x-oss-signature": "x",
    }
    with pytest.raises(ServiceError) as caught:
        oss_v4.claim(subject(query))
    assert caught.value.ec == "0002-00000232"


@pytest.mark.parametrize("date", ["", "yesterday", "20231316T162057Z"])
def test_a_date_is_needed(date):
    header = signed_header()
    headers = {**HEADERS, "authorization": header, "x-oss-date": date}
    with pytest.raises(ServiceError, match="valid Date"):
        oss_v4.claim(subject(QUERY, headers))
