"""Counters: integers in shared memory, one stripe a worker, summed when somebody asks."""

from collections.abc import Iterator, Sequence
from typing import Any

_CELLS = 24  # a label
_COUNT, _CLIENT_ERRORS, _SERVER_ERRORS, _CUT_OFF, _IN, _OUT, _MICROS, _FIRST_BUCKET = range(8)
_BUCKETS = _CELLS - _FIRST_BUCKET
_SMALLEST_US = 7  # the first bucket ends at 2**7 µs
WORKER_CELLS = 4  # connections, requests of our own that were answered and that were not, room


class Counters:
    """One worker's counters; `cells` is its stripe, `labels` the operations' names."""

    def __init__(self, cells: memoryview) -> None:
        self._cells = cells

    def connections(self, count: int) -> None:
        """Connections open now."""
        self._cells[0] = count

    def outgoing(self, answered: bool) -> None:
        """One request of the server's own."""
        self._cells[1 if answered else 2] += 1

    def observe(
        self, label: int, status: int, took_us: int, received: int, sent: int, cut_off: bool
    ) -> None:
        """One request of the operation with this index (the last label is none)."""
        cells = self._cells
        base = WORKER_CELLS + label * _CELLS
        cells[base] += 1
        if status >= 400:
            cells[base + (_CLIENT_ERRORS if status < 500 else _SERVER_ERRORS)] += 1
        if cut_off:
            cells[base + _CUT_OFF] += 1
        if received:
            cells[base + _IN] += received
        if sent:
            cells[base + _OUT] += sent
        cells[base + _MICROS] += took_us
        bucket = min((took_us >> _SMALLEST_US).bit_length(), _BUCKETS - 1)
        cells[base + _FIRST_BUCKET + bucket] += 1


class _Sum:
    """A collector over all workers' stripes."""

    def __init__(self, stripes: Sequence[memoryview], labels: Sequence[str]) -> None:
        self._labels = labels
        size = WORKER_CELLS + len(labels) * _CELLS
        self._cells = [sum(stripe[n] for stripe in stripes) for n in range(size)]

    def collect(self) -> Iterator[Any]:
        """Metric families for the prometheus client."""
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        yield GaugeMetricFamily("mossbox_connections", "Open connections", self._cells[0])
        outgoing = CounterMetricFamily(
            "mossbox_outgoing_requests", "Requests to other servers", labels=("outcome",)
        )
        outgoing.add_metric(("answered",), self._cells[1])
        outgoing.add_metric(("failed",), self._cells[2])
        yield outgoing
        requests = CounterMetricFamily(
            "mossbox_requests", "Requests by operation and outcome", labels=("operation", "outcome")
        )
        moved = CounterMetricFamily(
            "mossbox_body_bytes", "Body bytes by operation", labels=("operation", "direction")
        )
        took = HistogramMetricFamily(
            "mossbox_request_seconds", "Time to answer, by operation", labels=("operation",)
        )
        for number, label in enumerate(self._labels):
            cells = self._cells[WORKER_CELLS + number * _CELLS :][:_CELLS]
            if not cells[_COUNT]:
                continue
            good = cells[_COUNT] - cells[_CLIENT_ERRORS] - cells[_SERVER_ERRORS]
            for outcome, count in (
                ("success", good),
                ("client_error", cells[_CLIENT_ERRORS]),
                ("server_error", cells[_SERVER_ERRORS]),
                ("cut_off", cells[_CUT_OFF]),
            ):
                requests.add_metric((label, outcome), count)
            moved.add_metric((label, "in"), cells[_IN])
            moved.add_metric((label, "out"), cells[_OUT])
            took.add_metric((label,), _histogram(cells), cells[_MICROS] / 1e6)
        yield from (requests, moved, took)


def _histogram(cells: Sequence[int]) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for number in range(_BUCKETS):
        total += cells[_FIRST_BUCKET + number]
        edge = 2.0 ** (_SMALLEST_US + number) / 1e6
        buckets.append(("+Inf" if number == _BUCKETS - 1 else repr(edge), float(total)))
    return buckets


def render(stripes: Sequence[memoryview], labels: Sequence[str]) -> bytes:
    """The sum of all workers in Prometheus's text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Sum(stripes, labels))
    return generate_latest(registry)
