"""The command table against the published one, row by row.

`register_commands.csv` and `register_errors.csv` were compiled from the vendor's description of protocol 1.17 (build
25) with the amendments of its older editions, its set-up manual, published clients and byte logs.
Its shorthand: a name with its width in bytes, `*` up to the end of the frame, `[…]` optional, `a|b` either.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from kkt_driver import codec as c
from kkt_driver import commands as k
from kkt_driver.commands import COMMANDS, EARLIER, Command, Kind, Modes
from kkt_driver.refusals import OF_COMMAND, REFUSALS, refusal_of

VECTORS = Path(__file__).parents[2] / "vectors"
with (VECTORS / "register_commands.csv").open(encoding="utf-8", newline="") as published:
    PUBLISHED = list(csv.DictReader(published))

LAYOUTS = {
    ("F7", "reply"): ("8 1 1 1 1 1 1 1 4 4 1 1 2 1 1 2 *", "type 1: 31 bytes and what later firmware appends"),
    ("85", "request"): ("20 2 1 1 1 1 40", "four payments are one field"),
    ("FF09", "reply"): ("5 12 20 1 1 *", "editions differ after the work mode"),
    ("FF4C", "reply"): ("5 12 20 1 1 *", "as FF09h"),
    ("8E", "reply"): ("1 5 *", "85h's answer: the same firmware may append its link"),
    ("DE", "request"): ("1 2 1 5 1", "p1 to p5 are five parameters of one byte"),
    ("DE", "reply"): ("1 5? 2? 2?", "p1-5 are five bytes, present or not together"),
    ("1A", "request"): ("1 1?", "a two-byte number is one byte and its high byte"),
    ("C5", "request"): ("2 *", "whether flags stand before the data depends on the model"),
    ("FEEC", "request"): ("4", "the argument is 0"),
    ("FEF3", "request"): ("4", "the argument is 0"),
    ("FF61", "request"): ("1 1 *", "both lengths are part of what `blobs` declares"),
    ("FF67", "request"): ("*", "the length and the optional FFh are part of what `blobs` declares"),
    ("FF67", "reply"): ("2 1 *", "the check result, when there is one"),
    ("FF72", "reply"): ("4 2 2 2 *", "with the block's length, as devices send it"),
    ("FF73", "request"): ("4 2 2?", "the checksum is two bytes or four"),
    ("FF4B", "request"): ("5 5 1 *", "128 bytes of text by one source, 40 by another: any length"),
    ("FEF4", "reply"): ("*", "4 or 16 sums"),
    ("FEF3", "reply"): ("", "there is no answer"),
    ("2E", "reply"): ("40 1 1 *", "limits are as wide as the field"),
}
"""Where a layout is not the shorthand read mechanically: what it is and why."""

MODES = {
    "0F": "any",
    "01": "any but 1 -> 1",
    "80": "2 4 8 9 -> 8",
    "81": "2 4 8 9 -> 8",
    "82": "2 4 8 9 -> 8",
    "83": "2 4 8 9 -> 8",
    "03": "1 -> earlier",
    "2B": "10 -> earlier",
    "88": "8 -> earlier 3",
    "8D": "2 4 9 -> 8",
    "B0": "any",  # in submode 3 only
    "E2": "2 3 4 -> 8",
    "E3": "8 -> earlier",
    "FF08": "any -> earlier 3",  # drops what FF05h, FF35h, FF37h, FF3Dh, FF41h, FF42h began, too
    "FF3B": "any",  # mode 1 on desktop models, unchanged on others
    "FF3C": "any",  # mode 4 by the manual
    "FF46": "2 8 -> 8",  # opens a receipt in mode 2, in practice
    "FF64": "any",
    "FF72": "any",
    "FF73": "any",
}
"""Modes whose text needs a reader: in the shorthand of the table."""

_WIDTH = re.compile(r"(?:^|[a-z_])(\d+)(?:x(\d+))?$")


def _widths(text: str) -> str:
    """The published shorthand as widths: "5 16 1? *"; the password, `err1` and remarks in brackets left out."""
    text = re.sub(r"\([^)]*\)", "", text)
    widths = []
    optional = False
    for token in text.split():
        if token in ("-", "pw4", "err1"):
            continue
        optional = optional or token.startswith("[")
        name = token.strip("[]")
        widths.append(_width(name) + ("?" if optional and not _greedy(name) else ""))
        if token.endswith("]"):
            optional = False
    return " ".join(widths)


def _greedy(token: str) -> bool:
    return token.endswith("*") or "*" in token or "|" in token or "<=" in token or "-" in token or "asciiz" in token


def _width(token: str) -> str:
    if _greedy(token):
        return "*"
    found = _WIDTH.search(token)
    assert found, f"{token} has no width"
    return str(int(found[1]) * int(found[2] or 1))


def _declared(cls: type[msgspec.Struct]) -> str:
    """The same of a class: what its annotations say."""
    hints = get_type_hints(cls, include_extras=True)
    widths = []
    for name in cls.__struct_fields__:
        field = hints[name].__metadata__[0]
        match field:
            case _ if name == "password":
                continue
            case c.Tail():
                widths.append("*")
            case c.Maybe():
                widths.append(f"{field.inner.sizeof()}?")
            case _:
                widths.append(str(field.sizeof()))
    return " ".join(widths)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["code_hex"])
def test_every_published_command_is_declared_as_published(row: dict[str, str]) -> None:
    """A command that is missing, has a field more or less, or a width that differs would be misread on the wire."""
    command = COMMANDS.get(bytes.fromhex(row["code_hex"]))
    assert command is not None, "not in the table"
    assert command.name_ru == row["name_ru"]
    for side, cls, text in (
        ("request", command.request, row["request_layout"]),
        ("reply", command.reply, row["response_layout"]),
    ):
        expected = LAYOUTS.get((command.hex, side), (None,))[0]
        assert _declared(cls) == (_widths(text) if expected is None else expected), side
    if issubclass(command.request, k.Authorised):
        assert row["request_layout"].startswith("pw4")
    else:
        assert "pw4" not in row["request_layout"]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["code_hex"])
def test_modes_are_those_of_the_manual(row: dict[str, str]) -> None:
    """Sending a command in a mode that refuses it costs an exchange; a mode believed wrongly costs a receipt."""
    command = COMMANDS[bytes.fromhex(row["code_hex"])]
    assert command.modes == Modes.parse(MODES.get(command.hex, row["modes"]))


def test_the_table_has_no_command_that_nobody_published() -> None:
    """143 commands, each once, in the manual's order."""
    assert [row.hex for row in COMMANDS.values()] == [row["code_hex"] for row in PUBLISHED]
    assert len(COMMANDS) == 143
    assert len({row.request for row in COMMANDS.values()}) == 143


