"""Tags of buckets: their rules, and lists of buckets by them."""

import re

import pytest

from mossbox.operation import REGISTER

LONGEST = ("k" * 64, "v" * 128)


def document(*pairs: tuple[str, str]) -> bytes:
    tags = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in pairs)
    return f"<Tagging><TagSet>{tags}</TagSet></Tagging>".encode()


def tags(line, bucket="photos"):
    answer = line.send("GET", f"/{bucket}?tagging")
    assert answer.status == 200
    return re.findall(r"<Key>(.*?)</Key><Value>(.*?)</Value>", answer.body.decode())


def tagged(line, bucket: str, *pairs: tuple[str, str]) -> None:
    assert line.send("PUT", f"/{bucket}").status == 200
    assert line.send("PUT", f"/{bucket}?tagging", document(*pairs)).status == 200


def test_tags_are_kept_replaced_and_removed(line):
    answer = line.send("GET", "/photos?tagging")
    assert answer.body.endswith(b"<Tagging><TagSet></TagSet></Tagging>\n")
    tagged(line, "photos", ("a", "1"), ("b", ""), ("中", "é"))
    assert tags(line) == [("a", "1"), ("b", ""), ("中", "é")]
    tagged(line, "photos", ("c", "3"))
    assert tags(line) == [("c", "3")]
    for _ in range(2):
        assert line.send("DELETE", "/photos?tagging").status == 204
        assert tags(line) == []


def test_named_tags_are_removed_alone(line):
    tagged(line, "photos", ("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"))
    assert line.send("DELETE", "/photos?tagging=b,d,none").status == 204
    assert tags(line) == [("a", "1"), ("c", "3")]
    assert line.send("DELETE", "/photos?tagging=a,c").status == 204
    assert tags(line) == []


@pytest.mark.parametrize(
    ("pairs", "code", "ec"),
    [
        ([("http://a", "")], "InvalidTag", "0010-00000207"),
        ([("https://a", "")], "InvalidTag", "0010-00000207"),
        ([("Aliyun-a", "")], "InvalidTag", "0010-00000207"),
        ([("acs:a", "")], "InvalidTag", "0010-00000207"),
        ([("", "v")], "InvalidTag", "0010-00000219"),
        ([("k" * 65, "")], "InvalidTag", "0010-00000219"),
        ([("中" * 22, "")], "InvalidTag", "0010-00000219"),
        ([("k", "v" * 129)], "InvalidTag", "0010-00000219"),
        ([("a", "1"), ("a", "1")], "RepeatedTags", ""),
        ([(f"k{n}", "") for n in range(21)], "TooManyTags", ""),
        ([], "MalformedXML", ""),
    ],
)
def test_tags_that_no_bucket_may_have(line, pairs, code, ec):
    tagged(line, "photos", ("kept", "1"))
    answer = line.send("PUT", "/photos?tagging", document(*pairs))
    assert (answer.status, answer.code) == (400, code)
    assert answer.element("EC").startswith(ec)
    assert tags(line) == [("kept", "1")]


def test_the_largest_tags(line):
    pairs = [LONGEST, *[(f"k{n}", "%@+ <") for n in range(19)]]
    escaped = [(key, value.replace("<", "&lt;")) for key, value in pairs]
    tagged(line, "photos", *escaped)
    assert tags(line) == escaped


@pytest.mark.parametrize(
    "body", [b"", b"<Tagging/>", b"<Other/>", b"<Tagging><TagSet><Tag><Value>1</Value></Tag>"
             b"</TagSet></Tagging>", b"<!DOCTYPE Tagging><Tagging/>"],
)  # fmt: skip
def test_documents_that_are_none(line, body):
    assert line.send("PUT", "/photos?tagging", body).code == "MalformedXML"


def test_a_bucket_may_be_made_with_tags(line):
    header = {"x-oss-bucket-tagging": "a=1&b=2%263&c"}
    assert line.send("PUT", "/tagged", b"", header).code == "InvalidArgument"
    header = {"x-oss-bucket-tagging": "a=1&b=2%263&c="}
    assert line.send("PUT", "/tagged", b"", header).status == 200
    assert tags(line, "tagged") == [("a", "1"), ("b", "2&amp;3"), ("c", "")]
    assert line.send("PUT", "/tagged", b"", {"x-oss-bucket-tagging": "d=4"}).status == 200
    assert len(tags(line, "tagged")) == 3  # making it again changes nothing
    for bad in ("Aliyun=1", "a=1&a=2", "%ff=1", "\udcff=1", "=1"):
        answer = line.send("PUT", "/other", b"", {"x-oss-bucket-tagging": bad})
        assert answer.status == 400, bad
    assert line.send("GET", "/other?tagging").code == "NoSuchBucket"


def buckets(line, query: str = "", key: str = "mine") -> list[str]:
    answer = line.send("GET", f"/?{query}", key=key)
    assert answer.status == 200, answer
    return re.findall(r"<Name>(.*?)</Name>", answer.body.decode())


def test_buckets_are_listed_by_their_tags(line):
    tagged(line, "blue", ("colour", "blue"), ("size", "1"))
    tagged(line, "green", ("colour", "green"))
    tagged(line, "empty", ("colour", ""))
    assert buckets(line) == ["blue", "empty", "green", "photos"]
    assert buckets(line, "tag-key=colour") == ["blue", "empty", "green"]
    assert buckets(line, "tag-key=colour&tag-value=green") == ["green"]
    assert buckets(line, "tag-key=colour&tag-value") == ["empty"]
    assert buckets(line, "tag-key=Colour") == []
    assert buckets(line, "tag-key=colour&prefix=g") == ["green"]
    assert buckets(line, 'tagging="colour":"blue","size":"1"') == ["blue"]
    assert buckets(line, 'tagging="colour":"green","size":"1"') == []
    assert buckets(line, "tag-key=colour", key="other") == []


def test_a_list_by_tags_has_pages(line):
    for n in range(5):
        tagged(line, f"tagged-{n}", ("a", str(n % 2)))
    answer = line.send("GET", "/?tag-key=a&tag-value=0&max-keys=2")
    assert answer.element("IsTruncated") == "true"
    assert answer.element("NextMarker") == "tagged-2"
    assert buckets(line, "tag-key=a&tag-value=0&max-keys=2&marker=tagged-2") == ["tagged-4"]


@pytest.mark.parametrize(
    "query", ["tag-value=1", "tag-key&tag-value=1", 'tagging="a":"1"&tag-key=a',
              "tagging=a:1", 'tagging="a":1', 'tagging="a":"1"},{"b":"2"'],
)  # fmt: skip
def test_filters_that_mean_nothing(line, query):
    assert line.send("GET", f"/?{query}").code == "InvalidArgument"


def test_tags_go_with_their_bucket(line):
    tagged(line, "gone", ("a", "1"))
    assert line.send("DELETE", "/gone").status == 204
    assert line.send("GET", "/gone?tagging").code == "NoSuchBucket"
    assert line.send("DELETE", "/gone?tagging").code == "NoSuchBucket"
    assert line.send("PUT", "/gone").status == 200
    assert tags(line, "gone") == []


def test_others_may_not(line):
    for key in ("other", ""):
        for method in ("GET", "PUT", "DELETE"):
            body = document(("a", "1")) if method == "PUT" else b""
            assert line.send(method, "/photos?tagging", body, key=key).code == "AccessDenied"
    actions = {REGISTER[f"{verb}BucketTags"].action for verb in ("Put", "Get", "Delete")}
    assert actions == {f"oss:{verb}BucketTagging" for verb in ("Put", "Get", "Delete")}
