"""ListMultipartUploads and ListParts."""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.clock import iso_ms
from mossbox.engine import uploads
from mossbox.operation import operation
from mossbox.operations.call import Call
from mossbox.operations.listing import CommonPrefix
from mossbox.operations.multipart import find_upload
from mossbox.wire import names
from mossbox.wire.bind import integer
from mossbox.wire.checksum import unsigned
from mossbox.wire.fields import Element, Query
from mossbox.wire.paging import check_count, encoding, mark, shown


class ListPartsRequest(msgspec.Struct):
    """A page of an upload's parts."""

    upload_id: Annotated[str, Query("uploadId")] = ""
    max_parts: Annotated[int, Query("max-parts")] = 1000
    part_number_marker: Annotated[str, Query("part-number-marker")] = ""  # sent empty by oss2
    encoding_type: Annotated[str | None, Query("encoding-type")] = None


class PartSummary(msgspec.Struct):
    """A part that is here."""

    part_number: int
    last_modified: Annotated[str, Element(plain=True)]
    e_tag: Annotated[str, Element("ETag", plain=True)]
    hash_crc64ecma: Annotated[int | None, Element("HashCrc64ecma")]
    size: int


class ListPartsResult(msgspec.Struct):
    """What was found, and where to go on; of an upload encrypted by its client also how."""

    encoding_type: str | None
    bucket: str
    key: str
    upload_id: str
    storage_class: str
    part_number_marker: int
    next_part_number_marker: int
    max_parts: int
    is_truncated: bool
    parts: Annotated[list[PartSummary], Element("Part")]
    client_encryption_key: str | None = None
    client_encryption_start: str | None = None
    client_encryption_cek_alg: str | None = None
    client_encryption_wrap_alg: str | None = None
    client_encryption_data_size: str | None = None
    client_encryption_part_size: str | None = None


_CLIENT_ENCRYPTION = {
    f"client_encryption_{name.replace('-', '_')}": f"client-side-encryption-{name}"
    for name in ("key", "start", "cek-alg", "wrap-alg", "data-size", "part-size")
}
"""The metadata that tells it, by the names of the fields above."""


@operation("ListParts", "GET", "object", when=["uploadId"], root="ListPartsResult")
async def list_parts(call: Call, request: ListPartsRequest) -> ListPartsResult:
    """An upload's parts in the order of their numbers."""
    url = encoding(request.encoding_type)
    count = check_count("max-parts", request.max_parts)
    after = integer("part-number-marker", request.part_number_marker or "0")
    if not 0 <= after <= uploads.PART_COUNT_MAX:
        message = "part-number-marker must lie between 0 and 10000."
        raise errors.invalid_argument(message, "part-number-marker", after)
    upload = find_upload(call, request.upload_id, "0042-00000002")
    user = upload.details().user
    found = uploads.parts(call.engine.db, upload, after, count + 1)
    page = found[:count]
    return ListPartsResult(
        "url" if url else None, call.bucket_name, shown(call.key, url), upload.public_id,
        names.STORAGE_CLASSES[upload.storage_class], after, page[-1].number if page else after,
        count, bool(count) and len(found) > count,
        [
            PartSummary(
                part.number, iso_ms(part.modified_ms), f'"{part.etag}"',
                None if part.crc64 is None else unsigned(part.crc64), part.size,
            )
            for part in page
        ],
        **{field: user[name] for field, name in _CLIENT_ENCRYPTION.items() if name in user},
    )  # fmt: skip


class ListMultipartUploadsRequest(msgspec.Struct):
    """A page of a bucket's uploads."""

    prefix: Annotated[str, Query("prefix")] = ""
    key_marker: Annotated[str, Query("key-marker")] = ""
    upload_id_marker: Annotated[str, Query("upload-id-marker")] = ""
    delimiter: Annotated[str, Query("delimiter")] = ""
    max_uploads: Annotated[int, Query("max-uploads")] = 1000
    encoding_type: Annotated[str | None, Query("encoding-type")] = None


class UploadSummary(msgspec.Struct):
    """An upload under way."""

    key: str
    upload_id: str
    storage_class: str
    initiated: str


class ListMultipartUploadsResult(msgspec.Struct):
    """What was found, and where to go on."""

    encoding_type: str | None
    bucket: str
    key_marker: str
    upload_id_marker: str
    next_key_marker: str
    next_upload_id_marker: str
    delimiter: str
    prefix: str
    max_uploads: int
    is_truncated: bool
    uploads: Annotated[list[UploadSummary], Element("Upload")]
    common_prefixes: list[CommonPrefix]


@operation(
    "ListMultipartUploads", "GET", "bucket", when=["uploads"], root="ListMultipartUploadsResult"
)
async def list_multipart_uploads(
    call: Call, request: ListMultipartUploadsRequest
) -> ListMultipartUploadsResult:
    """Uploads in the order of their keys, of one key in the order of their beginning."""
    url = encoding(request.encoding_type)
    prefix = mark("prefix", request.prefix)
    key_marker = mark("key-marker", request.key_marker)
    delimiter = mark("delimiter", request.delimiter)
    count = check_count("max-uploads", request.max_uploads)
    # Without a key-marker an upload-id-marker means nothing (OSS documentation).
    after = uploads.row_id(request.upload_id_marker) if key_marker else 0
    page = uploads.page(
        call.engine.db, call.bucket.id, prefix=prefix, key_marker=key_marker,
        id_marker=after or None, delimiter=delimiter, count=count,
    )  # fmt: skip
    # Where the page ends is told even when nothing follows it (OSS documentation's sample).
    last_id = f"{page.last[1]:016X}{page.last[2]}" if page.last else ""
    return ListMultipartUploadsResult(
        encoding_type="url" if url else None,
        bucket=call.bucket_name,
        key_marker=shown(key_marker, url),
        upload_id_marker=request.upload_id_marker,
        next_key_marker=shown(page.last_key, url),
        next_upload_id_marker=last_id,
        delimiter=shown(delimiter, url),
        prefix=shown(prefix, url),
        max_uploads=count,
        is_truncated=page.truncated,
        uploads=[
            UploadSummary(
                shown(key, url), f"{row_id:016X}{token}", names.STORAGE_CLASSES[storage_class],
                iso_ms(initiated_ms),
            )
            for key, row_id, token, initiated_ms, storage_class in page.rows
        ],
        common_prefixes=[CommonPrefix(shown(group, url)) for group in page.prefixes],
    )  # fmt: skip
