"""The control port on real sockets: what it shows is so, what it orders happens, what it says of itself is true."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx2
import msgspec
import pytest
import trio
import trio.testing

from fn_emulator.clock import WorldClock
from fn_emulator.faults import Fault
from fn_emulator.marking_system import MarkingSystem
from fn_emulator.operator import TestOperator
from fn_emulator.rack import Rack, StateFolder
from fn_emulator.serve.control import ACTIONS, control_app
from fn_emulator.serve.conversation import StreamPort
from fn_emulator.serve.http import serve_http
from fn_emulator.serve.openapi import Problem, document
from fn_emulator.serve.sockets import listening
from fn_emulator.serve.world import World
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver import commands as c
from kkt_driver.frames import encode_frame
from tests.fn_emulator.desk import START, closing, item

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"


class Plant:
    """A world behind a real control port; `call` is a tester with an HTTP client, `host` a host on a memory stream."""

    def __init__(self, world: World, client: httpx2.AsyncClient, nursery: trio.Nursery) -> None:
        self.world = world
        self.client = client
        self._nursery = nursery

    async def call(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    async def host(self, register: int = 1) -> trio.abc.Stream:
        host, device = trio.testing.memory_stream_pair()
        self._nursery.start_soon(self._serve, register, device)
        await host.send_all(ENQ)
        assert await host.receive_some(1) == NAK
        return host

    async def _serve(self, register: int, device: trio.abc.Stream) -> None:
        await self.world.conversations[register].talk(StreamPort(device))
        await device.aclose()

    async def ask(self, host: trio.abc.Stream, request: c.Request[Any]) -> Any:
        await host.send_all(encode_frame(c.encode_request(request)))
        said = b""
        while len(said) < 4 or len(said) < 4 + said[2]:
            said += bytes(await host.receive_some(4096))
        await host.send_all(ACK)
        return c.decode_reply(request, said[3:-1])


@asynccontextmanager
async def plant(**options: Any) -> AsyncIterator[Plant]:
    """Two registers in a stepped world."""
    clock = WorldClock(lambda: START, scale=0)
    with trio.fail_after(60), StateFolder(None) as folder, listening([("127.0.0.1", 0, "control")]) as (listener,):
        world = World(clock, Rack(folder, 2, now=clock(), **options), TestOperator(master=DEMO_MASTER_KEY))
        port = listener.getsockname()[1]
        async with trio.open_nursery() as nursery, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await nursery.start(partial(serve_http, control_app(world), listener))
            yield Plant(world, client, nursery)
            nursery.cancel_scope.cancel()


async def test_what_it_shows() -> None:
    """Registers as they are, after what a host did."""
    async with plant() as here:
        host = await here.host(2)
        await here.ask(host, c.OpenShift())
        first, second = await here.call("GET", "/registers")
        assert (first["shift_open"], second["shift_open"], second["mode"]) == (False, True, 2)
        assert second["drive"] == "9999078900000002"
        assert second == await here.call("GET", "/registers/2")


async def test_archive_and_paper() -> None:
    """What the drive holds, a document with its fields, what was printed; pages and what is not there."""
    async with plant() as here:
        host = await here.host()
        await here.ask(host, c.WriteTable(table=17, row=1, field=7, value=b"\0"))  # it prints
        for request in (c.OpenShift(), c.OpenReceipt(type=0), item(), closing()):
            await here.ask(host, request)
        listed = await here.call("GET", "/registers/1/documents?after=1&limit=2")
        assert [(one["number"], one["form"]) for one in listed] == [(2, 2), (3, 3)]
        assert listed[1]["title"] == "ReceiptDocument"
        whole = await here.call("GET", "/registers/1/documents/3")
        assert whole["fields"]["receipt_total"] == 17900
        assert whole["problem"] is None
        assert "Молоко" in (await here.call("GET", "/registers/1/tape"))["text"]
        picture = await here.client.get("/registers/1/tape.png")
        assert picture.content[:8] == b"\x89PNG\r\n\x1a\n"
        await here.call("GET", "/registers/1/documents/4", expect=404)
        await here.call("GET", "/registers/2/tape.png", expect=404)
        await here.call("GET", "/registers/1/documents?limit=0", expect=400)


async def test_hands_on_the_printer() -> None:
    """Paper taken and loaded again, as a person would."""
    async with plant() as here:
        host = await here.host()
        await here.ask(host, c.WriteTable(table=17, row=1, field=7, value=b"\0"))
        assert (await here.call("POST", "/registers/1/paper", {"paper": False}))["submode"] == 1
        assert (await here.call("POST", "/registers/1/paper", {"paper": True, "lines": 50}))["submode"] == 0
        assert (await here.call("POST", "/registers/1/paper", {"cover_open": True}))["submode"] == 1
        assert (await here.call("POST", "/registers/1/paper", {"cover_open": False}))["submode"] == 0


async def test_settings_and_commands_beside_the_line() -> None:
    """A setting is read and written as hosts would, and any command may be given."""
    async with plant() as here:
        assert (await here.call("GET", "/registers/1/tables/18/1/7"))["value"] == 'ООО "Учебная стойка"'
        assert (await here.call("PUT", "/registers/1/tables/1/1/1", {"hex": "07"}))["value"] == 7
        await here.call("GET", "/registers/1/tables/99/1/1", expect=404)
        await here.call("PUT", "/registers/1/tables/18/1/1", {"hex": "00"}, expect=400)
        answer = await here.call("POST", "/registers/1/command", {"command": "101e000000"})
        assert answer["answer"][:6] == "10001e"
        await here.call("POST", "/registers/1/command", {"command": "1"}, expect=400)


async def test_a_fresh_drive() -> None:
    """Another number, phase 1, no documents; the register finds it as after any power-up, and the host is cut off."""
    async with plant() as here:
        host = await here.host()
        await here.ask(host, c.OpenShift())
        view = await here.call("POST", "/registers/1/drive", {"model": "fn-1.2-15"})
        assert (view["drive"], view["phase"], view["last_document"]) == ("9999079000000001", 1, 0)
        assert await host.receive_some(100) == b""
        host = await here.host()
        assert (await here.ask(host, c.DriveStatus())).drive == "9999079000000001"
        await here.call("POST", "/registers/1/drive", {"model": "fn-3"}, expect=400)


async def test_the_marking_system_beside_it() -> None:
    """There is one only where it was asked for."""
    async with plant() as here:
        await here.call("GET", "/marking", expect=404)
        here.world.marking = MarkingSystem(master=DEMO_MASTER_KEY)
        view = await here.call("POST", "/marking/faults", {"standing": "no answer", "late_s": 2.5})
        assert (view["standing_fault"], view["late_s"]) == ("no answer", 2.5)


async def test_time_is_moved_for_all_at_once() -> None:
    """A command that takes forty seconds is done when the tester says that forty seconds have passed."""
    async with plant(durations={"E0": 40.0}) as here:
        host = await here.host()
        await host.send_all(encode_frame(c.encode_request(c.OpenShift())))
        assert await host.receive_some(1) == ACK
        await here.call("POST", "/time", {"advance_s": 39})
        await host.send_all(ENQ)
        assert await host.receive_some(1) == ACK  # still at it
        moved = await here.call("POST", "/time", {"advance_s": 1.5})
        assert moved["now"] == START + 40.5
        assert (await host.receive_some(100))[2:4] == b"\xe0\x00"
        await here.call("POST", "/time", {"advance_s": 86_400})
        assert (await here.call("GET", "/registers/1"))["mode"] == 3
        assert (await here.call("POST", "/time", {"scale": 10.0}))["scale"] == 10.0


async def test_a_skewed_clock_is_one_register_only() -> None:
    """The world goes on as before; the drive takes no document of the past."""
    async with plant() as here:
        await here.call("POST", "/registers/1/clock", {"skew_s": -86_400})
        first, second = await here.call("GET", "/registers")
        assert first["wall_clock"][:10] < second["wall_clock"][:10]
        assert (await here.call("GET", "/time"))["now"] == START


async def test_faults_by_hand() -> None:
    """Ordered, shown as waiting, met, gone."""
    async with plant() as here:
        order = {"fault": "answer-lost", "command": "FF01", "after": 1}
        waiting = await here.call("POST", "/registers/1/faults", order)
        assert [one["fault"] for one in waiting] == [None, "answer-lost"]
        host = await here.host()
        await here.ask(host, c.DriveStatus())
        await host.send_all(encode_frame(c.encode_request(c.DriveStatus())))
        assert await host.receive_some(100) == ACK
        assert await here.call("GET", "/registers/1/faults") == []
        await here.call("POST", "/registers/1/faults", {"fault": "cut-before"})
        await here.call("DELETE", "/registers/1/faults", expect=204)
        assert (await here.call("GET", "/registers/1"))["troubles_waiting"] == 0
        listed = await here.call("GET", "/faults")
        assert {one["fault"] for one in listed} == {fault.label for fault in Fault}


async def test_trouble_by_chance() -> None:
    """For all registers until it is taken away again."""
    async with plant() as here:
        order = {"seed": 5, "rates": {"answer-lost": 1.0}, "commands": ["FF01"], "noise": {"stray": 1.0}}
        (first, _) = await here.call("PUT", "/chance", order)
        assert first["noise"]["stray"] == 1.0
        host, device = trio.testing.memory_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.world.conversations[1].talk, StreamPort(device))
            await host.send_all(encode_frame(c.encode_request(c.DriveStatus())))
            assert await host.receive_some(100) == b"\xff" + ACK
            await host.aclose()
        await here.call("DELETE", "/chance", expect=204)
        assert (await here.call("GET", "/registers/1"))["noise"] is None


async def test_power_and_cut() -> None:
    """Either way the host is gone; only the power takes the open receipt with it."""
    async with plant() as here:
        for path, mode in (("/registers/1/cut", 8), ("/registers/1/power", 2)):
            host = await here.host()
            if mode == 8:
                await here.ask(host, c.OpenShift())
                await here.ask(host, c.OpenReceipt(type=0))
            await here.call("POST", path, expect=204 if mode == 8 else 200)
            assert await host.receive_some(100) == b""
            assert (await here.call("GET", "/registers/1"))["mode"] == mode


async def test_the_operator_beside_it() -> None:
    """Its answers may be spoiled from here."""
    async with plant() as here:
        view = await here.call("POST", "/operator/faults", {"faults": ["no answer"], "standing": "wrong check code"})
        assert view["standing_fault"] == "wrong check code"
        assert (await here.call("GET", "/operator"))["messages"] == 0


async def test_events() -> None:
    """What happens on a line, as it happens, to whoever listens; who has gone is not told any more."""
    async with plant() as here:
        async with await trio.open_tcp_stream("127.0.0.1", here.client.base_url.port or 0) as listener:
            await listener.send_all(b"GET /events?register=1 HTTP/1.1\r\nHost: here\r\n\r\n")
            said = b""
            while b"from now on" not in said:
                said += bytes(await listener.receive_some())
            await here.host(2)  # another register: not asked for
            host = await here.host()
            await here.call("POST", "/registers/1/faults", {"fault": "stray-ff"})
            await host.send_all(encode_frame(c.encode_request(c.ShortStatus())))
            while said.count(b"event: ") < 2:
                said += bytes(await listener.receive_some())
        seen = [json.loads(line[6:]) for line in said.splitlines() if line.startswith(b"data: ")]
        assert "command" not in seen[0]
        assert (seen[1]["name"], seen[1]["error"], seen[1]["fault"]) == ("ShortStatus", 0, "stray-ff")
        while here.world.rack.seats[0].listeners:
            await here.call("GET", "/time")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/registers/3", None, 404),
        ("GET", "/registers/x", None, 404),
        ("GET", "/nothing", None, 404),
        ("POST", "/time", {"advance_s": -1}, 400),
        ("POST", "/time", {"advance": 1}, 400),
        ("POST", "/time", {"scale": 1e9}, 400),
        ("POST", "/registers/1/faults", {"fault": "cut-afterwards"}, 400),
        ("POST", "/registers/1/faults", {"fault": "cut-after", "command": "close"}, 400),
        ("POST", "/registers/1/faults", {"fault": "cut-after", "times": 10**9}, 400),
        ("PUT", "/chance", {"rates": {"cut-after": 0.7, "cut-before": 0.7}}, 400),
        ("POST", "/operator/faults", {"faults": ["tired"]}, 400),
    ],
)
async def test_mistakes_are_told(method: str, path: str, body: Any, status: int) -> None:
    """A tester's typing error is answered with what is wrong, and nothing has happened."""
    async with plant() as here:
        await here.call(method, path, body, expect=status)
        assert (await here.call("GET", "/registers/1"))["troubles_waiting"] == 0


async def test_the_document_tells_the_truth() -> None:
    """Every path of the OpenAPI document is there, every reference leads somewhere, and what it says of an answer is
    what the answer is: each is read back as the type that its description was made from."""
    async with plant() as here:
        here.world.marking = MarkingSystem(master=DEMO_MASTER_KEY)
        described = await here.call("GET", "/openapi.json")
        assert described == msgspec.to_builtins(document(ACTIONS, title=described["info"]["title"]))
        for reference in _references(described):
            assert reference.removeprefix("#/components/schemas/") in described["components"]["schemas"], reference
        for action in ACTIONS:
            operation = described["paths"][action.path][action.method.lower()]
            assert set(operation["responses"]) >= {"400", "404"}
            if action.method == "GET" and not isinstance(action.gives, str):
                answer = await here.client.get(re.sub(r"\{\w+\}", "1", action.path))
                msgspec.json.decode(answer.content, type=action.gives, strict=True)
        problem = await here.client.get("/registers/9")
        assert msgspec.json.decode(problem.content, type=Problem).error


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [reference for value in node.values() for reference in _references(value)]
    if isinstance(node, list):
        return [reference for value in node for reference in _references(value)]
    return []
