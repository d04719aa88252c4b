-- A store as the first version of the format left it: tables, and a row here and there.

CREATE TABLE facts (name text primary key, value text not null) without rowid;

CREATE TABLE accounts (
    id integer primary key autoincrement,
    uid text not null unique,
    name text not null,
    created_ms bigint not null,
    settings blob);

CREATE TABLE identities (
    id integer primary key autoincrement,
    account bigint not null,
    kind text not null,
    name text not null,
    created_ms bigint not null,
    document blob not null,
    unique (account, kind, name));

CREATE TABLE attachments (
    policy bigint not null,
    target bigint not null,
    primary key (target, policy)) without rowid;

CREATE TABLE access_keys (
    id text primary key,
    account bigint not null,
    identity bigint,
    secret blob not null,
    active integer not null,
    created_ms bigint not null) without rowid;

CREATE TABLE buckets (
    id integer primary key autoincrement,
    name text not null unique,
    account bigint not null,
    created_ms bigint not null,
    region text not null,
    storage_class integer not null,
    redundancy integer not null,
    acl integer not null,
    versioning integer not null,
    encryption text,
    worm blob);

CREATE INDEX buckets_of_account on buckets (account, name);

CREATE TABLE bucket_settings (
    bucket bigint not null,
    name text not null,
    document blob not null,
    primary key (bucket, name)) without rowid;

CREATE TABLE usage (
    bucket bigint not null,
    storage_class integer not null,
    objects bigint not null default 0,
    bytes bigint not null default 0,
    markers bigint not null default 0,
    uploads bigint not null default 0,
    parts bigint not null default 0,
    modified_ms bigint not null default 0,
    primary key (bucket, storage_class)) without rowid;

CREATE TABLE versions (
    bucket bigint not null,
    key blob not null,
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
    meta blob,
    blob bigint,
    extents integer not null,
    primary key (bucket, key, rank)) without rowid;

CREATE INDEX versions_live on versions
    (bucket, key, size, modified_ms, etag, kind, storage_class) where live = 1;

CREATE TABLE extents (
    owner bigint not null,
    position bigint not null,
    blob bigint not null,
    start bigint not null,
    size bigint not null,
    primary key (owner, position)) without rowid;

CREATE TABLE blobs (
    id integer primary key,
    refs integer not null,
    size bigint not null,
    cipher integer not null,
    wrapped_key blob,
    crc64 bigint,
    data blob);

CREATE TABLE uploads (
    id integer primary key autoincrement,
    token text not null,
    bucket bigint not null,
    key blob not null,
    initiated_ms bigint not null,
    sequential integer not null,
    storage_class integer not null,
    acl integer not null,
    content_type text not null,
    cipher integer not null,
    meta blob);

CREATE INDEX uploads_of_bucket on uploads (bucket, key, id);

CREATE TABLE parts (
    upload bigint not null,
    number integer not null,
    size bigint not null,
    modified_ms bigint not null,
    etag text not null,
    crc64 bigint,
    blob bigint,
    start bigint not null,
    extents bigint,
    primary key (upload, number)) without rowid;

CREATE TABLE garbage (blob integer primary key, since_ms bigint not null);


insert into facts values ('sequence', '7');
insert into accounts (uid, name, created_ms) values ('1000000000000001', '1000000000000001', 1);
insert into buckets (name, account, created_ms, region, storage_class, redundancy, acl, versioning)
    values ('a-bucket', 1, 1, 'cn-hangzhou', 0, 0, 1, 0);
insert into blobs (id, refs, size, cipher, data) values (5, 1, 6, 0, cast('a body' as blob));
pragma application_id = 1297044307;
pragma user_version = 1;
