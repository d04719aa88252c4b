"""What the vendor's pages of examples promise of their policies.

Each row is one of their cases ("Common examples of RAM policies", "Common examples of bucket
policies", "Tutorial: use RAM policies"), told again with our own names: what the policy says, what
then is allowed, and what is not.
"""

import json
from typing import Any, NamedTuple

import pytest

from mossbox.auth import ANONYMOUS, Caller
from mossbox.auth.documents import parse

OWNER, GUEST, PARTNER = "1000000000000001", "200000000000000077", "2000000000000002"
USER = Caller("user", 1, OWNER, "k", "header", 7, GUEST, "guest")
ROOT = Caller("root", 1, OWNER, "k", "header")
FOREIGN = Caller("root", 2, PARTNER, "k", "header")
ROLE = Caller("role", 1, OWNER, "STS.k", "header", 8, "300000000000000088", "reader", "s1")
STRANGER = Caller("user", 1, OWNER, "k", "header", 9, "200000000000000099", "stranger")


class Context(dict[str, str]):
    def value(self, key: str) -> str | None:
        return self.get(key)


def one(effect: str, actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
    tails = resources if isinstance(resources, list) else [resources]
    return {"Effect": effect, "Action": actions, "Resource": [f"acs:oss:*:*:{t}" for t in tails],
            **more}  # fmt: skip


Asked = tuple[str, str, dict[str, str]]


class Example(NamedTuple):
    name: str
    statements: list[dict[str, Any]]
    allowed: list[Asked]
    refused: list[Asked]


def ask(action: str, tail: str, **context: str) -> Asked:
    return f"oss:{action}", tail, {key.replace("__", ":"): text for key, text in context.items()}


OFFICE, HOME = {"acs__sourceip": "192.168.0.7"}, {"acs__sourceip": "203.0.113.9"}

IDENTITY = [
    Example(
        "full control of one bucket",
        [one("Allow", "oss:*", ["pics", "pics/*"])],
        [ask("PutObject", "pics/a"), ask("DeleteBucket", "pics"), ask("GetBucketAcl", "pics")],
        [ask("PutObject", "pics2/a"), ask("ListBuckets", "*"), ask("DeleteBucket", "pics2")],
    ),
    Example(
        "everything in a bucket but removing",
        [one("Allow", "oss:*", ["pics", "pics/*"]), one("Deny", "oss:DeleteObject", "pics/*")],
        [ask("PutObject", "pics/a"), ask("ListObjects", "pics")],
        [ask("DeleteObject", "pics/a")],
    ),
    Example(
        "everything in a bucket but removing two of its parts",
        [
            one("Allow", "oss:*", ["pics", "pics/*"]),
            one("Deny", ["oss:Delete*", "oss:PutObject"], ["pics/raw/*", "pics/final/*"]),
        ],
        [ask("DeleteObject", "pics/a"), ask("GetObject", "pics/raw/a")],
        [ask("DeleteObject", "pics/raw/a"), ask("PutObject", "pics/final/a")],
    ),
    Example(
        "listing and reading one bucket by a program",
        [one("Allow", "oss:ListObjects", "pics"), one("Allow", "oss:GetObject", "pics/*")],
        [ask("ListObjects", "pics"), ask("GetObject", "pics/a")],
        [ask("GetObjectAcl", "pics/a"), ask("PutObject", "pics/a"), ask("GetBucketInfo", "pics")],
    ),
    Example(
        "reading from the office's network only",
        [one("Allow", ["oss:GetObject", "oss:ListObjects"], ["pics", "pics/*"],
             Condition={"IpAddress": {"acs:SourceIp": ["192.168.0.0/16", "198.51.100.4"]}})],
        [ask("GetObject", "pics/a", **OFFICE), ask("ListObjects", "pics", **OFFICE),
         ask("GetObject", "pics/a", acs__sourceip="198.51.100.4")],
        [ask("GetObject", "pics/a", **HOME), ask("GetObject", "pics/a"),
         ask("PutObject", "pics/a", **OFFICE)],
    ),
    Example(
        "nothing from outside the office's network",
        [
            one("Allow", "oss:*", ["pics", "pics/*"]),
            one("Deny", "oss:*", ["pics", "pics/*"],
                Condition={"NotIpAddress": {"acs:SourceIp": ["192.168.0.0/16"]}}),
        ],
        [ask("GetObject", "pics/a", **OFFICE)],
        [ask("GetObject", "pics/a", **HOME), ask("GetObject", "pics/a")],
    ),
    Example(
        "a directory, seen level by level in the console",
        [
            one("Allow", ["oss:ListBuckets", "oss:GetBucketStat", "oss:GetBucketInfo"], "*"),
            one("Allow", ["oss:GetObject", "oss:GetObjectAcl"], "pics/city/2015/*"),
            one("Allow", "oss:ListObjects", "pics",
                Condition={"StringLike": {"oss:Delimiter": "/",
                                          "oss:Prefix": ["", "city/", "city/2015/*"]}}),
        ],
        [ask("ListBuckets", "*"), ask("GetBucketInfo", "pics"),
         ask("GetObject", "pics/city/2015/a"),
         ask("ListObjects", "pics", oss__delimiter="/", oss__prefix=""),
         ask("ListObjects", "pics", oss__delimiter="/", oss__prefix="city/2015/may/")],
        [ask("GetObject", "pics/city/2016/a"),
         ask("ListObjects", "pics", oss__delimiter="", oss__prefix=""),
         ask("ListObjects", "pics", oss__delimiter="/", oss__prefix="other/"),
         ask("ListObjects", "pics")],
    ),
    Example(
        "a directory, listed by a program that knows it",
        [
            one("Allow", "oss:GetObject", "pics/city/2015/*"),
            one("Allow", "oss:ListObjects", "pics",
                Condition={"StringLike": {"oss:Prefix": "city/2015/*"}}),
        ],
        [ask("ListObjects", "pics", oss__prefix="city/2015/"),
         ask("GetObject", "pics/city/2015/a/b")],
        [ask("ListObjects", "pics", oss__prefix=""), ask("ListObjects", "pics"),
         ask("ListObjects", "pics", oss__prefix="city/201"), ask("GetObject", "pics/city/2015")],
    ),
    Example(
        "texts that begin with abc",
        [one("Allow", "oss:GetObject", "pics/abc*.txt")],
        [ask("GetObject", "pics/abc.txt"), ask("GetObject", "pics/abc/d/e.txt")],
        [ask("GetObject", "pics/ab.txt"), ask("GetObject", "pics/abc.txt2")],
    ),
    Example(
        "over TLS only",
        [one("Allow", "oss:*", ["pics", "pics/*"]),
         one("Deny", "oss:*", ["pics", "pics/*"],
             Condition={"Bool": {"acs:SecureTransport": "false"}})],
        [ask("GetObject", "pics/a", acs__securetransport="true")],
        [ask("GetObject", "pics/a", acs__securetransport="false")],
    ),
    Example(
        "until a date",
        [one("Allow", "oss:GetObject", "pics/*",
             Condition={"DateLessThan": {"acs:CurrentTime": "2027-01-01T00:00:00+08:00"}})],
        [ask("GetObject", "pics/a", acs__currenttime="2026-12-31T15:59:59Z")],
        [ask("GetObject", "pics/a", acs__currenttime="2026-12-31T16:00:00Z")],
    ),
    Example(
        "buckets and objects with a tag",
        [one("Allow", "oss:GetObject", "*",
             Condition={"StringEquals": {"oss:BucketTag/Stage": "test",
                                         "oss:ExistingObjectTag/Team": ["a", "b"]}})],
        [("oss:GetObject", "any/a", {"oss:buckettag/Stage": "test",
                                     "oss:existingobjecttag/Team": "b"})],
        [("oss:GetObject", "any/a", {"oss:buckettag/Stage": "test"}),
         ("oss:GetObject", "any/a", {"oss:buckettag/Stage": "live",
                                     "oss:existingobjecttag/Team": "b"})],
    ),
    Example(
        "uploads, by parts as well, with nothing public",
        [one("Allow", ["oss:PutObject", "oss:ListParts", "oss:AbortMultipartUpload"], "pics/*"),
         one("Deny", "oss:PutObject", "pics/*",
             Condition={"StringLike": {"oss:x-oss-object-acl": "public-*"}})],
        [ask("PutObject", "pics/a"), ask("ListParts", "pics/a"),
         ("oss:PutObject", "pics/a", {"oss:x-oss-object-acl": "private"})],
        [("oss:PutObject", "pics/a", {"oss:x-oss-object-acl": "public-read"}),
         ask("GetObject", "pics/a"), ask("PutObjectAcl", "pics/a")],
    ),
]  # fmt: skip


def compiled(statements: list[dict[str, Any]], kind: Any) -> Any:
    return parse(json.dumps({"Version": "1", "Statement": statements}), kind)


@pytest.mark.parametrize("example", IDENTITY, ids=lambda example: example.name)
def test_policies_of_users(example: Example) -> None:
    for kind in ("identity", "session"):
        policy = compiled(example.statements, kind)
        for asked, allowed in ((example.allowed, True), (example.refused, False)):
            for action, tail, context in asked:
                resource = f"acs:oss:cn-hangzhou:{OWNER}:{tail}"
                outcome = policy.decide(action, resource, Context(context), USER)
                assert (outcome == "allow") is allowed, (action, tail, context)


READ = ["oss:GetObject", "oss:ListObjects"]
BUCKETS = [
    (
        "reading and writing for some users",
        [one("Allow", ["oss:GetObject", "oss:PutObject"], "pics/*", Principal=[GUEST])],
        {"GetObject": [USER], "PutObject": [USER], "DeleteObject": []},
    ),
    (
        "reading for a user of another account, or its root",
        [one("Allow", READ, ["pics", "pics/*"], Principal=[PARTNER])],
        {"GetObject": [FOREIGN], "PutObject": []},
    ),
    (
        "reading for the sessions of a role",
        [one("Allow", READ, ["pics", "pics/*"],
             Principal=[f"arn:sts::{OWNER}:assumed-role/reader/*"])],
        {"GetObject": [ROLE]},
    ),
    (
        "reading for all",
        [one("Allow", READ, ["pics", "pics/*"], Principal=["*"])],
        {"GetObject": [USER, STRANGER, FOREIGN, ROLE, ANONYMOUS], "PutObject": []},
    ),
    (
        "nothing for all but one, who is not held back by it",
        [one("Deny", "oss:*", ["pics", "pics/*"], NotPrincipal=[GUEST]),
         one("Allow", "oss:GetObject", "pics/*", Principal=["*"])],
        {"GetObject": [USER]},
    ),
    (
        "reading from one network for nobody in particular",
        [one("Allow", "oss:GetObject", "pics/*", Principal=["*"],
             Condition={"IpAddress": {"acs:SourceIp": "10.0.0.0/8"},
                        "StringNotLike": {"acs:SourceVpc": "vpc-*"}})],
        {"GetObject": [ROOT, USER, STRANGER, FOREIGN, ROLE, ANONYMOUS]},
    ),
    (
        "nothing from outside one network, its owner included",
        [one("Deny", "oss:GetObject", "pics/*", Principal=["*"],
             Condition={"NotIpAddress": {"acs:SourceIp": "172.16.0.0/12"}}),
         one("Allow", "oss:*", ["pics", "pics/*"], Principal=[GUEST])],
        {"GetObject": [], "PutObject": [USER]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "statements", "allowed"), BUCKETS, ids=lambda row: str(row)[:40])
def test_policies_of_buckets(name, statements, allowed) -> None:
    policy = compiled(statements, "bucket")
    context = Context({"acs:sourceip": "10.1.2.3"})
    for action, wanted in allowed.items():
        resource = f"acs:oss:cn-hangzhou:{OWNER}:pics/a"
        said = [
            caller
            for caller in (ROOT, USER, STRANGER, FOREIGN, ROLE, ANONYMOUS)
            if policy.decide(f"oss:{action}", resource, context, caller) == "allow"
        ]
        assert said == wanted, (name, action)


def test_a_policy_that_says_all_in_texts_and_one_statement() -> None:
    """As the direct upload's tutorial prints it: an upload role that may put and nothing else."""
    statement = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": "acs:oss:*:*:site/*"}
    policy = parse(json.dumps({"Version": "1", "Statement": statement}), "identity")
    for action, tail, outcome in (
        ("oss:PutObject", "site/a", "allow"), ("oss:GetObject", "site/a", "silent"),
        ("oss:ListObjects", "site", "silent"), ("oss:DeleteObject", "site/a", "silent"),
        ("oss:PutObjectAcl", "site/a", "silent"), ("oss:PutObject", "site2/a", "silent"),
    ):  # fmt: skip
        resource = f"acs:oss:cn-hangzhou:{OWNER}:{tail}"
        assert policy.decide(action, resource, Context(), USER) == outcome
