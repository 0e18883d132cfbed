"""Every command of the drive: one line each, in the order of codes.

`since` is the FFD version of the first generation that knows the command (older ones answer 01h), `phases` where it
is allowed (02h elsewhere), `lengths` what its data may count (01h otherwise).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import msgspec

from fn_emulator.drive import (
    archive,
    code_keys,
    counters,
    exchange,
    forming,
    marking,
    marking_requests,
    marking_status,
    notices,
    notifications,
    registration,
    status,
)

if TYPE_CHECKING:
    from fn_emulator.drive.core import Drive

__all__ = ["COMMANDS", "Command"]

Handler = Callable[["Drive", bytes, float], bytes]


class Command(msgspec.Struct, frozen=True):
    code: int
    name: str
    since: int
    phases: frozenset[int]
    lengths: Collection[int]
    run: Handler
    marking: bool = False


def _in(*phases: int) -> frozenset[int]:
    return frozenset(phases)


ANY = _in(0, 1, 3, 7, 15)
READY = _in(1, 3, 7, 15)
REGISTER = _in(1, 3)
FISCAL = _in(3)
SENDING = _in(3, 7)
ARCHIVE = _in(3, 7, 15)
NONE, ONE, TWO, FOUR, MOMENT = (0,), (1,), (2,), (4,), (5,)
WHOLE, SOME = range(1025), range(1, 1025)
V_1_05, V_1_1, V_1_2 = 2, 3, 4

COMMANDS: tuple[Command, ...] = (
    Command(0x02, "begin registration report", V_1_05, REGISTER, (0, 1), registration.begin_1_05),
    Command(0x03, "form registration report", V_1_05, REGISTER, (39, 40), registration.form_1_05),
    Command(0x04, "begin drive close", V_1_05, FISCAL, NONE, registration.begin_close),
    Command(0x05, "form drive close", V_1_05, FISCAL, (25,), registration.form_close),
    Command(0x06, "cancel document", V_1_05, ANY, NONE, forming.cancel),
    Command(0x07, "document data", V_1_05, REGISTER, SOME, forming.add_data),
    Command(0x10, "shift parameters", V_1_05, ARCHIVE, NONE, forming.shift_parameters),
    Command(0x11, "begin open shift", V_1_05, FISCAL, MOMENT, forming.begin_shift),
    Command(0x12, "form open shift", V_1_05, FISCAL, NONE, forming.open_shift),
    Command(0x13, "begin close shift", V_1_05, FISCAL, MOMENT, forming.begin_shift_close),
    Command(0x14, "form close shift", V_1_05, FISCAL, NONE, forming.close_shift),
    Command(0x15, "begin receipt", V_1_05, FISCAL, MOMENT, forming.begin_receipt),
    Command(0x16, "form receipt", V_1_05, FISCAL, (11,), forming.form_receipt),
    Command(0x17, "begin correction", V_1_05, FISCAL, MOMENT, forming.begin_correction),
    Command(0x18, "begin state of settlements", V_1_05, FISCAL, MOMENT, forming.begin_settlements),
    Command(0x19, "form state of settlements", V_1_05, FISCAL, NONE, forming.form_settlements),
    Command(0x20, "exchange status", V_1_05, SENDING, NONE, exchange.status),
    Command(0x21, "transport state", V_1_05, SENDING, ONE, exchange.transport),
    Command(0x22, "begin reading message", V_1_05, SENDING, NONE, exchange.begin_reading),
    Command(0x23, "read block of message", V_1_05, SENDING, FOUR, exchange.read_block),
    Command(0x24, "cancel reading message", V_1_05, SENDING, NONE, exchange.cancel_reading),
    Command(0x25, "finish reading message", V_1_05, SENDING, NONE, exchange.finish_reading),
    Command(0x26, "ticket", V_1_05, SENDING, SOME, exchange.accept_ticket),
    Command(0x30, "status", V_1_05, ANY, NONE, status.status),
    Command(0x31, "number", V_1_05, ANY, NONE, status.number),
    Command(0x32, "expiry date", V_1_05, READY, NONE, status.expiry),
    Command(0x33, "version", V_1_05, ANY, NONE, status.version),
    Command(0x34, "life data", V_1_2, ANY, NONE, status.life),
    Command(0x35, "last errors", V_1_05, ANY, NONE, status.last_errors),
    Command(0x36, "counters", V_1_1, ARCHIVE, ONE, counters.full_set),
    Command(0x37, "counters by operation", V_1_1, ARCHIVE, ONE, counters.by_operation),
    Command(0x38, "counters of one operation", V_1_1, ARCHIVE, TWO, counters.one_operation),
    Command(0x39, "counters of unsent documents", V_1_1, SENDING, NONE, counters.unsent),
    Command(0x3A, "format", V_1_1, ANY, NONE, status.format_version),
    Command(0x3B, "days left", V_1_1, FISCAL, MOMENT, status.remaining_days),
    Command(0x3D, "free memory", V_1_1, ARCHIVE, NONE, status.free_memory),
    Command(0x3F, "execution", V_1_2, ANY, NONE, status.execution),
    Command(0x40, "find document", V_1_05, ARCHIVE, FOUR, archive.find),
    Command(0x41, "find ticket", V_1_05, ARCHIVE, FOUR, archive.find_ticket),
    Command(0x42, "documents without ticket", V_1_05, ARCHIVE, NONE, archive.without_ticket),
    Command(0x43, "registration results", V_1_05, ARCHIVE, (0, 1), archive.registration_results),
    Command(0x44, "registration parameter", V_1_05, ARCHIVE, (2, 3), archive.registration_parameter),
    Command(0x45, "open document for reading", V_1_05, ARCHIVE, FOUR, archive.open_document),
    Command(0x46, "next TLV of document", V_1_05, ARCHIVE, NONE, archive.next_field),
    Command(0x47, "next TLV of registration", V_1_05, ARCHIVE, NONE, archive.next_registration_field),
    Command(0x49, "open raw document (service)", V_1_05, ARCHIVE, (2, 5), archive.open_raw),
    Command(0x4A, "read raw document (service)", V_1_05, ARCHIVE, FOUR, archive.read_raw),
    Command(0x4B, "end of raw reading (service)", V_1_05, ARCHIVE, NONE, archive.close_raw),
    Command(0x50, "find document with format", V_1_2, ARCHIVE, FOUR, archive.find_with_format),
    Command(0x60, "reset of a debug drive", V_1_05, ANY, ONE, status.reset),
    Command(0x6C, "version (service)", V_1_05, ANY, NONE, status.service_version),
    Command(0xA2, "begin registration report, 1.1 and later", V_1_1, REGISTER, TWO, registration.begin),
    Command(0xA3, "form registration report, 1.1 and later", V_1_1, REGISTER, (52, 56), registration.form),
    Command(0xA7, "size of passed data", V_1_2, FISCAL, NONE, forming.passed_size),
    Command(0xAB, "line speed", V_1_2, ANY, FOUR, status.line_speed),
    *(
        Command(code, name, V_1_2, phases, lengths, run, marking=True)
        for code, name, phases, lengths, run in (
            (0xB0, "marking status", FISCAL, (0, 1), marking_status.status),
            (0xB1, "check a code", FISCAL, range(3, 258), marking.check_code),
            (0xB2, "save or drop the result", FISCAL, ONE, marking.save),
            (0xB3, "clear results", FISCAL, NONE, marking.clear),
            (0xB5, "request to the marking system", FISCAL, WHOLE, marking_requests.request),
            (0xB6, "answer of the marking system", FISCAL, SOME, marking_requests.accept_answer),
            (0xB7, "data of marked goods", FISCAL, SOME, notices.add_notice),
            (0xBA, "notification transfer state", SENDING, NONE, notifications.status),
            (0xBB, "begin reading a notification", SENDING, NONE, notifications.begin),
            (0xBC, "read block of the notification", SENDING, FOUR, notifications.read),
            (0xBD, "cancel reading", SENDING, NONE, notifications.cancel),
            (0xBE, "finish reading", SENDING, NONE, notifications.finish),
            (0xBF, "receipt for the notification", SENDING, SOME, notifications.accept_receipt),
            (0xD0, "key update request", FISCAL, MOMENT, code_keys.ask),
            (0xD1, "key update answer", FISCAL, SOME, code_keys.accept),
            (0xD3, "begin notification export", ARCHIVE, ONE, notifications.begin_export),
            (0xD4, "next notification", ARCHIVE, ONE, notifications.next_notice),
            (0xD5, "read block of the current notification", ARCHIVE, FOUR, notifications.read_export),
            (0xD6, "confirm export", ARCHIVE, (1, 7), notifications.confirm_export),
            (0xD7, "key update flag or address", FISCAL, ONE, code_keys.need),
        )
    ),
)
