"""One register as a whole: frames, trouble on the line, power cuts at every write, the operator's messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fn_emulator.drive import Drive
from fn_emulator.emulated import EmulatedRegister, drive_number, registered, serial_number
from fn_emulator.errors import Misuse
from fn_emulator.faults import Fault, FaultPlan
from fn_emulator.line import BODY_MAX, DEFERRED_MAX
from fn_emulator.operator import TestOperator
from fn_emulator.register import DESKTOP
from fn_emulator.register.paper import GRAPHIC_LINES_MAX
from fn_emulator.register.tape import TAPE_LINES_MAX
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import MemoryStorage
from kkt_driver import commands as c
from kkt_driver.errors import Refused
from kkt_driver.frames import encode_alt, encode_frame
from tests.fn_emulator.desk import START, Desk, carry, closing, item, sell

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"


def framed(request: c.Request[Any]) -> bytes:
    return encode_frame(c.encode_request(request))


def reply(request: c.Request[Any], said: bytes) -> Any:
    """The reply in `ACK frame`."""
    assert said[:1] == ACK
    return c.decode_reply(request, said[3:-1])


def ready_to_close(desk: Desk) -> None:
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())


def test_numbers_of_a_rack() -> None:
    """Numbers follow from the place in the rack, and a debug drive is known by its first digits."""
    register = registered(7, now=START)
    assert (register.serial, register.drive.number) == ("0099078900000007", "9999078900000007")
    assert (serial_number(7), drive_number(7)) == (register.serial, register.drive.number)
    status = register.ask(c.DriveStatus(), START)
    assert (status.phase, status.last_document) == (3, 1)
    with pytest.raises(Misuse):
        registered(0, now=START)


def test_a_command_through_the_line() -> None:
    """ENQ, a frame, the answer, its confirmation: with a service time the answer comes when it is due."""
    register = registered(1, now=START, durations={"E0": 12.0})
    register.connected(START)
    assert register.receive(ENQ, START) == NAK
    assert register.receive(framed(c.OpenShift()), START) == ACK
    assert register.deadline == START + 12
    assert register.receive(ENQ, START + 5) == ACK
    assert register.handle_timeout(START + 12) == encode_frame(b"\xe0\0\x1e")
    assert register.receive(ACK, START + 12) == b""
    assert register.deadline is None


def test_lost_answer_is_fetched_by_enq() -> None:
    """FF45h was executed and its answer lost: ENQ brings it, on the next connection too, and nothing is done twice."""
    desk = Desk(shift=True)
    ready_to_close(desk)
    register = desk.register
    register.faults = FaultPlan({"FF45": [Fault.ANSWER_LOST, Fault.CUT_AFTER]})
    assert register.receive(framed(closing()), desk.now) == ACK
    again = register.receive(ENQ, desk.now)
    assert reply(closing(), again).document == 3
    register.receive(ACK, desk.now)
    ready_to_close(desk)
    assert register.receive(framed(closing()), desk.now) == b""
    assert register.hung_up
    register.disconnected(desk.now)
    register.connected(desk.now)
    assert reply(closing(), register.receive(ENQ, desk.now)).document == 4
    assert desk.last_document == 4


def test_lost_answer_is_fetched_by_its_number() -> None:
    """The alternative layer: the same number again brings the stored answer."""
    desk = Desk(shift=True)
    ready_to_close(desk)
    register = desk.register
    register.faults = FaultPlan({"FF45": [Fault.ANSWER_LOST]})
    frame = encode_alt(9, c.encode_request(closing()))
    assert register.receive(frame, desk.now) == b""
    stored = register.receive(frame, desk.now)
    assert stored == register.receive(encode_alt(None), desk.now)
    assert desk.last_document == 3


@pytest.mark.parametrize("fault", [Fault.COMMAND_LOST, Fault.CUT_BEFORE, Fault.POWER_BEFORE, Fault.POWER_BEFORE_COMMIT])
def test_nothing_was_registered(fault: Fault) -> None:
    """Whatever stops the command before the drive's commit leaves no document behind."""
    desk = Desk(shift=True)
    ready_to_close(desk)
    desk.register.faults = FaultPlan({"FF45": [fault]})
    assert desk.register.receive(framed(closing()), desk.now) == b""
    assert desk.register.hung_up is (fault is not Fault.COMMAND_LOST)
    desk.register.connected(desk.now)
    assert desk.register.receive(ENQ, desk.now) == NAK
    assert desk.last_document == 2
    lost_power = fault in (Fault.POWER_BEFORE, Fault.POWER_BEFORE_COMMIT)
    assert desk.mode == (2 if lost_power else 8)
    assert desk.ask(c.DriveStatus()).current_document == (0 if lost_power else 4)


