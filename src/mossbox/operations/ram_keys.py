"""RAM: access keys of users (RAM documentation, "AccessKey management").

A secret is told once, in the answer to CreateAccessKey. A deleted key lies in the recycle bin.
"""

import msgspec

from mossbox import errors
from mossbox.engine import Tx, access_keys
from mossbox.engine.access_keys import KeyRow
from mossbox.operation import rpc_operation
from mossbox.operations.call import Call
from mossbox.operations.ram_common import RAM, Done, date, found, own_name
from mossbox.wire.forms import Answer

_USER = "user/{UserName}"


class NewAccessKey(Answer):
    """A key with its secret, for the only time."""

    access_key_id: str
    access_key_secret: str
    status: str
    create_date: str


class CreateAccessKeyResult(Answer):
    """The new key."""

    access_key: NewAccessKey


class AccessKey(Answer):
    """A key without its secret."""

    access_key_id: str
    status: str
    create_date: str


class AccessKeyList(Answer):
    """Keys, in the element that holds them."""

    access_key: list[AccessKey]


class ListAccessKeysResult(Answer):
    """All keys of a user."""

    access_keys: AccessKeyList


class UserKeysRequest(msgspec.Struct):
    """Whose keys are meant, by default the caller's."""

    user_name: str = ""


class UpdateAccessKeyRequest(msgspec.Struct):
    """Which key is to be Active or Inactive."""

    user_access_key_id: str
    status: str
    user_name: str = ""


class DeleteAccessKeyRequest(msgspec.Struct):
    """Which key is to go."""

    user_access_key_id: str
    user_name: str = ""


@rpc_operation("CreateAccessKey", RAM, action="ram:CreateAccessKey", resource=_USER)
async def create_access_key(call: Call, request: UserKeysRequest) -> CreateAccessKeyResult:
    """Make a key for a user."""
    account = call.caller.account
    user = found(call.engine.db, account, "user", own_name(call, request.user_name))
    made = await call.engine.directory.create_key(account, user.id, call.now_ms)
    if made is None:
        raise errors.TooManyUserKeys()
    row, secret = made
    return CreateAccessKeyResult(NewAccessKey(row.id, secret, "Active", date(row.created_ms)))


@rpc_operation("ListAccessKeys", RAM, action="ram:ListAccessKeys", resource=_USER)
async def list_access_keys(call: Call, request: UserKeysRequest) -> ListAccessKeysResult:
    """A user's keys, oldest first."""
    db = call.engine.db
    user = found(db, call.caller.account, "user", own_name(call, request.user_name))
    keys = access_keys.of_identity(db, user.id)
    return ListAccessKeysResult(AccessKeyList([_shown(key) for key in keys]))


@rpc_operation("UpdateAccessKey", RAM, action="ram:UpdateAccessKey", resource=_USER)
async def update_access_key(call: Call, request: UpdateAccessKeyRequest) -> Done:
    """Activate or deactivate a key; requests that begin after the answer feel it."""
    if request.status not in ("Active", "Inactive"):
        raise errors.InvalidStatus()

    def work(tx: Tx) -> None:
        key = _key(tx, call, request.user_name, request.user_access_key_id)
        access_keys.set_state(tx, key.id, active=request.status == "Active")

    await call.engine.db.write(work, catalog=True)
    return Done()


@rpc_operation("DeleteAccessKey", RAM, action="ram:DeleteAccessKey", resource=_USER)
async def delete_access_key(call: Call, request: DeleteAccessKeyRequest) -> Done:
    """Put a key into the recycle bin; it stops at once."""

    def work(tx: Tx) -> None:
        key = _key(tx, call, request.user_name, request.user_access_key_id)
        access_keys.set_state(tx, key.id, active=False, binned_ms=call.now_ms)

    await call.engine.db.write(work, catalog=True)
    return Done()


def _key(tx: Tx, call: Call, user_name: str, key_id: str) -> KeyRow:
    """A key of the user that is named; raises EntityNotExist.User, .User.AccessKey."""
    user = found(tx, call.caller.account, "user", own_name(call, user_name))
    for key in access_keys.of_identity(tx, user.id):
        if key.id == key_id:
            return key
    raise errors.NoSuchUserKey()


def _shown(key: KeyRow) -> AccessKey:
    return AccessKey(key.id, "Active" if key.active else "Inactive", date(key.created_ms))
