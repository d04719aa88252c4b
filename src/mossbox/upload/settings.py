"""The settings of the upload server: one record for flags, environment twins and docs.

Access keys are no settings: they come from the environment alone, see `keys`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from mossbox.settings import SettingsError, flag_name, given, is_loopback, split_address
from mossbox.upload.limits import OBJECT_SIZE_MAX, Limits, LimitsError

OFFERS = ("sts", "post", "presigned", "multipart", "page")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]\Z")
_ADDRESSING = ("auto", "virtual", "path", "cname")
_ROLE = re.compile(r"acs:ram::[0-9]{1,32}:role/[A-Za-z0-9.@_-]{1,64}\Z")
_SESSION_NAME = re.compile(r"[A-Za-z0-9.@_-]{2,64}\Z")
_REGION = re.compile(r"[a-z0-9-]+\Z")
_EXPIRES_MAX_S = 604_800
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+\Z", re.ASCII)


def _setting(default: Any, text: str, *, many: bool = False, also: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": text, "many": many, "also": also})


@dataclass(frozen=True)
class UploadSettings:
    """What `mossbox upload-server` can be told."""

    listen: str = _setting(
        "127.0.0.1:8000", "address and port; PORT in the environment is the port if this is not set"
    )
    bucket: str = _setting("", "the bucket that is uploaded to", also=("OSS_BUCKET",))
    dir: str = _setting("", "what every object's name begins with, such as uploads/")
    region: str = _setting("cn-hangzhou", "region of the bucket", also=("OSS_REGION",))
    endpoint: str = _setting(
        "http://127.0.0.1:9000", "the store's address, as this server sees it",
        also=("OSS_ENDPOINT",),
    )  # fmt: skip
    public_endpoint: str = _setting("", "the store's address as browsers see it, if another")
    sts_endpoint: str = _setting(
        "", "the address of STS; by default sts.REGION.aliyuncs.com where the store is the cloud's,"
        " and the store's own address elsewhere",
    )  # fmt: skip
    addressing: str = _setting(
        "auto", "how the public address names the bucket: virtual (BUCKET.HOST), path"
        " (HOST/BUCKET), cname (HOST is the bucket's), or auto: path for addresses and localhost",
    )  # fmt: skip
    role_arn: str = _setting(
        "", "the role to assume; without one the access key itself signs",
        also=("OSS_STS_ROLE_ARN", "ALIBABA_CLOUD_ROLE_ARN"),
    )  # fmt: skip
    session_name: str = _setting("mossbox-upload-server", "what sessions of the role are called")
    duration_s: int = _setting(3600, "seconds that temporary keys live")
    expire_s: int = _setting(3600, "seconds that a form or signed URL lives")
    post_version: str = _setting("V4", "signature of forms: V4 or V1")
    min_size_bytes: int = _setting(0, "smallest file")
    max_size_bytes: int = _setting(0, "largest file; 0 is what OSS takes")
    content_type: tuple[str, ...] = _setting(
        (), "a Content-Type that files may have, such as image/png; repeatable", many=True
    )
    presigned_name: str = _setting(
        "exampleobject.png", "name of the object when a signed URL is asked for without one"
    )
    presigned_type: str = _setting("image/png", "its Content-Type when none is asked for")
    offer: tuple[str, ...] = _setting(
        OFFERS, f"what is offered: {', '.join(OFFERS)}; repeatable", many=True
    )
    allow_origin: tuple[str, ...] = _setting(
        (), "origin whose pages may ask, such as https://www.example.com, or *; repeatable",
        many=True,
    )  # fmt: skip
    host: tuple[str, ...] = _setting(
        (), "name that this server is reached by behind a proxy; repeatable", many=True
    )
    authorize: str = _setting(
        "", "MODULE:FUNCTION that is asked with every request and lets it through or does not"
    )
    open_to_all: bool = _setting(False, "let anybody upload who reaches this server off loopback")

    @property
    def limits(self) -> Limits:
        """What every upload is held to."""
        return Limits(self.dir, self.min_size_bytes, self.max_size_bytes, self.content_type)

    @property
    def bucket_url(self) -> str:
        """The bucket as browsers see it, without a slash at the end."""
        url = urlsplit(self.public_endpoint or self.endpoint)
        way = self.addressing
        if way == "auto":
            way = "path" if _is_plain_address(url.hostname or "") else "virtual"
        if way == "cname":
            return f"{url.scheme}://{url.netloc}"
        if way == "path":
            return f"{url.scheme}://{url.netloc}/{self.bucket}"
        return f"{url.scheme}://{self.bucket}.{url.netloc}"

    @property
    def sts_url(self) -> str:
        """Where roles are assumed."""
        if self.sts_endpoint:
            return self.sts_endpoint
        host = urlsplit(self.endpoint).hostname or ""
        if host.endswith(".aliyuncs.com"):
            return f"https://sts.{self.region}.aliyuncs.com"
        return self.endpoint


def twins(name: str) -> tuple[str, ...]:
    """The environment variables of a setting, ours first: the first that is set counts."""
    also = next(item.metadata["also"] for item in fields(UploadSettings) if item.name == name)
    return (f"MOSSBOX_UPLOAD_{name.upper()}", *also)


def load_upload(flags: Mapping[str, Any], environ: Mapping[str, str]) -> UploadSettings:
    """Checked settings from flags over environment over defaults; raises SettingsError."""
    items = fields(UploadSettings)
    values = given(items, {item.name: twins(item.name) for item in items}, flags, environ)
    port = environ.get("PORT", "")
    if port and "listen" not in values:
        values["listen"] = f"127.0.0.1:{port}"
    for name in ("endpoint", "public_endpoint", "sts_endpoint"):
        if values.get(name) and "//" not in values[name]:
            # The vendor's own programs take an endpoint without a scheme, and mean TLS.
            values[name] = f"https://{values[name]}"
    settings = UploadSettings(**values)
    check(settings)
    return settings


def check(settings: UploadSettings) -> None:
    """Refuse what can't work or would be unsafe; raises SettingsError that names the setting."""
    if not settings.bucket:
        raise SettingsError("--bucket is needed: the bucket that is uploaded to")
    for name, form, meaning in (
        ("bucket", _BUCKET, "a bucket's name"),
        ("region", _REGION, "a region, such as cn-hangzhou"),
        ("session_name", _SESSION_NAME, "2 to 64 letters, digits and .@_-"),
        ("presigned_type", _TYPE, "a Content-Type, such as image/png"),
        ("content_type", _TYPE, "a Content-Type, such as image/png"),
        ("role_arn", _ROLE, "a role's ARN: acs:ram::UID:role/NAME"),
    ):
        _check_form(name, getattr(settings, name), form, meaning)
    _check_words(settings)
    _check_urls(settings)
    _check_numbers(settings)
    _check_limits(settings)
    _check_listen(settings)


