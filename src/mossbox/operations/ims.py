"""IMS: the recycle bin of users and of access keys (IMS documentation, "Recycle bin").

What lies there stays until somebody removes it. A user's name is free while it lies there; to be
restored, it must still be.
"""

import msgspec

from mossbox import errors
from mossbox.engine import Database, Tx, access_keys, identities
from mossbox.engine.access_keys import KeyRow
from mossbox.engine.identities import Identity, UserDetails, details, row_of
from mossbox.operation import rpc_operation
from mossbox.operations.call import Call
from mossbox.operations.ram_common import IMS, Done, date, name_of, page
from mossbox.wire.forms import Answer

_USER = "user/*"


class BinnedUser(Answer):
    """A user in the bin."""

    user_id: str
    user_principal_name: str
    display_name: str
    create_date: str
    recycle_date: str
    delete_date: str


class BinnedUserList(Answer):
    """Users, in the element that holds them."""

    user: list[BinnedUser]


class ListUsersInRecycleBinResult(Answer):
    """A page of the bin."""

    users: BinnedUserList
    is_truncated: bool
    marker: str | None = None


class BinnedUserResult(Answer):
    """One user."""

    user: BinnedUser


class BinnedKey(Answer):
    """A key in the bin."""

    access_key_id: str
    create_date: str
    recycle_date: str
    delete_date: str


class BinnedKeyList(Answer):
    """Keys, in the element that holds them."""

    access_key: list[BinnedKey]


class ListAccessKeysInRecycleBinResult(Answer):
    """The keys of a user that lie in the bin."""

    access_keys: BinnedKeyList


class BinPageRequest(msgspec.Struct):
    """Which page of the bin is meant, and what a user's name there must begin with."""

    marker: str = ""
    max_items: str = ""
    filter: str = ""


class BinnedUserRequest(msgspec.Struct):
    """Which user is meant."""

    user_id: str


class UserIdRequest(msgspec.Struct):
    """Whose keys are meant."""

    user_id: str


class BinnedKeyRequest(msgspec.Struct):
    """Which key is meant."""

    user_access_key_id: str
    user_id: str = ""


@rpc_operation("ListUsersInRecycleBin", IMS, action="ims:ListUsersInRecycleBin", resource=_USER)
async def list_users_in_recycle_bin(
    call: Call, request: BinPageRequest
) -> ListUsersInRecycleBinResult:
    """A page of the users in the bin."""
    account = call.caller.account

    def read(count: int) -> list[Identity]:
        wanted = count if not request.filter else 1 << 20
        binned = identities.page(call.engine.db, account, "binned", request.marker, wanted)
        fit = (u for u in binned if details(u, UserDetails).name.startswith(request.filter))
        return list(fit)[:count]

    users, more, marker = page(request.max_items, read, name_of)
    shown = [_shown(call, user) for user in users]
    return ListUsersInRecycleBinResult(BinnedUserList(shown), more, marker)


@rpc_operation("GetUserInRecycleBin", IMS, action="ims:GetUserInRecycleBin", resource=_USER)
async def get_user_in_recycle_bin(call: Call, request: BinnedUserRequest) -> BinnedUserResult:
    """A user in the bin."""
    return BinnedUserResult(_shown(call, _binned(call.engine.db, call, request.user_id)))


@rpc_operation("RestoreUserFromRecycleBin", IMS, action="ims:RestoreUserFromRecycleBin",
               resource=_USER)  # fmt: skip
async def restore_user_from_recycle_bin(call: Call, request: BinnedUserRequest) -> Done:
    """Bring a user back with its groups, policies and keys, which stay inactive."""

    def work(tx: Tx) -> Identity | None:
        user = _binned(tx, call, request.user_id)
        kept = details(user, UserDetails)
        back = msgspec.structs.replace(kept, name="", binned_ms=0, updated_ms=call.now_ms)
        return identities.update(tx, user, back, name=kept.name, kind="user")

    if await call.engine.db.write(work, catalog=True) is None:
        raise errors.UserExists("Another user has the name by now.")
    return Done()


