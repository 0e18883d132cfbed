"""The drive's state table, cell by cell: every command in every situation answers what the documentation says.

One column is a situation, one row a command with sensible data. `.` is success, a number is the answer code. Rows
follow the command list, columns a drive's life.

`fn_commands.csv` was compiled from the published description of a drive (2016), descriptions of two register vendors,
and open sources of terminals and readers that talk to drives; it names 77 commands with what is known of each.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ffd.container import SESSION_KEYS, SESSION_MARKING
from fn_emulator.drive import MODELS, Code
from fn_emulator.drive.commands import COMMANDS
from tests.fn_emulator.drives import (
    AUTONOMOUS,
    MARKING,
    REGISTRATION_NUMBER,
    Hands,
    good_code,
    marked_item,
    registered,
    sums,
    tags,
    with_marking,
    with_shift,
)

VECTORS = Path(__file__).parents[1] / "vectors"

Build = Callable[..., Hands]


def _fresh(**options: Any) -> Hands:
    return Hands(**options)


def _registering(**options: Any) -> Hands:
    hands = Hands(**options)
    hands.begin_registration()
    return hands


def _begun(code: int) -> Build:
    """A document that was begun and got no data."""

    def build(**options: Any) -> Hands:
        hands = with_shift(**options)
        hands.ok(code, hands.dt)
        return hands

    return build


def _receipt(**options: Any) -> Hands:
    hands = with_shift(**options)
    hands.begin_receipt()
    return hands


def _shift_closing(**options: Any) -> Hands:
    hands = with_shift(**options)
    hands.ok(0x13, hands.dt)
    hands.ok(0x07, hands.cashier())
    return hands


def _shift_opening(**options: Any) -> Hands:
    hands = registered(**options)
    hands.ok(0x11, hands.dt)
    hands.ok(0x07, hands.cashier())
    return hands


def _settling(**options: Any) -> Hands:
    hands = with_shift(**options)
    hands.ok(0x18, hands.dt)
    hands.ok(0x07, tags((1209, hands.ffd)))
    return hands


def _closing(**options: Any) -> Hands:
    hands = registered(**options)
    hands.ok(0x04)
    hands.ok(0x07, hands.cashier())
    return hands


def _transport(**options: Any) -> Hands:
    hands = with_shift(**options)
    hands.ok(0x21, b"\x01")
    return hands


def _reading(**options: Any) -> Hands:
    hands = _transport(**options)
    hands.ok(0x22)
    return hands


def _waiting(**options: Any) -> Hands:
    hands = with_shift(**options)
    hands.read_message()
    return hands


def _long_shift(**options: Any) -> Hands:
    hands = with_shift(**options)
    hands.go(hours=24, minutes=1)
    return hands


def _sending(**options: Any) -> Hands:
    hands = registered(**options)
    hands.close_drive()
    hands.ok(0x21, b"\x01")
    return hands


def _archive(**options: Any) -> Hands:
    hands = registered(**options)
    hands.close_drive()
    hands.deliver_all()
    return hands


SITUATIONS: dict[str, Build] = {
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
    0x03: lambda hands: Hands(ffd=2).registration(2 if hands.drive.phase == 3 and hands.ffd == 2 else 0)[1],
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
    0x49: lambda hands: b"\x02" + pack("<I", 1),
    0x4A: lambda hands: pack("<HH", 0, 10),
    0x50: lambda hands: pack("<I", 1),
    0x60: lambda hands: b"\x16",
    0xA2: lambda hands: bytes((2 if hands.drive.phase == 3 else 0, hands.ffd)),
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
49   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
4A   2  2  8  8  8  8  8  8  8  8  8  8  8  8  8  8
4B   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
50   2  2  .  .  .  .  .  .  .  .  .  .  .  .  .  .
60   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
63   1  1  1  1  1  1  1  1  1  1  1  1  1  1  1  1
6C   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
71   1  1  1  1  1  1  1  1  1  1  1  1  1  1  1  1
A2   .  2  .  2  2  2  2  2  2  2  2  2  2  2  2  2
A3   2  .  2  2  2  2  2  2  2  2  2  2  2  2  2  2
A7   2  2  .  .  .  .  .  .  .  .  .  .  .  .  2  2
AB   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
"""

