"""Twin of `fleet.web.meters`: what is counted, and that a scrape tells it as Prometheus wants it."""

from __future__ import annotations

from fleet.web.meters import Meters
from fleet.web.metrics import render, snapshot
from tests.fleet.web.doubles import UseCasesDouble


def test_what_is_counted_is_told() -> None:
    """A route shows its histogram before its first request, an answer its zero: a rate needs something to begin at."""
    meters = Meters()
    route = meters.route("a")
    assert meters.route("a") is route
    meters.route("b")
    for status, seconds in ((200, 2**-10), (200, 0.75), (404, 7.0)):
        route.observe(status, seconds)
    meters.receipts["accepted"] += 1
    told = render(snapshot(UseCasesDouble(), meters)).decode().splitlines()
    for line in (
        'fleet_http_requests_total{route="a",status="200"} 2.0',
        'fleet_http_requests_total{route="a",status="404"} 1.0',
        'fleet_http_request_seconds_bucket{le="0.001",route="a"} 1.0',
        'fleet_http_request_seconds_bucket{le="1.0",route="a"} 2.0',
        'fleet_http_request_seconds_bucket{le="+Inf",route="a"} 3.0',
        'fleet_http_request_seconds_sum{route="a"} 7.7509765625',
        'fleet_http_request_seconds_count{route="b"} 0.0',
        'fleet_receipts_posted_total{answer="accepted"} 1.0',
        'fleet_receipts_posted_total{answer="queue_full"} 0.0',
    ):
        assert line in told
