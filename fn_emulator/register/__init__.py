"""The executor of an emulated register: command bodies in, answer bodies out."""

from __future__ import annotations

from fn_emulator.register.core import RegisterCore
from fn_emulator.register.model import DESKTOP, Model

__all__ = ["DESKTOP", "Model", "RegisterCore"]
