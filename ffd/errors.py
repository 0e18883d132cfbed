"""Errors of the format package. Whatever the input, nothing else leaves `ffd`.

FfdError                 anything below; `.path` says where
├── DecodeError          bytes that are not what they claim to be
├── EncodeError          a value that has no bytes in this format
└── Invalid              readable, but against the rules; `.violations` holds all of them at once
"""

from __future__ import annotations

import msgspec

__all__ = ["FfdError", "DecodeError", "EncodeError", "Invalid", "Violation"]


class FfdError(Exception):
    """Base of every error of this package. `path` is the place, in the words of the document."""

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path


class DecodeError(FfdError):
    """Bytes or text that do not follow the format."""


class EncodeError(FfdError):
    """A value the format has no place for: too long, negative, not representable in CP866."""


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule: its code, where, which tag, and what to tell a cashier and a developer."""

    code: str
    path: str
    tag: int | None = None
    message_ru: str
    message_en: str
    warning: bool = False

    def __str__(self) -> str:
        place = f" {self.path}" if self.path else ""
        tag = f" (tag {self.tag})" if self.tag is not None else ""
        return f"{self.code}{place}{tag}: {self.message_en}"


class Invalid(FfdError):
    """A document that breaks rules. All violations are here, warnings included."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        assert violations, "an Invalid without a violation says nothing"
        super().__init__("; ".join(map(str, violations)), path=violations[0].path)
        self.violations = violations
