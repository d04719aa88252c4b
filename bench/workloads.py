"""What is measured, and how one measurement is taken."""

import hashlib
import http.client
import os
import random
import re
import shutil
import subprocess
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bench.dialects import Signer
from bench.process import Peer, cpu_s

BUCKET = "bench"
ENCRYPTED, VERSIONED = "bench-encrypted", "bench-versioned"
OBJECTS = 10_000
VERSIONING = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
OSS_ENCRYPTION = (
    "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256"
    "</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>"
)
S3_ENCRYPTION = (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>"
    "AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
    "</ServerSideEncryptionConfiguration>"
)


@dataclass(frozen=True)
class Workload:
    """One row of the table."""

    name: str
    method: str
    connections: int
    size: int = 0
    count: int = OBJECTS
    random: bool = False
    prefix: str = "o"
    listing: bool = False
    once: bool = False  # its keys are used up by the first round
    bucket: str = BUCKET
    upload: bool = False  # bodies are parts of one multipart upload


WORKLOADS = (
    Workload("PUT 4 KiB", "PUT", 16, 4096, 200_000, prefix="p"),
    Workload("GET 4 KiB", "GET", 16, random=True),
    Workload("HEAD", "HEAD", 16),
    Workload("LIST 1,000 keys", "GET", 4, listing=True),
    Workload("PUT 1 MiB", "PUT", 8, 1 << 20, 4000, prefix="m"),
    Workload("GET 1 MiB", "GET", 8, count=64, random=True, prefix="m"),
    Workload("PUT 64 MiB", "PUT", 2, 64 << 20, 8, prefix="l"),
    Workload("GET 64 MiB", "GET", 2, count=8, random=True, prefix="l"),
    Workload("UploadPart 1 MiB", "PUT", 8, 1 << 20, 4000, upload=True),
    Workload("PUT 4 KiB, versioned", "PUT", 16, 4096, 1000, prefix="p", bucket=VERSIONED),
    Workload("PUT 4 KiB, AES256", "PUT", 16, 4096, 200_000, prefix="p", bucket=ENCRYPTED),
    Workload("GET 4 KiB, AES256", "GET", 16, count=1000, random=True, bucket=ENCRYPTED),
    Workload("PUT 1 MiB, AES256", "PUT", 8, 1 << 20, 4000, prefix="m", bucket=ENCRYPTED),
    Workload("GET 1 MiB, AES256", "GET", 8, count=64, random=True, prefix="m", bucket=ENCRYPTED),
    Workload("DELETE", "DELETE", 16, count=200_000, prefix="p", once=True),
)


@dataclass(frozen=True)
class Result:
    """What one workload cost one peer."""

    peer: str
    workload: str
    per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    errors: int


