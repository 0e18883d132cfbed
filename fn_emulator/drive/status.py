"""30h–3Fh and the service commands: what a drive says about itself."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from fn_emulator.drive.codes import Code, Refused
from fn_emulator.drive.life import days_left
from fn_emulator.drive.marking_status import fill_percent
from fn_emulator.drive.moments import date_bytes, minute_of, moment_bytes
from fn_emulator.drive.records import EventRecord, State

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["reset"]

_RESET_WIPE = 22
_LINE_SPEEDS = (115200, 230400, 460800, 921600)


def status(drive: Drive, data: bytes, timer: float) -> bytes:
    """30h. Asked several times in every receipt, so the answer is kept until something changes."""
    if not drive.status_answer:
        state, document = drive.state, drive.open_document
        drive.status_answer = (
            bytes(
                (
                    state.phase,
                    document.kind.code if document else 0,
                    1 if document and document.data else 0,
                    state.shift_open,
                    drive.warnings,
                )
            )
            + moment_bytes(state.moment)
            + drive.number.encode("ascii")
            + state.document.to_bytes(4, "little")
        )
    return drive.status_answer


def number(drive: Drive, data: bytes, timer: float) -> bytes:
    """31h."""
    return drive.number.encode("ascii")


def expiry(drive: Drive, data: bytes, timer: float) -> bytes:
    """32h: date (zeros before registration), registrations left and done."""
    state = drive.state
    done = len(state.registrations)
    return date_bytes(state.expires) + bytes((drive.model.registrations_max - done, done))


def version(drive: Drive, data: bytes, timer: float) -> bytes:
    """33h."""
    return drive.model.version.encode("ascii").ljust(16) + bytes((not drive.model.debug,))


def life(drive: Drive, data: bytes, timer: float) -> bytes:
    """34h: eight bytes of unknown meaning."""
    return bytes(8)


def service_version(drive: Drive, data: bytes, timer: float) -> bytes:
    """6Ch: the version filled up with blanks and closed by a zero, the kind of drive, one byte of unknown meaning."""
    return drive.model.version.encode("ascii").ljust(15)[:15] + bytes((0, not drive.model.debug, 0))


def last_errors(drive: Drive, data: bytes, timer: float) -> bytes:
    """35h: the vendor's format is not public, and there were none."""
    return b""


def format_version(drive: Drive, data: bytes, timer: float) -> bytes:
    """3Ah."""
    return bytes((drive.state.ffd, drive.model.ffd_max))


def remaining_days(drive: Drive, data: bytes, timer: float) -> bytes:
    """3Bh."""
    return days_left(drive.state, minute_of(data)).to_bytes(2, "little")


def free_memory(drive: Drive, data: bytes, timer: float) -> bytes:
    """3Dh: documents for the five-year archive, KiB of the 30-day store, per cent of the notification store."""
    documents = max(0, drive.model.documents_max - drive.state.document)
    store = max(0, drive.model.store_kib - -(-drive.state.kept_bytes // 1024))
    return pack("<II", documents, store) + (bytes((fill_percent(drive),)) if drive.marking_enabled else b"")


def execution(drive: Drive, data: bytes, timer: float) -> bytes:
    """3Fh."""
    return drive.model.execution.encode("cp866").ljust(48)


def line_speed(drive: Drive, data: bytes, timer: float) -> bytes:
    """ABh. The emulated line has no speed; the value is checked as a drive does."""
    if int.from_bytes(data, "little") not in _LINE_SPEEDS:
        raise Refused(Code.BAD_VALUE)
    return b""


def reset(drive: Drive, data: bytes, timer: float) -> bytes:
    """60h: a debug drive goes back to phase 1 and forgets its archive; a serial one refuses."""
    if not drive.model.debug:
        raise Refused(Code.WRONG_STATE)
    if data[0] != _RESET_WIPE:
        raise Refused(Code.UNKNOWN_COMMAND)
    state = State()
    drive.log.append(EventRecord("reset", drive.number, state))
    drive.log.forget()
    drive.state = state
    drive.power_cycle()
    drive.refresh(timer)
    return b""
