"""INN, registration number and GTIN against known ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffd import tlv
from ffd.errors import EncodeError
from ffd.ids import check_gtin, check_inn, check_registration_number, gtin_check_digit, registration_number
from tests.ffd.vectors import vectors


@pytest.mark.parametrize("vector", vectors("ffd_inn"))
def test_inn(vector: dict[str, Any]) -> None:
    """Check digits of known numbers, good and bad, and the padded form on the wire."""
    assert check_inn(vector["inn"]) == vector["valid"]
    if "tlv_1018" in vector:
        assert tlv.encode((tlv.field(1018, vector["inn"]),)).hex() == vector["tlv_1018"]


@given(st.text())
def test_inn_takes_any_text(text: str) -> None:
    """Any text has an answer."""
    assert check_inn(text) in (True, False)


@pytest.mark.parametrize("vector", vectors("ffd_registration_number"))
def test_registration_number(vector: dict[str, Any]) -> None:
    """Real registration numbers follow from order, INN and serial number; another serial number does not."""
    number = registration_number(vector["order"], vector["inn"], vector["serial"])
    assert number == vector["registration_number"]
    assert check_registration_number(number + "    ", vector["inn"], vector["serial"])
    assert not check_registration_number(number, vector["inn"], "1" + vector["serial"][1:])


def test_registration_number_refuses() -> None:
    """What is not digits has no registration number."""
    with pytest.raises(EncodeError, match="INN"):
        registration_number("1", "77048496a1", "1")
    assert not check_registration_number("0000123456029024", "7704849611", "№1")
    assert not check_registration_number("12", "7704849611", "1")


@given(st.from_regex(r"[0-9]{7}|[0-9]{12}|[0-9]{13}", fullmatch=True))
def test_gtin(digits: str) -> None:
    """Exactly one last digit checks."""
    good = [str(last) for last in range(10) if check_gtin(f"{digits}{last}")]
    assert good == [str(gtin_check_digit(digits))]
