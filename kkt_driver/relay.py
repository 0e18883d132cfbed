"""Carrying a drive's messages to the operator and the operator's tickets back, for registers whose host has the line.

The three steps stand alone, so that a station can give the register to receipts between them: `read_message` (a short
hold), the talk with the operator (no hold), `write_answer` (a short hold). `relay_once` is all three in a row.

A drive also talks to the marking system and to the key server; who a message is for stands in its first bytes, and
`Outgoing.peer` says it. Their answers are the drive's to judge: they are handed over as they came.

The queue is the drive's: a message is never changed, merged, skipped or kept here. When anything fails, the drive
offers the same document again, and the operator confirms it again.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from ffd import container, documents
from ffd.container import Container
from ffd.errors import FfdError
from kkt_driver.commands import (
    BeginAnswer,
    OperatorTicket,
    OperatorTicketReply,
    OutgoingMessage,
    ReadMessage,
    WriteAnswer,
)
from kkt_driver.effects import Effect, Procedure, ask
from kkt_driver.errors import Malformed, Refused

__all__ = [
    "Carried",
    "Declined",
    "Delivered",
    "NoAnswer",
    "Nothing",
    "Outgoing",
    "Peer",
    "Relayed",
    "Send",
    "answer_size",
    "fix_version",
    "peer_of",
    "read_message",
    "relay_once",
    "ticket",
    "write_answer",
]

fix_version = container.fix_version

CONFIRMATION = 7
NO_DATA = 0x08
NOT_ACCEPTED = 0x20
REASONS = {
    1: "wrong sign",
    2: "wrong format",
    3: "wrong document number",
    4: "wrong drive number",
    5: "wrong check code",
    7: "wrong length",
}
"""Why a drive refuses a ticket: the byte after error 20h."""


Peer: TypeAlias = Literal["operator", "marking", "keys"]
"""Who a message is for: the operator (ОФД), the marking system's point (ОИСМ), the key server (ОКП)."""

PEERS: dict[bytes, Peer] = {
    container.SIGNATURE_OPERATOR + container.SESSION_OPERATOR: "operator",
    container.SIGNATURE_MARKING + container.SESSION_MARKING: "marking",
    container.SIGNATURE_MARKING + container.SESSION_MARKING_PROBE: "marking",
    container.SIGNATURE_MARKING + container.SESSION_KEYS: "keys",
}
"""Signature and session version at the head of a message → its peer."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the drive wants carried, ready to be sent. `document` is FD modulo 2^24, as the header has it."""

    message: bytes
    drive: str
    document: int
    kind: int
    peer: Peer = "operator"


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """The drive took the ticket. `code` is 1022: 0 accepted; 11 and 14 are confirmed too, and the owner must look."""

    drive: str
    document: int
    code: int | None
    moment: datetime | None
    flags: int | None = None


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """The drive took an answer of the marking system or of the key server."""

    drive: str
    peer: Peer


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """No ticket for this document came, or the drive did not take it: the document will be offered again."""

    drive: str
    document: int
    why: str


class NoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The operator said nothing in time."""

    drive: str
    document: int


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """The drive has nothing to send."""


Relayed: TypeAlias = Delivered | Carried | Declined | NoAnswer | Nothing


class Send(msgspec.Struct, frozen=True):
    """Effect of `relay_once`: carry `message` to `peer`; resume with its whole answer, or None."""

    message: bytes
    peer: Peer = "operator"


def peer_of(message: bytes) -> Peer:
    """Who a whole message is for. Malformed when its first bytes are nobody's."""
    found = PEERS.get(message[:6])
    if found is None:
        raise Malformed(f"a message that begins with {message[:6].hex()} is for nobody we know")
    return found


def read_message(*, password: int = 30, edition: int = 4) -> Procedure[Outgoing | None]:
    """The oldest message that waits (FF30h, FF31h), or None. Reading again gives it again.

    Some registers give the whole message, some the bare container; `edition` (tag 1209) makes the header of the latter.
    """
    waiting = yield from ask(OutgoingMessage(password=password))
    if not waiting.size:
        return None
    if not waiting.block:
        raise Malformed(f"FF30 offers {waiting.size} bytes in blocks of none")
    parts = bytearray()
    while len(parts) < waiting.size:
        count = min(waiting.block, waiting.size - len(parts))
        block = yield from ask(ReadMessage(password=password, offset=len(parts), count=count))
        if not 0 < len(block.data) <= count:
            raise Malformed(f"FF31 gave {len(block.data)} bytes at {len(parts)}, 1 to {count} were asked for")
        parts += block.data
    data = bytes(parts)
    try:
        if data[:4] == container.SIGNATURE_MARKING:
            header = container.SessionHeader.decode(data[: container.HEADER_SIZE])
            return Outgoing(message=data, drive=header.drive, document=0, kind=0, peer=peer_of(data))
        if data[:4] == container.SIGNATURE_OPERATOR:
            _, inside = container.read_message(data)
            if inside is None:
                raise Malformed("FF31 gave a session header without a container")
        else:
            inside = Container.decode(data)
            data = container.message(data, drive=inside.drive, version=container.APPLICATION_VERSIONS[edition])
    except FfdError as error:
        raise Malformed(f"the message for the operator is damaged: {error}") from error
    return Outgoing(message=fix_version(data), drive=inside.drive, document=inside.number, kind=inside.kind)