ROWS = {int(code, 16): cells for code, *cells in (line.split() for line in TABLE.strip().splitlines())}
CELLS = [(code, name, cell) for code, cells in ROWS.items() for name, cell in zip(SITUATIONS, cells, strict=True)]


@cache
def refusing(name: str, ffd: int = 4) -> Hands:
    """One drive for all cells that refuse: a refusal changes nothing, which is a part of the test."""
    return SITUATIONS[name](**OPTIONS[ffd])


OPTIONS: dict[int, dict[str, Any]] = {
    4: {},
    3: {"model": "fn-1.1-15", "ffd": 3},
    2: {"model": "fn-1-15", "ffd": 2},
}


@pytest.mark.parametrize(("code", "name", "cell"), CELLS, ids=[f"{code:02X}h {name}" for code, name, _ in CELLS])
def test_cell(code: int, name: str, cell: str) -> None:
    """The answer is the table's, and a refusal changes nothing that 30h or the storage shows."""
    hands = SITUATIONS[name]() if cell == "." else refusing(name)
    data = DATA.get(code, no_data)(hands)
    status, storage = hands.ok(0x30), hands.drive.state
    answer = hands.send(code, data)
    assert f"{answer.error:X}" == ("0" if cell == "." else cell.lstrip("0"))
    if answer.error:
        assert (hands.ok(0x30), hands.drive.state) == (status, storage)


# Marking: a drive registered for marked goods


def _marking(mode: int = 0) -> Hands:
    return with_marking(mode=mode)


def _checked(mode: int = 0) -> Hands:
    hands = _marking(mode)
    hands.check(CODE)
    return hands


def _requested() -> Hands:
    hands = _checked()
    hands.request()
    return hands


def _answered() -> Hands:
    hands = _checked()
    hands.ask_marking_system()
    return hands


def _marked_receipt(mode: int = 0) -> Hands:
    hands = _marking(mode)
    hands.checked(CODE)
    hands.begin_receipt()
    return hands


def _notice(*, items: int = 0, closed: bool = False) -> Hands:
    hands = _marked_receipt()
    hands.ok(0xB7, NOTICE_BEGIN)
    for _ in range(items):
        hands.ok(0xB7, b"\2" + marked_item(CODE))
    if closed:
        hands.ok(0xB7, b"\3")
    return hands


def _queued(mode: int = 0) -> Hands:
    hands = _marked_receipt(mode)
    hands.notice(CODE)
    hands.ok(*hands.receipt_form())
    return hands


def _reading_notice() -> Hands:
    hands = _queued()
    hands.ok(0xBB)
    return hands


def _awaiting_receipt() -> Hands:
    hands = _queued()
    hands.read_notice()
    return hands


def _keys_asked() -> Hands:
    hands = _marking()
    hands.ok(0xD0, hands.dt)
    return hands


def _closed(mode: int = 0) -> Hands:
    """Phase 7, or 15 at once in autonomous mode, with a notification that nobody has got."""
    hands = _queued(mode)
    hands.close_shift()
    hands.close_drive()
    return hands


def _exporting() -> Hands:
    hands = _queued(AUTONOMOUS)
    hands.ok(0xD3, b"\0")
    return hands


