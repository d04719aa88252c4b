"""What `mossbox.storage` sends is OSS's own: under the cloud's names, and nothing of Mossbox's."""

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mossbox.storage import ListMode, sync
from mossbox.testing import MossboxServer
from mossbox.testing.identity import RAM, USER, rpc
from tests.integrations.world import World, until
from tests.support import KEY_ID, SECRET, Server

STORY = """
import sys
from mossbox.storage import ListMode, sync

bucket, credential = sys.argv[1:]
given = {"credential": credential, "endpoint": "https:oss-cn-hangzhou.aliyuncs.com"}
with sync.Servicer.from_config(given) as servicer:
    servicer.create(bucket, location="oss-cn-hangzhou")
given |= {"name": bucket, "work_dir": "/albums", "location": "oss-cn-hangzhou"}
with sync.Storager.from_config(given) as storager:
    storager.write("a/b c", b"Hello World", server_side_encryption="AES256")
    print(storager.read("a/b c", offset=6), storager.stat("a/b c").server_side_encryption)
    log = storager.create_append("log")
    storager.write_append(log, b"1")
    print([one.path for one in storager.list(list_mode=ListMode.DIR)])
"""


@pytest.mark.slow
def test_by_the_clouds_own_names(server: Server, bucket_name: str, tmp_path: Path) -> None:
    with World(server, tmp_path) as world:
        said = world.run(sys.executable, "-c", STORY, bucket_name, f"hmac:{KEY_ID}:{SECRET}")
    assert said.splitlines() == ["b'World' AES256", "['a', 'log']"]
    assert server.request("GET", bucket_name, "albums/a/b c").body == b"Hello World"
    host = f'"{bucket_name}.oss-cn-hangzhou.aliyuncs.com"'
    until(lambda: host in server.access)  # lines are written a few times a second


class Recorder:
    """Passes connections on to a store, and keeps what was said to it."""

    def __init__(self, port: int) -> None:
        self.said = bytearray()
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(("127.0.0.1", self._to))
            threading.Thread(target=self._pass, args=(ours, theirs, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(theirs, ours, False), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, keep: bool) -> None:
        while data := one.recv(65536):
            if keep:
                self.said += data
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def recorder(mossbox: MossboxServer) -> Iterator[Recorder]:
    recording = Recorder(mossbox.port)
    yield recording
    recording.close()


def test_nothing_of_mossboxs_own_is_sent(mossbox: MossboxServer, recorder: Recorder) -> None:
    role = mossbox.role
    rpc(
        mossbox, "AttachPolicyToUser", RAM, mossbox.access_key_id, mossbox.access_key_secret,
        UserName=USER, PolicyType="System", PolicyName="AliyunOSSFullAccess",
    )  # fmt: skip
    given = {
        "credential": f"hmac:{role.access_key_id}:{role.access_key_secret}",
        "endpoint": f"http:127.0.0.1:{recorder.port}",
    }
    with sync.Servicer.from_config(given) as servicer:
        storager = servicer.create("photos")
        storager.write("a", b"1", server_side_encryption="KMS")
        storager.stat("a")
        storager.read("a", offset=0, size=1)
        storager.write_append(storager.create_append("log"), b"1")
        storager.create_dir("dir")
        storager.create_link("link", "a")
        storager.stat("link")
        upload = storager.create_multipart("big")
        parts = [storager.write_multipart(upload, b"1", index=0)]
        assert list(storager.list_multipart(upload)) == parts
        assert len(list(storager.list(list_mode=ListMode.PART))) == 1
        storager.complete_multipart(upload, parts)
        for found in list(storager.list()):
            storager.delete(found.id)
        servicer.delete("photos")
        assert [one.name for one in servicer.list()] == [mossbox.bucket]
    said = bytes(recorder.said).lower()
    assert said.count(b" http/1.1\r\n") >= 20
    assert b"mossbox" not in said
    assert b" /-/" not in said
