"""Taking in a body: into the database when it is small, into a file when it is not.

Everything a client said about the body is checked before a row can name it.
"""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from mossbox import errors
from mossbox.engine import Tx, Written
from mossbox.engine.bodies import NewBlob
from mossbox.engine.cipher import PLAIN, SM4, seal_body
from mossbox.errors import ServiceError
from mossbox.http.message import Body
from mossbox.operations.call import Call
from mossbox.operations.sealing import Seal
from mossbox.wire.checksum import crc64, md5_etag, parse_content_md5, signed

SIZE_MAX = 5 << 30  # of one put, append or part

T = TypeVar("T")


class Announced:
    """What the client said about the body it sends; raises for what can't be true."""

    __slots__ = ("crc64", "md5", "sha256")

    def __init__(self, md5: str | None, crc: str | None, sha: str | None) -> None:
        self.md5: str | None = None
        if md5 is not None:
            self.md5 = parse_content_md5(md5)
            if self.md5 is None:
                raise errors.InvalidDigest()
        if crc is not None and not (crc.isascii() and crc.isdigit() and len(crc) <= 20):
            raise errors.invalid_argument("Not a CRC-64.", "x-oss-hash-crc64ecma", crc)
        self.crc64 = None if crc is None else int(crc)
        self.sha256 = sha.lower() if sha is not None and sha != "UNSIGNED-PAYLOAD" else None

    def check(self, received: "Received") -> None:
        """Raise InvalidDigest, InvalidCRC64 unless the body is the announced one."""
        if self.md5 is not None and self.md5 != received.md5:
            raise errors.InvalidDigest()
        if self.crc64 is not None and self.crc64 != received.crc64:
            raise errors.InvalidCRC64()
        if self.sha256 is not None and self.sha256 != received.sha256:
            raise errors.InvalidDigest("The body's SHA-256 is not the one in x-oss-content-sha256.")


class Received:
    """A body that is here: its sums, and the blob that waits to be named (None when empty)."""

    __slots__ = ("_written", "blob", "crc64", "md5", "sha256", "size")

    def __init__(self, size: int, md5: str, crc: int, sha: str, blob: NewBlob | None) -> None:
        self.size = size
        self.md5 = md5
        self.crc64 = crc
        self.sha256 = sha
        self.blob = blob
        self._written: Written | None = None

    async def commit(self, call: Call, work: Callable[[Tx], T]) -> T:
        """Run the unit that names the blob; a refusal leaves nothing behind."""
        try:
            return await call.engine.db.write(work)
        except ServiceError:
            await self.discard(call)
            raise
        finally:  # after another failure nobody knows whether the row stands: the sweep decides
            if self._written is not None:
                self._written.settle()

    async def discard(self, call: Call) -> None:
        """No row will ever name the blob."""
        if self._written is not None:
            await call.engine.blobs.delete([self._written.id])
            self._written.settle()


def check_length(content_length: int | None, chunked: str | None) -> None:
    """Raise MissingContentLength, EntityTooLarge before a byte of the body is asked for."""
    if content_length is None and chunked is None:
        raise errors.MissingContentLength()
    if content_length is not None and content_length > SIZE_MAX:
        raise errors.EntityTooLarge(MaxSizeAllowed=SIZE_MAX)


async def receive(
    call: Call, body: Body, announced: Announced, seal: Seal | None = None
) -> Received:
    """Read a body to its end, keep it (encrypted where there is a seal) and check it.

    Raises IncompleteBody, RequestTimeout, EntityTooLarge, InvalidDigest, InvalidCRC64.
    """
    data = body.whole()
    limit = call.engine.inline_limit
    if data is None:
        data = await _beginning(body, limit)
    if len(data) <= limit and body.ended and not body.buffered:
        received = _small(call, data, announced)
        if seal is not None and received.blob is not None:
            received.blob = await _sealed(call, received.blob, data, seal)
    else:
        received = await _large(call, data, body, announced, seal)
    try:
        announced.check(received)
    except ServiceError:
        await received.discard(call)
        raise
    return received


async def _beginning(body: Body, limit: int) -> bytes:
    """More than `limit` bytes, or all there are."""
    parts, size = [], 0
    while size <= limit and (chunk := await body.read()):
        parts.append(chunk)
        size += len(chunk)
    return b"".join(parts)


def _small(call: Call, data: bytes, announced: Announced) -> Received:
    crc = crc64(data)
    blob = NewBlob(call.engine.ids.draw(), len(data), signed(crc), data) if data else None
    sha = sha256(data).hexdigest() if announced.sha256 else ""
    return Received(len(data), md5_etag(data), crc, sha, blob)


async def _sealed(call: Call, blob: NewBlob, data: bytes, seal: Seal) -> NewBlob:
    """The same small body, encrypted; SM4 in a thread, because it is slow."""
    key, wrapped = seal.data_key(call)
    if key.cipher == SM4:
        stored = await asyncio.to_thread(seal_body, key, blob.id, data)
    else:
        stored = seal_body(key, blob.id, data)
    return NewBlob(blob.id, blob.size, signed(crc64(stored)), stored, key.cipher, wrapped)


async def _large(
    call: Call, first: bytes, body: Body, announced: Announced, seal: Seal | None
) -> Received:
    size = len(first)
    digest = sha256(first) if announced.sha256 else None

    async def read() -> bytes:
        nonlocal size
        chunk = await body.read()
        size += len(chunk)
        if size > SIZE_MAX:
            raise errors.EntityTooLarge(MaxSizeAllowed=SIZE_MAX)
        if digest is not None:
            digest.update(chunk)
        return chunk

    key, wrapped = (None, None) if seal is None else seal.data_key(call)
    written = await call.engine.blobs.write(first, read, key)
    cipher = PLAIN if key is None else key.cipher
    blob = NewBlob(written.id, written.size, None, None, cipher, wrapped)
    sha = digest.hexdigest() if digest is not None else ""
    received = Received(written.size, written.md5, written.crc64, sha, blob)
    received._written = written
    return received
