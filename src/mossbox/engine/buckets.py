"""The SQL of buckets: one function a unit of work or read."""

from mossbox import errors
from mossbox.engine import Bucket, Database, Row, Tx

_COLUMNS = (
    "id, name, account, created_ms, region, storage_class, redundancy, acl, versioning, encryption"
)


def find(db: Database, name: str) -> Bucket | None:
    """A bucket by its name."""
    rows = db.rows(f"select {_COLUMNS} from buckets where name = $1", name)
    return Bucket(*rows[0]) if rows else None


def page(db: Database, account: int, prefix: str, marker: str, count: int) -> list[Bucket]:
    """At most `count` buckets of an account whose names begin with `prefix`, after `marker`."""
    rows = db.rows(
        f"select {_COLUMNS} from buckets"
        " where account = $1 and name > $2 and name >= $3 and name < $4 order by name limit $5",
        account, marker, prefix, prefix + "\U0010ffff", count,
    )  # fmt: skip
    return [Bucket(*row) for row in rows]


def create(tx: Tx, bucket: Bucket, limit: int) -> tuple[Bucket, bool]:
    """Insert a bucket, or find the one that has its name: the row, and whether it is new.

    Raises TooManyBuckets when the account has `limit` of them in this region.
    """
    rows = tx.rows(f"select {_COLUMNS} from buckets where name = $1", bucket.name)
    if rows:
        return Bucket(*rows[0]), False
    held = tx.rows(
        "select count(*) from buckets where account = $1 and region = $2",
        bucket.account, bucket.region,
    )  # fmt: skip
    if held[0][0] >= limit:
        raise errors.TooManyBuckets()
    made = tx.rows(
        "insert into buckets (name, account, created_ms, region, storage_class, redundancy, acl,"
        f" versioning) values ($1, $2, $3, $4, $5, $6, $7, $8) returning {_COLUMNS}",
        bucket.name, bucket.account, bucket.created_ms, bucket.region, bucket.storage_class,
        bucket.redundancy, bucket.acl, bucket.versioning,
    )  # fmt: skip
    return Bucket(*made[0]), True


def set_acl(tx: Tx, bucket: int, acl: int) -> None:
    """Change a bucket's ACL."""
    tx.rows("update buckets set acl = $2 where id = $1", bucket, acl)


def set_versioning(tx: Tx, bucket: int, state: int) -> None:
    """Enable or suspend a bucket's versioning."""
    tx.rows("update buckets set versioning = $2 where id = $1", bucket, state)


def set_encryption(tx: Tx, bucket: Bucket, text: str | None) -> None:
    """Change a bucket's default encryption; raises NoSuchBucket."""
    if not tx.rows(
        "update buckets set encryption = $2 where id = $1 returning id", bucket.id, text
    ):
        raise errors.NoSuchBucket(BucketName=bucket.name)


def delete(tx: Tx, bucket: Bucket) -> None:
    """Remove an empty bucket; raises BucketNotEmpty, NoSuchBucket."""
    if not tx.rows("select 1 from buckets where id = $1", bucket.id):
        raise errors.NoSuchBucket(BucketName=bucket.name)
    for table in ("versions", "uploads"):
        if tx.rows(f"select 1 from {table} where bucket = $1 limit 1", bucket.id):
            raise errors.BucketNotEmpty(BucketName=bucket.name)
    for table in ("bucket_settings", "usage"):
        tx.rows(f"delete from {table} where bucket = $1", bucket.id)
    tx.rows("delete from buckets where id = $1", bucket.id)


def usage(db: Database, bucket: int) -> list[Row]:
    """A row a storage class: class, objects, bytes, markers, uploads, parts, modified_ms."""
    return db.rows(
        "select storage_class, objects, bytes, markers, uploads, parts, modified_ms"
        " from usage where bucket = $1",
        bucket,
    )
