"""What a register's answers tell beside what was asked: state, paper, drive warnings, documents of others.

`Watch` sees every typed reply and says what changed; it asks nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from kkt_driver.commands import DriveStatusReply, FullStatusReply, ShortStatusReply

__all__ = ["DriveWarned", "ForeignDocuments", "LineChanged", "Noticed", "PaperChanged", "StateChanged", "Watch"]

PAPER = {0: "ready", 1: "out", 2: "ran out while printing", 3: "back, waits for continue", 4: "printing", 5: "printing"}
"""Submodes of 10h."""

WARNINGS = {
    0x01: "срочная замена ФН (до 3 дней)",
    0x02: "исчерпание ресурса ФН (до 30 дней)",
    0x04: "память ФН заполнена на 90 %",
    0x08: "превышено время ожидания ответа ОФД",
    0x10: "отказ по данным ОФД",
    0x20: "требуется настройка ККТ",
    0x40: "ОФД аннулирован",
    0x80: "критическая ошибка ФН",
}
"""Bits of FF01h's warning byte, for the shop."""


_STATUS = (ShortStatusReply, FullStatusReply)


class StateChanged(msgspec.Struct, frozen=True):
    """The mode (10h) is another one."""

    mode: int
    was: int | None


class PaperChanged(msgspec.Struct, frozen=True):
    """The submode (10h) is another one; `paper` says it in words."""

    submode: int
    paper: str


class DriveWarned(msgspec.Struct, frozen=True):
    """The drive's warnings (FF01h) changed; `texts` are those that stand now, in Russian."""

    bits: int
    texts: tuple[str, ...]


class ForeignDocuments(msgspec.Struct, frozen=True):
    """The drive made more documents (after `first` - 1, up to `last`) than this host asked for: somebody else uses the
    register, or the register acts by itself."""

    first: int
    last: int
    asked_for: int


class LineChanged(msgspec.Struct, frozen=True):
    """The connection was opened again, or broke."""

    open: bool
    why: str


Noticed: TypeAlias = StateChanged | PaperChanged | DriveWarned | ForeignDocuments | LineChanged


class Watch:
    """Compares each reply with the one before."""

    def __init__(self) -> None:
        self._mode: int | None = None
        self._submode = 0
        self._warnings = 0
        self._last_document: int | None = None
        self._drive = ""
        self._asked_for = 0

    def line(self, *, open: bool, why: str) -> LineChanged:
        return LineChanged(open, why)

    def seen(self, reply: msgspec.Struct) -> Iterable[Noticed]:
        """What this reply shows to have changed; most replies show nothing."""
        if isinstance(reply, _STATUS):
            return self._status(reply.mode, reply.submode)
        if isinstance(reply, DriveStatusReply):
            return self._drive_status(reply)
        return ()

    def issued(self) -> None:
        """A committing command goes out, answered or not."""
        self._asked_for += 1

    def _status(self, mode: int, submode: int) -> Iterator[Noticed]:
        if mode != self._mode:
            was, self._mode = self._mode, mode
            yield StateChanged(mode, was)
        if submode != self._submode:
            self._submode = submode
            yield PaperChanged(submode, PAPER.get(submode, "unknown"))

    def _drive_status(self, reply: DriveStatusReply) -> Iterator[Noticed]:
        if reply.warnings != self._warnings:
            self._warnings = reply.warnings
            texts = tuple(text for bit, text in WARNINGS.items() if reply.warnings & bit)
            yield DriveWarned(reply.warnings, texts)
        before, self._last_document = self._last_document, reply.last_document
        asked_for, self._asked_for = self._asked_for, 0
        if self._drive == reply.drive and before is not None and reply.last_document > before + asked_for:
            yield ForeignDocuments(before + 1, reply.last_document, asked_for)
        self._drive = reply.drive
