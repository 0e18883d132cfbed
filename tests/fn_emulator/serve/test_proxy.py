"""A proxy between a driver and a register: nothing is changed, everything is written down."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from fn_emulator.emulated import registered
from fn_emulator.errors import EmulatorError, Misuse
from fn_emulator.recording import Recording, Verdict, read_recording, replay
from fn_emulator.serve.proxy import open_register, recorded, serve_proxy
from fn_emulator.serve.pty import serve_terminal, terminals
from fn_emulator.serve.sockets import listening
from fn_emulator.serve.tcp import serve_register
from tests.fn_emulator.test_serve import a_day_of_pyshtrih, shtrih
from tests.ports import free_base


def the_recording(folder: Path) -> Recording:
    """The only one in the folder."""
    (file,) = folder.iterdir()
    return read_recording(file.read_text("utf-8").splitlines())


async def test_a_day_of_another_driver_is_recorded_and_played_again(tmp_path: Path) -> None:
    """pyshtrih works through the proxy as without it, and the recording played to a fresh register is answered alike
    in every turn."""
    began = time.time()
    register = registered(1, now=began)
    wanted = [("127.0.0.1", 0, "register"), ("127.0.0.1", 0, "proxy")]
    with (
        trio.fail_after(60),
        listening(wanted) as (of_register, of_proxy),
        recorded(tmp_path, "day", began) as recorder,
    ):
        address = f"tcp://127.0.0.1:{of_register.getsockname()[1]}"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(serve_register, register, of_register, clock=time.time))
            nursery.start_soon(partial(serve_proxy, of_proxy, address, recorder))
            seen = await trio.to_thread.run_sync(a_day_of_pyshtrih, shtrih(of_proxy.getsockname()[1]))
            nursery.cancel_scope.cancel()
    assert (seen["document"], seen["closed"]) == (3, 4)
    recording = the_recording(tmp_path)
    turns = replay(recording, registered(1, now=recording.began), now=recording.began)
    assert len(turns) > 60
    assert [turn for turn in turns if turn.verdict is Verdict.OTHER] == []


async def _hear(line: Any, data: bytes) -> bytes:
    await line.send_all(data)
    return bytes(await line.receive_some(1))


async def test_a_register_on_a_serial_port(tmp_path: Path) -> None:
    """The other kind of address."""
    with trio.fail_after(20), terminals(1) as (line,):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: serve_terminal(registered(1, now=time.time()), line, clock=time.time))
            async with await open_register(f"serial:{line.path}?baud=115200") as host:
                assert await _hear(host, b"\x05") == b"\x15"
            nursery.cancel_scope.cancel()


async def test_addresses() -> None:
    """A mistyped one is explained, one that nobody answers at is an error of its own."""
    with pytest.raises(Misuse, match="tcp://"):
        await open_register("somewhere")
    with pytest.raises(EmulatorError, match="cannot be reached"):
        await open_register(f"tcp://127.0.0.1:{free_base([0])}")
    with pytest.raises(EmulatorError, match="cannot be reached"):
        await open_register("serial:/dev/nothing-here")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Said at the start, not at the first byte."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Misuse, match="choose a folder"), recorded(tmp_path / "file", "x", 0.0):
        pass
