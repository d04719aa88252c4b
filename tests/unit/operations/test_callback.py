"""What a callback says of a picture that changed meanwhile, and a store that calls nobody."""

from base64 import b64encode
from hashlib import md5

import pytest

from mossbox.auth import ANONYMOUS
from mossbox.errors import ServiceError
from mossbox.operations.call import Call, Endpoints
from mossbox.operations.callback import Stored, _image
from mossbox.wire.images import ImageInfo

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000280000001e00802000000")
ETAG = md5(PNG).hexdigest().upper()


def seen(line, etag: str, version_id: str | None = None) -> ImageInfo | None:
    call = Call(line.engine, Endpoints("cn-hangzhou"), "photos", b"a.png", "", 0, ANONYMOUS)
    return line.run(_image(call, Stored(etag, len(PNG), "image/png", None, "", version_id)))


def test_a_picture(line) -> None:
    line.send("PUT", "/photos/a.png", PNG)
    assert seen(line, ETAG) == ImageInfo("png", 640, 480)
    assert seen(line, f'"{ETAG}"') == ImageInfo("png", 640, 480)


def test_of_versions_the_one_that_was_kept(line) -> None:
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    line.send("PUT", "/photos?versioning", versioning)
    first = line.send("PUT", "/photos/a.png", PNG).headers["x-oss-version-id"]
    line.send("PUT", "/photos/a.png", b"no picture")
    assert seen(line, ETAG, first) == ImageInfo("png", 640, 480)


@pytest.mark.parametrize("body", [b"no picture", None])
def test_a_picture_that_is_no_longer_there(line, body: bytes | None) -> None:
    line.send("PUT", "/photos/a.png", PNG)
    line.send("DELETE" if body is None else "PUT", "/photos/a.png", body or b"")
    with pytest.raises(ServiceError) as failed:
        seen(line, ETAG)
    assert (failed.value.code.name, failed.value.message) == (
        "CallbackFailed", "Get image info failed.",
    )  # fmt: skip


def test_a_store_without_a_way_out(line) -> None:
    callback = b64encode(b'{"callbackUrl":"http://8.8.8.8/","callbackBody":"a"}').decode()
    answer = line.send("PUT", "/photos/key", b"x", {"x-oss-callback": callback})
    assert (answer.status, answer.code) == (400, "NotImplemented")
    assert line.send("GET", "/photos/key").status == 404