class Bench:
    """One peer and the files that its load needs."""

    def __init__(self, peer: Peer, oss: bool, key_id: str, secret: str, region: str) -> None:
        self.peer = peer
        self._sign_with = (oss, peer.host, key_id, secret, region)
        self._folder = Path(tempfile.mkdtemp(prefix="mossbox-bench-"))
        self._oss = oss

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder)

    def signer(self) -> Signer:
        """Signatures dated now."""
        return Signer(*self._sign_with)

    def request(self, method: str, path: str, query: str = "", body: bytes = b"") -> bytes:
        """One request; gives the answer's body."""
        signer = self.signer()
        headers = dict(signer.fields())
        headers["Authorization"] = signer.authorization() + signer.sign(method, path, query)
        if body and not self._oss:  # OSS would have it signed
            headers["Content-MD5"] = b64encode(hashlib.md5(body).digest()).decode()
        connection = http.client.HTTPConnection(self.peer.host, timeout=60)
        connection.request(method, path + (f"?{query}" if query else ""), body or None, headers)
        answer = connection.getresponse()
        found = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}?{query}: {answer.status} {found!r}")
        return found

    def prepare(self) -> None:
        """The buckets, and the objects that are read."""
        for bucket in (BUCKET, ENCRYPTED, VERSIONED):
            self.request("PUT", self._path(bucket))
        self._set(VERSIONED, "versioning", VERSIONING)
        self._set(ENCRYPTED, "encryption", OSS_ENCRYPTION if self._oss else S3_ENCRYPTION)
        self._fill(Workload("fill", "PUT", 1, 4096), OBJECTS)
        self._fill(Workload("fill", "PUT", 1, 1 << 20, prefix="m"), 64)
        self._fill(Workload("fill", "PUT", 1, 64 << 20, prefix="l"), 8)
        self._fill(Workload("fill", "PUT", 1, 4096, bucket=ENCRYPTED), 1000)
        self._fill(Workload("fill", "PUT", 1, 1 << 20, prefix="m", bucket=ENCRYPTED), 64)

    def _path(self, bucket: str) -> str:
        return f"/{bucket}/" if self._oss else f"/{bucket}"

    def _set(self, bucket: str, name: str, document: str) -> None:
        query = name if self._oss else f"{name}="  # as each dialect signs it
        self.request("PUT", self._path(bucket), query, document.encode())

    def run(self, workload: Workload, seconds: float) -> Result:
        """Measure one workload."""
        before = cpu_s(self.peer.process.pid)
        if workload.method == "HEAD":
            numbers = self._ab(workload, seconds)
        else:
            numbers = self._wrk(workload, seconds)
        used = cpu_s(self.peer.process.pid) - before
        count, took_s, errors, p50, p99 = numbers
        return Result(
            self.peer.name, workload.name, count / took_s, used / max(count, 1) * 1e6,
            p50 / 1000, p99 / 1000, int(errors),
        )  # fmt: skip

    # -- load generators ------------------------------------------------------------------------

    def _targets(self, workload: Workload, signer: Signer) -> Path:
        key = signer.key()
        path = self._folder / "targets"
        with open(path, "w") as file:
            if workload.listing:
                for start in range(0, OBJECTS, 1000):
                    after = f"&start-after=o%2F{start:08d}" if start else ""
                    query = f"list-type=2&max-keys=1000&prefix=o%2F{after}"
                    target = f"/{BUCKET}/"
                    file.write(f"{target}?{query} {signer.sign('GET', target, query, key)}\n")
                return path
            if workload.upload:
                self._write_parts(file, workload, signer)
                return path
            for number in range(workload.count):
                target = f"/{workload.bucket}/{workload.prefix}/{number:08d}"
                file.write(f"{target} {signer.sign(workload.method, target, '', key)}\n")
        return path

    def _write_parts(self, file: TextIO, workload: Workload, signer: Signer) -> None:
        target = f"/{workload.bucket}/parts"
        query = "uploads" if self._oss else "uploads="
        answer = self.request("POST", target, query).decode()
        found = re.search("<UploadId>(.*?)</UploadId>", answer)
        assert found is not None, answer
        for number in range(1, workload.count + 1):
            query = f"partNumber={number}&uploadId={found.group(1)}"
            file.write(f"{target}?{query} {signer.sign('PUT', target, query, signer.key())}\n")

    def _wrk(self, workload: Workload, seconds: float) -> tuple[float, float, float, float, float]:
        signer = self.signer()
        body = ""
        if workload.size:
            file = self._folder / f"body{workload.size}"
            file.write_bytes(random.Random(workload.size).randbytes(workload.size))
            body = f", body = {lua(str(file))}"
        plan = self._folder / "plan.lua"
        plan.write_text(
            f"return {{ method = {lua(workload.method)},"
            f" head = {lua(signer.head(workload.size or None))},"
            f" targets = {lua(str(self._targets(workload, signer)))},"
            f" random = {str(workload.random).lower()}{body} }}"
        )
        output = subprocess.run(
            ["wrk", "-t1", f"-c{workload.connections}", f"-d{round(seconds)}s", "--timeout", "60s",
             "-s", str(Path(__file__).parent / "replay.lua"), f"http://{self.peer.host}"],
            env={**os.environ, "PLAN": str(plan)}, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        found = re.search(r"^RESULT (.*)$", output, re.MULTILINE)
        if not found:
            raise RuntimeError(output)
        count, took_us, errors, p50, p99 = map(float, found.group(1).split())
        return count, took_us / 1e6, errors, p50, p99

    def _fill(self, workload: Workload, requests: int) -> None:
        body = random.Random(1).randbytes(workload.size)
        signer = self.signer()
        connection = http.client.HTTPConnection(self.peer.host, timeout=60)
        key, fields = signer.key(), dict(signer.fields())
        for number in range(requests):
            path = f"/{workload.bucket}/{workload.prefix}/{number:08d}"
            signature = signer.sign("PUT", path, "", key)
            headers = {**fields, "Authorization": signer.authorization() + signature}
            connection.request("PUT", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"PUT {path}: {answer.status}")
        connection.close()

    def _ab(self, workload: Workload, seconds: float) -> tuple[float, float, float, float, float]:
        """Wrk waits for bodies that answers to HEAD don't have, so ab does these, on one key."""
        signer = self.signer()
        path = f"/{BUCKET}/o/00000001"
        table = self._folder / "ab.csv"
        headers = [f"{name}: {value}" for name, value in signer.fields()]
        headers.append(f"Authorization: {signer.authorization()}{signer.sign('HEAD', path)}")
        output = subprocess.run(
            ["ab", "-q", "-i", "-k", "-c", str(workload.connections), "-t", str(round(seconds)),
             "-n", "100000000", "-e", str(table), *[a for h in headers for a in ("-H", h)],
             f"http://{self.peer.host}{path}"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

        def number(label: str) -> float:
            found = re.search(label + r":\s+([\d.]+)", output)
            return float(found.group(1)) if found else 0.0

        shares = dict(line.split(",") for line in table.read_text().splitlines()[1:])
        return (
            number("Complete requests"), number("Time taken for tests"),
            number("Non-2xx responses") + number("Failed requests"),
            float(shares["50"]) * 1000, float(shares["99"]) * 1000,
        )  # fmt: skip


def lua(text: str) -> str:
    """A Lua string literal."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + quoted.replace("\r", "\\r").replace("\n", "\\n") + '"'