def test_named_differences_are_differences() -> None:
    """An exception that says what the shorthand says is noise that hides the real ones."""
    texts = {row["code_hex"]: row for row in PUBLISHED}
    noise = []
    for (code, side), (layout, why) in LAYOUTS.items():
        text = texts[code]["request_layout" if side == "request" else "response_layout"]
        try:
            mechanical = _widths(text)
        except AssertionError:
            continue
        if mechanical == layout:
            noise.append(f"{code} {side}: {why}")
    assert noise == []


def test_modes_read_from_their_shorthand() -> None:
    """The shorthand is the manual's: a list, "any", "any but", and where success leads."""
    assert Modes.parse("2 3 -> 4") == Modes("2 3 -> 4", frozenset((2, 3)), (4,))
    assert Modes.parse("8 -> earlier 3").leads_to == (EARLIER, 3)
    assert Modes.parse("any but 1 8").allowed == frozenset(range(15)) - {1, 8}
    assert Modes.parse("any").leads_to == ()


COMMITTING = "41 50 51 85 8E C6 E0 FF06 FF0B FF34 FF36 FF38 FF3E FF43 FF45 FF4A"


def test_committing_commands_are_exactly_those_that_form_documents_or_move_money() -> None:
    """Only these need a durable intent; forgetting one would let a document be made twice."""
    committing = {row.hex for row in COMMANDS.values() if row.kind is Kind.COMMITTING}
    assert committing == set(COMMITTING.split())


