"""The daemon's log: one JSON object a line, encoded by msgspec, with nothing in it that is a secret or a buyer's.

`setup` is called once by a command. Libraries of this project log through structlog and do not set it up.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, BinaryIO

import msgspec
import structlog

__all__ = ["redact", "setup"]

SECRETS = frozenset({"password", "password_hash", "authtoken", "token", "auth_token", "secret", "authorization"})
PERSONAL = frozenset({"email", "phone", "buyer_contact", "cashier_name", "cashier_inn", "raw", "body"})
HIDDEN = "…"

_IN_TEXT = re.compile(r"(authtoken=|\"password\"\s*:\s*\")[^&\s\"]+", re.IGNORECASE)
_encoder = msgspec.json.Encoder(enc_hook=repr)


def setup(stream: BinaryIO | None = None, *, level: int = logging.INFO) -> None:
    """Log to `stream`, standard error when there is none."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(serializer=_serialize),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer if stream is None else stream),
        cache_logger_on_first_use=True,
    )


def redact(logger: object, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Passwords, tokens and buyers are hidden, by the name of their field and inside texts."""
    for key, value in event.items():
        if key.lower() in SECRETS or key.lower() in PERSONAL:
            event[key] = HIDDEN
        elif isinstance(value, str) and ("=" in value or '"' in value):
            event[key] = _IN_TEXT.sub(rf"\1{HIDDEN}", value)
    return event


def _serialize(event: Any, **_: Any) -> bytes:
    return _encoder.encode(event)
