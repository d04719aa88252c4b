"""Encryption at rest as requests and buckets ask for it, and the keys that follow from it.

Rules and codes are OSS's (OSS documentation, "Server-side encryption" and "PutObject").
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from mossbox import errors
from mossbox.engine.cipher import AES256, SM4, DataKey
from mossbox.engine.keyring import RingKey
from mossbox.operations.call import Call

ALGORITHM = "x-oss-server-side-encryption"
DATA_ALGORITHM = "x-oss-server-side-data-encryption"
KEY_ID = "x-oss-server-side-encryption-key-id"

_CIPHERS = {"AES256": AES256, "SM4": SM4, "KMS": AES256}
_INVALID_KEY_EC = "0005-00000208"


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """How objects are to be encrypted: AES256 or SM4 under the store's own key, or KMS."""

    algorithm: str
    data_algorithm: str = ""  # with KMS: SM4, or AES256 where empty
    key_id: str = ""  # with KMS: the account's default where empty


class Seal(NamedTuple):
    """A rule whose key is known; `headers` are what answers tell of it."""

    cipher: int
    ring: RingKey
    headers: dict[str, str]

    def data_key(self, call: Call) -> tuple[DataKey, bytes]:
        """A fresh data key, and how it is kept; raises AccessDenied for a disabled ring key."""
        return call.engine.keyring.make(self.ring, self.cipher)


_decode = msgspec.json.Decoder(Rule).decode
encode_rule = msgspec.json.Encoder().encode


def decode_rule(text: str) -> Rule:
    """A bucket's default, as its row keeps it."""
    return _decode(text.encode())


def asked(algorithm: str | None, data_algorithm: str | None, key_id: str | None) -> Rule | None:
    """The rule that a request's headers make; None where they say nothing.

    Raises InvalidEncryptionAlgorithmError, InvalidDataEncryptionAlgorithmError, InvalidArgument.
    """
    if algorithm is None:
        # OSS overlooks a data algorithm alone; here nothing is kept in the clear for who sent one.
        for header, value in ((DATA_ALGORITHM, data_algorithm), (KEY_ID, key_id)):
            if value is not None:
                raise errors.invalid_argument(f"This needs {ALGORITHM}: KMS.", header, value)
        return None
    return checked(Rule(algorithm, data_algorithm or "", key_id or ""), KEY_ID)


def checked(rule: Rule, key_name: str) -> Rule:
    """The same rule if it is one; `key_name` is what a refusal calls the key id.

    Raises InvalidEncryptionAlgorithmError, InvalidDataEncryptionAlgorithmError, InvalidArgument.
    """
    if rule.algorithm not in _CIPHERS:
        raise errors.InvalidEncryptionAlgorithmError()
    if rule.data_algorithm not in ("", "SM4"):
        raise errors.InvalidDataEncryptionAlgorithmError()
    if rule.algorithm == "KMS":
        return rule
    if rule.key_id:
        message = f"{key_name} is not applicable if the default sse algorithm is not KMS"
        raise errors.invalid_argument(message, key_name, rule.key_id)
    return Rule(rule.algorithm)  # OSS takes a data algorithm without KMS, and does nothing with it


async def seal(call: Call, rule: Rule | None) -> Seal | None:
    """The key that a rule means, or the one of the bucket's default where there is no rule.

    Raises InvalidParameter for a key id that is none of the bucket owner's, AccessDenied for a
    disabled key: before the body is asked for.
    """
    if rule is None:
        if call.bucket.encryption is None:
            return None
        rule = decode_rule(call.bucket.encryption)
    keyring = call.engine.keyring
    headers = {ALGORITHM: rule.algorithm}
    if rule.algorithm != "KMS":
        return _usable(
            Seal(_CIPHERS[rule.algorithm], await keyring.oss_managed(call.now_ms), headers)
        )
    if rule.key_id:
        ring = find_key(call, rule.key_id)
    else:
        ring = await keyring.default(call.bucket.account, call.now_ms)
    if rule.data_algorithm:
        headers[DATA_ALGORITHM] = rule.data_algorithm
    headers[KEY_ID] = ring.name
    return _usable(Seal(SM4 if rule.data_algorithm else AES256, ring, headers))


async def seal_again(call: Call, headers: Mapping[str, str]) -> Seal | None:
    """The seal of what an object or upload already is, as its stored headers tell."""
    if not headers:
        return None
    return await seal(
        call,
        Rule(headers[ALGORITHM], headers.get(DATA_ALGORITHM, ""), headers.get(KEY_ID, "")),
    )


def find_key(call: Call, key_id: str) -> RingKey:
    """A KMS key of the bucket's owner; raises InvalidParameter."""
    found = call.engine.keyring.find(call.bucket.account, key_id)
    if found is None:
        raise errors.InvalidParameter("KMS keyId not valid", ec=_INVALID_KEY_EC, KeyId=key_id)
    return found


def same(one: Seal | None, headers: Mapping[str, str]) -> bool:
    """Whether bytes that were stored under `headers` may serve an object of this seal as well."""
    return (one.headers if one else {}) == headers


def _usable(made: Seal) -> Seal:
    if not made.ring.enabled:
        raise errors.AccessDenied(
            f"This request is forbidden by kms: the key {made.ring.name} is disabled."
        )
    return made