@pytest.mark.parametrize("killed", [False, True], ids=["power cut", "process killed"])
def test_power_lost_between_the_two_commits(killed: bool) -> None:
    """The drive has the document, the register does not know: mode 8 with its count and total, and 88h ends it."""
    desk = Desk(shift=True)
    sell(desk)
    ready_to_close(desk)
    desk.ask(item(name="Второй"))
    desk.register.faults = FaultPlan({"FF45": [Fault.POWER_AFTER_COMMIT]})
    assert desk.register.receive(framed(closing(35800)), desk.now) == b""
    if killed:
        desk.restart()
    status = desk.ask(c.ShortStatus())
    assert (status.mode, status.mode_status, status.operations) == (8, 0, 2)
    assert desk.ask(c.Subtotal()).total == 35800
    drive = desk.ask(c.DriveStatus())
    assert (drive.current_document, drive.last_document) == (0, 4)
    found = desk.ask(c.FindDocument(document=4))
    assert (found.type, found.total) == (3, 35800)
    desk.ask(c.CancelReceipt())
    assert (desk.mode, desk.last_document) == (2, 4)
    desk.restart()
    assert (desk.mode, desk.last_document) == (2, 4)
    assert sell(desk).document == 5


def test_sending_the_close_again_makes_a_second_document() -> None:
    """Mode 8 after the drive's commit is a trap, here as in hardware: whoever closes again registers twice."""
    desk = Desk(shift=True)
    ready_to_close(desk)
    desk.register.faults = FaultPlan({"FF45": [Fault.POWER_AFTER_COMMIT]})
    desk.register.receive(framed(closing()), desk.now)
    assert desk.mode == 8
    assert desk.ask(closing()).document == 4


def test_firmware_that_cancels_after_the_commit() -> None:
    """Other firmware finds its receipt gone: mode 2, and only the drive tells that it was registered."""
    model = replace(DESKTOP, stays_open_after_commit=False)
    desk = Desk(shift=True, model=model)
    ready_to_close(desk)
    desk.register.faults = FaultPlan({"FF45": [Fault.POWER_AFTER_COMMIT]})
    desk.register.receive(framed(closing()), desk.now)
    assert (desk.mode, desk.last_document) == (2, 3)


def test_firmware_that_keeps_the_receipt() -> None:
    """A receipt kept over a power cut is begun again in the drive when it is closed."""
    model = replace(DESKTOP, keeps_receipt=True)
    desk = Desk(shift=True, model=model)
    ready_to_close(desk)
    desk.register.power_cycle(desk.now)
    assert desk.mode == 8
    assert desk.ask(c.DriveStatus()).current_document == 0
    number = desk.ask(closing()).document
    assert number == 3
    assert [field.tag for field in desk.document(number)].count(1059) == 1


@pytest.mark.parametrize("fault", [Fault.DRIVE_SILENT, Fault.DRIVE_SILENT_AFTER_COMMIT])
def test_a_failed_close_is_no_proof(fault: Fault) -> None:
    """2Fh may come before or after the drive's commit: only FF01h tells which."""
    desk = Desk(shift=True)
    ready_to_close(desk)
    desk.register.faults = FaultPlan({"FF45": [fault]})
    said = desk.register.receive(framed(closing()), desk.now)
    with pytest.raises(Refused) as refusal:
        reply(closing(), said)
    assert refusal.value.code == 0x2F
    assert desk.mode == 8
    assert desk.last_document == (3 if fault is Fault.DRIVE_SILENT_AFTER_COMMIT else 2)
    desk.ask(c.CancelReceipt())
    assert desk.mode == 2
    assert sell(desk).document == (4 if fault is Fault.DRIVE_SILENT_AFTER_COMMIT else 3)


