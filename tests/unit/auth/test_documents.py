"""Policy documents: what is one, and what it says."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.auth import ANONYMOUS, Caller
from mossbox.auth.documents import PolicyError, joined, parse
from mossbox.auth.system_policies import SYSTEM_POLICIES
from tests.unit.auth.evaluator import evaluate
from tests.unit.examples import few

UID, OTHER = "1000000000000001", "2000000000000002"
ROOT = Caller("root", 1, UID, "key", "header")
STRANGER = Caller("root", 2, OTHER, "key", "header")
USER = Caller("user", 1, UID, "key", "header", 7, "200000000000000077", "alice")
ROLE = Caller("role", 1, UID, "STS.k", "header", 8, "300000000000000088", "app", "phone")


class Context(dict[str, str]):
    """A request's answers, given beforehand."""

    def value(self, key: str) -> str | None:
        return self.get(key)


NOTHING = Context()


def text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": list(statements)})


def allow(action: Any = "oss:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(*arguments: Any, **more: Any) -> dict[str, Any]:
    return {**allow(*arguments, **more), "Effect": "Deny"}


def on(tail: str) -> str:
    return f"acs:oss:cn-hangzhou:{UID}:{tail}"


def says(document: str, action: str, tail: str, context: Context = NOTHING) -> str:
    policy = parse(document, "identity")
    outcome = policy.decide(action, on(tail), context, USER)
    assert policy.explain(action, on(tail), context, USER).outcome == outcome
    return outcome


# -- what is a policy ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "kind", "why"),
    [
        ("", "identity", "not JSON"),
        ("[]", "identity", "not an object"),
        ("\ud800", "identity", "not JSON"),
        ("[" * 10_000, "identity", "not JSON"),
        ('{"a":' * 10_000, "identity", "not JSON"),
        ('{"Version":"2012-10-17","Statement":[]}', "identity", "Version"),
        ('{"Version":1,"Statement":[]}', "identity", "Version"),
        ('{"Version":"1"}', "identity", "statement 1: it is not an object"),
        ('{"Version":"1","Statement":[]}', "identity", "there is no Statement"),
        ('{"Version":"1","Statement":["x"]}', "identity", "not an object"),
        ('{"Version":"1","Statement":[],"Id":"x"}', "identity", "'Id'"),
        (text(allow(), allow() | {"Effect": "allow"}), "identity", "statement 2: Effect"),
        (text(allow() | {"Resources": "*"}), "identity", "'Resources'"),
        (text(allow() | {"NotAction": "oss:*"}), "identity", "Action or NotAction"),
        (text({"Effect": "Allow", "Resource": "*"}), "identity", "Action or NotAction"),
        (text({"Effect": "Allow", "Action": "*"}), "identity", "Resource or NotResource"),
        (text(allow([])), "identity", "Action is a text"),
        (text(allow([1])), "identity", "Action is a text"),
        (text(allow("GetObject")), "identity", "'GetObject' is not an action"),
        (text(allow("oss:")), "identity", "is not an action"),
        (text(allow(resource="bucket/*")), "identity", "is not a resource"),
        (text(allow(resource="acs:oss:x:y")), "bucket", "is not a resource"),
        (text(allow(resource="acs:oss:*::b")), "identity", "is not a resource"),
        (text(allow(resource="arn:oss:*:*:b")), "identity", "is not a resource"),
        (text(allow(Sid=1)), "identity", "Sid"),
        (text(allow(Principal="*")), "identity", "'Principal'"),
        (text(allow(Principal="*")), "session", "'Principal'"),
        (text(allow()), "bucket", "Principal or NotPrincipal"),
        (text(allow(Principal="*", NotPrincipal="1")), "bucket", "Principal or NotPrincipal"),
        (text(allow(Principal="alice")), "bucket", "'alice' is no principal"),
        (text(allow(Principal={"RAM": "*"})), "bucket", "Principal is a list"),
        (text(allow(NotPrincipal="*")), "bucket", "nobody"),
        (text(allow(Principal="arn:sts::1:assumed-role/*/x")), "bucket", "is no principal"),
        (text(allow(Principal={"RAM": "*"})), "trust", "'Resource'"),
        (text({"Effect": "Allow", "Action": "sts:AssumeRole"}), "trust", "Principal"),
        (text({"Effect": "Allow", "Action": "sts:A", "Principal": "*"}), "trust", "an object"),
        (text({"Effect": "Allow", "Action": "sts:A", "Principal": {"X": "1"}}), "trust", "'X'"),
        (
            text({"Effect": "Allow", "Action": "sts:A", "Principal": {"RAM": "*"}}),
            "trust",
            "is not the ARN",
        ),
        (text(allow(Condition=[])), "identity", "Condition is not an object"),
        (text(allow(Condition={"StringSame": {"a": "b"}})), "identity", "'StringSame' is not an"),
        (text(allow(Condition={"stringEquals": {"a": "b"}})), "identity", "is not an operator"),
        (text(allow(Condition={"IfExists": {"a": "b"}})), "identity", "is not an operator"),
        (text(allow(Condition={"StringEquals": {}})), "identity", "no condition keys"),
        (text(allow(Condition={"StringEquals": {"a": []}})), "identity", "no value for a"),
        (text(allow(Condition={"StringEquals": {"a": None}})), "identity", "a condition's value"),
        (text(allow(Condition={"IpAddress": {"a": "10.0.0"}})), "identity", "can't compare"),
        (text(allow(Condition={"NumericEquals": {"a": "x"}})), "identity", "can't compare"),
        (text(allow(Condition={"NumericEquals": {"a": "nan"}})), "identity", "can't compare"),
        (text(allow(Condition={"DateEquals": {"a": "soon"}})), "identity", "can't compare"),
        (text(allow(Condition={"Bool": {"a": "yes"}})), "identity", "can't compare"),
    ],
)
def test_what_is_none(document, kind, why):
    with pytest.raises(PolicyError, match=why):
        parse(document, kind)


