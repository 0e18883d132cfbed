"""How long commands take, by profile: seconds by command code.

Real figures are rare; "typical" follows what drivers' authors report (a document about half a second, a shift report
about one and a half), "slow-shift-open" the key update that a shift opening may begin with under FFD 1.2. Printing time
stands under B0, the command that would continue it.
"""

from __future__ import annotations

from collections.abc import Mapping

from fn_emulator.errors import Misuse

__all__ = ["PROFILES", "durations"]

_CLOSINGS = ("FF45", "85", "8E", "FF36", "FF4A")

_TYPICAL: Mapping[str, float] = {
    "8D": 0.03,
    "FF46": 0.02,
    "FF0C": 0.02,
    "FF4D": 0.02,
    "80": 0.02,
    "81": 0.02,
    "82": 0.02,
    "83": 0.02,
    **dict.fromkeys(_CLOSINGS, 0.5),
    "88": 0.2,
    "50": 0.2,
    "51": 0.2,
    "FF61": 1.0,
    "FF67": 0.3,
    "40": 1.5,
    "E0": 1.5,
    "FF0B": 1.5,
    "41": 1.5,
    "FF43": 1.5,
    "FF06": 2.0,
    "FF34": 2.0,
    "FF3E": 2.0,
    "FF38": 1.0,
    "FF33": 0.1,
    "B0": 1.5,
}

PROFILES: Mapping[str, Mapping[str, float]] = {
    "instant": {},
    "typical": _TYPICAL,
    "slow-shift-open": {**_TYPICAL, "E0": 40.0, "FF0B": 40.0},
}


def durations(profile: str = "instant", *, service_time_s: float = 0.0) -> dict[str, float]:
    """The durations of a profile; a service time replaces what it says about closing receipts and corrections."""
    if profile not in PROFILES:
        raise Misuse(f"no timing profile {profile!r}; there are {', '.join(PROFILES)}")
    closings = dict.fromkeys(_CLOSINGS, service_time_s) if service_time_s > 0 else {}
    return {**PROFILES[profile], **closings}
