"""Clients that remember what was promised, and the check that the promises were kept."""

import os
import random
import threading
from http.client import HTTPException
from typing import Self
from xml.etree import ElementTree

from mossbox.wire.checksum import crc64
from tests.reliability.load import listed
from tests.reliability.rows import faults
from tests.support import Answer, Server

SIZES = [0, 10, 4_096, 50_000, 128 << 10, (128 << 10) + 1, 300_000, 1_200_000]
PART_SIZES = [100 << 10, 128 << 10, (128 << 10) + 1, 300_000]
APPEND_SIZES = [1, 200, 9_000, (128 << 10) + 1]
CIPHERS = ["", "", "AES256", "SM4"]
COPY = "x-oss-copy-source"


class Client(threading.Thread):
    """Sends one request after the other about keys of its own, and keeps account of them."""

    account: tuple[str, ...]  # the attributes that outlive the thread

    def __init__(self, server: Server, bucket: str, number: int) -> None:
        super().__init__(daemon=True)  # a test that fails does not wait for it
        self.server = server
        self.bucket = bucket
        self.number = number
        self.stopping = threading.Event()
        self.acknowledged = 0
        self.unexpected: list[str] = []
        self.random = random.Random(os.urandom(8))

    def again(self) -> Self:
        """A thread that goes on where this one ended."""
        other = type(self)(self.server, self.bucket, self.number)
        for name in self.account:
            setattr(other, name, getattr(self, name))
        return other

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.turn()
            except (OSError, HTTPException):
                continue  # the server is gone, or one of its workers

    def turn(self) -> None:
        """One request and what follows from its answer."""
        raise NotImplementedError

    def settle(self) -> dict[str, bytes]:
        """Look what became of unanswered requests; the objects that have to be there."""
        raise NotImplementedError

    def ask(self, method: str, key: str, query: object = None, **more) -> Answer:
        return self.server.request(method, self.bucket, key, query, **more)

    def took(self, answer: Answer, *statuses: int) -> bool:
        """Whether the answer is one of those that promise something."""
        if answer.status in statuses:
            self.acknowledged += 1
            return True
        self.unexpected.append(repr(answer))
        return False

    def sealed(self) -> dict[str, str]:
        cipher = self.random.choice(CIPHERS)
        return {"x-oss-server-side-encryption": cipher} if cipher else {}


class Writer(Client):
    """Puts, copies and deletes.

    `known` holds what was acknowledged last (None where the key was deleted), `doubtful` what a
    request without an answer may have made of it.
    """

    account = ("known", "doubtful")

    def __init__(self, server: Server, bucket: str, number: int) -> None:
        super().__init__(server, bucket, number)
        self.keys = [f"w{number}/{n}" for n in range(8)]
        self.known: dict[str, bytes | None] = dict.fromkeys(self.keys)
        self.doubtful: dict[str, list[bytes | None]] = {}

    def turn(self) -> None:
        key, source = self.random.choice(self.keys), self.random.choice(self.keys)
        chance, body = self.random.random(), None
        method, headers = "PUT", self.sealed()
        if chance < 0.2 and source not in self.doubtful and self.known[source] is not None:
            body = self.known[source]
            headers[COPY] = f"/{self.bucket}/{source}"
        elif chance < 0.8:
            body = self.random.randbytes(self.random.choice(SIZES))
        else:
            method, headers = "DELETE", {}
        sent = None if method == "DELETE" or COPY in headers else body
        self.doubtful.setdefault(key, []).append(body)
        answer = self.ask(method, key, body=sent, headers=headers)
        if self.took(answer, 200, 204):
            self.known[key] = body
            del self.doubtful[key]

    def settle(self) -> dict[str, bytes]:
        for key in self.keys:
            answer = self.ask("GET", key)
            assert answer.status in (200, 404), answer
            found = answer.body if answer.status == 200 else None
            allowed = [self.known[key], *self.doubtful.get(key, [])]
            assert found in allowed, f"{key}: {told(found)}, allowed {[told(a) for a in allowed]}"
            self.known[key] = found
        self.doubtful.clear()
        return {key: body for key, body in self.known.items() if body is not None}


