"""Upload callbacks: when an object is kept, the uploader's application server is asked what to say.

All that can be wrong with a callback is found before a byte of the object is taken in, the
addresses of its URLs included; the calls go to just these. The object is committed before the
first call, and stays whatever comes of it (OSS documentation, "Callback").
"""

import logging
from base64 import b64encode
from hashlib import md5
from typing import NamedTuple, Protocol

from mossbox import clock, errors
from mossbox.egress.addresses import BadUrl, Target, parse_url
from mossbox.egress.client import (
    Answer,
    Busy,
    Destination,
    EgressError,
    Forbidden,
    TooLarge,
    TooSlow,
    Unresolved,
)
from mossbox.engine import objects, versions
from mossbox.engine.reading import open_version
from mossbox.errors import ServiceError
from mossbox.operations.call import Call, Outgoing
from mossbox.wire import callbacks
from mossbox.wire.callbacks import Callback
from mossbox.wire.images import HEAD_BYTES, ImageInfo, image_info

log = logging.getLogger("mossbox")

PAGE = b"/-/callback-key.pem"
_USER_AGENT = "aliyun-oss-callback"
_IMAGE = "imageInfo."


class Asking(Protocol):
    """A request that may ask for a callback, in its headers or its URL."""

    callback: str | None
    callback_var: str | None
    callback_in_url: str | None
    callback_var_in_url: str | None


class Stored(NamedTuple):
    """What was kept; checksums as the answer's headers have them."""

    etag: str
    size: int
    content_type: str
    crc64: int | None
    content_md5: str
    version_id: str | None


class Planned(NamedTuple):
    """A callback that was checked, and the addresses that it may go to."""

    callback: Callback
    destinations: list[Destination]


async def planned(call: Call, request: Asking) -> Planned | None:
    """The callback that a request asks for, None without one.

    Raises InvalidArgument, ServiceUnavailable while too many are under way.
    """
    if request.callback is None and request.callback_in_url is None:
        return None
    text = _one(request.callback, request.callback_in_url, "callback")
    given = _one(request.callback_var, request.callback_var_in_url, "callback-var")
    variables = {} if given is None else callbacks.parse_variables(given)
    if call.request is not None:
        variables |= callbacks.own_variables(call.request.headers)  # of a form
    callback = callbacks.parse(text or "", variables)
    targets = [_target(url) for url in callback.urls]
    outgoing = _outgoing(call)
    found = [
        await _find(outgoing, target, url)
        for target, url in zip(targets, callback.urls, strict=True)
    ]
    return Planned(callback, found)


def _one(header: str | None, query: str | None, name: str) -> str | None:
    if header is not None and query is not None:
        raise callbacks.given_twice(name)
    return query if header is None else header


def _outgoing(call: Call) -> Outgoing:
    outgoing = call.endpoints.outgoing
    if outgoing is None:
        raise errors.not_implemented("callback")
    return outgoing


def _target(url: str) -> Target:
    try:
        return parse_url(url)
    except BadUrl:
        raise callbacks.bad_url(url) from None


async def _find(outgoing: Outgoing, target: Target, url: str) -> Destination:
    try:
        return await outgoing.egress.find(target)
    except Forbidden:
        log.warning(
            "a callback to %s was refused; --egress-allow %s would allow it",
            target.host_header, target.host_header,
        )  # fmt: skip
        raise callbacks.private_address(url) from None
    except Unresolved:
        raise callbacks.unknown_host(url) from None
    except Busy:
        raise errors.ServiceUnavailable("Too many callback requests.") from None


async def answer_of(call: Call, plan: Planned, stored: Stored) -> bytes:
    """What the first application server that says yes wants the uploader to be told: JSON.

    Raises CallbackFailed with what the last one did.
    """
    body = plan.callback.body(await _values(call, plan.callback, stored))
    outgoing = _outgoing(call)
    failure = errors.CallbackFailed()
    for destination in plan.destinations:
        headers = await _headers(call, outgoing, plan.callback, destination, body)
        try:
            answer = await outgoing.egress.send("POST", destination, headers, body)
        except EgressError as error:
            failure = _no_answer(error)
            continue
        refusal = _refusal(answer)
        if refusal is None:
            return answer.body
        failure = refusal
    raise failure


