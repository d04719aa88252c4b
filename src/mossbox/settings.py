"""Every setting of the server: one record from which flags, environment twins and docs derive."""

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any

SECRET_SIZE_MIN = 16  # off loopback

DEVELOPMENT_KEY_ID = "mossbox"
DEVELOPMENT_KEY_SECRET = "mossbox-secret"  # noqa: S105  (published on purpose, loopback only)

_LOOPBACK_IPV4 = re.compile(r"127(\.[0-9]{1,3}){3}\Z")
_ACCOUNT_ID = re.compile(r"[0-9]{16}\Z")


class SettingsError(ValueError):
    """A setting that cannot be used, in words for the person who gave it."""


def _setting(default: Any, help_text: str, *, flag: bool = True, many: bool = False) -> Any:
    meta = {"help": help_text, "flag": flag, "many": many}
    return field(default=default, metadata=meta)


@dataclass(frozen=True)
class Settings:
    """What `mossbox serve` can be told; file names are relative to the working directory."""

    listen: str = _setting("127.0.0.1:9000", "address and port for HTTP; port 0 takes a free one")
    data: str = _setting("./mossbox-data", "directory that holds everything kept")
    memory: bool = _setting(False, "keep nothing on disk: one worker, size limit, 503 when full")
    memory_limit_mib: int = _setting(1024, "most MiB that --memory keeps")
    workers: int = _setting(0, "worker processes; 0 means one a core, at most 4")
    console: str = _setting("127.0.0.1:9001", "address of the web console, or off")
    region: str = _setting("cn-hangzhou", "region of buckets made through an address without one")
    strict_regions: bool = _setting(False, "serve a bucket only through its own region's hosts")
    bucket: tuple[str, ...] = _setting((), "NAME[:ACL] made at start; may be repeated", many=True)
    domain: tuple[str, ...] = _setting(
        (), "host name served as an endpoint (NAME) with buckets below it; repeatable", many=True
    )
    cname: tuple[str, ...] = _setting((), "HOST=BUCKET: a custom domain; repeatable", many=True)
    account_id: str = _setting("", "16-digit id of the root account, fixed at first start")
    access_key_id: str = _setting("", "access key id of the root account")
    access_key_secret: str = _setting("", "secret of that key", flag=False)
    accounts: str = _setting("", "further accounts for tests: UID:KEYID:SECRET, …", flag=False)
    tls_listen: str = _setting("", "address and port for HTTPS beside HTTP")
    tls_cert: str = _setting("", "certificate chain in PEM")
    tls_key: str = _setting("", "its private key in PEM")
    tls_self_signed: bool = _setting(False, "make a certificate in the data directory and use it")
    master_key_file: str = _setting(
        "", "file of the master key, mode 0600; master.key in the data directory by default"
    )
    master_key: str = _setting("", "the master key itself: 32 bytes in base64", flag=False)
    inline_limit_kib: int = _setting(128, "largest body kept in the database, in KiB")
    restore_delay_s: float = _setting(0.0, "seconds that restoring an archived object takes")
    sts_rate: float = _setting(0.0, "AssumeRole calls a second that get through; 0 is no limit")
    credentials_uri: bool = _setting(
        False, "give temporary keys of any role at /-/credentials?role=NAME, to this machine alone"
    )
    egress_allow: tuple[str, ...] = _setting(
        (),
        "NETWORK or HOST, either with :PORT, that callbacks may reach beside the public Internet;"
        " repeatable",
        many=True,
    )
    callback_timeout_s: float = _setting(5.0, "seconds an upload callback may take")
    callback_key_url: str = _setting(
        "", "where receivers of callbacks find the public key; by default /-/callback-key.pem here"
    )
    header_timeout_s: float = _setting(20.0, "seconds a peer may take to send its headers")
    body_timeout_s: float = _setting(30.0, "seconds a transfer may stand still")
    idle_timeout_s: float = _setting(75.0, "seconds an idle connection is kept open")
    drain_timeout_s: float = _setting(10.0, "seconds SIGTERM waits for requests under way")
    metrics_token: str = _setting(
        "", "bearer token for /-/metrics when not on loopback", flag=False
    )
    access_log: str = _setting("-", "file for access lines; - is standard output, off is none")

    @property
    def development(self) -> bool:
        """Whether no keys were given and the well-known pair serves."""
        return not self.access_key_id

    @property
    def root_key(self) -> tuple[str, str]:
        """Access key id and secret of the root account."""
        if self.development:
            return DEVELOPMENT_KEY_ID, DEVELOPMENT_KEY_SECRET
        return self.access_key_id, self.access_key_secret

    def worker_count(self) -> int:
        """Number of worker processes to run."""
        if self.memory:
            return 1
        return self.workers or max(1, min(4, len(os.sched_getaffinity(0))))


def environment_name(name: str) -> str:
    """The environment twin of a setting: ``tls_listen`` → ``MOSSBOX_TLS_LISTEN``."""
    return "MOSSBOX_" + name.upper()