@pytest.mark.parametrize("request_code", ["E0", "41", "FF38"])
@pytest.mark.parametrize(
    "fault", [Fault.POWER_BEFORE_COMMIT, Fault.POWER_AFTER_COMMIT, Fault.DRIVE_SILENT_AFTER_COMMIT]
)
def test_reports_and_power(request_code: str, fault: Fault) -> None:
    """A report cut by the power or not heard by the register is there whole or not at all, and the mode says which."""
    desk = Desk(shift=request_code == "41")
    requests: dict[str, c.Request[Any]] = {"E0": c.OpenShift(), "41": c.ZReport(), "FF38": c.SettlementReport()}
    request = requests[request_code]
    before, mode = desk.last_document, desk.mode
    desk.register.faults = FaultPlan({request_code: [fault]})
    assert len(desk.register.receive(framed(request), desk.now)) <= 7
    done = fault is not Fault.POWER_BEFORE_COMMIT
    assert desk.last_document == before + done
    assert desk.mode == ({"E0": 2, "41": 4, "FF38": 4}[request_code] if done else mode)
    if request_code == "E0" and done:
        desk.now += 86_400
        assert desk.mode == 3, "the time of the opening was found in the drive"


class _Cut(Exception):  # the power goes
    pass


class _Dying(MemoryStorage):
    """A test double: a log whose power goes at the n-th write from now, after some bytes of it."""

    def __init__(self, image: bytes, fuse: list[int], kept: int) -> None:
        super().__init__(image)
        self._fuse, self._kept = fuse, kept

    def append(self, record: bytes) -> int:
        self._fuse[0] -= 1
        if self._fuse[0] == 0:
            before = len(self._bytes)
            super().append(record)
            del self._bytes[before + self._kept :]
            raise _Cut
        return super().append(record)


def day(desk: Desk) -> Iterator[c.Request[Any]]:
    """A short day of commands."""
    yield c.OpenShift()
    for _ in range(2):
        yield c.OpenReceipt(type=0)
        yield item()
        yield closing()
    yield c.CashIn(amount=100)
    yield c.WriteTable(table=2, row=1, field=2, value=b"NEW")
    yield c.ZReport()


@pytest.mark.parametrize("kept", [0, 1, 9, 40])
def test_power_cut_at_every_write(kept: int) -> None:
    """Wherever a write is torn, the next start finds sound logs, an FD sequence without gaps, and goes on working."""
    whole = Desk()
    images = whole.drive_storage.image, whole.storage.image
    for at in range(1, 30):
        fuse = [at]
        drive_storage, storage = _Dying(images[0], fuse, kept), _Dying(images[1], fuse, kept)
        desk = Desk.__new__(Desk)
        desk.now, desk.options = START + 60, {}
        desk.drive_storage, desk.storage = drive_storage, storage
        desk.register = registered(1, now=desk.now, drive_storage=drive_storage, storage=storage)
        try:
            for request in day(desk):
                desk.ask(request)
        except _Cut:
            pass
        else:
            assert at > 8, "a day writes at least once per document and per change"
            return
        desk.restart()
        numbers = [desk.ask(c.FindDocument(document=number)).document for number in range(1, desk.last_document + 1)]
        assert numbers == list(range(1, len(numbers) + 1))
        if desk.mode == 8:
            desk.ask(c.CancelReceipt())
        if desk.mode == 4:
            desk.ask(c.OpenShift())
        assert sell(desk).document == desk.last_document
        desk.restart()
        assert desk.mode == 2
    pytest.fail("the day never came to its end")


def test_counters_survive() -> None:
    """Money, counts and the through number are the same after the process was killed."""
    desk = Desk(shift=True)
    for _ in range(3):
        sell(desk)
    desk.ask(c.CashIn(amount=5))
    numbers = (121, 193, 241, 242)
    before = [desk.ask(c.MoneyRegister(low=number)).value for number in numbers]
    through = desk.ask(c.FullStatus()).through_number
    desk.restart()
    assert [desk.ask(c.MoneyRegister(low=number)).value for number in numbers] == before
    assert desk.ask(c.FullStatus()).through_number == through
    assert before == [3 * 17900, 3 * 17900, 3 * 17900 + 5, 5]


