"""Forms as browsers send them, signed in each of the three ways."""

import base64
import http.client
import json
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mossbox.auth import post_forms
from tests.support import KEY_ID, REGION, SECRET, Answer, Server

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
VERSIONS = ("v1", "v2", "v4")
Fields = Iterable[tuple[str, str | bytes]]


class File(NamedTuple):
    """The file of a form; without a name or a type those are left out."""

    data: bytes = b"the file"
    name: str | None = "photo.png"
    kind: str | None = "image/png"
    field: str = "file"


def expiry(in_s: float = 3600) -> str:
    """The time in some seconds, as policies write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + in_s))


def policy(*conditions: object, expiration: str = "") -> str:
    """A policy as its form field has it."""
    document = {"expiration": expiration or expiry(), "conditions": list(conditions)}
    return encoded(json.dumps(document))


def encoded(text: str) -> str:
    """Any text in the place of a policy."""
    return base64.b64encode(text.encode()).decode()


def timestamp(shift_s: float = 0) -> str:
    """The time as signatures write it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + shift_s))


def signed(
    version: str, text: str = "", *, key_id: str = KEY_ID, secret: str = SECRET,
    token: str | None = None, shift_s: float = 0,
) -> dict[str, str]:  # fmt: skip
    """The fields that prove who allows a form under this policy."""
    text = text or policy()
    if version == "v4":
        fields = post_forms.sign_v4(text, key_id, secret, REGION, timestamp(shift_s))
    else:
        sign = post_forms.sign_v1 if version == "v1" else post_forms.sign_v2
        fields = sign(text, key_id, secret)
    return fields if token is None else {**fields, "x-oss-security-token": token}


def body(*parts: tuple[str, str | bytes] | File, boundary: str = BOUNDARY) -> bytes:
    """A form with these parts in their order."""
    written = b""
    for part in parts:
        if isinstance(part, File):
            head = f'form-data; name="{part.field}"'
            head += "" if part.name is None else f'; filename="{part.name}"'
            head += "" if part.kind is None else f"\r\nContent-Type: {part.kind}"
            data = part.data
        else:
            head = f'form-data; name="{part[0]}"'
            data = part[1].encode() if isinstance(part[1], str) else part[1]
        written += f"--{boundary}\r\nContent-Disposition: {head}\r\n\r\n".encode() + data + b"\r\n"
    return written + f"--{boundary}--\r\n".encode()


def send(
    server: Server, bucket: str, data: bytes, headers: Mapping[str, str] | None = None,
    *, path: str = "", boundary: str = BOUNDARY,
) -> Answer:  # fmt: skip
    """The answer to a form's bytes, sent to the bucket's path or to another."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    given = {"content-type": f"multipart/form-data; boundary={boundary}", **(headers or {})}
    try:
        connection.request("POST", path or f"/{bucket}", data, given)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def post(
    server: Server, bucket: str, fields: Mapping[str, str], file: File | None = None,
    after: Fields = (), **more: str,
) -> Answer:  # fmt: skip
    """The answer to a form with these fields, the file, and these after it."""
    return send(server, bucket, body(*fields.items(), file or File(), *after), **more)
