"""Access keys: from a key id to its secret and to whom it stands for."""

from collections.abc import Mapping
from typing import NamedTuple

from mossbox import errors
from mossbox.auth import Caller, Claim


class AccessKey(NamedTuple):
    """A long-lived key. Its secret never leaves the process."""

    key_id: str
    secret: str
    by_header: Caller
    by_query: Caller

    def __repr__(self) -> str:
        return f"AccessKey({self.key_id!r}, secret hidden)"


class Keys:
    """The keys that a worker knows."""

    def __init__(self, keys: Mapping[str, AccessKey]) -> None:
        self._keys = dict(keys)

    def find(self, claim: Claim) -> AccessKey:
        """The key of a claim; raises InvalidAccessKeyId, InvalidSecurityToken."""
        key = self._keys.get(claim.key_id)
        if key is None:
            raise errors.InvalidAccessKeyId(OSSAccessKeyId=claim.key_id)
        if claim.token:
            raise errors.InvalidSecurityToken()  # tokens belong to temporary keys only
        return key


def root_key(key_id: str, secret: str, account: int, uid: str) -> AccessKey:
    """A key of an account's root, with the callers that it can prove."""
    callers = (Caller("root", account, uid, key_id, via) for via in ("header", "query"))
    return AccessKey(key_id, secret, *callers)
