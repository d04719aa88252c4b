"""Copy a directory into a bucket, fetch it back and compare: `python examples/backup.py DIRECTORY`.

Needs `pip install oss2` and a store started with `make serve`.
"""

import filecmp
import sys
import tempfile
from pathlib import Path

import oss2


def main() -> int:
    """Up, down, compare."""
    source = Path(sys.argv[1])
    auth = oss2.Auth("mossbox", "mossbox-secret")
    bucket = oss2.Bucket(auth, "http://127.0.0.1:9000", "backup-example")
    bucket.create_bucket()
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    for number, path in enumerate(files, 1):
        bucket.put_object_from_file(path.relative_to(source).as_posix(), str(path))
        print(f"\r{number} of {len(files)} up", end="", flush=True)
    print()
    with tempfile.TemporaryDirectory() as folder:
        for item in oss2.ObjectIterator(bucket):
            target = Path(folder, item.key)
            target.parent.mkdir(parents=True, exist_ok=True)
            bucket.get_object_to_file(item.key, str(target))
            if not filecmp.cmp(target, source / item.key, shallow=False):
                print(f"{item.key} differs")
                return 1
    print("everything came back as it was")
    return 0


if __name__ == "__main__":
    sys.exit(main())
