"""The tables. Their text is common to SQLite and PostgreSQL but for the words in `SQLITE`.

Keys are bytes, so both databases sort them as OSS does. `rank` is minus a sequence drawn inside
the transaction: ascending order is newest first, which both databases can page by row values.
The version that readers see is always the one with the lowest rank of its key. `versions_live`
holds all that a listing shows, so a page never touches the table, however many versions and delete
markers lie between its keys.

A version's bytes are one whole blob (`versions.blob`), or extents whose owner is its rank. A part's
are a range of one blob, or extents whose owner (a positive number of the same sequence) it names.
An extent's `position` is where its bytes begin in the object, so a range is found by one seek.
A blob is named by one row, and by `shares.extra` further ones where it has a row there.
"""

APPLICATION_ID = 0x4D4F5353  # "MOSS"
VERSION = 3
PAGE_BYTES = 4096

TABLES = """
create table facts (name text primary key, value text not null) {without_rowid};

create table accounts (
    id {serial},
    uid text not null unique,
    name text not null,
    created_ms bigint not null,
    settings {bytes});

create table identities (
    id {serial},
    account bigint not null,
    kind text not null,
    name text not null,
    created_ms bigint not null,
    document {bytes} not null,
    unique (account, kind, name));

create table buckets (
    id {serial},
    name text not null unique,
    account bigint not null,
    created_ms bigint not null,
    region text not null,
    storage_class integer not null,
    redundancy integer not null,
    acl integer not null,
    versioning integer not null,
    encryption text,
    worm {bytes});

create index buckets_of_account on buckets (account, name);

create table bucket_settings (
    bucket bigint not null,
    name text not null,
    document {bytes} not null,
    primary key (bucket, name)) {without_rowid};

create table usage (
    bucket bigint not null,
    storage_class integer not null,
    objects bigint not null default 0,
    bytes bigint not null default 0,
    markers bigint not null default 0,
    uploads bigint not null default 0,
    parts bigint not null default 0,
    modified_ms bigint not null default 0,
    primary key (bucket, storage_class)) {without_rowid};

create table versions (
    bucket bigint not null,
    key {bytes} not null,
    rank bigint not null,
    live integer not null,
    kind integer not null,
    null_id integer not null,
    size bigint not null,
    modified_ms bigint not null,
    etag text not null,
    crc64 bigint,
    storage_class integer not null,
    acl integer not null,
    content_type text not null,
    meta {bytes},
    blob bigint,
    extents integer not null,
    primary key (bucket, key, rank)) {without_rowid};

create index versions_live on versions
    (bucket, key, size, modified_ms, etag, kind, storage_class) where live = 1;

create table extents (
    owner bigint not null,
    position bigint not null,
    blob bigint not null,
    start bigint not null,
    size bigint not null,
    primary key (owner, position)) {without_rowid};

create table blobs (
    id {chosen_id},
    size bigint not null,
    cipher integer not null,
    wrapped_key {bytes},
    crc64 bigint,
    data {bytes});

create table uploads (
    id {serial},
    token text not null,
    bucket bigint not null,
    key {bytes} not null,
    initiated_ms bigint not null,
    sequential integer not null,
    storage_class integer not null,
    acl integer not null,
    content_type text not null,
    cipher integer not null,
    meta {bytes});

create index uploads_of_bucket on uploads (bucket, key, id);

create table parts (
    upload bigint not null,
    number integer not null,
    size bigint not null,
    modified_ms bigint not null,
    etag text not null,
    crc64 bigint,
    blob bigint,
    start bigint not null,
    extents bigint,
    primary key (upload, number)) {without_rowid};

create table garbage (blob {chosen_id}, since_ms bigint not null);
"""

_SHARES = """
create table shares (blob {chosen_id}, extra bigint not null);
"""

_KEY_RING = """
create table ring_keys (
    id {serial},
    name text not null unique,
    account bigint not null,
    created_ms bigint not null,
    enabled integer not null,
    preferred integer not null,
    version integer not null,
    description text not null);

create index ring_keys_of_account on ring_keys (account, id);

create table ring_versions (
    ring_key bigint not null,
    version integer not null,
    created_ms bigint not null,
    wrapped {bytes} not null,
    primary key (ring_key, version)) {without_rowid};
"""

_ACCESS = """
create table attachments (
    target bigint not null,
    policy bigint not null,
    attached_ms bigint not null,
    primary key (target, policy)) {without_rowid};

create index attachments_of_policy on attachments (policy, target);

create table members (
    member bigint not null,
    team bigint not null,
    joined_ms bigint not null,
    primary key (member, team)) {without_rowid};

create index members_of_team on members (team, member);

create table policy_versions (
    policy bigint not null,
    version integer not null,
    chosen integer not null,
    created_ms bigint not null,
    document text not null,
    primary key (policy, version)) {without_rowid};

create table access_keys (
    id text primary key,
    account bigint not null,
    identity bigint not null,
    secret {bytes} not null,
    active integer not null,
    created_ms bigint not null,
    binned_ms bigint not null) {without_rowid};

create index access_keys_of_identity on access_keys (identity, id);

create table nonces (digest {bytes} primary key, until_ms bigint not null) {without_rowid};

create index nonces_by_time on nonces (until_ms);
"""

TABLES += _SHARES + _KEY_RING + _ACCESS

MIGRATIONS = {
    1: "alter table blobs drop column refs;" + _SHARES + _KEY_RING,
    2: "drop table attachments; drop table access_keys;" + _ACCESS,  # nothing wrote them before
}
"""What makes a database of one version into one of the next."""

SQLITE = {
    "serial": "integer primary key autoincrement",  # an id is never used again
    "chosen_id": "integer primary key",
    "bytes": "blob",
    "without_rowid": "without rowid",
}

VERSION_COLUMNS = (
    "rank, kind, null_id, size, modified_ms, etag, crc64, storage_class, acl, content_type,"
    " meta, blob, extents"
)
"""Columns of `Version`, in its order."""