def test_a_very_large_document_is_only_slow_to_read():
    document = text(*[allow(f"oss:A{n}", f"acs:oss:*:*:b{n}/*") for n in range(50_000)])
    assert says(document, "oss:A49999", "b49999/x") == "allow"


def test_texts_and_lists_say_the_same():
    one = {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/*"}
    many = {"Effect": "Allow", "Action": ["oss:GetObject"], "Resource": ["acs:oss:*:*:b/*"]}
    single = json.dumps({"Version": "1", "Statement": one})
    for document in (single, text(one), text(many)):
        assert says(document, "oss:GetObject", "b/k") == "allow"


# -- actions and resources (cases 23 to 25) -----------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "action", "outcome"),
    [
        ("oss:Get*", "oss:GetObject", "allow"),
        ("oss:Get*", "oss:PutObject", "silent"),
        ("oss:GetObject", "oss:GetObjectAcl", "silent"),
        ("oss:GetObject", "oss:GetObjectVersion", "silent"),
        ("oss:getobject", "oss:GetObject", "allow"),
        ("OSS:*", "oss:GetObject", "allow"),
        ("oss:???Object", "oss:GetObject", "allow"),
        ("*", "oss:GetObject", "allow"),
        ("*:*", "ram:CreateUser", "allow"),
        ("oss:*", "ram:CreateUser", "silent"),
        ("sts:AssumeRole", "oss:AssumeRole", "silent"),
    ],
)
def test_actions(pattern, action, outcome):
    assert says(text(allow(pattern)), action, "b/k") == outcome


@pytest.mark.parametrize(
    ("resource", "tail", "outcome"),
    [
        ("acs:oss:*:*:bucket/*", "bucket/key", "allow"),
        ("acs:oss:*:*:bucket/*", "bucket", "silent"),
        ("acs:oss:*:*:bucket", "bucket", "allow"),
        ("acs:oss:*:*:bucket", "bucket/key", "silent"),
        ("acs:oss:*:*:bucket", "bucket2", "silent"),
        ("acs:oss:*:*:bucket*", "bucket2", "allow"),  # as it says
        ("acs:oss:*:*:bucket*", "bucket2/key", "allow"),
        ("acs:oss:*:*:bucket/*", "bucket2/key", "silent"),
        ("acs:oss:*:*:bucket/a*", "bucket/a/b/c", "allow"),
        ("acs:oss:*:*:bucket/a*", "bucket/b", "silent"),
        ("acs:oss:*:*:bucket/?", "bucket/a", "allow"),
        ("acs:oss:*:*:bucket/?", "bucket/ab", "silent"),
        ("acs:oss:*:*:bucket/?", "bucket/中", "allow"),
        ("acs:oss:*:*:bucket/Key", "bucket/key", "silent"),
        ("acs:oss:*:*:bucket/a.c", "bucket/abc", "silent"),
        ("acs:oss:*:*:bucket/[a]+", "bucket/[a]+", "allow"),
        ("acs:oss:*:*:b?cket/*", "bucket/key", "allow"),
        ("acs:oss:*:*:*/key", "bucket/key", "allow"),
        ("acs:oss:*:*:*", "*", "allow"),
        ("acs:oss:*:*:bucket", "*", "silent"),
        (f"acs:oss:*:{UID}:bucket/*", "bucket/key", "allow"),
        (f"acs:oss:*:{OTHER}:bucket/*", "bucket/key", "silent"),
        ("acs:oss:oss-cn-hangzhou:*:bucket/*", "bucket/key", "allow"),
        ("acs:oss:cn-hangzhou:*:bucket/*", "bucket/key", "allow"),
        ("acs:oss:cn-beijing:*:bucket/*", "bucket/key", "silent"),
        ("acs:oss::*:bucket/*", "bucket/key", "allow"),
        ("acs:ram:*:*:bucket/*", "bucket/key", "silent"),
        ("acs:oss:*", "bucket/key", "allow"),
        ("acs:*", "bucket/key", "allow"),
        # a star in one part never reaches into the next
        ("acs:oss:*:*:secret/*", "mine/x:y:secret/key", "silent"),
        ("acs:oss:*:*:secret", "mine/x:y:secret", "silent"),
    ],
)
def test_resources(resource, tail, outcome):
    for effect, made in (("allow", allow), ("deny", deny)):
        wanted = effect if outcome == "allow" else "silent"
        assert says(text(made(resource=resource)), "oss:GetObject", tail) == wanted
    negative = {"Effect": "Allow", "Action": "oss:*", "NotResource": [resource]}
    wanted = "silent" if outcome == "allow" else "allow"
    assert says(text(negative), "oss:GetObject", tail) == wanted


