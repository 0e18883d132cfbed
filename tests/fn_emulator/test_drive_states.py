"""The drive's state table, cell by cell: every command in every situation answers what the documentation says.

One column is a situation, one row a command with sensible data. `.` is success, a number is the answer code. Rows
follow the command list, columns a drive's life.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fn_emulator.drive import Code
from tests.fn_emulator.drives import REGISTRATION_NUMBER, Hands, registered, tags, with_shift


def _fresh() -> Hands:
    return Hands()


def _registering() -> Hands:
    hands = Hands()
    hands.begin_registration()
    return hands


def _begun(code: int) -> Callable[[], Hands]:
    """A document that was begun and got no data."""

    def build() -> Hands:
        hands = with_shift()
        hands.ok(code, hands.dt)
        return hands

    return build


def _receipt() -> Hands:
    hands = with_shift()
    hands.begin_receipt()
    return hands


def _shift_closing() -> Hands:
    hands = with_shift()
    hands.ok(0x13, hands.dt)
    hands.ok(0x07, hands.cashier())
    return hands


def _shift_opening() -> Hands:
    hands = registered()
    hands.ok(0x11, hands.dt)
    hands.ok(0x07, hands.cashier())
    return hands


def _settling() -> Hands:
    hands = with_shift()
    hands.ok(0x18, hands.dt)
    hands.ok(0x07, tags((1209, 4)))
    return hands


def _closing() -> Hands:
    hands = registered()
    hands.ok(0x04)
    hands.ok(0x07, hands.cashier())
    return hands


def _transport() -> Hands:
    hands = with_shift()
    hands.ok(0x21, b"\x01")
    return hands


def _reading() -> Hands:
    hands = _transport()
    hands.ok(0x22)
    return hands


def _waiting() -> Hands:
    hands = with_shift()
    hands.read_message()
    return hands


def _long_shift() -> Hands:
    hands = with_shift()
    hands.go(hours=24, minutes=1)
    return hands


def _sending() -> Hands:
    hands = registered()
    hands.close_drive()
    hands.ok(0x21, b"\x01")
    return hands


def _archive() -> Hands:
    hands = registered()
    hands.close_drive()
    hands.deliver_all()
    return hands


SITUATIONS: dict[str, Callable[[], Hands]] = {
    "fresh": _fresh,
    "registering": _registering,
    "shift closed": registered,
    "shift opening": _shift_opening,
    "shift open": with_shift,
    "receipt begun": _begun(0x15),
    "receipt": _receipt,
    "shift closing": _shift_closing,
    "settling": _settling,
    "drive closing": _closing,
    "transport": _transport,
    "reading": _reading,
    "waiting": _waiting,
    "25th hour": _long_shift,
    "sending": _sending,
    "archive": _archive,
}


def no_data(hands: Hands) -> bytes:
    return b""


DATA: dict[int, Callable[[Hands], bytes]] = {
    0x02: lambda hands: b"\x00",
    0x03: lambda hands: Hands(ffd=2).registration()[1],
    0x05: lambda hands: hands.dt + REGISTRATION_NUMBER,
    0x07: lambda hands: tags((1203, "770422032760")),
    0x11: lambda hands: hands.dt,
    0x13: lambda hands: hands.dt,
    0x15: lambda hands: hands.dt,
    0x16: lambda hands: hands.receipt_form()[1],
    0x17: lambda hands: hands.dt,
    0x18: lambda hands: hands.dt,
    0x21: lambda hands: b"\x01",
    0x23: lambda hands: pack("<HH", 0, 10),
    0x26: lambda hands: b"no ticket",
    0x36: lambda hands: b"\x00",
    0x37: lambda hands: b"\x00",
    0x38: lambda hands: b"\x00\x01",
    0x3B: lambda hands: hands.dt,
    0x40: lambda hands: pack("<I", 1),
    0x41: lambda hands: pack("<I", 1),
    0x44: lambda hands: pack("<H", 1048),
    0x45: lambda hands: pack("<I", 1),
    0x50: lambda hands: pack("<I", 1),
    0x60: lambda hands: b"\x16",
    0xA2: lambda hands: bytes((2 if hands.drive.phase == 3 else 0, 4)),
    0xA3: lambda hands: hands.registration()[1],
    0xAB: lambda hands: pack("<I", 115200),
}

# Columns as in SITUATIONS:
#    fresh registering shift-closed shift-opening shift-open receipt-begun receipt shift-closing settling drive-closing
#    transport reading waiting 25th-hour sending archive
TABLE = """
02   .  2  0A 0A 0A 0A 0A 0A 0A 0A 0A 0A 0A 0A 2  2
03   2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  2
04   2  2  .  2  2  2  2  2  2  2  2  2  2  2  2  2
05   2  2  2  2  2  2  2  2  2  .  2  2  2  2  2  2
06   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
07   2  .  2  .  2  .  .  .  .  .  2  2  2  2  2  2
10   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
11   2  2  .  2  2  2  2  2  2  2  2  2  2  2  2  2
12   2  2  2  .  2  2  2  2  2  2  2  2  2  2  2  2
13   2  2  2  2  .  2  2  2  2  2  .  .  .  .  2  2
14   2  2  2  2  2  2  2  .  2  2  2  2  2  2  2  2
15   2  2  2  2  .  2  2  2  2  2  .  .  .  16 2  2
16   2  2  2  2  2  2  .  2  2  2  2  2  2  2  2  2
17   2  2  2  2  .  2  2  2  2  2  .  .  .  16 2  2
18   2  2  .  2  .  2  2  2  2  2  .  .  .  .  2  2
19   2  2  2  2  2  2  2  2  .  2  2  2  2  2  2  2
20   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  2
21   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  2
22   2  2  11 11 11 11 11 11 11 11 .  2  .  11 .  2
23   2  2  11 11 11 11 11 11 11 11 2  .  2  11 2  2
24   2  2  2  2  2  2  2  2  2  2  2  .  2  2  2  2
25   2  2  2  2  2  2  2  2  2  2  2  .  2  2  2  2
26   2  2  2  2  2  2  2  2  2  2  2  2  20 2  2  2
30   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
31   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
32   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
33   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
34   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
35   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
36   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
37   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
38   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
39   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  2
3A   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
3B   2  2  .  .  .  .  .  .  .  .  .  .  .  .  2  2
3D   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
3F   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
40   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
41   2  2  8  8  8  8  8  8  8  8  8  8  8  8  8  .
42   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
43   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
44   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
45   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
46   2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  2
47   2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  2
50   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
60   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
A2   .  2  .  2  2  2  2  2  2  2  2  2  2  2  2  2
A3   2  .  2  2  2  2  2  2  2  2  2  2  2  2  2  2
A7   2  2  .  .  .  .  .  .  .  .  .  .  .  .  2  2
AB   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
B0   32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32
B1   32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32
D7   32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32
49   1  1  1  1  1  1  1  1  1  1  1  1  1  1  1  1
"""

ROWS = {int(code, 16): cells for code, *cells in (line.split() for line in TABLE.strip().splitlines())}
CELLS = [(code, name, cell) for code, cells in ROWS.items() for name, cell in zip(SITUATIONS, cells, strict=True)]


@pytest.mark.parametrize(("code", "name", "cell"), CELLS, ids=[f"{code:02X}h {name}" for code, name, _ in CELLS])
def test_cell(code: int, name: str, cell: str) -> None:
    """The answer is the table's, and a refusal changes nothing that 30h or the storage shows."""
    hands = SITUATIONS[name]()
    data = DATA.get(code, no_data)(hands)
    status, storage = hands.ok(0x30), hands.drive.state
    answer = hands.send(code, data)
    assert f"{answer.error:X}" == ("0" if cell == "." else cell.lstrip("0"))
    if answer.error:
        assert (hands.ok(0x30), hands.drive.state) == (status, storage)


def test_every_command_has_a_row() -> None:
    """A new command joins the table."""
    unmarked = {command.code for command in Hands().drive._commands.values() if not command.marking}
    assert unmarked <= set(ROWS)


@pytest.mark.parametrize("code", sorted(code for code in ROWS if code not in (0x49, 0xB0, 0xB1, 0xD7)))
def test_wrong_length_comes_before_wrong_state(code: int) -> None:
    """Length (01h) is checked before phase and state: data of 700 bytes fit no command but 07h and 26h."""
    hands = with_shift()
    hands.begin_receipt()
    expected = {0x07: 0x01, 0x26: 0x02}.get(code, 0x01)
    assert hands.send(code, b"\xff" * 700).error == expected


ANYWHERE = [build() for build in (_fresh, registered, _receipt, _reading, _waiting, _archive)]


@given(st.integers(0, 255), st.binary(max_size=80), st.sampled_from(ANYWHERE))
def test_any_command(code: int, data: bytes, hands: Hands) -> None:
    """Whatever the command and its bytes, in any phase: an answer from the list of codes, never an exception."""
    assert hands.send(code, data).error in set(Code)
