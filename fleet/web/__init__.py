"""The HTTP doors of the fleet: the Ferma façade, the page, metrics. They call only `fleet.usecases`.

A table of contents; each name is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.web.app import build_app as build_app
    from fleet.web.keys import Keys as Keys
    from fleet.web.keys import load_local_key as load_local_key
    from fleet.web.tokens import Token as Token
    from fleet.web.tokens import Tokens as Tokens
    from fleet.web.tokens import load_secret as load_secret

__all__ = ["Keys", "build_app", "load_local_key", "Tokens", "Token", "load_secret"]

_HOME_OF = {
    "build_app": "fleet.web.app",
    "Keys": "fleet.web.keys",
    "load_local_key": "fleet.web.keys",
    "Tokens": "fleet.web.tokens",
    "Token": "fleet.web.tokens",
    "load_secret": "fleet.web.tokens",
}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'fleet.web' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)
