"""Heads of images as programs write them, made here byte by byte."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.wire.images import ImageInfo, image_info
from tests.unit.examples import few

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\x08\x02\0\0\0"
GIF = b"GIF89a" + struct.pack("<HH", 320, 200) + b"\0\0\0"
BMP = b"BM" + bytes(12) + struct.pack("<IiiHH", 40, 33, -44, 1, 24)
EXIF = b"\xff\xe1" + struct.pack(">H", 3000) + bytes(2998)
JPEG = b"\xff\xd8" + EXIF + b"\xff\xff\xc2" + struct.pack(">HBHHB", 17, 8, 768, 1024, 3) + bytes(9)


def webp(kind: bytes, data: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + kind + struct.pack("<I", len(data)) + data


LOSSY = webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 550, 0x4000 | 368))
LOSSLESS = webp(b"VP8L", b"\x2f" + struct.pack("<I", (99) | (49 << 14)) + bytes(5))
EXTENDED = webp(b"VP8X", bytes(4) + (399).to_bytes(3, "little") + (300).to_bytes(3, "little"))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (PNG, ImageInfo("png", 640, 480)),
        (GIF, ImageInfo("gif", 320, 200)),
        (BMP, ImageInfo("bmp", 33, 44)),
        (JPEG, ImageInfo("jpg", 1024, 768)),
        (LOSSY, ImageInfo("webp", 550, 368)),
        (LOSSLESS, ImageInfo("webp", 100, 50)),
        (EXTENDED, ImageInfo("webp", 400, 301)),
        (b"", None),
        (b"hello", None),
        (b"GIF8", None),
        (b"RIFF\0\0\0\0WAVE" + bytes(20), None),
        (b"\xff\xd8\xff", None),
        (b"\xff\xd8" + b"\xff\xe1\0\0" * 10, None),
        (b"BM it is not", None),
    ],
)
def test_heads(head: bytes, expected: ImageInfo | None) -> None:
    assert image_info(head) == expected


@few
@given(st.sampled_from([PNG, GIF, BMP, JPEG, LOSSY, LOSSLESS, EXTENDED]), st.data())
def test_damaged_heads_raise_nothing(head: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(head) - 1))
    cut = data.draw(st.integers(0, len(head)))
    image_info((head[:at] + data.draw(st.binary(max_size=4)) + head[at + 1 :])[:cut])
