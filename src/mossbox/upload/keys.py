"""The access key of this server: where it is looked up, and how it is kept from being shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mossbox.settings import SettingsError

PAIRS = (
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"),
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    # So the vendor's samples for Node.js and for Ruby call them.
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_SECRET"),
    ("ALIBABA_CLOUD_ACCESS_ID", "ALIBABA_CLOUD_ACCESS_SECRET"),
)
_TOKENS = {"OSS": "OSS_SESSION_TOKEN", "ALIBABA": "ALIBABA_CLOUD_SECURITY_TOKEN"}


@dataclass(frozen=True)
class Keys:
    """An access key, perhaps a temporary one: with a token, until `expires_s` since 1970."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires_s: int | None = None


def find(environ: Mapping[str, str]) -> Keys:
    """The first pair of which both halves are set; raises SettingsError."""
    for id_name, secret_name in PAIRS:
        key_id, secret = environ.get(id_name, ""), environ.get(secret_name, "")
        if key_id and secret:
            token = environ.get(_TOKENS[id_name.partition("_")[0]], "")
            return Keys(key_id, secret, token)
    for pair in PAIRS:
        for name, other in (pair, pair[::-1]):
            if environ.get(name):
                raise SettingsError(f"{name} is set and {other} is not: an access key needs both")
    raise SettingsError("set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET to an access key")