@rpc_operation("DeleteUserInRecycleBin", IMS, action="ims:DeleteUserInRecycleBin",
               resource=_USER)  # fmt: skip
async def delete_user_in_recycle_bin(call: Call, request: BinnedUserRequest) -> Done:
    """Remove a user for good."""

    def work(tx: Tx) -> None:
        identities.delete(tx, _binned(tx, call, request.user_id).id)

    await call.engine.db.write(work, catalog=True)
    return Done()


@rpc_operation("ListAccessKeysInRecycleBin", IMS, action="ims:ListAccessKeysInRecycleBin",
               resource=_USER)  # fmt: skip
async def list_access_keys_in_recycle_bin(
    call: Call, request: UserIdRequest
) -> ListAccessKeysInRecycleBinResult:
    """The keys of a user that lie in the bin."""
    user = _of_account(call, request.user_id)
    keys = access_keys.of_identity(call.engine.db, user.id, binned=True)
    return ListAccessKeysInRecycleBinResult(BinnedKeyList([_key_shown(key) for key in keys]))


@rpc_operation("RestoreAccessKeyFromRecycleBin", IMS,
               action="ims:RestoreAccessKeyFromRecycleBin", resource=_USER)  # fmt: skip
async def restore_access_key_from_recycle_bin(call: Call, request: BinnedKeyRequest) -> Done:
    """Bring a key back; it stays inactive."""

    def work(tx: Tx) -> None:
        key = _key(tx, call, request)
        if len(access_keys.of_identity(tx, key.identity)) >= access_keys.KEYS_MAX:
            raise errors.TooManyUserKeys()
        access_keys.set_state(tx, key.id, active=False)

    await call.engine.db.write(work, catalog=True)
    return Done()


@rpc_operation("DeleteAccessKeyInRecycleBin", IMS, action="ims:DeleteAccessKeyInRecycleBin",
               resource=_USER)  # fmt: skip
async def delete_access_key_in_recycle_bin(call: Call, request: BinnedKeyRequest) -> Done:
    """Remove a key for good."""

    def work(tx: Tx) -> None:
        access_keys.delete(tx, _key(tx, call, request).id)

    await call.engine.db.write(work, catalog=True)
    return Done()


def _binned(source: Database | Tx, call: Call, user_id: str) -> Identity:
    """A user in the bin; raises EntityNotExist.User."""
    user = identities.by_row(source, row_of(user_id, "binned"))
    if user is None or user.kind != "binned" or user.account != call.caller.account:
        raise errors.NoSuchUserEntity("The user is not in the recycle bin.")
    return user


def _of_account(call: Call, user_id: str) -> Identity:
    """A user of the account, in the bin or not; raises EntityNotExist.User."""
    user = identities.by_row(call.engine.db, row_of(user_id, "user"))
    if user is None or user.account != call.caller.account:
        raise errors.NoSuchUserEntity()
    return user


def _key(tx: Tx, call: Call, request: BinnedKeyRequest) -> KeyRow:
    """A key in the bin; raises EntityNotExist.User.AccessKey."""
    key = access_keys.find(tx, call.caller.account, request.user_access_key_id)
    if key is None or not key.binned_ms:
        raise errors.NoSuchUserKey("The access key is not in the recycle bin.")
    if request.user_id and row_of(request.user_id, "user") != key.identity:
        raise errors.NoSuchUserKey("The access key is another user's.")
    return key


_KEPT_FOR_EVER = "2999-12-31T00:00:00Z"


def _shown(call: Call, user: Identity) -> BinnedUser:
    kept = details(user, UserDetails)
    principal = f"{kept.name}@{call.caller.uid}.onaliyun.com"
    return BinnedUser(
        user.public_id, principal, kept.display_name, date(user.created_ms),
        date(kept.binned_ms), _KEPT_FOR_EVER,
    )  # fmt: skip


def _key_shown(key: KeyRow) -> BinnedKey:
    return BinnedKey(key.id, date(key.created_ms), date(key.binned_ms), _KEPT_FOR_EVER)
