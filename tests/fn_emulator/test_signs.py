"""EMU-1 against its test vectors: signs must stay the same for ever, archives outlive versions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fn_emulator.errors import Misuse
from fn_emulator.signs import DOCUMENT_SIGN_TAGS, Keys, document_sign_number, fiscal_sign_input

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "fn_frames.json").read_text("utf-8"))["emulator_mac"]
FIELDS = {
    1012: bytes.fromhex("8C142369"),
    1020: bytes.fromhex("204E"),
    1040: bytes.fromhex("A3000000"),
    1041: b"9999078900005488",
    1054: b"\x01",
}


@pytest.fixture
def keys() -> Keys:
    return Keys.derive(bytes.fromhex(VECTOR["master_hex"]), VECTOR["serial"])


def test_keys(keys: Keys) -> None:
    """Derivation for two purposes, byte-exact."""
    assert keys.key("FPD").hex().upper() == VECTOR["k_fpd"]
    assert keys.key("FPS").hex().upper() == VECTOR["k_fps"]


def test_document_sign(keys: Keys) -> None:
    """Input, tag 1077, printed number and bytes on the wire of the receipt in the vector."""
    assert fiscal_sign_input(3, FIELDS, DOCUMENT_SIGN_TAGS[3]).hex().upper() == VECTOR["fpd_input"]
    tag = keys.fpd(3, FIELDS)
    assert tag.hex().upper() == VECTOR["tag1077"]
    assert document_sign_number(tag) == VECTOR["fpd_print"]
    assert document_sign_number(tag).to_bytes(4, "little").hex().upper() == VECTOR["wire_u32_le"]


def test_shapes(keys: Keys) -> None:
    """Header bytes and sizes are those of recordings, whatever the document."""
    assert keys.fpd(1, FIELDS)[:2].hex() == "2104"
    assert (keys.fps(b"document")[:2].hex(), len(keys.fps(b""))) == ("8106", 8)
    assert (keys.fpp(b"ticket")[:2].hex(), len(keys.fpp(b""))) == ("8206", 8)
    assert (keys.ticket_1078(7, FIELDS)[:2].hex(), len(keys.ticket_1078(7, FIELDS))) == ("8806", 8)
    assert len(keys.fpo(7, FIELDS)) == 16
    assert len({keys.fps(b"x"), keys.fpp(b"x"), keys.fpu(b"x"), keys.fpk(b"x")}) == 4, "purposes have keys of their own"


def test_what_cannot_be_a_drive() -> None:
    """A wrong master key or drive number is named at once, not found later in signs that never agree."""
    with pytest.raises(Misuse, match="32 bytes"):
        Keys(b"", VECTOR["serial"])
    with pytest.raises(Misuse, match="16 digits"):
        Keys(bytes(32), "123")
