"""The executor of an emulated register: command bodies in, answer bodies out."""

from __future__ import annotations

from fn_emulator.register.core import RegisterCore
from fn_emulator.register.model import DESKTOP, MODELS, Model

__all__ = ["DESKTOP", "MODELS", "Model", "RegisterCore"]
