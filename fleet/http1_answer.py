"""One HTTP/1.1 answer as bytes: its head, and the body in the framing that the client understands. No I/O.

What a client sends is read by h11; what we send is our own application's, so little is left to check: that no line
breaks in a head, and that a body is as long as was told.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Answer", "BadAnswer"]

_BODILESS = frozenset({204, 304})


class BadAnswer(Exception):
    """The application's mistake: nothing more can be sent on this connection."""


class Answer:
    """An answer to a request of `method`. `last`: the connection ends after it, as it always does with HTTP/1.0."""

    def __init__(self, method: bytes = b"GET", *, version: bytes = b"1.1", last: bool = False) -> None:
        self.last = last or version < b"1.1"
        """May be set until the head is made."""
        self.begun = self.ended = False
        self._method = method
        self._chunks = version >= b"1.1"
        self._left: int | None = None
        """Bytes of the body that are still to come; None when nobody told."""

    def head(self, status: int, headers: Iterable[tuple[bytes, bytes]], date: bytes) -> bytes:
        """The head; names as they are given, in small letters."""
        lines = [b"HTTP/1.1 %d " % status]
        for name, value in headers:
            lines.append(b"%s: %s" % (name, value))
            if name == b"content-length":
                self._left = int(value)
        lines.append(b"date: " + date)
        if status in _BODILESS:
            self._left = 0
        elif self._left is None and self._chunks:
            lines.append(b"Transfer-Encoding: chunked")
        if self.last:
            lines.append(b"Connection: close")
        head = b"\r\n".join(lines)
        if self.begun or head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
            raise BadAnswer("a second head, or a header with a line break in it")
        self.begun = True
        return head + b"\r\n\r\n"

    def body(self, data: bytes, *, more: bool) -> bytes:
        """The next of the body; that of an answer to HEAD is left out."""
        if not self.begun or self.ended:
            raise BadAnswer("a body without a head, or after its end")
        if self._method == b"HEAD":
            self.ended = not more
            return b""
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0 or (self._left and not more):
                raise BadAnswer("the body is not as long as its head says")
        elif self._chunks:
            data = (b"%x\r\n%s\r\n" % (len(data), data) if data else b"") + (b"" if more else b"0\r\n\r\n")
        self.ended = not more
        return data
