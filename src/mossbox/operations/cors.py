"""Rules for pages of other origins, and what browsers ask before such a page's request.

Source: OSS documentation, "PutBucketCors", "GetBucketCors", "DeleteBucketCors" and "Options".
"""

import re
from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import Tx, bucket_settings
from mossbox.engine.bucket_settings import CORS, CORS_VARY
from mossbox.http.head import FIELD_COUNT_MAX
from mossbox.operation import Empty, operation
from mossbox.operations import origins
from mossbox.operations.call import Call
from mossbox.operations.origins import CorsRule, CorsRules
from mossbox.wire.fields import Element, Header, XmlBody

RULES_MAX = 10  # OSS documentation, "GetBucketCors"
_LIMIT_BYTES = 16 << 10
_METHOD = re.compile("GET|PUT|DELETE|POST|HEAD")
_AGE_S = re.compile("[0-9]{1,9}")
_PATTERN = re.compile(r"[!-)+-~]*\*?[!-)+-~]*")  # what is visible, with at most one star
_TOKEN = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]+")  # a header's name, a star left out
_EC_COUNT, _EC_ORIGIN, _EC_EXPOSED = "0034-00000006", "0034-00000009", "0034-00000013"


class CORSRule(msgspec.Struct):
    """One rule; an element that is empty counts as none."""

    allowed_origins: Annotated[list[str], Element("AllowedOrigin")]
    allowed_methods: Annotated[list[str], Element("AllowedMethod")]
    allowed_headers: Annotated[list[str], Element("AllowedHeader")]
    expose_headers: Annotated[list[str], Element("ExposeHeader")]
    max_age_seconds: int | None


class CORSConfiguration(msgspec.Struct):
    """The document of both operations."""

    rules: Annotated[list[CORSRule], Element("CORSRule")]
    response_vary: bool | None


class PutBucketCorsRequest(msgspec.Struct):
    """The rules to be."""

    configuration: Annotated[CORSConfiguration, XmlBody(_LIMIT_BYTES)]


@operation("PutBucketCors", "PUT", "bucket", when=["cors"])
async def put_bucket_cors(call: Call, request: PutBucketCorsRequest) -> Empty:
    """Set the rules; those that there were are gone. Names of headers are kept in lower case."""
    bucket, given = call.bucket, request.configuration
    if not given.rules:
        raise errors.MalformedXML(ErrorDetail="CORSConfiguration lacks CORSRule")
    if len(given.rules) > RULES_MAX:
        raise errors.CORSRuleBeyondLimit(ec=_EC_COUNT)
    rules = CorsRules(tuple(_rule(rule) for rule in given.rules), bool(given.response_vary))
    document = origins.encode_rules(rules)

    def work(tx: Tx) -> None:
        bucket_settings.put(tx, bucket, CORS, document)
        if rules.vary:
            bucket_settings.put(tx, bucket, CORS_VARY, b"")
        else:
            bucket_settings.delete(tx, bucket, CORS_VARY)

    await call.engine.db.write(work, catalog=True)
    return Empty()


def _rule(given: CORSRule) -> CorsRule:
    """A rule that holds; raises MalformedXML for what is missing, InvalidArgument for the rest."""
    rule = CorsRule(
        _values(given.allowed_origins), _values(given.allowed_methods),
        _values([name.lower() for name in given.allowed_headers]), _values(given.expose_headers),
        given.max_age_seconds,
    )  # fmt: skip
    for name, values in (("AllowedOrigin", rule.origins), ("AllowedMethod", rule.methods)):
        if not values:
            raise errors.MalformedXML(ErrorDetail=f"CORSRule lacks {name}")
    _check("AllowedOrigin", rule.origins, _PATTERN, _EC_ORIGIN)
    _check("AllowedMethod", rule.methods, _METHOD)
    _check("AllowedHeader", rule.headers, _PATTERN)
    _check("ExposeHeader", rule.exposed, _TOKEN, _EC_EXPOSED)
    if rule.max_age_s is not None:
        _check("MaxAgeSeconds", (str(rule.max_age_s),), _AGE_S)
    return rule


