"""Money counters: what commands show, what reports carry, what tickets take away."""

from __future__ import annotations

from struct import pack, unpack_from

import pytest

from ffd import tlv
from fn_emulator.drive import Code
from fn_emulator.drive.archive import body
from fn_emulator.drive.codes import Refused
from fn_emulator.drive.counters import add_receipt
from fn_emulator.drive.records import COUNTERS
from tests.fn_emulator.drives import Hands, tags, with_shift


def u48(value: int) -> bytes:
    return value.to_bytes(6, "little")


def mixed() -> Hands:
    """A sale of 200.00 with VAT 33.33, another paid in five ways, a purchase return, a correction."""
    hands = with_shift()
    hands.receipt(20000)
    hands.ok(0x15, hands.dt)
    hands.ok(0x07, tags((1031, 1), (1081, 2), (1215, 3), (1216, 4), (1217, 5), (1102, 6), (1103, 7)))
    hands.ok(0x07, tags((1106, 8), (1107, 9), (1104, 10), (1105, 11)))
    hands.ok(*hands.receipt_form(15))
    hands.receipt(500, operation=4)
    hands.receipt(700, operation=1, begin=0x17)
    return hands


SALES = pack("<I", 2) + b"".join(map(u48, (20015, 20001, 2, 3, 4, 5, 3339, 7, 8, 9, 10, 11)))
RETURNS_OF_PURCHASE = pack("<I", 1) + b"".join(map(u48, (500, 500, 0, 0, 0, 0, 83, 0, 0, 0, 0, 0)))
NOTHING = bytes(76)


@pytest.mark.parametrize("scope", [0, 1])
def test_full_set(scope: int) -> None:
    """36h byte for byte: shift, receipts of all kinds, four blocks, corrections; 354 in all."""
    answer = mixed().ok(0x36, bytes((scope,)))
    assert len(answer) == 354
    assert answer[:6] == pack("<HI", 1, 4)
    assert answer[6:310] == SALES + NOTHING + NOTHING + RETURNS_OF_PURCHASE
    assert answer[310:] == pack("<I", 1) + pack("<I", 1) + u48(700) + bytes(30)


def test_smaller_sets() -> None:
    """37h is count and sum by operation, 38h one block and its corrections."""
    hands = mixed()
    assert hands.ok(0x37, b"\0") == (
        pack("<HI", 1, 4) + pack("<I", 2) + u48(20015) + bytes(20) + pack("<I", 1) + u48(500)
    )
    assert hands.ok(0x38, b"\0\x01") == SALES + pack("<I", 1) + u48(700)
    assert hands.ok(0x38, b"\0\x02") == NOTHING + bytes(10)
    assert hands.code(0x38, b"\0\x05") is Code.BAD_VALUE
    assert hands.code(0x36, b"\x02") is Code.UNKNOWN_COMMAND


def test_unsent() -> None:
    """39h counts receipts and corrections that have no ticket; every ticket takes its own away."""
    hands = mixed()
    assert hands.ok(0x39) == pack("<I", 4) + pack("<I", 3) + u48(20715) + bytes(20) + pack("<I", 1) + u48(500)
    hands.deliver()
    hands.deliver()
    hands.deliver()
    assert hands.ok(0x39) == pack("<I", 3) + pack("<I", 2) + u48(715) + bytes(20) + pack("<I", 1) + u48(500)
    hands.deliver_all()
    assert hands.ok(0x39) == bytes(44)


def test_shift_starts_from_nothing() -> None:
    """The counters of the shift begin with it; those of the drive go on, also over a restart."""
    hands = mixed()
    hands.close_shift()
    hands.restart()
    hands.open_shift()
    assert hands.ok(0x37, b"\0")[:6] == pack("<HI", 2, 0)
    assert unpack_from("<I", hands.ok(0x37, b"\x01"), 2) == (4,)


def test_in_reports() -> None:
    """1194 and 1157 of the close of a shift, 1158 of a settlements report, agree with the commands."""
    hands = mixed()
    hands.close_shift()
    hands.settlements()
    close, report = (structure(hands, number) for number in (7, 8))
    totals = close[1194]
    assert totals == close[1157]
    sales = dict(flat(totals, 1129))
    assert sales[1135] == pack("<I", 2)
    assert int.from_bytes(sales[1201], "little") == 20015
    assert int.from_bytes(sales[1139], "little") == 3339
    corrections = dict(flat(totals, 1133))
    assert corrections[1144] == pack("<I", 1)
    unsent = dict(report[1158])
    assert unsent[1144] == pack("<I", 4)


def structure(hands: Hands, number: int) -> dict[int, tuple[tuple[int, object], ...]]:
    record = hands.drive.log.document(hands.drive.state, number)
    assert record is not None
    (document,) = tlv.decode(body(record))
    return {
        field.tag: tuple((inner.tag, inner.value) for inner in field.value)
        for field in document.value
        if isinstance(field, tlv.Tlv) and isinstance(field.value, tuple)
    }


def flat(fields: tuple[tuple[int, object], ...], tag: int) -> list[tuple[int, bytes]]:
    (inner,) = (value for number, value in fields if number == tag)
    assert isinstance(inner, tuple)
    return [(field.tag, field.value) for field in inner]


def test_no_counters_on_1_05() -> None:
    """The first format keeps none: 0Ah."""
    hands = with_shift(ffd=2)
    for code, data in ((0x36, b"\0"), (0x37, b"\0"), (0x38, b"\0\x01"), (0x39, b"")):
        assert hands.code(code, data) is Code.NOT_IN_THIS_FORMAT


def test_overflow() -> None:
    """A sum that does not fit 48 bits is refused (09h) before anything changes."""
    full = [0] * COUNTERS
    full[2] = (1 << 48) - 1
    with pytest.raises(Refused) as refusal:
        add_receipt(full, operation=1, correction=False, total=1, money={})
    assert refusal.value.code is Code.BAD_VALUE
    assert full[2] == (1 << 48) - 1