def test_deny_wins_wherever_it_stands():
    refusal = deny("oss:GetObject", "acs:oss:*:*:b/secret/*")
    for document in (text(allow(), refusal), text(refusal, allow())):
        assert says(document, "oss:GetObject", "b/secret/k") == "deny"
        assert says(document, "oss:GetObject", "b/k") == "allow"
    policies = joined([("a", text(allow())), ("b", text(refusal))], "identity")
    assert policies.decide("oss:GetObject", on("b/secret/k"), NOTHING, USER) == "deny"
    decision = policies.explain("oss:GetObject", on("b/secret/k"), NOTHING, USER)
    assert decision == ("deny", "b", 1, "")


def test_a_deny_of_all_but_some_actions():
    document = text(allow(), {"Effect": "Deny", "NotAction": ["oss:Get*"], "Resource": "*"})
    assert says(document, "oss:GetObject", "b/k") == "allow"
    assert says(document, "oss:PutObject", "b/k") == "deny"


def test_what_is_remembered_of_one_bucket_is_not_said_of_another():
    policy = parse(text(allow("oss:GetObject", "acs:oss:*:*:a/*")), "identity")
    for _ in range(2):
        assert policy.decide("oss:GetObject", on("a/k"), NOTHING, USER) == "allow"
        assert policy.decide("oss:GetObject", on("b/k"), NOTHING, USER) == "silent"
        assert policy.decide("oss:PutObject", on("a/k"), NOTHING, USER) == "silent"
    for number in range(5000):
        assert policy.decide("oss:GetObject", on(f"b{number}/k"), NOTHING, USER) == "silent"
    assert len(policy._memo) <= 2048


