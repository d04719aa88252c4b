"""RAM: roles, which have no keys and are assumed (RAM documentation, "Role management")."""

import msgspec

from mossbox import errors
from mossbox.auth.documents import PolicyError, parse
from mossbox.engine import Tx, identities
from mossbox.engine.identities import Identity, RoleDetails, details
from mossbox.operation import rpc_operation
from mossbox.operations.call import Call
from mossbox.operations.ram_common import (
    RAM,
    Done,
    check_name,
    check_text,
    date,
    date_or_none,
    found,
    made,
    named_page,
    number,
    room_for,
)
from mossbox.operations.ram_users import PageRequest
from mossbox.wire.forms import Answer

TRUST_MAX = 4096  # characters
SESSION_MIN_S, SESSION_MAX_S = 3600, 43_200
_ROLE = "role/{RoleName}"


class Role(Answer):
    """A role; lists leave its trust policy out."""

    role_id: str
    role_name: str
    arn: str
    description: str
    max_session_duration: int
    create_date: str
    update_date: str | None = None
    assume_role_policy_document: str | None = None


class RoleResult(Answer):
    """One role."""

    role: Role


class RoleList(Answer):
    """Roles, in the element that holds them."""

    role: list[Role]


class ListRolesResult(Answer):
    """A page of roles."""

    roles: RoleList
    is_truncated: bool
    marker: str | None = None


class CreateRoleRequest(msgspec.Struct):
    """A new role."""

    role_name: str
    assume_role_policy_document: str
    description: str = ""
    max_session_duration: str = ""


class RoleRequest(msgspec.Struct):
    """Which role is meant."""

    role_name: str


class UpdateRoleRequest(msgspec.Struct):
    """What is to change of a role."""

    role_name: str
    new_assume_role_policy_document: str = ""
    new_description: str | None = None
    new_max_session_duration: str = ""


@rpc_operation("CreateRole", RAM, action="ram:CreateRole", resource="role/*")
async def create_role(call: Call, request: CreateRoleRequest) -> RoleResult:
    """Make a role that its trust policy lets others assume."""
    name = check_name("role", request.role_name)
    kept = RoleDetails(
        trust=_trust(request.assume_role_policy_document),
        description=check_text("Description", request.description),
        max_session_s=_session(request.max_session_duration, SESSION_MIN_S),
        updated_ms=call.now_ms,
    )

    def work(tx: Tx) -> Identity | None:
        account = call.caller.account
        room_for(tx, account, "role")
        if identities.role_in_any_case(tx, account, name):
            return None  # an ARN must mean one role
        return identities.insert(tx, account, "role", name, call.now_ms, kept)

    role = made("role", await call.engine.db.write(work, catalog=True))
    return RoleResult(_shown(call, role))


@rpc_operation("GetRole", RAM, action="ram:GetRole", resource=_ROLE)
async def get_role(call: Call, request: RoleRequest) -> RoleResult:
    """A role."""
    role = found(call.engine.db, call.caller.account, "role", request.role_name)
    return RoleResult(_shown(call, role))


@rpc_operation("UpdateRole", RAM, action="ram:UpdateRole", resource=_ROLE)
async def update_role(call: Call, request: UpdateRoleRequest) -> RoleResult:
    """Change whom a role trusts, its description, or how long its sessions may last."""
    trust = request.new_assume_role_policy_document
    if trust:
        _trust(trust)
    text = request.new_description

    def work(tx: Tx) -> Identity | None:
        role = found(tx, call.caller.account, "role", request.role_name)
        kept = details(role, RoleDetails)
        changed = RoleDetails(
            trust=trust or kept.trust,
            description=kept.description if text is None else check_text("NewDescription", text),
            max_session_s=_session(request.new_max_session_duration, kept.max_session_s),
            updated_ms=call.now_ms,
        )
        return identities.update(tx, role, changed)

    role = await call.engine.db.write(work, catalog=True)
    assert role is not None
    return RoleResult(_shown(call, role))


@rpc_operation("DeleteRole", RAM, action="ram:DeleteRole", resource=_ROLE)
async def delete_role(call: Call, request: RoleRequest) -> Done:
    """Remove a role, detaching its policies; its tokens are dead for good."""

    def work(tx: Tx) -> None:
        identities.delete(tx, found(tx, call.caller.account, "role", request.role_name).id)

    await call.engine.db.write(work, catalog=True)
    return Done()


@rpc_operation("ListRoles", RAM, action="ram:ListRoles", resource="role/*")
async def list_roles(call: Call, request: PageRequest) -> ListRolesResult:
    """A page of roles in order of their names."""
    roles, more, marker = named_page(call, "role", request.marker, request.max_items)
    shown = [_shown(call, role, whole=False) for role in roles]
    return ListRolesResult(RoleList(shown), more, marker)


def _trust(document: str) -> str:
    """A trust policy; raises InvalidParameter.AssumeRolePolicyDocument that says what is wrong."""
    if len(document) > TRUST_MAX:
        raise errors.InvalidTrust(f"The trust policy has more than {TRUST_MAX} characters.")
    try:
        parse(document, "trust")
    except PolicyError as error:
        raise errors.InvalidTrust(f"The trust policy is not valid: {error}") from None
    return document


def _session(text: str, default: int) -> int:
    return number(text, SESSION_MIN_S, SESSION_MAX_S, default, errors.InvalidMaxSession)


def role_arn(uid: str, name: str) -> str:
    """A role's ARN."""
    return f"acs:ram::{uid}:role/{name}"


def _shown(call: Call, role: Identity, *, whole: bool = True) -> Role:
    kept = details(role, RoleDetails)
    return Role(
        role.public_id, role.name, role_arn(call.caller.uid, role.name), kept.description,
        kept.max_session_s, date(role.created_ms), date_or_none(kept.updated_ms),
        kept.trust if whole else None,
    )  # fmt: skip
