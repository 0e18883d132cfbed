"""Getting through to one register, and to no other: layer and speed found out, its identity checked at every connect,
growing pauses while it cannot be reached.

    found = await detect(parse_address("serial:/dev/ttyS0"))        # once, when the register is put into service
    dial = Dialer(found.address, link=found.link, expected=Expected.of(identity))
    async with Register(await dial(), link=found.link, reconnect=dial) as register: ...

A swapped cable or a swapped drive is `WrongDevice` before the first command of any work is sent.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import msgspec
import structlog
import trio

from kkt_driver.commands import (
    DeviceType,
    DeviceTypeReply,
    ReadExchange,
    Request,
    SetExchange,
    command_of,
    decode_reply,
    encode_request,
)
from kkt_driver.effects import Exchange, Procedure, ask
from kkt_driver.errors import AnswerLost, DriverError, LineLost, Malformed, Misuse, NotSent, Refused, WrongDevice
from kkt_driver.link import AlternativeLink, Layer, Link, Lost, Reply, StandardLink, Timing
from kkt_driver.procedures.identity import Expected, recognise
from kkt_driver.transport import Address, open_line

__all__ = ["SPEEDS", "Dialer", "Expected", "Found", "Pauses", "change_speed", "detect"]

T = TypeVar("T")

Open: TypeAlias = Callable[[Address], Awaitable[trio.abc.Stream]]

SPEEDS = (2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
"""Bits per second by the speed code of 14h and 15h."""

LIKELY = (115200, 4800, 57600, 38400, 19200, 9600, 230400, 460800, 921600, 2400)
"""The order in which speeds are tried: what registers leave the works with comes first."""

LAYERS: tuple[Layer, ...] = ("standard", "alternative")
"""ENQ first: on the alternative layer it is noise that a register drops in silence."""

PROBE = Timing(control_s=0.5, repeat_s=0.5, tries=2)
"""Patience while layer and speed are found out: two tries a layer, two layers a speed."""

SETTLE_S = 0.2
"""A register takes its new speed when its answer to 14h is out: about a byte time-out."""

RECEIVE_SIZE = 4096

_BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)

log = structlog.get_logger("kkt_driver")


def _links(layer: Layer, timing: Timing | None = None) -> Link:
    return AlternativeLink(timing=timing) if layer == "alternative" else StandardLink(timing=timing)


# --- finding out ---------------------------------------------------------------------------------------------------


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """How a register answered: where (with the right speed), on which layer, and what it says it is."""

    address: Address
    layer: Layer
    device: DeviceTypeReply

    def link(self) -> Link:
        """A link for a connection to it."""
        return _links(self.layer)


async def detect(
    address: Address, *, speeds: Sequence[int] = LIKELY, timing: Timing = PROBE, open_line: Open = open_line
) -> Found:
    """Find out layer and, on a serial line, speed: the address's own speed first, then the likely ones.

    NotSent when the line cannot be opened or nothing answers: cable, power, or somebody else's device. Takes up to
    about two seconds a speed.
    """
    for at in _places(address, speeds):
        for layer in LAYERS:
            device = await _probe(at, layer, timing, open_line)
            if device is not None:
                log.info("a register answers", address=str(at), layer=layer, model=device.name)
                return Found(address=at, layer=layer, device=device)
    raise NotSent(f"{address}: no register answers, on neither link layer: check cable, speed and power")


def _places(address: Address, speeds: Sequence[int]) -> Iterator[Address]:
    yield address
    if address.kind == "serial":
        for baud in speeds:
            if baud != address.baud:
                yield msgspec.structs.replace(address, baud=baud)


async def _probe(address: Address, layer: Layer, timing: Timing, open_line: Open) -> DeviceTypeReply | None:
    stream = await open_line(address)
    try:
        return await converse(stream, _links(layer, timing), ask(DeviceType()))
    except (LineLost, Malformed) as error:
        log.debug("no answer", address=str(address), layer=layer, why=str(error))
        return None
    finally:
        await trio.aclose_forcefully(stream)


async def change_speed(
    found: Found,
    baud: int,
    *,
    port: int = 0,
    password: int = 30,
    timing: Timing = PROBE,
    open_line: Open = open_line,
) -> Found:
    """Make the register's serial port talk at `baud` (14h) and find it there.

    The register is asked at the new speed, then at the old one: whichever answers is where it is, and the result says
    so. NotSent: it answers at neither; `detect` looks everywhere.
    """
    if found.address.kind != "serial":
        raise Misuse(f"{found.address} has no speed")
    if baud not in SPEEDS:
        raise Misuse(f"{baud} bits per second: registers know {', '.join(map(str, SPEEDS))}")
    stream = await open_line(found.address)
    try:
        await converse(stream, found.link(), _set_speed(port, SPEEDS.index(baud), password))
    except AnswerLost as error:
        log.warning("the answer to 14h is lost: looking for the register at both speeds", why=error.why)
    finally:
        await trio.aclose_forcefully(stream)
    await trio.sleep(SETTLE_S)
    return await detect(
        msgspec.structs.replace(found.address, baud=baud), speeds=(found.address.baud,), open_line=open_line
    )


def _set_speed(port: int, code: int, password: int) -> Procedure[None]:
    """The byte time-out stays as it is."""
    now = yield from ask(ReadExchange(password=password, port=port))
    yield from ask(SetExchange(password=password, port=port, speed=code, timeout=now.timeout))


# --- one register, again and again ---------------------------------------------------------------------------------


class Pauses(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait before the next try to connect: `first_s`, then `factor` times longer, at most `most_s`."""

    first_s: float = 0.5
    factor: float = 2.0
    most_s: float = 30.0

    def before(self, attempt: int) -> float:
        """The pause before try `attempt` (1 is the second one)."""
        return float(min(self.most_s, self.first_s * self.factor ** min(attempt - 1, 64)))


