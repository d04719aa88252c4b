"""V2 against the examples of the vendor's documentation, and against itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mossbox.auth import Claim, Subject, oss_v2
from mossbox.errors import ServiceError
from tests.unit.examples import few

ID, SECRET = "44CF9590006BF252F707", "OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV"
DATE = "Wed, 15 Feb 2017 09:37:11 GMT"


def subject(method="GET", bucket="oss-example", key=b"nelson", query=None, headers=None):
    return Subject(method, bucket, key, query or {}, headers or {})


def test_header_vectors():
    headers = {
        "content-md5": "FxqG8Ca0qEJPOghSihJ8Ew==",
        "content-type": "text/plain",
        "date": DATE,
        "x-oss-object-acl": "private",
    }
    assert oss_v2.sign(subject("PUT", headers=headers), ID, SECRET) == (
        f"OSS2 AccessKeyId:{ID},Signature:5Am2ewK1tL0gXX7GV6dwybZtj7efOEtc0Mo2FR6CkM8="
    )
    headers = {
        "range": "bytes=0-7",
        "if-modified-since": "Thu, 16 Feb 2017 02:10:39 GMT",
        "date": "Thu, 16 Feb 2017 02:09:39 GMT",
    }
    more = ("if-modified-since", "range")
    assert oss_v2.sign(subject(headers=headers), ID, SECRET, more) == (
        f"OSS2 AccessKeyId:{ID},AdditionalHeaders:if-modified-since;range,"
        "Signature:YG9mKO3m4S0Jx9Hk6Lq64VchJg/TOTkyCX4DaeeOYxE="
    )


@pytest.mark.parametrize(
    ("query", "expires", "signature"),
    [
        ({}, 1487152431, "ps/+MLhd1WKkVi/QlOiliJsTaBMBk93f6UYVscDNHCQ="),
        ({"extra-query": "1"}, 1487211619, "wsARTPqvZdbdPjYpZfDZ/jisUaacYq7gGOdB3f1BgTE="),
    ],
)
def test_url_vectors(query, expires, signature):
    url = oss_v2.presign(subject(query=query), ID, SECRET, expires)
    assert url["x-oss-signature"] == signature


def test_the_resource_is_encoded_whole():
    text = oss_v2.string_to_sign(
        subject(key="a/b c+é".encode(), query={"acl": "", "a/b": "c d"}), "D"
    )
    assert text == "GET\n\n\nD\n\n%2Foss-example%2Fa%2Fb%20c%2B%C3%A9?a%2Fb=c%20d&acl"
    assert oss_v2.string_to_sign(subject(key=b""), "D").endswith("\n%2Foss-example%2F")
    assert oss_v2.string_to_sign(subject(bucket="", key=b""), "D").endswith("\n%2F")


names = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
values = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=20)
subjects = st.builds(
    Subject,
    st.sampled_from(("GET", "PUT", "HEAD", "POST", "DELETE")),
    st.sampled_from(("", "abc", "oss-example")),
    st.binary(max_size=40),
    st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4),
    st.dictionaries(names.map("x-oss-meta-".__add__) | names, values, max_size=4),
)


@few
@given(subjects, st.booleans(), st.data())
def test_what_is_signed_verifies_and_nothing_else_does(given, in_url, data):
    given = replace(given, headers={**given.headers, "date": DATE})
    plain = sorted(name for name in given.headers if not name.startswith("x-oss-"))
    more = tuple(sorted(data.draw(st.sets(st.sampled_from(plain)))))
    if in_url:
        signed = replace(given, query=oss_v2.presign(given, ID, SECRET, 2_000_000_000, more))
    else:
        header = oss_v2.sign(given, ID, SECRET, more)
        signed = replace(given, headers={**given.headers, "authorization": header})
    claim = oss_v2.claim(signed)
    assert claim is not None
    assert (claim.key_id, claim.additional) == (ID, more)
    assert oss_v2.verify(signed, claim, SECRET) is None
    assert oss_v2.verify(signed, claim, SECRET + "x") is not None
    for change in (
        {"method": "PATCH"},
        {"bucket": signed.bucket + "x"},
        {"key": signed.key + b"x", "bucket": signed.bucket or "x"},
        {"query": {**signed.query, "one-more": ""}},
        {"headers": {**signed.headers, "x-oss-one-more": "1"}},
        {"headers": {**signed.headers, "content-type": "one/more"}},
        *({"headers": {**signed.headers, name: "changed!"}} for name in more),
        *({"headers": _without(signed.headers, name)} for name in more),
        *({"query": _without(signed.query, name)} for name in given.query),
    ):
        assert oss_v2.verify(replace(signed, **change), claim, SECRET) is not None, change


def _without(values, name):
    return {other: value for other, value in values.items() if other != name}


def test_fields_may_be_parted_by_a_space_and_names_stand_in_any_order():
    headers = {"date": DATE, "range": "x", "accept": "y"}
    headers["authorization"] = "OSS2 AccessKeyId:ak, AdditionalHeaders:Range;accept, Signature:s="
    assert oss_v2.claim(subject(headers=headers)) == Claim(
        "ak", None, "s=", "header", DATE, 1487151431, None, "", ("accept", "range")
    )


def test_a_named_header_that_was_not_sent_is_refused():
    given = subject(headers={"date": DATE})
    ours = oss_v2.signature(SECRET, oss_v2.string_to_sign(given, DATE, ("range",)))
    header = f"OSS2 AccessKeyId:{ID},AdditionalHeaders:range,Signature:{ours}"
    given = replace(given, headers={"date": DATE, "authorization": header})
    assert oss_v2.verify(given, oss_v2.claim(given), SECRET) is not None


@pytest.mark.parametrize(
    "header",
    ["OSS2 ", "OSS2 abc", "OSS2 AccessKeyId:a", "OSS2 Signature:s", "OSS2 AccessKeyId:,Signature:s",
     "OSS2 AccessKeyId:a,Signature:", "OSS2 AccessKeyId:a,Signature:s,Signature:t",
     "OSS2 AccessKeyId:a,Signature:s,More:x"],
)  # fmt: skip
def test_a_malformed_header_is_refused(header):
    with pytest.raises(ServiceError, match="Authorization header is invalid") as caught:
        oss_v2.claim(subject(headers={"authorization": header, "date": DATE}))
    assert caught.value.code.name == "InvalidArgument"


@pytest.mark.parametrize("headers", [{}, {"date": "soon"}, {"date": DATE, "x-oss-date": "soon"}])
def test_a_date_that_cannot_be_read(headers):
    header = {"authorization": "OSS2 AccessKeyId:a,Signature:s"}
    with pytest.raises(ServiceError, match="valid Date"):
        oss_v2.claim(subject(headers={**headers, **header}))


URL = {"x-oss-signature-version": "OSS2", "x-oss-expires": "1", "x-oss-access-key-id": "a"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (URL, "authentication requires x-oss-signature, x-oss-expires, x-oss-access-key-id"),
        ({**URL, "x-oss-signature": "s", "x-oss-expires": "soon"}, "seconds since epoch"),
        ({**URL, "x-oss-signature": "s", "x-oss-expires": "-1"}, "seconds since epoch"),
    ],
)
def test_a_malformed_url_is_refused(query, message):
    with pytest.raises(ServiceError, match=message) as caught:
        oss_v2.claim(subject(query=query))
    assert caught.value.code.name == "AccessDenied"


def test_tokens_and_other_schemes():
    given = subject(query={**URL, "x-oss-signature": "s", "security-token": "t"})
    assert oss_v2.claim(given) == Claim("a", "t", "s", "query", "1", None, 1)
    header = {"authorization": "OSS2 AccessKeyId:a,Signature:s", "date": DATE}
    given = subject(headers={**header, "x-oss-security-token": "t"})
    assert oss_v2.claim(given).token == "t"
    for value in ("OSS ak:s", "OSS4-HMAC-SHA256 x", "OSS2", ""):
        assert oss_v2.claim(subject(headers={"authorization": value})) is None
    assert oss_v2.claim(subject(query={"x-oss-signature-version": "OSS4-HMAC-SHA256"})) is None
    assert oss_v2.claim(subject()) is None
