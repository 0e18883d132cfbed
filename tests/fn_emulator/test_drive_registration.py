"""Registration: what is refused, and what the two ways of saying the same must agree on."""

from __future__ import annotations

from struct import pack

import pytest

from fn_emulator.drive import Code
from tests.fn_emulator.drives import INN, OPERATOR_INN, REGISTRATION_NUMBER, Hands, registered, tags


def test_kinds_and_formats() -> None:
    """Type 3 is no type (01h); a format that the drive has not, or an older one than is in force, is 0Ah."""
    hands = Hands()
    assert hands.code(0xA2, b"\3\4") is Code.UNKNOWN_COMMAND
    assert hands.code(0x02, b"\3") is Code.UNKNOWN_COMMAND
    assert hands.code(0xA2, b"\0\5") is Code.NOT_IN_THIS_FORMAT
    assert hands.code(0xA2, b"\0\2") is Code.NOT_IN_THIS_FORMAT
    assert Hands(model="fn-1.1-36").code(0xA2, b"\0\4") is Code.NOT_IN_THIS_FORMAT
    assert registered(ffd=4).code(0xA2, b"\2\3") is Code.NOT_IN_THIS_FORMAT


def test_begin_and_form_are_of_one_format() -> None:
    """A2h is not ended by 03h, nor 02h by A3h."""
    hands = Hands()
    hands.begin_registration()
    assert hands.code(*Hands(ffd=2).registration()) is Code.WRONG_STATE
    old = Hands(ffd=2)
    old.begin_registration()
    assert old.code(*Hands().registration()) is Code.WRONG_STATE


def test_reason_of_1_05() -> None:
    """A change has a reason of 1 to 4, a first registration has none."""
    hands = Hands(ffd=2)
    hands.begin_registration()
    code, data = hands.registration()
    assert hands.code(code, data + b"\1") is Code.UNKNOWN_COMMAND
    hands.ok(code, data)
    hands.begin_registration(2)
    code, data = hands.registration(2)
    assert hands.code(code, data[:-1]) is Code.UNKNOWN_COMMAND
    for reason in (0, 5):
        assert hands.code(code, data[:-1] + bytes((reason,))) is Code.BAD_VALUE
    hands.ok(code, data[:-1] + b"\4")


def form(hands: Hands, *, operator: bytes = OPERATOR_INN, mode: int = 0, reason: int = 0) -> tuple[int, bytes]:
    return 0xA3, hands.dt + INN + REGISTRATION_NUMBER + bytes((63, mode, 0)) + operator + pack("<I", reason)


@pytest.mark.parametrize(
    ("operator", "mode", "expected"),
    [
        (OPERATOR_INN, 0, Code.OK),
        (b"no operator ", 0, Code.BAD_VALUE),
        (b" " * 12, 0, Code.BAD_VALUE),
        (b" " * 12, 2, Code.OK),
        (bytes(12), 2, Code.OK),
        (OPERATOR_INN, 1, Code.BAD_VALUE),
    ],
    ids=["usual", "letters", "none", "none, autonomous", "zeros, autonomous", "encryption"],
)
def test_operator_and_mode(operator: bytes, mode: int, expected: Code) -> None:
    """An operator is needed unless the drive works without one; there is no cipher for a declared encryption."""
    hands = Hands()
    hands.begin_registration()
    assert hands.code(*form(hands, operator=operator, mode=mode)) is expected


def test_what_is_said_twice_agrees() -> None:
    """Operator's INN and the mask of reasons may come by 07h as well; another value there is 09h."""
    hands = Hands()
    hands.begin_registration()
    hands.ok(0x07, tags((1017, "7704211201")))
    assert hands.code(*form(hands, operator=b"7704358518  ")) is Code.BAD_VALUE
    hands.ok(*form(hands))
    hands.begin_registration(2)
    hands.ok(0x07, tags((1205, 4)))
    assert hands.code(*form(hands, reason=8)) is Code.BAD_VALUE
    hands.ok(*form(hands))


def test_a_change_needs_a_reason() -> None:
    """And a first registration must not give one."""
    hands = Hands()
    hands.begin_registration()
    assert hands.code(*form(hands, reason=4)) is Code.BAD_VALUE
    hands.ok(*form(hands))
    hands.begin_registration(2)
    assert hands.code(*form(hands)) is Code.BAD_VALUE


def test_not_before_the_last_document() -> None:
    """07h for a change, and for the close of the drive."""
    hands = registered()
    hands.begin_registration(2)
    hands.now = hands.now.replace(year=2025)
    assert hands.code(*form(hands, reason=4)) is Code.BAD_DATETIME
    hands.ok(0x06)
    hands.ok(0x04)
    hands.ok(0x07, hands.cashier())
    assert hands.code(0x05, hands.dt + REGISTRATION_NUMBER) is Code.BAD_DATETIME
    assert hands.code(0x05, hands.dt + b"1".ljust(20)) is Code.BAD_VALUE