class Dialer:
    """Opens the line to one register, as often as it is asked to: what `Register` takes as its `reconnect`.

    Each call tries until `patience_s` is over, with growing pauses; the pauses go on growing over calls that failed.
    With `expected` serial number and drive are asked for on every new connection, before anything else is sent.
    """

    def __init__(
        self,
        address: Address,
        *,
        link: Callable[[], Link] = StandardLink,
        expected: Expected | None = None,
        patience_s: float = 0.0,
        pauses: Pauses | None = None,
        open_line: Open = open_line,
    ) -> None:
        self.address = address
        self.expected = expected or Expected()
        self.failures = 0
        """Tries since the last connection."""
        self._link = link
        self._patience_s = patience_s
        self._pauses = pauses or Pauses()
        self._open = open_line

    async def __call__(self) -> trio.abc.Stream:
        """A line to the register. NotSent when it cannot be reached, WrongDevice when another one answers."""
        give_up = trio.current_time() + self._patience_s
        while True:
            try:
                stream = await self._once()
            except NotSent as error:
                self.failures += 1
                pause = self._pauses.before(self.failures)
                if trio.current_time() + pause > give_up:
                    raise
                log.info("no connection", address=str(self.address), why=error.why, again_in_s=pause)
                await trio.sleep(pause)
            else:
                self.failures = 0
                return stream

    async def _once(self) -> trio.abc.Stream:
        stream = await self._open(self.address)
        if self.expected == Expected():
            return stream
        try:
            await converse(stream, self._link(), recognise(self.expected))
        except WrongDevice as error:
            await trio.aclose_forcefully(stream)
            raise WrongDevice(f"{self.address}: {error}") from None
        except (LineLost, Refused, Malformed) as error:
            await trio.aclose_forcefully(stream)
            raise NotSent(f"{self.address}: who answers there cannot be told: {error}") from error
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return stream


# --- a few reads over a line that nobody owns yet ------------------------------------------------------------------


async def converse(stream: trio.abc.Stream, link: Link, procedure: Procedure[T]) -> T:
    """Run a procedure that reads, or sets what may be set twice, over a line just opened. LineLost on any doubt."""
    answer: Any = None
    failure: DriverError | None = None
    while True:
        try:
            effect = procedure.throw(failure) if failure is not None else procedure.send(answer)
        except StopIteration as end:
            return cast(T, end.value)
        assert isinstance(effect, Exchange), "reading asks for nothing else"
        answer, failure = None, None
        try:
            answer = await _exchange(stream, link, effect.request)
        except DriverError as error:
            failure = error


async def _exchange(stream: trio.abc.Stream, link: Link, request: Request[Any]) -> msgspec.Struct:
    row = command_of(request)
    link.send(encode_request(request), now=trio.current_time(), timeout_s=row.deadline_s)
    try:
        while True:
            out = link.outgoing()
            if out:
                await stream.send_all(out)
            data = b""
            deadline = link.deadline
            with trio.CancelScope(deadline=math.inf if deadline is None else deadline) as scope:
                data = bytes(await stream.receive_some(RECEIVE_SIZE))
            now = trio.current_time()
            if not data and not scope.cancelled_caught:
                raise trio.BrokenResourceError("the register closed the connection")
            for event in link.handle_timeout(now=now) if scope.cancelled_caught else link.receive(data, now=now):
                match event:
                    case Reply(body):
                        if out := link.outgoing():
                            await stream.send_all(out)
                        return cast(msgspec.Struct, decode_reply(request, body))
                    case Lost(sent, why):
                        raise (AnswerLost if sent else NotSent)(why, command=row.hex)
    except _BROKEN as error:
        lost = link.hang_up(str(error) or "the connection is broken")
        sent = lost is None or lost.sent
        raise (AnswerLost if sent else NotSent)(str(error) or "the connection is broken", command=row.hex) from error
