"""The register's own way to the network: operator, marking system, key server.

With table 21 field 2 = 1 the register talks to its operator itself: `outgoing` gives the message that wants to be sent
and where to (table 19), `incoming` takes what came back. Whoever has real sockets carries it (`fn_emulator.serve`); a
far end in the same process is asked at once. The marking system and the key server are asked in the middle of a command
(FF61h, FF67h, E0h), so they are far ends in the process or nobody at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from ffd.container import SESSION_KEYS, SESSION_MARKING, SIGNATURE_MARKING, SessionHeader
from ffd.errors import FfdError
from fn_emulator.register import exchange
from fn_emulator.register.refusal import Refusal

if TYPE_CHECKING:
    from fn_emulator.register.core import RegisterCore

__all__ = ["FarEnd", "Network", "Outgoing", "ask_marking", "due", "incoming", "outgoing", "tick", "update_keys"]

RETRY_S = 30.0
"""Pause after an attempt that brought nothing."""
KEY_ROUNDS_MAX = 100
"""Parts of a key table: twenty keys each, far more than there are."""

_BY_REGISTER = 1
_HEAD = 30
_BLOCK = 1000
_FFD_1_2, _MARKED_GOODS = 4, 1 << 4
_APPLICATION = b"\0\1"
_KEYS_REPEAT = 0x30
_LOG_LINES = range(8, 18)  # of table 20


class FarEnd(Protocol):
    """Somebody who answers whole messages: session header and container."""

    def respond(self, data: bytes, *, now: float) -> bytes | None: ...


class Network:
    """Who can be reached, and when the next attempts are due. No part of the register: power does not touch it."""

    def __init__(
        self, *, operator: FarEnd | None = None, marking: FarEnd | None = None, keys: FarEnd | None = None
    ) -> None:
        self.operator = operator
        self.marking = marking
        self.keys = keys
        self.next_message = self.next_notice = 0.0

    @property
    def reaches_somebody(self) -> bool:
        """Whether messages go out without anybody carrying them."""
        return self.operator is not None or self.marking is not None


class Outgoing(msgspec.Struct, frozen=True):
    """A message for the operator and how to send it."""

    host: str
    port: int
    message: bytes
    timeout_s: float


# --- the operator -----------------------------------------------------------------------------------------------------


def _talks_itself(register: RegisterCore) -> bool:
    return register.settings.number(21, 1, 2) == _BY_REGISTER


def _is_time(register: RegisterCore) -> bool:
    return _talks_itself(register) and register.receipt is None and register.now >= register.network.next_message


def outgoing(register: RegisterCore) -> Outgoing | None:
    """The oldest unconfirmed document, when it is time; not while a receipt is open."""
    if not _is_time(register):
        return None
    held = register.exchange
    try:
        held.message = held.message or exchange.take(register)
    except Refusal:
        return None
    if not held.message:
        return None
    settings = register.settings
    return Outgoing(settings.text(19, 1, 1), settings.number(19, 1, 2), held.message, float(settings.number(19, 1, 3)))


def incoming(register: RegisterCore, answer: bytes | None) -> None:
    """What the operator said to `outgoing`; None for silence or no connection. The drive decides whether it counts."""
    network = register.network
    if not answer:
        network.next_message = register.now + RETRY_S
        _note(register, "no answer")
        return
    code = 0
    try:
        exchange.hand_over(register, answer)
        network.next_message = register.now + register.settings.number(19, 1, 4) / 1000
    except Refusal as refusal:
        code = refusal.code
        network.next_message = register.now + RETRY_S
    register.settings.put(20, 1, 6, code)
    _note(register, f"26h: {code:02X}h")


def _note(register: RegisterCore, text: str) -> None:
    """The newest of the ten log lines of table 20 is the first."""
    moment = f"{register.clock.at(register.now):%d.%m.%y %H:%M:%S}"
    lines = [register.settings.text(20, 1, field) for field in _LOG_LINES]
    for field, line in zip(_LOG_LINES, [f"{moment} {text}", *lines], strict=False):
        register.settings.put(20, 1, field, line)


# --- what happens by itself -------------------------------------------------------------------------------------------


def due(register: RegisterCore) -> float | None:
    """World time of the next message to a far end in the process; None: there is nothing to send."""
    network, times = register.network, []
    if register.receipt is not None:
        return None
    if network.operator is not None and _talks_itself(register) and _queued(register):
        times.append(network.next_message)
    if network.marking is not None and _notices(register):
        times.append(network.next_notice)
    return min(times, default=None)


def _queued(register: RegisterCore) -> bool:
    try:
        return bool(register.exchange.message) or exchange.message_waits(register)
    except Refusal:
        return False


def _notices(register: RegisterCore) -> int:
    """Notifications that wait for the marking system."""
    if not _marked_goods(register):
        return 0
    try:
        return int.from_bytes(register.ask(0xBA)[1:3], "little")
    except Refusal:
        return 0


def tick(register: RegisterCore) -> None:
    """One message to each far end that has one coming."""
    network = register.network
    if network.operator is not None and _is_time(register) and _queued(register):
        message = outgoing(register)
        if message is None:
            network.next_message = register.now + RETRY_S  # the drive did not give it
        else:
            incoming(register, network.operator.respond(message.message, now=register.now))
    if (
        network.marking is not None
        and register.receipt is None
        and register.now >= network.next_notice
        and _notices(register)
    ):
        delivered = _deliver_notice(register, network.marking)
        network.next_notice = register.now + (0.0 if delivered else RETRY_S)


def _deliver_notice(register: RegisterCore, marking: FarEnd) -> bool:
    try:
        size = int.from_bytes(register.ask(0xBB), "little")
        container = b""
        while len(container) < size:
            container += register.ask(0xBC, len(container).to_bytes(2, "little") + _BLOCK.to_bytes(2, "little"))
        register.ask(0xBE)
        answer = _exchange(register, marking, SESSION_MARKING, container)
        if answer is None:
            return False
        register.ask(0xBF, answer)
        return True
    except Refusal:
        return False


# --- marking system and key server ------------------------------------------------------------------------------------


def _marked_goods(register: RegisterCore) -> bool:
    settings = register.settings
    return settings.number(17, 1, 17) == _FFD_1_2 and bool(settings.number(18, 1, 21) & _MARKED_GOODS)


def _exchange(register: RegisterCore, far: FarEnd, session: bytes, container: bytes) -> bytes | None:
    """A container there, a container back; None when there was no answer or none with a container."""
    header = SessionHeader(
        drive=register.settings.text(18, 1, 4),
        size=len(container),
        version=_APPLICATION,
        signature=SIGNATURE_MARKING,
        session=session,
    )
    answer = far.respond(header.sealed(container).encode() + container, now=register.now)
    if answer is None or len(answer) <= _HEAD:
        return None
    try:
        size = SessionHeader.decode(answer[:_HEAD]).size
    except FfdError:
        return None
    return answer[_HEAD:] if size == len(answer) - _HEAD else None


def ask_marking(register: RegisterCore, container: bytes) -> bytes | None:
    """The marking system's answer to a request, within the time of table 19 field 8; None after it."""
    far = register.network.marking
    patience = float(register.settings.number(19, 1, 8))
    answer = None if far is None else _exchange(register, far, SESSION_MARKING, container)
    late = float(getattr(far, "delay_s", 0.0))
    if answer is None or late > patience:
        register.took_s += patience
        return None
    register.took_s += late
    return answer


def update_keys(register: RegisterCore) -> None:
    """At the opening of a shift: keys that are due are fetched. Without them the shift opens all the same."""
    keys = register.network.keys
    if keys is None or not _marked_goods(register):
        return
    try:
        if register.ask(0xD7, b"\0") == b"\0":
            return
        for _ in range(KEY_ROUNDS_MAX):
            answer = _exchange(register, keys, SESSION_KEYS, register.ask(0xD0, register.five))
            if answer is None:
                return
            try:
                register.ask(0xD1, answer)
            except Refusal as refusal:
                if refusal.code != _KEYS_REPEAT:
                    raise
            else:
                return
    except Refusal as refusal:
        register.last_error = refusal.code
