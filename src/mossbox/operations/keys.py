"""The key ring's own operations, named as those of the vendor's KMS: for the account's root alone.

OSS has none of these; they are found at the service's address by the query ``mossbox-keys``.
"""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import iso_ms
from mossbox.engine.keyring import RingKey
from mossbox.operation import operation
from mossbox.operations.call import Call
from mossbox.wire.fields import Element, Query

_DESCRIPTION_MAX = 8192


class KeyVersion(msgspec.Struct):
    """One of a key's versions: the last one encrypts, all of them open."""

    version: int
    create_time: Annotated[str, Element(plain=True)]


class KeyMetadata(msgspec.Struct):
    """A key without its bytes."""

    key_id: str
    key_state: str
    default: bool
    description: str
    creation_date: Annotated[str, Element(plain=True)]
    key_versions: Annotated[list[KeyVersion], Element("KeyVersions/KeyVersion")]


class KeyResult(msgspec.Struct):
    """One key."""

    key_metadata: KeyMetadata


class ListKeysResult(msgspec.Struct):
    """All keys of the account, oldest first."""

    keys: Annotated[list[KeyMetadata], Element("Keys/Key")]


class CreateKeyRequest(msgspec.Struct):
    """What the key is for."""

    description: Annotated[str, Query("x-oss-key-description")] = ""


class ListKeysRequest(msgspec.Struct):
    """Nothing more to say."""


class KeyRequest(msgspec.Struct):
    """Which key is meant."""

    key_id: Annotated[str, Query("x-oss-key-id")] = ""


@operation("CreateKey", "POST", "service", when=["mossbox-keys=CreateKey"], action="kms:CreateKey",
           root="CreateKeyResponse")  # fmt: skip
async def create_key(call: Call, request: CreateKeyRequest) -> KeyResult:
    """Make a key."""
    account = _root(call)
    if len(request.description) > _DESCRIPTION_MAX:
        raise errors.invalid_argument(
            "The description is too long.", "x-oss-key-description", request.description[:100]
        )
    return _shown(call, await call.engine.keyring.create(account, call.now_ms, request.description))


@operation("ListKeys", "GET", "service", when=["mossbox-keys=ListKeys"], action="kms:ListKeys",
           root="ListKeysResponse")  # fmt: skip
async def list_keys(call: Call, request: ListKeysRequest) -> ListKeysResult:
    """All keys of the account."""
    return ListKeysResult([_metadata(call, ring) for ring in call.engine.keyring.keys(_root(call))])


@operation("DescribeKey", "GET", "service", when=["mossbox-keys=DescribeKey"],
           action="kms:DescribeKey", root="DescribeKeyResponse")  # fmt: skip
async def describe_key(call: Call, request: KeyRequest) -> KeyResult:
    """A key and its versions."""
    return _shown(call, call.engine.keyring.named(_root(call), request.key_id))


@operation("EnableKey", "POST", "service", when=["mossbox-keys=EnableKey"],
           action="kms:EnableKey", root="EnableKeyResponse")  # fmt: skip
async def enable_key(call: Call, request: KeyRequest) -> KeyResult:
    """Let a key be used again."""
    account = _root(call)
    await call.engine.keyring.enable(account, request.key_id, enabled=True)
    return _shown(call, call.engine.keyring.named(account, request.key_id))


@operation("DisableKey", "POST", "service", when=["mossbox-keys=DisableKey"],
           action="kms:DisableKey", root="DisableKeyResponse")  # fmt: skip
async def disable_key(call: Call, request: KeyRequest) -> KeyResult:
    """Let nothing be written or read with a key; requests that begin after the answer fail."""
    account = _root(call)
    await call.engine.keyring.enable(account, request.key_id, enabled=False)
    return _shown(call, call.engine.keyring.named(account, request.key_id))


@operation("CreateKeyVersion", "POST", "service", when=["mossbox-keys=CreateKeyVersion"],
           action="kms:CreateKeyVersion", root="CreateKeyVersionResponse")  # fmt: skip
async def create_key_version(call: Call, request: KeyRequest) -> KeyResult:
    """Rotate a key: what is written from now on uses a new version."""
    account = _root(call)
    return _shown(call, await call.engine.keyring.rotate(account, request.key_id, call.now_ms))


@operation("SetDefaultKey", "POST", "service", when=["mossbox-keys=SetDefaultKey"],
           action="kms:SetDefaultKey", root="SetDefaultKeyResponse")  # fmt: skip
async def set_default_key(call: Call, request: KeyRequest) -> KeyResult:
    """Use a key wherever KMS is asked for without a key id."""
    account = _root(call)
    await call.engine.keyring.prefer(account, request.key_id)
    return _shown(call, call.engine.keyring.named(account, request.key_id))


def _root(call: Call) -> int:
    """The caller's account; raises AccessDenied for all but its root."""
    if call.caller.kind != "root":
        raise errors.AccessDenied("The key ring is for the account's own keys alone.")
    return call.caller.account


def _shown(call: Call, ring: RingKey) -> KeyResult:
    return KeyResult(_metadata(call, ring))


def _metadata(call: Call, ring: RingKey) -> KeyMetadata:
    return KeyMetadata(
        key_id=ring.name,
        key_state="Enabled" if ring.enabled else "Disabled",
        default=ring.preferred,
        description=ring.description,
        creation_date=iso_ms(ring.created_ms),
        key_versions=[
            KeyVersion(version.version, iso_ms(version.created_ms))
            for version in call.engine.keyring.versions(ring)
        ],
    )
