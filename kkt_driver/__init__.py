"""How a host talks to a fiscal cash register: frames, link, commands, procedures, recovery.

A pure core; only `transport`, `client` and `blocking` wait for anything. A table of contents; every name is loaded
when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_CONTENTS = {
    # errors
    "DriverError": "errors",
    "Misuse": "errors",
    "Malformed": "errors",
    "Refused": "errors",
    "WrongDevice": "errors",
    "LineLost": "errors",
    "NotSent": "errors",
    "AnswerLost": "errors",
    "OutcomeUnknown": "errors",
    "StoreDamaged": "errors",
    "Undecided": "errors",
    "REFUSALS": "refusals",
    "Refusal": "refusals",
    # a register
    "Register": "client",
    "Capabilities": "capabilities",
    "Courier": "courier",
    "Dialer": "dialing",
    "Expected": "dialing",
    "detect": "dialing",
    "open_tcp": "transport",
    "open_serial": "transport",
    "parse_address": "transport",
    # what procedures ask for, and the durable note
    "Exchange": "effects",
    "Pause": "effects",
    "Procedure": "effects",
    "Quiesce": "effects",
    "Record": "effects",
    "ask": "effects",
    "play": "effects",
    "FileIntentStore": "intents",
    "Fingerprint": "intents",
    "Intent": "intents",
    "IntentStore": "intents",
    # commands
    "COMMANDS": "commands",
    "Command": "commands",
    "Kind": "commands",
    "Request": "commands",
    # the link, for those who bring their own line
    "AlternativeLink": "link",
    "StandardLink": "link",
}

__all__ = list(_CONTENTS)

if TYPE_CHECKING:
    from kkt_driver.capabilities import Capabilities as Capabilities
    from kkt_driver.client import Register as Register
    from kkt_driver.commands import COMMANDS as COMMANDS
    from kkt_driver.commands import Command as Command
    from kkt_driver.commands import Kind as Kind
    from kkt_driver.commands import Request as Request
    from kkt_driver.courier import Courier as Courier
    from kkt_driver.dialing import Dialer as Dialer
    from kkt_driver.dialing import Expected as Expected
    from kkt_driver.dialing import detect as detect
    from kkt_driver.effects import Exchange as Exchange
    from kkt_driver.effects import Pause as Pause
    from kkt_driver.effects import Procedure as Procedure
    from kkt_driver.effects import Quiesce as Quiesce
    from kkt_driver.effects import Record as Record
    from kkt_driver.effects import ask as ask
    from kkt_driver.effects import play as play
    from kkt_driver.errors import AnswerLost as AnswerLost
    from kkt_driver.errors import DriverError as DriverError
    from kkt_driver.errors import LineLost as LineLost
    from kkt_driver.errors import Malformed as Malformed
    from kkt_driver.errors import Misuse as Misuse
    from kkt_driver.errors import NotSent as NotSent
    from kkt_driver.errors import OutcomeUnknown as OutcomeUnknown
    from kkt_driver.errors import Refused as Refused
    from kkt_driver.errors import StoreDamaged as StoreDamaged
    from kkt_driver.errors import Undecided as Undecided
    from kkt_driver.errors import WrongDevice as WrongDevice
    from kkt_driver.intents import FileIntentStore as FileIntentStore
    from kkt_driver.intents import Fingerprint as Fingerprint
    from kkt_driver.intents import Intent as Intent
    from kkt_driver.intents import IntentStore as IntentStore
    from kkt_driver.link import AlternativeLink as AlternativeLink
    from kkt_driver.link import StandardLink as StandardLink
    from kkt_driver.refusals import REFUSALS as REFUSALS
    from kkt_driver.refusals import Refusal as Refusal
    from kkt_driver.transport import open_serial as open_serial
    from kkt_driver.transport import open_tcp as open_tcp
    from kkt_driver.transport import parse_address as parse_address


def __getattr__(name: str) -> Any:
    if name not in _CONTENTS:
        raise AttributeError(f"module 'kkt_driver' has no attribute {name!r}")
    value = getattr(import_module(f"kkt_driver.{_CONTENTS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_CONTENTS})
