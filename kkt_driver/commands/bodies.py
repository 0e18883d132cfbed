"""Frame bodies: a request or a reply with its command code and error byte, and back.

`encode_request` and `decode_reply` are the host's; `decode_request`, `encode_reply` and `refuse` an emulated
register's.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kkt_driver.codec import codec
from kkt_driver.commands.base import R, Request
from kkt_driver.commands.table import COMMANDS, Command, head_of
from kkt_driver.errors import Malformed, Misuse, Refused

__all__ = ["code_of", "command_of", "decode_reply", "decode_request", "encode_reply", "encode_request", "refuse"]

_BY_REQUEST: dict[type[Request[Any]], Command] = {row.request: row for row in COMMANDS.values()}
_LONG_CODES = (b"\xfe", b"\xff")


def command_of(request: Request[Any] | type[Request[Any]]) -> Command:
    """The table row of a request."""
    return _BY_REQUEST[request if isinstance(request, type) else type(request)]


def code_of(body: bytes) -> bytes:
    """The command code at the head of a request's body: one byte, or FFh (FEh) and the sub-code."""
    return body[:2] if body[:1] in _LONG_CODES else body[:1]


def encode_request(request: Request[Any]) -> bytes:
    """Frame body of a request: code and parameters. Misuse when a value does not fit its field."""
    row = _BY_REQUEST[type(request)]
    return row.code + codec(row.request).encode(request)


def decode_request(body: bytes) -> Request[Any]:
    """The typed request of a frame body; Misuse for a code that is not in the table, Malformed for short data."""
    code = code_of(body)
    row = COMMANDS.get(code)
    if row is None:
        raise Misuse(f"command {code.hex().upper()} is not in the table")
    return codec(row.request).decode(body[len(code) :])


def encode_reply(request: Request[Any] | type[Request[Any]], reply: msgspec.Struct) -> bytes:
    """Frame body of a successful answer: code (FEh alone of service commands), 00, data."""
    row = command_of(request)
    return row.head + b"\0" + codec(type(reply)).encode(reply)


def refuse(code: bytes, error: int, data: bytes = b"") -> bytes:
    """Frame body of a refusal: the whole code (FEh alone of service commands), the error byte and what follows it."""
    return head_of(code) + bytes((error,)) + data


def decode_reply(request: Request[R], body: bytes) -> R:
    """The typed answer to `request`.

    Raises Refused with the raw code when the register refused, Malformed when the body is not an answer to this
    command. The short refusal `FF err` of some firmware is understood.
    """
    row = _BY_REQUEST[type(request)]
    head = row.head
    size = len(head)
    if body[:size] != head:
        if size == 2 and len(body) == 2 and body[0] == 0xFF:
            raise Refused(body[1], command=row.hex)
        raise Malformed(f"an answer to {row.hex} was awaited, {code_of(body).hex().upper() or 'nothing'} came")
    if len(body) == size:
        raise Malformed(f"the answer to {row.hex} has no error byte")
    if body[size]:
        raise Refused(body[size], command=row.hex, data=body[size + 1 :])
    return codec(row.reply).decode(body[size + 1 :])  # type: ignore[return-value]  # `reply_of` pairs R with its row