# -- conditions (case 28) -----------------------------------------------------------------------

_MORNING, _EVENING = "2026-11-21T06:00:00Z", "2026-11-21T18:00:00+00:00"


@pytest.mark.parametrize(
    ("operator", "wanted", "fits", "not_these"),
    [
        ("StringEquals", ["a", "b"], ["a", "b"], ["A", "ab", "*"]),
        ("StringEqualsIgnoreCase", "Ab", ["ab", "AB"], ["a"]),
        ("StringLike", ["a*", "?"], ["a", "abc", "x"], ["bc", "A1"]),
        ("NumericEquals", [10, "1.5"], ["10", "10.0", "1.5"], ["11", "x", ""]),
        ("NumericLessThan", "10", ["9", "-1"], ["10", "11", "nan"]),
        ("NumericLessThanEquals", "10", ["10"], ["11"]),
        ("NumericGreaterThan", "10", ["11"], ["10"]),
        ("NumericGreaterThanEquals", "10", ["10", "11"], ["9"]),
        ("DateEquals", _MORNING, ["2026-11-21T14:00:00+08:00"], [_EVENING, "soon"]),
        ("DateLessThan", _EVENING, [_MORNING], [_EVENING]),
        ("DateLessThanEquals", _EVENING, [_MORNING, _EVENING], ["2027-01-01"]),
        ("DateGreaterThan", _MORNING, [_EVENING], [_MORNING]),
        ("DateGreaterThanEquals", _MORNING, [_EVENING, _MORNING], ["2020-01-01"]),
        ("Bool", "true", ["true", "TRUE"], ["false", "1"]),
        ("Bool", False, ["false"], ["true"]),
        ("IpAddress", ["10.0.0.0/8", "::1"], ["10.1.2.3", "::1", "::ffff:10.1.2.3"],
         ["11.0.0.1", "::2", "x", ""]),
        ("IpAddress", "10.0.0.1", ["10.0.0.1"], ["10.0.0.2", "0.0.0.0"]),
    ],
)  # fmt: skip
def test_operators(operator, wanted, fits, not_these):
    negative = {
        "IpAddress": "NotIpAddress",
        "StringLike": "StringNotLike",
        "StringEquals": "StringNotEquals",
        "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
        "NumericEquals": "NumericNotEquals",
        "DateEquals": "DateNotEquals",
    }.get(operator)

    def said(name: str, value: str | None) -> str:
        context = NOTHING if value is None else Context({"acs:some": value})
        document = text(allow(Condition={name: {"acs:Some": wanted}}))
        return says(document, "oss:GetObject", "b/k", context)

    for value in fits:
        assert said(operator, value) == said(f"{operator}IfExists", value) == "allow", value
    for value in not_these:
        assert said(operator, value) == said(f"{operator}IfExists", value) == "silent", value
    assert said(operator, None) == "silent"
    assert said(f"{operator}IfExists", None) == "allow"
    if negative:
        assert [said(negative, value) for value in fits] == ["silent"] * len(fits)
        assert [said(negative, value) for value in not_these] == ["allow"] * len(not_these)
        assert said(negative, None) == said(f"{negative}IfExists", None) == "allow"


def test_operators_and_keys_must_all_hold():
    document = text(
        allow(
            Condition={
                "StringEquals": {"acs:A": "1", "acs:B": ["2", "3"]},
                "Bool": {"acs:SecureTransport": "true"},
            }
        )
    )
    good = Context({"acs:a": "1", "acs:b": "3", "acs:securetransport": "true"})
    assert says(document, "oss:GetObject", "b/k", good) == "allow"
    for key in good:
        assert says(document, "oss:GetObject", "b/k", Context({**good, key: "x"})) == "silent"


