"""The error table against the published one, and what follows from a code."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kkt_driver import refusals
from kkt_driver.errors import Refused
from kkt_driver.recovery import PRINTING
from kkt_driver.refusals import REFUSALS, refusal_of

with (Path(__file__).parents[1] / "vectors" / "register_errors.csv").open(encoding="utf-8", newline="") as published:
    PUBLISHED = list(csv.DictReader(published))


def test_every_published_code_is_known_and_no_other() -> None:
    """Texts and sources as published; 00h is success and no refusal."""
    ours = [(row.code, row.name, row.message_ru, row.source) for row in refusals._TABLE]
    theirs = [(int(row["code_hex"], 16), row["name_en"], row["message_ru"], row["source"]) for row in PUBLISHED]
    assert theirs[0][0] == 0
    assert ours == sorted(theirs[1:])
    assert len(REFUSALS) == len(ours)


@pytest.mark.parametrize("code", range(256))
def test_any_byte_has_a_meaning(code: int) -> None:
    """An unknown code is the station's business: a receipt is never refused for what nobody described."""
    meaning = refusal_of(code)
    assert meaning.code == code
    assert meaning.message_ru
    if code not in REFUSALS:
        assert meaning.disposition == "station"
        assert f"{code:02X}h" in meaning.message_ru


@pytest.mark.parametrize(
    "code",
    [0x03, 0x04, 0x05, 0x06, 0x12, 0x14, 0x15, 0x16, 0x17, 0x2F, 0x30, 0x31, 0x32, 0x46, 0x4E, 0x4F, 0x6B, 0x73, 0x79],
)
def test_a_tired_register_never_burns_a_shops_key(code: int) -> None:
    """Full, silent, worn-out drives, shifts over 24 hours, paper, cash, clock: another register may do it."""
    assert refusal_of(code).disposition == "station"


@pytest.mark.parametrize("code", [0x45, 0x4D, 0x0D, 0x0E, 0x5E, 0x61, 0x62, 0x8E])
def test_what_every_register_would_refuse_is_the_contents(code: int) -> None:
    """Payments below the total, missing requisites, out of range: trying elsewhere only costs time."""
    assert refusal_of(code).disposition == "content"


def test_what_passes_by_itself_was_not_executed() -> None:
    """Transient codes are the only ones after which a command is sent again; a close needs its proof even then."""
    transient = {code for code, row in REFUSALS.items() if row.disposition == "transient"}
    assert transient == {0x11, 0x4B, 0x50, 0x58}
    assert transient >= PRINTING


def test_the_error_says_it_in_words() -> None:
    """Code, command and both languages in one line of a log."""
    error = Refused(0x45, command="FF45")
    assert error.meaning is REFUSALS[0x45]
    assert str(error).startswith("FF45 was refused with 45h: Payments are below the receipt total (Сумма")
    assert (error.data, error.proof) == (b"", None)
