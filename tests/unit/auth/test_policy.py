"""The verdict: deny wins, silence falls to ownership and then to the ACLs."""

from dataclasses import dataclass

import pytest

from mossbox.auth import ANONYMOUS, Caller
from mossbox.auth.acl import DEFAULT, PRIVATE, PUBLIC_READ, PUBLIC_READ_WRITE
from mossbox.auth.policy import SILENT, Effect, Facts, Verdict, decide, refusal
from mossbox.operation import Need, Scope

OWNER, STRANGER = 1, 2
ROOT = Caller("root", OWNER, "1", "id", "header")
USER = Caller("user", OWNER, "1", "id", "header")
ROLE = Caller("role", OWNER, "1", "id", "header")
OTHER_ROOT = Caller("root", STRANGER, "2", "id", "header")
NOT_OWNERS = [USER, ROLE, OTHER_ROOT, ANONYMOUS]


@dataclass
class Bucket:
    """The facts, and what was asked of them."""

    acl: int = PRIVATE
    of_object: int = DEFAULT
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


def need(action: str = "oss:GetObject", level: Scope = "object") -> Need:
    return Need(action, level, "b", b"k")


def layer(effect: Effect, name: str = "policy"):
    def say(caller: Caller, need: Need, facts: Facts) -> Verdict:
        return Verdict(effect, name)

    return say


ALLOW, DENY, NOTHING = map(layer, (Effect.ALLOW, Effect.DENY, Effect.SILENT))


@pytest.mark.parametrize(
    "layers", [[DENY], [DENY, ALLOW], [ALLOW, DENY], [NOTHING, DENY, ALLOW], [ALLOW, ALLOW, DENY]]
)
@pytest.mark.parametrize("caller", [ROOT, *NOT_OWNERS])
def test_deny_anywhere_wins_even_over_the_owner(caller: Caller, layers: list) -> None:
    verdict = decide(caller, need(), Bucket(PUBLIC_READ_WRITE), layers)
    assert (verdict.effect, verdict.layer) == (Effect.DENY, "policy")


@pytest.mark.parametrize("layers", [[ALLOW], [NOTHING, ALLOW], [ALLOW, NOTHING]])
@pytest.mark.parametrize("level", ["service", "bucket", "object"])
@pytest.mark.parametrize("caller", NOT_OWNERS)
def test_an_allow_needs_neither_ownership_nor_acl(
    caller: Caller, level: Scope, layers: list
) -> None:
    facts = Bucket(PRIVATE, PRIVATE)
    verdict = decide(caller, need("oss:Anything", level), facts, layers)
    assert verdict.allowed
    assert facts.asked == ""


def test_the_layer_that_allowed_is_named() -> None:
    layers = [layer(Effect.ALLOW, "user"), layer(Effect.SILENT, "bucket")]
    assert decide(USER, need(), Bucket(), layers).layer == "user"


@pytest.mark.parametrize("layers", [[], [NOTHING], [NOTHING, NOTHING]])
def test_the_owners_root_may_all_where_policies_are_silent(layers: list) -> None:
    for level in ("bucket", "object"):
        verdict = decide(ROOT, need("oss:Anything", level), Bucket(PRIVATE, PRIVATE), layers)
        assert verdict.allowed
        assert verdict.layer == "bucket owner"


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


def test_silence_is_not_allowed() -> None:
    assert not SILENT.allowed
    assert not Verdict(Effect.DENY, "x").allowed
    assert Verdict(Effect.ALLOW, "x").allowed


@pytest.mark.parametrize(
    ("caller", "asked", "facts", "message"),
    [
        (ANONYMOUS, need(level="service"), Bucket(), "Anonymous access is forbidden for this op"),
        (ANONYMOUS, need(level="bucket"), Bucket(), "Anonymous user has no right to access this b"),
        (
            OTHER_ROOT,
            need(level="bucket"),
            Bucket(),
            "The bucket you access does not belong to you",
        ),
        (ANONYMOUS, need(), Bucket(), "You have no right to access this object because of bucket"),
        (ANONYMOUS, need(), Bucket(of_object=PRIVATE), "You have no right to access this object."),
    ],
)
def test_refusals_are_in_the_vendors_words(
    caller: Caller, asked: Need, facts: Bucket, message: str
) -> None:
    error = refusal(caller, asked, decide(caller, asked, facts))
    assert (error.code.name, error.code.status) == ("AccessDenied", 403)
    assert error.message.startswith(message)
    assert error.details == ({"BucketName": "b"} if asked.level == "bucket" else {})
