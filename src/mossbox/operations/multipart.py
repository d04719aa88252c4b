"""Multipart uploads: begun, filled part by part, completed or aborted."""

from typing import Annotated
from urllib.parse import quote

import msgspec

from mossbox import errors
from mossbox.engine import Tx, uploads
from mossbox.engine.uploads import Listed, NewPart, NewUpload, Upload
from mossbox.http.message import Body
from mossbox.operation import Empty, operation
from mossbox.operations.call import Call
from mossbox.operations.callback import Stored, answer_of, planned
from mossbox.operations.common import acl_index, refuse_public
from mossbox.operations.headers import ObjectHeaders, encoded, kept
from mossbox.operations.putting import NO_BODY, base64_md5, check_new
from mossbox.operations.receive import Announced, check_length, receive
from mossbox.operations.sealing import seal_again
from mossbox.wire import names
from mossbox.wire.checksum import signed
from mossbox.wire.fields import Element, Header, Query, RawBody, Reply, StoredHeaders, Stream
from mossbox.wire.paging import encoding, shown
from mossbox.wire.xml import read

COMPLETE_LIMIT_BYTES = 4 << 20
_EC_PART = "0042-00000104"


class InitiateMultipartUploadRequest(ObjectHeaders):
    """What the upload will become."""

    sequential: Annotated[str | None, Query("sequential")] = None
    encoding_type: Annotated[str | None, Query("encoding-type")] = None
    forbid_overwrite: Annotated[bool, Header("x-oss-forbid-overwrite")] = False
    # Go's UploadFile sends these here too; the callback is made by the request that completes.
    callback: Annotated[str | None, Header("x-oss-callback")] = None
    callback_var: Annotated[str | None, Header("x-oss-callback-var")] = None


class InitiateMultipartUploadResult(msgspec.Struct):
    """The upload's id."""

    encoding_type: str | None
    bucket: str
    key: str
    upload_id: str
    sse: Annotated[dict[str, str], StoredHeaders()]


@operation(
    "InitiateMultipartUpload", "POST", "object", when=["uploads"], action="oss:PutObject",
    root="InitiateMultipartUploadResult",
)  # fmt: skip
async def initiate_multipart_upload(
    call: Call, request: InitiateMultipartUploadRequest
) -> InitiateMultipartUploadResult:
    """Begin an upload."""
    bucket = call.bucket
    url = encoding(request.encoding_type)
    keep = await kept(call, request)
    if request.forbid_overwrite:
        check_new(call)
    new = NewUpload(
        call.key, call.now_ms, request.sequential is not None, keep.storage_class, keep.acl,
        keep.content_type, encoded(keep.meta),
    )  # fmt: skip
    token = uploads.new_token()
    upload = await call.engine.db.write(lambda tx: uploads.create(tx, bucket, new, token))
    return InitiateMultipartUploadResult(
        "url" if url else None, bucket.name, shown(call.key, url), upload.public_id,
        upload.details().sse,
    )  # fmt: skip


def find_upload(call: Call, upload_id: str, ec: str = "") -> Upload:
    """The upload that the request names; raises NoSuchUpload."""
    return uploads.find(call.engine.db, call.bucket.id, call.key, upload_id, ec)


def check_part_number(number: int) -> int:
    """Raise InvalidArgument unless it lies in 1..10000."""
    if not 1 <= number <= uploads.PART_COUNT_MAX:
        message = "Part number must be an integer between 1 and 10000, inclusive."
        raise errors.invalid_argument(message, "partNumber", number)
    return number


class UploadPartRequest(msgspec.Struct):
    """One part."""

    body: Annotated[Body, Stream()] = NO_BODY
    part_number: Annotated[int, Query("partNumber")] = 0
    upload_id: Annotated[str, Query("uploadId")] = ""
    content_length: Annotated[int | None, Header("content-length")] = None
    transfer_encoding: Annotated[str | None, Header("transfer-encoding")] = None
    content_md5: Annotated[str | None, Header("content-md5")] = None
    content_crc64: Annotated[str | None, Header("x-oss-hash-crc64ecma")] = None
    content_sha256: Annotated[str | None, Header("x-oss-content-sha256")] = None


class UploadPartResult(msgspec.Struct):
    """The part's checksums."""

    etag: Annotated[str, Header("ETag")]
    content_md5: Annotated[str, Header("Content-MD5")]
    crc64: Annotated[int, Header("x-oss-hash-crc64ecma")]
    sse: Annotated[dict[str, str], StoredHeaders()]


@operation("UploadPart", "PUT", "object", when=["partNumber", "uploadId"], action="oss:PutObject")
async def upload_part(call: Call, request: UploadPartRequest) -> UploadPartResult:
    """Keep a part; when this answers, it is on the disk."""
    number = check_part_number(request.part_number)
    check_length(request.content_length, request.transfer_encoding)
    announced = Announced(request.content_md5, request.content_crc64, request.content_sha256)
    upload = find_upload(call, request.upload_id, _EC_PART)
    sse = upload.details().sse
    got = await receive(call, request.body, announced, await seal_again(call, sse))
    part = NewPart(number, got.size, got.md5, signed(got.crc64), got.blob)
    await got.commit(call, lambda tx: uploads.put_part(tx, upload, part, call.now_ms))
    return UploadPartResult(f'"{got.md5}"', base64_md5(got.md5), got.crc64, sse)


