"""A bucket's CORS rules at work: which pages of other origins may read its answers.

Source: OSS documentation, "PutBucketCors" and "Options". The first rule that fits decides. Names
of headers and origins are compared without case, and a pattern has at most one ``*``.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from mossbox import errors
from mossbox.errors import ServiceError

VARY = "Vary: Origin\r\n"
_NO_RULES, _NO_MATCH = "0003-00000601", "0003-00000602"
_DECODED_MAX = 1024


class CorsRule(msgspec.Struct, frozen=True):
    """One rule; the browser may keep a preflight's answer for `max_age_s` seconds."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    exposed: tuple[str, ...]
    max_age_s: int | None

    def allows(self, origin: str, method: str, asked: Iterable[str] = ()) -> bool:
        """Whether a page of this origin may ask so, with the headers that a preflight names."""
        return (
            method in self.methods
            and _any_fits(self.origins, origin)
            and all(_any_fits(self.headers, name) for name in asked)
        )

    def origin_for(self, origin: str) -> str:
        """What ``Access-Control-Allow-Origin`` says."""
        return "*" if "*" in self.origins else origin


class CorsRules(msgspec.Struct, frozen=True):
    """The rules of a bucket, and whether all its answers say that they vary by origin."""

    rules: tuple[CorsRule, ...] = ()
    vary: bool = False

    def find(self, origin: str, method: str, asked: Iterable[str] = ()) -> CorsRule | None:
        """The first rule that allows a request."""
        for rule in self.rules:
            if rule.allows(origin, method, asked):
                return rule
        return None


NO_RULES = CorsRules()
encode_rules = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(CorsRules).decode
_decoded: dict[bytes, CorsRules] = {}


def decode_rules(document: bytes | None) -> CorsRules:
    """The rules of a bucket as it keeps them."""
    if document is None:
        return NO_RULES
    found = _decoded.get(document)
    if found is None:
        found = _decode(document)
        if len(_decoded) >= _DECODED_MAX:
            _decoded.clear()
        _decoded[document] = found
    return found


def refusal(rules: CorsRules) -> ServiceError:
    """AccessForbidden for what no rule allows."""
    if rules.rules:
        return errors.AccessForbidden(ec=_NO_MATCH)
    message = "CORSResponse: CORS is not enabled for this bucket."
    return errors.AccessForbidden(message, ec=_NO_RULES)


class Crossing(NamedTuple):
    """What the rules say of a request with an Origin: header lines of its answer, and a refusal.

    The refusal is for those who heed it; as on the cloud, the page's browser does otherwise.
    """

    lines: str
    refusal: ServiceError | None


def cross(rules: CorsRules, origin: str, method: str) -> Crossing:
    """Judge a request that comes from a page."""
    lines = VARY if rules.vary else ""
    rule = rules.find(origin, method)
    if rule is None:
        return Crossing(lines, refusal(rules))
    lines += f"Access-Control-Allow-Origin: {rule.origin_for(origin)}\r\n"
    if rule.exposed:
        lines += f"Access-Control-Expose-Headers: {', '.join(rule.exposed)}\r\n"
    return Crossing(lines, None)


def _any_fits(patterns: tuple[str, ...], text: str) -> bool:
    return any(fits(pattern, text) for pattern in patterns)


def fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern with at most one ``*`` means, in any case."""
    head, star, tail = pattern.lower().partition("*")
    text = text.lower()
    if not star:
        return text == head
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)
