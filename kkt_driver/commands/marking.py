"""Marked goods (format 1.2): checking a code, binding it to an item, notifications of sales."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kkt_driver import codec as c
from kkt_driver.codec import codec
from kkt_driver.commands.base import SYSTEM_ADMINISTRATOR, U1, U2, U4, Authorised, Bytes, Done, MaybeU1, MaybeU2, Moment

__all__ = [
    "CheckMarkingReply",
    "CheckMarking",
    "BindMarkingReply",
    "BindMarking",
    "MarkingNotificationsReply",
    "MarkingNotifications",
    "DecideMarkingReply",
    "DecideMarking",
    "MarkingStatusReply",
    "MarkingStatus",
    "BeginUnloadingReply",
    "BeginUnloading",
    "NotificationBlockReply",
    "NotificationBlock",
    "ConfirmNotification",
]


class CheckMarkingReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF61h: `local` is 2004, `reason` why there was no local check (0: there was one), `code_kind` 2100, `extra` the
    length of what follows: the drive's answer (00 good, 20h with a reason, FFh: no server answered), 2106, fields."""

    local: U1
    reason: U1
    code_kind: U1
    extra: U1 = 0
    drive_answer: MaybeU1 = None
    result: MaybeU1 = None
    tlv: Bytes = b""

    @property
    def server_silent(self) -> bool:
        """No server answered in time: only the local check counts."""
        return self.drive_answer == _NO_SERVER


_NO_SERVER = 0xFF


class CheckMarking(Authorised[CheckMarkingReply], frozen=True, kw_only=True):
    """FF61h: check a code for the `planned` state (2003); the result is then accepted or rejected with FF69h.

    May wait for the marking system's server.
    """

    planned: U1 = 1
    mode: U1 = 0
    parts: Annotated[tuple[bytes, ...], c.blobs(2)]

    @classmethod
    def of(
        cls, code: bytes, tlv: bytes = b"", *, planned: int = 1, password: int = SYSTEM_ADMINISTRATOR
    ) -> CheckMarking:
        """`tlv`: unit 2108 and quantity 1023 of a part of a package."""
        return cls(password=password, planned=planned, parts=(code, tlv))

    @property
    def code(self) -> bytes:
        return self.parts[0]

    @property
    def tlv(self) -> bytes:
        return self.parts[1]


class BindMarkingReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF67h: `prefix` is the first two bytes of the goods code, 0000h unknown; `check` holds the answer of FF61h when
    the register checked by itself."""

    prefix: Annotated[bytes, c.exactly(2)]
    code_kind: U1
    check: Bytes = b""

    @property
    def checked(self) -> CheckMarkingReply | None:
        """What the register's own check gave, if it made one."""
        return codec(CheckMarkingReply).decode(self.check) if len(self.check) >= _CHECK_MIN else None


_CHECK_MIN = 4
"""Bytes of the shortest answer of FF61h."""


class BindMarking(Authorised[BindMarkingReply], frozen=True, kw_only=True):
    """FF67h: the last command of an item. A code that was not checked is checked and accepted by the register."""

    parts: Annotated[tuple[bytes, ...], c.blobs(1, more=True)]

    @classmethod
    def of(cls, code: bytes, *, by_volume: bool = False, password: int = SYSTEM_ADMINISTRATOR) -> BindMarking:
        """`by_volume`: goods that are counted by volume."""
        return cls(password=password, parts=(code, b"\xff" if by_volume else b""))

    @property
    def code(self) -> bytes:
        return self.parts[0]

    @property
    def by_volume(self) -> bool:
        return self.parts[1] == b"\xff"


class MarkingNotificationsReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF68h: state of sending, how many wait, number and moment of the first, how full the store is, per cent."""

    state: U1
    queue: U2
    number: U4
    moment: Moment
    fill_percent: U1


class MarkingNotifications(Authorised[MarkingNotificationsReply], frozen=True, kw_only=True):
    pass


class DecideMarkingReply(msgspec.Struct, frozen=True, kw_only=True):
    result: U1


class DecideMarking(Authorised[DecideMarkingReply], frozen=True, kw_only=True):
    """FF69h, after every FF61h: 0 reject, 1 accept, 2 clear all that was checked."""

    decision: U1


class MarkingStatusReply(msgspec.Struct, frozen=True, kw_only=True):
    check_state: U1
    notification_state: U1
    flags: U1
    saved: U1
    included: U1
    area: U1
    queue: U2


class MarkingStatus(Authorised[MarkingStatusReply], frozen=True, kw_only=True):
    pass


class BeginUnloadingReply(msgspec.Struct, frozen=True, kw_only=True):
    count: U2
    first: U4
    size: U2


class BeginUnloading(Authorised[BeginUnloadingReply], frozen=True, kw_only=True):
    """FF71h: a register without operator: notifications are unloaded by hand."""


class NotificationBlockReply(msgspec.Struct, frozen=True, kw_only=True):
    """FF72h: 08h ends the reading. The length of the block stands in the vendor's code, not in its text."""

    number: U4
    size: U2
    offset: U2
    length: U2
    data: Bytes


class NotificationBlock(Authorised[NotificationBlockReply], frozen=True, kw_only=True):
    """FF72h: the next block. It moves on: never sent twice blindly."""


class ConfirmNotification(Authorised[Done], frozen=True, kw_only=True):
    """FF73h: the checksum is two bytes (the vendor's driver) or four (its text)."""

    number: U4
    crc: U2
    crc_high: MaybeU2 = None
