"""What a browser gets: temporary keys, a signed form, signed URLs. Pure: no network, no clock.

The names of the answers' fields are those that the pages of the vendor's documents read.
"""

import hmac
import json
import time
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit

from mossbox.auth import Subject, oss_v1, oss_v4
from mossbox.clock import iso_ms
from mossbox.upload.keys import Keys
from mossbox.upload.limits import FORM_SIZE_MAX, Limits
from mossbox.upload.settings import UploadSettings
from mossbox.wire.text import encode, encode_path


def session_policy(bucket: str, directory: str) -> str:
    """Putting objects, in parts or whole, under one directory of one bucket: nothing else."""
    statement = {
        "Effect": "Allow",
        "Action": ["oss:PutObject"],
        "Resource": [f"acs:oss:*:*:{bucket}/{directory}*"],
    }
    return json.dumps({"Version": "1", "Statement": [statement]})


def sts_answer(keys: Keys) -> dict[str, str]:
    """The temporary keys themselves."""
    assert keys.expires_s is not None
    return {
        "AccessKeyId": keys.key_id,
        "AccessKeySecret": keys.secret,
        "SecurityToken": keys.token,
        "Expiration": iso_ms(keys.expires_s * 1000).replace(".000Z", "Z"),
    }


@dataclass(frozen=True)
class Permit:
    """What is signed, with which keys, at which second since 1970, for how long at most."""

    settings: UploadSettings
    keys: Keys
    limits: Limits
    now_s: int
    expire_s: int

    @property
    def lives_s(self) -> int:
        """How long what is signed lives: not beyond the keys."""
        if self.keys.expires_s is None:
            return self.expire_s
        return max(1, min(self.expire_s, self.keys.expires_s - self.now_s))

    def form_v4(self) -> dict[str, str]:
        """A form for PostObject with signature V4."""
        stamp = self._stamp()
        scope = f"{stamp[:8]}/{self.settings.region}/oss/{oss_v4.TERMINATOR}"
        credential = f"{self.keys.key_id}/{scope}"
        fields = {
            "x-oss-signature-version": oss_v4.ALGORITHM,
            "x-oss-credential": credential,
            "x-oss-date": stamp,
        }
        if self.keys.token:
            fields["x-oss-security-token"] = self.keys.token
        policy = self._policy([{name: value} for name, value in fields.items()])
        key = oss_v4.signing_key(self.keys.secret, scope)
        return {
            "policy": policy,
            "x_oss_signature_version": oss_v4.ALGORITHM,
            "version": oss_v4.ALGORITHM,
            "x_oss_credential": credential,
            "x_oss_date": stamp,
            "signature": hmac.digest(key, policy.encode(), "sha256").hex(),
            "security_token": self.keys.token,
            "host": self.settings.bucket_url,
            "dir": self.limits.dir,
        }

    def form_v1(self) -> dict[str, str]:
        """A form for PostObject with signature V1; temporary keys add their token to it."""
        token = {"x-oss-security-token": self.keys.token} if self.keys.token else {}
        policy = self._policy([token] if token else [])
        answer = {
            "ossAccessKeyId": self.keys.key_id,
            "policy": policy,
            "signature": oss_v1.signature(self.keys.secret, policy),
            "host": self.settings.bucket_url,
            "dir": self.limits.dir,
        }
        return {**answer, "security_token": self.keys.token} if token else answer

    def _policy(self, conditions: list[object]) -> str:
        """The policy in base64: expiration, bucket, limits, and what the signature adds."""
        limits = self.limits
        everything: list[object] = [{"bucket": self.settings.bucket}, *conditions]
        everything.append(["starts-with", "$key", limits.dir])
        if limits.min_size_bytes or limits.max_size_bytes:
            longest = limits.max_size_bytes or FORM_SIZE_MAX
            everything.append(["content-length-range", limits.min_size_bytes, longest])
        if limits.types:
            everything.append(["in", "$content-type", list(limits.types)])
        expiration = iso_ms((self.now_s + self.lives_s) * 1000)
        document = json.dumps({"expiration": expiration, "conditions": everything})
        return b64encode(document.encode()).decode()

    def url(
        self,
        method: str,
        key: str,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        size_bytes: int | None = None,
    ) -> str:
        """A signed URL; the request must carry `headers`, and a body of `size_bytes` if given."""
        given = dict(headers or {})
        additional: tuple[str, ...] = ()
        if size_bytes is not None:
            # Content-Length is no header that V4 always covers, but one that it may.
            given["content-length"], additional = str(size_bytes), ("content-length",)
        parameters = dict(query or {})
        if self.keys.token:
            parameters["x-oss-security-token"] = self.keys.token
        subject = Subject(method, self.settings.bucket, key.encode(), parameters, given)
        signed = oss_v4.presign(
            subject, self.keys.key_id, self.keys.secret, self.settings.region, self._stamp(),
            self.lives_s, additional,
        )  # fmt: skip
        pairs = (f"{encode(n)}={encode(v)}" if v else encode(n) for n, v in signed.items())
        return f"{self.settings.bucket_url}/{encode_path(key.encode())}?{'&'.join(pairs)}"

    def _stamp(self) -> str:
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.now_s))


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
