"""STS: temporary keys by assuming a role (STS documentation, "AssumeRole").

Both must agree: the role's trust policy, and the policies of who asks. Nothing is stored; see
`auth.tokens`.
"""

import re
from typing import NamedTuple

import msgspec

from mossbox import errors
from mossbox.auth import Caller
from mossbox.auth.documents import PolicyError, parse
from mossbox.auth.policy import decide
from mossbox.auth.tokens import TOKEN_MAX, Session, Tokens, new_key_id
from mossbox.engine.identities import Identity, RoleDetails, details
from mossbox.engine.store import Engine
from mossbox.operation import Need, rpc_operation
from mossbox.operations.call import Call
from mossbox.operations.ram_common import STS, date, number
from mossbox.operations.ram_roles import role_arn
from mossbox.wire.forms import Answer

DURATION_MIN_S, DURATION_DEFAULT_S = 900, 3600
POLICY_MAX = 2048
_ARN = re.compile(r"acs:ram::(?P<uid>[0-9]{1,32}):role/(?P<name>[A-Za-z0-9.@_-]{1,64})\Z")
_SESSION_NAME = re.compile(r"[A-Za-z0-9.@_-]{2,64}\Z")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}\Z", re.ASCII)


_ASSUME = "sts:AssumeRole"


class _Asked(NamedTuple):
    """What the conditions of a trust policy may ask."""

    call: Call
    external_id: str

    def value(self, key: str) -> str | None:
        """The request's value of a condition key."""
        if key == "sts:externalid":
            return self.external_id or None
        return self.call.value(key)


class Credentials(Answer):
    """A temporary key."""

    access_key_id: str
    access_key_secret: str
    security_token: str
    expiration: str


class AssumedRoleUser(Answer):
    """What the session is called."""

    arn: str
    assumed_role_id: str


class AssumeRoleResult(Answer):
    """A session."""

    assumed_role_user: AssumedRoleUser
    credentials: Credentials


class AssumeRoleRequest(msgspec.Struct):
    """Which role, what the session is called, what it is narrowed to, how long it lives."""

    role_arn: str
    role_session_name: str
    duration_seconds: str = ""
    policy: str = ""
    external_id: str = ""


class Nothing(msgspec.Struct):
    """Nothing to ask."""


class CallerIdentity(Answer):
    """Who asks."""

    account_id: str
    identity_type: str
    principal_id: str
    arn: str
    user_id: str | None = None
    role_id: str | None = None


@rpc_operation("GetCallerIdentity", STS, action="sts:GetCallerIdentity", resource="")
async def get_caller_identity(call: Call, request: Nothing) -> CallerIdentity:
    """Who asks; no permission is needed for that."""
    caller = call.caller
    if caller.kind == "root":
        return CallerIdentity(caller.uid, "Account", caller.uid, caller.arn, caller.uid)
    if caller.kind == "role":
        return CallerIdentity(
            caller.uid, "AssumedRoleUser", f"{caller.id}:{caller.session}", caller.arn,
            role_id=caller.id,
        )  # fmt: skip
    return CallerIdentity(caller.uid, "RAMUser", caller.id, caller.arn, caller.id)


@rpc_operation("AssumeRole", STS, action=_ASSUME, resource="")
async def assume_role(call: Call, request: AssumeRoleRequest) -> AssumeRoleResult:
    """A temporary key for a role that trusts the caller."""
    named = _ARN.match(request.role_arn)
    if named is None:
        raise errors.InvalidRoleArn(
            f"The parameter RoleArn {request.role_arn[:256]!r} is not the ARN of a role, such as"
            f" {role_arn(call.caller.uid, 'name')}."
        )
    _check(request)
    if not call.engine.directory.let_through(call.now_ms):
        raise errors.ThrottlingUser()
    if call.caller.kind == "root":
        raise errors.NoPermission("Roles may not be assumed by root accounts.")
    role = _trusting_role(call, named["uid"], named["name"], request.external_id)
    longest = details(role, RoleDetails).max_session_s
    duration_s = number(
        request.duration_seconds, DURATION_MIN_S, longest, DURATION_DEFAULT_S,
        errors.InvalidDurationSeconds,
    )  # fmt: skip
    return session(
        call.engine, role, named["uid"], request.role_session_name,
        call.now_ms // 1000 + duration_s, request.policy,
    )  # fmt: skip


def _check(request: AssumeRoleRequest) -> None:
    """Raise InvalidParameter.… for what no role could make good."""
    if not _SESSION_NAME.match(request.role_session_name):
        raise errors.InvalidRoleSessionName()
    if request.external_id and not _EXTERNAL_ID.match(request.external_id):
        raise errors.InvalidExternalId()
    if len(request.policy) > POLICY_MAX:
        raise errors.InvalidPolicySize()
    if request.policy:
        try:
            parse(request.policy, "session")
        except PolicyError as error:
            raise errors.InvalidPolicyGrammar(
                f"The parameter Policy is not valid: {error}"
            ) from None


def _trusting_role(call: Call, uid: str, name: str, external_id: str) -> Identity:
    """The role, if caller and role both agree; raises NoPermission, EntityNotExist.Role.

    Who may not assume it is not told whether there is such a role.
    """
    caller, directory = call.caller, call.engine.directory
    account = directory.account_of(uid)
    role = None if account is None else directory.role(account.id, name)
    # Policies name the role as it is called, however its ARN was written.
    resource = f"acs:ram:*:{uid}:role/{name if role is None else role.name}"
    if not decide(caller, Need(_ASSUME, "service", "", b"", resource), call).allowed:
        raise _not_permitted(caller, uid, name)
    if role is None:
        if uid != caller.uid:
            raise _not_permitted(caller, uid, name)
        raise errors.NoSuchRoleEntity(f"The role not exists: {role_arn(uid, name)}.")
    trust = parse(details(role, RoleDetails).trust, "trust")
    if trust.decide(_ASSUME, resource, _Asked(call, external_id), caller) != "allow":
        raise _not_permitted(caller, uid, name)
    return role


def _not_permitted(caller: Caller, uid: str, name: str) -> errors.ServiceError:
    return errors.NoPermission(
        "You are not authorized to do this action. You should be authorized by RAM:"
        f" {caller.arn} needs sts:AssumeRole on {role_arn(uid, name)}, and that role must trust it."
    )


def session(
    engine: Engine, role: Identity, uid: str, name: str, expires_s: int, policy: str = ""
) -> AssumeRoleResult:
    """A new session of a role; raises InvalidParameter.PolicySize if its token grows too long."""
    tokens = Tokens(engine.directory.derive("temporary keys"))
    key_id = new_key_id()
    token = tokens.seal(Session(key_id, role.id, role.account, uid, name, expires_s, policy))
    if len(token) > TOKEN_MAX:
        raise errors.InvalidPolicySize("The parameter Policy is too long once it is packed.")
    return AssumeRoleResult(
        AssumedRoleUser(f"{role_arn(uid, role.name)}/{name}", f"{role.public_id}:{name}"),
        Credentials(key_id, tokens.secret(key_id), token, date(expires_s * 1000)),
    )
