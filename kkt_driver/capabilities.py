"""What a model can do: F7h and FCh in words. Bits from F7h as the vendor's and other published clients read them."""

from __future__ import annotations

import msgspec

from kkt_driver.commands import DeviceType, ModelParameters
from kkt_driver.effects import Procedure, ask
from kkt_driver.errors import Refused

__all__ = ["Capabilities", "read_capabilities"]

UNKNOWN_HERE = frozenset((0x33, 0x35, 0x36, 0x37))
DEFAULT_COMMAND_SIZE = 255

BITS: dict[str, int] = {
    "cover_sensor": 4,
    "cutter": 13,
    "drawer_sensor": 15,
    "slip_printer": 21,
    "cashcore": 23,
    "alternative_link": 28,
    "senior_cashier_reports": 33,
    "last_print_result": 34,
    "error_texts": 36,
    "drive": 43,
    "host_carries_messages": 44,
    "prints_tags": 45,
    "prints_2d_code": 46,
    "format_1_1": 47,
    "corrections_as_receipts": 48,
    "extended_answers": 50,
    "needs_authorisation": 51,
    "protocol_1_1": 52,
    "cancels_at_session_start": 53,
    "extended_errors": 54,
}
"""Name of an ability → bit of the model flags."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """`abilities` are names of `BITS`; `command_size_max` is bytes of one command, `width` characters of a line."""

    model: str
    model_code: int
    protocol: tuple[int, int]
    abilities: frozenset[str]
    command_size_max: int = DEFAULT_COMMAND_SIZE
    width: int = 0

    def can(self, ability: str) -> bool:
        """Whether the model has an ability. KeyError for a name that nobody knows, which is a typing mistake."""
        return BITS[ability] >= 0 and ability in self.abilities


def read_capabilities() -> Procedure[Capabilities]:
    """Ask FCh and F7h; a model without F7h has no abilities that are known."""
    device = yield from ask(DeviceType())
    flags, size, width = 0, DEFAULT_COMMAND_SIZE, 0
    try:
        parameters = yield from ask(ModelParameters())
    except Refused as refusal:
        if refusal.code not in UNKNOWN_HERE:
            raise
    else:
        flags, width = parameters.flags, parameters.width_font_1
        size = parameters.command_length_max or DEFAULT_COMMAND_SIZE
    return Capabilities(
        model=device.name,
        model_code=device.model,
        protocol=(device.protocol, device.subprotocol),
        abilities=frozenset(name for name, bit in BITS.items() if flags >> bit & 1),
        command_size_max=size,
        width=width,
    )
