"""Messages of the operator of fiscal data that the host carries: FF30h to FF33h.

The drive hands out containers; the register puts the 30-byte head around one, keeps the message until its answer has
been accepted, and takes the answer apart again. With table 21 field 2 = 1 the register talks to the operator itself
(`network`), and the host is told that there is nothing to carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ffd.container import message
from fn_emulator.register.refusal import Code, Refusal
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.register.core import Handler, RegisterCore

__all__ = ["HANDLERS", "Exchange", "hand_over", "message_waits", "take"]

_HEAD, _SIGNATURE = 30, b"\x2a\x08\x41\x0a"
_READ_MAX = 1024
_ANSWER_MAX = 1024 + _HEAD
_MESSAGE_WAITING = 0b10
_SENDING = (3, 7)  # phases in which a drive sends
_BY_HOST = 0
_VERSIONS = {2: b"\x01\x05", 3: b"\x01\x10", 4: b"\x01\x20"}


class Exchange:
    """The message on its way out and the answer on its way in; both are lost with the power."""

    def __init__(self) -> None:
        self.message = b""
        self.answer: bytearray | None = None
        self.answer_size = 0


def waiting(register: RegisterCore, request: c.OutgoingMessage, operator: int) -> c.SizeAndBlock:
    exchange = register.exchange
    if register.settings.number(21, 1, 2) != _BY_HOST:
        return c.SizeAndBlock(size=0, block=register.model.block)
    exchange.message = exchange.message or take(register)
    return c.SizeAndBlock(size=len(exchange.message), block=register.model.block)


def message_waits(register: RegisterCore) -> bool:
    """Whether the drive has something to send; a drive that is closed and delivered does not even want to be asked."""
    try:
        return bool(register.ask(0x20)[0] & _MESSAGE_WAITING)
    except Refusal as refusal:
        if refusal.code != Code.DRIVE_STATE:
            raise
        return False


def take(register: RegisterCore) -> bytes:
    """The next message, whole; nothing when there is none."""
    if not message_waits(register):
        return b""
    register.ask(0x21, b"\1")
    size = int.from_bytes(register.ask(0x22), "little")
    container = b""
    while len(container) < size:
        block = len(container).to_bytes(2, "little") + min(_READ_MAX, size - len(container)).to_bytes(2, "little")
        container += register.ask(0x23, block)
    register.ask(0x25)
    version = _VERSIONS[register.settings.number(17, 1, 17)]
    return message(container, drive=register.settings.text(18, 1, 4), version=version)


def read(register: RegisterCore, request: c.ReadMessage, operator: int) -> bytes:
    piece = register.exchange.message[request.offset : request.offset + request.count]
    if request.count > register.model.block or len(piece) < request.count:
        raise Refusal(Code.INCORRECT)
    return piece


def begin_answer(register: RegisterCore, request: c.BeginAnswer, operator: int) -> c.BeginAnswerReply:
    if not _HEAD < request.size <= _ANSWER_MAX:
        raise Refusal(Code.INCORRECT)
    register.exchange.answer = bytearray()
    register.exchange.answer_size = request.size
    return c.BeginAnswerReply(block=register.model.block)


def write_answer(register: RegisterCore, request: c.WriteAnswer, operator: int) -> c.Done:
    exchange = register.exchange
    answer = exchange.answer
    if (
        answer is None
        or request.offset > len(answer)
        or request.count != len(request.data)
        or request.offset + request.count > exchange.answer_size
    ):
        raise Refusal(Code.INCORRECT)
    answer[request.offset :] = request.data
    if len(answer) == exchange.answer_size:
        exchange.answer = None
        hand_over(register, bytes(answer))
    return c.Done()


def hand_over(register: RegisterCore, answer: bytes) -> None:
    """The whole answer is here: check its head, give the container to the drive."""
    if answer[:4] != _SIGNATURE or int.from_bytes(answer[24:26], "little") != len(answer) - _HEAD:
        raise Refusal(Code.INCORRECT)
    try:
        register.ask(0x26, answer[_HEAD:])
    finally:
        register.exchange.message = b""
    if register.ask(0x30)[0] in _SENDING and not message_waits(register):
        register.ask(0x21, b"\0")


HANDLERS: Mapping[type[c.Request[Any]], Handler] = {
    c.OutgoingMessage: waiting,
    c.ReadMessage: read,
    c.BeginAnswer: begin_answer,
    c.WriteAnswer: write_answer,
}
