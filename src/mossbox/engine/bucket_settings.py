"""The SQL of a bucket's settings: documents under names such as ``tagging``, one row each."""

from msgspec.structs import replace

from mossbox.engine import Bucket, Database, Tx, objects

POLICY, PUBLIC_ACCESS_BLOCK, REFERER = "policy", "publicAccessBlock", "referer"
REQUEST_PAYMENT, TAGGING = "requestPayment", "tagging"
CORS, CORS_VARY = "cors", "cors/vary"
ACCOUNT_BLOCK = "account/publicAccessBlock"
_ASKED_ALWAYS = frozenset(
    (POLICY, PUBLIC_ACCESS_BLOCK, REFERER, REQUEST_PAYMENT, TAGGING, CORS_VARY)
)


def get(source: Database | Tx, bucket: int, name: str) -> bytes | None:
    """A setting, or None where there is none."""
    rows = source.rows(
        "select document from bucket_settings where bucket = $1 and name = $2", bucket, name
    )
    return rows[0][0] if rows else None


def with_settings(db: Database, bucket: Bucket) -> Bucket:
    """A bucket with those settings that requests ask for, its account's block included."""
    rows = db.rows("select name, document from bucket_settings where bucket = $1", bucket.id)
    kept: dict[str, bytes] = dict(rows)
    settings = {name: kept[name] for name in _ASKED_ALWAYS & kept.keys()}
    blocked = account_block(db, bucket.account)
    if blocked is not None:
        settings[ACCOUNT_BLOCK] = blocked
    return replace(bucket, settings=settings, cors=kept.get(CORS))


def account_block(source: Database | Tx, account: int) -> bytes | None:
    """The account's public access block, or None where it never had one."""
    rows = source.rows("select settings from accounts where id = $1", account)
    return rows[0][0] if rows else None


def set_account_block(tx: Tx, account: int, document: bytes | None) -> None:
    """Change the account's public access block."""
    tx.rows("update accounts set settings = $2 where id = $1", account, document)


def put(tx: Tx, bucket: Bucket, name: str, document: bytes) -> None:
    """Set or replace a setting; raises NoSuchBucket."""
    objects.check_bucket(tx, bucket, writes=False)
    tx.rows(
        "insert into bucket_settings (bucket, name, document) values ($1, $2, $3)"
        " on conflict (bucket, name) do update set document = excluded.document",
        bucket.id, name, document,
    )  # fmt: skip


def delete(tx: Tx, bucket: Bucket, name: str) -> None:
    """Remove a setting; one that is not there is no error. Raises NoSuchBucket."""
    objects.check_bucket(tx, bucket, writes=False)
    tx.rows("delete from bucket_settings where bucket = $1 and name = $2", bucket.id, name)


def of_account(db: Database, account: int, name: str) -> dict[int, bytes]:
    """One setting of all buckets of an account that have it, by the buckets' ids."""
    rows = db.rows(
        "select s.bucket, s.document from buckets b join bucket_settings s"
        " on s.bucket = b.id and s.name = $2 where b.account = $1",
        account, name,
    )  # fmt: skip
    return dict(rows)
