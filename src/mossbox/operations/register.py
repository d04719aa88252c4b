"""Fills the register by importing every topic, and derives the routes from it."""

from mossbox.operation import CALLS, REGISTER, Routes
from mossbox.operations import (  # noqa: F401  (imported for what they declare)
    acl,
    appending,
    bucket,
    bucket_policy,
    bucket_tags,
    copying,
    cors,
    deleting,
    encryption,
    explaining,
    getting,
    ims,
    keys,
    listing,
    multipart,
    payment,
    posting,
    public_access,
    putting,
    ram_attachments,
    ram_groups,
    ram_keys,
    ram_policies,
    ram_roles,
    ram_users,
    referer,
    restoring,
    service,
    sts,
    symlink,
    tagging,
    unbuilt,
    uploads,
    versioning,
)

ROUTES = Routes(REGISTER.values())

OPERATIONS = (*REGISTER.values(), *CALLS.values())
for _index, _entry in enumerate(OPERATIONS):
    _entry.index = _index  # its line in the counters

SUB_RESOURCES = frozenset(ROUTES.selectors | unbuilt.QUERIES) - {"comp", "action", "status"}
"""Query names that choose an operation: one that the chosen operation does not read is refused."""
