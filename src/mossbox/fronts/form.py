"""A form is a put in another envelope: its fields are the headers, its file part is the body.

Opened here, it goes the way of every other request: who signed it, what they may, and what the
operation does with it. Of the HTTP request's own headers those count that are not about its body;
an ``x-oss-`` header stands for the field of its name where the form has none.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Set

from msgspec.structs import replace

from mossbox import errors
from mossbox.auth.post_policy import PostPolicy
from mossbox.fronts import Place
from mossbox.http.message import Body, Pace, Request
from mossbox.operation import Operation
from mossbox.operations.headers import DEFAULT_TYPE
from mossbox.operations.receive import SIZE_MAX
from mossbox.wire import names
from mossbox.wire.bind import META_PREFIX
from mossbox.wire.formdata import (
    AFTER_MAX,
    FormParser,
    Part,
    boundary_of,
    missing_key,
)
from mossbox.wire.text import has_control

FILENAME = "${filename}"
_VARIABLE = "x:"  # the prefix of fields for the callback
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+\Z")


class FormPlace(Place, frozen=True):
    """The object that a form names; its fields as a policy's conditions see them, and its file."""

    fields: dict[str, str]
    file: "FilePart"


class FilePart(Body):
    """The file of a form. Its end is the form's: what came before it may not be kept alone."""

    __slots__ = ("_digest", "_least", "_md5", "_most", "_parser", "_source")

    def __init__(self, parser: FormParser, source: Body, md5: str | None) -> None:
        super().__init__(None)
        self._parser = parser
        self._source = source
        self._least = 0
        self._most = SIZE_MAX
        self._md5 = md5
        self._digest = None if md5 is None else hashlib.md5(usedforsecurity=False)

    def limit(self, policy: PostPolicy) -> None:
        """Hold the file to the sizes that a policy allows.

        Raises EntityTooLarge where the form's announced length tells already.
        """
        self._least = policy.size_min
        if policy.size_max is not None:
            self._most = min(policy.size_max, SIZE_MAX)
        self._check_announced()

    def slow(self, pace: Pace) -> None:
        """Slow the whole form down."""
        self._source.slow(pace)

    async def open(self) -> Part:
        """The head of the file, once all fields before it are here.

        Raises EntityTooLarge, and what `FormParser.opened` raises.
        """
        while not self._parser.opened():
            self._feed(await self._source.read())
        part = self._parser.file
        assert part is not None
        self._check_announced()
        return part

    async def read(self) -> bytes:
        """The next bytes, b"" once the whole form has come and is well.

        Raises EntityTooLarge, EntityTooSmall, InvalidDigest, and what `FormParser.piece` raises.
        """
        if self.ended:
            return b""
        while (data := self._parser.piece()) is None:
            self._feed(await self._source.read())
        return self._count(data)

    def whole(self) -> bytes | None:
        """The rest of the file if the form is here to its end, else None."""
        if self.ended:
            return b""
        rest = self._source.whole()
        if rest is None:
            return None
        if rest:
            self._feed(rest)
        self._feed(b"")
        pieces = []
        while data := self._count(self._parser.piece() or b""):
            pieces.append(data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _check_announced(self) -> None:
        """A form that says how long it is need not be read to be too long."""
        if self._source.length is not None:
            least = self._source.length - self._parser.offset - AFTER_MAX
            if least > self._most:
                raise self._too_large(least)

    def _feed(self, data: bytes) -> None:
        if self._digest is not None:
            self._digest.update(data)
        if data:
            self._parser.feed(data)
        else:
            self._parser.end()

    def _count(self, data: bytes) -> bytes:
        """Pass on a piece of the file, or its end."""
        self.received += len(data)
        if self.received > self._most:
            raise self._too_large(self.received)
        if not data:
            self._check_end()
            self.ended = True
        return data

    def _check_end(self) -> None:
        if self.received < self._least:
            raise errors.EntityTooSmall(ProposedSize=self.received, MinSizeAllowed=self._least)
        if self._digest is not None and b64encode(self._digest.digest()).decode() != self._md5:
            raise errors.InvalidDigest()

    def _too_large(self, size: int) -> errors.ServiceError:
        return errors.EntityTooLarge(ProposedSize=size, MaxSizeAllowed=self._most)


async def unfold(operation: Operation, place: Place, request: Request) -> tuple[FormPlace, Request]:
    """The put that a form stands for: the object that it names, and the request for it.

    Raises RequestIsNotMultiPartContent, MalformedPOSTRequest and their kin of `wire.formdata`, and
    InvalidArgument without a key or for what can't be a header.
    """
    headers, read = request.headers, operation.accepts_headers
    parser = FormParser(boundary_of(headers.get("content-type", "")))
    file = FilePart(parser, request.body, headers.get("content-md5"))
    part = await file.open()
    fields = _with_headers(parser.fields, headers, read)
    key = _key(fields, part)
    kind = fields.get("x-oss-content-type") or part.content_type or fields.get("content-type")
    put = {k: v for k, v in headers.items() if k not in read and not k.startswith(META_PREFIX)}
    meant = _as_headers(fields, read)
    if kind is not None:
        kind = meant["content-type"] = _checked("content-type", kind)
    put.update(meant)
    # Conditions are about what is kept: of a header, its value without the space around it.
    seen = {**fields, **meant, "bucket": place.bucket, "content-type": kind or DEFAULT_TYPE}
    found = FormPlace("object", place.bucket, key, place.query, place.region, False, seen, file)
    return found, replace(request, headers=put, body=file)


def _key(fields: Mapping[str, str], part: Part) -> bytes:
    """The key, with the file's own name in it, whatever path a browser sent with that.

    Conditions are about the key before that (OSS documentation, "PostObject").
    """
    base = (part.filename or "").replace("\\", "/").rpartition("/")[2]
    key = fields.get("key", "").replace(FILENAME, base).encode("utf-8", "surrogateescape")
    if not key:
        raise missing_key()
    names.check_key(key)
    return key


def _with_headers(
    fields: dict[str, str], headers: Mapping[str, str], read: Set[str]
) -> dict[str, str]:
    """The fields, and the headers of the request that stand for others."""
    for name, value in headers.items():
        if name[:6] == "x-oss-" and (name in read or name.startswith(META_PREFIX)):
            fields.setdefault(name, value)
    return fields


def _as_headers(fields: Mapping[str, str], read: Set[str]) -> dict[str, str]:
    """Those fields that a put has as headers, and the variables of a callback."""
    found = {}
    for name, value in fields.items():
        if name.startswith(_VARIABLE):
            found[name] = value
        elif name in read or name[:6] == "x-oss-":
            if not _TOKEN.match(name):
                raise errors.InvalidArgument(f"No header can have the field's name: {name!r}")
            found[name] = _checked(name, value)
    return found


def _checked(name: str, value: str) -> str:
    """A value that can stand in a header; raises InvalidArgument."""
    if has_control(value):
        raise errors.invalid_argument("The field has control characters.", name, value)
    return value.strip()
