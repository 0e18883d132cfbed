"""What all commands are made of: the kinds of commands, requests, the widths of fields, replies that several share.

Requests and replies carry no command code and no error byte (`bodies` adds and checks them); `pw4` of the protocol's
text is `password` here. Layouts follow the vendor's description of protocol 1.17 with the amendments of older editions
and published clients.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import Enum
from typing import Annotated, Generic, TypeVar

import msgspec

from kkt_driver import codec as c

__all__ = [
    "R",
    "SYSTEM_ADMINISTRATOR",
    "Password",
    "U1",
    "U2",
    "U4",
    "U5",
    "U6",
    "U7",
    "U8",
    "GivenOrNot",
    "Moment",
    "MaybeMoment",
    "MaybeU1",
    "MaybeU2",
    "MaybeU4",
    "DayFirst",
    "YearFirst",
    "Clock",
    "Text",
    "LineText",
    "Text40",
    "Bytes",
    "Drive",
    "Inn",
    "RegistrationNumber",
    "Payments16",
    "Taxes6",
    "Kind",
    "Request",
    "Authorised",
    "Done",
    "OperatorReply",
    "DocumentReply",
    "ShiftDocumentReply",
    "ThroughNumberReply",
    "Block",
    "TextReply",
    "TlvReply",
]

R = TypeVar("R", bound=msgspec.Struct)

SYSTEM_ADMINISTRATOR = 30
"""Default password and operator row of the system administrator (section "Operators")."""

Password = Annotated[int, c.Int4]
U1 = Annotated[int, c.Int1]
U2 = Annotated[int, c.Int2]
U4 = Annotated[int, c.Int4]
U5 = Annotated[int, c.Int5]
U6 = Annotated[int, c.Int6]
U7 = Annotated[int, c.Int7]
U8 = Annotated[int, c.Int8]
GivenOrNot = Annotated[int | None, c.unless_all_ones(5)]
Moment = Annotated[datetime | None, c.moment5]
MaybeMoment = Annotated[datetime | None, c.maybe(c.moment5)]
MaybeU1 = Annotated[int | None, c.maybe(c.Int1)]
MaybeU2 = Annotated[int | None, c.maybe(c.Int2)]
MaybeU4 = Annotated[int | None, c.maybe(c.Int4)]
DayFirst = Annotated[date | None, c.date_dmy]
YearFirst = Annotated[date | None, c.date_ymd]
Clock = Annotated[time | None, c.time_hms]
Text = Annotated[str, c.tail_text]
LineText = Annotated[str, c.padded_text(40)]
Text40 = Annotated[str, c.fixed_text(40)]
Bytes = Annotated[bytes, c.rest]
Drive = Annotated[str, c.ascii_text(16)]
Inn = Annotated[str, c.ascii_text(12)]
RegistrationNumber = Annotated[str, c.ascii_text(20)]
Payments16 = Annotated[tuple[int, ...], c.array(16, 5)]
Taxes6 = Annotated[tuple[int, ...], c.array(6, 5)]


class Kind(Enum):
    """What may be done when the answer to a command is lost.

    * ``READ`` changes nothing; ``IDEMPOTENT`` may be sent again (same value, same result);
    * ``STATEFUL`` changes the open document or the mode, or prints: it is never sent twice, the document is begun
      again instead;
    * ``COMMITTING`` forms a fiscal document or moves money: it needs a durable intent before it is sent.
    """

    READ = "read"
    IDEMPOTENT = "idempotent"
    STATEFUL = "stateful"
    COMMITTING = "committing"


class Request(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A request whose answer is an `R`."""


class Authorised(Request[R], Generic[R], frozen=True, kw_only=True):
    """A request that begins with an operator's password (4 bytes)."""

    password: Password = SYSTEM_ADMINISTRATOR


# --- replies that several commands share ---------------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """Success without data."""


class OperatorReply(msgspec.Struct, frozen=True, kw_only=True):
    """Success and the row of the operator whose password was sent; some firmware appends document data."""

    operator: U1


class DocumentReply(msgspec.Struct, frozen=True, kw_only=True):
    """A fiscal document was formed: its number, its sign and, with extended answers on, its moment."""

    document: U4
    sign: U4
    moment: MaybeMoment = None


class ShiftDocumentReply(msgspec.Struct, frozen=True, kw_only=True):
    shift: U2
    document: U4
    sign: U4
    moment: MaybeMoment = None


class ThroughNumberReply(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's row and the through number of what was printed, fiscal or not."""

    operator: U1
    through_number: U2


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of something longer."""

    data: Bytes


class TextReply(msgspec.Struct, frozen=True, kw_only=True):
    text: Text


class TlvReply(msgspec.Struct, frozen=True, kw_only=True):
    """Fields as the drive keeps them; nothing when the answer is to be read with FF3Bh."""

    tlv: Bytes = b""
