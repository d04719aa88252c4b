"""Fills the register by importing every topic, and derives the routes from it."""

from mossbox.operation import REGISTER, Routes
from mossbox.operations import (  # noqa: F401  (imported for what they declare)
    acl,
    appending,
    bucket,
    bucket_policy,
    bucket_tags,
    copying,
    deleting,
    encryption,
    getting,
    keys,
    listing,
    multipart,
    payment,
    public_access,
    putting,
    referer,
    restoring,
    service,
    symlink,
    tagging,
    unbuilt,
    uploads,
    versioning,
)

ROUTES = Routes(REGISTER.values())

SUB_RESOURCES = frozenset(ROUTES.selectors | unbuilt.QUERIES) - {"comp", "action", "status"}
"""Query names that choose an operation: one that the chosen operation does not read is refused."""