def test_names_of_tags_keep_their_case():
    document = text(allow(Condition={"StringEquals": {"OSS:ExistingObjectTag/Team": "a"}}))
    right, wrong = "oss:existingobjecttag/Team", "oss:existingobjecttag/team"
    assert says(document, "oss:GetObject", "b/k", Context({right: "a"})) == "allow"
    assert says(document, "oss:GetObject", "b/k", Context({wrong: "a"})) == "silent"


# -- principals (case 27) -----------------------------------------------------------------------

_PHONE, _ANY = f"arn:sts::{UID}:assumed-role/app/phone", f"arn:sts::{UID}:assumed-role/app/*"


@pytest.mark.parametrize(
    ("principal", "meant"),
    [
        ("*", [STRANGER, USER, ROLE, ANONYMOUS]),
        ([], [STRANGER, USER, ROLE, ANONYMOUS]),
        (["*", UID], [STRANGER, USER, ROLE, ANONYMOUS]),
        (UID, [ROOT]),
        ([OTHER, USER.id], [STRANGER, USER]),
        (ROLE.id, [ROLE]),
        (_PHONE, [ROLE]),
        (_ANY, [ROLE]),
        (f"arn:sts::{UID}:assumed-role/app/tablet", []),
        (f"arn:sts::{UID}:assumed-role/other/*", []),
        (f"arn:sts::{OTHER}:assumed-role/app/*", []),
    ],
)
def test_principals(principal, meant):
    everyone = [ROOT, STRANGER, USER, ROLE, ANONYMOUS]
    policy = parse(text(deny(Principal=principal)), "bucket")
    said = [one for one in everyone if policy.decide("oss:X", on("b/k"), NOTHING, one) == "deny"]
    assert said == meant
    if principal == "*" or not principal or "*" in principal[:1]:
        held = {"Condition": {"StringNotEquals": {"acs:some": "x"}}}
        policy = parse(text(deny(Principal=principal, **held)), "bucket")
        assert policy.decide("oss:X", on("b/k"), NOTHING, ROOT) == "deny"
    else:
        policy = parse(text(deny(NotPrincipal=principal)), "bucket")
        for one in everyone:
            wanted = "silent" if one in meant or one is ROOT else "deny"
            assert policy.decide("oss:X", on("b/k"), NOTHING, one) == wanted


def test_an_identity_without_an_id_is_nobody():
    unnamed = Caller("user", 1, UID, "key", "header")
    policy = parse(text(allow(Principal=[UID])), "bucket")
    assert policy.decide("oss:X", on("b/k"), NOTHING, unnamed) == "silent"


@pytest.mark.parametrize(
    ("trusted", "who"),
    [
        ({"RAM": f"acs:ram::{UID}:root"}, [USER, ROLE]),
        ({"RAM": [f"acs:ram::{OTHER}:root"]}, []),
        ({"RAM": f"acs:ram::{UID}:user/alice"}, [USER]),
        ({"RAM": f"acs:ram::{UID}:role/APP"}, [ROLE]),
        ({"Service": "ecs.aliyuncs.com"}, []),
        ({"Federated": ["acs:ram::1:saml-provider/x"]}, []),
    ],
)
def test_trust(trusted, who):
    given = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    policy = parse(text(given), "trust")
    role = f"acs:ram:*:{UID}:role/app"
    said = [
        one
        for one in (ROOT, STRANGER, USER, ROLE, ANONYMOUS)
        if policy.decide("sts:AssumeRole", role, NOTHING, one) == "allow"
    ]
    assert said == who
    assert policy.decide("sts:AssumeRoleWithSAML", role, NOTHING, USER) == "silent"


