"""Why somebody may or may not do something, in words: for the account's root alone.

OSS has no such operation; it is found at the service's address by the query ``mossbox-policy``.
"""

from typing import Annotated
from urllib.parse import parse_qsl

import msgspec

from mossbox import errors
from mossbox.auth import ANONYMOUS, Caller
from mossbox.auth.conditions import key_name
from mossbox.auth.policy import Layer, Said, Verdict, explain
from mossbox.engine import Database, Tx, identities
from mossbox.engine.identities import Identity
from mossbox.operation import Need, Scope, operation
from mossbox.operations.call import Call
from mossbox.wire import names
from mossbox.wire.fields import Element, Query

_TAGS = ("oss:buckettag/", "acs:resourcetag/", "oss:existingobjecttag/")
_WHY: dict[tuple[Layer, bool, bool], str] = {
    ("account root", True, False): "an account's root may do everything in it",
    ("bucket owner", True, False): "the root of the account that owns the bucket may do all that"
    " no policy denies",
    ("identity policy", True, True): "a policy of its own allows it, and none denies it",
    ("bucket policy", True, True): "the bucket's policy allows it, and none denies it",
    ("object acl", True, False): "no policy speaks of it, and the object's ACL lets everybody",
    ("bucket acl", True, False): "no policy speaks of it, and the bucket's ACL lets everybody",
    ("session policy", False, True): "the session's policy denies it",
    ("session policy", False, False): "the session's policy does not allow it",
    ("identity policy", False, True): "a policy of its own denies it",
    ("identity policy", False, False): "no policy allows it",
    ("bucket policy", False, True): "the bucket's policy denies it",
    ("object acl", False, False): "no policy allows it, and neither does the object's ACL",
    ("bucket acl", False, False): "no policy allows it, and neither does the bucket's ACL",
    ("public access block", False, True): "an ACL lets everybody, but public access is blocked",
}


class ExplainPolicyRequest(msgspec.Struct):
    """Who is to do what with what; `context` holds condition keys as a query string."""

    who: Annotated[str, Query("x-oss-explain-as")] = ""
    action: Annotated[str, Query("x-oss-explain-action")] = ""
    resource: Annotated[str, Query("x-oss-explain-resource")] = ""
    context: Annotated[str, Query("x-oss-explain-context")] = ""


class ExplainPolicyResult(msgspec.Struct):
    """The verdict, why it is so, and what each kind of policy says."""

    allowed: bool
    reason: str
    statements: Annotated[list[str], Element("Statements/Statement")]


class _Asked(Call):
    """A call that nobody made: its conditions are answered by what was given."""

    given: dict[str, str] = msgspec.field(default_factory=dict)

    def value(self, key: str) -> str | None:
        if key in self.given or not key.startswith(_TAGS):
            return self.given.get(key)
        return super().value(key)


@operation(
    "ExplainPolicy", "GET", "service", when=["mossbox-policy=ExplainPolicy"],
    root="ExplainPolicyResponse",
)  # fmt: skip
async def explain_policy(call: Call, request: ExplainPolicyRequest) -> ExplainPolicyResult:
    """What the verdict would be, and which statements speak on the way to it."""
    if call.caller.kind != "root":
        raise errors.AccessDenied("Policies are explained to the account's own keys alone.")
    if not request.action or ":" not in request.action:
        raise errors.invalid_argument("Write an action such as oss:PutObject.", "action",
                                      request.action)  # fmt: skip
    caller = _caller(call, request.who)
    need = _need(call, request)
    asked = _Asked(
        call.engine, call.endpoints, need.bucket, need.key, "", call.now_ms, caller,
        given={key_name(name): value for name, value in parse_qsl(request.context, True)},
    )  # fmt: skip
    if need.level != "service" and asked.bucket.account != call.caller.account:
        raise errors.AccessDenied("The bucket you access does not belong to you.")
    verdict, said = explain(caller, need, asked)
    return ExplainPolicyResult(
        verdict.allowed, _reason(request, verdict), [_sentence(one) for one in said]
    )


def _reason(request: ExplainPolicyRequest, verdict: Verdict) -> str:
    why = _WHY[verdict.layer, verdict.allowed, verdict.explicit]
    may = "may" if verdict.allowed else "may not"
    return f"{request.who} {may} do {request.action} on {request.resource}: {why}."


def _sentence(said: Said) -> str:
    """What one kind of policy says."""
    outcome, policy, number, sid = said.decision
    if outcome == "silent":
        return f"{said.layer}: no statement applies"
    verb = "allows" if outcome == "allow" else "denies"
    named = f' ("{sid}")' if sid else ""
    where = "" if policy == said.layer else f" of {policy}"
    return f"{said.layer}: statement {number}{named}{where} {verb} it"


def _need(call: Call, request: ExplainPolicyRequest) -> Need:
    """What would be needed; raises InvalidArgument, InvalidBucketName, InvalidObjectName."""
    parts = request.resource.split(":", 4)
    if len(parts) != 5 or parts[0] != "acs":
        message = "Write a resource such as acs:oss:*:*:bucket/key."
        raise errors.invalid_argument(message, "resource", request.resource)
    if parts[1] != "oss":
        return Need(request.action, "service", "", b"", request.resource)
    bucket, slash, key = parts[4].partition("/")
    if bucket == "*":
        return Need(request.action, "service", "", b"")
    names.check_bucket(bucket)
    if slash:
        names.check_key(key.encode())
    level: Scope = "object" if slash else "bucket"
    return Need(request.action, level, bucket, key.encode())


def _caller(call: Call, who: str) -> Caller:
    """The caller that a name means; raises InvalidArgument for nobody.

    A user's name, ``role/NAME`` with or without ``/SESSION``, ``root``, ``anonymous``, or the uid
    of another account for its root.
    """
    account = call.account()
    if who == "root":
        return Caller("root", account.id, account.uid, "", "header")
    if who == "anonymous":
        return ANONYMOUS
    if (other := identities.find(call.engine.db, who)) is not None:
        return Caller("root", other.id, other.uid, "", "header")
    kind, _, name = who.rpartition("/") if who.count("/") < 2 else who.partition("/")
    name, _, session = name.partition("/")
    find = {"": _user, "user": _user, "role": identities.role_in_any_case}.get(kind)
    found = find(call.engine.db, account.id, name) if find is not None else None
    if found is None:
        raise errors.invalid_argument("There is nobody of this name.", "as", who)
    return _identity(found, account.uid, (session or "session") if kind == "role" else "")


def _user(db: Database | Tx, account: int, name: str) -> Identity | None:
    return identities.named(db, account, "user", name)


def _identity(found: Identity, uid: str, session: str) -> Caller:
    return Caller(
        "role" if session else "user", found.account, uid, "", "header", found.id,
        found.public_id, found.name, session,
    )  # fmt: skip
