"""What can go wrong, by go-storage's names; each error tells the operation, the path and why."""


class StorageError(Exception):
    """The root of them all; `code` is OSS's error code where OSS said no, and else empty."""

    reason = "unexpected"

    def __init__(self, message: str, *, op: str = "", path: str = "", code: str = "") -> None:
        where = " ".join(filter(None, (op, path)))
        said = f"{code}: {message}" if code else message
        super().__init__(f"{where}: {self.reason}: {said}" if where else said)
        self.message = message
        self.op = op
        self.path = path
        self.code = code

    def at(self, op: str, path: str) -> "StorageError":
        """The same error, telling where it came up."""
        return type(self)(self.message, op=op, path=path, code=self.code)


class Unexpected(StorageError):
    """OSS said no in a way that has no name of its own here."""


class ConfigInvalid(StorageError):
    """A field of the configuration is missing, unknown or not usable; the sentence names it."""

    reason = "config invalid"


class EndpointUnreachable(StorageError):
    """Nothing answers at the configured endpoint, or the connection broke."""

    reason = "endpoint unreachable"


class ObjectNotExist(StorageError):
    """There is no such object, or no such unfinished upload."""

    reason = "object not exist"


class PermissionDenied(StorageError):
    """The key is unknown or may not do this."""

    reason = "permission denied"


class ServiceInternal(StorageError):
    """OSS failed, and may not the next time."""

    reason = "service internal"


class RequestThrottled(StorageError):
    """There were too many requests."""

    reason = "request throttled"


class CapabilityInsufficient(StorageError):
    """OSS can't do what was asked for."""

    reason = "capability insufficient"


class PairUnsupported(CapabilityInsufficient):
    """An operation was given a pair that it has not."""

    reason = "pair unsupported"


class RestrictionDissatisfied(StorageError):
    """A size, a number or an order that OSS does not allow."""

    reason = "restriction dissatisfied"


class PairRequired(RestrictionDissatisfied):
    """An operation lacks a pair or a property that it needs."""

    reason = "pair required"


class ObjectModeInvalid(StorageError):
    """The object is not of the kind that the operation works on."""

    reason = "object mode invalid"


class ListModeInvalid(StorageError):
    """There is no such way of listing."""

    reason = "list mode invalid"


_BY_CODE: dict[str, type[StorageError]] = {
    "NoSuchKey": ObjectNotExist,
    "NoSuchUpload": ObjectNotExist,
    "SymlinkTargetNotExist": ObjectNotExist,
    "AccessDenied": PermissionDenied,
    "InternalError": ServiceInternal,
    "QpsLimitExceeded": RequestThrottled,
    "DownloadTrafficRateLimitExceeded": RequestThrottled,
    "UploadTrafficRateLimitExceeded": RequestThrottled,
    "EntityTooLarge": RestrictionDissatisfied,
    "EntityTooSmall": RestrictionDissatisfied,
}


def from_answer(status: int, code: str, message: str) -> StorageError:
    """The error that an answer of OSS means."""
    kind = _BY_CODE.get(code)
    if kind is None and code.startswith("Throttling"):
        kind = RequestThrottled
    if kind is None and code in ("", "BadErrorResponse") and status == 404:
        kind = ObjectNotExist
    if kind is None:
        by_status = {403: PermissionDenied, 429: RequestThrottled, 503: RequestThrottled}
        kind = by_status.get(status, ServiceInternal if status >= 500 else Unexpected)
    return kind(message or f"the answer was {status}", code=code)