# -- public policies ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        (allow(Principal="*"), True),
        (allow(Principal=[]), True),
        (allow(NotPrincipal=["1"]), True),
        (deny(Principal="*"), False),
        (allow(Principal=["1", "2"]), False),
        (allow(Principal="*", Condition={"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}), False),
        (allow(Principal="*", Condition={"IpAddress": {"acs:SourceIp": "0.0.0.0/0"}}), True),
        (allow(Principal="*", Condition={"NotIpAddress": {"acs:SourceIp": "10.0.0.1"}}), True),
        (allow(Principal="*", Condition={"IpAddressIfExists": {"acs:SourceIp": "1.1.1.1"}}), True),
        (allow(Principal="*", Condition={"StringLike": {"acs:SourceIp": "10.*"}}), True),
        (allow(Principal="*", Condition={"StringEquals": {"acs:SourceVpc": "vpc-1"}}), False),
        (allow(Principal="*", Condition={"StringLike": {"acs:SourceVpc": "*"}}), True),
        (allow(Principal="*", Condition={"Bool": {"acs:SecureTransport": "true"}}), True),
    ],
)
def test_what_is_public(statement, public):
    policy = parse(text(statement), "bucket")
    assert policy.public is public
    context = Context({"acs:sourceip": "10.0.0.1", "acs:securetransport": "true"})
    context["acs:sourcevpc"] = "vpc-1"
    closed = policy.decide("oss:GetObject", on("b/k"), context, ANONYMOUS, public=False)
    opened = policy.decide("oss:GetObject", on("b/k"), context, ANONYMOUS)
    assert closed == ("silent" if public else opened)


# -- the policies that come with every account --------------------------------------------------


@pytest.mark.parametrize(
    ("name", "may", "may_not"),
    [
        ("AdministratorAccess", ["oss:PutObject", "ram:CreateUser", "sts:AssumeRole"], []),
        ("AliyunOSSFullAccess", ["oss:PutObject", "oss:DeleteBucket"], ["ram:CreateUser"]),
        ("AliyunOSSReadOnlyAccess", ["oss:GetObject", "oss:ListBuckets"], ["oss:PutObject"]),
        ("AliyunSTSAssumeRoleAccess", ["sts:AssumeRole"], ["oss:GetObject", "sts:X"]),
    ],
)
def test_system_policies(name, may, may_not):
    policy = parse(SYSTEM_POLICIES[name].document, "identity", name)
    for action in may:
        assert policy.decide(action, on("b/k"), NOTHING, USER) == "allow"
        assert policy.decide(action, f"acs:ram:*:{UID}:role/x", NOTHING, USER) == "allow"
    for action in may_not:
        assert policy.decide(action, on("b/k"), NOTHING, USER) == "silent"


# -- against the other evaluator ----------------------------------------------------------------

_tails = st.sampled_from(["b", "b/k", "b/dir/k", "b2", "b2/k", "c/x:y:b/k", "*"])
_actions = st.sampled_from(["oss:GetObject", "oss:PutObject", "oss:ListObjects", "ram:GetUser"])
_keys = st.sampled_from(["acs:sourceip", "oss:prefix", "acs:number"])
_condition = st.dictionaries(
    st.sampled_from(
        ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringLikeIfExists",
         "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCaseIfExists"]
    ),
    st.dictionaries(_keys, st.lists(st.sampled_from(["10.0.0.1", "a/", "A*", "5", "?", "*"]),
                                    min_size=1, max_size=2), min_size=1, max_size=2),
    max_size=2,
)  # fmt: skip
_more_conditions = st.sampled_from(
    [{}, {"IpAddress": {"acs:sourceip": ["10.0.0.0/8", "192.168.1.1"]}},
     {"NotIpAddress": {"acs:sourceip": "10.0.0.1"}}, {"NumericLessThan": {"acs:number": "5"}},
     {"NumericNotEquals": {"acs:number": 5}}, {"BoolIfExists": {"acs:flag": "true"}}]
)  # fmt: skip
_PATTERNS = [
    "*", "acs:oss:*:*:b/*", "acs:oss:*:*:b", "acs:oss:*:*:b*", "acs:oss:*:*:b/?", "acs:*:*:*:*",
    f"acs:oss:*:{OTHER}:*", "acs:oss:*:*:?/*k", "acs:oss:*:*:b/dir/*", "acs:ram:*:*:*",
]  # fmt: skip
_statement = st.builds(
    lambda effect, not_action, actions, not_resource, resources, one, two, principal: {
        "Effect": effect,
        "NotAction" if not_action else "Action": actions,
        "NotResource" if not_resource else "Resource": resources,
        "Condition": {**one, **two},
        "Principal": principal,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.booleans(),
    st.lists(st.sampled_from(["*", "oss:Get*", "oss:PutObject", "oss:*object", "ram:*"]),
             min_size=1, max_size=3),
    st.booleans(),
    st.lists(st.sampled_from(_PATTERNS), min_size=1, max_size=3),
    _condition,
    _more_conditions,
    st.lists(st.sampled_from(["*", UID, OTHER, USER.id]), max_size=2),
)  # fmt: skip
_contexts = st.fixed_dictionaries(
    {},
    optional={
        "acs:sourceip": st.sampled_from(["10.0.0.1", "192.168.1.1", "::1"]),
        "oss:prefix": st.sampled_from(["", "a/", "A1"]),
        "acs:number": st.sampled_from(["4", "5", "6.5"]),
        "acs:flag": st.sampled_from(["true", "false"]),
    },
)


@few
@given(st.lists(st.lists(_statement, min_size=1, max_size=4), max_size=4), _actions, _tails,
       _contexts)  # fmt: skip
def test_identity_policies_agree_with_another_evaluator(documents, action, tail, context):
    texts = [
        text(*({k: v for k, v in one.items() if k != "Principal"} for one in statements))
        for statements in documents
    ]
    policy = joined([(str(n), one) for n, one in enumerate(texts)], "identity")
    wanted = evaluate(texts, action, on(tail), context)
    assert policy.decide(action, on(tail), Context(context), USER) == wanted
    assert policy.explain(action, on(tail), Context(context), USER).outcome == wanted


@few
@given(st.lists(_statement, min_size=1, max_size=4), _actions, _tails, _contexts,
       st.sampled_from([ROOT, STRANGER, USER, ANONYMOUS]))  # fmt: skip
def test_bucket_policies_agree_with_another_evaluator(statements, action, tail, context, caller):
    policy = parse(text(*statements), "bucket")
    who = caller.id if caller is USER else caller.uid
    wanted = evaluate([text(*statements)], action, on(tail), context, who, caller is ROOT)
    assert policy.decide(action, on(tail), Context(context), caller) == wanted
    assert policy.explain(action, on(tail), Context(context), caller).outcome == wanted


# -- whatever comes -----------------------------------------------------------------------------

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["*", "oss:*", "Allow", "acs:oss:*:*:b/*", "10.0.0.0/8", "1"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["StringLike", "IpAddress", "DateEquals", "NumericLessThan", "Bool", "RAM",
                         "acs:SourceIp", "Service", "BoolIfExists", "x"]),
        inner, max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip
_broken = st.dictionaries(
    st.sampled_from(["Effect", "Action", "NotAction", "Resource", "NotResource", "Principal",
                     "NotPrincipal", "Condition", "Sid"]),
    _json,
).map(lambda given: {"Effect": "Allow", "Action": "oss:*", **given})  # fmt: skip


@few
@given(_broken, st.sampled_from(["identity", "session", "trust", "bucket"]))
def test_whatever_comes_is_a_policy_or_refused(statement, kind):
    try:
        policy = parse(text(statement), kind)
    except PolicyError:
        return
    assert policy.decide("oss:X", on("b/k"), NOTHING, USER) in ("allow", "deny", "silent")


@few
@given(st.text() | st.binary(max_size=40).map(lambda data: data.decode("latin-1")))
def test_any_text_is_refused(anything):
    with pytest.raises(PolicyError):
        parse(anything, "bucket")
