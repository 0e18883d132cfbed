"""Messages between the drive and the operator, carried by the host or by the register itself."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.commands.base import U1, U2, U4, Authorised, Block, Bytes, Done, Moment

__all__ = [
    "SizeAndBlock",
    "OutgoingMessage",
    "ReadMessage",
    "BeginAnswerReply",
    "BeginAnswer",
    "WriteAnswer",
    "ExchangeStatusReply",
    "ExchangeStatus",
    "OperatorTicketReply",
    "OperatorTicket",
]


class SizeAndBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Size of what waits, bytes (0: nothing), and the largest block one command may carry."""

    size: U2
    block: U1


class OutgoingMessage(Authorised[SizeAndBlock], frozen=True, kw_only=True):
    """FF30h: is there a message for the operator."""


class ReadMessage(Authorised[Block], frozen=True, kw_only=True):
    offset: U2
    count: U1


class BeginAnswerReply(msgspec.Struct, frozen=True, kw_only=True):
    block: U1


class BeginAnswer(Authorised[BeginAnswerReply], frozen=True, kw_only=True):
    """FF32h: the operator's answer follows in blocks."""

    size: U2


class WriteAnswer(Authorised[Done], frozen=True, kw_only=True):
    """FF33h: the last block hands the answer to the drive."""

    offset: U2
    count: U1
    data: Bytes


class ExchangeStatusReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF39h. Bits of `status`: 0 link up, 1 message waiting, 2 waiting for the ticket."""

    status: U1
    reading: U1
    queue: U2
    first_document: U4
    first_moment: Moment


class ExchangeStatus(Authorised[ExchangeStatusReply], frozen=True, kw_only=True):
    pass


class OperatorTicketReply(msgspec.Struct, frozen=True, kw_only=True):
    moment: Moment
    sign: Annotated[bytes, c.Packed(18, bytes, bytes)]
    document: U4


class OperatorTicket(Authorised[OperatorTicketReply], frozen=True, kw_only=True):
    document: U4