CODE = good_code()
NOTICE_BEGIN = b"\1" + tags((1055, 1), (2116, 1))
MARKING_SITUATIONS: dict[str, Callable[[], Hands]] = {
    "shift closed": lambda: registered(extended=MARKING),
    "idle": _marking,
    "checked": _checked,
    "requested": _requested,
    "answered": _answered,
    "receipt": _marked_receipt,
    "notice begun": _notice,
    "notice with item": lambda: _notice(items=1),
    "notice ended": lambda: _notice(items=1, closed=True),
    "queued": _queued,
    "reading notice": _reading_notice,
    "awaiting receipt": _awaiting_receipt,
    "keys asked": _keys_asked,
    "sending": _closed,
    "autonomous": lambda: _marking(AUTONOMOUS),
    "autonomous checked": lambda: _checked(AUTONOMOUS),
    "autonomous queued": lambda: _queued(AUTONOMOUS),
    "exporting": _exporting,
    "archive": lambda: _closed(AUTONOMOUS),
}
MARKING_DATA: dict[str, Callable[[Hands], bytes]] = {
    "B1": lambda hands: bytes((4, len(CODE))) + CODE.encode("ascii"),
    "B2/0": lambda hands: b"\0",
    "B2/1": lambda hands: b"\1",
    "B5": lambda hands: hands.dt + tags((2003, 1), (2102, 0)),
    "B6": lambda hands: b"no answer",
    "B7/1": lambda hands: NOTICE_BEGIN,
    "B7/2": lambda hands: b"\2" + marked_item(CODE),
    "B7/3": lambda hands: b"\3",
    "BC": lambda hands: pack("<HH", 0, 10),
    "BF": lambda hands: b"no receipt",
    "D0": lambda hands: hands.dt,
    "D1": lambda hands: b"no answer",
    "D3": lambda hands: b"\0",
    "D4/0": lambda hands: b"\0",
    "D4/1": lambda hands: b"\1",
    "D5": lambda hands: pack("<HH", 0, 10),
    "D6/0": lambda hands: b"\0",
    "D6/1": lambda hands: b"\1" + pack("<IH", 1, 0),
    "D7": lambda hands: b"\0",
}
# Columns as in MARKING_SITUATIONS:
#     shift-closed idle checked requested answered receipt notice-begun notice-with-item notice-ended queued
#     reading-notice awaiting-receipt keys-asked sending | autonomous: idle checked queued exporting archive
MARKING_TABLE = """
B0   .  .  .  .  .  .  .  .  .  .  .  .  .  2  .  .  .  .  2
B1   2  .  33 33 33 .  .  .  .  .  .  .  .  2  .  33 .  .  2
B2/0 33 33 .  .  .  33 33 33 33 33 33 33 33 2  33 .  33 33 2
B2/1 33 33 .  .  .  33 33 33 33 33 33 33 33 2  33 .  33 33 2
B3   .  .  .  .  .  .  .  .  .  .  .  .  .  2  .  .  .  .  2
B5   33 33 .  33 33 33 33 33 33 33 33 33 33 2  2  2  2  2  2
B6   33 33 33 20 33 33 33 33 33 33 33 33 33 2  2  2  2  2  2
B7/1 2  2  2  2  2  .  33 33 33 2  2  2  2  2  2  2  2  2  2
B7/2 2  2  2  2  2  33 .  .  33 2  2  2  2  2  2  2  2  2  2
B7/3 2  2  2  2  2  33 33 .  33 2  2  2  2  2  2  2  2  2  2
BA   .  .  .  .  .  .  .  .  .  .  .  .  .  .  2  2  2  2  2
BB   8  8  8  8  8  8  8  8  8  .  2  .  8  .  2  2  2  2  2
BC   2  2  2  2  2  2  2  2  2  2  .  2  2  2  2  2  2  2  2
BD   2  2  2  2  2  2  2  2  2  2  .  2  2  2  2  2  2  2  2
BE   2  2  2  2  2  2  2  2  2  2  .  2  2  2  2  2  2  2  2
BF   2  2  2  2  2  2  2  2  2  2  2  20 2  2  2  2  2  2  2
D0   .  .  .  .  .  .  .  .  .  .  .  .  .  2  .  .  .  .  2
D1   2  2  2  2  2  2  2  2  2  2  2  2  24 2  2  2  2  2  2
D3   2  2  2  2  2  2  2  2  2  2  2  2  2  2  8  8  .  .  .
D4/0 2  2  2  2  2  2  2  2  2  2  2  2  2  2  33 33 33 .  33
D4/1 2  2  2  2  2  2  2  2  2  2  2  2  2  2  33 33 33 8  33
D5   2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  .  2
D6/0 2  2  2  2  2  2  2  2  2  2  2  2  2  2  .  .  .  .  .
D6/1 2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  2  9  2
D7   .  .  .  .  .  .  .  .  .  .  .  .  .  2  .  .  .  .  2
"""
MARKING_CELLS = [
    (row, name, cell)
    for row, *cells in (line.split() for line in MARKING_TABLE.strip().splitlines())
    for name, cell in zip(MARKING_SITUATIONS, cells, strict=True)
]


@cache
def refusing_marks(name: str) -> Hands:
    return MARKING_SITUATIONS[name]()


