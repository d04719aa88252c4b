"""An open file: reading by ranges, writing in parts, appending, and creating only what is new.

What is written appears under its name at once and whole when the file is closed. A ``with`` block
that fails leaves everything as it was.
"""

import errno
import io
from typing import Any, Self

from fsspec.asyn import sync
from fsspec.spec import AbstractBufferedFile

from mossbox.fs.client import Upload
from mossbox.fs.config import PART_MIN_BYTES
from mossbox.fs.transfer import HEADERS, part_bytes, pieces, told


class OSSFile(AbstractBufferedFile):  # type: ignore[misc]
    """A file of `OSSFileSystem`, opened as ``rb``, ``wb``, ``ab`` or ``xb``."""

    kwargs: dict[str, Any]

    def __init__(
        self,
        fs: Any,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        **more: Any,
    ) -> None:
        if mode == "ab" and not autocommit:
            raise NotImplementedError("what is appended can't be taken back")
        self._part = max(block_size or fs.config.part_bytes, PART_MIN_BYTES)
        if mode != "rb":  # what is collected before anything is sent
            block_size = max(fs.config.threshold_bytes, self._part)
        super().__init__(fs, path, mode, block_size, autocommit, **more)
        self._bucket, self._key = fs._key(path)
        self._upload: Upload | None = None
        self._ready = b""  # written, and put by commit()
        self._place: int | None = None  # of an appendable object, where the next bytes go

    def _wait(self, function: Any, *arguments: Any, **more: Any) -> Any:
        return sync(self.fs.loop, function, *arguments, **more)

    # -- reading --------------------------------------------------------------------------------

    def _fetch_range(self, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        told = self.details
        etag = "" if told.get("ObjectType") == "Appendable" else told.get("ETag") or ""
        try:
            data = self.fs.cat_file(self.path, start, end, etag=etag)
        except OSError as error:
            if error.errno == errno.ESTALE:
                raise OSError(errno.ESTALE, "it changed while it was read", self.path) from error
            raise
        return bytes(data)

    # -- writing --------------------------------------------------------------------------------

    def _initiate_upload(self) -> None:
        """Find out what an append goes on with; other modes have nothing to begin."""
        if self.mode != "ab":
            return
        calls = self.fs.calls
        try:
            found = self._wait(calls.head, self._bucket, self._key)
        except FileNotFoundError:
            self._place = 0
            return
        if found.object_type == "Appendable":
            self._place = int(found.next_append_position or found.content_length)
        elif found.content_length < self.fs.config.threshold_bytes:
            self.kwargs = {**told(found), **self.kwargs}
            old = self._wait(calls.get, self._bucket, self._key, "", found.etag)
            self._keep(old + self.buffer.getvalue())
        else:
            self._wait(self._begin_with, found)

    async def _begin_with(self, found: Any) -> None:
        """An upload whose first parts are what was there."""
        source = (self._bucket, self._key)
        upload = await self._begin(**told(found))
        for piece in pieces(found.content_length, 256 << 20):
            await self.fs.calls.part_copy(upload, piece[0], source, *piece[1:], found.etag)

    async def _begin(self, **given: Any) -> Upload:
        forbid = self.mode == "xb"
        given = {**given, **self._given()}
        number = await self.fs.calls.begin(self._bucket, self._key, forbid, **given)
        self._upload = Upload(self._bucket, self._key, number, forbid)
        return self._upload

    def _given(self) -> dict[str, Any]:
        return {name: self.kwargs[name] for name in HEADERS if self.kwargs.get(name)}

    def _upload_chunk(self, final: bool = False) -> bool:
        """Send what is full; the rest waits in the buffer for more, or for the end."""
        try:
            if self._place is not None:
                self._append()
            elif final and self._upload is None and self.buffer.tell() <= self.blocksize:
                self._ready = self.buffer.getvalue()
            else:
                self._keep(self._wait(self._send, self.buffer.getvalue(), final))
            if final and self.autocommit:
                self.commit()
        except BaseException:
            self.discard()
            self.closed = True  # nothing that comes after may appear as if it were whole
            raise
        return False  # the buffer is as it should be

    def _keep(self, data: bytes) -> None:
        self.buffer = io.BytesIO()
        self.buffer.write(data)

    def _append(self) -> None:
        data = self.buffer.getvalue()
        if data or self._place == 0:
            self._place = self._wait(
                self.fs.calls.append, self._bucket, self._key, self._place, data,
                **(self._given() if self._place == 0 else {}),
            )  # fmt: skip
        self._keep(b"")

    async def _send(self, data: bytes, final: bool) -> bytes:
        """Send full parts, and at the end what is left; gives what was not sent."""
        upload = self._upload or await self._begin()
        view, at = memoryview(data), 0
        while at < len(view):
            size = self.blocksize = part_bytes(len(upload.etags), self._part)
            if len(view) - at < size and not final:
                break
            piece = bytes(view[at : at + size])
            await self.fs.calls.part(upload, len(upload.etags) + 1, piece)
            at += len(piece)
        return bytes(view[at:])

    def commit(self) -> None:
        """Make what was written appear; raises FileExistsError in mode ``xb``."""
        if self._upload is not None:
            try:
                self._wait(self.fs.calls.complete, self._upload)
            except OSError:
                self.discard()
                raise
            self._upload = None
        elif self._place is None:
            forbid = self.mode == "xb"
            self._wait(
                self.fs.calls.put, self._bucket, self._key, self._ready, forbid, **self._given()
            )

    def discard(self) -> None:
        """Throw away what was written."""
        upload, self._upload, self._ready = self._upload, None, b""
        if upload is not None:
            try:
                self._wait(self.fs.calls.abort, upload)
            except OSError:
                pass  # it is gone, or OSS can't be asked

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None and self.mode != "rb" and not self.closed:
            self.discard()
            self.closed = True
            return
        super().__exit__(kind, error, trace)


class OSSStream:
    """A file that coroutines read from its beginning to its end, piece by piece."""

    def __init__(self, fs: Any, path: str) -> None:
        self.fs, self.path = fs, path
        self._bucket, self._key = fs._key(path)
        self._body: Any = None
        self._pieces: Any = None
        self._rest = b""

    async def read(self, length: int = -1) -> bytes:
        """So many bytes, fewer only at the end; without a length all that are left."""
        if self._pieces is None:
            stream = await self.fs.calls.stream(self._bucket, self._key)
            self._body, self._pieces = stream.body, self.fs.calls.pieces(stream, self.path)
        found = bytearray(self._rest)
        while length < 0 or len(found) < length:
            piece = await anext(self._pieces, b"")
            if not piece:
                break
            found += piece
        end = len(found) if length < 0 else length
        self._rest = bytes(found[end:])
        return bytes(found[:end])

    async def close(self) -> None:
        """Let go of the connection."""
        if self._body is not None:
            await self._body.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
