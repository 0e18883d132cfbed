"""A host that does one thing at a time and says exactly what went wrong: the hands of the scenarios."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from kkt_driver import commands as c
from kkt_driver.errors import Refused
from kkt_driver.frames import AlternativeReader, AltFrame, encode_alt, encode_frame, lrc
from tests.conformance.lines import Line

__all__ = ["ACK", "ENQ", "NAK", "Host"]

R = TypeVar("R", bound=msgspec.Struct)

ENQ, STX, ACK, NAK = b"\x05", b"\x02", b"\x06", b"\x15"
CONTROL_S = 3.0
ANSWER_S = 130.0  # a shift opening may fetch marking keys first
QUIET_S = 1.0
"""So long nothing is said where nothing is to be said; twice the longest byte timeout that 14h can set by default."""


class Host:
    """The standard layer, with the alternative one where a scenario asks for it."""

    def __init__(self, line: Line) -> None:
        self.line = line

    # --- standard layer ---------------------------------------------------------------------------------------------

    def control(self) -> bytes:
        """One control byte; FFh before it is what registers on TCP let slip in."""
        byte = self.line.read(1, CONTROL_S)
        while byte == b"\xff":
            byte = self.line.read(1, CONTROL_S)
        return byte

    def quiet(self) -> None:
        """Nothing comes, a stray FFh apart."""
        said = self.line.read(64, QUIET_S)
        assert said.strip(b"\xff") == b"", f"nothing was to be said, but {said.hex(' ')} came"

    def idle(self) -> None:
        """ENQ until the register has nothing to deliver; old answers are taken and forgotten."""
        for _ in range(5):
            self.line.send(ENQ)
            if (control := self.control()) == NAK:
                return
            assert control == ACK, f"ENQ was answered {control.hex() or 'by silence'}"
            self.frame()
            self.line.send(ACK)
        raise AssertionError("the register never comes to rest")

    def frame(self) -> bytes:
        """The body of a whole frame with a sound LRC."""
        byte = self.line.read(1, ANSWER_S)
        while byte == b"\xff":
            byte = self.line.read(1, ANSWER_S)
        assert byte == STX, f"STX was awaited, {byte.hex() or 'nothing'} came"
        size = self.line.read(1, CONTROL_S)
        assert size, "the frame ends behind STX"
        body = self.line.read(size[0] + 1, CONTROL_S)
        assert len(body) == size[0] + 1, f"a frame of {size[0]} bytes ends after {len(body)}"
        assert lrc(size + body[:-1]) == body[-1], f"LRC {body[-1]:02X} of {body[:-1].hex(' ')} is wrong"
        return body[:-1]

    def exchange(self, body: bytes) -> bytes:
        """One command as its bytes: ENQ, frame, answer, ACK."""
        self.idle()
        self.line.send(encode_frame(body))
        control = self.control()
        assert control == ACK, f"the frame was answered {control.hex() or 'by silence'}"
        answer = self.frame()
        self.line.send(ACK)
        return answer

    def ask(self, request: c.Request[R]) -> R:
        """One command; a refusal fails the scenario with its code. Printing is waited out."""
        for _ in range(120):
            try:
                return self._asked(request)
            except Refused as refusal:
                if refusal.code not in (0x50, 0x4B):
                    raise AssertionError(f"{type(request).__name__} was refused: {refusal.code:02X}h") from None
                self.line.pause(0.5)
        raise AssertionError("the register never ends printing")

    def _asked(self, request: c.Request[R]) -> R:
        reply: R = c.decode_reply(request, self.exchange(c.encode_request(request)))
        return reply

    def refused(self, request: c.Request[Any]) -> int:
        """The code with which a command is refused."""
        for _ in range(120):
            try:
                reply = self._asked(request)
            except Refused as refusal:
                if refusal.code != 0x50:
                    return refusal.code
                self.line.pause(0.5)
            else:
                raise AssertionError(f"{type(request).__name__} was to be refused: {reply}")
        raise AssertionError("the register never ends printing")

    # --- alternative layer ------------------------------------------------------------------------------------------

    def alternative(self, frame: bytes) -> AltFrame | None:
        """Send one frame, give the next one; None for silence."""
        self.line.send(frame)
        reader = AlternativeReader()
        while byte := self.line.read(1, CONTROL_S):
            found = reader.feed(byte)
            if found:
                return found[0]
        return None

    def synchronised(self) -> int | None:
        """The number to go on with; None when the register has no alternative layer now."""
        answer = self.alternative(encode_alt(None))
        return None if answer is None else ((answer.number or 0) + 1) % 0x10000

    # --- what scenarios stand on ------------------------------------------------------------------------------------

    def at_rest(self) -> None:
        """Back to where the next scenario can begin: no pending answer, no document being read, no open receipt."""
        self.line.reopen()
        self.idle()
        status = self.ask(c.ShortStatus())
        if status.mode == 1:
            self.drain()
        if status.mode == 8:
            self.ask(c.CancelReceipt(password=30))

    def drain(self) -> list[bytes]:
        """Pieces of the document that FF3Ah has begun, to its end."""
        pieces: list[bytes] = []
        for _ in range(1000):
            answer = self.exchange(c.encode_request(c.ReadDocument()))
            if answer[2] == 0x08 or len(answer) == 3:
                return pieces
            assert answer[2] == 0, f"FF3Bh was refused: {answer[2]:02X}h"
            pieces.append(answer[3:])
        raise AssertionError("the document has no end")
