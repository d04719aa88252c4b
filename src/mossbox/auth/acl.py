"""What ACLs grant to those who are not the owner (OSS documentation, "ACL")."""

DEFAULT, PRIVATE, PUBLIC_READ, PUBLIC_READ_WRITE = range(4)

_READ = frozenset(("oss:GetObject", "oss:ListObjects"))
_WRITE = frozenset(
    ("oss:PutObject", "oss:DeleteObject", "oss:AbortMultipartUpload", "oss:ListParts")
)
_GRANTS = {PUBLIC_READ: _READ, PUBLIC_READ_WRITE: _READ | _WRITE}
_NOTHING: frozenset[str] = frozenset()


def grants(acl: int, action: str) -> bool:
    """Whether an ACL (index into names.ACLS) lets everybody do this."""
    return action in _GRANTS.get(acl, _NOTHING)
