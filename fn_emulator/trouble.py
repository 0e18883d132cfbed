"""What a planned trouble does to a register that executes a command (`fn_emulator.faults` says which there are)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fn_emulator.faults import Fault, Trouble
from fn_emulator.register.modes import Mode
from fn_emulator.register.refusal import Refusal
from kkt_driver import commands as c

if TYPE_CHECKING:
    from fn_emulator.drive import Answer
    from fn_emulator.emulated import EmulatedRegister

__all__ = ["carry_out"]

Done = tuple[bytes, float] | None

_SILENT, _BUSY, _FAILED = 0x2F, 0x30, 0x03
_ADMINISTRATOR = 30
_FOREIGN_PRICE = 100  # what the second host sells for, kopecks


class _PowerCut(Exception):
    pass


def carry_out(register: EmulatedRegister, trouble: Trouble, body: bytes, now: float) -> Done:
    """Execute one command under `trouble`: its answer and duration, or None when the line hears nothing of it."""
    fault = trouble.fault
    if fault in _INSTEAD:
        return _INSTEAD[fault](register, now)
    if fault in _BEFORE:
        _BEFORE[fault](register, trouble, now)
    try:
        answer, duration_s = register.core.execute(body, now)
    except _PowerCut:
        register.power_cycle(now)
        return None
    finally:
        register.core.watch = _nothing
        register.core.drive = register.drive
    if fault in _AFTER:
        return _AFTER[fault](register, trouble, now, answer, duration_s)
    return answer, duration_s


def _nothing(moment: str) -> None:
    """Nothing goes wrong."""


# --- instead of the command -----------------------------------------------------------------------------------------


def _unheard(register: EmulatedRegister, now: float) -> Done:
    return None


def _cut(register: EmulatedRegister, now: float) -> Done:
    register.hung_up = True
    return None


def _power(register: EmulatedRegister, now: float) -> Done:
    register.power_cycle(now)
    return None


_INSTEAD: dict[Fault, Callable[[EmulatedRegister, float], Done]] = {
    Fault.COMMAND_LOST: _unheard,
    Fault.CUT_BEFORE: _cut,
    Fault.POWER_BEFORE: _power,
}


# --- before the command or within it --------------------------------------------------------------------------------


def _at(moment: str, error: Callable[[], Exception]) -> Callable[[EmulatedRegister, Trouble, float], None]:
    """Around the drive's commit: "forming" or "formed"."""

    def watch(seen: str) -> None:
        if seen == moment:
            raise error()

    def arrange(register: EmulatedRegister, trouble: Trouble, now: float) -> None:
        register.core.watch = watch

    return arrange


class _FailingOnce:
    """A drive that gives no answer to the next thing it is asked."""

    def __init__(self, register: EmulatedRegister, code: int) -> None:
        self._register, self._code = register, code

    def execute(self, code: int, data: bytes, *, timer: float) -> Answer:
        self._register.core.drive = self._register.drive
        raise Refusal(self._code)


def _failing(code: int) -> Callable[[EmulatedRegister, Trouble, float], None]:
    def arrange(register: EmulatedRegister, trouble: Trouble, now: float) -> None:
        register.core.drive = _FailingOnce(register, code)

    return arrange


def _paper_out(register: EmulatedRegister, trouble: Trouble, now: float) -> None:
    register.core.paper_out = True


def _clock_jump(register: EmulatedRegister, trouble: Trouble, now: float) -> None:
    register.core.clock.skew_s += trouble.seconds
    register.core.save_clock()


def _auto_z(register: EmulatedRegister, trouble: Trouble, now: float) -> None:
    if register.core.mode in (Mode.SHIFT_OPEN, Mode.SHIFT_OVER_24_H):
        _do(register, now, c.ZReport(password=_ADMINISTRATOR))


