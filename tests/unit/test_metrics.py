"""Counters in shared memory, and their sum in Prometheus's format."""

import pytest

from mossbox.metrics import Counters, render
from mossbox.operation import REGISTER
from mossbox.operations import register
from mossbox.shared import COUNTERS_PER_WORKER, Shared

LABELS = ["GetObject", "PutObject", "none"]


def sums(shared: Shared, labels: list[str] = LABELS) -> dict[str, float]:
    """Every sample of the page by its name and labels."""
    stripes = [shared.counters(number) for number in range(shared.workers)]
    lines = render(stripes, labels).decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def test_all_workers_are_summed() -> None:
    shared = Shared(2)
    for worker in range(2):
        counters = Counters(shared.counters(worker))
        counters.connections(3)
        counters.observe(0, 200, 100, 10, 20, False)
    found = sums(shared)
    assert found["mossbox_connections"] == 6
    assert found['mossbox_requests_total{operation="GetObject",outcome="success"}'] == 2
    assert found['mossbox_body_bytes_total{direction="in",operation="GetObject"}'] == 20
    assert found['mossbox_body_bytes_total{direction="out",operation="GetObject"}'] == 40
    assert found['mossbox_request_seconds_sum{operation="GetObject"}'] == pytest.approx(2e-4)
    assert not any("PutObject" in name for name in found)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "success"), (304, "success"), (404, "client_error"), (503, "server_error")],
)
def test_outcomes(status: int, outcome: str) -> None:
    shared = Shared(1)
    Counters(shared.counters(0)).observe(1, status, 1, 0, 0, False)
    found = {
        name.partition('outcome="')[2].rstrip('"}'): value
        for name, value in sums(shared).items()
        if name.startswith("mossbox_requests_total")
    }
    assert found.pop(outcome) == 1
    assert set(found.values()) == {0}


def test_a_download_that_was_cut_off_is_counted_beside_its_status() -> None:
    shared = Shared(1)
    Counters(shared.counters(0)).observe(2, 200, 1, 0, 5, True)
    found = sums(shared)
    assert found['mossbox_requests_total{operation="none",outcome="cut_off"}'] == 1
    assert found['mossbox_requests_total{operation="none",outcome="success"}'] == 1


@pytest.mark.parametrize("took_us", [0, 127, 129, 1000, 10_000_000])
def test_a_time_falls_into_its_bucket_and_all_above(took_us: int) -> None:
    shared = Shared(1)
    Counters(shared.counters(0)).observe(0, 200, took_us, 0, 0, False)
    buckets = {
        name.partition('le="')[2].partition('"')[0]: count
        for name, count in sums(shared).items()
        if name.startswith("mossbox_request_seconds_bucket")
    }
    assert buckets["+Inf"] == 1
    assert len(buckets) == 17
    for edge, count in buckets.items():
        assert count == (took_us / 1e6 <= float(edge))


def test_every_operation_has_room() -> None:
    assert register.ROUTES is not None
    shared = Shared(1)
    Counters(shared.counters(0)).observe(len(REGISTER), 200, 10**9, 1, 1, True)
    labels = [*REGISTER, "none"]
    assert sums(shared, labels)['mossbox_request_seconds_count{operation="none"}'] == 1
    assert len(shared.counters(0)) == COUNTERS_PER_WORKER
