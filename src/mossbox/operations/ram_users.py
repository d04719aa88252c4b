"""RAM: users and their passwords (RAM documentation, "User management")."""

import hashlib
import secrets
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import Tx, access_keys, identities
from mossbox.engine.identities import Identity, Login, UserDetails, details
from mossbox.operation import rpc_operation
from mossbox.operations.call import Call
from mossbox.operations.ram_common import (
    RAM,
    Done,
    check_name,
    check_text,
    date,
    date_or_none,
    flag,
    found,
    made,
    named_page,
    room_for,
)
from mossbox.wire.fields import Element
from mossbox.wire.forms import Answer

_USER = "user/{UserName}"
_PASSWORD_MIN, _PASSWORD_MAX = 8, 128
_SALT_BYTES = 16


class User(Answer):
    """A user."""

    user_id: str
    user_name: str
    display_name: str
    mobile_phone: str
    email: str
    comments: str
    create_date: str
    update_date: str | None = None


class UserResult(Answer):
    """One user."""

    user: User


class UserList(Answer):
    """Users, in the element that holds them."""

    user: list[User]


class ListUsersResult(Answer):
    """A page of users."""

    users: UserList
    is_truncated: bool
    marker: str | None = None


class CreateUserRequest(msgspec.Struct):
    """A new user."""

    user_name: str
    display_name: str = ""
    mobile_phone: str = ""
    email: str = ""
    comments: str = ""


class UserRequest(msgspec.Struct):
    """Which user is meant."""

    user_name: str


class UpdateUserRequest(msgspec.Struct):
    """What is to change of a user; None stays as it is."""

    user_name: str
    new_user_name: str = ""
    new_display_name: str | None = None
    new_mobile_phone: str | None = None
    new_email: str | None = None
    new_comments: str | None = None


class PageRequest(msgspec.Struct):
    """Which page is meant."""

    marker: str = ""
    max_items: str = ""


@rpc_operation("CreateUser", RAM, action="ram:CreateUser", resource="user/*")
async def create_user(call: Call, request: CreateUserRequest) -> UserResult:
    """Make a user, who may do nothing yet."""
    name = check_name("user", request.user_name)
    kept = UserDetails(
        display_name=check_text("DisplayName", request.display_name or name),
        mobile_phone=check_text("MobilePhone", request.mobile_phone),
        email=check_text("Email", request.email),
        comments=check_text("Comments", request.comments),
        updated_ms=call.now_ms,
    )

    def work(tx: Tx) -> Identity | None:
        room_for(tx, call.caller.account, "user")
        return identities.insert(tx, call.caller.account, "user", name, call.now_ms, kept)

    return UserResult(_shown(made("user", await call.engine.db.write(work, catalog=True))))


@rpc_operation("GetUser", RAM, action="ram:GetUser", resource=_USER)
async def get_user(call: Call, request: UserRequest) -> UserResult:
    """A user."""
    user = found(call.engine.db, call.caller.account, "user", request.user_name)
    return UserResult(_shown(user))


@rpc_operation("UpdateUser", RAM, action="ram:UpdateUser", resource=_USER)
async def update_user(call: Call, request: UpdateUserRequest) -> UserResult:
    """Change or rename a user."""
    name = check_name("user", request.new_user_name or request.user_name)
    asked = {
        "display_name": request.new_display_name,
        "mobile_phone": request.new_mobile_phone,
        "email": request.new_email,
        "comments": request.new_comments,
    }
    changed = {key: check_text(key, text) for key, text in asked.items() if text is not None}

    def work(tx: Tx) -> Identity | None:
        user = found(tx, call.caller.account, "user", request.user_name)
        kept = details(user, UserDetails)
        kept = msgspec.structs.replace(kept, **changed, updated_ms=call.now_ms)
        return identities.update(tx, user, kept, name=name)

    return UserResult(_shown(made("user", await call.engine.db.write(work, catalog=True))))


@rpc_operation("DeleteUser", RAM, action="ram:DeleteUser", resource=_USER)
async def delete_user(call: Call, request: UserRequest) -> Done:
    """Move a user into the recycle bin, with its keys, groups and policies; its keys stop."""

    def work(tx: Tx) -> None:
        user = found(tx, call.caller.account, "user", request.user_name)
        kept = details(user, UserDetails)
        kept = msgspec.structs.replace(kept, name=user.name, binned_ms=call.now_ms)
        # In the bin it is called by its row, so that its name is free.
        identities.update(tx, user, kept, name=str(user.id), kind="binned")
        access_keys.deactivate_all(tx, user.id)

    await call.engine.db.write(work, catalog=True)
    return Done()


