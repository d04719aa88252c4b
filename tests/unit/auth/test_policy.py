"""The verdict: deny wins, silence falls to ownership and then to the ACLs."""

import json
from dataclasses import dataclass

import pytest

from mossbox.auth import ANONYMOUS, Caller
from mossbox.auth.acl import DEFAULT, PRIVATE, PUBLIC_READ, PUBLIC_READ_WRITE
from mossbox.auth.documents import parse
from mossbox.auth.policy import Verdict, decide, explain
from mossbox.auth.statements import Policy
from mossbox.operation import Need, Scope
from mossbox.operations.refusals import refusal

OWNER, STRANGER = 1, 2
ROOT = Caller("root", OWNER, "1", "id", "header")
USER = Caller("user", OWNER, "1", "id", "header", 7, "20", "alice")
ROLE = Caller("role", OWNER, "1", "id", "header", 8, "30", "app", "phone")
OTHER_ROOT = Caller("root", STRANGER, "2", "id", "header")
OTHER_USER = Caller("user", STRANGER, "2", "id", "header", 9, "40", "bob")
NOT_OWNERS = [USER, ROLE, OTHER_ROOT, OTHER_USER, ANONYMOUS]
LEVELS = ["service", "bucket", "object"]


def policy(kind: str, *effects: str, **more: object) -> Policy:
    """A policy with a statement an effect, each about everything."""
    if kind == "bucket":
        more.setdefault("Principal", ["*"])
    said = [{"Effect": e, "Action": "*", "Resource": "*", **more} for e in effects]
    return parse(json.dumps({"Version": "1", "Statement": said}), kind, f"the {kind} one")


NOTHING = Policy(())


@dataclass
class Bucket:
    """The facts, and what was asked of them."""

    acl: int = PRIVATE
    of_object: int = DEFAULT
    of_session: Policy | None = None
    of_identity: Policy = NOTHING
    of_bucket: Policy | None = None
    blocked: bool = False
    asked: str = ""

    def owner(self) -> int:
        self.asked += "o"
        return OWNER

    def bucket_acl(self) -> int:
        self.asked += "b"
        return self.acl

    def object_acl(self) -> int:
        self.asked += "k"
        return self.of_object

    def session_policy(self) -> Policy | None:
        return self.of_session

    def identity_policy(self) -> Policy:
        return self.of_identity

    def bucket_policy(self) -> Policy | None:
        return self.of_bucket

    def blocks_public(self) -> bool:
        return self.blocked

    def resource(self, need: Need) -> str:
        return f"acs:oss:r:1:{need.bucket}/{need.key.decode()}"

    def value(self, key: str) -> str | None:
        return {"acs:sourceip": "10.0.0.1"}.get(key)


def need(action: str = "oss:GetObject", level: Scope = "object") -> Need:
    return Need(action, level, "b", b"k")


DENY = {
    "of_session": policy("session", "Allow", "Deny"),
    "of_identity": policy("identity", "Allow", "Deny"),
    "of_bucket": policy("bucket", "Allow", "Deny"),
}
ALLOW = {
    "of_session": policy("session", "Allow"),
    "of_identity": policy("identity", "Allow"),
    "of_bucket": policy("bucket", "Allow"),
}


@pytest.mark.parametrize("who", DENY)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("caller", [USER, ROLE])
def test_26_deny_in_any_policy_wins_over_every_allow(caller, level, who):
    if level == "service" and who == "of_bucket":
        level = "bucket"  # the service has no bucket policy
    facts = Bucket(PUBLIC_READ_WRITE, PUBLIC_READ_WRITE, **{**ALLOW, who: DENY[who]})
    verdict = decide(caller, need(level=level), facts)
    layer = f"{who.removeprefix('of_')} policy"
    assert verdict == Verdict(False, layer, True)
    assert explain(caller, need(level=level), facts)[0] == verdict


@pytest.mark.parametrize("said", [NOTHING, policy("session", "Deny")])
def test_20_a_session_needs_its_own_allow_whatever_else_allows(said):
    facts = Bucket(PUBLIC_READ_WRITE, PUBLIC_READ_WRITE, **{**ALLOW, "of_session": said})
    for level in LEVELS:
        verdict = decide(ROLE, need(level=level), facts)
        assert verdict == Verdict(False, "session policy", said is not NOTHING)


def test_a_session_is_not_more_than_its_role():
    facts = Bucket(of_session=ALLOW["of_session"])
    assert not decide(ROLE, need(), facts).allowed


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("caller", [USER, ROLE])
def test_an_allow_of_either_policy_needs_neither_ownership_nor_acl(caller, level):
    facts = Bucket(PRIVATE, PRIVATE, of_identity=ALLOW["of_identity"])
    assert decide(caller, need("oss:Anything", level), facts) == Verdict(
        True, "identity policy", True
    )
    assert facts.asked in ("", "o")
    if level != "service":
        facts = Bucket(PRIVATE, PRIVATE, of_bucket=ALLOW["of_bucket"])
        verdict = decide(caller, need("oss:Anything", level), facts)
        assert verdict == Verdict(True, "bucket policy", True)


