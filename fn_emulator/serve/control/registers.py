"""Registers on the control port: how they are, and what is done to them beside their lines."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fn_emulator.drive.models import DEFAULT
from fn_emulator.errors import Misuse
from fn_emulator.noise import Noise
from fn_emulator.rack import Seat
from fn_emulator.serve.openapi import Action, NotThere
from fn_emulator.serve.world import World
from fn_emulator.tables import TABLES, SettingError

__all__ = ["ACTIONS", "RegisterView", "registers", "seat_of"]


class RegisterView(msgspec.Struct, kw_only=True):
    """A register in the rack."""

    index: int
    address: str
    serial: str
    drive: str
    phase: Annotated[int, Meta(description="1 fresh, 3 in use, 7 closed, 15 archive.")]
    mode: int
    submode: int
    shift: int
    shift_open: bool
    last_document: int
    unconfirmed: Annotated[int, Meta(description="Documents without a ticket of the operator.")]
    wall_clock: Annotated[str, Meta(description="The register's own clock, ISO, without a zone.")]
    skew_s: float
    paper_out: bool
    troubles_waiting: int
    noise: Noise | None


class CellView(msgspec.Struct):
    """A setting: its bytes as 1Fh gives them, and as number or text."""

    hex: str
    value: int | str


class AnswerView(msgspec.Struct):
    """What a command was answered: the body, command code and error included."""

    answer: str


class PaperOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a hand does to the printer; what is left out stays as it is."""

    paper: bool | None = None
    lines: Annotated[int, Meta(ge=0, description="Lines that a new roll has.")] | None = None
    cover_open: bool | None = None


class DriveOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A fresh drive takes the place of the one in the register. Its kinds are listed when a wrong one is asked for."""

    model: str = DEFAULT.name


class CellOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A value as 1Eh takes it."""

    hex: Annotated[str, Meta(pattern="^([0-9A-Fa-f]{2})*$")]


class CommandOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A command as its body: code, password, parameters. It does not go over the line and disturbs no conversation."""

    command: Annotated[str, Meta(pattern="^([0-9A-Fa-f]{2}){1,255}$")]


class SkewOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The register's clock alone is set off; its drive goes by the world's time and notices."""

    skew_s: float


def seat_of(world: World, register: int) -> Seat:
    if not 1 <= register <= len(world.rack.seats):
        raise NotThere(f"no register {register}: the rack holds 1 to {len(world.rack.seats)}")
    return world.rack.seats[register - 1]


def view_of(world: World, seat: Seat) -> RegisterView:
    register, now = seat.register, world.clock()
    core, drive = register.core, register.drive
    core.now = now  # modes follow the clock
    return RegisterView(
        index=seat.index,
        address=world.addresses.get(seat.index, ""),
        serial=register.serial,
        drive=drive.number,
        phase=drive.phase,
        mode=core.mode_byte,
        submode=core.submode,
        shift=drive.state.shift,
        shift_open=drive.shift_open,
        last_document=drive.last_document,
        unconfirmed=drive.queue_length,
        wall_clock=core.clock.at(now).isoformat(),
        skew_s=core.clock.skew_s,
        paper_out=core.paper_out,
        troubles_waiting=seat.by_hand.left,
        noise=seat.noise,
    )


def registers(world: World) -> list[RegisterView]:
    return [view_of(world, seat) for seat in world.rack.seats]


def register(world: World, register: int) -> RegisterView:
    return view_of(world, seat_of(world, register))


def skew(world: World, register: int, order: SkewOrder) -> RegisterView:
    seat = seat_of(world, register)
    seat.register.core.clock.skew_s = order.skew_s
    seat.register.core.save_clock()
    return view_of(world, seat)


def power(world: World, register: int) -> RegisterView:
    seat = seat_of(world, register)
    world.power_cycle(seat)
    return view_of(world, seat)


def cut(world: World, register: int) -> None:
    world.cut(seat_of(world, register))


def paper(world: World, register: int, order: PaperOrder) -> RegisterView:
    seat, now = seat_of(world, register), world.clock()
    printer = seat.register.core.printer
    if order.paper is False:
        printer.take_paper(now)
    elif order.paper or order.lines is not None:
        printer.load_paper(now, lines=order.lines)
    if order.cover_open is not None:
        (printer.open_cover if order.cover_open else printer.close_cover)(now)
    return view_of(world, seat)


def cell(world: World, register: int, table: int, row: int, field: int) -> CellView:
    settings = seat_of(world, register).register.core.settings
    try:
        raw = settings.read(table, row, field)
    except SettingError as error:
        raise NotThere(f"table {table} row {row} field {field}: {error.code:02X}h") from None
    text = TABLES[table].by_number[field].text
    value = raw.rstrip(b"\0").decode("cp1251", "replace") if text else int.from_bytes(raw, "little")
    return CellView(raw.hex(), value)


def set_cell(world: World, register: int, table: int, row: int, field: int, order: CellOrder) -> CellView:
    core = seat_of(world, register).register.core
    try:
        value = core.settings.parse(table, row, field, bytes.fromhex(order.hex), shift_open=core.shift_open)
        core.set(table, row, field, value)
    except SettingError as error:
        raise Misuse(f"table {table} row {row} field {field}: {error.code:02X}h") from None
    return cell(world, register, table, row, field)


def insert_drive(world: World, register: int, order: DriveOrder) -> RegisterView:
    seat = seat_of(world, register)
    world.rack.insert_drive(seat, order.model, world.clock())
    world.cut(seat)
    return view_of(world, seat)


def command(world: World, register: int, order: CommandOrder) -> AnswerView:
    answer, _ = seat_of(world, register).register.core.execute(bytes.fromhex(order.command), world.clock())
    return AnswerView(answer.hex())


ACTIONS: tuple[Action[World], ...] = (
    Action(method="GET", path="/registers", summary="All registers", run=registers, gives=list[RegisterView]),
    Action(method="GET", path="/registers/{register}", summary="One register", run=register, gives=RegisterView),
    Action(
        method="POST",
        path="/registers/{register}/clock",
        summary="Set the register's own clock wrong",
        run=skew,
        body=SkewOrder,
        gives=RegisterView,
    ),
    Action(
        method="POST",
        path="/registers/{register}/power",
        summary="Power goes and comes back; the host is cut off",
        run=power,
        gives=RegisterView,
    ),
    Action(method="POST", path="/registers/{register}/cut", summary="Cut the connection of the host", run=cut),
    Action(
        method="POST",
        path="/registers/{register}/paper",
        summary="Take or load paper, open or close the cover",
        run=paper,
        body=PaperOrder,
        gives=RegisterView,
    ),
    Action(
        method="GET",
        path="/registers/{register}/tables/{table}/{row}/{field}",
        summary="A setting",
        run=cell,
        gives=CellView,
    ),
    Action(
        method="PUT",
        path="/registers/{register}/tables/{table}/{row}/{field}",
        summary="Set it, without a host",
        run=set_cell,
        body=CellOrder,
        gives=CellView,
    ),
    Action(
        method="POST",
        path="/registers/{register}/drive",
        summary="Put a fresh drive in; the host is cut off",
        run=insert_drive,
        body=DriveOrder,
        gives=RegisterView,
    ),
    Action(
        method="POST",
        path="/registers/{register}/command",
        summary="Execute a command beside the line",
        run=command,
        body=CommandOrder,
        gives=AnswerView,
    ),
)
