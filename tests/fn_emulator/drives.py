"""Hands for drive tests: a drive on a memory log, a clock that both sides share, and the usual documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from struct import pack
from typing import Any

from ffd.container import SESSION_KEYS, SESSION_MARKING, SIGNATURE_MARKING, SessionHeader, message
from ffd.tlv import encode, field
from fn_emulator.drive import Answer, Code, Drive, Model
from fn_emulator.key_server import KeyServer
from fn_emulator.marking_system import MarkingSystem, make_code
from fn_emulator.messages import Peer
from fn_emulator.operator import TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage, Storage

NUMBER = "9999078900005488"
INN = b"9900000000  "
REGISTRATION_NUMBER = b"0000000005008570    "
OPERATOR_INN = b"7704211201  "
START = datetime(2026, 11, 23, 10, 0)


def tags(*pairs: tuple[int, Any]) -> bytes:
    """TLVs from tag numbers and Python values."""
    return encode(field(tag, value) for tag, value in pairs)


def nest(tag: int, inside: bytes) -> bytes:
    return pack("<HH", tag, len(inside)) + inside


def item(*extra: tuple[int, Any]) -> bytes:
    usual = ((1030, "Молоко"), (1079, 10000), (1023, 2), (1043, 20000), (1199, 1), (1214, 4), (1212, 1))
    return nest(1059, tags(*usual, *extra))


def dt5(moment: datetime) -> bytes:
    return bytes((moment.year - 2000, moment.month, moment.day, moment.hour, moment.minute))


def sums(total: int) -> bytes:
    return tags((1031, total), (1081, 0), (1215, 0), (1216, 0), (1217, 0), (1102, total // 6))


class Hands:
    """Works a drive as a register does. `go` moves register's clock and drive's timer together."""

    def __init__(
        self,
        storage: Storage | None = None,
        *,
        model: Model | str = "fn-1.2-36",
        ffd: int = 4,
        number: str = NUMBER,
        **options: Any,
    ) -> None:
        self.storage = MemoryStorage() if storage is None else storage
        self.number = number
        self.options: dict[str, Any] = {"number": number, "keys": DEMO_MASTER_KEY, "model": model, **options}
        self.drive = Drive(self.storage, **self.options)
        self.ffd = ffd
        self.now = START
        self.timer = 1000.0
        self.operator = TestOperator(master=DEMO_MASTER_KEY)
        self.marking_system = MarkingSystem(master=DEMO_MASTER_KEY)
        self.key_server = KeyServer(master=DEMO_MASTER_KEY)
        self.asking: Callable[[Peer, bytes], bytes | None] = lambda peer, data: peer.respond(data, now=self.unix)

    def go(self, **span: float) -> None:
        step = timedelta(**span)
        self.now += step
        self.timer += step.total_seconds()

    @property
    def dt(self) -> bytes:
        return dt5(self.now)

    def send(self, code: int, data: bytes = b"") -> Answer:
        return self.drive.execute(code, data, timer=self.timer)

    def code(self, code: int, data: bytes = b"") -> Code:
        return Code(self.send(code, data).error)

    def ok(self, code: int, data: bytes = b"") -> bytes:
        answer = self.send(code, data)
        assert answer.error == 0, f"{code:02X}h answers {answer.error:02X}h {answer.data.hex()}"
        return answer.data

    def restart(self) -> None:
        """Power off and on: a new Drive on the same storage."""
        self.drive = Drive(self.storage, **self.options)

    # Documents

    def register(self, kind: int = 0, *, mode: int = 0, extended: int = 0, tax: int = 63, reason: int = 0) -> bytes:
        self.begin_registration(kind)
        return self.ok(*self.registration(kind, mode=mode, extended=extended, tax=tax, reason=reason))

    def begin_registration(self, kind: int = 0) -> None:
        if self.ffd == 2:
            self.ok(0x02, bytes((kind,)))
        else:
            self.ok(0xA2, bytes((kind, self.ffd)))
        self.ok(0x07, tags((1048, "ООО Ромашка"), (1009, "Москва"), (1187, "Сайт"), (1209, self.ffd)))

    def registration(
        self, kind: int = 0, *, mode: int = 0, extended: int = 0, tax: int = 63, reason: int = 0
    ) -> tuple[int, bytes]:
        """Form command of a registration."""
        common = self.dt + INN + REGISTRATION_NUMBER + bytes((tax, mode))
        if self.ffd == 2:
            return 0x03, common + (bytes((reason or 1,)) if kind else b"")
        return 0xA3, common + bytes((extended,)) + OPERATOR_INN + pack("<I", reason or (4 if kind == 2 else 0))

    def cashier(self) -> bytes:
        return tags((1021, "Кассир"), (1209, self.ffd))

    def open_shift(self) -> bytes:
        self.ok(0x11, self.dt)
        self.ok(0x07, self.cashier())
        return self.ok(0x12)

    def close_shift(self) -> bytes:
        self.ok(0x13, self.dt)
        self.ok(0x07, self.cashier())
        return self.ok(0x14)

    def begin_receipt(self, total: int = 20000, *, begin: int = 0x15) -> None:
        self.ok(begin, self.dt)
        self.ok(0x07, tags((1055, 1), (1021, "Кассир"), (1209, self.ffd)))
        self.ok(0x07, item())
        self.ok(0x07, sums(total))

    def receipt_form(self, total: int = 20000, *, operation: int = 1) -> tuple[int, bytes]:
        return 0x16, self.dt + bytes((operation,)) + total.to_bytes(5, "little")

    def receipt(self, total: int = 20000, *, operation: int = 1, begin: int = 0x15) -> bytes:
        self.begin_receipt(total, begin=begin)
        return self.ok(*self.receipt_form(total, operation=operation))

    def settlements(self) -> bytes:
        self.ok(0x18, self.dt)
        self.ok(0x07, tags((1209, self.ffd)))
        return self.ok(0x19)

    def close_drive(self) -> bytes:
        self.ok(0x04)
        self.ok(0x07, self.cashier())
        return self.ok(0x05, self.dt + REGISTRATION_NUMBER)

    # Operator

    def read_message(self) -> bytes:
        """Up to the state of waiting for a ticket."""
        self.ok(0x21, b"\x01")
        size = int.from_bytes(self.ok(0x22), "little")
        container = b""
        while len(container) < size:
            container += self.ok(0x23, pack("<HH", len(container), 1000))
        self.ok(0x25)
        return container

    def ticket(self, container: bytes) -> bytes:
        answer = self.operator.respond(message(container, drive=self.number, version=self.version), now=self.unix)
        assert answer is not None, self.operator.problems
        return answer[30:]

    @property
    def version(self) -> bytes:
        return {2: b"\x01\x05", 3: b"\x01\x10", 4: b"\x01\x20"}[self.ffd]

    @property
    def unix(self) -> float:
        return (self.now - datetime(1970, 1, 1)).total_seconds()

    def deliver(self) -> int:
        """Sends one document; the operator's code."""
        return self.ok(0x26, self.ticket(self.read_message()))[0]

    def deliver_all(self) -> int:
        count = 0
        while self.drive.queue_length:
            assert self.deliver() == 0
            count += 1
        return count

    # Marking

    def asked(self, peer: Peer, container: bytes, session: bytes) -> bytes:
        """The container with which a marking system or key server answers."""
        header = SessionHeader(
            drive=self.number,
            size=len(container),
            version=b"\0\1",
            signature=SIGNATURE_MARKING,
            session=session,
        )
        answer = self.asking(peer, header.encode() + container)
        assert answer is not None, peer.problems
        return answer[30:]

    def update_keys(self) -> int:
        """D0h and D1h until the table is whole; how many rounds it took."""
        for rounds in range(1, 100):
            answer = self.asked(self.key_server, self.ok(0xD0, self.dt), SESSION_KEYS)
            if (code := self.code(0xD1, answer)) is not Code.KEY_UPDATE_REPEAT:
                assert code is Code.OK
                return rounds
        raise AssertionError("the key update does not end")

    def check(self, code: str, kind: int = 4) -> bytes:
        """B1h."""
        raw = code.encode("cp866")
        return self.ok(0xB1, bytes((kind, len(raw))) + raw)

    def request(self, planned: int = 1, *more: tuple[int, Any]) -> bytes:
        """B5h: the container for the marking system."""
        return self.ok(0xB5, self.dt + tags((2003, planned), (2102, 0), *more))

    def ask_marking_system(self, planned: int = 1, *more: tuple[int, Any]) -> bytes:
        """B5h, the marking system, B6h."""
        return self.ok(0xB6, self.asked(self.marking_system, self.request(planned, *more), SESSION_MARKING))

    def checked(self, code: str, kind: int = 4, planned: int = 1) -> int:
        """A whole check, saved: tag 2106."""
        self.check(code, kind)
        if not self.drive.state.mode & 2:
            self.ask_marking_system(planned)
        return self.ok(0xB2, b"\1")[0]

    def notice(self, *codes: str, status: int = 1, operation_type: int = 1) -> None:
        """B7h: a notification about these codes for the open receipt."""
        self.ok(0xB7, b"\1" + tags((1055, 1), (2116, operation_type)))
        for code in codes:
            self.ok(0xB7, b"\2" + marked_item(code, status))
        self.ok(0xB7, b"\3")

    def marked_receipt(self, *codes: str) -> bytes:
        self.begin_receipt()
        self.notice(*codes)
        return self.ok(*self.receipt_form())

    def read_notice(self) -> bytes:
        """BBh, BCh, BEh: up to the state of waiting for a receipt."""
        size = int.from_bytes(self.ok(0xBB), "little")
        container = b""
        while len(container) < size:
            container += self.ok(0xBC, pack("<HH", len(container), 1000))
        self.ok(0xBE)
        return container

    def deliver_notice(self) -> bytes:
        return self.ok(0xBF, self.asked(self.marking_system, self.read_notice(), SESSION_MARKING))


def marked_item(code: str, status: int = 1, more: bytes = b"") -> bytes:
    """Tag 2007 as a register sends it."""
    own = tags((2000, code), (2110, status), (1214, 4), (1030, "Вода"), (1079, 10000), (1043, 10000), (1199, 6))
    return nest(2007, own + more)


def good_code(serial: str = "JgXJ5.T", **options: Any) -> str:
    return make_code(DEMO_MASTER_KEY, "04600439931256", serial, **options)


MARKING = 16
AUTONOMOUS = 2


def registered(*, mode: int = 0, extended: int = 0, **options: Any) -> Hands:
    hands = Hands(**options)
    hands.register(mode=mode, extended=extended)
    return hands


def with_shift(*, mode: int = 0, extended: int = 0, **options: Any) -> Hands:
    hands = registered(mode=mode, extended=extended, **options)
    hands.open_shift()
    return hands


def with_marking(*, mode: int = 0, **options: Any) -> Hands:
    """Registered for marked goods, keys up to date, shift open."""
    hands = registered(mode=mode, extended=MARKING, **options)
    hands.update_keys()
    hands.open_shift()
    return hands
