"""How to sign for each peer: OSS's V4 for us, AWS's Signature V4 for S3 stores."""

import hashlib
import hmac
import time
from dataclasses import dataclass, field

UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass
class Signer:
    """One key, one moment; `oss` chooses the dialect."""

    oss: bool
    host: str
    key_id: str
    secret: str
    region: str
    more: dict[str, str] = field(default_factory=dict)  # further headers of the dialect
    date: str = field(default_factory=lambda: time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))

    @property
    def scope(self) -> str:
        """Day, region, service, terminator."""
        service, end = ("oss", "aliyun_v4_request") if self.oss else ("s3", "aws4_request")
        return f"{self.date[:8]}/{self.region}/{service}/{end}"

    def head(self, length: int | None) -> str:
        """Everything between the target and the signature."""
        size = "" if length is None else f"Content-Length: {length}\r\n"
        return (
            f" HTTP/1.1\r\nHost: {self.host}\r\n{size}"
            + "".join(f"{name}: {value}\r\n" for name, value in self.fields())
            + "Authorization: "
            + self.authorization()
        )

    def fields(self) -> list[tuple[str, str]]:
        """Date and payload headers."""
        prefix = "x-oss" if self.oss else "x-amz"
        given = {f"{prefix}-content-sha256": UNSIGNED, f"{prefix}-date": self.date, **self.more}
        return sorted(given.items())

    def authorization(self) -> str:
        """The header's value up to the signature."""
        if self.oss:
            return f"OSS4-HMAC-SHA256 Credential={self.key_id}/{self.scope},Signature="
        signed = "host;x-amz-content-sha256;x-amz-date"
        return (
            f"AWS4-HMAC-SHA256 Credential={self.key_id}/{self.scope}, SignedHeaders={signed},"
            " Signature="
        )

    def key(self) -> bytes:
        """The signing key of the scope."""
        key = (("aliyun_v4" if self.oss else "AWS4") + self.secret).encode()
        for part in self.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key

    def sign(self, method: str, path: str, query: str = "", key: bytes | None = None) -> str:
        """The signature of one request."""
        headers = "".join(f"{name}:{value}\n" for name, value in self.fields())
        if self.oss:
            canonical = f"{method}\n{path}\n{query}\n{headers}\n\n{UNSIGNED}"
            algorithm = "OSS4-HMAC-SHA256"
        else:
            canonical = (
                f"{method}\n{path}\n{query}\nhost:{self.host}\n{headers}\n"
                f"host;x-amz-content-sha256;x-amz-date\n{UNSIGNED}"
            )
            algorithm = "AWS4-HMAC-SHA256"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{algorithm}\n{self.date}\n{self.scope}\n{digest}"
        return hmac.digest(key or self.key(), text.encode(), "sha256").hex()
