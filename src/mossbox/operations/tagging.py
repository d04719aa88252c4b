"""Tags of objects."""

from typing import Annotated

import msgspec

from mossbox.engine import ObjectMeta, Version, objects
from mossbox.operation import operation
from mossbox.operations.bucket_tags import Tag, Tagging
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES
from mossbox.operations.getting import VersionRequest
from mossbox.operations.headers import check_tags
from mossbox.wire.fields import Element, Header, Query, XmlBody


class PutObjectTaggingRequest(msgspec.Struct):
    """The new tags, in the place of all others."""

    tagging: Annotated[Tagging, XmlBody(XML_LIMIT_BYTES)]
    version_id: Annotated[str | None, Query("versionId")] = None


class VersionResult(msgspec.Struct):
    """Which version it was."""

    version_id: Annotated[str | None, Header("x-oss-version-id")]


async def _tag(call: Call, tags: dict[str, str]) -> VersionResult:
    bucket, key, ref = call.bucket, call.key, call.ref

    def change(_version: Version, meta: ObjectMeta) -> None:
        meta.tags = tags

    version = await call.engine.db.write(lambda tx: objects.edit(tx, bucket, key, ref, change))
    return VersionResult(call.version_header(version))


@operation("PutObjectTagging", "PUT", "object", when=["tagging"])
async def put_object_tagging(call: Call, request: PutObjectTaggingRequest) -> VersionResult:
    """Give an object these tags; its Last-Modified stays."""
    tags = check_tags([(tag.key, tag.value or "") for tag in request.tagging.tags])
    return await _tag(call, tags)


class GetObjectTaggingResult(msgspec.Struct):
    """The tags, and whose they are."""

    tags: Annotated[list[Tag], Element("TagSet/Tag")]
    version_id: Annotated[str | None, Header("x-oss-version-id")]


@operation("GetObjectTagging", "GET", "object", when=["tagging"], root="Tagging")
async def get_object_tagging(call: Call, request: VersionRequest) -> GetObjectTaggingResult:
    """An object's tags."""
    version = call.found()
    tags = [Tag(key, value) for key, value in version.details().tags.items()]
    return GetObjectTaggingResult(tags, call.version_header(version))


@operation("DeleteObjectTagging", "DELETE", "object", when=["tagging"], status=204)
async def delete_object_tagging(call: Call, request: VersionRequest) -> VersionResult:
    """Take an object's tags away."""
    return await _tag(call, {})
