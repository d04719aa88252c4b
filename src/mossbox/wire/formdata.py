"""Forms that carry a file: multipart/form-data, taken apart while it comes in.

The fields before the file are kept, within limits; the file is handed on piece by piece, and what
follows it is read and forgotten. Sources: RFC 7578 and RFC 2046, section 5.1; OSS documentation,
"PostObject". Line ends are CR LF: a bare LF ends nothing, so that no two readers can see different
parts in the same bytes.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from mossbox import errors
from mossbox.errors import ServiceError
from mossbox.wire.text import as_text

FIELD_MAX = 8 << 10
"""Bytes of a field's name and value together (OSS documentation, direct upload from a browser)."""

BEFORE_MAX = 64 << 10
"""Bytes before the file's first one."""

AFTER_MAX = 64 << 10
"""Bytes after the file's last one."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-][0-9A-Za-z'()+_,./:=? -]{0,198}\Z")
_PADDING_MAX = 64  # spaces and tabs between a boundary and its line's end
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'\s*;\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*')
_PLAIN = re.compile(rb'Content-Disposition: form-data; name="([A-Za-z0-9_.-]+)"\Z')  # most are
_ESCAPED = re.compile(r'\\(["\\])')
_LINE_BREAKS = frozenset("\r\n\0")
_ENCODINGS = frozenset(("", "binary", "8bit", "7bit"))  # which leave the bytes as they are

_PREAMBLE, _HEAD, _VALUE, _FILE, _END = range(5)


class Part(NamedTuple):
    """The head of a part; `filename` and `content_type` are None where they are not given."""

    name: str
    filename: str | None
    content_type: str | None


def boundary_of(content_type: str) -> bytes:
    """The boundary that a request's Content-Type names.

    Raises RequestIsNotMultiPartContent, and MalformedPOSTRequest without a usable one.
    """
    kind, semicolon, _ = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        raise errors.RequestIsNotMultiPartContent()
    boundary = _parameters(content_type, len(kind)).get("boundary") if semicolon else None
    if not boundary or not _BOUNDARY.match(boundary) or boundary.endswith(" "):
        raise malformed("The Content-Type names no boundary.")
    return boundary.encode()


def malformed(why: str) -> ServiceError:
    """MalformedPOSTRequest that says where."""
    return errors.MalformedPOSTRequest(f"{errors.MalformedPOSTRequest.message} {why}")


def missing_key() -> ServiceError:
    """InvalidArgument for a form that does not name its object before the file."""
    message = (
        "The bucket POST must contain the specified 'key'. If it is specified, please check the"
        " order of the fields."
    )
    return errors.invalid_argument(message, "key", "")


class FormParser:
    """Takes a form apart: `feed` it bytes, and `end` it when there are no more.

    `opened` says when the file has begun, and `fields` what stood before it: names in lower case,
    and of doubled ones the first. `piece` gives the file.
    """

    __slots__ = (
        "_at", "_base", "_buffer", "_delimiter", "_ended", "_file_end", "_from", "_last", "_name",
        "_size", "_state", "_value", "fields", "file",
    )  # fmt: skip

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.file: Part | None = None
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b"\r\n"  # so that a body may begin with a boundary
        self._base = -2  # where the buffer lies in the body
        self._at = 0  # what of the buffer is done with
        self._from = 0  # up to where no delimiter begins
        self._ended = False
        self._last = False  # whether the delimiter was the closing one
        self._state = _PREAMBLE
        self._name = ""
        self._value: list[bytes] = []
        self._size = 0
        self._file_end = 0

    @property
    def offset(self) -> int:
        """How many bytes of the body are done with."""
        return self._base + self._at

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        rest = self._buffer[self._at :]
        self._base += self._at
        self._from = max(self._from - self._at, 0)
        self._at = 0
        self._buffer = rest + data if rest else data

    def end(self) -> None:
        """There are no more bytes."""
        self._ended = True

    def opened(self) -> bool:
        """Whether the file has begun; False asks for more bytes.

        Raises MalformedPOSTRequest, FieldItemTooLong, MaxPOSTPreDataLengthExceededError,
        IncorrectNumberOfFilesInPOSTRequest.
        """
        while self.file is None:
            more = not self._step()
            if self.offset > BEFORE_MAX:
                raise errors.MaxPOSTPreDataLengthExceededError(MaxLengthAllowed=BEFORE_MAX)
            if more:
                return False
        return True

    def piece(self) -> bytes | None:
        """The next bytes of the file, b"" once the whole form was read well, None for more.

        Raises as `opened` does, and InvalidArgument for a key that comes after the file.
        """
        if self._state == _FILE:
            data = self._data()
            if data or data is None:
                return data
            self._state = _END if self._last else _HEAD
            self._file_end = self.offset
        while self._state != _END:
            more = not self._step()
            self._check_after()
            if more:
                return None
        self._at = len(self._buffer)
        self._check_after()
        return b"" if self._ended else None

    def _check_after(self) -> None:
        if self.offset - self._file_end > AFTER_MAX:
            raise malformed(f"More than {AFTER_MAX} bytes follow the file.")

    # -- parts ----------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Go on by one part's head, value or piece of it; False asks for more bytes."""
        if self._state == _HEAD:
            part = self._head()
            if part is None:
                return False
            self._begin(part)
            return True
        data = self._data()
        if data is None:
            return False
        if self._state == _VALUE:
            self._take(data)
        if not data:
            self._state = _END if self._last else _HEAD
            if self._last and self.file is None:
                raise errors.IncorrectNumberOfFilesInPOSTRequest("The form has no file.")
        return True

    def _begin(self, part: Part) -> None:
        name = part.name.lower()
        if name == "file":
            if self.file is not None:
                raise errors.IncorrectNumberOfFilesInPOSTRequest()
            self.file = part
            self._state = _FILE
            return
        if name == "key" and self.file is not None:
            raise missing_key()
        self._name = name
        self._value.clear()
        self._size = len(part.name.encode("utf-8", "surrogateescape"))
        self._state = _VALUE

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > FIELD_MAX:
            raise errors.FieldItemTooLong(FieldName=self._name[:200], MaxSizeAllowed=FIELD_MAX)
        if data:
            self._value.append(data)
        elif self.file is None:
            self.fields.setdefault(self._name, as_text(b"".join(self._value)))

    def _head(self) -> Part | None:
        """The head that begins here, None for more bytes."""
        end = self._buffer.find(b"\r\n\r\n", self._at)
        if (len(self._buffer) if end < 0 else end) - self._at > FIELD_MAX:
            raise errors.FieldItemTooLong(MaxSizeAllowed=FIELD_MAX)
        if end < 0:
            if self._ended:
                raise malformed("It ends within the head of a part.")
            return None
        part = _part(self._buffer[self._at : end])
        self._at = self._from = end + 4
        return part

    def _data(self) -> bytes | None:
        """Bytes up to the next delimiter, b"" when that was passed, None for more bytes."""
        while True:
            found = self._buffer.find(self._delimiter, self._from)
            if found < 0:
                return self._before(self._beginning())
            if found > self._at:
                self._from = found
                return self._before(found)
            after = self._after(found + len(self._delimiter))
            if after is None:
                return None
            if after:
                self._at = self._from = after
                return b""
            self._from = found + 1  # the boundary's text with more behind it is no boundary

    def _before(self, stop: int) -> bytes | None:
        """The bytes before `stop`; None where there are none yet."""
        data = self._buffer[self._at : stop]
        if not data and self._ended:
            raise malformed("It ends without its closing boundary.")
        self._at = stop
        self._from = max(self._from, stop)
        return data or None

    def _beginning(self) -> int:
        """Where at the buffer's end a delimiter may have begun."""
        buffer = self._buffer
        start = max(self._from, len(buffer) - len(self._delimiter) + 1)
        while (start := buffer.find(b"\r", start)) >= 0:
            if self._delimiter.startswith(buffer[start:]):
                return start
            start += 1
        return len(buffer)

    def _after(self, start: int) -> int | None:
        """Where the line of a delimiter ends, 0 where it is none, None for more bytes."""
        buffer = self._buffer
        if buffer.startswith(b"--", start):
            self._last = True
            return start + 2
        stop = start
        while buffer[stop : stop + 1] in (b" ", b"\t") and stop - start < _PADDING_MAX:
            stop += 1
        if buffer.startswith(b"\r\n", stop):
            return stop + 2
        left = buffer[stop : stop + 2]
        if left not in (b"", b"\r") and (left != b"-" or stop > start):
            return 0
        if self._ended:
            raise malformed("It ends within a boundary.")
        return None


