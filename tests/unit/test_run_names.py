"""The name server of private worlds, asked with another's messages."""

import pytest
from dnslib import QTYPE, RCODE, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from mossbox.apps.run.names import answer, leads_here
from tests.unit.examples import few


def ask(name: str, kind: str = "A") -> DNSRecord:
    question = DNSRecord.question(name, kind)
    said = answer(question.pack())
    assert said is not None
    told = DNSRecord.parse(said)
    assert told.header.id == question.header.id
    assert told.header.qr
    assert told.q == question.q
    return told


@pytest.mark.parametrize(
    "name",
    [
        "oss-cn-hangzhou.aliyuncs.com", "photos.oss-cn-hangzhou-internal.aliyuncs.com.",
        "PHOTOS.oss-cn-beijing.ALIYUNCS.com", "photos.oss-oss-cn-hangzhou.aliyuncs.com",
        "sts.aliyuncs.com", "location-readonly.aliyuncs.com", "cn-hangzhou.aliyuncs.com",
        "localhost", "photos.localhost",
    ],
)  # fmt: skip
def test_names_of_the_vendor_and_of_this_machine(name: str) -> None:
    told = ask(name)
    assert [str(record.rdata) for record in told.rr] == ["127.0.0.1"]
    assert told.header.rcode == RCODE.NOERROR


@pytest.mark.parametrize(
    "name",
    [
        "example.com", "aliyuncs.com", "www.aliyuncs.com", "kms.cn-hangzhou.aliyuncs.com",
        "oss-cn-hangzhou.aliyuncs.com.example", "localhost.example", "cdn.alicdn.com", ".",
    ],
)  # fmt: skip
def test_others_have_none(name: str) -> None:
    told = ask(name)
    assert told.header.rcode == RCODE.NXDOMAIN
    assert told.rr == []
    assert not leads_here(name)


def test_the_key_of_callbacks_has_an_address_of_its_own() -> None:
    assert [str(record.rdata) for record in ask("Gosspublic.alicdn.com").rr] == ["127.0.0.2"]


@pytest.mark.parametrize("kind", ["AAAA", "HTTPS", "TXT", "MX"])
def test_a_name_of_ours_has_nothing_else(kind: str) -> None:
    told = ask("oss-cn-hangzhou.aliyuncs.com", kind)
    assert told.header.rcode == RCODE.NOERROR
    assert told.rr == []
    assert told.q.qtype == getattr(QTYPE, kind)


def test_other_requests_are_not_implemented() -> None:
    question = DNSRecord.question("localhost")
    question.header.opcode = 5  # update
    said = answer(question.pack())
    assert said is not None
    assert DNSRecord.parse(said).header.rcode == RCODE.NOTIMP


def test_answers_are_not_answered() -> None:
    said = answer(DNSRecord.question("localhost").pack())
    assert said is not None
    assert answer(said) is None


@few
@given(st.binary(max_size=64), st.integers(0, 64))
def test_what_is_no_query_gets_no_answer(noise: bytes, size: int) -> None:
    question = DNSRecord.question("localhost").pack()
    assert answer(question[: min(size, len(question) - 1)]) is None
    said = answer(noise)
    if said is not None:
        assert said[:2] == noise[:2]
        assert said[2] & 0x80