@pytest.mark.parametrize("caller", [OTHER_USER])
def test_nobody_is_granted_what_belongs_to_another_account(caller):
    facts = Bucket(of_identity=ALLOW["of_identity"])
    for level in ("bucket", "object"):
        assert not decide(caller, need(level=level), facts).allowed
    assert decide(caller, need(level="service"), facts).allowed
    facts.of_bucket = ALLOW["of_bucket"]
    assert decide(caller, need(), facts).layer == "bucket policy"
    facts.of_identity = DENY["of_identity"]  # what the own account forbids stays forbidden
    assert decide(caller, need(), facts) == Verdict(False, "identity policy", True)


@pytest.mark.parametrize("caller", [OTHER_ROOT, ANONYMOUS])
def test_who_has_no_policies_of_their_own_is_heard_by_the_buckets(caller):
    for said, allowed in ((ALLOW["of_bucket"], True), (DENY["of_bucket"], False)):
        facts = Bucket(PUBLIC_READ, of_bucket=said)
        for level in ("bucket", "object"):
            verdict = decide(caller, need(level=level), facts)
            assert verdict == Verdict(allowed, "bucket policy", True)


def test_27_a_deny_for_everybody_leaves_the_owner_in_unless_it_has_a_condition():
    facts = Bucket(of_bucket=policy("bucket", "Deny"))
    assert decide(ROOT, need(), facts).layer == "bucket owner"
    held = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
    facts.of_bucket = policy("bucket", "Deny", Condition=held)
    assert decide(ROOT, need(), facts) == Verdict(False, "bucket policy", True)
    facts.of_bucket = policy("bucket", "Deny", Principal=["1"])
    assert decide(ROOT, need(), facts) == Verdict(False, "bucket policy", True)


@pytest.mark.parametrize("of_bucket", [None, NOTHING])
def test_the_owners_root_may_all_where_policies_are_silent(of_bucket):
    for level in ("bucket", "object"):
        facts = Bucket(PRIVATE, PRIVATE, of_bucket=of_bucket)
        verdict = decide(ROOT, need("oss:Anything", level), facts)
        assert verdict == Verdict(True, "bucket owner")


def test_a_block_of_public_access_silences_what_lets_everybody_in():
    for facts in (
        Bucket(PUBLIC_READ_WRITE),
        Bucket(of_object=PUBLIC_READ),
        Bucket(of_bucket=ALLOW["of_bucket"]),
    ):
        for caller in NOT_OWNERS:
            facts.blocked = False
            assert decide(caller, need(), facts).allowed
            facts.blocked = True
            assert not decide(caller, need(), facts).allowed
        assert decide(ROOT, need(), facts).allowed
    named = Bucket(of_bucket=policy("bucket", "Allow", Principal=["2"]), blocked=True)
    assert decide(OTHER_ROOT, need(), named).allowed
    granted = Bucket(PUBLIC_READ, of_identity=ALLOW["of_identity"], blocked=True)
    assert decide(USER, need(), granted).allowed


@pytest.mark.parametrize("caller", NOT_OWNERS)
def test_users_and_roles_do_not_inherit_ownership(caller: Caller) -> None:
    for level in ("bucket", "object"):
        assert not decide(caller, need(level=level), Bucket(PRIVATE)).allowed


@pytest.mark.parametrize("caller", NOT_OWNERS)
@pytest.mark.parametrize(
    ("bucket", "of_object", "reads", "writes"),
    [
        (PRIVATE, DEFAULT, False, False),
        (PUBLIC_READ, DEFAULT, True, False),
        (PUBLIC_READ_WRITE, DEFAULT, True, True),
        # an object's own ACL is heard instead of the bucket's, both ways
        (PUBLIC_READ_WRITE, PRIVATE, False, False),
        (PRIVATE, PUBLIC_READ, True, False),
        (PRIVATE, PUBLIC_READ_WRITE, True, True),
        (PUBLIC_READ_WRITE, PUBLIC_READ, True, False),
    ],
)
def test_acls(caller: Caller, bucket: int, of_object: int, reads: bool, writes: bool) -> None:
    facts = Bucket(bucket, of_object)
    assert decide(caller, need("oss:GetObject"), facts).allowed is reads
    assert decide(caller, need("oss:PutObject"), facts).allowed is writes
    assert decide(caller, need("oss:DeleteObject"), facts).allowed is writes
    assert not decide(caller, need("oss:PutObjectAcl"), facts).allowed


def test_an_objects_acl_says_nothing_about_its_bucket() -> None:
    facts = Bucket(PRIVATE, PUBLIC_READ_WRITE)
    assert not decide(ANONYMOUS, need("oss:ListObjects", "bucket"), facts).allowed
    assert "k" not in facts.asked
    assert decide(ANONYMOUS, need("oss:ListObjects", "bucket"), Bucket(PUBLIC_READ)).allowed


