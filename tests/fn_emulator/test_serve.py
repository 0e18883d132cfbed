"""Registers and operator on real sockets; a driver that other people wrote talks to one of them."""

from __future__ import annotations

import socket
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.operator import TestOperator
from fn_emulator.serve.operator import serve_operator
from fn_emulator.serve.sockets import PortTaken, listening
from fn_emulator.serve.tcp import serve_register
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver import commands as c
from kkt_driver.frames import encode_alt, encode_frame
from tests.fn_emulator.desk import closing, item

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
STATUS = encode_frame(c.encode_request(c.ShortStatus()))


@asynccontextmanager
async def served(register: EmulatedRegister, *, host_timeout_s: float = 60.0) -> AsyncIterator[int]:
    """The port on which `register` listens."""
    with trio.fail_after(20), listening([("127.0.0.1", 0, "a register under test")]) as (listener,):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_serve, register, listener, host_timeout_s)
            yield listener.getsockname()[1]
            nursery.cancel_scope.cancel()


async def _serve(register: EmulatedRegister, listener: socket.socket, host_timeout_s: float) -> None:
    await serve_register(register, listener, clock=time.time, host_timeout_s=host_timeout_s)


async def talk(stream: trio.SocketStream, data: bytes, size: int) -> bytes:
    """Send, and read so many bytes."""
    await stream.send_all(data)
    said = b""
    while len(said) < size:
        piece = await stream.receive_some(4096)
        assert piece, f"the register closed after {said.hex()}"
        said += piece
    return said