def _values(given: list[str]) -> tuple[str, ...]:
    return tuple(value.strip() for value in given if value.strip())


def _check(name: str, values: tuple[str, ...], valid: re.Pattern[str], ec: str = "") -> None:
    for value in values:
        if not valid.fullmatch(value):
            message = f"The value of {name} is not valid in a CORS rule."
            raise errors.InvalidArgument(message, ec=ec, ArgumentName=name, ArgumentValue=value)


@operation("GetBucketCors", "GET", "bucket", when=["cors"], root="CORSConfiguration")
async def get_bucket_cors(call: Call, request: Empty) -> CORSConfiguration:
    """The rules as they were set; raises NoSuchCORSConfiguration where there are none."""
    found = origins.decode_rules(call.bucket.cors)
    if not found.rules:
        raise errors.NoSuchCORSConfiguration(BucketName=call.bucket.name)
    rules = [
        CORSRule(list(rule.origins), list(rule.methods), list(rule.headers), list(rule.exposed),
                 rule.max_age_s)
        for rule in found.rules
    ]  # fmt: skip
    return CORSConfiguration(rules, found.vary)


@operation("DeleteBucketCors", "DELETE", "bucket", when=["cors"], status=204)
async def delete_bucket_cors(call: Call, request: Empty) -> Empty:
    """Remove the rules; where there are none, nothing changes."""
    bucket = call.bucket

    def work(tx: Tx) -> None:
        bucket_settings.delete(tx, bucket, CORS)
        bucket_settings.delete(tx, bucket, CORS_VARY)

    await call.engine.db.write(work, catalog=True)
    return Empty()


class OptionObjectRequest(msgspec.Struct):
    """What a browser wants to know: may a page of this origin ask so?"""

    origin: Annotated[str | None, Header("origin")] = None
    method: Annotated[str | None, Header("access-control-request-method")] = None
    headers: Annotated[str | None, Header("access-control-request-headers")] = None


class OptionObjectResult(msgspec.Struct):
    """It may."""

    origin: Annotated[str, Header("Access-Control-Allow-Origin")]
    methods: Annotated[str, Header("Access-Control-Allow-Methods")]
    headers: Annotated[str | None, Header("Access-Control-Allow-Headers")]
    exposed: Annotated[str | None, Header("Access-Control-Expose-Headers")]
    max_age_s: Annotated[int | None, Header("Access-Control-Max-Age")]


@operation("OptionObject", "OPTIONS", "object", also_on="bucket", access="open")
async def option_object(call: Call, request: OptionObjectRequest) -> OptionObjectResult:
    """Answer a preflight by the bucket's rules; nobody signs it, and nothing else is asked.

    Raises BadRequest for one that is none, AccessForbidden where no rule fits.
    """
    origin, method, asked = request.origin, request.method, request.headers
    if not origin:
        message = "Insufficient information. Origin request header needed."
        raise errors.BadRequest(message, ec="0034-00000101")
    if not method:
        message = "Insufficient information. Access-Control-Request-Method request header needed."
        raise errors.BadRequest(message, ec="0034-00000102")
    names = _values((asked or "").split(","))
    if len(names) > FIELD_COUNT_MAX:  # none of our requests has so many; each costs all patterns
        raise errors.BadRequest(f"More than {FIELD_COUNT_MAX} headers are asked for.")
    rules = origins.decode_rules(call.bucket.cors)
    rule = rules.find(origin, method, names)
    if rule is None:
        raise origins.refusal(rules)
    exposed = ", ".join(rule.exposed) or None
    return OptionObjectResult(
        rule.origin_for(origin), ", ".join(rule.methods), asked or None, exposed, rule.max_age_s
    )
