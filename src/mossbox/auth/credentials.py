"""Access keys: from a key id to its secret and to whom it stands for."""

from collections.abc import Mapping
from typing import NamedTuple

from mossbox import errors
from mossbox.auth import Caller, Claim


class AccessKey(NamedTuple):
    """A long-lived key. Its secret never leaves the process."""

    key_id: str
    secret: str
    account: int
    uid: str

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


def caller_of(key: AccessKey, claim: Claim) -> Caller:
    """Who a verified claim stands for."""
    return Caller("root", key.account, key.uid, key.key_id, claim.via)