def shtrih(port: int) -> Any:
    """The published driver pyshtrih on a socket instead of a serial port."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyshtrih
        import serial

        device = pyshtrih.ShtrihM01F(timeout=3)
        device.protocol.serial = serial.serial_for_url(f"socket://127.0.0.1:{port}", timeout=3, do_not_open=True)
        device.protocol.port = f"socket://127.0.0.1:{port}"
    return device


def a_day_of_pyshtrih(device: Any) -> dict[str, Any]:
    """Open a shift, sell two positions with a field, X, refund, cash, Z: as a shop with this driver would."""
    from pyshtrih import FD

    device.connect()
    try:
        seen: dict[str, Any] = {"name": device.name}
        seen["mode"] = device.state()["Режим ФР"].num
        seen["serial"] = device.full_state()["Заводской номер"]
        device.beep()
        device.open_shift()
        device.income(10000)
        device.open_check(0)
        device.sale(("Молоко 3,2%", 1500, 12345), tax1=2)
        device.sale(("Пакет", 1000, 500), tax1=4)
        device.send_tlv_struct(FD({1008: "+79161234567"}).dump())
        seen["change"] = device.close_check(cash=20000)["Сдача"]
        seen["document"] = device.fs_state()["Номер последнего ФД"]
        seen["found"] = device.fs_find_document_by_num(seen["document"])["Тип фискального документа"]
        device.print_string("Спасибо")
        device.cut(partial=True)
        device.x_report()
        device.open_check(0)
        device.cancel_check()
        seen["shift"] = device.fs_shift_params()["Номер смены"]
        seen["register"] = device.request_monetary_register(241)["Содержимое регистра"]
        device.z_report()
        seen["closed"] = device.state()["Режим ФР"].num
        seen["unsent"] = device.fs_unconfirmed_document_count()["Количество неподтверждённых ФД"]
        seen["table"] = device.request_table_structure(17)["Название таблицы"]
        return seen
    finally:
        device.disconnect()


async def test_pyshtrih_works_a_day() -> None:
    """A driver that somebody else wrote must work against the emulator unchanged."""
    register = registered(1, now=time.time())
    async with served(register) as port:
        seen = await trio.to_thread.run_sync(a_day_of_pyshtrih, shtrih(port))
    assert seen == {
        "name": "ШТРИХ-М-01Ф",
        "mode": 4,
        "serial": 99078900000001 % 2**32,
        "change": 20000 - 18518 - 500,
        "document": 3,
        "found": 3,
        "shift": 1,
        "register": 10000 + 19018,
        "closed": 4,
        "unsent": 4,
        "table": "Региональные настройки",
    }


async def test_both_layers_on_one_port() -> None:
    """Each connection shows its layer by its first byte; the next one may speak the other."""
    register = registered(1, now=time.time())
    async with served(register) as port:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            assert await talk(stream, ENQ, 1) == NAK
            said = await talk(stream, STATUS, 21)
            assert said[:4] == b"\x06\x02\x11\x10"
            await stream.send_all(ACK)
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            assert await talk(stream, encode_alt(None), 7) == encode_alt(0)
            said = await talk(stream, encode_alt(1, c.encode_request(c.DeviceType())), 23)
            assert said[5:8] == b"\xfc\0\0"


async def test_a_command_with_a_service_time() -> None:
    """The answer comes after the service time, and ENQ in between is confirmed."""
    register = registered(1, now=time.time(), durations={"FF45": 0.15})
    now = time.time()
    for request in (c.OpenShift(), c.OpenReceipt(type=0), item()):
        register.ask(request, now)
    async with served(register) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
        began = time.monotonic()
        assert await talk(stream, encode_frame(c.encode_request(closing())), 1) == ACK
        assert await talk(stream, ENQ, 1) == ACK
        answer = await talk(stream, b"", 19)
        assert time.monotonic() - began >= 0.15
        assert c.decode_reply(closing(), answer[2:-1]).document == 3


async def test_an_answer_waits_for_the_next_connection() -> None:
    """A host that dies while FF45h runs finds the answer on its next connection."""
    register = registered(1, now=time.time(), durations={"FF45": 0.1})
    now = time.time()
    for request in (c.OpenShift(), c.OpenReceipt(type=0), item()):
        register.ask(request, now)
    async with served(register) as port:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            assert await talk(stream, encode_frame(c.encode_request(closing())), 1) == ACK
        await trio.sleep(0.2)
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            said = await talk(stream, ENQ, 20)
            assert said[:1] == ACK
            assert c.decode_reply(closing(), said[3:-1]).document == 3


async def test_a_second_host_waits_for_the_first() -> None:
    """One host at a time: the second is heard when the first has gone, not before."""
    register = registered(1, now=time.time())
    async with served(register) as port:
        first = await trio.open_tcp_stream("127.0.0.1", port)
        assert await talk(first, ENQ, 1) == NAK
        async with await trio.open_tcp_stream("127.0.0.1", port) as second:
            await second.send_all(ENQ)
            with trio.move_on_after(0.1) as waited:
                await second.receive_some(1)
            assert waited.cancelled_caught
            await first.aclose()
            assert await second.receive_some(1) == NAK


async def test_a_silent_host_gives_way() -> None:
    """A host that says nothing is let go when another one waits: a dead connection does not block the register."""
    register = registered(1, now=time.time())
    async with served(register, host_timeout_s=0.1) as port, await trio.open_tcp_stream("127.0.0.1", port) as silent:
        assert await talk(silent, ENQ, 1) == NAK
        async with await trio.open_tcp_stream("127.0.0.1", port) as second:
            assert await talk(second, ENQ, 1) == NAK
        assert await silent.receive_some(1) == b""


async def test_half_a_frame_is_forgotten() -> None:
    """Silence inside a frame: the register goes back to listening without being asked."""
    register = registered(1, now=time.time(), byte_timeout_s=0.05)
    async with served(register) as port, await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(STATUS[:4])
        await trio.sleep(0.2)
        assert (await talk(stream, STATUS, 21))[:1] == ACK


async def test_the_operator_on_a_socket() -> None:
    """Probes and documents in turn on one connection; rubbish is answered by closing it."""
    register = registered(1, now=time.time())
    now = time.time()
    waiting = register.ask(c.OutgoingMessage(), now)
    message = b"".join(
        register.ask(c.ReadMessage(offset=at, count=min(240, waiting.size - at)), now).data
        for at in range(0, waiting.size, 240)
    )
    operator = TestOperator(master=DEMO_MASTER_KEY)
    with trio.fail_after(20), listening([("127.0.0.1", 0, "an operator under test")]) as (listener,):
        async with trio.open_nursery() as nursery:

            async def serve() -> None:
                await serve_operator(operator, listener, clock=time.time)

            nursery.start_soon(serve)
            port = listener.getsockname()[1]
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                head = await talk(stream, message[:100], 0)
                assert head == b""
                answer = await talk(stream, message[100:], 31)
                size = TestOperator.size_of(answer[:30])
                answer += await talk(stream, b"", size - len(answer))
                register.ask(c.BeginAnswer(size=size), now)
                for at in range(0, size, 240):
                    piece = answer[at : at + 240]
                    register.ask(c.WriteAnswer(offset=at, count=len(piece), data=piece), now)
            assert register.ask(c.FindDocument(document=1), now).ticket == 1
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                await stream.send_all(bytes(64))
                assert await stream.receive_some(1) == b""
            nursery.cancel_scope.cancel()


def test_a_taken_port_is_named() -> None:
    """All ports are checked before anything starts, and the message says which, for what, and what to do."""
    with (
        listening([("127.0.0.1", 0, "the first")]) as (taken,),
        pytest.raises(PortTaken) as error,
        listening([("127.0.0.1", 0, "free"), ("127.0.0.1", taken.getsockname()[1], "register 2 of 4")]),
    ):
        pass
    assert "register 2 of 4" in str(error.value)
    assert "choose another port" in str(error.value)
