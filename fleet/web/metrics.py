"""Prometheus figures of the daemon, as they are when somebody asks. Loaded then: most daemons start without it.

A registry of our own, since the default one counts for the whole process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from fleet.alarms import Level
from fleet.figures import Histogram as Values
from fleet.jobs import State

if TYPE_CHECKING:
    from fleet.figures import Figures
    from fleet.usecases import UseCases
    from fleet.web.meters import Meters

__all__ = ["CONTENT_TYPE", "render", "snapshot"]

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode("ascii")


class _Snapshot:
    """Gauges of one scrape, read on the event loop, rendered elsewhere."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def render(snapshot: list[Metric]) -> bytes:
    """The text of a scrape. Takes milliseconds with hundreds of stations: call it in a thread."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(snapshot))
    return generate_latest(registry)


STATES = (
    *("connecting", "reconciling", "idle", "busy", "shift", "resolving", "sick"),
    *("held", "drained", "retiring", "retired", "stopped"),
)
"""Every state that a station may show: each is exported as 0 or 1, so that an alert finds the one it asks for."""


def snapshot(usecases: UseCases, meters: Meters) -> list[Metric]:
    """Everything that can be told of the daemon as it is now."""
    return [*_doors(meters), *_rack(usecases), *_queue(usecases), *_work(usecases)]


def _doors(meters: Meters) -> list[Metric]:
    requests = CounterMetricFamily("fleet_http_requests", "Requests by route and status", labels=["route", "status"])
    seconds = HistogramMetricFamily(
        "fleet_http_request_seconds", "From the first byte of a request to the last of its answer", labels=["route"]
    )
    for name, route in meters.routes.items():
        for status, count in route.statuses.items():
            requests.add_metric([name, str(status)], count)
        _add(seconds, [name], route.seconds, str)
    receipts = CounterMetricFamily("fleet_receipts_posted", "Receipts by what they were answered", labels=["answer"])
    for answer, count in meters.receipts.items():
        receipts.add_metric([answer], count)
    return [requests, seconds, receipts]


def _rack(usecases: UseCases) -> list[Metric]:
    stations = ["station"]
    state = GaugeMetricFamily("fleet_station_state", "1 for the state a station is in", labels=["station", "state"])
    problem = GaugeMetricFamily("fleet_station_problem", "1 while a station reports a problem", labels=stations)
    shift = GaugeMetricFamily("fleet_station_shift_open", "1 while the shift is open", labels=stations)
    last = GaugeMetricFamily("fleet_station_last_document", "Number of the drive's last document", labels=stations)
    unsent = GaugeMetricFamily("fleet_station_unsent", "Documents that the operator has not confirmed", labels=stations)
    oldest = GaugeMetricFamily(
        "fleet_station_oldest_unsent_timestamp_seconds", "When the oldest of them was made", labels=stations
    )
    left = GaugeMetricFamily("fleet_drive_documents_left", "Documents that the drive still takes", labels=stations)
    free = GaugeMetricFamily("fleet_drive_free_kib", "Free KiB of its store for undelivered documents", labels=stations)
    days = GaugeMetricFamily(
        "fleet_drive_days_left", "Days until the drive is full or expires, at its present use", labels=stations
    )
    concern = GaugeMetricFamily(
        "fleet_drive_concern", "0 none, 1 order a drive, 2 replace it this week, 3 replace it today", labels=stations
    )
    replacing = GaugeMetricFamily(
        "fleet_drive_replacing", "1 while the drive of a station is being replaced", labels=stations
    )
    alarms = GaugeMetricFamily("fleet_station_alarms", "Open alarms of a station", labels=["station", "level"])
    for view in usecases.rack():
        name = [view.name]
        for level in get_args(Level):
            alarms.add_metric([view.name, level], sum(alarm.level == level for alarm in view.alarms))
        for one in STATES if view.state in STATES else (*STATES, view.state):
            state.add_metric([view.name, one], float(one == view.state))
        problem.add_metric(name, float(view.problem is not None))
        shift.add_metric(name, float(view.shift_open))
        last.add_metric(name, view.last_document)
        unsent.add_metric(name, view.unsent)
        replacing.add_metric(name, float(view.replacement is not None))
        if view.oldest_unsent_at is not None:
            oldest.add_metric(name, view.oldest_unsent_at)
        if view.life is not None:
            left.add_metric(name, view.life.documents_left)
            free.add_metric(name, view.life.kib_free)
            concern.add_metric(name, view.life.concern)
            if view.life.days_left is not None:
                days.add_metric(name, view.life.days_left)
    return [state, problem, shift, last, unsent, oldest, left, free, days, concern, replacing, alarms]


def _queue(usecases: UseCases) -> list[Metric]:
    queue = usecases.queue()
    waiting = GaugeMetricFamily("fleet_queue_waiting", "Jobs that wait for a station", value=queue.waiting)
    limit = GaugeMetricFamily("fleet_queue_limit", "Waiting jobs above which shops are told to wait", value=queue.limit)
    oldest = GaugeMetricFamily(
        "fleet_queue_oldest_timestamp_seconds", "When the job that waits longest was accepted; absent when none waits"
    )
    if queue.oldest_at is not None:
        oldest.add_metric([], queue.oldest_at)
    up = GaugeMetricFamily("fleet_stations_up", "Stations that take jobs", value=queue.stations_up)
    jobs = GaugeMetricFamily("fleet_jobs", "Jobs in the journal by state", labels=["state"])
    counts = usecases.counts()
    for one in State:
        jobs.add_metric([one.value], counts.get(one, 0))
    return [waiting, limit, oldest, up, jobs]


def _work(usecases: UseCases) -> list[Metric]:
    figures, journal = usecases.figures, usecases.journal_work()
    registered = HistogramMetricFamily(
        "fleet_job_registered_seconds", "From a job's acceptance to its document", labels=[]
    )
    _add(registered, [], figures.registered_s)
    ticket = HistogramMetricFamily(
        "fleet_ticket_lag_seconds", "From a document to the operator's confirmation", labels=[]
    )
    _add(ticket, [], figures.ticket_s)
    receipt = HistogramMetricFamily(
        "fleet_receipt_seconds", "From a job's claim by a station to its document", labels=["station"]
    )
    for station, values in figures.receipt_s.items():
        _add(receipt, [station], values)
    callbacks = CounterMetricFamily(
        "fleet_callbacks", "Calls to shops: done, to be made again, given up", labels=["outcome"]
    )
    for outcome in ("done", "again", "given_up"):
        callbacks.add_metric([outcome], figures.callbacks[outcome])
    syncs = CounterMetricFamily("fleet_journal_syncs", "Transactions, each one sync of the log", value=journal.commits)
    verbs = CounterMetricFamily(
        "fleet_journal_verbs", "Verbs written; by the syncs it is the size of a group", value=journal.verbs
    )
    return [registered, ticket, receipt, *_commands(usecases, figures), callbacks, syncs, verbs]


def _commands(usecases: UseCases, figures: Figures) -> list[Metric]:
    labels = ["station", "command"]
    took = SummaryMetricFamily("fleet_command_seconds", "Answers of a register, by command", labels=labels)
    longest = GaugeMetricFamily("fleet_command_longest_seconds", "The slowest of them", labels=labels)
    for view in usecases.rack():
        for code, timed in figures.commands(view.name).items():
            took.add_metric([view.name, code], count_value=timed.count, sum_value=timed.total_s)
            longest.add_metric([view.name, code], timed.max_s)
    return [took, longest]


def _add(
    family: HistogramMetricFamily, labels: list[str], values: Values, written: Callable[[float], str] = "{:g}".format
) -> None:
    buckets = [("+Inf" if bound is None else written(bound), count) for bound, count in values.cumulative()]
    family.add_metric(labels, buckets, sum_value=values.sum)
