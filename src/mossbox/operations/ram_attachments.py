"""RAM: which policies users, groups and roles have (RAM documentation, "Grant permissions")."""

from collections.abc import Awaitable, Callable

import msgspec

from mossbox import errors
from mossbox.engine import Tx, grants
from mossbox.engine.grants import Grant
from mossbox.engine.identities import (
    GroupDetails,
    Kind,
    PolicyDetails,
    RoleDetails,
    UserDetails,
    details,
)
from mossbox.operation import rpc_operation
from mossbox.operations.call import Call
from mossbox.operations.ram_common import RAM, Done, date, found, policy
from mossbox.operations.ram_groups import GroupRequest
from mossbox.operations.ram_policies import PolicyRequest, policy_type
from mossbox.operations.ram_roles import RoleRequest, role_arn
from mossbox.operations.ram_users import UserRequest
from mossbox.wire.forms import Answer


class UserPolicyRequest(msgspec.Struct):
    """A policy and a user."""

    policy_type: str
    policy_name: str
    user_name: str


class GroupPolicyRequest(msgspec.Struct):
    """A policy and a group."""

    policy_type: str
    policy_name: str
    group_name: str


class RolePolicyRequest(msgspec.Struct):
    """A policy and a role."""

    policy_type: str
    policy_name: str
    role_name: str


class Attached(Answer):
    """A policy that is attached."""

    policy_name: str
    policy_type: str
    description: str
    default_version: str
    attach_date: str


class AttachedList(Answer):
    """Policies, in the element that holds them."""

    policy: list[Attached]


class ListAttachedResult(Answer):
    """All policies of a user, a group or a role."""

    policies: AttachedList


_TWICE = {
    "user": errors.AttachedToUser,
    "group": errors.AttachedToGroup,
    "role": errors.AttachedToRole,
}
_NOT = {
    "user": errors.NotAttachedToUser,
    "group": errors.NotAttachedToGroup,
    "role": errors.NotAttachedToRole,
}
_MODELS: dict[Kind, tuple[type[msgspec.Struct], type[msgspec.Struct]]] = {
    "user": (UserPolicyRequest, UserRequest),
    "group": (GroupPolicyRequest, GroupRequest),
    "role": (RolePolicyRequest, RoleRequest),
}
Handler = Callable[[Call, msgspec.Struct], Awaitable[Done]]


async def _change(
    call: Call, request: msgspec.Struct, kind: Kind, change: Callable[[Tx, int, int], bool]
) -> bool:
    """Attach or detach; tells whether that changed anything."""
    account = call.caller.account
    kept, name = request.policy_type, getattr(request, f"{kind}_name")  # type: ignore[attr-defined]

    def work(tx: Tx) -> bool:
        target = found(tx, account, kind, name)
        one = policy(tx, account, kept, request.policy_name)  # type: ignore[attr-defined]
        return change(tx, one.id, target.id)

    return await call.engine.db.write(work, catalog=True)


def _declare(kind: Kind) -> None:
    """The three operations of one kind, which differ in their words alone."""
    pair, single = _MODELS[kind]
    shown = kind.capitalize()
    resource = f"{kind}/{{{shown}Name}}"

    async def attach(call: Call, request: msgspec.Struct) -> Done:
        def change(tx: Tx, one: int, target: int) -> bool:
            return grants.attach(tx, one, target, call.now_ms)

        if not await _change(call, request, kind, change):
            raise _TWICE[kind]()
        return Done()

    async def detach(call: Call, request: msgspec.Struct) -> Done:
        if not await _change(call, request, kind, grants.detach):
            raise _NOT[kind]()
        return Done()

    async def policies(call: Call, request: msgspec.Struct) -> ListAttachedResult:
        name = getattr(request, f"{kind}_name")
        target = found(call.engine.db, call.caller.account, kind, name)
        held = grants.policies(call.engine.db, target.id)
        return ListAttachedResult(AttachedList([_attached(call, grant) for grant in held]))

    for name, handler, model in (
        (f"AttachPolicyTo{shown}", attach, pair),
        (f"DetachPolicyFrom{shown}", detach, pair),
        (f"ListPoliciesFor{shown}", policies, single),
    ):
        handler.__annotations__["request"] = model
        rpc_operation(name, RAM, action=f"ram:{name}", resource=resource)(handler)


for _kind in _MODELS:
    _declare(_kind)


def _attached(call: Call, grant: Grant) -> Attached:
    one = grant.identity
    return Attached(
        one.name, policy_type(one), details(one, PolicyDetails).description,
        f"v{grants.chosen(call.engine.db, one.id).version}", date(grant.since_ms),
    )  # fmt: skip


# -- the other way round -----------------------------------------------------------------------


class UserWithPolicy(Answer):
    """A user that has a policy."""

    user_id: str
    user_name: str
    display_name: str
    attach_date: str


class GroupWithPolicy(Answer):
    """A group that has a policy."""

    group_name: str
    comments: str
    attach_date: str


class RoleWithPolicy(Answer):
    """A role that has a policy."""

    role_id: str
    role_name: str
    arn: str
    description: str
    attach_date: str


class UsersWithPolicy(Answer):
    """Users, in the element that holds them."""

    user: list[UserWithPolicy]


class GroupsWithPolicy(Answer):
    """Groups, in the element that holds them."""

    group: list[GroupWithPolicy]


class RolesWithPolicy(Answer):
    """Roles, in the element that holds them."""

    role: list[RoleWithPolicy]


class ListEntitiesForPolicyResult(Answer):
    """All that have a policy."""

    users: UsersWithPolicy
    groups: GroupsWithPolicy
    roles: RolesWithPolicy


@rpc_operation(
    "ListEntitiesForPolicy", RAM, action="ram:ListEntitiesForPolicy",
    resource="policy/{PolicyName}",
)  # fmt: skip
async def list_entities_for_policy(
    call: Call, request: PolicyRequest
) -> ListEntitiesForPolicyResult:
    """Who of the account has a policy."""
    db, account = call.engine.db, call.caller.account
    one = policy(db, account, request.policy_type, request.policy_name)
    users, groups, roles = UsersWithPolicy([]), GroupsWithPolicy([]), RolesWithPolicy([])
    for target, since_ms in grants.targets(db, one.id, account):
        since = date(since_ms)
        if target.kind == "user":
            display = details(target, UserDetails).display_name
            users.user.append(UserWithPolicy(target.public_id, target.name, display, since))
        elif target.kind == "group":
            comments = details(target, GroupDetails).comments
            groups.group.append(GroupWithPolicy(target.name, comments, since))
        else:
            text = details(target, RoleDetails).description
            arn = role_arn(call.caller.uid, target.name)
            roles.role.append(RoleWithPolicy(target.public_id, target.name, arn, text, since))
    return ListEntitiesForPolicyResult(users, groups, roles)
