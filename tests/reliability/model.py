"""What a store must hold, as plain lists and dictionaries."""

from dataclasses import dataclass, field
from hashlib import md5

from mossbox.wire.checksum import crc64

NEVER, ENABLED, SUSPENDED = "", "Enabled", "Suspended"
NORMAL, MULTIPART, APPENDABLE, SYMLINK, MARKER = (
    "Normal", "Multipart", "Appendable", "Symlink", "DeleteMarker",
)  # fmt: skip


def md5_tag(body: bytes) -> str:
    return md5(body).hexdigest().upper()


@dataclass
class Version:
    """One version of a key; `etag` is what the answer said, where no rule tells it."""

    kind: str
    id: str = "null"
    body: bytes = b""
    etag: str = ""
    meta: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    sse: str = ""
    target: str = ""
    sealed: bool = False

    @property
    def crc64(self) -> str:
        return str(crc64(self.body))


@dataclass
class Part:
    """A part that is here; `etag` is what the answer said."""

    body: bytes
    etag: str

    @property
    def crc64(self) -> str:
        return str(crc64(self.body))


@dataclass
class Upload:
    """An upload under way."""

    id: str
    key: str
    parts: dict[int, Part] = field(default_factory=dict)
    meta: str = ""
    sse: str = ""


@dataclass
class Bucket:
    """Versions of each key, the newest first; uploads in the order of their beginning."""

    name: str
    state: str = NEVER
    acl: str = "private"
    sse: str = ""
    keys: dict[str, list[Version]] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)  # removed versions: key, id

    def find(self, key: str, version_id: str | None = None) -> Version | None:
        """The newest version, or that of this id; delete markers included."""
        versions = self.keys.get(key, [])
        if version_id is None:
            return versions[0] if versions else None
        return next((version for version in versions if version.id == version_id), None)

    def current(self, key: str) -> Version | None:
        """What readers see."""
        found = self.find(key)
        return None if found is None or found.kind == MARKER else found

    def add(self, key: str, version: Version) -> None:
        """Make this the newest version; others stay where the bucket keeps them."""
        versions = self.keys.setdefault(key, [])
        if self.state == NEVER:
            versions.clear()
        elif self.state == SUSPENDED:
            versions[:] = [old for old in versions if old.id != "null"]
        versions.insert(0, version)

    def delete(self, key: str, marker_id: str) -> None:
        """Remove what the key names, or hide it."""
        if self.state == NEVER:
            self.keys.pop(key, None)
        else:
            self.add(key, Version(MARKER, marker_id))

    def remove(self, key: str, version_id: str) -> Version | None:
        """Remove one version for good."""
        found = self.find(key, version_id)
        if found is not None:
            self.keys[key].remove(found)
            if not self.keys[key]:
                del self.keys[key]
            if version_id != "null":
                self.gone.append((key, version_id))
        return found

    def visible(self) -> dict[str, Version]:
        """What a list shows."""
        found = {key: self.current(key) for key in self.keys}
        return {key: version for key, version in found.items() if version is not None}

    def all_versions(self) -> list[tuple[str, Version]]:
        """In the order of ListObjectVersions."""
        return [(key, one) for key in sorted(self.keys, key=str.encode) for one in self.keys[key]]

    def sorted_uploads(self) -> list[Upload]:
        """In the order of ListMultipartUploads."""
        return sorted(self.uploads, key=lambda upload: upload.key.encode())

    def empty(self) -> bool:
        return not self.keys and not self.uploads

    def stat(self) -> dict[str, int]:
        """What GetBucketStat says."""
        kept = [version for _, version in self.all_versions()]
        objects = [version for version in kept if version.kind != MARKER]
        return {
            "Storage": sum(len(version.body) for version in objects),
            "ObjectCount": len(objects),
            "DeleteMarkerCount": len(kept) - len(objects),
            "MultipartUploadCount": len(self.uploads),
            "MultipartPartCount": sum(len(upload.parts) for upload in self.uploads),
        }


def multipart_tag(parts: list[Part]) -> str:
    """The MD5 of the parts' ETags, and their number."""
    digest = md5("".join(part.etag for part in parts).encode()).hexdigest()
    return f"{digest.upper()}-{len(parts)}"