def test_little_is_written_per_receipt() -> None:
    """One short record per receipt, and the start reads a bounded number of them."""
    desk = Desk(shift=True)
    sell(desk)
    sizes = []
    for _ in range(600):
        before = len(desk.storage.image)
        sell(desk)
        sizes.append(len(desk.storage.image) - before)
    assert sorted(sizes)[len(sizes) // 2] < 120
    assert sum(size > 500 for size in sizes) <= 2, "a whole picture is rare"
    records = sum(1 for _ in desk.storage.scan())
    assert records > 600
    desk.restart()
    assert desk.register.core._log._since_picture < 510
    assert desk.ask(c.MoneyRegister(low=193)).value == 601 * 17900


def test_messages_for_the_operator() -> None:
    """FF30h to FF33h bring document after document to the operator, and each gets its ticket."""
    desk = Desk(shift=True)
    operator = TestOperator(master=DEMO_MASTER_KEY)
    sell(desk)
    assert desk.ask(c.Unconfirmed()).count == 3
    assert desk.refused(c.OperatorTicket(document=1)) == 0x08
    sizes = []
    while size := carry(desk, operator):
        sizes.append(size)
    assert len(sizes) == 3
    assert desk.ask(c.Unconfirmed()).count == 0
    assert [desk.ask(c.FindDocument(document=number)).ticket for number in (1, 2, 3)] == [1, 1, 1]
    assert desk.ask(c.OperatorTicket(document=3)).document == 3
    assert desk.ask(c.ExchangeStatus()).queue == 0


def test_a_message_without_an_answer_is_offered_again() -> None:
    """Until a ticket is accepted FF30h offers the same message, over a power cut too and while receipts go on."""
    desk = Desk(shift=True)
    operator = TestOperator(master=DEMO_MASTER_KEY)
    first = carry(desk, operator, back=False)
    assert carry(desk, operator, back=False) == first
    sell(desk)
    desk.register.power_cycle(desk.now)
    assert carry(desk, operator) == first
    assert desk.ask(c.FindDocument(document=1)).ticket == 1


def test_a_bad_answer_of_the_operator() -> None:
    """An answer that is no ticket for this document is refused with 20h, and the message stays first."""
    desk = Desk(shift=True)
    waiting = desk.ask(c.OutgoingMessage())
    head = desk.ask(c.ReadMessage(offset=0, count=30)).data
    bad = head[:24] + (40).to_bytes(2, "little") + head[26:] + bytes(40)
    desk.ask(c.BeginAnswer(size=len(bad)))
    assert desk.refused(c.WriteAnswer(offset=0, count=70, data=bad)) == 0x20
    desk.ask(c.BeginAnswer(size=70))
    assert desk.refused(c.WriteAnswer(offset=0, count=70, data=bytes(70))) == 0x33
    assert desk.ask(c.OutgoingMessage()).size == waiting.size
    assert desk.refused(c.ReadMessage(offset=waiting.size, count=1)) == 0x33
    assert desk.refused(c.BeginAnswer(size=30)) == 0x33


def test_a_register_that_talks_itself_gives_the_host_nothing() -> None:
    """Table 21 field 2 = 1: the buffer of the host is empty, FF39h still shows the queue."""
    desk = Desk(shift=True)
    desk.set(21, 1, 2, b"\1")
    assert desk.ask(c.OutgoingMessage()).size == 0
    assert desk.ask(c.ExchangeStatus()).queue == 2


def test_a_printing_register() -> None:
    """With printing on, a document keeps the register busy for its printing time: 50h, statuses still answered."""
    desk = Desk(durations={"B0": 2.0})
    desk.set(17, 1, 7, b"\0")
    desk.ask(c.OpenShift())
    assert desk.ask(c.ShortStatus()).submode == 5
    assert desk.refused(c.OpenReceipt(type=0)) == 0x50
    assert desk.ask(c.DriveStatus()).last_document == 2
    desk.now += 2
    desk.ask(c.OpenReceipt(type=0))
    desk.register.core.paper_out = True
    assert desk.ask(c.ShortStatus()).submode == 1
    assert desk.refused(item()) == 0x6B
    desk.register.core.paper_out = False
    desk.ask(item())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=12))
