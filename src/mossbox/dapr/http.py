"""``POST /v1.0/bindings/<name>``: Dapr's address for bindings, where no Dapr is installed.

Status, body and what is stored are daprd 1.14.0's for the same request. Not Dapr's: a page of
another origin is refused, because anything that a browser runs could reach a server on loopback.
"""

import hmac
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mossbox.dapr import gojson
from mossbox.dapr.binding import CREATE_ONLY, BindingError, OssBinding, Reply
from mossbox.dapr.components import Binding

log = logging.getLogger("mossbox.dapr")

BODY_MAX = 4 << 20
"""Bytes of a request's body, as daprd has it by default."""

_TYPE = "http.OutputBindingRequest"


class Unreadable(ValueError):
    """A body that is no request, in Dapr's words."""


@dataclass
class Invocation:
    """The body of a request."""

    operation: str = ""
    data: Any = None
    metadata: dict[str, str] = field(default_factory=dict)


def application(
    bindings: Mapping[str, Binding], origins: frozenset[str], *,
    raw_strings: bool = False, token: str = "",
) -> Starlette:  # fmt: skip
    """The server; `origins` are the only ones whose pages may call, `token` all callers must send.

    With `raw_strings` a JSON string is kept without its quotes, which Dapr does not do.
    """
    opened = {
        name: OssBinding(binding.target, binding.operations) for name, binding in bindings.items()
    }

    async def invoke(request: Request) -> Response:
        if refusal := _refused(request, origins, token):
            return refusal
        name = request.path_params["name"].removesuffix("/")
        try:
            asked = read(await _body(request))
        except ClientDisconnect:
            return Response(status_code=400)
        except _TooLarge:
            return PlainTextResponse("error reading request body: stream too large\n", 400)
        except Unreadable as error:
            text = f"failed deserializing HTTP body: {error}"
            return _error(400, "ERR_MALFORMED_REQUEST", text)
        try:
            return _answer(*await _invoke(opened, name, asked, raw_strings))
        except BindingError as error:
            text = f"error invoking output binding {name}: {error}"
            return _error(500, "ERR_INVOKE_OUTPUT_BINDING", text)

    async def health(request: Request) -> Response:
        return Response(status_code=204)

    async def unknown(request: Request) -> Response:
        text = "only POST and PUT /v1.0/bindings/NAME are answered here"
        return _error(404, "ERR_DIRECT_INVOKE", text)

    @asynccontextmanager
    async def closing(app: Starlette) -> AsyncIterator[None]:
        yield
        for binding in opened.values():
            await binding.close()

    every = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
    return Starlette(
        routes=[
            Route("/v1.0/bindings/{name:path}", invoke, methods=["POST", "PUT"]),
            Route("/v1.0/healthz", health, methods=["GET"]),
            Route("/v1.0/healthz/outbound", health, methods=["GET"]),
            Route("/{path:path}", unknown, methods=every),
        ],
        lifespan=closing,
    )


def read(body: bytes) -> Invocation:
    """The request in a body; the first thing that does not fit counts. Raises `Unreadable`."""
    try:
        return _read(gojson.decode(body))
    except gojson.Malformed as error:
        raise Unreadable(str(error)) from None


def _read(value: Any) -> Invocation:
    asked = Invocation()
    if value is None:
        return asked
    if not isinstance(value, gojson.Pairs):
        kind = gojson.kind(value)
        raise Unreadable(f"json: cannot unmarshal {kind} into Go value of type {_TYPE}")
    for name, item in value:
        match name.lower():
            case "operation" if item is not None:
                asked.operation = _string("operation", item)
            case "data":
                asked.data = _plain(item)
            case "metadata" if item is None:
                asked.metadata = {}
            case "metadata":
                asked.metadata |= _strings(item)
    return asked


def _plain(item: Any) -> Any:
    try:
        return gojson.plain(item)
    except OverflowError as error:
        raise _misfit(f"number {error}", "data", "float64") from None


def _strings(item: Any) -> dict[str, str]:
    if not isinstance(item, gojson.Pairs):
        raise _misfit(gojson.kind(item), "metadata", "map[string]string")
    return {
        str(gojson.plain(name)): "" if value is None else _string("metadata", value)
        for name, value in item
    }


def _string(name: str, item: Any) -> str:
    if not isinstance(item, str) or isinstance(item, gojson.Number):
        raise _misfit(gojson.kind(item), name, "string")
    return str(gojson.plain(item))


def _misfit(kind: str, name: str, wanted: str) -> Unreadable:
    place = f"Go struct field OutputBindingRequest.{name} of type {wanted}"
    return Unreadable(f"json: cannot unmarshal {kind} into {place}")


class _TooLarge(Exception):
    pass


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_MAX:
            raise _TooLarge
    return bytes(body)


async def _invoke(
    bindings: Mapping[str, OssBinding], name: str, asked: Invocation, raw_strings: bool
) -> tuple[Reply, bool]:
    """The reply, and whether it is one of Dapr's own binding, whose replies are empty."""
    if not asked.operation:
        raise BindingError("operation field is missing from request")
    binding = bindings.get(name)
    if binding is None:
        raise BindingError(f"couldn't find output binding {name}")
    if asked.operation not in binding.operations:
        raise BindingError(
            f"binding {name} does not support operation {asked.operation}."
            f" supported operations:{' '.join(binding.operations)}"
        )
    raw = raw_strings and isinstance(asked.data, str)
    data = asked.data.encode() if raw else gojson.encode(asked.data)
    reply = await binding.invoke(asked.operation, data, asked.metadata)
    return reply, binding.operations == CREATE_ONLY


def _answer(reply: Reply, empty: bool) -> Response:
    if empty:
        return Response(status_code=204)
    answer = Response(reply.data, 200, media_type="application/json")
    for name, value in reply.metadata.items():
        line = "".join(" " if ord(sign) < 32 or ord(sign) == 127 else sign for sign in value)
        answer.raw_headers.append((f"metadata.{name}".lower().encode(), line.encode()))
    return answer


def _error(status: int, code: str, text: str) -> Response:
    log.info("%s: %s", code, text)
    body = gojson.encode_members({"errorCode": code, "message": text})
    return Response(body, status, media_type="application/json")


def _refused(request: Request, origins: frozenset[str], token: str) -> Response | None:
    origin = request.headers.get("origin")
    if origin is not None and origin not in origins:
        return _error(403, "ERR_FORBIDDEN_ORIGIN", f"pages of {origin} may not call this server")
    given = request.headers.get("dapr-api-token", "")
    if token and not hmac.compare_digest(given.encode(), token.encode()):
        return PlainTextResponse("invalid api token\n", 401)
    return None