def _no_answer(error: EgressError) -> ServiceError:
    if isinstance(error, TooSlow):
        return errors.CallbackFailed("Cost too long time.", ec="0007-00000202")
    if isinstance(error, Busy):
        return errors.CallbackFailed("Too many callback requests.", ec="0007-00000201")
    if isinstance(error, TooLarge):
        return errors.CallbackFailed(
            "Error status : 400.User server return too long content-length value."
        )
    return errors.CallbackFailed(
        "Error status : -1. OSS can not connect to your callbackUrl, please check it."
    )


def _refusal(answer: Answer) -> ServiceError | None:
    """Why an answer can't be passed on."""
    if answer.status != 200:
        return errors.CallbackFailed(f"Error status : {answer.status}.")
    if not callbacks.is_json(answer.body):
        return errors.CallbackFailed("Response body is not valid json format.", ec="0007-00000205")
    return None


async def _headers(
    call: Call, outgoing: Outgoing, callback: Callback, destination: Destination, body: bytes
) -> list[tuple[str, str]]:
    """The headers of a callback, its signature among them."""
    target = destination.target
    pair = await outgoing.key.pair()
    signature = pair.sign(callbacks.string_to_sign(target.path, target.query, body))
    key_url = outgoing.key_url or (
        f"http://{_host(outgoing.egress.source(destination))}:{outgoing.port}{PAGE.decode()}"
    )
    owner = call.engine.account(call.bucket.account).uid
    return [
        ("Host", callback.host or target.host_header),
        ("Date", clock.http_date(int(clock.now()))),
        ("User-Agent", _USER_AGENT),
        ("Content-Type", callback.kind),
        ("Content-MD5", _base64(md5(body, usedforsecurity=False).digest())),
        ("Authorization", _base64(signature)),
        ("x-oss-pub-key-url", _base64(key_url.encode())),
        ("x-oss-signature-version", "1.0"),
        ("x-oss-tag", "CALLBACK"),
        ("x-oss-bucket", call.bucket_name),
        ("x-oss-owner", owner),
        ("x-oss-requester", call.caller.id or call.caller.uid),
        ("x-oss-request-id", _note(call)[0]),
    ]


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _note(call: Call) -> tuple[str, str]:
    """The request's id, and its operation's name."""
    note = None if call.request is None else call.request.note
    return ("", "") if note is None else (note.request_id, note.operation.name)


async def _values(call: Call, callback: Callback, stored: Stored) -> dict[str, str | int]:
    """What the store fills in."""
    request_id, operation = _note(call)
    image = None
    if any(name.startswith(_IMAGE) for name in callback.names()):
        image = await _image(call, stored)
    return {
        "bucket": call.bucket_name,
        "object": call.key.decode(),
        "etag": stored.etag.strip('"'),
        "size": stored.size,
        "mimeType": stored.content_type,
        "imageInfo.format": "" if image is None else image.format,
        "imageInfo.width": "" if image is None else image.width,
        "imageInfo.height": "" if image is None else image.height,
        "crc64": "" if stored.crc64 is None else str(stored.crc64),
        "contentMd5": stored.content_md5,
        "vpcId": "",
        "clientIp": "" if call.request is None else call.request.peer,
        "reqId": request_id,
        "operation": operation,
    }


async def _image(call: Call, stored: Stored) -> ImageInfo | None:
    """What the object is a picture of, from its first bytes.

    Raises CallbackFailed when it is no longer there.
    """
    ref = None if stored.version_id is None else versions.parse_id(stored.version_id)
    version, blob = objects.read(call.engine.db, call.bucket.id, call.key, ref)
    if version is None or version.etag != stored.etag.strip('"'):
        raise errors.CallbackFailed("Get image info failed.", ec="0007-00000204")
    try:
        opened = open_version(call.engine, version, blob, 0, min(version.size, HEAD_BYTES))
        if isinstance(opened, bytes | memoryview):
            return image_info(bytes(opened))
        head = b""
        try:
            while piece := await opened.next():
                head += piece
        finally:
            opened.close()
    except FileNotFoundError:
        raise errors.CallbackFailed("Get image info failed.", ec="0007-00000204") from None
    return image_info(head)
