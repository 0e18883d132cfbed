"""`python -m fn_emulator.serve.beside JSON`: a rack for the program that starts it.

What `fn-emulator rack` offers to people without the words of a command line, which take longer to load than all the
registers take to start. One line of JSON when it is ready; it ends when its standard input does, so with its parent.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from fn_emulator.errors import EmulatorError
from fn_emulator.serve.run import run_rack

__all__ = ["Asked", "main"]

_INTERNET = 1 << 5  # work mode of a registration


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rack that is wanted; port 0 is any. Without `state` nothing of it is kept."""

    count: int
    base_port: int
    operator_port: int
    inn: str
    internet: bool = False
    state: str | None = None


def main() -> None:
    """Serve it. Exit code 1 when it cannot be, with the reason on standard error."""
    try:
        asked = msgspec.json.decode(sys.argv[1], type=Asked)
        run_rack(
            count=asked.count,
            base_port=asked.base_port,
            operator_port=asked.operator_port,
            state=None if asked.state is None else Path(asked.state),
            inn=asked.inn,
            work_mode=_INTERNET if asked.internet else 0,
            until_stdin_closes=True,
        )
    except (EmulatorError, msgspec.DecodeError) as error:
        sys.exit(f"fn-emulator: {error}")


if __name__ == "__main__":
    main()
