"""A register that answers as a test writes it: for what no emulated register does, or does not do badly enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from kkt_driver import commands as k
from kkt_driver.effects import Procedure, play
from kkt_driver.errors import Refused
from kkt_driver.intents import Intent
from kkt_driver.procedures.identity import Identity, State

__all__ = ["DRIVE", "IDENTITY", "MOMENT", "SHORT", "STATE", "ByHand", "refused"]

IDENTITY = Identity(model="ШТРИХ-М-01Ф", model_code=250, serial="1", drive="9999078900000001", phase=3, ffd=4)
STATE = State(
    mode=2,
    mode_status=0,
    submode=0,
    operations=0,
    phase=3,
    current_document=0,
    shift_open=True,
    shift=7,
    receipt=4,
    last_document=41,
    drive=IDENTITY.drive,
    warnings=0,
)
DRIVE = k.DriveStatusReply(
    phase=3,
    current_document=4,
    document_data=1,
    shift_open=1,
    warnings=0,
    moment=None,
    drive=IDENTITY.drive,
    last_document=41,
)
SHORT = k.ShortStatusReply(operator=30, flags=0x0292, mode_byte=2, submode=0, operations_low=0, battery=1, power=1)
MOMENT = datetime(2026, 3, 5, 14, 5)

Answer = msgspec.Struct | Exception | Callable[[k.Request[Any]], msgspec.Struct]


class ByHand:
    """Answers by command, as a test writes them; the last one of a list repeats. A named test double of a register."""

    def __init__(self, answers: dict[type[k.Request[Any]], Any]) -> None:
        self._answers = {cls: list(given_) if isinstance(given_, list) else [given_] for cls, given_ in answers.items()}
        self.asked: list[k.Request[Any]] = []
        self.recorded: list[Intent] = []
        self.quiesced: list[str] = []

    def exchange(self, request: k.Request[Any]) -> msgspec.Struct:
        self.asked.append(request)
        waiting = self._answers[type(request)]
        answer: Answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, msgspec.Struct) else answer(request)

    def play(self, procedure: Procedure[Any]) -> Any:
        return play(procedure, self.exchange, self.recorded.append, self.quiesced.append)

    @property
    def codes(self) -> list[str]:
        return [k.command_of(request).hex for request in self.asked]


def refused(code: int, command: str = "") -> Refused:
    return Refused(code, command=command)
