"""Places to plug in: a memory stream in virtual time, a pseudo-terminal that other people's software opens."""

from __future__ import annotations

import time
import warnings
from typing import Any

import trio
import trio.testing

from fn_emulator.clock import WorldClock
from fn_emulator.emulated import registered
from fn_emulator.faults import Fault, FaultPlan
from fn_emulator.serve.conversation import serve_stream
from fn_emulator.serve.pty import serve_terminal, terminals
from kkt_driver import commands as c
from kkt_driver.frames import encode_frame
from kkt_driver.transport import open_serial
from tests.fn_emulator.desk import START
from tests.fn_emulator.test_serve import a_day_of_pyshtrih

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"


async def test_a_memory_stream_in_virtual_time(autojump_clock: trio.testing.MockClock) -> None:
    """Forty seconds of opening a shift take none, and a device that hangs up closes the stream."""
    register = registered(1, now=START, durations={"E0": 40.0})
    host, device = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: serve_stream(register, device, clock=lambda: START + trio.current_time()))
        await host.send_all(encode_frame(c.encode_request(c.OpenShift())))
        assert await host.receive_some() == ACK
        assert (await host.receive_some())[2:4] == b"\xe0\x00"
        assert trio.current_time() >= 40
        register.faults = FaultPlan({"*": [Fault.CUT_BEFORE]})
        await host.send_all(ACK + encode_frame(c.encode_request(c.ShortStatus())))
        assert await host.receive_some() == b""


async def test_a_stepped_world_waits_for_its_step(autojump_clock: trio.testing.MockClock) -> None:
    """In a world that stands still nothing is ever due; a step brings it."""
    clock = WorldClock(lambda: START, scale=0)
    register = registered(1, now=START, durations={"E0": 40.0})
    host, device = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: serve_stream(register, device, clock=clock))
        await host.send_all(encode_frame(c.encode_request(c.OpenShift())))
        assert await host.receive_some() == ACK
        with trio.move_on_after(1_000_000) as patience:
            await host.receive_some()
        assert patience.cancelled_caught
        clock.advance(40)
        assert (await host.receive_some())[2:4] == b"\xe0\x00"
        await host.aclose()


async def test_a_pseudo_terminal_is_a_serial_port() -> None:
    """Hosts come and go without the register noticing; a cut is a dead moment, after which it works again."""
    register = registered(1, now=time.time())
    with trio.fail_after(20), terminals(1) as (line,):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: serve_terminal(register, line, clock=time.time))
            for _ in range(2):
                async with await open_serial(line.path) as host:
                    await host.send_all(ENQ)
                    assert await host.receive_some(1) == NAK
            async with await open_serial(line.path) as host:
                register.faults = FaultPlan({"*": [Fault.CUT_BEFORE]})
                await host.send_all(encode_frame(c.encode_request(c.ShortStatus())))
                with trio.move_on_after(0.2) as patience:
                    await host.receive_some(1)
                assert patience.cancelled_caught
                await host.send_all(ENQ)
                assert await host.receive_some(1) == NAK
            nursery.cancel_scope.cancel()


async def test_a_host_that_does_not_read_holds_nothing_up() -> None:
    """A serial line does not wait: what does not fit the system's buffer is gone, and the register goes on."""
    register = registered(1, now=time.time())
    with trio.fail_after(20), terminals(1) as (line,):
        await line.send(b"x" * 1_000_000)
        async with trio.open_nursery() as nursery, await open_serial(line.path) as host:
            nursery.start_soon(lambda: serve_terminal(register, line, clock=time.time))
            await host.send_all(ENQ)
            while (await host.receive_some(4096))[-1:] != NAK:
                pass
            nursery.cancel_scope.cancel()


def shtrih_on(path: str) -> Any:
    """The published driver pyshtrih, as it opens a serial port itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyshtrih

        return pyshtrih.ShtrihM01F(port=path, baudrate=115200, timeout=3)


async def test_pyshtrih_works_a_day_on_a_pseudo_terminal() -> None:
    """A driver that somebody else wrote finds a serial port where we say there is one."""
    register = registered(1, now=time.time())
    with trio.fail_after(60), terminals(1) as (line,):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: serve_terminal(register, line, clock=time.time))
            seen = await trio.to_thread.run_sync(a_day_of_pyshtrih, shtrih_on(line.path))
            nursery.cancel_scope.cancel()
    assert (seen["mode"], seen["closed"], seen["document"], seen["unsent"]) == (4, 4, 3, 4)
