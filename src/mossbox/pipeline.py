"""The straight line from a request to its answer, and the only place that catches refusals."""

import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Set
from hashlib import sha256
from time import perf_counter_ns

import msgspec

from mossbox import clock, errors
from mossbox.auth import ANONYMOUS, Caller
from mossbox.auth.oss_v4 import UNSIGNED
from mossbox.engine import versions
from mossbox.engine.store import Engine
from mossbox.errors import ServiceError
from mossbox.fronts import Front, Place, form
from mossbox.fronts.rpc import RpcFront
from mossbox.http.message import Request, Response
from mossbox.operation import Operation
from mossbox.operations import origins
from mossbox.operations.call import Call, Endpoints
from mossbox.operations.common import authorise
from mossbox.operations.register import ROUTES, SUB_RESOURCES
from mossbox.operations.traffic import TRAFFIC_LIMIT, pace
from mossbox.operations.unbuilt import HEADERS, WRITE_CONDITIONS
from mossbox.wire.checksum import md5_etag, parse_content_md5
from mossbox.wire.fields import RawBody, Stream, XmlBody
from mossbox.wire.xml import read

log = logging.getLogger("mossbox")

Pages = Callable[[Request], Awaitable[Response | None]]

_FOR_ALL = frozenset((TRAFFIC_LIMIT,))
_MAKE_BUCKETS = frozenset(("PutBucket", "PutBucketAcl"))


class Note(msgspec.Struct):
    """What a request leaves for the access line and the metrics."""

    request_id: str
    operation: Operation | None = None
    key_id: str = ""
    error: str = ""
    charged: bool = False  # the requester pays
    crossing: str = ""  # header lines for pages of other origins
    parameters: Mapping[str, str] | None = None  # of an RPC request


class Pipeline:
    """Answers requests; one a worker."""

    def __init__(
        self,
        engine: Engine,
        front: Front,
        endpoints: Endpoints,
        pages: Pages,
        rpc: RpcFront | None = None,
    ) -> None:
        self._engine = engine
        self._front = front
        self._rpc = rpc
        self._endpoints = endpoints
        self._pages = pages
        self._id_prefix = f"{int(time.time()) & 0xFFFFFFFF:08X}{os.urandom(4).hex().upper()}"
        self._count = 0

    async def handle(self, request: Request) -> Response:
        """The answer to a request, whatever happens."""
        note = request.note = self._new_note()
        try:
            response = await self._answer(request, note)
        except ServiceError as error:
            response = self._refusal(error, request, note)
        except UnicodeEncodeError:  # text of ours is UTF-8: this came with the request
            refusal = errors.InvalidArgument("A header or parameter of the request is not UTF-8.")
            response = self._refusal(refusal, request, note)
        except Exception:
            log.exception("request %s failed", note.request_id)
            response = self._refusal(errors.InternalError(), request, note)
        return _stamp(response, request, note)

    def refuse(self, error: ServiceError, request: Request) -> Response:
        """The answer to what never became a request, or whose bytes turned out to be damaged."""
        note = request.note
        if note is None:
            note = request.note = self._new_note()
        return _stamp(self._refusal(error, request, note), request, note)

    def _new_note(self) -> Note:
        self._count += 1
        return Note(f"{self._id_prefix}{self._count & 0xFFFFFFFF:08X}")

    def _refusal(self, error: ServiceError, request: Request, note: Note) -> Response:
        note.error = error.code.name
        if note.parameters is not None and self._rpc is not None:
            return self._rpc.error(error, request, note.request_id)
        return self._front.error(error, request, note.request_id)

    async def _answer(self, request: Request, note: Note) -> Response:
        if request.path[:3] == b"/-/" and (page := await self._pages(request)) is not None:
            return page
        place = self._front.place(request)
        if place.scope == "rpc":
            return await self._answer_rpc(place, request, note)
        operation = self._match(place, request)
        note.operation = operation
        if operation.access == "open":
            return await self._answer_open(operation, place, request)
        if operation.access == "form":  # a put in another envelope, which is opened here
            self._engine.bucket(place.bucket)
            place, request = await form.unfold(operation, place, request)
        caller = self._authenticate(request, operation, place)
        note.key_id = caller.label
        _refuse_unread(operation, place, request)
        call = Call(
            self._engine, self._endpoints, place.bucket, place.key, place.region, clock.now_ms(),
            caller, bool(place.query), operation.method == "GET" and place.scope == "object",
            None, request, place.query,
        )  # fmt: skip
        if "versionId" in place.query:
            call.ref = versions.parse_id(place.query["versionId"])
        model = operation.bind(place.bucket, place.key, place.query, request.headers)
        self._authorise(call, operation, place)
        if operation.body is not None:
            await _read_body(operation, model, request)
        try:
            result = await operation.handle(call, model)
        except FileNotFoundError:
            self._look_again(call, operation, place)
            result = await operation.handle(call, model)
        return self._front.encode(operation, result, request)

    def _look_again(self, call: Call, operation: Operation, place: Place) -> None:
        """The object was replaced after its row was read: authorise and answer anew."""
        if not call.reads_body:
            raise  # a body that was taken in is gone: never answer for an empty one
        call.forget()
        self._authorise(call, operation, place)

    async def _answer_rpc(self, place: Place, request: Request, note: Note) -> Response:
        """The same line in the other dialect, where the whole request is read first."""
        front = self._rpc
        if front is None:
            raise errors.not_implemented("The RPC API (STS, RAM)")
        asked = await front.read(place, request)
        note.key_id = asked.caller.label
        operation = note.operation = front.match(asked)
        call = Call(
            self._engine, self._endpoints, "", b"", asked.region, clock.now_ms(), asked.caller,
            request=request, query=asked.query,
        )  # fmt: skip
        model = operation.bind("", b"", asked.query, request.headers)
        for need in front.needs(operation, asked):
            authorise(call, need)
        return front.encode(operation, await operation.handle(call, model), request)

    async def _answer_open(self, operation: Operation, place: Place, request: Request) -> Response:
        """What anybody may ask: nothing is signed, and the query means the request to come."""
        call = Call(
            self._engine, self._endpoints, place.bucket, place.key, place.region, clock.now_ms(),
            ANONYMOUS, request=request,
        )  # fmt: skip
        model = operation.bind(place.bucket, place.key, place.query, request.headers)
        return self._front.encode(operation, await operation.handle(call, model), request)

    def _cross(self, place: Place, request: Request) -> None:
        """Note what the bucket's rules say of the page that asks.

        Raises AccessForbidden for a page that the front distrusts and no rule allows; a preflight
        changes nothing and is answered by its own operation.
        """
        rules, origin = origins.NO_RULES, request.headers["origin"]
        try:
            if place.bucket:
                rules = origins.decode_rules(self._engine.bucket(place.bucket).cors)
        except ServiceError:
            pass  # there is no such bucket, which the operation may say
        request.note.crossing, refusal = origins.cross(rules, origin, request.method)
        if refusal is not None and request.method != "OPTIONS" and self._front.distrusts(origin):
            raise refusal

    def _match(self, place: Place, request: Request) -> Operation:
        if "origin" in request.headers:
            self._cross(place, request)
        operation = ROUTES.match(place.scope, request.method, place.query, request.headers)
        if operation is None:
            raise errors.MethodNotAllowed(Method=request.method, ResourceType=place.scope)
        return operation

    def _authenticate(self, request: Request, operation: Operation, place: Place) -> Caller:
        try:
            return self._front.authenticate(request, place)
        except ServiceError as error:
            # OSS looks for the bucket first: clients find out with any key whether there is one.
            unknown = error.code is errors.InvalidAccessKeyId
            if unknown and place.bucket and operation.name not in _MAKE_BUCKETS:
                self._engine.bucket(place.bucket)
            raise

    def _authorise(self, call: Call, operation: Operation, place: Place) -> None:
        for need in operation.needs(operation, place.bucket, place.key, place.query):
            authorise(call, need)


