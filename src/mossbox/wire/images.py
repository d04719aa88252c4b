"""What the first bytes of an image say: its format, width and height. Nothing is decoded."""

from collections.abc import Callable
from typing import NamedTuple

HEAD_BYTES = 256 << 10  # beyond which no photograph's metadata reaches

_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


class ImageInfo(NamedTuple):
    """Format by the extension that files of it have, and size in pixels."""

    format: str
    width: int
    height: int


def image_info(head: bytes) -> ImageInfo | None:
    """What an image's first bytes say; None of what is none, or tells it later than here."""
    for magic, read in _READERS:
        if head.startswith(magic):
            return read(head)
    return None


def _png(head: bytes) -> ImageInfo | None:
    if head[12:16] != b"IHDR" or len(head) < 24:
        return None
    return ImageInfo("png", _big(head[16:20]), _big(head[20:24]))


def _gif(head: bytes) -> ImageInfo | None:
    if head[4:6] not in (b"7a", b"9a") or len(head) < 10:
        return None
    return ImageInfo("gif", _little(head[6:8]), _little(head[8:10]))


def _bmp(head: bytes) -> ImageInfo | None:
    if len(head) < 26 or _little(head[14:18]) < 40:
        return None
    height = int.from_bytes(head[22:26], "little", signed=True)  # negative: from the top down
    return ImageInfo("bmp", _little(head[18:22]), abs(height))


def _jpeg(head: bytes) -> ImageInfo | None:
    """Walk from segment to segment, to the frame's header."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1  # a fill byte
        elif marker in _JPEG_ALONE:
            at += 2
        elif marker in _JPEG_FRAMES:
            return ImageInfo("jpg", _big(head[at + 7 : at + 9]), _big(head[at + 5 : at + 7]))
        else:
            at += 2 + max(2, _big(head[at + 2 : at + 4]))
    return None


def _webp(head: bytes) -> ImageInfo | None:
    """The three kinds: lossy, lossless, and extended."""
    kind, data = head[12:16], head[20:30]
    if head[8:12] != b"WEBP" or len(data) < 10:
        return None
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        return ImageInfo("webp", _little(data[6:8]) & 0x3FFF, _little(data[8:10]) & 0x3FFF)
    if kind == b"VP8L" and data[0] == 0x2F:
        bits = _little(data[1:5])
        return ImageInfo("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        return ImageInfo("webp", _little(data[4:7]) + 1, _little(data[7:10]) + 1)
    return None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


_READERS: tuple[tuple[bytes, Callable[[bytes], ImageInfo | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8", _jpeg),
    (b"GIF8", _gif),
    (b"RIFF", _webp),
    (b"BM", _bmp),
)