# The protocol text's list of commands that are safe to send again, and the one of those that never are.
SAFE = """10 11 15 1A 1B 1F 26 2D 2E 6B 89 F7 FC FF01 FF02 FF03 FF04 FF09 FF0A FF0E FF30 FF31 FF39 FF3C FF3F FF40 FF4C
FF60 FF63 FF68 FF70 1E 21 23 B0"""
NEVER = """41 C6 50 51 80 81 82 83 84 85 86 87 88 8D 8E E0 FF06 FF0B FF0C FF0D FF34 FF36 FF38 FF3E FF43 FF45 FF46 FF4A
FF4B FF4D FF67 FF3B"""
ALSO_SAFE = {
    "0F": "a number that never changes",
    "13": "a beep",
    "28": "opens a drawer that is open",
    "16": "mode 9 stays until date and time are set",
    "4E": "the same lines to the same place",
    "C0": "the same line to the same place",
    "C4": "the same lines to the same place",
    "D0": "a status",
    "D1": "a status",
    "DD": "the same block to the same place",
    "FEEC": "a version",
    "FEF4": "totals",
    "FF08": "drops a document that is dropped; nothing of ours stands between the two",
    "FF32": "begins to take the operator's answer anew",
    "FF3A": "begins to read the document anew",
    "FF4E": "the same block to the same place",
    "FF51": "a status",
    "FF52": "a text",
    "FF53": "a text",
    "FF74": "two sizes",
}


def test_only_commands_of_the_safe_list_are_ever_repeated() -> None:
    """A link repeats reads and idempotent commands by itself: a command that slips into these kinds by mistake would be
    executed twice after a lost answer, or its refusal the second time would hide that it was done."""
    repeatable = {row.hex for row in COMMANDS.values() if row.kind in (Kind.READ, Kind.IDEMPOTENT)}
    assert repeatable - set(SAFE.split()) == ALSO_SAFE.keys()
    assert repeatable & set(NEVER.split()) == set()
    assert set(SAFE.split()) <= repeatable


# Limits that the vendor's drivers use, section "Timing of commands".
LIMITS = {3: "10 11", 5: "26", 30: "50 51 40 FF45 8D FF46", 40: "FF61 FF67", 60: "16", 65: "41 FF43 C6", 120: "E0 FF0B"}


@pytest.mark.parametrize(("seconds", "codes"), LIMITS.items())
def test_deadlines_are_those_of_the_vendors_drivers(seconds: float, codes: str) -> None:
    """A shift that opens for 35 s is no dead register, and a status that takes 10 s is no live one."""
    for code in codes.split():
        assert COMMANDS[bytes.fromhex(code)].deadline_s == seconds, code


def test_what_prints_is_refused_without_paper() -> None:
    """Reading always works, whatever the printer does: recovery rests on it."""
    printing = {row.hex for row in COMMANDS.values() if row.prints}
    assert {"12", "17", "40", "41", "8D", "C1", "DE", "E0", "FF45", "FF38"} <= printing
    assert not any(row.prints for row in COMMANDS.values() if row.kind is Kind.READ)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda row: row.hex)
def test_an_error_means_what_it_means_for_the_command(command: Command) -> None:
    """Every byte has a meaning for every command; a meaning of its own overrides the table's and keeps the raw code."""
    for code in range(1, 256):
        meaning = refusal_of(code, command.hex)
        own: Any = OF_COMMAND.get((command.hex, code))
        assert meaning.code == code
        assert meaning == own or (own is None and meaning == refusal_of(code))


def test_meanings_of_their_own_belong_to_known_commands() -> None:
    """A typing mistake in a code would leave the meaning unused."""
    for code, error in OF_COMMAND:
        assert bytes.fromhex(code) in COMMANDS
        assert error in REFUSALS