@pytest.mark.parametrize(
    ("row", "name", "cell"), MARKING_CELLS, ids=[f"{row} {name}" for row, name, _ in MARKING_CELLS]
)
def test_marking_cell(row: str, name: str, cell: str) -> None:
    """The answer is the table's; a refusal changes nothing that B0h, BAh or the storage shows."""
    hands = MARKING_SITUATIONS[name]() if cell == "." else refusing_marks(name)
    code, data = int(row[:2], 16), MARKING_DATA.get(row, no_data)(hands)
    before = hands.send(0xB0), hands.send(0xBA), hands.drive.state
    answer = hands.send(code, data)
    assert f"{answer.error:X}" == ("0" if cell == "." else cell)
    if answer.error:
        assert (hands.send(0xB0), hands.send(0xBA), hands.drive.state) == before


PUBLISHED = {
    int(row["code_hex"][:2], 16)
    for row in csv.DictReader((VECTORS / "fn_commands.csv").read_text("utf-8").splitlines())
}
WITHOUT_LAYOUT = {0x63, 0x71}  # seen in one exporter; nobody has published what the bytes mean


def test_every_published_command_is_here() -> None:
    """All 77 codes of the list are executed or refused in the tables above, none beside them."""
    executed = {command.code for command in COMMANDS}
    assert len(PUBLISHED) == 77
    assert executed == PUBLISHED - WITHOUT_LAYOUT
    marking = {int(row[:2], 16) for row, _, _ in MARKING_CELLS}
    assert set(ROWS) | marking == PUBLISHED
    assert marking == {command.code for command in COMMANDS if command.marking}


@pytest.mark.parametrize("name", SITUATIONS)
def test_marking_is_forbidden_without_its_sign(name: str) -> None:
    """32h in every state to every marking command, when the registration does not name marked goods."""
    hands = refusing(name)
    for row in (*MARKING_DATA, "B0", "B3", "BA", "BB", "BD", "BE"):
        assert hands.code(int(row[:2], 16), MARKING_DATA.get(row, no_data)(hands)) is Code.MARKING_FORBIDDEN


@pytest.mark.parametrize("code", sorted(set(ROWS) - WITHOUT_LAYOUT))
def test_wrong_length_comes_before_wrong_state(code: int) -> None:
    """Length (01h) is checked before phase and state: data of 700 bytes fit no command but 07h and 26h."""
    hands = with_shift()
    hands.begin_receipt()
    expected = {0x07: 0x01, 0x26: 0x02}.get(code, 0x01)
    assert hands.send(code, b"\xff" * 700).error == expected


# Older generations: the first table, where FFD 1.05 and 1.1 differ from it.
OLDER = {
    2: """
02   .  2  2  2  2  2  2  2  2  2  2  2  2  2  2  2
03   2  .  2  2  2  2  2  2  2  2  2  2  2  2  2  2
""",
    3: """
""",
}


@pytest.mark.parametrize("ffd", OLDER)
@pytest.mark.parametrize("code", sorted(PUBLISHED))
def test_older_generations(code: int, ffd: int) -> None:
    """A row of the table on drives of FFD 1.05 and 1.1: 01h to what came after them, the same states otherwise."""
    differing = {int(row[:2], 16): row.split()[1:] for row in OLDER[ffd].strip().splitlines()}
    known = {command.code for command in COMMANDS if command.since <= ffd}
    cells = differing.get(code, ROWS.get(code, [])) if code in known else ["1"] * len(SITUATIONS)
    found = []
    for (name, build), cell in zip(SITUATIONS.items(), cells, strict=True):
        hands = build(**OPTIONS[ffd]) if cell == "." else refusing(name, ffd)
        answer = hands.send(code, DATA.get(code, no_data)(hands))
        found.append(f"{answer.error:X}" if answer.error else ".")
    assert found == [cell.lstrip("0") for cell in cells]


ANYWHERE = [build() for build in (_fresh, registered, _receipt, _reading, _waiting, _archive)]
MARKED = [build() for name, build in MARKING_SITUATIONS.items() if name not in ("shift closed", "sending")]