class Part(msgspec.Struct):
    """A part as the client knows it."""

    part_number: int
    e_tag: Annotated[str, Element("ETag")]


class CompleteMultipartUpload(msgspec.Struct):
    """The parts that make the object."""

    parts: Annotated[list[Part], Element("Part")]


class CompleteMultipartUploadRequest(msgspec.Struct):
    """Which parts make the object: those of the list, or all."""

    body: Annotated[bytes, RawBody(COMPLETE_LIMIT_BYTES)] = b""
    upload_id: Annotated[str, Query("uploadId")] = ""
    encoding_type: Annotated[str | None, Query("encoding-type")] = None
    forbid_overwrite: Annotated[bool, Header("x-oss-forbid-overwrite")] = False
    complete_all: Annotated[str | None, Header("x-oss-complete-all")] = None
    acl: Annotated[str | None, Header("x-oss-object-acl")] = None
    callback: Annotated[str | None, Header("x-oss-callback")] = None
    callback_var: Annotated[str | None, Header("x-oss-callback-var")] = None
    callback_in_url: Annotated[str | None, Query("callback")] = None
    callback_var_in_url: Annotated[str | None, Query("callback-var")] = None


class CompleteMultipartUploadResult(msgspec.Struct):
    """The object that was made, or what the application server says of it."""

    encoding_type: str | None
    location: str
    bucket: str
    key: str
    e_tag: Annotated[str, Element("ETag")]
    etag: Annotated[str, Header("ETag")]
    crc64: Annotated[int | None, Header("x-oss-hash-crc64ecma")]
    version_id: Annotated[str | None, Header("x-oss-version-id")]
    sse: Annotated[dict[str, str], StoredHeaders()]
    reply: Annotated[bytes, Reply()] = b""


@operation(
    "CompleteMultipartUpload", "POST", "object", when=["uploadId"], action="oss:PutObject",
    root="CompleteMultipartUploadResult",
)  # fmt: skip
async def complete_multipart_upload(
    call: Call, request: CompleteMultipartUploadRequest
) -> CompleteMultipartUploadResult:
    """Make an object of the parts; a client that leaves does not stop it."""
    bucket, now_ms = call.bucket, call.now_ms
    url = encoding(request.encoding_type)
    wanted = _wanted(request)
    upload = find_upload(call, request.upload_id, "0042-00000002")
    acl = upload.acl
    if request.acl:
        acl = acl_index(request.acl, "x-oss-object-acl", names.ACLS)
        refuse_public(call, acl)
    plan = await planned(call, request)

    def work(tx: Tx) -> uploads.Completed:
        return uploads.complete(
            tx, bucket, upload, wanted, now_ms, acl=acl, forbid_overwrite=request.forbid_overwrite
        )

    done = await call.engine.db.write(work)
    host = f"{bucket.name}.{call.endpoints.extranet(bucket.region)}"
    result = CompleteMultipartUploadResult(
        "url" if url else None, f"http://{host}/{quote(call.key)}", bucket.name,
        shown(call.key, url), f'"{done.etag}"', f'"{done.etag}"', done.crc64,
        done.version_id or None,
        upload.details().sse,
    )  # fmt: skip
    if plan is not None:
        stored = Stored(
            done.etag, done.size, upload.content_type, done.crc64, "", result.version_id
        )
        result.reply = await answer_of(call, plan, stored)
    return result


def _wanted(request: CompleteMultipartUploadRequest) -> list[Listed] | None:
    """The list; None for all parts. Raises InvalidArgument, MalformedXML, InvalidPartOrder."""
    if request.complete_all is not None:
        if request.complete_all.lower() != "yes":
            message = "x-oss-complete-all can only be yes."
            raise errors.invalid_argument(message, "x-oss-complete-all", request.complete_all)
        if request.body:
            raise errors.InvalidArgument(
                "A list of parts and x-oss-complete-all exclude each other.", ec="0042-00000216"
            )
        return None
    document = read(CompleteMultipartUpload, "CompleteMultipartUpload", request.body)
    if not document.parts:
        raise errors.MalformedXML(ErrorDetail="the list of parts is empty", ec="0042-00000205")
    if len(document.parts) > uploads.PART_COUNT_MAX:
        raise errors.MalformedXML(ErrorDetail="more than 10000 parts", ec="0042-00000205")
    for part in document.parts:
        if not 1 <= part.part_number <= uploads.PART_COUNT_MAX:
            raise errors.InvalidPartOrder(PartNumber=part.part_number)
    return [Listed(part.part_number, part.e_tag) for part in document.parts]


class UploadRequest(msgspec.Struct):
    """Which upload is meant."""

    upload_id: Annotated[str, Query("uploadId")] = ""


@operation("AbortMultipartUpload", "DELETE", "object", when=["uploadId"], status=204)
async def abort_multipart_upload(call: Call, request: UploadRequest) -> Empty:
    """Drop an upload with its parts."""
    upload = find_upload(call, request.upload_id, "0042-00000002")
    await call.engine.db.write(lambda tx: uploads.abort(tx, upload, call.now_ms))
    return Empty()
