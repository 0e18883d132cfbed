"""Twin of `fleet.web.admin`: the operator's API over a whole fleet in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from fleet.config import Admin
from fleet.jobs import State
from fleet.usecases import UseCases
from fleet.web.keys import Keys, hash_key
from fn_emulator.emulated import registered
from tests.end_to_end.world import World, post, wait_for
from tests.fleet.usecases.test_quarantine import foreign_document, quarantined
from tests.fleet.web.client import Answer, Client
from tests.fleet.web.doubles import UseCasesDouble

KEY = "k" * 43
LOCAL_KEY = "l" * 43
KEYS = Keys([Admin(name="olga", key_sha256=hash_key(KEY))], LOCAL_KEY)


class Operator:
    """Somebody with a key."""

    def __init__(self, usecases: UseCases, key: str = KEY) -> None:
        self._client = Client(usecases, keys=KEYS)
        self._key = key

    async def get(self, path: str) -> Answer:
        return await self._client.get(f"/admin/v1{path}", authorization=f"Bearer {self._key}")

    async def post(self, path: str, value: Any = None) -> Answer:
        parts = [b"" if value is None else msgspec.json.encode(value)]
        headers = {"authorization": f"Bearer {self._key}"}
        return await self._client.ask("POST", f"/admin/v1{path}", parts=parts, headers=headers)


@asynccontextmanager
async def scene(tmp_path: Path) -> AsyncIterator[tuple[World, UseCases, Operator]]:
    world = World(tmp_path)
    async with world.daemon() as fleet:
        yield world, fleet, Operator(fleet)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer " + "x" * 43, f"Basic {KEY}", KEY, "Bearer \xff"])
async def test_without_a_key(header: str | None) -> None:
    """Nothing is told and nothing is done, whatever is asked."""
    client = Client(UseCasesDouble(), keys=KEYS)
    headers = {} if header is None else {"authorization": header}
    for method, path in (("GET", "/rack"), ("POST", "/jobs/1/decide"), ("POST", "/stations/k1/audit")):
        answer = await client.ask(method, f"/admin/v1{path}", headers=headers)
        assert (answer.status, answer.json()["error"]) == (401, "key")


async def test_without_keys_there_is_no_such_door() -> None:
    """An application that was given none has no operators."""
    assert (await Client(UseCasesDouble()).get("/admin/v1/rack", authorization=f"Bearer {KEY}")).status == 404


async def test_the_rack_and_its_jobs(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """All there is to see, without the buyers."""
    async with scene(tmp_path) as (_, fleet, operator):
        job = await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        odd = await quarantined(fleet, "odd")
        rack = (await operator.get("/rack")).json()
        assert [one["name"] for one in rack["stations"]] == ["k1"]
        assert rack["jobs"]["confirmed"] == 1
        assert [one["id"] for one in (await operator.get("/jobs")).json()["jobs"]] == [odd.id, job.id]
        assert [one["id"] for one in (await operator.get("/jobs?state=quarantined")).json()["jobs"]] == [odd.id]
        assert [one["id"] for one in (await operator.get(f"/jobs?before={odd.id}&limit=5")).json()["jobs"]] == [job.id]
        found = (await operator.get(f"/jobs/{odd.id}")).json()
        assert found["job"]["evidence"] == {"seen": 1}
        assert [note["event"] for note in found["notes"]] == ["quarantine"]
        assert (await operator.get("/eligibility?inn=9900000000&tax_system=1")).json() == {"stations": {"k1": []}}
        for path, status in (("/jobs?state=odd", 400), ("/jobs?limit=x", 400), ("/jobs/none", 404)):
            assert (await operator.get(path)).status == status


async def test_decisions(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Each of the three, with the name behind the key in the journal."""
    async with scene(tmp_path) as (world, fleet, operator):
        number = await foreign_document(fleet, world)
        job = await quarantined(fleet, "1")
        drive = world.registers[0].drive.number
        said = {"decision": "registered", "document": number, "drive": drive, "why": "on paper", "who": "ivan"}
        answer = await operator.post(f"/jobs/{job.id}/decide", said)
        assert (answer.status, answer.json()["job"]["state"]) == (200, "confirmed")
        again = await operator.post(f"/jobs/{job.id}/decide", said)
        assert (again.status, again.json()["error"]) == (409, "conflict")
        assert (await fleet.quarantine.evidence(job.id)).notes[-1].detail["who"] == "olga", "a key has one owner"
        for decision, state in (("cancel", State.CANCELLED), ("requeue", State.ACCEPTED)):
            other = await quarantined(fleet, decision)
            local = Operator(fleet, LOCAL_KEY)
            answer = await local.post(f"/jobs/{other.id}/decide", {"decision": decision, "why": "y", "who": "ivan"})
            assert answer.json()["job"]["state"] == state
            note = (await fleet.quarantine.evidence(other.id)).notes[1]
            assert note.detail["who"] == "ivan (local)"


