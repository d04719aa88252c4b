"""The endpoints, as an ASGI application on Starlette.

Their names, and those of what they answer, are the ones that the pages of the vendor's documents
ask for; `get_multipart_urls_for_oss_upload` is for the page that comes with this server.
"""

import inspect
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mossbox import clock
from mossbox.settings import SettingsError
from mossbox.upload import keys
from mossbox.upload.limits import FORM_SIZE_MAX, OBJECT_SIZE_MAX, Limits, LimitsError
from mossbox.upload.page import page
from mossbox.upload.permits import Permit, session_policy, sts_answer
from mossbox.upload.settings import UploadSettings, check, load_upload
from mossbox.upload.sts import Sessions, StsError

Verdict = bool | Limits | None
Authorize = Callable[[Request], Verdict | Awaitable[Verdict]]
_PART_URLS_MAX = 100
_log = logging.getLogger("mossbox.upload")


class Refusal(Exception):
    """An answer that says no."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.response = JSONResponse(
            {"Code": code, "Message": message}, status_code=status, headers=headers
        )


@dataclass(frozen=True)
class Desk:
    """What the endpoints of one server share once its settings are known."""

    settings: UploadSettings
    keys: keys.Keys
    sessions: Sessions

    async def permit(self, asked: "Asked") -> Permit:
        """What signs forms and URLs: a session of the role, or the access key if there is none."""
        signing = self.keys
        if self.settings.role_arn:
            # One session for all: what is signed binds each upload to its own limits.
            policy = session_policy(self.settings.bucket, self.settings.dir)
            signing = await self.sessions.get(policy)
        return Permit(self.settings, signing, asked.limits, int(clock.now()), asked.expire_s)


class Asked:
    """A request's parameters, and the limits that they leave."""

    def __init__(self, request: Request, settings: UploadSettings, limits: Limits) -> None:
        self.query = request.query_params
        types = tuple(filter(None, self.query.get("types", "").split(",")))
        by = Limits(
            self.query.get("dir", ""),
            self.number("min_size") or 0,
            self.number("max_size") or 0,
            types,
        )
        self.allowed = limits  # before the request narrowed them itself
        self.limits = limits.narrowed(by)
        self.expire_s = min(self.number("expires") or settings.expire_s, settings.expire_s)

    def number(self, name: str) -> int | None:
        """A whole number from 0 up, None where there is none; raises Refusal."""
        text = self.query.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise Refusal(400, "InvalidParameter", f"{name} is a whole number from 0 up.")
        return int(text)


async def sts(desk: Desk, asked: Asked) -> Response:
    """Temporary keys; they hold to the directory, and can't hold to a size or a type."""
    if not desk.settings.role_arn:
        raise Refusal(
            403, "NotOffered",
            "Temporary keys need a role: set OSS_STS_ROLE_ARN on this server.",
        )  # fmt: skip
    if asked.limits.of_content:
        raise Refusal(
            403, "NotOffered",
            "Size or type are limited here, and temporary keys can't be: use a signed form or URL.",
        )  # fmt: skip
    policy = session_policy(desk.settings.bucket, asked.limits.dir)
    return JSONResponse(sts_answer(await desk.sessions.get(policy)))


async def post(desk: Desk, asked: Asked) -> Response:
    """A signed form, for any file or for the one that is named."""
    version = asked.query.get("version", desk.settings.post_version)
    if version not in ("V4", "V1"):
        raise Refusal(400, "InvalidParameter", "version is V4 or V1.")
    if "name" in asked.query:
        asked.limits.key(asked.query["name"])
    if "type" in asked.query:
        asked.limits.check_type(asked.query["type"])
    size = asked.number("size")
    if size is not None:
        asked.limits.check_size(size, FORM_SIZE_MAX)
    permit = await desk.permit(asked)
    return JSONResponse(permit.form_v4() if version == "V4" else permit.form_v1())


async def presigned(desk: Desk, asked: Asked) -> Response:
    """A signed URL for one PutObject with one Content-Type, and one length if that is told."""
    settings, limits = desk.settings, asked.limits
    kind = asked.query.get("type")
    if kind is None:
        types = limits.types or (settings.presigned_type,)
        kind = settings.presigned_type if settings.presigned_type in types else types[0]
    limits.check_type(kind)
    size = asked.number("size")
    if size is None and (limits.min_size_bytes or limits.max_size_bytes):
        raise Refusal(
            400, "MissingParameter", "The size is limited here: say it, as size=BYTES."
        )  # fmt: skip
    if size is not None:
        limits.check_size(size, FORM_SIZE_MAX)
    key = limits.key(asked.query.get("name", settings.presigned_name))
    permit = await desk.permit(asked)
    return PlainTextResponse(permit.url("PUT", key, {}, {"content-type": kind}, size))


