"""What a request answers to the conditions of policies, and policies compiled from what is kept.

Nothing here is asked for a bucket's owner, unless the bucket has a policy.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from time import gmtime, strftime
from typing import TYPE_CHECKING

import msgspec

from mossbox.auth.documents import joined, parse
from mossbox.auth.statements import Policy
from mossbox.engine import DELETE_MARKER, Bucket
from mossbox.engine.bucket_settings import TAGGING

if TYPE_CHECKING:
    from mossbox.operations.call import Call

_COMPILED_MAX = 1024
_EXISTING, _ASKED = "oss:existingobjecttag/", "oss:requestobjecttag/"
_BUCKET = ("oss:buckettag/", "acs:resourcetag/")
_decode_tags = msgspec.msgpack.Decoder(dict[str, str]).decode


@lru_cache(maxsize=_COMPILED_MAX)
def bucket_policy(document: bytes) -> Policy:
    """A bucket's policy."""
    return parse(document.decode(), "bucket", "bucket policy")


@lru_cache(maxsize=_COMPILED_MAX)
def identity_policy(documents: tuple[tuple[str, str], ...]) -> Policy:
    """All policies of a user or role."""
    return joined(documents, "identity")


@lru_cache(maxsize=_COMPILED_MAX)
def session_policy(document: str) -> Policy:
    """What a session is narrowed to."""
    return parse(document, "session", "session policy")


def value(call: "Call", key: str) -> str | None:
    """The request's value of a condition key (OSS documentation, "Policy syntax and elements")."""
    read = _KEYS.get(key)
    if read is not None:
        return read(call)
    kind, slash, name = key.partition("/")
    if not slash:
        return None
    if f"{kind}/" in _BUCKET:
        return bucket_tags(call.bucket).get(name) if call.bucket_name else None
    if f"{kind}/" == _EXISTING:
        return _existing_tags(call).get(name)
    if f"{kind}/" == _ASKED:
        return _asked_tags(call).get(name)
    return None


def bucket_tags(bucket: Bucket) -> Mapping[str, str]:
    """The tags of a bucket, as the catalog's cache has them."""
    found = bucket.settings.get(TAGGING)
    return {} if found is None else _decode_tags(found)


def _existing_tags(call: "Call") -> Mapping[str, str]:
    """Of the object as it is now."""
    if not call.key:
        return {}
    version = call.read()[0] if call.reads_body else call.version()
    if version is None or version.kind == DELETE_MARKER:
        return {}
    return version.details().tags


def _asked_tags(call: "Call") -> Mapping[str, str]:
    """Of the object as the request would have it."""
    from mossbox.operations.headers import parse_tags

    text = call.header("x-oss-tagging")
    return parse_tags(text) if text else {}


def _listing(call: "Call", name: str) -> str | None:
    """A parameter of a listing: one that is not given is empty."""
    return None if call.key else call.query.get(name, "")


_KEYS: dict[str, Callable[["Call"], str | None]] = {
    "acs:sourceip": lambda call: (
        call.request.peer if call.request else None
    ),  # never what a header claims
    "acs:useragent": lambda call: call.header("user-agent"),
    "acs:currenttime": lambda call: strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(call.now_ms // 1000)),
    "acs:securetransport": lambda call: "true" if call.request and call.request.secure else "false",
    "acs:accessid": lambda call: call.caller.key_id or None,
    "acs:mfapresent": lambda _call: "false",
    "acs:principalarn": lambda call: call.caller.arn or None,
    "oss:prefix": lambda call: _listing(call, "prefix"),
    "oss:delimiter": lambda call: _listing(call, "delimiter"),
    "oss:x-oss-acl": lambda call: call.header("x-oss-acl"),
    "oss:x-oss-object-acl": lambda call: call.header("x-oss-object-acl"),
}
