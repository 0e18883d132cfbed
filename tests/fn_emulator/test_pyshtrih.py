"""The published Python driver pyshtrih 2.0.6 against the emulated register, over TCP and over a pseudo-terminal.

The driver is taken as it came; over TCP only its serial port is replaced by pyserial's own for sockets.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import pyshtrih
import pytest
import serial
import trio
from serial.urlhandler import protocol_socket

from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.serve.pty import serve_terminal, terminals
from fn_emulator.serve.tcp import serve_register
from kkt_driver import commands as c

pytestmark = [
    pytest.mark.slow,
    # the driver speaks to pyserial in words that pyserial has renamed
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]

TIMEOUT_S = 10.0

Driver = Any
Connect = Callable[[EmulatedRegister], AbstractContextManager[Driver]]


@contextmanager
def serving(service: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """A trio service in a thread of its own, while the driver, which waits, has this one."""
    started = threading.Event()
    stop: list[Callable[[], None]] = []

    async def serve() -> None:
        with trio.CancelScope() as scope:
            token = trio.lowlevel.current_trio_token()
            stop.append(lambda: token.run_sync_soon(scope.cancel))
            started.set()
            await service()

    server = threading.Thread(target=trio.run, args=(serve,))
    server.start()
    started.wait(TIMEOUT_S)
    try:
        yield
    finally:
        stop[0]()
        server.join(TIMEOUT_S)


@contextmanager
def over_tcp(register: EmulatedRegister) -> Iterator[Driver]:
    """A real socket; the driver's serial port is pyserial's for sockets."""
    words = {name: getattr(serial, name) for name in ("PARITY_NONE", "STOPBITS_ONE", "SerialException")}
    words |= {"SerialTimeoutException": serial.SerialTimeoutException, "Serial": protocol_socket.Serial}
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.MonkeyPatch.context() as patch:
        listener.setblocking(False)
        patch.setattr(pyshtrih.protocol, "serial", SimpleNamespace(**words))
        with (
            serving(partial(serve_register, register, listener, clock=time.time)),
            driver(f"socket://127.0.0.1:{listener.getsockname()[1]}") as device,
        ):
            yield device


@contextmanager
def over_a_terminal(register: EmulatedRegister) -> Iterator[Driver]:
    """A real pseudo-terminal, which the driver opens as it opens a serial port."""
    with (
        terminals(1) as (terminal,),
        serving(partial(serve_terminal, register, terminal, clock=time.time)),
        driver(terminal.path) as device,
    ):
        yield device


@contextmanager
def driver(port: str) -> Iterator[Driver]:
    device = pyshtrih.ShtrihM01F(port=port, baudrate=115200, timeout=TIMEOUT_S)
    try:
        yield device
    finally:
        device.disconnect()


LINES = pytest.mark.parametrize("line", [over_tcp, over_a_terminal], ids=["tcp", "pty"])


@LINES
@pytest.mark.parametrize("ffd", [2, 4], ids=["1.05", "1.2"])
def test_a_day_of_the_published_driver(line: Connect, ffd: int) -> None:
    """It knows the register, opens a shift, sells two items with a buyer's address, pays out, reports X and Z."""
    register = registered(1, now=time.time(), ffd=ffd, durations={"B0": 0.05})
    register.ask(c.WriteTable(table=17, row=1, field=7, value=b"\0"), time.time())
    with line(register) as device:
        device.connect()
        assert device.name == "ШТРИХ-М-01Ф"
        device.open_shift()
        assert device.state()["Режим ФР"].num == 2
        device.open_check(0)
        device.sale(("Молоко 3,2%", 1000, 8950), department_num=1, tax1=2)
        device.sale(("Хлеб", 2000, 4550), department_num=1, tax1=2)
        device.send_tlv_struct(pyshtrih.FD({1008: "+79161234567"}).dump())
        closed = device.close_check(cash=20000)
        assert closed["Сдача"] == 20000 - 8950 - 9100
        found = device.fs_find_document_by_num(3)
        assert found["Тип фискального документа"] == 3
        device.x_report()
        device.income(10000)
        device.outcome(5000)
        assert device.request_monetary_register(241)["Содержимое регистра"] == 8950 + 9100 + 5000
        device.open_check(0)
        device.cancel_check()
        device.repeat()
        device.z_report()
        assert device.fs_state()["Номер последнего ФД"] == 4
        assert device.fs_unconfirmed_document_count()["Количество неподтверждённых ФД"] == 4
    text = register.tape(time.time() + 1).text()
    for words in ("Молоко 3,2%", "+79161234567", "СУТОЧНЫЙ ОТЧЕТ БЕЗ ГАШЕНИЯ", "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ", "КОПИЯ"):
        assert words in text


@LINES
def test_a_correction_of_the_published_driver(line: Connect) -> None:
    """FF35h and FF36h under format 1.05; under 1.2 the driver is told that the command is not supported."""
    register = registered(1, now=time.time(), ffd=2)
    with line(register) as device:
        device.connect()
        device.open_shift()
        device.fs_begin_correction_check()
        made = device.fs_correction_check(50000, 1)
        assert made["Номер ФД"] == 3
        device.z_report()
        state = device.fs_calculation_state_report()
        assert state["Номер ФД"] == 5
    newer = registered(2, now=time.time())
    with line(newer) as device:
        device.connect()
        device.open_shift()
        device.fs_begin_correction_check()
        with pytest.raises(pyshtrih.Error) as refusal:
            device.fs_correction_check(50000, 1)
        assert refusal.value.code == 0x37
        device.fs_cancel_document()
        device.z_report()


@LINES
def test_settings_of_the_published_driver(line: Connect) -> None:
    """Tables, clock, lines, exchange parameters and errors as the driver reads them."""
    register = registered(1, now=time.time())
    with line(register) as device:
        device.connect()
        structure = device.request_table_structure(17)
        assert structure["Название таблицы"].rstrip("\0") == "Региональные настройки"
        device.write_table(2, 5, 2, "ИВАНОВА А.П.", str)
        device.print_string("Проверка")
        device.feed(2)
        device.cut(True)
        device.beep()
        device.open_drawer()
        assert device.read_exchange_params(0)["Код скорости обмена"] == 115200
        full = device.full_state()
        assert full["ИНН"] is not None
        with pytest.raises(pyshtrih.Error) as refusal:
            device.sale(("Без смены", 1000, 100))
        assert refusal.value.code == 0x73
