"""RAM: groups and their members (RAM documentation, "User group management")."""

import msgspec

from mossbox import errors
from mossbox.engine import Tx, grants, identities
from mossbox.engine.grants import Grant
from mossbox.engine.identities import GroupDetails, Identity, UserDetails, details
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
    page,
    room_for,
)
from mossbox.operations.ram_users import PageRequest, UserRequest
from mossbox.wire.forms import Answer

_GROUP = "group/{GroupName}"


class Group(Answer):
    """A group; `join_date` where a member asks."""

    group_id: str
    group_name: str
    comments: str
    create_date: str | None = None
    update_date: str | None = None
    join_date: str | None = None


class GroupResult(Answer):
    """One group."""

    group: Group


class GroupList(Answer):
    """Groups, in the element that holds them."""

    group: list[Group]


class ListGroupsResult(Answer):
    """A page of groups."""

    groups: GroupList
    is_truncated: bool
    marker: str | None = None


class ListGroupsForUserResult(Answer):
    """All groups of a user."""

    groups: GroupList


class Member(Answer):
    """A user in a group."""

    user_name: str
    display_name: str
    join_date: str


class MemberList(Answer):
    """Members, in the element that holds them."""

    user: list[Member]


class ListUsersForGroupResult(Answer):
    """A page of members."""

    users: MemberList
    is_truncated: bool
    marker: str | None = None


class CreateGroupRequest(msgspec.Struct):
    """A new group."""

    group_name: str
    comments: str = ""


class GroupRequest(msgspec.Struct):
    """Which group is meant."""

    group_name: str


class UpdateGroupRequest(msgspec.Struct):
    """What is to change of a group."""

    group_name: str
    new_group_name: str = ""
    new_comments: str | None = None


class MembershipRequest(msgspec.Struct):
    """A user and a group."""

    user_name: str
    group_name: str


class MembersRequest(msgspec.Struct):
    """Which page of a group's members is meant."""

    group_name: str
    marker: str = ""
    max_items: str = ""


@rpc_operation("CreateGroup", RAM, action="ram:CreateGroup", resource="group/*")
async def create_group(call: Call, request: CreateGroupRequest) -> GroupResult:
    """Make a group."""
    name = check_name("group", request.group_name)
    comments = check_text("Comments", request.comments)

    def work(tx: Tx) -> Identity | None:
        room_for(tx, call.caller.account, "group")
        kept = GroupDetails(comments=comments, updated_ms=call.now_ms)
        return identities.insert(tx, call.caller.account, "group", name, call.now_ms, kept)

    return GroupResult(_shown(made("group", await call.engine.db.write(work, catalog=True))))


@rpc_operation("GetGroup", RAM, action="ram:GetGroup", resource=_GROUP)
async def get_group(call: Call, request: GroupRequest) -> GroupResult:
    """A group."""
    group = found(call.engine.db, call.caller.account, "group", request.group_name)
    return GroupResult(_shown(group))


@rpc_operation("UpdateGroup", RAM, action="ram:UpdateGroup", resource=_GROUP)
async def update_group(call: Call, request: UpdateGroupRequest) -> GroupResult:
    """Change or rename a group."""
    name = check_name("group", request.new_group_name or request.group_name)

    def work(tx: Tx) -> Identity | None:
        group = found(tx, call.caller.account, "group", request.group_name)
        kept = details(group, GroupDetails)
        text = kept.comments if request.new_comments is None else request.new_comments
        kept = GroupDetails(comments=check_text("NewComments", text), updated_ms=call.now_ms)
        return identities.update(tx, group, kept, name=name)

    return GroupResult(_shown(made("group", await call.engine.db.write(work, catalog=True))))


@rpc_operation("DeleteGroup", RAM, action="ram:DeleteGroup", resource=_GROUP)
async def delete_group(call: Call, request: GroupRequest) -> Done:
    """Remove a group that has neither users nor policies."""

    def work(tx: Tx) -> None:
        group = found(tx, call.caller.account, "group", request.group_name)
        if grants.members(tx, group.id):
            raise errors.DeleteConflictGroupUser()
        if grants.policies(tx, group.id):
            raise errors.DeleteConflictGroupPolicy()
        identities.delete(tx, group.id)

    await call.engine.db.write(work, catalog=True)
    return Done()


@rpc_operation("ListGroups", RAM, action="ram:ListGroups", resource="group/*")
async def list_groups(call: Call, request: PageRequest) -> ListGroupsResult:
    """A page of groups in order of their names."""
    groups, more, marker = named_page(call, "group", request.marker, request.max_items)
    return ListGroupsResult(GroupList([_shown(group) for group in groups]), more, marker)


@rpc_operation("AddUserToGroup", RAM, action="ram:AddUserToGroup", resource=_GROUP)
async def add_user_to_group(call: Call, request: MembershipRequest) -> Done:
    """Give a user all that the group is allowed."""

    def work(tx: Tx) -> bool:
        user, group = _both(tx, call, request)
        return grants.join(tx, user.id, group.id, call.now_ms)

    if not await call.engine.db.write(work, catalog=True):
        raise errors.AlreadyAMember()
    return Done()


@rpc_operation("RemoveUserFromGroup", RAM, action="ram:RemoveUserFromGroup", resource=_GROUP)
async def remove_user_from_group(call: Call, request: MembershipRequest) -> Done:
    """Take that away again."""

    def work(tx: Tx) -> bool:
        user, group = _both(tx, call, request)
        return grants.leave(tx, user.id, group.id)

    if not await call.engine.db.write(work, catalog=True):
        raise errors.NotAMember()
    return Done()


@rpc_operation("ListGroupsForUser", RAM, action="ram:ListGroupsForUser", resource="user/{UserName}")
async def list_groups_for_user(call: Call, request: UserRequest) -> ListGroupsForUserResult:
    """The groups that a user is in."""
    user = found(call.engine.db, call.caller.account, "user", request.user_name)
    teams = grants.teams(call.engine.db, user.id)
    return ListGroupsForUserResult(GroupList([_joined(team) for team in teams]))


@rpc_operation("ListUsersForGroup", RAM, action="ram:ListUsersForGroup", resource=_GROUP)
async def list_users_for_group(call: Call, request: MembersRequest) -> ListUsersForGroupResult:
    """A page of a group's members in order of their names."""
    db = call.engine.db
    group = found(db, call.caller.account, "group", request.group_name)

    def read(count: int) -> list[Grant]:
        later = [one for one in grants.members(db, group.id) if one.identity.name > request.marker]
        return later[:count]

    users, more, marker = page(request.max_items, read, lambda one: one.identity.name)
    return ListUsersForGroupResult(MemberList([_member(one) for one in users]), more, marker)


def _both(tx: Tx, call: Call, request: MembershipRequest) -> tuple[Identity, Identity]:
    account = call.caller.account
    return (
        found(tx, account, "user", request.user_name),
        found(tx, account, "group", request.group_name),
    )


def _shown(group: Identity) -> Group:
    kept = details(group, GroupDetails)
    return Group(
        group.public_id, group.name, kept.comments, date(group.created_ms),
        date_or_none(kept.updated_ms),
    )  # fmt: skip


def _joined(team: Grant) -> Group:
    comments = details(team.identity, GroupDetails).comments
    return Group(
        team.identity.public_id, team.identity.name, comments, join_date=date(team.since_ms)
    )


def _member(one: Grant) -> Member:
    display = details(one.identity, UserDetails).display_name
    return Member(one.identity.name, display, date(one.since_ms))