def _check_form(
    name: str, value: str | tuple[str, ...], form: "re.Pattern[str]", meaning: str
) -> None:
    for text in value if isinstance(value, tuple) else (value,):
        if not form.match(text) and not (name == "role_arn" and not text):
            raise SettingsError(f"{flag_name(name)} {text!r} is not {meaning}")


def _check_words(settings: UploadSettings) -> None:
    for name, words in (("addressing", _ADDRESSING), ("post_version", ("V4", "V1"))):
        if getattr(settings, name) not in words:
            raise SettingsError(f"{flag_name(name)} is one of {', '.join(words)}")
    for offer in settings.offer:
        if offer not in OFFERS:
            raise SettingsError(f"--offer {offer!r}: there are {', '.join(OFFERS)}")


def _check_urls(settings: UploadSettings) -> None:
    for name in ("endpoint", "public_endpoint", "sts_endpoint"):
        if getattr(settings, name):
            _check_url(name, getattr(settings, name))
    for origin in settings.allow_origin:
        if origin != "*":
            _check_url("allow_origin", origin)
            if origin.endswith("/"):
                raise SettingsError(f"--allow-origin {origin!r}: an origin has no slash at its end")


def _check_url(name: str, text: str) -> None:
    """An address is scheme, host and perhaps a port; a path would not be what is signed."""
    try:
        url = urlsplit(text)
        good = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        good = False
    if not good or url.path.strip("/") or url.query or url.fragment or "@" in url.netloc:
        raise SettingsError(
            f"{flag_name(name)} {text!r} is not an address: write http://HOST:PORT or https://HOST"
        )


def _check_numbers(settings: UploadSettings) -> None:
    for name, least, most in (
        ("duration_s", 900, 43_200),
        ("expire_s", 1, _EXPIRES_MAX_S),
        ("min_size_bytes", 0, OBJECT_SIZE_MAX),
        ("max_size_bytes", 0, OBJECT_SIZE_MAX),
    ):
        if not least <= getattr(settings, name) <= most:
            raise SettingsError(f"{flag_name(name)} is a number from {least} to {most}")


def _check_limits(settings: UploadSettings) -> None:
    """The limits by themselves, and the object that a URL is signed for by default."""
    try:
        settings.limits.check()
    except LimitsError as error:
        raise SettingsError(f"{flag_name(_FLAG_OF[error.field])} {error}") from None
    try:
        settings.limits.key(settings.presigned_name)
    except LimitsError as error:
        raise SettingsError(f"--presigned-name {error}") from None


_FLAG_OF = {"dir": "dir", "size": "max_size_bytes", "type": "content_type"}


def _check_listen(settings: UploadSettings) -> None:
    host = split_address(settings.listen)[0]
    if not is_loopback(host) and not settings.authorize and not settings.open_to_all:
        raise SettingsError(
            f"--listen {settings.listen}: off loopback anybody could get upload permission here;"
            " give --authorize MODULE:FUNCTION, or --open-to-all if that is wanted"
        )


def _is_plain_address(host: str) -> bool:
    """Whether names below this host would lead nowhere, or not everywhere."""
    return host == "localhost" or ":" in host or host.replace(".", "").isdigit()
