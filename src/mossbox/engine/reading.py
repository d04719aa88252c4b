"""From a version to its bytes: one blob, or extents of many read one after the other."""

from mossbox import errors
from mossbox.engine import Version, bodies
from mossbox.engine.bodies import Extent, StoredBlob
from mossbox.engine.cipher import SM4, open_body
from mossbox.engine.memory import SealedBody
from mossbox.engine.store import Engine
from mossbox.http.message import Reader
from mossbox.wire.checksum import crc64, unsigned

Bytes = bytes | memoryview | Reader


def open_version(
    engine: Engine, version: Version, blob: StoredBlob | None, start: int, stop: int
) -> Bytes:
    """Bytes [start, stop) of a version; raises FileNotFoundError when it is just being removed."""
    if start == stop:
        return b""
    if version.blob is not None and blob is not None:
        return open_blob(engine, version.blob, blob, start, stop)
    reader = ExtentsReader(engine, version.rank, start, stop)
    try:
        reader.open()
    except BaseException:
        reader.close()
        raise
    return reader


def open_blob(engine: Engine, blob: int, stored: StoredBlob, start: int, stop: int) -> Bytes:
    """Bytes [start, stop) of a blob.

    Raises InternalError, FileNotFoundError, BlobDamaged, and AccessDenied for a disabled key.
    """
    data, size = stored.data, stored.size
    key = engine.keyring.open(stored.cipher, stored.wrapped_key) if stored.cipher else None
    if data is None:
        return engine.blobs.read(blob, size, start, stop, key)
    if crc64(data) != unsigned(stored.crc64 or 0):
        raise errors.InternalError("The stored object is damaged.")
    if key is None:
        return data if stop - start == size else data[start:stop]
    if key.cipher == SM4:
        return SealedBody(key, blob, data, size, start, stop)
    return bytes(open_body(key, blob, data, size, start, stop))


class ExtentsReader:
    """Many ranges as one: each is opened when the one before it has ended.

    While it lives, blobs that are dropped stay (see `Readers`), so that an object that is replaced
    or removed can be read to its end.
    """

    def __init__(self, engine: Engine, owner: int, start: int, stop: int) -> None:
        self.length = stop - start
        self._engine = engine
        self._ticket = engine.readers.enter()
        self._extents = iter(bodies.extents_between(engine.db, owner, start, stop))
        self._piece: Bytes | None = None

    def open(self) -> None:
        """Find the first bytes; raises FileNotFoundError."""
        self._advance()
        if self._piece is None:
            raise FileNotFoundError("the object's extents")

    def _advance(self) -> None:
        """Open the next range, or end."""
        self._drop()
        extent = next(self._extents, None)
        if extent is not None:
            self._piece = self._open(extent)

    def _open(self, extent: Extent) -> Bytes:
        stored = bodies.find_blob(self._engine.db, extent.blob)
        if stored is None:
            raise FileNotFoundError(extent.blob)
        stop = extent.start + extent.size
        return open_blob(self._engine, extent.blob, stored, extent.start, stop)

    def next_nowait(self) -> memoryview | bytes | None:
        """The next piece if it is at hand."""
        while self._piece is not None:
            piece = self._piece
            if isinstance(piece, bytes | memoryview):
                self._advance()
                return piece
            data = piece.next_nowait()
            if data is None or len(data):
                return data
            self._advance()
        return b""

    async def next(self) -> bytes:
        """The next piece, waiting for the disk."""
        while self._piece is not None:
            piece = self._piece
            if isinstance(piece, bytes | memoryview):
                self._advance()
                return bytes(piece)
            data = await piece.next()
            if data:
                return data
            self._advance()
        return b""

    def close(self) -> None:
        """Let go."""
        self._drop()
        self._engine.readers.leave(self._ticket)

    def _drop(self) -> None:
        piece, self._piece = self._piece, None
        if piece is not None and not isinstance(piece, bytes | memoryview):
            piece.close()