def test_any_command_body(bodies: list[bytes]) -> None:
    """Any bytes as a command: an answer that begins with its code, never an exception."""
    desk = Desk(shift=True)
    for body in bodies:
        answer, _ = desk.register.core.execute(body, desk.now)
        assert answer[:1] == body[:1]
        assert len(answer) >= 2


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_parameters(data: st.DataObject) -> None:
    """Known commands with any parameters in any order: answers or refusals, and the register still sells afterwards."""
    desk = Desk(shift=True)
    codes = sorted(c.COMMANDS)
    for _ in range(8):
        code = data.draw(st.sampled_from(codes))
        body = code + (30).to_bytes(4, "little") + data.draw(st.binary(max_size=40))
        answer, _ = desk.register.core.execute(body, desk.now)
        assert answer.startswith(c.COMMANDS[code].head)


def test_a_drive_that_is_not_registered() -> None:
    """A factory-fresh register answers statuses and refuses fiscal work."""
    drive = Drive(MemoryStorage(), number="9999078900000042", keys=DEMO_MASTER_KEY)
    register = EmulatedRegister(drive, MemoryStorage(), serial="0099078900000042", now=START)
    assert register.ask(c.FullStatus(), START).inn == 0xFFFFFFFFFFFF
    assert register.ask(c.DriveStatus(), START).phase == 1
    with pytest.raises(Refused) as refusal:
        register.ask(c.OpenShift(), START)
    assert refusal.value.code == 0x02


def noise(draw: Any) -> bytes:
    """Something that comes over a line: a command in a frame, both sound or nearly so, or plain bytes."""
    code = draw(st.sampled_from(sorted(c.COMMANDS)))
    password = draw(st.sampled_from([b"\x1e\0\0\0", b"\1\0\0\0", b"\0\0\0\0"]))
    body = code + password + draw(st.binary(max_size=180))
    match draw(st.sampled_from(["standard", "alternative", "bytes", "cut", "control"])):
        case "standard":
            return encode_frame(body)
        case "alternative":
            return encode_alt(draw(st.integers(0, 3)), body)
        case "bytes":
            return bytes(draw(st.binary(max_size=60)))
        case "cut":
            return encode_frame(body)[: draw(st.integers(1, 8))]
    return bytes(draw(st.sampled_from([ENQ, ACK, NAK, b"\x8f", b"\xff", encode_alt(None)])))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_register_on_a_line_that_says_anything(data: st.DataObject) -> None:
    """No bytes make an exception, and what the register holds of them stays below what it names."""
    register = registered(1, now=START)
    for table, field, value in ((17, 7, 0), (24, 9, 1), (24, 10, 12), (24, 14, 1)):
        register.core.settings.put(table, 1, field, value)
    now = START
    register.connected(now)
    for _ in range(data.draw(st.integers(1, 25))):
        now += data.draw(st.sampled_from([0.0, 0.01, 1.0, 100_000.0]))
        said = register.receive(noise(data.draw), now)
        assert len(said) <= 4 * 2 * (BODY_MAX + 9)
        if register.hung_up or data.draw(st.integers(0, 9)) == 0:
            register.disconnected(now)
            register.connected(now)
        if register.deadline is not None and register.deadline <= now:
            register.handle_timeout(now)
            assert register.deadline is None or register.deadline > now, "whoever serves it would turn in circles"
        held = register.line
        assert len(held._standard._held) <= 257
        assert len(held._alternative._held) <= 2 * (BODY_MAX + 6) + 1
        assert len(held._deferred) <= DEFERRED_MAX
        loaded = register.core.loaded
        assert len(loaded.lines) <= GRAPHIC_LINES_MAX
        assert all(len(blocks) <= 128 for blocks in loaded.blocks.values())
        assert len(register.tape(now).lines) <= TAPE_LINES_MAX
    assert register.ask(c.ShortStatus(), now).operator == 30
