"""RestoreObject and CleanRestoredObject: archived objects are read from a copy for some days.

There is no slow medium here: a copy can be read at once, or after the time that the setting
`restore_delay_s` gives for tests (OSS documentation, "RestoreObject").
"""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import ObjectMeta, Version, objects
from mossbox.operation import operation
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES
from mossbox.operations.getting import VersionRequest
from mossbox.operations.tagging import VersionResult
from mossbox.wire import names
from mossbox.wire.fields import Header, Query, Status, XmlBody

DAYS_MAX = 365
_DAYS_ARCHIVE_MAX = 7
_DAY_MS = 86_400_000
_TIERS = ("Expedited", "Standard", "Bulk")
_EC_STANDARD = "0016-00000702"


class JobParameters(msgspec.Struct):
    """How soon it is wanted."""

    tier: str | None = None


class RestoreRequest(msgspec.Struct):
    """For how many days the copy is wanted."""

    days: int | None = None
    job_parameters: JobParameters | None = None


class RestoreObjectRequest(msgspec.Struct):
    """The wish, which may be absent."""

    restore: Annotated[RestoreRequest | None, XmlBody(XML_LIMIT_BYTES, optional=True)] = None
    version_id: Annotated[str | None, Query("versionId")] = None


class RestoreObjectResult(msgspec.Struct):
    """202 when the copy is being made, 200 when it was there and stays longer."""

    status: Annotated[int, Status()]
    version_id: Annotated[str | None, Header("x-oss-version-id")]
    priority: Annotated[str | None, Header("x-oss-object-restore-priority")]


@operation("RestoreObject", "POST", "object", when=["restore"])
async def restore_object(call: Call, request: RestoreObjectRequest) -> RestoreObjectResult:
    """Ask for a copy that can be read; raises OperationNotSupported, RestoreAlreadyInProgress."""
    wish = request.restore or RestoreRequest()
    tier = _tier(wish)
    days = 1 if wish.days is None else wish.days
    bucket, key, ref, now_ms = call.bucket, call.key, call.ref, call.now_ms
    delay_ms = call.engine.restore_delay_ms
    status = 202

    def change(version: Version, meta: ObjectMeta) -> None:
        nonlocal status
        _check(version, days, tier)
        status = 202
        if now_ms < meta.restored_until_ms:
            if now_ms < meta.restored_from_ms:
                raise errors.RestoreAlreadyInProgress()
            status = 200
        else:
            meta.restored_from_ms = now_ms + delay_ms
        until_ms = max(now_ms, meta.restored_from_ms) + days * _DAY_MS
        meta.restored_until_ms = max(meta.restored_until_ms, until_ms)

    version = await call.engine.db.write(lambda tx: objects.edit(tx, bucket, key, ref, change))
    return RestoreObjectResult(status, call.version_header(version), tier)


def _tier(wish: RestoreRequest) -> str | None:
    tier = wish.job_parameters.tier if wish.job_parameters else None
    if tier is not None and tier not in _TIERS:
        raise errors.invalid_argument(f"Tier is one of {', '.join(_TIERS)}.", "Tier", tier)
    return tier


def _check(version: Version, days: int, tier: str | None) -> None:
    if version.storage_class < names.ARCHIVE:
        raise errors.OperationNotSupported(
            "The operation is not supported for this resource", ec=_EC_STANDARD
        )
    archive = version.storage_class == names.ARCHIVE
    if archive and tier:
        raise errors.MalformedXML(ErrorDetail="An Archive object has no JobParameters")
    most = _DAYS_ARCHIVE_MAX if archive else DAYS_MAX
    if not 1 <= days <= most:
        raise errors.MalformedXML(ErrorDetail=f"Days must lie between 1 and {most}")


@operation("CleanRestoredObject", "POST", "object", when=["cleanRestoredObject"])
async def clean_restored_object(call: Call, request: VersionRequest) -> VersionResult:
    """Give up the copy before its days are over."""
    bucket, key, ref, now_ms = call.bucket, call.key, call.ref, call.now_ms

    def change(version: Version, meta: ObjectMeta) -> None:
        if version.storage_class < names.ARCHIVE:
            raise errors.OperationNotSupported(ec=_EC_STANDARD)
        if now_ms >= meta.restored_until_ms:
            raise errors.ArchiveRestoreFileStale()
        if now_ms < meta.restored_from_ms:
            raise errors.ArchiveRestoreNotFinished(ec="0016-00000719")
        meta.restored_from_ms = meta.restored_until_ms = 0

    version = await call.engine.db.write(lambda tx: objects.edit(tx, bucket, key, ref, change))
    return VersionResult(call.version_header(version))