def _stamp(response: Response, request: Request, note: Note) -> Response:
    """The headers that every answer has."""
    if note.charged:
        response.head += "x-oss-request-charged: requester\r\n"
    if note.crossing:
        response.head += note.crossing
    if request.pace is not None and request.method != "GET":  # of a download nobody knows it yet
        response.head += f"x-oss-qos-delay-time: {request.pace.delay_s * 1000:.0f}\r\n"
    elapsed_ms = (perf_counter_ns() - request.started_ns) // 1_000_000
    response.head = (
        f"x-oss-request-id: {note.request_id}\r\nx-oss-server-time: {elapsed_ms}\r\n{response.head}"
    )
    return response


def _refuse_unread(operation: Operation, place: Place, request: Request) -> None:
    """Refuse by name what would change the request's meaning and the operation does not read.

    A limit of the traffic is taken up here: most requests have none, and pay nothing for it.
    """
    if operation.refused:
        raise errors.not_implemented(operation.name)
    query, headers = place.query, request.headers
    if query and not SUB_RESOURCES.isdisjoint(query):
        _refuse_any(SUB_RESOURCES & query.keys() - operation.accepts_query - _FOR_ALL)
        request.pace = pace(query.get(TRAFFIC_LIMIT), headers.get(TRAFFIC_LIMIT))
    if not HEADERS.isdisjoint(headers):
        _refuse_any(HEADERS & headers.keys() - operation.accepts_headers - _FOR_ALL)
        request.pace = pace(query.get(TRAFFIC_LIMIT), headers.get(TRAFFIC_LIMIT))
    if request.method not in ("GET", "HEAD") and not WRITE_CONDITIONS.isdisjoint(headers):
        # ali-oss sends the conditions of a copy under both names.
        read = operation.accepts_headers & headers.keys()
        given = WRITE_CONDITIONS & headers.keys()
        _refuse_any({name for name in given if f"x-oss-copy-source-{name}" not in read})


def _refuse_any(unread: Set[str]) -> None:
    if unread:
        raise errors.not_implemented(min(unread))


async def _read_body(operation: Operation, model: object, request: Request) -> None:
    """Fill the field that the body is for; object bodies stay streams."""
    field = operation.body
    assert field is not None
    mark = field.mark
    if isinstance(mark, Stream):
        setattr(model, field.name, request.body)
        if request.pace is not None:
            request.body.slow(request.pace)
    elif isinstance(mark, RawBody):
        setattr(model, field.name, await _document(request, mark.limit))
    elif isinstance(mark, XmlBody):
        data = await _document(request, mark.limit)
        if data or not mark.optional:
            setattr(model, field.name, read(field.kind, field.kind.__name__, data))


async def _document(request: Request, limit: int) -> bytes:
    """A small body, held to its MD5 sum and to the hash that its signature covers."""
    data = await request.body.collect(limit)
    md5 = request.headers.get("content-md5")
    if md5 is not None and parse_content_md5(md5) != md5_etag(data):
        raise errors.InvalidDigest()
    promised = request.headers.get("x-oss-content-sha256", UNSIGNED)
    if promised != UNSIGNED and promised.lower() != sha256(data).hexdigest():
        raise errors.InvalidDigest("The body's SHA-256 is not the one in x-oss-content-sha256.")
    return data
