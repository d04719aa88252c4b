"""Models and checks that several topics share."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.auth import Caller, policy
from mossbox.auth.acl import PUBLIC_READ
from mossbox.clock import http_date
from mossbox.engine import ObjectMeta, Version
from mossbox.operation import Need
from mossbox.operations import rules
from mossbox.operations.call import Call
from mossbox.operations.refusals import refusal
from mossbox.wire import names
from mossbox.wire.fields import Element

XML_LIMIT_BYTES = 1 << 20


class Owner(msgspec.Struct):
    """An account, as answers name it."""

    id: Annotated[str, Element("ID")]
    display_name: str


def acl_index(text: str, header: str, choices: tuple[str, ...]) -> int:
    """An ACL by its name; raises InvalidArgument for one that is not among `choices`."""
    if text not in choices:
        kind = "object" if header == "x-oss-object-acl" else "bucket"
        raise errors.invalid_argument(f"no such {kind} access control exists", header, text)
    return names.ACLS.index(text)


def refuse_public(call: Call, acl: int) -> None:
    """Raise AccessDenied for an object's public ACL where public access is blocked."""
    if acl >= PUBLIC_READ and call.blocks_public():
        raise errors.AccessDenied(
            "Put public object acl is not allowed: public access is blocked.",
            BucketName=call.bucket_name,
        )


def storage_class_index(text: str, argument: str) -> int:
    """A storage class by its name; raises InvalidArgument."""
    if text not in names.STORAGE_CLASSES:
        raise errors.invalid_argument("The storage class is not valid.", argument, text)
    return names.STORAGE_CLASSES.index(text)


def authorise(call: Call, need: Need) -> None:
    """Raise AccessDenied unless the caller may.

    The pipeline asks so for what the head tells, handlers for what it can't (each key of many).
    """
    caller = call.caller
    if need.level != "service":
        bucket = call.bucket
        if not bucket.settings and bucket.account == caller.account and caller.kind == "root":
            return  # the owner, and no rule of anybody's: most requests, so nothing more is asked
    verdict = policy.decide(caller, need, call)
    if not verdict.allowed:
        raise refusal(caller, need, verdict)
    if need.level != "service" and bucket.settings:
        rules.admit(call, bucket.settings)


def refuse_anonymous(caller: Caller) -> None:
    """Raise AccessDenied for nobody's requests."""
    if caller.kind == "anonymous":
        raise errors.AccessDenied("Anonymous access is forbidden for this operation.")


def restore_state(meta: ObjectMeta, now_ms: int) -> str | None:
    """What ``x-oss-restore`` says; None of an object that is not being restored, nor was."""
    if now_ms >= meta.restored_until_ms:
        return None
    if now_ms < meta.restored_from_ms:
        return 'ongoing-request="true"'
    return f'ongoing-request="false", expiry-date="{http_date(meta.restored_until_ms // 1000)}"'


def check_readable(version: Version, now_ms: int) -> None:
    """Raise InvalidObjectState for an archived object without a restored copy."""
    if version.storage_class >= names.ARCHIVE:
        meta = version.details()
        if not meta.restored_from_ms <= now_ms < meta.restored_until_ms:
            raise errors.InvalidObjectState()


def key_text(key: bytes) -> str:
    """A key for XML and error documents."""
    return key.decode("utf-8", "replace")
