"""A place in bytes that cannot leave its box.

`with cursor.within("item", size):` narrows the end, insists that the part is consumed exactly and puts its
name into every error raised inside: `receipt/item[2]/name: 3 bytes left over`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ffd.errors import DecodeError

__all__ = ["Cursor"]


class Cursor:
    """Reads `data` from the start; never beyond the end of the innermost `within`."""

    __slots__ = ("_data", "_end", "_names", "_position")

    def __init__(self, data: bytes, *, path: str = "") -> None:
        self._data = data
        self._position = 0
        self._end = len(data)
        self._names = [path] if path else []

    @property
    def path(self) -> str:
        """Where we are, outermost name first."""
        return "/".join(self._names)

    @property
    def at_end(self) -> bool:
        """Whether the current box is used up."""
        return self._position >= self._end

    @property
    def left(self) -> int:
        """Bytes still unread in the current box."""
        return self._end - self._position

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > self.left:
            raise self.error(f"{count} bytes expected, {self.left} left")
        start = self._position
        self._position += count
        return self._data[start : self._position]

    def number(self, count: int) -> int:
        """The next `count` bytes as an unsigned little endian number."""
        return int.from_bytes(self.take(count), "little")

    def big(self, count: int) -> int:
        """The next `count` bytes as an unsigned big endian number."""
        return int.from_bytes(self.take(count), "big")

    def rest(self) -> bytes:
        """Everything left in the current box."""
        return self.take(self.left)

    @contextmanager
    def within(self, name: str, size: int) -> Iterator[None]:
        """Narrow to the next `size` bytes, called `name`; they must be consumed exactly."""
        if size > self.left:
            raise self.error(f"{name} claims {size} bytes, {self.left} left")
        outer = self._end
        self._end = self._position + size
        self._names.append(name)
        try:
            yield
            if self.left:
                raise self.error(f"{self.left} bytes left over")
        finally:
            self._names.pop()
            self._end = outer

    def error(self, message: str) -> DecodeError:
        """A DecodeError that names this place."""
        return DecodeError(message, path=self.path)
