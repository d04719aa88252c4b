"""V1 against the signatures that the vendor's clients publish in their own tests."""

import pytest
from msgspec.structs import replace

from mossbox.auth import Claim, Subject, oss_v1
from mossbox.errors import ServiceError

DATE = "Wed, 28 Dec 2022 10:27:41 GMT"
BASE = {
    "content-md5": "eB5eJF1ptWaXm4bijSPyxw==",
    "content-type": "text/html",
    "x-oss-date": DATE,
    "x-oss-meta-author": "alice",
    "x-oss-meta-magic": "abracadabra",
}


def subject(method="GET", bucket="examplebucket", key=b"", query=None, headers=None, bare=False):
    return Subject(method, bucket, key, query or {}, headers or {}, bare)


@pytest.mark.parametrize(
    ("method", "key", "query", "headers", "signature"),
    [
        ("PUT", b"nelson", {}, BASE, "kSHKmLxlyEAKtZPkJhG9bZb5k7M="),
        ("PUT", b"nelson", {"acl": ""}, BASE, "/afkugFbmWDQ967j1vr6zygBLQk="),
        ("GET", b"", {"resourceGroup": ""}, {"x-oss-date": DATE}, "vkQmfuUDyi1uDi3bKt67oemssIs="),
        (
            "GET",
            b"",
            {"resourceGroup": "", "acl": ""},
            {"x-oss-date": DATE},
            "x3E5TgOvl/i7PN618s5mEvpJDYk=",
        ),
    ],
)
def test_header_vectors(method, key, query, headers, signature):
    given = subject(method, key=key, query=query, headers=headers)
    assert oss_v1.sign(given, "ak", "sk") == f"OSS ak:{signature}"


@pytest.mark.parametrize(
    ("key", "query", "expires", "signature"),
    [
        (b"key", {"versionId": "versionId"}, 1699807420, "dcLTea+Yh9ApirQ8o8dOPqtvJXQ="),
        (
            b"key+123",
            {"versionId": "versionId", "security-token": "token"},
            1699808204,
            "jzKYRrM5y6Br0dRFPaTGOsbrDhY=",
        ),
    ],
)
def test_url_vectors(key, query, expires, signature):
    given = subject(bucket="bucket", key=key, query=query)
    assert oss_v1.presign(given, "ak", "sk", expires)["Signature"] == signature


SECRET = "OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV"


def test_older_published_vectors():
    headers = {
        "content-md5": "eB5eJF1ptWaXm4bijSPyxw==",
        "content-type": "text/html",
        "date": "Thu, 17 Nov 2005 18:49:58 GMT",
        "x-oss-magic": "abracadabra",
        "x-oss-meta-author": "foo@bar.com",
    }
    given = subject("PUT", "oss-example", b"nelson", headers=headers)
    assert oss_v1.sign(given, "ak", SECRET) == "OSS ak:hD208RWMpg77svXkQRwWXS+V5KQ="
    url = oss_v1.presign(subject("GET", "oss-example", b"oss-api.pdf"), "ak", SECRET, 1141889120)
    assert url["Signature"] == "EwaNTn1erJGkimiJ9WmXgwnANLc="


def claim_of(given):
    found = oss_v1.claim(given)
    assert found is not None
    return found


def signed(given, secret="sk", **changes):
    """The subject with its Authorization header, then changed."""
    headers = {**given.headers, "authorization": oss_v1.sign(given, "ak", secret)}
    return replace(given, headers=headers, **changes)


def test_what_is_signed_verifies_and_nothing_else_does():
    given = signed(subject("PUT", key=b"nelson", headers=BASE))
    assert oss_v1.verify(given, claim_of(given), "sk") is None
    assert oss_v1.verify(given, claim_of(given), "sk2") is not None
    for change in (
        {"method": "GET"},
        {"bucket": "other"},
        {"key": b"other"},
        {"query": {"acl": ""}},
        {"headers": {**given.headers, "x-oss-meta-author": "bob"}},
        {"headers": {**given.headers, "x-oss-more": "1"}},
        {"headers": {**given.headers, "content-type": "text/plain"}},
    ):
        other = replace(given, **change)
        mismatch = oss_v1.verify(other, claim_of(given), "sk")
        assert mismatch is not None, change
        assert mismatch.ec == "0002-00000040"


def test_a_bucket_may_be_signed_without_its_slash_when_it_was_written_so():
    date = {"date": DATE}
    given = subject(headers=date, bare=True)
    text = f"GET\n\n\n{DATE}\n/examplebucket"
    headers = {**date, "authorization": f"OSS ak:{oss_v1.signature('sk', text)}"}
    bare = replace(given, headers=headers)
    assert oss_v1.verify(bare, claim_of(bare), "sk") is None
    assert oss_v1.verify(replace(bare, bare=False), claim_of(bare), "sk") is not None


def test_the_short_list_of_one_client_is_accepted_in_headers_only():
    query = {"lifecycle": ""}
    unsigned = subject(headers={"date": DATE})
    given = signed(unsigned, query=query)
    assert oss_v1.verify(given, claim_of(given), "sk") is None
    url = oss_v1.presign(subject(), "ak", "sk", 2000000000)
    stretched = subject(query={**url, "lifecycle": ""})
    assert oss_v1.verify(stretched, claim_of(stretched), "sk") is not None


@pytest.mark.parametrize("header", ["OSS abc", "OSS ", "OSS :x", "OSS ak:"])
def test_a_malformed_header_is_refused(header):
    with pytest.raises(ServiceError) as caught:
        oss_v1.claim(subject(headers={"authorization": header, "date": DATE}))
    assert caught.value.code.name == "InvalidArgument"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"Signature": "x", "Expires": "1"}, "requires the Signature, Expires and OSSAccessKeyId"),
        ({"OSSAccessKeyId": "x"}, "requires the Signature, Expires and OSSAccessKeyId"),
        ({"Signature": "x", "Expires": "soon", "OSSAccessKeyId": "a"}, "seconds since epoch"),
        ({"Signature": "x", "Expires": "-1", "OSSAccessKeyId": "a"}, "seconds since epoch"),
    ],
)
def test_a_malformed_url_is_refused(query, message):
    with pytest.raises(ServiceError, match=message) as caught:
        oss_v1.claim(subject(query=query))
    assert caught.value.code.name == "AccessDenied"


def test_other_schemes_are_not_claimed():
    assert oss_v1.claim(subject(headers={"authorization": "OSS4-HMAC-SHA256 x"})) is None
    assert oss_v1.claim(subject()) is None


def test_the_token_of_the_second_python_client_is_found():
    given = signed(subject(headers={"date": DATE}))
    token = replace(given, headers={**given.headers, "security-token": "t"})
    assert claim_of(token) == Claim(
        "ak", "t", claim_of(given).signature, "header", DATE, 1672223261, None
    )
