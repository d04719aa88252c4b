"""``/-/…``: the server's own pages, on endpoint hosts only."""

import hmac
from collections.abc import Sequence

import msgspec

from mossbox import clock, errors
from mossbox.engine import identities
from mossbox.engine.callback_key import CallbackKey
from mossbox.engine.store import Engine
from mossbox.fronts.hosts import Hosts
from mossbox.http.message import Request, Response
from mossbox.metrics import render
from mossbox.operations.callback import PAGE
from mossbox.operations.sts import session
from mossbox.settings import Settings, is_loopback
from mossbox.wire.text import parse_query

_CREDENTIALS_LIVE_S = 3600
_NOT_DIRECT = frozenset(("origin", "forwarded", "x-forwarded-for", "x-real-ip", "via"))


class Pages:
    """Health, metrics and the like; `stripes` are all workers' counters."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        stripes: Sequence[memoryview],
        labels: Sequence[str],
        callback_key: CallbackKey,
    ) -> None:
        self._token = settings.metrics_token
        self._engine = engine
        self._credentials_uri = settings.credentials_uri
        self._stripes = stripes
        self._labels = labels
        self._callback_key = callback_key
        self._hosts = Hosts(settings.domain, settings.cname, strict=settings.development)
        self._own_hosts = Hosts(strict=True)

    async def answer(self, request: Request) -> Response | None:
        """A page, or None where the address belongs to a bucket's host."""
        if not self._hosts.resolve(request.headers.get("host", "localhost")).endpoint:
            return None
        if request.method not in ("GET", "HEAD"):
            raise errors.MethodNotAllowed(Method=request.method, ResourceType="page")
        if request.path == b"/-/health":
            return _text(200, "ok\n")
        if request.path == b"/-/ready":
            fault = self._engine.db.fault()
            return _text(503, f"not ready: {fault}\n") if fault else _text(200, "ready\n")
        if request.path == PAGE:
            pem = (await self._callback_key.pair()).public_pem()
            return _text(200, pem.decode(), "application/x-pem-file")
        if request.path == b"/-/metrics":
            return self._metrics(request)
        if request.path == b"/-/credentials" and self._credentials_uri:
            return self._credentials(request)
        raise errors.NoSuchPage()

    def _credentials(self, request: Request) -> Response:
        """A temporary key of a role, for credential providers that are given an address.

        Whoever can reach it may have it: so it is for programs of this machine alone, and for no
        page that a browser of this machine shows.
        """
        self._own_hosts.resolve(request.headers.get("host", "localhost"))
        if not is_loopback(request.peer) or not _NOT_DIRECT.isdisjoint(request.headers):
            raise errors.AccessDenied("Temporary keys are given to programs of this machine alone.")
        db = self._engine.db
        account, name = identities.root(db), parse_query(request.query).get("role", "")
        assert account is not None
        role = identities.role_in_any_case(db, account.id, name)
        if role is None:
            raise errors.NoSuchRoleEntity()
        expires_s = int(clock.now()) + _CREDENTIALS_LIVE_S
        given = session(self._engine, role, account.uid, "credentials-uri", expires_s).credentials
        body = msgspec.json.encode({"Code": "Success", **msgspec.to_builtins(given)}).decode()
        return _text(200, body, "application/json")

    def _metrics(self, request: Request) -> Response:
        if self._token:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
                raise errors.AccessDenied("Metrics need their token.")
        elif not is_loopback(request.peer):
            raise errors.AccessDenied("Metrics are for this machine unless a token is set.")
        text = render(self._stripes, self._labels).decode()
        return _text(200, text, "text/plain; version=0.0.4")


def _text(status: int, text: str, kind: str = "text/plain") -> Response:
    head = f"Content-Type: {kind}; charset=utf-8\r\nCache-Control: no-store\r\n"
    return Response(status, head, text.encode())