def flag_name(name: str) -> str:
    """The command line flag of a setting: ``tls_listen`` → ``--tls-listen``."""
    return "--" + name.replace("_", "-")


def load(flags: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Settings from flags over environment over defaults.

    Raises SettingsError for a value that does not parse.
    """
    twins = {item.name: (environment_name(item.name),) for item in fields(Settings)}
    return Settings(**given(fields(Settings), twins, flags, environ))


def given(
    items: "Iterable[Field[Any]]",
    twins: Mapping[str, Sequence[str]],
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
) -> dict[str, Any]:
    """What was given of a record's settings; of a setting's `twins` the first that is set counts.

    Raises SettingsError for a value that does not parse.
    """
    values: dict[str, Any] = {}
    for item in items:
        value = flags.get(item.name)
        if value is None:
            text = next((environ[twin] for twin in twins[item.name] if environ.get(twin)), None)
            if text is None:
                continue
            value = [part.strip() for part in text.split(",")] if item.metadata["many"] else text
        if value is not None:
            values[item.name] = _convert(item.name, item.default, value)
    return values


def _convert(name: str, default: Any, given: Any) -> Any:
    try:
        if isinstance(default, bool):
            return given if isinstance(given, bool) else _boolean(given)
        if isinstance(default, tuple):
            return (
                tuple(given)
                if isinstance(given, Sequence) and not isinstance(given, str)
                else (given,)
            )
        return type(default)(given)
    except ValueError:
        kind = _KINDS[type(default)]
        raise SettingsError(f"{flag_name(name)}: {given!r} is not {kind}") from None


_KINDS = {bool: "true or false", int: "a whole number", float: "a number of seconds"}


def _boolean(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(text)


def split_address(text: str) -> tuple[str, int]:
    """``127.0.0.1:9000``, ``[::1]:9000`` or ``localhost:9000`` as host and port."""
    host, colon, port = text.rpartition(":")
    number = port.isascii() and port.isdigit() and int(port) <= 65535
    if not colon or not number or not host.strip("[]"):
        raise SettingsError(f"{text!r} is not an address: write HOST:PORT, such as 127.0.0.1:9000")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether an address can only be reached from this machine."""
    return host in ("localhost", "::1") or _LOOPBACK_IPV4.match(host) is not None


def check(settings: Settings) -> None:
    """Refuse combinations that would be unsafe or cannot work; raises SettingsError."""
    hosts = [split_address(settings.listen)[0]]
    if settings.tls_listen:
        hosts.append(split_address(settings.tls_listen)[0])
    if settings.console != "off":
        hosts.append(split_address(settings.console)[0])
    _check_tls(settings)
    _check_numbers(settings)
    if settings.account_id and not _ACCOUNT_ID.match(settings.account_id):
        raise SettingsError("--account-id is 16 digits")
    if settings.master_key and settings.master_key_file:
        raise SettingsError("give MOSSBOX_MASTER_KEY or --master-key-file, not both")
    if bool(settings.access_key_id) != bool(settings.access_key_secret):
        raise SettingsError("give MOSSBOX_ACCESS_KEY_ID and MOSSBOX_ACCESS_KEY_SECRET together")
    if not all(map(is_loopback, hosts)):
        _check_public(settings)


def _check_tls(settings: Settings) -> None:
    files = (settings.tls_cert, settings.tls_key)
    if not settings.tls_listen:
        if any(files) or settings.tls_self_signed:
            raise SettingsError("a certificate is of no use without --tls-listen")
    elif settings.tls_self_signed == any(files) or any(files) != all(files):
        raise SettingsError("--tls-listen needs --tls-cert and --tls-key, or --tls-self-signed")


def _check_numbers(settings: Settings) -> None:
    for name in ("workers", "inline_limit_kib", "drain_timeout_s", "restore_delay_s", "sts_rate"):
        if not 0 <= getattr(settings, name) < math.inf:
            raise SettingsError(f"{flag_name(name)} is a number from 0 up")
    for name in (
        "memory_limit_mib", "callback_timeout_s", "header_timeout_s", "body_timeout_s",
        "idle_timeout_s",
    ):  # fmt: skip
        if not 0 < getattr(settings, name) < math.inf:
            raise SettingsError(f"{flag_name(name)} is a number above 0")


def _check_public(settings: Settings) -> None:
    key_id, secret = settings.root_key
    if settings.development or (key_id, secret) == (DEVELOPMENT_KEY_ID, DEVELOPMENT_KEY_SECRET):
        raise SettingsError(
            "the development key pair is public, so it is refused off loopback: set "
            "MOSSBOX_ACCESS_KEY_ID and MOSSBOX_ACCESS_KEY_SECRET, or listen on 127.0.0.1"
        )
    further = [text.strip().rpartition(":")[2] for text in settings.accounts.split(",") if text]
    if any(len(text) < SECRET_SIZE_MIN for text in (secret, *further)):
        raise SettingsError(f"off loopback a secret needs at least {SECRET_SIZE_MIN} characters")
