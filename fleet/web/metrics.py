"""Prometheus figures of the daemon: requests as they happen, rack and queue as they are when somebody asks.

A registry of our own, since the default one counts for the whole process; children are looked up once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from fleet.usecases import UseCases

__all__ = ["CONTENT_TYPE", "Meters", "RouteMeter", "render", "snapshot"]

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode("ascii")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Meters:
    """What is counted while it happens."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "fleet_http_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "fleet_http_request_seconds",
            "From the first byte of a request to the last of its answer",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.receipts = Counter(
            "fleet_receipts_posted", "Receipts by what they were answered", ["answer"], registry=self.registry
        )

    def route(self, name: str) -> RouteMeter:
        """The meter of one route, to be kept by it."""
        return RouteMeter(self._requests, self._seconds.labels(name), name)


class RouteMeter:
    """Counts one route's requests; the children of its few statuses are kept."""

    def __init__(self, requests: Counter, seconds: Histogram, name: str) -> None:
        self._requests = requests
        self._seconds = seconds
        self._name = name
        self._by_status: dict[int, Counter] = {}

    def observe(self, status: int, seconds: float) -> None:
        child = self._by_status.get(status)
        if child is None:
            child = self._by_status[status] = self._requests.labels(self._name, str(status))
        child.inc()
        self._seconds.observe(seconds)


class _Snapshot:
    """Gauges of one scrape, read on the event loop, rendered elsewhere."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def render(meters: Meters, snapshot: list[Metric]) -> bytes:
    """The text of a scrape. Takes milliseconds with hundreds of stations: call it in a thread."""
    rack = CollectorRegistry()
    rack.register(_Snapshot(snapshot))
    return generate_latest(meters.registry) + generate_latest(rack)


def snapshot(usecases: UseCases) -> list[Metric]:
    """Rack, queue and jobs as they are now."""
    stations = ["station"]
    state = GaugeMetricFamily("fleet_station_state", "1 for the state a station is in", labels=["station", "state"])
    problem = GaugeMetricFamily("fleet_station_problem", "1 while a station reports a problem", labels=stations)
    shift = GaugeMetricFamily("fleet_station_shift_open", "1 while the shift is open", labels=stations)
    last = GaugeMetricFamily("fleet_station_last_document", "Number of the drive's last document", labels=stations)
    unsent = GaugeMetricFamily("fleet_station_unsent", "Documents that the operator has not confirmed", labels=stations)
    oldest = GaugeMetricFamily(
        "fleet_station_oldest_unsent_timestamp_seconds", "When the oldest of them was made", labels=stations
    )
    for view in usecases.rack():
        name = [view.name]
        state.add_metric([view.name, view.state], 1)
        problem.add_metric(name, float(view.problem is not None))
        shift.add_metric(name, float(view.shift_open))
        last.add_metric(name, view.last_document)
        unsent.add_metric(name, view.unsent)
        if view.oldest_unsent_at is not None:
            oldest.add_metric(name, view.oldest_unsent_at)
    queue = usecases.queue()
    waiting = GaugeMetricFamily("fleet_queue_waiting", "Jobs that wait for a station", value=queue.waiting)
    limit = GaugeMetricFamily("fleet_queue_limit", "Waiting jobs above which shops are told to wait", value=queue.limit)
    up = GaugeMetricFamily("fleet_stations_up", "Stations that take jobs", value=queue.stations_up)
    jobs = GaugeMetricFamily("fleet_jobs", "Jobs in the journal by state", labels=["state"])
    for job_state, count in usecases.counts().items():
        jobs.add_metric([str(job_state)], count)
    return [state, problem, shift, last, unsent, oldest, waiting, limit, up, jobs]
