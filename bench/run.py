"""Mossbox and MinIO under the same load, in turns, on this machine: `make bench`.

MinIO is measured where its program is found: on the PATH, in ~/go/bin, or by MINIO=/path. It
installs by `go install github.com/minio/minio@latest`. Needs wrk and ab (Debian: wrk,
apache2-utils). Figures are processor microseconds of the server an operation; machines differ and
are noisy, so only the two columns of one run compare.
"""

import argparse
import datetime
import os
import platform
import shutil
import statistics
import sys
import tempfile
from base64 import b64encode
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.process import Peer, free_port, memory_mib
from bench.workloads import WORKLOADS, Bench, Result

KEY_ID, SECRET = "benchkey", "bench-secret-0123456789"


def main() -> int:
    """Run all, print the table."""
    options = arguments()
    for tool in ("wrk", "ab"):
        if shutil.which(tool) is None:
            print(f"{tool} is not here: install Debian's wrk and apache2-utils", file=sys.stderr)
            return 2
    minio = find_minio()
    if minio is None:
        print("MinIO is not here (go install github.com/minio/minio@latest): measuring alone")
    folder = Path(tempfile.mkdtemp(prefix="mossbox-bench-data-", dir=options.folder))
    benches = []
    try:
        benches.append(mossbox(folder, options.workers))
        if minio is not None:
            benches.append(peer_minio(folder, minio))
        results = measure(benches, options)
        text = table(results, [bench.peer for bench in benches])
        print(text)
        if options.output:
            Path(options.output).write_text(text + "\n")
    finally:
        for bench in benches:
            bench.peer.end()
            bench.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=2, help="the median of so many is shown")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="part of a workload's name")
    parser.add_argument("--folder", default=None, help="where the data goes (a real disk)")
    parser.add_argument("--output", default="", help="write the table here as well")
    return parser.parse_args()


def find_minio() -> str | None:
    """MinIO's program."""
    candidates = [os.environ.get("MINIO"), shutil.which("minio")]
    candidates.append(str(Path.home() / "go/bin/minio"))
    return next((path for path in candidates if path and os.access(path, os.X_OK)), None)


def mossbox(folder: Path, workers: int) -> Bench:
    """The server of this checkout."""
    port = free_port()
    command = [
        sys.executable, "-m", "mossbox", "serve", "--listen", f"127.0.0.1:{port}",
        "--data", str(folder / "mossbox"), "--workers", str(workers), "--console", "off",
        "--access-log", str(folder / "access.log"),
    ]  # fmt: skip
    env = {"MOSSBOX_ACCESS_KEY_ID": KEY_ID, "MOSSBOX_ACCESS_KEY_SECRET": SECRET}
    return Bench(Peer("Mossbox", command, port, env), True, KEY_ID, SECRET, "cn-hangzhou")


def peer_minio(folder: Path, program: str) -> Bench:
    """MinIO on one drive, as it comes."""
    port = free_port()
    command = [program, "server", str(folder / "minio"), "--address", f"127.0.0.1:{port}"]
    env = {
        "MINIO_ROOT_USER": KEY_ID, "MINIO_ROOT_PASSWORD": SECRET,
        "MINIO_KMS_SECRET_KEY": f"bench:{b64encode(bytes(32)).decode()}",
    }  # fmt: skip
    return Bench(Peer("MinIO", command, port, env), False, KEY_ID, SECRET, "us-east-1")


def measure(benches: list[Bench], options: argparse.Namespace) -> list[Result]:
    """Peers take turns at each workload, so that a noisy minute hits both."""
    for bench in benches:
        print(f"filling {bench.peer.name} …", flush=True)
        bench.prepare()
    results = []
    for workload in WORKLOADS:
        if options.only.lower() not in workload.name.lower():
            continue
        for number in range(1 if workload.once else options.rounds):
            for bench in benches:
                # Deletes are faster than the puts that made their keys: they get less time.
                seconds = max(1, options.seconds / 4) if workload.once else options.seconds
                result = bench.run(workload, seconds)
                results.append(result)
                print(
                    f"{workload.name:20} round {number + 1} {result.peer:8}"
                    f" {result.per_second:10,.0f}/s {result.cpu_us:9,.0f} µs"
                    f"  p50 {result.p50_ms:.2f}  p99 {result.p99_ms:.2f} ms"
                    + (f"  ERRORS {result.errors}" if result.errors else ""),
                    flush=True,
                )
    return results


def table(results: list[Result], peers: list[Peer]) -> str:
    """The medians as Markdown."""
    names = [peer.name for peer in peers]
    today = datetime.date.today().isoformat()
    lines = [
        f"{today}, {os.cpu_count()} cores ({cpu_model()}), Python {platform.python_version()},"
        f" {platform.system()} {platform.release()}. Operations a second · server CPU µs an"
        " operation · p99 ms.",
        "",
        "| | " + " | ".join(names) + " | CPU ratio |",
        "|---" * (len(names) + 2) + "|",
    ]
    for workload in WORKLOADS:
        cells, costs = [], []
        for name in names:
            mine = [r for r in results if r.peer == name and r.workload == workload.name]
            if mine:
                rate, cost, p99 = (
                    statistics.median(getattr(r, f) for r in mine)
                    for f in ("per_second", "cpu_us", "p99_ms")
                )
                cells.append(f"{rate:,.0f} · {cost:,.0f} · {p99:.1f}")
                costs.append(cost)
        if cells:
            ratio = f"{costs[0] / costs[1]:.2f}" if len(costs) == 2 else "–"
            label = f"{workload.name}, {workload.connections} connections"
            lines.append(f"| {label} | {' | '.join(cells)} | {ratio} |")
    sizes = [f"{memory_mib(peer.process.pid, 'Pss_Anon'):,.0f} MiB" for peer in peers]
    lines.append(f"| memory at the end (without file pages) | {' | '.join(sizes)} | |")
    return "\n".join(lines)


def cpu_model() -> str:
    """What the processor calls itself."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
