"""Request heads: one strict parse, so that no two readers can understand a request differently.

httptools (llhttp, its leniencies off) refuses folded lines, bare line feeds, stray spaces and
doubtful lengths; what it leaves to its user is refused here: doubled Host or Authorization,
fragments, too many fields, other versions. tests/reliability holds the corpus.
"""

import re
from http import HTTPStatus

import httptools

from mossbox import errors
from mossbox.http.message import Request

HEAD_SIZE_MAX = 64 << 10
FIELD_COUNT_MAX = 200
_SINGLE = frozenset(
    ("host", "content-length", "transfer-encoding", "authorization", "content-md5", "content-type")
)

STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in HTTPStatus}

_AUTHORITY = re.compile(rb"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?(?=[/?]|\Z)")
_names: dict[bytes, str] = {}


class HeadParser:
    """Parses the heads of one connection, one after the other.

    llhttp's parser is kept while requests have no body; bodies never pass through it, so after a
    request with one a new parser begins.
    """

    __slots__ = ("_again", "_complete", "_headers", "_parser", "_target")

    def __init__(self) -> None:
        self._parser: httptools.HttpRequestParser | None = None
        self._headers: dict[str, str] = {}
        self._again: list[str] = []

    def on_url(self, url: bytes) -> None:
        """llhttp: a piece of the target."""
        self._target += url

    def on_header(self, raw: bytes, value: bytes) -> None:
        """llhttp: one header field; of doubled ones the first counts."""
        name = _names.get(raw) or _remember(raw)
        if name in self._headers:
            self._again.append(name)
            return
        try:
            self._headers[name] = value.decode()
        except UnicodeDecodeError:
            self._headers[name] = value.decode("utf-8", "surrogateescape")

    def on_message_complete(self) -> None:
        """llhttp: the head needs no body."""
        self._complete = True

    def parse(self, block: bytes) -> Request:
        """A request from its head, the empty line included.

        Raises BadRequest for whatever could be read in two ways, RequestHeaderTooLarge.
        """
        parser = self._parser or httptools.HttpRequestParser(self)
        self._feed(parser, block)
        headers, target = self._headers, self._target
        if self._again or len(headers) > FIELD_COUNT_MAX:
            self._check_fields()
        method = parser.get_method().decode()
        if target[:1] != b"/" or b"#" in target:
            target, headers["host"] = _odd_target(target, method, headers.get("host", ""))
        path, _, query = target.partition(b"?")
        version = parser.get_http_version()
        request = Request(method, path, query, headers, version)
        if version != "1.1" or "connection" in headers or "host" not in headers:
            _check_connection(request, block)
        return request

    def _feed(self, parser: httptools.HttpRequestParser, block: bytes) -> None:
        self._target = b""
        self._headers = {}
        self._again = []
        self._complete = False
        self._parser = None
        try:
            parser.feed_data(block)
        except httptools.HttpParserUpgrade:
            self._complete = False  # no other protocol is offered: it is answered as it stands
        except httptools.HttpParserError as error:
            raise errors.BadRequest(f"The request's head is not well-formed: {error}") from None
        if self._complete:
            self._parser = parser

    def _check_fields(self) -> None:
        for name in self._again:
            if name in _SINGLE:
                raise errors.BadRequest(f"The header {name} came twice.")
        if len(self._headers) + len(self._again) > FIELD_COUNT_MAX:
            raise errors.RequestHeaderTooLarge(f"More than {FIELD_COUNT_MAX} header fields.")


def _remember(raw: bytes) -> str:
    """Lower-case text of a header name; the common ones are made once."""
    name = raw.decode("ascii", "surrogateescape").lower()
    if len(_names) < 1024 and len(raw) < 64:
        _names[raw] = name
    return name


def _odd_target(target: bytes, method: str, host: str) -> tuple[bytes, str]:
    """Path and host of a target that is no path: of a URL its own host counts."""
    if b"#" in target:
        raise errors.BadRequest("A request target has no fragment.")
    if target == b"*" and method == "OPTIONS" and host:
        return b"/", host
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        raise errors.BadRequest("The request target is neither a path nor a URL.")
    authority = _AUTHORITY.match(rest)
    if authority is None:
        raise errors.BadRequest("The request target names no host.")
    path = rest[authority.end() :]
    return path if path[:1] == b"/" else b"/" + path, authority[0].decode()


def _check_connection(request: Request, block: bytes) -> None:
    """Refuse other versions and a missing Host, and say whether the connection stays open."""
    version, headers = request.version, request.headers
    if version != "1.1" and not block.partition(b"\r\n")[0].endswith(b" HTTP/1.0"):
        raise errors.BadRequest("Only HTTP/1.1 and 1.0 are spoken here.")  # no RTSP either
    if "host" not in headers and version == "1.1":
        raise errors.BadRequest("The Host header is missing.")
    options = {option.strip() for option in headers.get("connection", "").lower().split(",")}
    stays = version == "1.1" or "keep-alive" in options
    request.keep_alive = stays and "close" not in options


def body_length(request: Request) -> int | None:
    """Bytes of body that follow, None for a chunked one; raises BadRequest when in doubt."""
    headers = request.headers
    length = headers.get("content-length")
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if length is not None or request.version == "1.0" or coding.lower() != "chunked":
            raise errors.BadRequest("The body's length can be understood in two ways.")
        return None
    if length is None:
        return 0
    if not length.isascii() or not length.isdigit() or len(length) > 18:
        raise errors.BadRequest("Content-Length is not a number.")
    return int(length)
