"""Fiscal documents being made: kinds, the open document, the drive's part, signs, and the one append that commits it
all.

A document is built as real drives were seen to build it: 1041 1037 1018 1040 1012 1077, then the drive's own tags,
then the register's tags in the order of their arrival.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from ffd.container import wrap
from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.content import forbidden_tags
from fn_emulator.drive.counters import add_receipt, unsent_change
from fn_emulator.drive.life import Mode, check_limits
from fn_emulator.drive.log import raised
from fn_emulator.drive.models import FFD_1_1, FFD_1_2
from fn_emulator.drive.moments import unix_bytes
from fn_emulator.drive.notices import Notice, number_notice
from fn_emulator.drive.records import DocumentRecord, State
from fn_emulator.drive.tlv import field, walk

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["KINDS", "Kind", "OpenDocument", "RECEIPT_FORMS", "commit", "demand_open"]

CONTAINER_OVERHEAD = 42  # header and sign around a document
RECEIPT_FORMS = frozenset({3, 4, 31, 41})
CORRECTION_FORMS = frozenset({31, 41})


class Kind(msgspec.Struct, frozen=True):
    """A kind of document. `code` is what 30h shows while it is open, `form` its code in the fiscal data format."""

    name: str
    code: int
    form: int
    drive_part: int  # room kept for what the drive adds
    size_max: int = 4096


REGISTRATION = Kind("registration report", 0x01, 1, 256)
CHANGE_OF_DRIVE = Kind("registration report, drive changed", 0x12, 11, 1024)
CHANGE = Kind("change of registration", 0x13, 11, 1024)
SHIFT_OPEN = Kind("open shift", 0x02, 2, 256)
RECEIPT = Kind("receipt", 0x04, 3, 0, 30720)
BSO = Kind("strict reporting form", 0x11, 4, 0, 30720)
CORRECTION = Kind("correction", 0x14, 31, 0, 30720)
BSO_CORRECTION = Kind("correction of a strict reporting form", 0x15, 41, 0, 30720)
SHIFT_CLOSE = Kind("close shift", 0x08, 5, 1664)
DRIVE_CLOSE = Kind("drive close", 0x10, 6, 1024)
SETTLEMENTS = Kind("state of settlements", 0x17, 21, 1280)

KINDS = (
    REGISTRATION,
    CHANGE_OF_DRIVE,
    CHANGE,
    SHIFT_OPEN,
    RECEIPT,
    BSO,
    CORRECTION,
    BSO_CORRECTION,
    SHIFT_CLOSE,
    DRIVE_CLOSE,
    SETTLEMENTS,
)

_REGISTRATION_MAX_1_2 = 6144
_SHIFT_MAX_FN_1 = 1024


class OpenDocument:
    """The document between its begin and its form command; gone with the power."""

    __slots__ = ("begun", "data", "ffd", "forbidden", "items", "kept", "kind", "money", "seen", "size_max", "timer")

    def __init__(self, drive: Drive, kind: Kind, *, ffd: int, begun: int, timer: float) -> None:
        self.kind = kind
        self.ffd = ffd
        self.begun = begun  # moment given with the begin command, 0 when it has none
        self.timer = timer
        self.data = bytearray()
        self.seen: set[int] = set()
        self.items = 0
        self.money: dict[int, int] = {}
        self.kept: dict[int, bytes] = {1017: b"", 1205: b""} if kind.form in (1, 11) else {}
        self.forbidden = forbidden_tags(kind.form, ffd)
        self.size_max = _size_max(drive, kind, ffd)


def _size_max(drive: Drive, kind: Kind, ffd: int) -> int:
    if kind.form in (2, 5) and drive.model.generation < FFD_1_1:
        return _SHIFT_MAX_FN_1
    whole = _REGISTRATION_MAX_1_2 if kind.form in (1, 11) and ffd == FFD_1_2 else kind.size_max
    return whole - kind.drive_part


def demand_open(drive: Drive, *kinds: Kind) -> OpenDocument:
    """The open document if it is one of `kinds` and got data; anything else is 02h."""
    document = drive.open_document
    if document is None or document.kind not in kinds or not document.data:
        raise Refused(Code.WRONG_STATE)
    return document


def commit(
    drive: Drive,
    document: OpenDocument,
    state: State,
    *,
    moment: int,
    timer: float,
    own: bytes = b"",
    tail: bytes = b"",
    operation: int = 0,
    total: int = 0,
    notice: Notice | None = None,
) -> bytes:
    """Numbers, builds, signs and stores the document; gives FD number and sign as commands return them.

    `state` is the drive's next state as far as the command knows it; `own` are the drive's tags behind the common head.
    Limits are checked here, last before the commit, because only the whole document has a size.
    """
    form = document.kind.form
    number = drive.state.document + 1
    body, sign = _build(drive, document, state, number, moment, own)
    state.document, state.moment, state.form = number, moment, form
    state.last_of_form = drive.state.last_of_form | {form: number}
    queue_number = 0
    if not state.mode & Mode.AUTONOMOUS:
        queue_number = state.queued = state.queued + 1
        if not state.unsent_document:
            state.unsent_document, state.unsent_moment = number, moment
    if form in RECEIPT_FORMS and state.ffd >= FFD_1_1:
        _count(document, state, operation, total, unsent=bool(queue_number))
    container = wrap(body, drive=drive.number, document=number, kind=form, sign=drive.keys.fps(body) + b"\0\0")
    state.kept_bytes += len(body)
    told = b""
    if notice is not None:
        told = number_notice(drive, notice, state, document=number, moment=moment, operation=operation)
    record = DocumentRecord(number, form, moment, sign, tail, queue_number, container, state, told)
    offset = drive.log.append(record)
    state.documents_tower = raised(state.documents_tower, number, offset)
    if told:
        state.notices_tower = raised(state.notices_tower, state.notified, offset)
    drive.committed(state, moment, timer)
    return number.to_bytes(4, "little") + sign[::-1]


def limits(drive: Drive, document: OpenDocument, moment: int) -> None:
    """14h and its relatives, for the commands that know them."""
    drive.release_store(moment)
    check_limits(drive.model, drive.state, moment, len(document.data) + 256)


def _build(
    drive: Drive, document: OpenDocument, state: State, number: int, moment: int, own: bytes
) -> tuple[bytes, bytes]:
    """The whole document with header, and the four bytes of its sign."""
    form = document.kind.form
    fields = {
        1041: drive.number.encode("ascii"),
        1037: state.registration_number,
        1018: state.inn,
        1040: number.to_bytes(4, "little"),
        1012: unix_bytes(moment),
    }
    head = b"".join(field(tag, value) for tag, value in fields.items())
    for tag, start, end in walk(own):
        fields[tag] = own[start:end]
    if document.kept.get(1017):
        fields[1017] = document.kept[1017]
    sign = drive.keys.fpd(form, fields)
    content = head + field(1077, sign) + own + document.data
    return field(form, content), sign[2:]


def _count(document: OpenDocument, state: State, operation: int, total: int, *, unsent: bool) -> None:
    correction = document.kind.form in CORRECTION_FORMS
    for name in ("shift_counters", "drive_counters"):
        counters = getattr(state, name)
        after = add_receipt(counters, operation=operation, correction=correction, total=total, money=document.money)
        setattr(state, name, after)
    if unsent:
        state.unsent_counters = unsent_change(state.unsent_counters, operation=operation, total=total, sign=1)


def next_state(drive: Drive) -> State:
    """A copy to be changed and committed; the drive keeps the old one until the record is written."""
    return replace(drive.state)