class Appender(Client):
    """Makes objects grow, one after the other; `piece` is what a request without answer held."""

    account = ("finished", "body", "piece")

    def __init__(self, server: Server, bucket: str, number: int) -> None:
        super().__init__(server, bucket, number)
        self.finished: dict[str, bytes] = {}
        self.body = b""
        self.piece: bytes | None = None

    @property
    def key(self) -> str:
        return f"a{self.number}/{len(self.finished)}"

    def turn(self) -> None:
        if len(self.body) > 400_000 and self.piece is None:
            self.finished[self.key] = self.body
            self.body = b""
        before, self.piece = self.piece, self.random.randbytes(self.random.choice(APPEND_SIZES))
        query = {"append": "", "position": str(len(self.body))}
        if before is not None:
            self.piece = before  # the same again: it is there, or it is taken now
        answer = self.ask("POST", self.key, query, body=self.piece, headers=self.sealed())
        end = str(len(self.body) + len(self.piece))
        allowed = (200,) if before is None else (200, 409)
        if self.took(answer, *allowed):
            assert answer.headers["x-oss-next-append-position"] == end, answer.headers
            self.body += self.piece
            self.piece = None

    def settle(self) -> dict[str, bytes]:
        for key, body in self.finished.items():
            assert self.ask("GET", key).body == body, key
        answer = self.ask("GET", self.key)
        found = answer.body if answer.status == 200 else b""
        assert found in (self.body, self.body + (self.piece or b"")), (
            f"{self.key}: {told(found)}, {told(self.body)} and perhaps {told(self.piece)}"
        )
        self.body, self.piece = found, None
        return {**self.finished, **({self.key: found} if answer.status == 200 else {})}


class Uploader(Client):
    """Uploads in parts: of each its number and what it may hold."""

    account = ("finished", "upload", "parts", "doubtful")

    def __init__(self, server: Server, bucket: str, number: int) -> None:
        super().__init__(server, bucket, number)
        self.finished: dict[str, bytes] = {}
        self.upload = ""
        self.parts: dict[int, list[bytes]] = {}  # a single one where it was acknowledged
        self.doubtful = False  # whether the completion went unanswered

    @property
    def key(self) -> str:
        return f"u{self.number}/{len(self.finished)}"

    @property
    def whole(self) -> bytes:
        return b"".join(self.parts[number][0] for number in sorted(self.parts))

    def turn(self) -> None:
        if not self.upload:
            answer = self.ask("POST", self.key, {"uploads": ""}, headers=self.sealed())
            if self.took(answer, 200):
                self.upload, self.parts = answer.element("UploadId"), {}
        elif self.doubtful or (len(self.parts) > 3 and self.certain()):
            self.complete()
        else:
            self.put_part()

    def certain(self) -> bool:
        return all(len(bodies) == 1 for bodies in self.parts.values())

    def put_part(self) -> None:
        doubtful = [number for number, bodies in self.parts.items() if len(bodies) != 1]
        number = doubtful[0] if doubtful else self.random.randrange(1, 9)
        body = self.random.randbytes(self.random.choice(PART_SIZES))
        self.parts[number] = [*self.parts.get(number, [b""]), body]
        query = {"partNumber": str(number), "uploadId": self.upload}
        if self.took(self.ask("PUT", self.key, query, body=body), 200):
            self.parts[number] = [body]

    def complete(self) -> None:
        before, self.doubtful = self.doubtful, True
        query, headers = {"uploadId": self.upload}, {"x-oss-complete-all": "yes"}
        answer = self.ask("POST", self.key, query, headers=headers)
        if self.took(answer, *((200, 404) if before else (200,))):
            self.finish()

    def finish(self) -> None:
        self.finished[self.key] = self.whole
        self.upload, self.doubtful = "", False

    def settle(self) -> dict[str, bytes]:
        if self.doubtful and self.ask("GET", self.key).status == 200:
            self.finish()
        if self.upload:
            self.doubtful = False
            self.check_parts()
        for key, body in self.finished.items():
            assert self.ask("GET", key).body == body, key
        return self.finished

    def check_parts(self) -> None:
        """All that was acknowledged is there; what was not may be."""
        answer = self.ask("GET", self.key, {"uploadId": self.upload})
        assert answer.status == 200, answer
        found = {
            int(part.findtext("PartNumber") or ""): (part.findtext("HashCrc64ecma") or "")
            for part in ElementTree.fromstring(answer.body).iterfind("Part")
        }
        assert found.keys() <= self.parts.keys()
        for number, bodies in list(self.parts.items()):
            kept = [body for body in bodies if body and found.get(number) == str(crc64(body))]
            assert kept or (bodies[0] == b"" and number not in found), f"part {number}"
            self.parts[number] = kept[:1]
            if not kept:
                del self.parts[number]


def told(body: bytes | None) -> str:
    return "nothing" if body is None else f"{len(body)} bytes {body[:4].hex()}"


def stop(clients: list[Client]) -> None:
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join()
        assert client.unexpected == []


def check(server: Server, bucket: str, clients: list[Client]) -> None:
    """Every key is whole: as acknowledged, or as an unanswered request wanted it."""
    truth: dict[str, bytes] = {}
    for client in clients:
        truth |= client.settle()
    assert listed(server, bucket) == {key: len(body) for key, body in truth.items()}
    stat = server.request("GET", bucket, query={"stat": ""})
    assert stat.element("ObjectCount") == str(len(truth))
    assert stat.element("Storage") == str(sum(map(len, truth.values())))
    assert faults(server.data) == []
