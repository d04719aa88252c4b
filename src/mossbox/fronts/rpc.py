"""The RPC dialect, which RAM, IMS and STS speak: parameters in query and form, answers in JSON.

Source: Alibaba Cloud documentation, "RPC-style requests and signatures" and "V3 request body &
signature mechanism".
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from mossbox import clock, errors
from mossbox.auth import SKEW_S, Caller, Claim, Mismatch, acs3, rpc
from mossbox.auth.credentials import DISABLED, Keys
from mossbox.auth.rpc import Message
from mossbox.engine.directory import Directory
from mossbox.errors import Code, ServiceError
from mossbox.fronts import Place
from mossbox.fronts.hosts import own_origin
from mossbox.http.message import Request, Response
from mossbox.operation import CALLS, Need, Operation
from mossbox.wire.forms import as_json, as_xml, error_as_json, error_as_xml
from mossbox.wire.text import as_text, parse_query

BODY_MAX = 256 << 10
_FORM = "application/x-www-form-urlencoded"
_TRANSLATED: dict[Code, Code] = {
    errors.AccessDenied: errors.NoPermission,
    errors.InvalidAccessKeyId: errors.InvalidAccessKeyIdNotFound,
    errors.InvalidSecurityToken: errors.InvalidSecurityTokenMalformed,
    errors.SecurityTokenExpired: errors.InvalidSecurityTokenExpired,
    errors.AccessKeyIdAndSecurityTokenNotMatch: errors.InvalidSecurityTokenMismatch,
    errors.MethodNotAllowed: errors.UnsupportedHTTPMethod,
}
"""How this dialect calls what OSS calls otherwise."""


class RpcPlace(Place, frozen=True):
    """The service, with the parameters as its query, and who signed them."""

    caller: Caller
    action: str
    version: str


class RpcFront:
    """`Front` for the RPC dialect."""

    def __init__(self, keys: Keys, directory: Directory, *, guard_origin: bool) -> None:
        self._keys = keys
        self._directory = directory
        self._guard_origin = guard_origin

    async def read(self, place: Place, request: Request) -> RpcPlace:
        """The whole request: here even its name may stand in the body, and a body is short.

        Raises for a signature that is missing, wrong, out of its time or used before.
        """
        if request.method not in ("GET", "POST"):
            raise errors.MethodNotAllowed(Method=request.method, ResourceType="RPC")
        headers = request.headers
        if self._guard_origin and _from_a_strange_page(headers):
            raise errors.AccessForbidden()
        request.note.parameters = place.query
        body = await request.body.collect(BODY_MAX)
        form = parse_query(body) if headers.get("content-type", "").startswith(_FORM) else {}
        path = as_text(request.path)
        message = Message(request.method, path, place.query, form, headers, body)
        given = request.note.parameters = message.parameters
        caller = await self._authenticate(message)
        signed = "x-acs-action" in headers and "Signature" not in given
        action = headers["x-acs-action"] if signed else given.get("Action", "")
        version = headers["x-acs-version"] if signed else given.get("Version", "")
        return RpcPlace("rpc", "", b"", given, "", False, caller, action, version)

    async def _authenticate(self, message: Message) -> Caller:
        claim = acs3.claim(message)
        scheme = acs3.verify
        if claim is None:
            claim, scheme = rpc.claim(message), rpc.verify
        if claim is None:
            raise errors.MissingAccessKeyId()
        key = self._keys.find(claim)
        now_s = clock.now()
        key.check_life(now_s)
        rpc.check_time(claim, now_s)
        mismatch = scheme(message, claim, key.secret)
        if mismatch is not None:
            raise _signature_error(claim, mismatch)
        await self._once(claim)
        return key.by_header if claim.via == "header" else key.by_query

    async def _once(self, claim: Claim) -> None:
        """Raise SignatureNonceUsed for a request that came before."""
        assert claim.signed_s is not None
        until_ms = (claim.signed_s + SKEW_S) * 1000 + 1000
        first = await self._directory.first_time(
            claim.key_id, claim.nonce, until_ms, clock.now_ms()
        )
        if not first:
            raise errors.SignatureNonceUsed()

    def match(self, place: RpcPlace) -> Operation:
        """The operation that a request names; raises InvalidAction.NotFound, InvalidVersion."""
        if not place.action:
            raise errors.missing_parameter("Action")
        found = CALLS.get((place.version, place.action))
        if found is None:
            if not any(version == place.version for version, _ in CALLS):
                raise errors.InvalidVersion(f"Version {place.version!r} is not known.")
            raise errors.InvalidActionNotFound(f"Specified api {place.action!r} is not found.")
        return found

    def needs(self, operation: Operation, place: RpcPlace) -> list[Need]:
        """What permissions a request needs, on what is the caller's account's own.

        A user that is not named is the caller.
        """
        needed = []
        for need in operation.needs(operation, "", b"", place.query):
            resource = need.resource.replace("::", f":{place.caller.uid}:", 1)
            if resource.endswith(":user/"):
                resource += place.caller.name
            needed.append(replace(need, resource=resource))
        return needed

    def encode(self, operation: Operation, result: msgspec.Struct, request: Request) -> Response:
        """The result in the format that was asked for."""
        request_id: str = request.note.request_id
        if _wants_xml(request.note.parameters):
            return _response(200, as_xml(operation.name, result, request_id), xml=True)
        return _response(200, as_json(result, request_id), xml=False)

    def error(self, error: ServiceError, request: Request, request_id: str) -> Response:
        """The refusal; every element is always there, for clients that read them all."""
        code = _translated(error)
        usual = code is not error.code and error.message == error.code.message
        elements: dict[str, str | Mapping[str, str]] = {
            "RequestId": request_id,
            "HostId": request.headers.get("host", ""),
            "Code": code.name,
            "Message": code.message if usual else error.message,
            "Recommend": f"https://api.aliyun.com/troubleshoot?q={code.name}",
        }
        elements.update(error.nested)
        xml = _wants_xml(request.note.parameters)
        status = 400 if code is errors.SignatureDoesNotMatch else code.status
        body = error_as_xml(elements) if xml else error_as_json(elements)
        return _response(status, body, xml=xml)


def _from_a_strange_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser asks for a page that is not of this machine, be it for an image's sake."""
    if "origin" in headers and not own_origin(headers["origin"]):
        return True
    return headers.get("sec-fetch-site") == "cross-site"


def _translated(error: ServiceError) -> Code:
    if error.code is errors.InvalidAccessKeyId and error.message == DISABLED:
        return errors.InvalidAccessKeyIdInactive
    return _TRANSLATED.get(error.code, error.code)


def _signature_error(claim: Claim, mismatch: Mismatch) -> ServiceError:
    return errors.SignatureDoesNotMatch(
        "Specified signature is not matched with our calculation. Server string to sign is:"
        f" {mismatch.canonical_request or mismatch.string_to_sign}",
        OSSAccessKeyId=claim.key_id,
    )


def _wants_xml(parameters: Mapping[str, str]) -> bool:
    return parameters.get("Format", "").upper() == "XML"


def _response(status: int, body: bytes, *, xml: bool) -> Response:
    kind = "text/xml" if xml else "application/json"
    head = f"Content-Type: {kind};charset=utf-8\r\nCache-Control: no-store\r\n"
    return Response(status, head, body)
