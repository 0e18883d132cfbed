"""What a model can do, read from F7h and FCh."""

from __future__ import annotations

from typing import Any

import pytest

from kkt_driver import commands as k
from kkt_driver.capabilities import BITS, read_capabilities
from kkt_driver.effects import play
from kkt_driver.errors import Refused
from tests.kkt_driver.bench import Bench


def test_of_the_emulated_register() -> None:
    """Its flags in words, the size of a command, the width of a line."""
    can = Bench().run(read_capabilities())
    assert can.can("drive") and can.can("alternative_link")
    assert (can.command_size_max, can.width) == (255, 48)
    with pytest.raises(KeyError):
        can.can("fly")


def test_a_model_without_f7h_has_nothing_known() -> None:
    """37h: an older model; any other refusal is trouble and comes out."""

    def older(request: k.Request[Any]) -> Any:
        if isinstance(request, k.DeviceType):
            return k.DeviceTypeReply(model=250, name="ШТРИХ-М")
        raise Refused(code, command="F7")

    code = 0x37
    assert play(read_capabilities(), older).abilities == frozenset()
    code = 0x4F
    with pytest.raises(Refused):
        play(read_capabilities(), older)
    assert len(set(BITS.values())) == len(BITS)
