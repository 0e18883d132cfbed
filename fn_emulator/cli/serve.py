"""`fn-emulator rack` and `fn-emulator operator`: processes that serve until they are told to end."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fn_emulator.cli.failing import fail

if TYPE_CHECKING:
    from fn_emulator.rack import Chance
    from fn_emulator.register import Model

__all__ = ["operator", "rack"]


_MARKED_GOODS = 1 << 4  # extended mode of a registration
_INTERNET = 1 << 5  # its work mode: sales over the internet


class Ffd(StrEnum):
    """Formats, as table 17 counts them from 2 on."""

    V1_05 = "1.05"
    V1_1 = "1.1"
    V1_2 = "1.2"


class Signs(StrEnum):
    """How documents are signed."""

    EMU_1 = "emu-1"
    STUB = "stub"


State = Annotated[Path | None, typer.Option(help="Folder that keeps everything between starts; none: memory.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]


def rack(
    count: Annotated[int, typer.Option(min=1, help="How many registers.")] = 4,
    base_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the first register; 0: any.")] = 7801,
    pty: Annotated[bool, typer.Option("--pty", help="Registers on pseudo-terminals instead of ports.")] = False,
    state: State = None,
    host: Host = "127.0.0.1",
    operator_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of a test operator beside them.")
    ] = None,
    control_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to control the rack by: fn-emulator ctl.")
    ] = None,
    service_time: Annotated[float, typer.Option(min=0.0, help="Seconds to close a receipt.")] = 0.0,
    profile: Annotated[str, typer.Option(help="Timing: instant, typical, slow-shift-open.")] = "instant",
    scale: Annotated[float, typer.Option(help="World seconds for each second outside; 0: only when told.")] = 1.0,
    signs: Annotated[Signs, typer.Option(help="Signs of documents; stub: quick checksums, for load.")] = Signs.EMU_1,
    seed: Annotated[int, typer.Option(help="Of trouble by chance: the same seed, the same trouble.")] = 0,
    fault: Annotated[
        list[str] | None, typer.Option(help="A fault and its probability per command: answer-lost=0.01. Repeatable.")
    ] = None,
    noise: Annotated[
        list[str] | None,
        typer.Option(
            help="lose, damage, duplicate, delay, split, stray and a chance per write: lose=0.01. Repeatable."
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Kind of register: see docs/register.md.")] = "shtrih-m-01f",
    ffd: Annotated[Ffd | None, typer.Option(help="Format of fresh registers; the model's own when left out.")] = None,
    prints: Annotated[bool, typer.Option("--prints", help="Documents of fresh registers go to paper.")] = False,
    marked_goods: Annotated[
        bool, typer.Option("--marked-goods", help="Fresh registers sell marked goods, with a marking system inside.")
    ] = False,
    internet: Annotated[bool, typer.Option("--internet", help="Fresh registers sell over the internet.")] = False,
    rules: Annotated[Path | None, typer.Option(help="Verdicts of the marking system: a TOML file.")] = None,
    own_network: Annotated[
        bool, typer.Option("--own-network", help="Fresh registers talk to the operator themselves, by TCP.")
    ] = False,
    stray_ff: Annotated[bool, typer.Option("--stray-ff", help="FFh after the host's ACK, as over RNDIS.")] = False,
    drop_answer: Annotated[
        bool, typer.Option("--drop-answer", help="A reconnect drops the answer that was not taken.")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="Folder for what hosts and registers say: fn-emulator replay plays it again.")
    ] = None,
    inn: Annotated[str, typer.Option(help="INN that fresh registers are registered for.")] = "9900000000",
    host_timeout: Annotated[
        float, typer.Option(min=0.0, help="Seconds of silence after which a host gives way to one that waits.")
    ] = 60.0,
    until_stdin_closes: Annotated[
        bool, typer.Option("--until-stdin-closes", help="End when standard input ends: with whoever started it.")
    ] = False,
) -> None:
    """Serve registers 1 to COUNT over TCP or pseudo-terminals; both link layers, found out by the first byte."""
    from fn_emulator.errors import EmulatorError
    from fn_emulator.profiles import durations
    from fn_emulator.serve.run import run_rack
    from fn_emulator.signs import Keys
    from fn_emulator.stub_signs import StubKeys

    try:
        run_rack(
            count=count,
            base_port=None if pty else base_port,
            state=state,
            host=host,
            operator_port=operator_port,
            control_port=control_port,
            scale=scale,
            chance=_chance(seed, fault or (), noise or ()),
            host_timeout_s=host_timeout,
            until_stdin_closes=until_stdin_closes,
            recordings=record,
            inn=inn,
            durations=durations(profile, service_time_s=service_time),
            keys=(StubKeys if signs is Signs.STUB else Keys).derive,
            stray_ff=stray_ff,
            keeps_answer=not drop_answer,
            model=_model(model),
            ffd=None if ffd is None else list(Ffd).index(ffd) + 2,
            work_mode=_INTERNET if internet else 0,
            tables=[*([(17, 7, 0)] if prints else []), *_network(own_network, host, operator_port)],
            **_marking(marked_goods, rules),
        )
    except EmulatorError as error:
        fail(error)


def _model(name: str) -> Model:
    from fn_emulator.register import MODELS

    if name not in MODELS:
        raise typer.BadParameter(f"no model {name!r}: {', '.join(MODELS)}")
    return MODELS[name]


def _network(own: bool, host: str, operator_port: int | None) -> list[tuple[int, int, int | str]]:
    """Settings of a register that talks to the operator beside it."""
    if not own:
        return []
    if not operator_port:
        raise typer.BadParameter("--own-network needs the port of an operator: --operator-port")
    return [(19, 1, host), (19, 2, operator_port), (21, 2, 1)]


def _marking(marked_goods: bool, rules: Path | None) -> dict[str, Any]:
    """What a register needs to sell marked goods: its registration, somebody to ask, keys."""
    if not marked_goods:
        if rules is not None:
            raise typer.BadParameter("--rules are for registers that sell marked goods: --marked-goods")
        return {}
    from fn_emulator.key_server import KeyServer
    from fn_emulator.marking_system import MarkingSystem, read_rules
    from fn_emulator.signs import DEMO_MASTER_KEY

    read = None if rules is None else read_rules(rules.read_text("utf-8"), str(rules))
    return {
        "extended_mode": _MARKED_GOODS,
        "marking_system": MarkingSystem(master=DEMO_MASTER_KEY, rules=read),
        "key_server": KeyServer(master=DEMO_MASTER_KEY),
    }


def _chance(seed: int, faults: Sequence[str], noise: Sequence[str]) -> Chance:
    from fn_emulator.faults import Fault
    from fn_emulator.noise import Noise
    from fn_emulator.rack import Chance

    rates = {Fault.labelled(label): rate for label, rate in map(_pair, faults)}
    chances = dict(map(_pair, noise))
    unknown = set(chances) - set(Noise.__struct_fields__)
    if unknown:
        raise typer.BadParameter(f"no noise {', '.join(sorted(unknown))}: {', '.join(Noise.__struct_fields__)}")
    return Chance(seed=seed, rates=rates, noise=Noise(**chances) if chances else None)


def _pair(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise typer.BadParameter(f"{text!r}: write it like answer-lost=0.01") from None


def operator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any.")] = 7900,
    state: State = None,
    host: Host = "127.0.0.1",
) -> None:
    """Serve a test operator: it confirms what it can read and keeps it."""
    from fn_emulator.errors import EmulatorError
    from fn_emulator.serve.run import run_operator

    try:
        run_operator(port=port, state=state, host=host)
    except EmulatorError as error:
        fail(error)
