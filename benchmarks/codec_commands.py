"""How the generated codecs compare with hand-written struct code: ratios, measured interleaved in one run.

Run `python benchmarks/codec_commands.py`. The bar is 2: a generated codec may cost at most twice the hand-written one.
"""

from __future__ import annotations

import struct
import timeit
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from kkt_driver import codec
from kkt_driver.commands import (
    CloseReceipt,
    CloseReceiptReply,
    DriveStatusReply,
    Operation,
    ShortStatusReply,
)

ROUNDS = 7
CALLS = 20_000

_short = struct.Struct("<BHBBBBBBBB3s")
_operation = struct.Struct("<LB6s5s5s5sBBBB")
_close = struct.Struct("<L80sB30sB")
_closed = struct.Struct("<5sLL")
_drive = struct.Struct("<BBBBB5s16sL")


def hand_short(data: bytes) -> ShortStatusReply:
    operator, flags, mode, submode, low, battery, power, memory, journal, high, reserved = _short.unpack_from(data)
    return ShortStatusReply(
        operator=operator, flags=flags, mode_byte=mode, submode=submode, operations_low=low, battery=battery,
        power=power, memory_error=memory, journal_error=journal, operations_high=high, reserved=reserved,
        last_print=data[14] if len(data) > 14 else None,
    )  # fmt: skip


def hand_operation(value: Operation) -> bytes:
    absent = b"\xff" * 5
    return _operation.pack(
        value.password, value.operation, value.quantity.to_bytes(6, "little"), value.price.to_bytes(5, "little"),
        absent if value.total is None else value.total.to_bytes(5, "little"),
        absent if value.tax is None else value.tax.to_bytes(5, "little"),
        value.rate, value.department, value.method, value.subject,
    ) + value.name.encode("cp1251")  # fmt: skip


def hand_close(value: CloseReceipt) -> bytes:
    return _close.pack(
        value.password,
        b"".join([payment.to_bytes(5, "little") for payment in value.payments]),
        value.rounding,
        b"".join([tax.to_bytes(5, "little") for tax in value.taxes]),
        value.tax_system,
    ) + value.text.encode("cp1251")


def hand_closed(data: bytes) -> CloseReceiptReply:
    change, document, sign = _closed.unpack_from(data)
    moment = None
    if len(data) >= 18:
        moment = datetime(2000 + data[13], data[14], data[15], data[16], data[17])
    return CloseReceiptReply(change=int.from_bytes(change, "little"), document=document, sign=sign, moment=moment)


def hand_drive(data: bytes) -> DriveStatusReply:
    phase, current, received, shift, warnings, moment, drive, last = _drive.unpack_from(data)
    return DriveStatusReply(
        phase=phase, current_document=current, document_data=received, shift_open=shift, warnings=warnings,
        moment=datetime(2000 + moment[0], *moment[1:]), drive=drive.rstrip().decode("ascii"), last_document=last,
    )  # fmt: skip


OPERATION = Operation(operation=1, quantity=2_000_000, price=8950, rate=2, method=4, subject=1, name="Молоко 3,2% 1л")
CLOSE = CloseReceipt(payments=(20000, 5000, *[0] * 14), taxes=(3333, 0, 0, 0, 0, 0), tax_system=1)
SHORT = bytes.fromhex("019002280002c0d800000000000000")
CLOSED = bytes.fromhex("881300000011000000bad8c7e81a03050e05")
DRIVE = bytes.fromhex("03000001001a03050e0539393939303738393030303031323334") + bytes.fromhex("70110100")

CASES: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any], Any]] = [
    ("10h decode", codec.codec(ShortStatusReply).decode, hand_short, SHORT),
    ("FF01h decode", codec.codec(DriveStatusReply).decode, hand_drive, DRIVE),
    ("FF45h decode", codec.codec(CloseReceiptReply).decode, hand_closed, CLOSED),
    ("FF46h encode", codec.codec(Operation).encode, hand_operation, OPERATION),
    ("FF45h encode", codec.codec(CloseReceipt).encode, hand_close, CLOSE),
]


def main() -> None:
    print(f"{'codec':14} {'generated, µs':>14} {'by hand, µs':>12} {'ratio':>6}")
    for name, generated, by_hand, sample in CASES:
        assert generated(sample) == by_hand(sample), name
        best = [float("inf"), float("inf")]
        for _ in range(ROUNDS):
            for index, function in enumerate((generated, by_hand)):
                best[index] = min(best[index], timeit.timeit(partial(function, sample), number=CALLS))
        microseconds = [seconds / CALLS * 1e6 for seconds in best]
        ratio = microseconds[0] / microseconds[1]
        print(f"{name:14} {microseconds[0]:14.2f} {microseconds[1]:12.2f} {ratio:6.2f}")


if __name__ == "__main__":
    main()