# -- heads --------------------------------------------------------------------------------------


def _part(head: bytes) -> Part:
    """The head of a part; raises MalformedPOSTRequest."""
    plain = _PLAIN.match(head)
    if plain is not None:
        return Part(plain[1].decode(), None, None)
    headers = _headers(head)
    disposition = headers.get("content-disposition", "")
    kind = disposition.partition(";")[0]
    if kind.strip().lower() != "form-data":
        raise malformed("A part has no Content-Disposition: form-data.")
    if headers.get("content-transfer-encoding", "").lower() not in _ENCODINGS:
        raise malformed("A part has a Content-Transfer-Encoding.")
    parameters = _parameters(disposition, len(kind))
    name = _extended(parameters, "name")
    if not name:
        raise malformed("A part has no name.")
    return Part(name, _extended(parameters, "filename"), headers.get("content-type") or None)


def _headers(head: bytes) -> dict[str, str]:
    """A head's lines, names in lower case, of doubled ones the first."""
    headers: dict[str, str] = {}
    for line in as_text(head).split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or line[0] in " \t" or not _LINE_BREAKS.isdisjoint(line):
            raise malformed("A part has a head that can't be read.")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _parameters(text: str, start: int) -> dict[str, str]:
    """The parameters of a header from `start` on; raises MalformedPOSTRequest.

    A backslash escapes a quote or another one: browsers send those of a path as they are.
    """
    parameters: dict[str, str] = {}
    stop = len(text.rstrip("; \t"))
    while start < stop:
        found = _PARAMETER.match(text, start)
        if found is None or found[1].lower() in parameters:
            raise malformed("A header has parameters that can't be read.")
        name, quoted, bare = found.groups()
        parameters[name.lower()] = bare if quoted is None else _ESCAPED.sub(r"\1", quoted)
        start = found.end()
    return parameters


def _extended(parameters: dict[str, str], name: str) -> str | None:
    """A parameter, by its extended form (RFC 5987) where there is one that can be read."""
    charset, quote, rest = parameters.get(f"{name}*", "").partition("'")
    _, second, value = rest.partition("'")
    if quote and second and charset.lower() in ("utf-8", "iso-8859-1"):
        try:
            return unquote_to_bytes(value).decode(charset)
        except UnicodeDecodeError:
            pass
    return parameters.get(name)