def write_answer(outgoing: Outgoing, answer: bytes, *, password: int = 30) -> Procedure[Delivered | Carried | Declined]:
    """Hand the peer's answer to the drive (FF32h, FF33h).

    Only a ticket for this very document reaches the drive. The last block hands it over, and the register's answer to
    that block is the drive's verdict: 0, it is kept and the queue goes on; 20h and a reason, the document stays first.
    When that answer is lost, `ticket` tells which it was; and no harm is done, for the drive either has the ticket or
    offers the document again.
    """
    found = _ticket_in(outgoing, answer) if outgoing.peer == "operator" else _same_peer(outgoing, answer)
    if isinstance(found, str):
        return Declined(drive=outgoing.drive, document=outgoing.document, why=found)
    began = yield from ask(BeginAnswer(password=password, size=len(answer)))
    if not began.block:
        raise Malformed("FF32 accepts blocks of no bytes")
    try:
        for offset in range(0, len(answer), began.block):
            block = answer[offset : offset + began.block]
            yield from ask(WriteAnswer(password=password, offset=offset, count=len(block), data=block))
    except Refused as refusal:
        if refusal.code != NOT_ACCEPTED:
            raise
        reason = REASONS.get(refusal.data[0], f"reason {refusal.data[0]}") if refusal.data else "no reason given"
        why = f"the drive refused the ticket: {reason}"
        return Declined(drive=outgoing.drive, document=outgoing.document, why=why)
    if found is None:
        return Carried(drive=outgoing.drive, peer=outgoing.peer)
    number = found.fiscal_document_number
    assert number is not None
    message = found.operator_message_to_drive
    return Delivered(
        drive=outgoing.drive,
        document=number,
        code=message.ofd_response_code if message is not None else None,
        moment=found.document_datetime,
        flags=found.operator_message_flags,
    )


def ticket(document: int, *, password: int = 30) -> Procedure[OperatorTicketReply | None]:
    """The operator's ticket for a document (FF3Ch), or None while there is none."""
    try:
        return (yield from ask(OperatorTicket(password=password, document=document)))
    except Refused as refusal:
        if refusal.code == NO_DATA:
            return None
        raise


def relay_once(*, password: int = 30, edition: int = 4) -> Generator[Effect | Send, Any, Relayed]:
    """One document from the drive to the operator and its ticket back; the runner answers `Send`."""
    outgoing = yield from read_message(password=password, edition=edition)
    if outgoing is None:
        return Nothing()
    answer: bytes | None = yield Send(outgoing.message, outgoing.peer)
    if not answer:
        return NoAnswer(drive=outgoing.drive, document=outgoing.document)
    return (yield from write_answer(outgoing, answer, password=password))


def _same_peer(outgoing: Outgoing, answer: bytes) -> str | None:
    """Why an answer does not come from the peer that was asked; None when it does."""
    try:
        header = container.SessionHeader.decode(answer[: container.HEADER_SIZE])
    except FfdError as error:
        return f"the answer is damaged: {error}"
    if PEERS.get(answer[:6]) != outgoing.peer or header.size != len(answer) - container.HEADER_SIZE:
        return f"the answer does not come from the {outgoing.peer} server"
    return None if header.drive == outgoing.drive else f"the answer is for drive {header.drive}"


def _ticket_in(outgoing: Outgoing, answer: bytes) -> documents.OperatorConfirmation | str:
    """The confirmation in the operator's answer, or why it is none for our document."""
    try:
        header, inside = container.read_message(answer)
        if inside is None:
            return "the operator answered with a header alone"
        if header.signature != container.SIGNATURE_OPERATOR or header.session != container.SESSION_OPERATOR:
            return "the answer does not come from an operator"
        if header.drive != outgoing.drive or inside.drive != outgoing.drive:
            return f"the answer is for drive {header.drive}"
        found = documents.OperatorConfirmation.decode(inside.document)
    except FfdError as error:
        return f"the operator's answer is damaged: {error}"
    if inside.kind != CONFIRMATION or found.fiscal_document_number is None:
        return f"the answer holds document {inside.kind}, no confirmation"
    if found.fiscal_document_number & 0xFFFFFF != outgoing.document:
        return f"the answer confirms document {found.fiscal_document_number}"
    return found


def answer_size(head: bytes) -> int:
    """How many bytes follow the first 30 of an answer: read exactly so many, never to the peer's closing."""
    return container.SessionHeader.decode(head).size
