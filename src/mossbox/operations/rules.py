"""A bucket's own rules, heard once the verdict allows: who pays, and who may link here."""

from typing import TYPE_CHECKING

import msgspec

from mossbox import errors
from mossbox.auth.wildcards import Match, any_of
from mossbox.engine.bucket_settings import CORS_VARY, REFERER, REQUEST_PAYMENT

if TYPE_CHECKING:
    from mossbox.operations.call import Call

_EMPTY, _BLACK, _WHITE = "0003-00000501", "0003-00000502", "0003-00000503"
_REFUSED = "You are denied by bucket referer policy."


class RefererRules(msgspec.Struct, frozen=True):
    """Which pages may link to a bucket's objects (OSS documentation, "Hotlink protection")."""

    allow_empty: bool = True
    truncate_query: bool = True
    truncate_path: bool = False
    white: tuple[str, ...] = ()
    black: tuple[str, ...] = ()


encode_referer = msgspec.msgpack.Encoder().encode
decode_referer = msgspec.msgpack.Decoder(RefererRules).decode
_compiled: dict[bytes, tuple[RefererRules, Match, Match]] = {}
_COMPILED_MAX = 1024


def admit(call: "Call", settings: dict[str, bytes]) -> None:
    """Raise AccessDenied where the bucket's rules refuse what the verdict allowed."""
    if call.caller.via != "header" and (document := settings.get(REFERER)) is not None:
        _check_referer(document, call.header("referer") or "", call.bucket_name)
    if REQUEST_PAYMENT in settings and call.owner() != call.caller.account:
        if call.payer() is None:
            raise errors.AccessDenied(
                "Access denied for requester pay bucket.", ec="0003-00000703",
                BucketName=call.bucket_name,
            )  # fmt: skip
        call.charge()
    if CORS_VARY in settings:
        call.vary()


def _check_referer(document: bytes, referer: str, bucket: str) -> None:
    """Only requests without an Authorization header are judged; entries mean what begins so."""
    found = _compiled.get(document)
    if found is None:
        rules = decode_referer(document)
        found = rules, _begins(rules.white), _begins(rules.black)
        if len(_compiled) >= _COMPILED_MAX:
            _compiled.clear()
        _compiled[document] = found
    rules, white, black = found
    if not referer:
        if not rules.allow_empty and rules.white:
            raise errors.AccessDenied(_REFUSED, ec=_EMPTY, BucketName=bucket)
        return
    shown = truncated(referer, rules)
    if black(shown):
        raise errors.AccessDenied(_REFUSED, ec=_BLACK, BucketName=bucket)
    if rules.white and not white(shown):
        raise errors.AccessDenied(_REFUSED, ec=_WHITE, BucketName=bucket)


def _begins(patterns: tuple[str, ...]) -> Match:
    return any_of(f"{pattern.lower()}*" for pattern in patterns)


def truncated(referer: str, rules: RefererRules) -> str:
    """What of a page's address is compared, in lower case: perhaps without query or path."""
    text = referer.lower()
    if rules.truncate_query or rules.truncate_path:
        text = text.partition("?")[0].partition("#")[0]
    if rules.truncate_path:
        scheme, mark, rest = text.partition("://")
        text = f"{scheme}{mark}{rest.partition('/')[0]}" if mark else scheme.partition("/")[0]
    return text
