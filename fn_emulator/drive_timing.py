"""How long commands of a drive take, by profile.

No vendor has published a table; "typical" is put together from what tools and logs show: a status in a few
milliseconds, a receipt closed in a third of a second by the register around the drive, a reset in many seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

from fn_emulator.drive_frames import Duration
from fn_emulator.errors import Misuse

__all__ = ["PROFILES", "duration"]

_STATUS, _BEGIN, _FORM, _REGISTER, _TICKET = 0.003, 0.01, 0.18, 0.4, 0.12
_MARKING, _NOTICE, _KEYS, _RESET = 0.15, 0.25, 0.8, 5.0
_DATA_S_PER_KIB = 0.002
_LONG_CHECK = 0.35  # B1h of a code with a long check part

_TYPICAL: Mapping[int, float] = {
    **dict.fromkeys((*range(0x30, 0x40), 0x10, 0x20, 0x21, 0xB0, 0xBA), _STATUS),
    **dict.fromkeys((0x02, 0x04, 0x11, 0x13, 0x15, 0x17, 0x18, 0xA2), _BEGIN),
    **dict.fromkeys((0x05, 0x12, 0x14, 0x16, 0x19), _FORM),
    **dict.fromkeys((0x03, 0xA3), _REGISTER),
    **dict.fromkeys((0x07, 0xB7, 0x22, 0x23, *range(0x40, 0x48)), 0.005),
    0x26: _TICKET,
    0xB1: 0.06,
    **dict.fromkeys((0xB5, 0xB6, 0xBF), _MARKING),
    **dict.fromkeys((0xBB, 0xD3), _NOTICE),
    **dict.fromkeys((0xD0, 0xD1), _KEYS),
    0x60: _RESET,
}
_BY_SIZE = frozenset({0x07, 0xB7})
_CHECK_A_CODE, _LONG_TYPE = 0xB1, 2

PROFILES = ("instant", "typical")


def duration(profile: str = "instant") -> Duration:
    """The durations of a profile: seconds by command and data."""
    if profile not in PROFILES:
        raise Misuse(f"no timing profile {profile!r}; there are {', '.join(PROFILES)}")
    return _typical if profile == "typical" else lambda code, data: 0.0


def _typical(code: int, data: bytes) -> float:
    if code == _CHECK_A_CODE and data[:1] == bytes((_LONG_TYPE,)):
        return _LONG_CHECK
    return _TYPICAL.get(code, _STATUS) + (len(data) / 1024 * _DATA_S_PER_KIB if code in _BY_SIZE else 0.0)
