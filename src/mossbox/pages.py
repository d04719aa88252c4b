"""``/-/…``: the server's own pages, on endpoint hosts only."""

import hmac
from collections.abc import Sequence

from mossbox import errors
from mossbox.engine import Database
from mossbox.fronts.hosts import Hosts
from mossbox.http.message import Request, Response
from mossbox.metrics import render
from mossbox.settings import Settings, is_loopback


class Pages:
    """Health, readiness and metrics; `stripes` are all workers' counters."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        stripes: Sequence[memoryview],
        labels: Sequence[str],
    ) -> None:
        self._token = settings.metrics_token
        self._db = db
        self._stripes = stripes
        self._labels = labels
        self._hosts = Hosts(settings.domain, settings.cname, strict=settings.development)

    def answer(self, request: Request) -> Response | None:
        """A page, or None where the address belongs to a bucket's host."""
        if not self._hosts.resolve(request.headers.get("host", "localhost")).endpoint:
            return None
        if request.method not in ("GET", "HEAD"):
            raise errors.MethodNotAllowed(Method=request.method, ResourceType="page")
        if request.path == b"/-/health":
            return _text(200, "ok\n")
        if request.path == b"/-/ready":
            fault = self._db.fault()
            return _text(503, f"not ready: {fault}\n") if fault else _text(200, "ready\n")
        if request.path == b"/-/metrics":
            return self._metrics(request)
        raise errors.NoSuchPage()

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