def _second_host(register: EmulatedRegister, trouble: Trouble, now: float) -> None:
    if register.core.mode is Mode.RECEIPT:
        _do(register, now, c.CancelReceipt(password=_ADMINISTRATOR))
    item = c.Operation(operation=1, quantity=1_000_000, price=_FOREIGN_PRICE, rate=8, method=4, subject=1, name="?")
    payments = (_FOREIGN_PRICE, *(0,) * 15)
    _do(register, now, c.OpenReceipt(type=0), item, c.CloseReceipt(payments=payments, tax_system=1))


def _do(register: EmulatedRegister, now: float, *requests: c.Request[Any]) -> None:
    """Commands of somebody else; refused ones change nothing, as for anybody."""
    for request in requests:
        register.core.execute(c.encode_request(request), now)


_BEFORE: dict[Fault, Callable[[EmulatedRegister, Trouble, float], None]] = {
    Fault.POWER_BEFORE_COMMIT: _at("forming", _PowerCut),
    Fault.POWER_AFTER_COMMIT: _at("formed", _PowerCut),
    Fault.DRIVE_SILENT: _at("forming", lambda: Refusal(_SILENT)),
    Fault.DRIVE_SILENT_AFTER_COMMIT: _at("formed", lambda: Refusal(_SILENT)),
    Fault.DRIVE_BUSY: _failing(_BUSY),
    Fault.DRIVE_FAILED: _failing(_FAILED),
    Fault.PAPER_OUT: _paper_out,
    Fault.CLOCK_JUMP: _clock_jump,
    Fault.AUTO_Z: _auto_z,
    Fault.SECOND_HOST: _second_host,
}


# --- after it: the answer on the line -------------------------------------------------------------------------------


def _power_after(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
    register.power_cycle(now)
    return None


def _cut_after(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
    register.hung_up = True
    register.line.lose_answer = True
    return answer, duration_s


def _lose_ack(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
    register.line.lose_ack = True
    return answer, duration_s


def _lose_answer(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
    register.line.lose_answer = True
    return answer, duration_s


def _late(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
    return answer, duration_s + trouble.seconds


def _paper_ends(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
    register.core.paper_out = True
    return answer, duration_s


def _stuck(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
    register.core.printing_until = now + trouble.seconds
    return answer, duration_s


def _to_next_host(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
    def keep(frame: bytes) -> bytes:
        register.unasked = frame
        return b""

    register.hung_up = True
    register.line.spoil = keep
    return answer, 0.0


def _spoiled(how: Callable[[bytes], bytes]) -> Callable[[EmulatedRegister, Trouble, float, bytes, float], Done]:
    def arrange(register: EmulatedRegister, trouble: Trouble, now: float, answer: bytes, duration_s: float) -> Done:
        register.line.spoil = how
        return answer, duration_s

    return arrange


def _damaged(frame: bytes) -> bytes:
    """One bit in the middle: never a length, so that the host reads to the end and finds the check code wrong."""
    at = len(frame) // 2
    return frame[:at] + bytes((frame[at] ^ 0x04,)) + frame[at + 1 :]


_AFTER: dict[Fault, Callable[[EmulatedRegister, Trouble, float, bytes, float], Done]] = {
    Fault.POWER_AFTER: _power_after,
    Fault.CUT_AFTER: _cut_after,
    Fault.ACK_LOST: _lose_ack,
    Fault.ANSWER_LOST: _lose_answer,
    Fault.ANSWER_LATE: _late,
    Fault.ANSWER_AFTER_RECONNECT: _to_next_host,
    Fault.ANSWER_DAMAGED: _spoiled(_damaged),
    Fault.ANSWER_CUT_SHORT: _spoiled(lambda frame: frame[: len(frame) // 2]),
    Fault.ANSWER_TWICE: _spoiled(lambda frame: frame * 2),
    Fault.STRAY_FF: _spoiled(lambda frame: b"\xff" + frame),
    Fault.PAPER_RUNS_OUT: _paper_ends,
    Fault.SUBMODE_STUCK: _stuck,
}