async def multipart(desk: Desk, asked: Asked) -> Response:
    """Signed URLs for an upload in parts: to begin it, or with upload_id to send and end it."""
    limits, query = asked.limits, asked.query
    name, size, kind = query.get("name", ""), asked.number("size"), query.get("type", "")
    if size is None:
        raise Refusal(400, "MissingParameter", "size is needed: the file's length in bytes.")
    kind = kind or "application/octet-stream"
    limits.check_type(kind)
    limits.check_size(size, OBJECT_SIZE_MAX)
    key = limits.key(name)
    part_size = asked.allowed.part_size(size)
    permit = await desk.permit(asked)
    answer = {"key": key, "part_size": part_size, "content_type": kind}
    upload_id = query.get("upload_id", "")
    if not upload_id:
        begin = permit.url("POST", key, {"uploads": ""}, {"content-type": kind})
        return JSONResponse({**answer, "initiate": begin})
    last = max(1, -(-size // part_size))
    urls = {}
    for number in _parts(query.get("parts", ""), last):
        length = part_size if number < last else size - part_size * (last - 1)
        which = {"partNumber": str(number), "uploadId": upload_id}
        urls[str(number)] = permit.url("PUT", key, which, size_bytes=length)
    end = permit.url("POST", key, {"uploadId": upload_id}, {"content-type": "application/xml"})
    return JSONResponse({**answer, "parts": urls, "complete": end})


def _parts(text: str, last: int) -> Iterable[int]:
    """``3-7`` or ``3``, within the upload; raises Refusal."""
    first_text, dash, end_text = text.partition("-")
    texts = (first_text, end_text if dash else first_text)
    if not text:
        return ()
    if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in texts):
        raise Refusal(400, "InvalidParameter", "parts is FIRST-LAST.")
    first, end = map(int, texts)
    if not 1 <= first <= end <= last or end - first >= _PART_URLS_MAX:
        raise Refusal(
            400, "InvalidParameter",
            f"parts lies between 1 and {last}, at most {_PART_URLS_MAX} at once.",
        )  # fmt: skip
    return range(first, end + 1)


async def show(desk: Desk, _asked: Asked) -> Response:
    """The page."""
    text, headers = page(desk.settings)
    return Response(text, media_type="text/html", headers=headers)


Make = Callable[[Desk, Asked], Awaitable[Response]]
_ROUTES: dict[str, tuple[str, Make]] = {
    "/get_sts_token_for_oss_upload": ("sts", sts),
    "/get_post_signature_for_oss_upload": ("post", post),
    "/get_presigned_url_for_oss_upload": ("presigned", presigned),
    "/get_multipart_urls_for_oss_upload": ("multipart", multipart),
    "/": ("page", show),
}


class UploadServer:
    """Settings that are read at the first need, and the routes that use them.

    `hosts` are the names that requests may be addressed to; None lets every name through.
    """

    def __init__(
        self,
        settings: UploadSettings | None = None,
        authorize: Authorize | None = None,
        access_key: keys.Keys | None = None,
        hosts: frozenset[str] | None = None,
    ) -> None:
        self._settings = settings
        self._key = access_key
        self.authorize = authorize
        self.hosts = hosts
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """What the endpoints share; raises SettingsError."""
        if self._desk is None:
            settings = self._settings
            if settings is None:
                settings = load_upload({}, os.environ)
            else:
                check(settings)
            if settings.authorize and self.authorize is None:
                self.authorize = load_hook(settings.authorize)
            key = self._key or keys.find(os.environ)
            self._desk = Desk(settings, key, Sessions(settings, key))
        return self._desk

    def routes(self) -> list[Route]:
        """A route for each endpoint; who is not asked for is not found."""
        return [
            Route(path, Endpoint(self, offer, make), name=make.__name__)
            for path, (offer, make) in _ROUTES.items()
        ]


class Endpoint:
    """One endpoint: who may ask, from where, and how the answer leaves."""

    def __init__(self, server: UploadServer, offer: str, make: Make) -> None:
        self._server, self._offer, self._make = server, offer, make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        try:
            desk = self._server.desk
        except SettingsError as error:
            _log.error("the upload server can't work: %s", error)
            response: Response = NOT_SET_UP.response
        else:
            response = await self._answer(desk, request)
            _allow(request, response, desk.settings.allow_origin)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        await response(scope, receive, send)

    async def _answer(self, desk: Desk, request: Request) -> Response:
        try:
            _check_host(request, self._server.hosts)
            _check_origin(request, desk.settings.allow_origin)
            if request.method == "OPTIONS" and desk.settings.allow_origin:
                return Response(status_code=204)
            if request.method != "GET":
                raise Refusal(405, "MethodNotAllowed", "Ask with GET.", {"Allow": "GET"})
            if self._offer not in desk.settings.offer:
                raise Refusal(404, "NotOffered", "This is not offered here.")
            limits = desk.settings.limits
            if self._offer != "page":  # which shows nothing that is not in the page's source
                limits = await self._authorised(request, limits)
            return await self._make(desk, Asked(request, desk.settings, limits))
        except Refusal as refusal:
            return refusal.response
        except LimitsError as error:
            status, code = _CODES[error.field]
            return Refusal(status, code, error.sentence).response
        except StsError as error:
            return Refusal(502, "NoTemporaryKeys", str(error)).response

    async def _authorised(self, request: Request, limits: Limits) -> Limits:
        """What the hook leaves of the limits; raises Refusal where it says no, or nothing."""
        hook = self._server.authorize
        if hook is None:
            return limits
        try:
            if inspect.iscoroutinefunction(hook):
                verdict = await hook(request)
            else:
                verdict = await run_in_threadpool(hook, request)
                if inspect.isawaitable(verdict):
                    verdict = await verdict
        except HTTPException as error:
            headers = dict(error.headers or {})
            raise Refusal(error.status_code, "NotAuthorized", error.detail, headers) from None
        except PermissionError:
            verdict = False
        if isinstance(verdict, Limits):
            return limits.narrowed(verdict)
        if verdict is not True:
            raise Refusal(403, "NotAuthorized", "You may not upload here.")
        return limits


NOT_SET_UP = Refusal(500, "NotSetUp", "This server is not set up yet; its log says why.")
_CODES = {
    "dir": (400, "InvalidDirectory"),
    "name": (400, "InvalidName"),
    "size": (403, "SizeNotAllowed"),
    "type": (403, "TypeNotAllowed"),
}


def _check_host(request: Request, hosts: frozenset[str] | None) -> None:
    """Refuse names that are not ours: a page of such a name could be anybody's (DNS rebinding)."""
    if hosts is None:
        return
    # As it stands: what the framework makes of it falls back to our own address.
    host = request.headers.get("host", "").lower()
    name = host.partition("]")[0][1:] if host[:1] == "[" else host.partition(":")[0]
    if name not in hosts:
        raise Refusal(421, "UnknownHost", "This server is not known by that name; see --host.")


def _check_origin(request: Request, allowed: tuple[str, ...]) -> None:
    origin = request.headers.get("origin")
    if origin is None or origin in allowed or "*" in allowed:
        return
    if origin.partition("//")[2] != request.headers.get("host"):
        raise Refusal(403, "ForeignOrigin", f"Pages of {origin} may not ask; see --allow-origin.")


def _allow(request: Request, response: Response, allowed: tuple[str, ...]) -> None:
    """Let pages of the allowed origins read the answer."""
    origin = request.headers.get("origin")
    if not allowed:
        return
    response.headers["Vary"] = "Origin"
    if origin is None or not (origin in allowed or "*" in allowed):
        return
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET"
        asked = request.headers.get("access-control-request-headers")
        if asked:
            response.headers["Access-Control-Allow-Headers"] = asked


def load_hook(text: str) -> Authorize:
    """The function that ``module:function`` names; raises SettingsError."""
    from importlib import import_module

    module, colon, name = text.partition(":")
    try:
        hook = getattr(import_module(module), name) if colon and module else None
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"--authorize {text}: {error}") from None
    if not callable(hook):
        raise SettingsError(f"--authorize {text!r} is not MODULE:FUNCTION")
    found: Authorize = hook
    return found


def upload_server(
    settings: UploadSettings | None = None,
    authorize: Authorize | None = None,
    *,
    access_key: keys.Keys | None = None,
    hosts: Iterable[str] | None = None,
) -> Starlette:
    """An application of its own; settings and access key come from the environment by default.

    `authorize(request)`, a function or a coroutine function, gives True to let a request through,
    `Limits` to narrow it, and anything else to refuse it.
    """
    named = None if hosts is None else frozenset(hosts)
    return Starlette(routes=UploadServer(settings, authorize, access_key, named).routes())


_server = UploadServer()
router = Router(routes=_server.routes())
app = Starlette(routes=_server.routes())
