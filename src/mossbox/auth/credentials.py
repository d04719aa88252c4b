"""Access keys: from a key id to its secret and to whom it stands for.

There are three kinds: those that the settings give, those of users, which a directory keeps, and
temporary ones, which come with a token that says everything.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from mossbox import errors
from mossbox.auth import Caller, Claim
from mossbox.auth.tokens import PREFIX, Session, Tokens
from mossbox.errors import ServiceError

DISABLED = "The OSS Access Key Id you provided is disabled."
_REMEMBERED_MAX = 10_000


class AccessKey(NamedTuple):
    """A key. Its secret never leaves the process."""

    key_id: str
    secret: str
    by_header: Caller
    by_query: Caller
    expires_s: int = 0  # of a temporary one

    def __repr__(self) -> str:
        return f"AccessKey({self.key_id!r}, secret hidden)"

    def check_life(self, now_s: float) -> None:
        """Raise SecurityTokenExpired for a temporary key past its time."""
        if self.expires_s and now_s >= self.expires_s:
            raise errors.SecurityTokenExpired()


class Owner(Protocol):
    """Whom a user's key stands for, and the key's secret as it is kept."""

    @property
    def active(self) -> bool:
        """Whether the key may be used."""

    @property
    def secret(self) -> bytes:
        """The key's secret as it is kept."""

    @property
    def identity(self) -> int:
        """The user's row."""

    @property
    def uid(self) -> str:
        """The account's id."""


class Known(Protocol):
    """A user or role."""

    @property
    def kind(self) -> str:
        """User or role."""

    @property
    def account(self) -> int:
        """The account's row."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def public_id(self) -> str:
        """What the API calls its id."""


class Directory(Protocol):
    """Where keys and roles are looked up; whatever changes there changes `generation`."""

    @property
    def generation(self) -> int:
        """Odd while a change is being committed."""

    def owner(self, key_id: str) -> Owner | None:
        """The user of a key, None of an unknown key."""

    def secret(self, key_id: str, sealed: bytes) -> str:
        """The secret of a key."""

    def identity(self, row: int) -> Known | None:
        """A user or role."""


class Keys:
    """The keys that a worker knows: `keys` for ever, the others until the directory changes."""

    def __init__(
        self,
        keys: Mapping[str, AccessKey],
        directory: Directory | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._keys = dict(keys)
        self._directory = directory
        self._tokens = tokens
        self._seen = -1
        self._remembered: dict[str, AccessKey] = {}

    def find(self, claim: Claim) -> AccessKey:
        """The key of a claim.

        Raises InvalidAccessKeyId, InvalidSecurityToken, AccessKeyIdAndSecurityTokenNotMatch.
        """
        key = self._keys.get(claim.key_id)
        if key is None:
            return self._look_up(claim)
        if claim.token:
            raise errors.InvalidSecurityToken()  # tokens belong to temporary keys only
        return key

    def _look_up(self, claim: Claim) -> AccessKey:
        directory = self._directory
        temporary = claim.key_id.startswith(PREFIX)
        if directory is None or (temporary and not claim.token):
            raise unknown_key(claim.key_id)
        if claim.token and not temporary:
            self._cached(directory, claim.key_id, None)  # a key that nobody has is named first
            raise errors.InvalidSecurityToken()
        key = self._cached(directory, claim.key_id, claim.token)
        if key.key_id != claim.key_id:
            raise errors.AccessKeyIdAndSecurityTokenNotMatch(OSSAccessKeyId=claim.key_id)
        return key

    def _cached(self, directory: Directory, key_id: str, token: str | None) -> AccessKey:
        generation = directory.generation
        if generation != self._seen:
            self._remembered.clear()
            self._seen = generation
        key = self._remembered.get(token or key_id)
        if key is None:
            key = self._temporary(directory, token) if token else _lasting(directory, key_id)
            # Odd: a change is being committed, and what was just read may be the old row.
            if not generation & 1 and len(self._remembered) < _REMEMBERED_MAX:
                self._remembered[token or key_id] = key
        return key

    def _temporary(self, directory: Directory, token: str) -> AccessKey:
        session = None if self._tokens is None else self._tokens.open(token)
        if session is None or self._tokens is None:
            raise errors.InvalidSecurityToken()
        role = directory.identity(session.role)
        if role is None or role.kind != "role" or role.account != session.account:
            raise errors.InvalidSecurityToken()  # the role is gone, and one made anew is another
        return _session_key(session, role, self._tokens.secret(session.key_id))


def unknown_key(key_id: str) -> ServiceError:
    """InvalidAccessKeyId for a key that nobody has."""
    return errors.InvalidAccessKeyId(OSSAccessKeyId=key_id)


def _lasting(directory: Directory, key_id: str) -> AccessKey:
    owner = directory.owner(key_id)
    if owner is None:
        raise unknown_key(key_id)
    if not owner.active:
        raise errors.InvalidAccessKeyId(DISABLED, OSSAccessKeyId=key_id)
    user = directory.identity(owner.identity)
    if user is None:
        raise unknown_key(key_id)
    caller = Caller(
        "user", user.account, owner.uid, key_id, "header", owner.identity, user.public_id, user.name
    )
    secret = directory.secret(key_id, owner.secret)
    return AccessKey(key_id, secret, caller, replace(caller, via="query"))


def _session_key(session: Session, role: Known, secret: str) -> AccessKey:
    caller = Caller(
        "role", session.account, session.uid, session.key_id, "header", session.role,
        role.public_id, role.name, session.name, session.policy or None, session.expires_s,
    )  # fmt: skip
    by_query = replace(caller, via="query")
    return AccessKey(session.key_id, secret, caller, by_query, session.expires_s)


def root_key(key_id: str, secret: str, account: int, uid: str) -> AccessKey:
    """A key of an account's root, with the callers that it can prove."""
    caller = Caller("root", account, uid, key_id, "header")
    return AccessKey(key_id, secret, caller, replace(caller, via="query"))
