"""Lance in OSS: it knows virtual hosts alone, so it runs where the cloud's names lead here."""

import sys
from pathlib import Path

import pytest

from tests.integrations.programs import module
from tests.integrations.world import World
from tests.support import KEY_ID, SECRET, Server

STORY = """
import sys
import lance
import pyarrow

bucket, key, secret = sys.argv[1:]
options = {
    "oss_endpoint": "http://oss-cn-hangzhou.aliyuncs.com",
    "oss_access_key_id": key,
    "oss_secret_access_key": secret,
}
url = f"oss://{bucket}/set.lance"
table = pyarrow.table({"number": range(1000), "name": [f"name {i % 7}" for i in range(1000)]})
data = lance.write_dataset(table, url, storage_options=options)
lance.write_dataset(table.slice(0, 10), url, mode="append", storage_options=options)
data = lance.dataset(url, storage_options=options)
print(data.version, data.count_rows(), data.count_rows("number < 3"))
data.delete("number >= 3")
found = lance.dataset(url, storage_options=options).to_table().sort_by("number")
print(found.column("number").to_pylist(), found.column("name").to_pylist()[:2])
print(lance.dataset(url, version=1, storage_options=options).to_table() == table)
try:
    lance.write_dataset(table, url, storage_options=options)
except OSError as error:
    print("exists" in str(error))
"""


@pytest.mark.slow
def test_a_dataset(server: Server, bucket_name: str, tmp_path: Path) -> None:
    module("lance")
    assert server.request("PUT", bucket_name).status == 200
    with World(server, tmp_path) as world:
        said = world.run(sys.executable, "-c", STORY, bucket_name, KEY_ID, SECRET)
    assert said.splitlines() == [
        "2 1010 6", "[0, 0, 1, 1, 2, 2] ['name 0', 'name 0']", "True", "True",
    ]  # fmt: skip
    listed = server.request("GET", bucket_name, query={"prefix": "set.lance/"}).body.decode()
    assert listed.count(".manifest</Key>") == 3
