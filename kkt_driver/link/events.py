"""What both link layers have in common: their events, their patience, and the surface a client drives."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

import msgspec

__all__ = ["Event", "Layer", "Link", "Lost", "Reply", "Stray", "Timing", "answers"]

Layer: TypeAlias = Literal["standard", "alternative"]


class Reply(msgspec.Struct, frozen=True):
    """The answer to our frame."""

    body: bytes

    def __repr__(self) -> str:
        return f"Reply({self.body.hex()})"


class Stray(msgspec.Struct, frozen=True):
    """An answer that nobody waits for; it was taken off the line and belongs into the log.

    `answers` is the body of our own earlier command when it is its lost answer that came so late.
    """

    body: bytes
    answers: bytes | None = None

    def __repr__(self) -> str:
        return f"Stray({self.body.hex()}{'' if self.answers is None else f', answers {self.answers.hex()}'})"


class Lost(msgspec.Struct, frozen=True):
    """The exchange is over without an answer. `sent=False`: it is proved that the register did not execute the
    command. `sent=True`: nobody knows."""

    sent: bool
    why: str


Event: TypeAlias = Reply | Stray | Lost


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """The link's own patience in seconds. How long an answer may take comes with each command."""

    control_s: float = 1.0
    """ACK or NAK after ENQ or a frame: registers need about a byte time-out (50 ms), networks more. Ten tries make
    the ten seconds which the protocol text asks for before the link is given up."""

    byte_s: float = 0.5
    """A frame that began and stopped, or noise where a frame was awaited, counts as damaged after this silence."""

    repeat_s: float = 1.0
    """Alternative layer: how long an answer may be out before the register is asked where it stands."""

    tries: int = 10
    """ENQ without an answer, frames answered NAK, answers that came damaged (protocol text: 10 and 10)."""


ACK_S = 0.03
"""How long the ACK of an answer may wait for the next frame, to go out in one write with it. A register waits for it
about a byte time-out (50 ms) and then keeps its answer for an ENQ."""

PROOF_S = 3.0
"""The answer of a lost command waits ready or does not wait: the proof needs no command deadline."""


class Link(Protocol):
    """One exchange at a time: `send`, write `outgoing`, feed `receive`, call `handle_timeout` at `deadline`."""

    timing: Timing

    @property
    def layer(self) -> Layer: ...
    @property
    def busy(self) -> bool:
        """An exchange is under way."""

    @property
    def doubt(self) -> bool:
        """An exchange of this connection ended Lost(sent=True) and its answer has not come since."""

    @property
    def next_number(self) -> int | None:
        """The frame number the next `send` will carry (alternative layer, when synchronised)."""

    @property
    def deadline(self) -> float | None:
        """When `handle_timeout` wants to be called; None while nothing is awaited."""

    def send(self, body: bytes, *, now: float, timeout_s: float, repeatable: bool = False) -> None:
        """Begin an exchange. A `repeatable` command may be sent again even when it may have been executed."""

    def receive(self, data: bytes, *, now: float) -> list[Event]:
        """Take bytes as they came."""

    def handle_timeout(self, *, now: float) -> list[Event]:
        """Say that it is `now`, and nothing came."""

    def outgoing(self) -> bytes:
        """The bytes to write now; each is given out once."""

    def rest(self, *, now: float) -> bytes:
        """The bytes to write when the exchange is over and no other follows at once."""

    def prove(self, *, now: float, timeout_s: float = PROOF_S) -> None:
        """Ask for the answer of the lost command on this same connection, without the command being executed again.
        Ends with its Reply or with Lost(sent=True)."""

    def hang_up(self, why: str = "the connection is broken") -> Lost | None:
        """The connection is gone: how the exchange under way ended, None when there was none."""

    def fresh(self) -> Link:
        """A link like this one for a new connection, which knows nothing of the old one's exchanges."""


def answers(request: bytes, reply: bytes) -> bool:
    """Whether a reply body can belong to a request: the same command code. FEh commands are answered with FE alone;
    some firmware refuses an FFxx command with FF and the error byte only."""
    first = request[:1]
    if first == b"\xff":
        return reply[:2] == request[:2] or (len(reply) == 2 and reply[:1] == b"\xff")
    return reply[:1] == first
