"""Numbers with check digits: the INN of a taxpayer and the registration number of a register."""

from __future__ import annotations

from ffd.crc import crc16
from ffd.errors import EncodeError

__all__ = ["check_inn", "check_registration_number", "registration_number", "gtin_check_digit", "check_gtin"]

_WEIGHTS_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_11 = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_12 = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


def check_inn(inn: str) -> bool:
    """Whether `inn` has 10 or 12 digits, blanks on the right aside, and its check digits are right."""
    inn = inn.rstrip(" ")
    if not (inn.isascii() and inn.isdigit()):
        return False
    digits = [int(digit) for digit in inn]
    if len(digits) == 10:
        return _check_digit(_WEIGHTS_10, digits) == digits[9]
    if len(digits) == 12:
        return _check_digit(_WEIGHTS_11, digits) == digits[10] and _check_digit(_WEIGHTS_12, digits) == digits[11]
    return False


def _check_digit(weights: tuple[int, ...], digits: list[int]) -> int:
    return sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % 11 % 10


def registration_number(order: str, inn: str, serial: str) -> str:
    """Tag 1037: the ten-digit order number and the six-digit CRC-16 over order, INN and serial number."""
    parts = ((order, 10, "order number"), (inn.rstrip(" "), 12, "INN"), (serial, 20, "serial number"))
    for text, length, name in parts:
        if not (text.isascii() and text.isdigit() and len(text) <= length):
            raise EncodeError(f"{name} {text!r} is not at most {length} digits", path="registration_number")
    line = "".join(text.rjust(length, "0") for text, length, _ in parts)
    return f"{order:0>10}{crc16(line.encode('ascii')):06d}"


def check_registration_number(number: str, inn: str, serial: str) -> bool:
    """Whether `number` was made for this INN and serial number. Blanks on the right do not count."""
    number = number.rstrip(" ")
    if len(number) != 16 or not (number.isascii() and number.isdigit()):
        return False
    try:
        return registration_number(number[:10], inn, serial) == number
    except EncodeError:
        return False


def gtin_check_digit(digits: str) -> int:
    """The last digit of an EAN-8, EAN-13 or ITF-14 code whose other digits are `digits`."""
    return -sum(int(digit) * (3, 1)[index % 2] for index, digit in enumerate(reversed(digits))) % 10


def check_gtin(code: str) -> bool:
    """Whether `code` is 8, 13 or 14 digits and the last one checks."""
    return (
        len(code) in (8, 13, 14) and code.isascii() and code.isdigit() and gtin_check_digit(code[:-1]) == int(code[-1])
    )