@given(st.integers(0, 255), st.binary(max_size=80), st.sampled_from(ANYWHERE))
def test_any_command(code: int, data: bytes, hands: Hands) -> None:
    """Whatever the command and its bytes, in any phase: an answer from the list of codes, never an exception."""
    assert hands.send(code, data).error in set(Code)


@given(
    st.sampled_from(sorted({int(row[:2], 16) for row, _, _ in MARKING_CELLS})),
    st.one_of(st.binary(max_size=80), st.binary(max_size=40).map(lambda data: b"\1" + data)),
    st.sampled_from(MARKED),
)
def test_any_marking_command(code: int, data: bytes, hands: Hands) -> None:
    """The same for marked goods, wherever a check, a notification or an exchange stands."""
    assert hands.send(code, data).error in set(Code)


@given(st.integers(0, 5), st.binary(min_size=1, max_size=255))
def test_any_code(kind: int, code: bytes) -> None:
    """Whatever a scanner gave is checked, asked about, saved and put into a notification."""
    hands = MARKED[1]
    hands.ok(0x06)
    hands.ok(0xB3)
    hands.ok(0xB1, bytes((kind, len(code))) + code)
    hands.request()
    hands.ok(0xB2, b"\1")
    hands.begin_receipt()
    hands.ok(0xB7, NOTICE_BEGIN)
    hands.ok(0xB7, b"\2" + marked_item(code.decode("cp866")))
    hands.ok(0x06)


@given(st.integers(0, 200), st.integers(1, 255))
def test_any_damage_of_an_answer(at: int, change: int) -> None:
    """One byte of a good answer, key table or receipt changed: 20h, and everything stays where it was."""
    for hands, command, good in ANSWERS:
        before = hands.send(0xB0), hands.send(0xBA), hands.drive.state
        place = at % len(good)
        damaged = good[:place] + bytes((good[place] ^ change,)) + good[place + 1 :]
        expected = Code.KEY_SERVICE_UNKNOWN if command == 0xD1 and place == 5 else Code.ANSWER_REJECTED
        assert hands.code(command, damaged) is expected
        assert (hands.send(0xB0), hands.send(0xBA), hands.drive.state) == before


def _answers() -> list[tuple[Hands, int, bytes]]:
    requested, awaiting, keys = _requested(), _queued(), _marking()
    return [
        (requested, 0xB6, requested.asked(requested.marking_system, requested.ok(0xB5), SESSION_MARKING)),
        (awaiting, 0xBF, awaiting.asked(awaiting.marking_system, awaiting.read_notice(), SESSION_MARKING)),
        (keys, 0xD1, keys.asked(keys.key_server, keys.ok(0xD0, keys.dt), SESSION_KEYS)),
    ]


ANSWERS = _answers()


def test_order_of_checks() -> None:
    """Everything is wrong with a 16h at once; mended one by one, each answer is the next in the stated order."""
    hands = with_shift(model=replace(MODELS["fn-1.2-36"], documents_max=2))
    form = hands.receipt_form
    assert hands.code(0x16, form(operation=9)[1][:-1]) is Code.UNKNOWN_COMMAND
    assert hands.code(*form(operation=9)) is Code.WRONG_STATE
    hands.ok(0x15, hands.dt)
    assert hands.code(*form(operation=9)) is Code.WRONG_STATE  # it has no data
    hands.ok(0x07, tags((1055, 1), (1209, 4)))
    hands.now -= timedelta(minutes=10)
    assert hands.code(*form(operation=9)) is Code.BAD_VALUE
    assert hands.code(*form()) is Code.BAD_DATETIME
    hands.now += timedelta(minutes=10, hours=25)
    assert hands.code(*form()) is Code.SHIFT_TOO_LONG
    hands.now -= timedelta(hours=24)
    assert hands.code(*form()) is Code.BAD_INTERVAL
    hands.now -= timedelta(hours=1)
    assert hands.code(*form()) is Code.RESOURCE_LIMIT
    roomy = Hands(hands.storage)
    roomy.ok(0x15, hands.dt)
    roomy.ok(0x07, tags((1055, 1), (1209, 4)))
    assert roomy.send(*form()).data == b"\x1f"  # 0Dh: all five payment sums are missing
    roomy.ok(0x07, sums(20000))
    roomy.ok(*form())