@rpc_operation("ListUsers", RAM, action="ram:ListUsers", resource="user/*")
async def list_users(call: Call, request: PageRequest) -> ListUsersResult:
    """A page of users in order of their names."""
    users, more, marker = named_page(call, "user", request.marker, request.max_items)
    return ListUsersResult(UserList([_shown(user) for user in users]), more, marker)


def _shown(user: Identity) -> User:
    kept = details(user, UserDetails)
    return User(
        user.public_id, user.name, kept.display_name, kept.mobile_phone, kept.email,
        kept.comments, date(user.created_ms), date_or_none(kept.updated_ms),
    )  # fmt: skip


# -- passwords ---------------------------------------------------------------------------------


class LoginProfile(Answer):
    """Whether a user may use the console, without the password."""

    user_name: str
    password_reset_required: bool
    mfa_bind_required: Annotated[bool, Element("MFABindRequired")]
    create_date: str


class LoginProfileResult(Answer):
    """One login profile."""

    login_profile: LoginProfile


class LoginProfileRequest(msgspec.Struct):
    """A user's password."""

    user_name: str
    password: str = ""
    password_reset_required: str = ""
    mfa_bind_required: str = ""


@rpc_operation("CreateLoginProfile", RAM, action="ram:CreateLoginProfile", resource=_USER)
async def create_login_profile(call: Call, request: LoginProfileRequest) -> LoginProfileResult:
    """Give a user a password."""
    salt, digest = _hashed(request.password)
    login = Login(
        salt=salt,
        digest=digest,
        reset_required=flag("PasswordResetRequired", request.password_reset_required),
        mfa_required=flag("MFABindRequired", request.mfa_bind_required),
        created_ms=call.now_ms,
    )

    def work(tx: Tx) -> Identity | None:
        user = found(tx, call.caller.account, "user", request.user_name)
        kept = details(user, UserDetails)
        if kept.login is not None:
            raise errors.LoginProfileExists()
        return identities.update(tx, user, msgspec.structs.replace(kept, login=login))

    return _login(made("user", await call.engine.db.write(work)))


@rpc_operation("GetLoginProfile", RAM, action="ram:GetLoginProfile", resource=_USER)
async def get_login_profile(call: Call, request: UserRequest) -> LoginProfileResult:
    """A user's login profile."""
    return _login(found(call.engine.db, call.caller.account, "user", request.user_name))


@rpc_operation("UpdateLoginProfile", RAM, action="ram:UpdateLoginProfile", resource=_USER)
async def update_login_profile(call: Call, request: LoginProfileRequest) -> Done:
    """Change a user's password, or what is asked for beside it."""
    salt, digest = _hashed(request.password) if request.password else (b"", b"")

    def work(tx: Tx) -> None:
        user = found(tx, call.caller.account, "user", request.user_name)
        kept = details(user, UserDetails)
        login = _profile(kept)
        changed = msgspec.structs.replace(
            login,
            salt=salt or login.salt,
            digest=digest or login.digest,
            reset_required=flag(
                "PasswordResetRequired", request.password_reset_required, login.reset_required
            ),
            mfa_required=flag("MFABindRequired", request.mfa_bind_required, login.mfa_required),
        )
        identities.update(tx, user, msgspec.structs.replace(kept, login=changed))

    await call.engine.db.write(work)
    return Done()


@rpc_operation("DeleteLoginProfile", RAM, action="ram:DeleteLoginProfile", resource=_USER)
async def delete_login_profile(call: Call, request: UserRequest) -> Done:
    """Take a user's password away."""

    def work(tx: Tx) -> None:
        user = found(tx, call.caller.account, "user", request.user_name)
        kept = details(user, UserDetails)
        _profile(kept)
        identities.update(tx, user, msgspec.structs.replace(kept, login=None))

    await call.engine.db.write(work)
    return Done()


def _profile(kept: UserDetails) -> Login:
    if kept.login is None:
        raise errors.NoSuchLoginProfile()
    return kept.login


def _login(user: Identity) -> LoginProfileResult:
    login = _profile(details(user, UserDetails))
    return LoginProfileResult(
        LoginProfile(user.name, login.reset_required, login.mfa_required, date(login.created_ms))
    )


def _hashed(password: str) -> tuple[bytes, bytes]:
    """Salt and hash of a new password; raises InvalidParameter.Password."""
    if not _PASSWORD_MIN <= len(password) <= _PASSWORD_MAX:
        raise errors.InvalidPassword()
    salt = secrets.token_bytes(_SALT_BYTES)
    raw = password.encode("utf-8", "surrogateescape")
    return salt, hashlib.scrypt(raw, salt=salt, n=1 << 14, r=8, p=1)
