"""Marked goods (format 1.2): a code is checked, the result accepted or rejected, then bound to its item.

    checked = yield from check_mark(code, planned=1)      # FF61h, may ask the marking system
    yield from accept_mark()                              # FF69h, after every check; or reject_mark()
    receipt(…, marks={0: code})                           # FF67h as the last command of the item

A code that is bound without a check is checked and accepted by the register itself, and only cancelling the whole
receipt undoes that. Whether a "no" forbids the sale is not decided here.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ffd import tlv
from ffd.errors import FfdError
from kkt_driver.commands import CheckMarking, CheckMarkingReply, DecideMarking, MarkingStatus, MarkingStatusReply
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Misuse

__all__ = ["MARK_MAX", "Mark", "accept_mark", "check_mark", "clear_marks", "marking_state", "reject_mark"]

REJECT, ACCEPT, CLEAR = 0, 1, 2

MARK_MAX = 200
"""Bytes of a marking code with its tail; the longest in use has about 130."""

CHECKED, POSITIVE, STATUS_CHECKED, STATUS_CORRECT = 1 << 0, 1 << 1, 1 << 2, 1 << 3


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What a check gave. `result` is 2106; `local` 2004, `reason` why the drive could not look (0: it did); `code_kind`
    2100; `server_silent`: no answer of the marking system in time, or none was asked."""

    local: int
    reason: int
    code_kind: int
    result: int | None
    server_silent: bool
    fields: tuple[tlv.Tlv, ...] = ()

    @property
    def good(self) -> bool:
        """Nothing speaks against the sale: whatever was checked came out positive, and something was."""
        told = self.local if self.result is None else self.result
        if not told & CHECKED or not told & POSITIVE:
            return False
        return not told & STATUS_CHECKED or bool(told & STATUS_CORRECT)

    def __str__(self) -> str:
        return f"2106 {self.result if self.result is not None else self.local}: {'good' if self.good else 'not good'}"


def check_mark(
    code: bytes,
    *,
    planned: int = 1,
    quantity: Decimal | None = None,
    measure: int | None = None,
    password: int = 30,
) -> Procedure[Mark]:
    """FF61h for the `planned` state (2003: 1 piece sold, 2 part being sold, 3 piece returned, 4 part returned).

    `quantity` and `measure` for a part. The result waits for `accept_mark` or `reject_mark`; a check whose answer was
    lost is made again.
    """
    if not 0 < len(code) <= MARK_MAX:
        raise Misuse(f"a marking code of {len(code)} bytes")
    part = [] if measure is None else [tlv.field(2108, measure)]
    if quantity is not None:
        part.append(tlv.field(1023, quantity))
    request = CheckMarking.of(code, tlv.encode(part), planned=planned, password=password)
    return _mark((yield from ask(request)))


def _mark(reply: CheckMarkingReply) -> Mark:
    try:
        fields = tlv.decode(reply.tlv)
    except FfdError:
        fields = ()  # of use to a reader only; the result stands outside of them
    return Mark(
        local=reply.local,
        reason=reply.reason,
        code_kind=reply.code_kind,
        result=reply.result if reply.drive_answer == 0 else None,
        server_silent=reply.drive_answer is None or reply.server_silent,
        fields=fields,
    )


def accept_mark(*, password: int = 30) -> Procedure[int]:
    """FF69h 1: the code that was checked last may be sold; gives 2106."""
    return (yield from ask(DecideMarking(password=password, decision=ACCEPT))).result


def reject_mark(*, password: int = 30) -> Procedure[int]:
    """FF69h 0: the code that was checked last will not be sold."""
    return (yield from ask(DecideMarking(password=password, decision=REJECT))).result


def clear_marks(*, password: int = 30) -> Procedure[None]:
    """FF69h 2: forget every accepted check, as after a receipt that was not made."""
    yield from ask(DecideMarking(password=password, decision=CLEAR))


def marking_state(*, password: int = 30) -> Procedure[MarkingStatusReply]:
    """FF70h: how far the drive is with codes and notifications."""
    return (yield from ask(MarkingStatus(password=password)))