@pytest.mark.parametrize(
    "said",
    [
        {"decision": "registered", "why": "no document"},
        {"decision": "requeue", "why": "  "},
        {"decision": "requeue"},
        {"decision": "burn", "why": "y"},
        {"decision": "cancel", "why": "y", "more": 1},
        [],
    ],
)
async def test_half_a_decision(tmp_path: Path, autojump_clock: trio.testing.MockClock, said: Any) -> None:
    """What is missing is told, and nothing happens."""
    async with scene(tmp_path) as (_, fleet, operator):
        job = await quarantined(fleet, "1")
        assert (await operator.post(f"/jobs/{job.id}/decide", said)).status == 400
        assert await fleet.quarantine.list() == [job]


async def test_orders_for_a_station(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Asked, journaled, done."""
    async with scene(tmp_path) as (_, fleet, operator):
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        assert (await operator.post("/stations/k1/close-shift")).json() == {"asked": True}
        await trio.sleep(60)
        assert (await operator.post("/stations/k1/audit", {"first": 1})).json() == {"asked": True}
        await trio.sleep(60)
        records = (await operator.get("/stations/k1/history")).json()["records"]
        events = [one["event"] for one in records]
        assert events == ["audit", "audit_asked", "audit", "close_shift", "drive_reading", "profile"]
        assert (await operator.get("/stations/k1/history?event=audit&limit=1")).json()["records"] == records[:1]
        assert (await operator.post("/stations/k9/audit")).status == 404
        for verb, body in (("drain", {}), ("resume", {"why": " "}), ("retire", {"why": "y", "forced": True})):
            assert (await operator.post(f"/stations/k1/{verb}", body)).status == 400
        assert (await operator.post("/stations/k1/reconciled", {"why": ""})).status == 400


async def test_stations_come_and_go(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Every verb of the rack from outside, with the name behind the key in the history."""
    async with scene(tmp_path) as (world, _, operator):

        async def states() -> dict[str, str]:
            await trio.sleep(60)
            return {one["name"]: one["state"] for one in (await operator.get("/rack")).json()["stations"]}

        said = {"why": "the shelf is moved"}
        assert (await operator.post("/stations/k1/drain", said)).json() == {"asked": True}
        assert await states() == {"k1": "drained"}
        assert (await operator.post("/stations/k1/resume", said)).json() == {"asked": True}
        assert await states() == {"k1": "idle"}
        table = {"name": "k2", "address": "tcp://127.0.0.1:7802", "inn": "9900000000"}
        world.registers.append(registered(2, now=world.now()))
        assert (await operator.post("/stations", {"station": table})).json()["station"]["name"] == "k2"
        assert await states() == {"k1": "idle", "k2": "idle"}
        wrong = await operator.post("/stations", {"station": {**table, "inn": "1"}})
        assert (wrong.status, wrong.json()["error"], len(wrong.json()["problems"])) == (422, "configuration", 1)
        assert (await operator.post("/stations", {"station": table})).status == 409
        assert (await operator.post("/stations/k2/retire", {**said, "force": True})).json() == {"asked": True}
        assert await states() == {"k1": "idle", "k2": "retired"}
        assert (await operator.post("/stations/k2/remove")).json() == {"done": True}
        assert (await operator.post("/stations/k1/remove")).status == 409
        assert (await operator.post("/stations/k1/acknowledge", {**said, "alarm": "none"})).status == 409
        world.settings = {"stations": ()}
        assert (await operator.post("/reload")).json() == {
            "added": [],
            "changed": [],
            "retired": ["k1"],
            "later": [],
        }
        assert await states() == {"k1": "retired"}
        records = (await operator.get("/stations/k1/history?event=standing_drained")).json()["records"]
        assert records[0]["detail"] == {"who": "olga", "why": "the shelf is moved"}


async def test_a_drive_and_its_replacement(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Begun, seen, given up again before it is too late; not without a reason, not before its time."""
    async with scene(tmp_path) as (world, fleet, operator):
        await wait_for(fleet, await post(fleet, "1"), State.CONFIRMED)
        world.operator_up = False
        await wait_for(fleet, await post(fleet, "2"), State.REGISTERED)
        path = "/stations/k1/drive"
        assert (await operator.get(path)).json()["step"] is None
        assert (await operator.post(f"{path}/replace", {"why": " "})).status == 400
        assert (await operator.post(f"{path}/card-entered", {"why": "y"})).status == 409
        assert (await operator.post(f"{path}/replace", {"why": "full"})).status == 200
        await trio.sleep(60)
        progress = (await operator.get(path)).json()
        assert (progress["step"], progress["plan"]["who"]) == ("deliver", "olga")
        assert (await operator.post(f"{path}/abandon", {"why": "not today"})).status == 200
        await trio.sleep(60)
        assert (await operator.get(path)).json()["step"] is None
        assert (await operator.get("/stations/k9/drive")).status == 404