def test_the_service_answers_to_roots_alone() -> None:
    for caller in (ROOT, OTHER_ROOT):
        assert decide(caller, need("oss:ListBuckets", "service"), Bucket()).allowed
    for caller in (USER, ROLE, ANONYMOUS):
        facts = Bucket(PUBLIC_READ_WRITE)
        assert not decide(caller, need("oss:ListBuckets", "service"), facts).allowed
        assert facts.asked == ""  # there is no bucket to ask about


def test_the_owner_costs_no_look_at_any_acl() -> None:
    facts = Bucket()
    decide(ROOT, need(), facts)
    assert facts.asked == "o"


def test_a_user_may_do_nothing_that_no_policy_allows():
    facts = Bucket(of_identity=policy("identity", "Allow", Action="oss:PutObject"))
    assert decide(USER, need("oss:PutObject"), facts).allowed
    assert decide(USER, need("oss:GetObject"), facts) == Verdict(False, "bucket acl")


def test_the_statement_that_decided_is_named():
    facts = Bucket(of_identity=policy("identity", "Allow", "Deny"), of_bucket=ALLOW["of_bucket"])
    verdict, said = explain(USER, need(), facts)
    assert verdict.layer == "identity policy"
    assert [(one.layer, one.decision) for one in said] == [
        ("identity policy", ("deny", "the identity one", 2, "")),
        ("bucket policy", ("allow", "the bucket one", 1, "")),
    ]


@pytest.mark.parametrize(
    ("caller", "asked", "facts", "message", "ec"),
    [
        (ANONYMOUS, need(level="service"), Bucket(), "Anonymous access is forbidden for", "1"),
        (ANONYMOUS, need(level="bucket"), Bucket(), "Anonymous user has no right to access", "1"),
        (OTHER_ROOT, need(level="bucket"), Bucket(), "The bucket you access does not belong", "1"),
        (ANONYMOUS, need(), Bucket(), "You have no right to access this object because of", "1"),
        (ANONYMOUS, need(), Bucket(of_object=PRIVATE), "You have no right to access this ob", "1"),
        (USER, need(level="service"), Bucket(), "You have no right to do oss:GetObject.", "1"),
        (
            USER,
            need(),
            Bucket(of_identity=DENY["of_identity"]),
            "Access denied by bu",
            "201",
        ),
        (USER, need(), Bucket(of_bucket=DENY["of_bucket"]), "Access denied by bucket pol", "202"),
        (ROLE, need(), Bucket(of_session=NOTHING), "Access denied by authorizer's policy.", "301"),
    ],
)
def test_refusals_are_in_the_vendors_words(caller, asked, facts, message, ec):
    error = refusal(caller, asked, decide(caller, asked, facts))
    assert (error.code.name, error.code.status) == ("AccessDenied", 403)
    assert error.message.startswith(message)
    assert error.ec == f"0003-00000{ec:0>3}"
    bucket = asked.level == "bucket"
    assert error.details == ({"BucketName": "b"} if bucket else {})
    assert ("AccessDeniedDetail" in error.nested) is (caller is not ANONYMOUS)


@pytest.mark.parametrize(
    ("caller", "facts", "kind", "name", "policy_kind", "no"),
    [
        (USER, Bucket(), "SubUser", "20", "AccountLevelIdentityBasedPolicy", "ImplicitDeny"),
        (USER, Bucket(of_identity=DENY["of_identity"]), "SubUser", "20",
         "AccountLevelIdentityBasedPolicy", "ExplicitDeny"),
        (USER, Bucket(of_bucket=DENY["of_bucket"]), "SubUser", "20", "BucketPolicy",
         "ExplicitDeny"),
        (ROLE, Bucket(of_session=NOTHING), "AssumedRoleUser", "app:phone", "SessionPolicy",
         "ImplicitDeny"),
        (OTHER_ROOT, Bucket(), "Account", "2", "BucketAcl", "ImplicitDeny"),
        (OTHER_ROOT, Bucket(of_object=PRIVATE), "Account", "2", "ObjectAcl", "ImplicitDeny"),
        (OTHER_ROOT, Bucket(PUBLIC_READ, blocked=True), "Account", "2", "BlockPublicAccess",
         "ExplicitDeny"),
    ],
)  # fmt: skip
def test_refusals_say_what_would_have_to_change(caller, facts, kind, name, policy_kind, no):
    asked = need()
    error = refusal(caller, asked, decide(caller, asked, facts))
    assert error.nested["AccessDeniedDetail"] == {
        "AuthAction": "oss:GetObject",
        "AuthPrincipalType": kind,
        "AuthPrincipalOwnerId": caller.uid,
        "AuthPrincipalDisplayName": name,
        "PolicyType": policy_kind,
        "NoPermissionType": no,
    }
