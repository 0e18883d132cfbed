"""Twin of `fleet.web.metrics`: what a scrape holds, and that alerts and dashboard ask for nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
import trio.testing
import yaml
from prometheus_client.parser import text_string_to_metric_families

from fleet.drive_life import Reading, forecast
from fleet.jobs import State
from tests.end_to_end.world import World, post, wait_for
from tests.fleet.web.client import Client
from tests.fleet.web.doubles import NOW, UseCasesDouble

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "deploy" / "prometheus-alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"

FUNCTIONS = {"time", "sum", "by", "rate", "increase", "histogram_quantile", "topk", "sort", "le"}
OTHERS = {"up"}
"""Made by Prometheus itself."""

Sample = tuple[str, dict[str, str], float]


def samples(text: str) -> list[Sample]:
    """What a scrape holds: (name, labels, value)."""
    return [
        (one.name, one.labels, one.value) for family in text_string_to_metric_families(text) for one in family.samples
    ]


def value(found: list[Sample], name: str, **labels: str) -> float:
    (one,) = [value for sample, has, value in found if sample == name and has.items() >= labels.items()]
    return one


async def full_scrape() -> list[Sample]:
    """A fleet in which everything that is told has something to tell."""
    fleet = UseCasesDouble()
    reading = Reading(
        at=NOW, drive="9999", documents_left=900, kib_free=9000, last_document=7, shift=2, expires=date(2027, 1, 1)
    )
    life = forecast(reading, None, date(2026, 11, 25))
    fleet.views = [msgspec.structs.replace(one, life=life, oldest_unsent_at=NOW) for one in fleet.views]
    fleet.oldest_at = NOW
    fleet.figures.receipt("k1", 0.7)
    fleet.figures.line("k1", lambda: {"FF45": (3, 1.5, 0.9)})
    client = Client(fleet)
    await client.post("/api/kkt/cloud/receipt", {})
    return samples((await client.get("/metrics")).text)


def expressions() -> Iterator[tuple[str, str]]:
    """(where, expression) of every alert and every panel."""
    for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
async def test_alerts_and_dashboard_ask_for_what_there_is(where: str, expression: str) -> None:
    """A metric that is renamed would silence its alert without a word: every name, every label and every value of a
    label that is asked for with = is on /metrics."""
    found = await full_scrape()
    names = {name for name, _, _ in found}
    labels = {label for _, has, _ in found for label in has}
    bare = re.sub(r'\{[^}]*\}|\[[^\]]*\]|"[^"]*"', "", expression)
    grouped = {word.strip() for inner in re.findall(r"by \(([^)]*)\)", bare) for word in inner.split(",")}
    asked = set(re.findall(r"[a-z_][a-z0-9_]*", bare)) - FUNCTIONS - OTHERS - grouped
    assert asked <= names
    assert asked or "up" in bare
    assert grouped <= labels
    for name, conditions in re.findall(r"(fleet_\w+)\{([^}]*)\}", expression):
        for label, sign, wanted in re.findall(r'(\w+)(!~|=~|!=|=)"([^"]*)"', conditions):
            values = {has[label] for sample, has, _ in found if sample == name}
            assert values, (name, label)
            if sign == "=" and name != "fleet_http_requests_total":  # statuses come up as they happen
                assert wanted in values


def test_every_alert_says_what_to_do() -> None:
    """At three in the morning the alert itself is the first page of the manual."""
    for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
            assert rule["annotations"]["summary"], rule["alert"]
            assert rule["annotations"]["action"], rule["alert"]


async def test_a_scrape_of_a_working_rack(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """What happened is counted where it happened: the receipt, its ticket, the commands it took, the journal's work."""
    world = World(tmp_path)
    async with world.daemon() as fleet:
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        client = Client(fleet, config=world.config())
        found = samples((await client.get("/metrics")).text)
        assert value(found, "fleet_job_registered_seconds_count") == 1
        assert value(found, "fleet_ticket_lag_seconds_count") == 1
        assert value(found, "fleet_receipt_seconds_count", station="k1") == 1
        assert value(found, "fleet_command_seconds_count", station="k1", command="FF45") == 1
        assert value(found, "fleet_jobs", state="confirmed") == 1
        assert value(found, "fleet_station_state", station="k1", state="sick") == 0
        syncs, verbs = value(found, "fleet_journal_syncs_total"), value(found, "fleet_journal_verbs_total")
        assert 0 < syncs <= verbs
        world.cut(0)
        await wait_for(fleet, await post(fleet, "2"), State.CONFIRMED)
        found = samples((await client.get("/metrics")).text)
        assert value(found, "fleet_command_seconds_count", station="k1", command="FF45") == 2, "over both lines"
