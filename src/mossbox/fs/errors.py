"""What goes wrong, as the errors that Python's own files raise."""

import errno


class ConfigInvalid(ValueError):
    """A key of the configuration is missing or not usable; the sentence names it and its file."""


_BY_CODE: dict[str, type[OSError]] = {
    "FileAlreadyExists": FileExistsError,
    "BucketAlreadyExists": FileExistsError,
    "AccessDenied": PermissionError,
    "InvalidAccessKeyId": PermissionError,
    "InvalidSecurityToken": PermissionError,
    "SecurityTokenExpired": PermissionError,
    "SignatureDoesNotMatch": PermissionError,
    "NoSuchBucket": FileNotFoundError,
    "NoSuchKey": FileNotFoundError,
    "SymlinkTargetNotExist": FileNotFoundError,
}
_BY_STATUS: dict[int, type[OSError]] = {403: PermissionError, 404: FileNotFoundError}
_NUMBERS: dict[type[OSError], int] = {
    FileExistsError: errno.EEXIST,
    FileNotFoundError: errno.ENOENT,
    PermissionError: errno.EACCES,
}
_MORE_NUMBERS = {
    "BucketNotEmpty": errno.ENOTEMPTY,
    "ObjectNotAppendable": errno.EINVAL,
    "PreconditionFailed": errno.ESTALE,
}


def from_answer(status: int, code: str, message: str, path: str) -> OSError:
    """The error that a refusal of OSS means; it tells the code, the message and the path."""
    kind = _BY_CODE.get(code)
    if kind is None and code in ("", "BadErrorResponse"):
        kind = _BY_STATUS.get(status)
    number = _NUMBERS[kind] if kind else _MORE_NUMBERS.get(code, errno.EIO)
    said = f"{code}: {message}" if code else message or f"the answer was {status}"
    return (kind or OSError)(number, said, path)
