"""PostObject: what a browser sends without a script, a form with a file.

The form was opened and its signer proven before (`fronts.form`); what is left of it is a put that
is answered in ways of its own (OSS documentation, "PostObject").
"""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from mossbox import errors
from mossbox.operation import Need, Operation, operation
from mossbox.operations.call import Call
from mossbox.operations.common import key_text
from mossbox.operations.putting import PutObjectRequest, PutObjectResult, put_object
from mossbox.wire.fields import Derived, Element, Header, Status, Stream
from mossbox.wire.text import encode_path
from mossbox.wire.xml import document, writer

_CREATED, _NO_CONTENT, _REDIRECTED = 201, 204, 303
_STATUSES = {"200": 200, "201": _CREATED}
_URL_MARKS = "!#$%&'()*+,/:;=?@[]~"  # what may stand in a URL beside letters and digits


class PostObjectRequest(PutObjectRequest):
    """A put whose headers are the form's fields, and what its answer is to be.

    What a put's headers say of its body, a form does not say of its file.
    """

    content_length: Annotated[int | None, Derived()] = None
    transfer_encoding: Annotated[str | None, Derived()] = "chunked"  # of a length nobody told
    content_md5: Annotated[str | None, Derived()] = None
    content_crc64: Annotated[str | None, Derived()] = None
    content_sha256: Annotated[str | None, Derived()] = None
    tagging: Annotated[str | None, Derived()] = None  # not for forms
    status: Annotated[str, Header("success_action_status")] = ""
    redirect: Annotated[str, Header("success_action_redirect")] = ""
    callback: Annotated[str | None, Header("callback")] = None
    callback_var: Annotated[str | None, Header("callback-var")] = None
    callback_in_url: Annotated[str | None, Derived()] = None
    callback_var_in_url: Annotated[str | None, Derived()] = None


class PostResponse(msgspec.Struct):
    """The document that tells what was made."""

    bucket: str
    location: str
    key: str
    etag: Annotated[str, Element("ETag")]


class PostObjectResult(PutObjectResult, kw_only=True):
    """The same as of a put, in the way that the form asks for."""

    status: Annotated[int, Status()] = _NO_CONTENT
    location: Annotated[str | None, Header("Location")] = None
    content_type: Annotated[str | None, Header("Content-Type")] = None
    body: Annotated[bytes, Stream()] = b""


_write = writer(PostResponse)


def _needs(
    _entry: Operation, bucket: str, key: bytes, _query: Mapping[str, str]
) -> tuple[Need, ...]:
    return (Need("oss:PutObject", "object", bucket, key),)


@operation("PostObject", "POST", "bucket", needs=_needs, action="oss:PutObject", access="form")
async def post_object(call: Call, request: PostObjectRequest) -> PostObjectResult:
    """Keep the file of a form; when this answers, it is on the disk."""
    redirect = _redirect(request.redirect)
    put = await put_object(call, request)
    said: dict[str, Any] = {"status": _STATUSES.get(request.status, _NO_CONTENT)}
    if put.reply:
        said = {"status": 200, "reply": put.reply}
    elif redirect:
        said = {"status": _REDIRECTED, "location": _landing(call, redirect, put.etag)}
    elif said["status"] == _CREATED:
        response = PostResponse(call.bucket_name, _location(call), key_text(call.key), put.etag)
        said["body"] = document("PostResponse", _write(response))
        said["content_type"] = "application/xml"
    return PostObjectResult(put.etag, put.content_md5, put.crc64, put.version_id, put.sse, **said)


def _redirect(url: str) -> str:
    """Where a browser may be sent to, as a header can say it; raises InvalidArgument."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        known = False
    if not known:
        raise errors.invalid_argument(
            "The page to go to has an http or https URL.", "success_action_redirect", url
        )
    return quote(url.encode("utf-8", "surrogateescape"), safe=_URL_MARKS)


def _landing(call: Call, url: str, etag: str) -> str:
    """The page to go to, told what was made."""
    page, mark, fragment = url.partition("#")
    made = urlencode({"bucket": call.bucket_name, "key": call.key, "etag": etag}, quote_via=quote)
    return f"{page}{'&' if '?' in page else '?'}{made}{mark}{fragment}"


def _location(call: Call) -> str:
    """The object's URL, by the address that the form was sent to."""
    request = call.request
    assert request is not None
    scheme = "https" if request.secure else "http"
    path = "" if request.path == b"/" else f"/{call.bucket_name}"
    return f"{scheme}://{call.header('host') or 'localhost'}{path}/{encode_path(call.key)}"
