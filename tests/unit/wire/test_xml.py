"""XML documents: what models become, and what is read or refused."""

from typing import Annotated
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.errors import ServiceError
from mossbox.wire import xml
from mossbox.wire.fields import Element, Header, Text
from tests.unit.examples import few


class Grant(msgspec.Struct):
    name: str
    level: int


class Rule(msgspec.Struct):
    rule_name: str
    count: int
    is_on: bool
    grants: Annotated[list[Grant], Element("Grants/Grant")]
    tags: Annotated[list[str], Element("Tag")]
    e_tag: Annotated[str, Element("ETag", plain=True)] = ""
    comment: str | None = None
    owner: Grant | None = None


class Location(msgspec.Struct):
    text: Annotated[str, Text()]
    hidden: Annotated[str, Header("x")] = "in a header"


def write(value: msgspec.Struct) -> str:
    return xml.writer(type(value))(value)


RULE = Rule("a<b&c", 3, True, [Grant("x", 1), Grant("y", -2)], ["t1", "t2"], '"tag"')
WRITTEN = (
    "<RuleName>a&lt;b&amp;c</RuleName><Count>3</Count><IsOn>true</IsOn>"
    "<Grants><Grant><Name>x</Name><Level>1</Level></Grant>"
    "<Grant><Name>y</Name><Level>-2</Level></Grant></Grants>"
    '<Tag>t1</Tag><Tag>t2</Tag><ETag>"tag"</ETag>'
)


def test_a_model_is_written_in_the_order_of_its_fields() -> None:
    assert write(RULE) == WRITTEN


def test_none_is_left_out_and_empty_lists_leave_their_wrapper() -> None:
    assert write(Rule("", 0, False, [], [], comment="c", owner=Grant("o", 0))) == (
        "<RuleName></RuleName><Count>0</Count><IsOn>false</IsOn><Grants></Grants><ETag></ETag>"
        "<Comment>c</Comment><Owner><Name>o</Name><Level>0</Level></Owner>"
    )


def test_the_text_of_the_root_itself() -> None:
    assert write(Location("oss-<x>")) == "oss-&lt;x&gt;"


def test_a_document_has_its_declaration() -> None:
    assert xml.document("R", "<A></A>") == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<R><A></A></R>\n'
    )
    assert b"?" in xml.document("R", "\udcff")  # never a failure to encode


def test_what_was_written_is_read() -> None:
    assert xml.read(Rule, "Rule", xml.document("Rule", WRITTEN)) == RULE


@few
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])))
def test_any_text_comes_through_a_strange_parser(text: str) -> None:
    if "\ufffe" in text or "\uffff" in text:
        return  # no XML document can hold these two
    document = xml.document("R", xml.escape(text))
    assert (ElementTree.fromstring(document).text or "") == text


@few
@given(st.text(st.characters(codec="utf-8")))
def test_any_text_comes_through_our_own_parser(text: str) -> None:
    if "\ufffe" in text or "\uffff" in text:
        return
    assert xml.parse(xml.document("R", xml.escape(text))).text == text


@pytest.mark.parametrize(
    ("text", "written"), [("\n", "&#10;"), ("\r", "&#13;"), ("\x01", "&#1;"), ("\0", "&#0;")]
)
def test_control_characters_become_references(text: str, written: str) -> None:
    assert xml.escape(text) == written


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<a>\x01&#1;&#x1f;&#65;</a>", "\x01\x01\x1fA"),  # clients send them as they are
        (b"<a>&#x10FFFE;zz&#1114110;05</a>", "\U0010fffezz\U0010fffe05"),
        ("<a>\U0010fffe05</a>".encode(), "\U0010fffe05"),
        (b"<a><![CDATA[<b>]]>&lt;</a>", "<b><"),
        (b"<a>x<!-- no -->y<?no no?>z</a>", "xyz"),
        (b'<n:a xmlns:n="urn:x">x</n:a>', "x"),
        ("\ufeff<a>ä</a>".encode(), "ä"),
    ],
)
def test_text_that_is_read(data: bytes, text: str) -> None:
    node = xml.parse(data)
    assert (node.name, node.text) == ("a", text)


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
REFUSED = {
    "nothing": b"",
    "no document": b"hello",
    "not closed": b"<a><b></a>",
    "two roots": b"<a/><b/>",
    "not UTF-8": b"<a>\xff</a>",
    "half a reference": b"<a>&#;</a>",
    "another encoding": "<a>ä</a>".encode("utf-16"),
    "a document type": b"<!DOCTYPE a><a/>",
    "an outer document type": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x"><a/>',
    "an inner entity": b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
    "an outer entity": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    "a bomb": f'<!DOCTYPE a [<!ENTITY l0 "l">{BOMB}]><a>&l9;</a>'.encode(),
    "an unknown entity": b"<a>&nbsp;</a>",
    "deep nesting": b"<a>" * 10_000 + b"</a>" * 10_000,
    "just too deep": b"<a>" * 32 + b"</a>" * 32,
    "too many elements": b"<a>" + b"x<b/>" * 400_000 + b"</a>",
    "too many control characters": b"<a>" + b"\x01" * 200_000 + b"</a>",
    "doubled attributes": b'<a x="1" x="2"/>',
}


def test_blanks_may_stand_before_a_document() -> None:
    data = b'\n   <?xml version="1.0" encoding="UTF-8"?>\n<a><b>c</b></a>\n'
    assert xml.parse(data).children[0].text == "c"


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_documents_that_are_refused(data: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        xml.parse(data)
    assert caught.value.code.name == "MalformedXML"
    assert caught.value.code.status == 400


def test_a_document_cannot_ask_for_another_codec() -> None:
    for name in ("utf-7", "idna", "rot13", "no-such-codec", "gbk"):
        assert xml.parse(f'<?xml version="1.0" encoding="{name}"?><a>x</a>'.encode()).text == "x"


def read(inner: str) -> Rule:
    return xml.read(Rule, "Rule", f"<Rule>{inner}</Rule>".encode())


NEEDED = "<RuleName>r</RuleName><Count>1</Count><IsOn>true</IsOn><ETag/>"


def test_unknown_elements_and_space_are_passed_over() -> None:
    rule = read(f" {NEEDED}\n<Count> 7 </Count><More><Tag>no</Tag></More><IsOn> FALSE </IsOn>")
    assert rule == Rule("r", 7, False, [], [])


@pytest.mark.parametrize(
    "inner",
    [
        "<Count>1</Count><IsOn>true</IsOn><ETag/>",
        NEEDED + "<Count>x</Count>",
        NEEDED + "<Count>--5</Count>",
        NEEDED + "<Count></Count>",
        NEEDED + "<Count>1.0</Count>",
        NEEDED + "<Count>\u0663</Count>",
        NEEDED + f"<Count>{'9' * 5000}</Count>",
        NEEDED + "<IsOn>yes</IsOn>",
        NEEDED + "<Owner></Owner>",
        NEEDED + "<Grants><Grant><Name>x</Name></Grant></Grants>",
    ],
)
def test_models_that_lack_or_mistake_something(inner: str) -> None:
    with pytest.raises(ServiceError, match="MalformedXML"):
        read(inner)


def test_the_root_has_a_name() -> None:
    with pytest.raises(ServiceError) as caught:
        xml.read(Rule, "Rule", b"<Other/>")
    assert caught.value.details["ErrorDetail"] == "the root is Other, not Rule"
