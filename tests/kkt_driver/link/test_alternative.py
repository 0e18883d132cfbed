"""The alternative link layer, host side: every cell of its table, the sessions of the protocol text, restarts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kkt_driver.errors import Misuse
from kkt_driver.frames import encode_alt
from kkt_driver.link.alternative import TABLE, AlternativeLink, Input, State
from kkt_driver.link.events import Event, Lost, Reply, Stray, Timing, answers
from tests.kkt_driver.vectors import VECTORS, splits

BODY = bytes.fromhex("8d1e00000000")
OURS, OTHER = bytes.fromhex("8d001e"), bytes.fromhex("10001e")
WHO = encode_alt()
NOTHING_YET = encode_alt(0)
LAST = 41
LIMIT_S = 30.0


class Host:
    """A link with a clock, and what it wrote and told."""

    def __init__(self, link: AlternativeLink | None = None) -> None:
        self.link = link or AlternativeLink()
        self.now = 0.0
        self.out = b""
        self.events: list[Event] = []

    def send(self, body: bytes = BODY, **options: Any) -> Host:
        self.link.send(body, now=self.now, timeout_s=LIMIT_S, **options)
        return self._note([])

    def hear(self, data: bytes) -> Host:
        return self._note(self.link.receive(data, now=self.now))

    def answer(self, number: int, body: bytes = OTHER) -> Host:
        return self.hear(encode_alt(number, body))

    def silence(self) -> Host:
        assert self.link.deadline is not None
        self.now = max(self.now, self.link.deadline)
        return self._note(self.link.handle_timeout(now=self.now))

    def out_of_time(self) -> Host:
        self.now += LIMIT_S
        return self._note(self.link.handle_timeout(now=self.now))

    def forget(self) -> Host:
        self.out, self.events = b"", []
        return self

    def _note(self, events: list[Event]) -> Host:
        self.events += events
        self.out += self.link.outgoing()
        return self


def sent() -> Host:
    """The register told that it stands at 41; our frame 42 is out."""
    return Host().send().answer(LAST)


# --- every cell of the table ---------------------------------------------------------------------------------------

S = State
WAYS: dict[State, Callable[[], Host]] = {
    S.IDLE: Host,
    S.SYNCING: lambda: Host().send(),
    S.SENT: sent,
    S.ASKING: lambda: sent().silence(),
}
FRAME, AGAIN = encode_alt(42, BODY), encode_alt(100, BODY)
REPLY, UNKNOWN, NOT_SENT = Reply(OURS), Lost(True, ""), Lost(False, "")

Cell: TypeAlias = tuple[State, bytes, Event | None]

CELLS: dict[State, dict[Input, Cell]] = {
    S.IDLE: {},
    S.SYNCING: {
        Input.NUMBER: (S.SENT, FRAME, None),
        Input.NOTHING: (S.SENT, encode_alt(1, BODY), None),
        Input.SILENCE: (S.SYNCING, WHO, None),
        Input.GIVE_UP: (S.IDLE, b"", NOT_SENT),
    },
    S.SENT: {
        Input.OURS: (S.IDLE, b"", REPLY),
        Input.BEFORE: (S.SENT, b"", None),
        Input.ELSEWHERE: (S.IDLE, b"", UNKNOWN),
        Input.NOTHING: (S.IDLE, b"", UNKNOWN),
        Input.SILENCE: (S.ASKING, WHO, None),
        Input.GIVE_UP: (S.IDLE, b"", UNKNOWN),
    },
    S.ASKING: {
        Input.OURS: (S.IDLE, b"", REPLY),
        Input.BEFORE: (S.SENT, FRAME, None),
        Input.ELSEWHERE: (S.IDLE, b"", UNKNOWN),
        Input.NOTHING: (S.IDLE, b"", UNKNOWN),
        Input.SILENCE: (S.ASKING, WHO, None),
        Input.GIVE_UP: (S.IDLE, b"", UNKNOWN),
    },
}
"""Rules of the host: number ours is the answer, the number before ours allows the same number again, nothing else."""


def put(host: Host, what: Input) -> None:
    match what:
        case Input.OURS | Input.NUMBER:
            host.answer(LAST + 1 if what is Input.OURS else LAST, OURS if what is Input.OURS else OTHER)
        case Input.BEFORE:
            host.answer(LAST)
        case Input.ELSEWHERE:
            host.answer(99)
        case Input.NOTHING:
            host.hear(NOTHING_YET)
        case Input.SILENCE if host.link.busy:
            host.silence()
        case Input.GIVE_UP:
            host.now = 0.0
            host.out_of_time()


@pytest.mark.parametrize("what", list(Input), ids=lambda what: what.name)
@pytest.mark.parametrize("state", list(State), ids=lambda state: state.name)
def test_every_cell(state: State, what: Input) -> None:
    """Each input in each state: the next state, the frames written and what is told."""
    host = WAYS[state]().forget()
    assert host.link.state is state
    cell = CELLS[state].get(what)
    assert (what in TABLE[state]) is (cell is not None)
    if cell is None:
        if state is State.IDLE:
            put(host, what)
            assert (host.link.state, host.out, host.events) == (state, b"", [])
        return  # elsewhere the input cannot arise: numbers are compared only when ours is chosen, and the reverse
    put(host, what)
    to, out, event = cell
    assert (host.link.state, host.out) == (to, out)
    plain = [Lost(one.sent, "") if isinstance(one, Lost) else one for one in host.events]
    assert plain == ([] if event is None else [event])


def test_the_table_knows_no_other_cells() -> None:
    """A cell that no fact above asks for would be behaviour that nobody decided."""
    assert {state: {what: step.to for what, step in row.items()} for state, row in TABLE.items()} == {
        state: {what: cell[0] for what, cell in row.items()} for state, row in CELLS.items()
    }


# --- sessions of the protocol text ---------------------------------------------------------------------------------

SESSIONS = {row["name"]: row["steps"] for row in VECTORS["sessions"] if row["layer"] == "alternative"}


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("name", SESSIONS)
def test_sessions(name: str, bytewise: bool) -> None:
    """Each session of the vectors from the host's side, byte for byte."""
    steps = list(SESSIONS[name])
    host = Host()
    body = bytes.fromhex("101e000000")
    if name == "lost_answer_alt":
        host = stands_at(41)
        # More careful than the text: it asks where the register stands; a restarted one would execute 42 again.
        steps[2] = {"from": "host", "hex": WHO.hex()}
    elif name == "out_of_step":
        host = stands_at(49)
        # More careful than the text here too: another number may be old news, so the register is asked.
        steps[2:2] = [{"from": "host", "hex": WHO.hex()}, steps[1]]
    host.send(body, repeatable=name == "out_of_step")
    for step in steps:
        if "event" in step:
            host.silence()
        elif step["from"] == "host":
            assert host.out.hex() == step["hex"]
            host.forget()
        else:
            data = bytes.fromhex(step["hex"])
            for piece in [data[at : at + 1] for at in range(len(data))] if bytewise else [data]:
                host.hear(piece)
    (reply,) = host.events
    assert isinstance(reply, Reply) and answers(body, reply.body)


def stands_at(number: int) -> Host:
    """One exchange has ended with the register at `number`."""
    return Host().send().answer(number - 1).answer(number, OURS).forget()


# --- trouble, one by one -------------------------------------------------------------------------------------------


def test_the_register_is_asked_where_it_stands_before_a_frame_is_repeated() -> None:
    """A blind repeat of the same number would be executed again by a register that was restarted: the empty frame
    first, the same number only when the register stands just before it."""
    host = sent().forget().silence()
    assert host.out == WHO
    assert host.answer(LAST).out == WHO + FRAME
    assert host.answer(LAST + 1, OURS).events == [Reply(OURS)]


def test_a_restarted_register_gets_nothing_repeated() -> None:
    """Type II after our frame: it may have been executed before the restart."""
    host = sent().silence().forget().hear(NOTHING_YET)
    (lost,) = host.events
    assert isinstance(lost, Lost) and lost.sent and host.out == b""
    assert host.link.doubt
    host.forget()
    host.link.prove(now=host.now)
    assert host.hear(b"").out == WHO
    host.hear(NOTHING_YET)
    assert [type(event) for event in host.events] == [Lost]
    assert host.out == WHO


def test_a_lost_answer_is_proved_by_its_number() -> None:
    """The empty frame brings the stored answer of our number: executed once, answered now."""
    host = sent().out_of_time().forget()
    host.link.prove(now=host.now)
    host.hear(b"")
    assert host.out == WHO
    assert host.answer(LAST + 1, OURS).events == [Reply(OURS)]
    assert not host.link.doubt
    assert host.link.next_number == LAST + 2


def test_the_proof_of_a_frame_that_never_arrived_repeats_its_number() -> None:
    """The register stands just before ours: the same number is a repeat of the link, and is executed once."""
    host = sent().out_of_time().forget()
    host.link.prove(now=host.now)
    host.hear(b"").answer(LAST)
    assert host.out == WHO + FRAME
    assert host.answer(LAST + 1, OURS).events == [Reply(OURS)]


def test_a_proof_never_follows_the_register_to_another_number() -> None:
    """Somebody else used the register since: sending ours under a new number would be a second execution."""
    host = sent().out_of_time().forget()
    host.link.prove(now=host.now)
    host.hear(b"").answer(99)
    assert host.out == WHO
    (lost,) = host.events
    assert isinstance(lost, Lost) and lost.sent
    with pytest.raises(Misuse):
        Host().link.prove(now=0)


def test_a_stale_answer_of_the_same_number_is_not_ours() -> None:
    """Field report: "expected code 11h, got 1Eh". Number ours with another command's code is no answer to us."""
    host = sent().forget().answer(LAST + 1, OTHER)
    assert isinstance(host.events[0], Stray)
    assert isinstance(host.events[1], Lost) and host.events[1].sent


def test_numbers_wrap() -> None:
    """After 65535 comes 0, and the one before 0 is 65535."""
    host = Host().send().forget().answer(0xFFFF)
    assert host.out == encode_alt(0, BODY)
    host.silence().forget().answer(0xFFFF)
    assert host.out == encode_alt(0, BODY)
    assert host.answer(0, OURS).events == [Reply(OURS)]
    assert host.link.next_number == 1


def test_a_read_is_sent_again_where_a_receipt_would_not_be() -> None:
    """A repeatable command goes on under the number that follows; it is still never called "not sent" afterwards."""
    host = Host(AlternativeLink(timing=Timing(tries=4))).send(repeatable=True).answer(LAST).silence().forget()
    host.hear(NOTHING_YET)
    assert (host.link.state, host.out) == (State.SYNCING, WHO)
    assert host.link.hang_up() == Lost(True, "the connection is broken")


def test_damage_on_the_line_costs_time_only() -> None:
    """A damaged answer leaves silence; the register is asked, and the stored answer is sound."""
    damaged = bytearray(encode_alt(LAST + 1, OURS))
    damaged[5] ^= 0x40
    host = sent().forget().hear(bytes(damaged)).silence()
    assert host.out == WHO
    assert host.answer(LAST + 1, OURS).events == [Reply(OURS)]


def test_nobody_there() -> None:
    """No answer to the empty frame: so many tries, then it is proved that the command was not sent."""
    host = Host(AlternativeLink(timing=Timing(tries=3))).send()
    while host.link.busy:
        host.silence()
    assert host.out == WHO * 3
    assert host.events == [Lost(False, "no answer to the empty frame")]


def test_another_number_proves_nothing() -> None:
    """On a serial line an answer of an earlier connection may come now: a cash-out was sent twice for believing it."""
    host = sent().forget().answer(21)
    (lost,) = host.events
    assert isinstance(lost, Lost) and lost.sent
    assert host.out == b""


def test_hanging_up_says_whether_the_frame_was_out() -> None:
    """Before synchronisation nothing of ours was on the wire."""
    assert Host().link.hang_up() is None
    assert Host().send().link.hang_up("cut") == Lost(False, "cut")
    assert sent().link.hang_up("cut") == Lost(True, "cut")


def test_one_exchange_at_a_time_and_no_longer_frame_than_the_register_takes() -> None:
    """A frame beyond the register's buffer is dropped by it in silence: say so before it is sent."""
    host = Host(AlternativeLink(body_max=10)).send()
    with pytest.raises(Misuse):
        host.send()
    for body in (b"", bytes(11)):
        with pytest.raises(Misuse):
            Host(AlternativeLink(body_max=10)).send(body)
    fresh = AlternativeLink(body_max=10, timing=Timing(tries=3)).fresh()
    assert (fresh.body_max, fresh.timing.tries, fresh.next_number) == (10, 3, None)


@pytest.mark.parametrize("pieces", list(splits(encode_alt(LAST + 1, OURS))))
def test_every_split_of_an_answer(pieces: list[bytes]) -> None:
    """Lines cut anywhere, with noise before."""
    host = sent().hear(b"\xff\x00")
    for piece in pieces:
        host.hear(piece)
    assert host.events == [Reply(OURS)]


MOVES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.builds(encode_alt, st.sampled_from([0, 1, 2, 40, 41, 42, 43, 0xFFFF]), st.sampled_from([OURS, OTHER, b""])),
        st.sampled_from([WHO, b"\x8f", "silence", "send", "read", "prove", "hang up"]),
    ),
    max_size=60,
)


@given(moves=MOVES)
def test_anything_may_come_in_any_state(moves: list[bytes | str]) -> None:
    """Any bytes at any moment: no exception, no growing buffer, one end for each exchange."""
    host = Host(AlternativeLink(body_max=40))
    begun = ended = 0
    for move in moves:
        match move:
            case bytes():
                host.hear(move)
            case "silence" if host.link.busy:
                host.silence()
            case "send" | "read" if not host.link.busy:
                host.link.send(BODY, now=host.now, timeout_s=5, repeatable=move == "read")
                begun += 1
            case "prove" if host.link.doubt and not host.link.busy:
                host.link.prove(now=host.now)
                begun += 1
            case "hang up" if host.link.busy:
                assert host.link.hang_up() is not None
                ended += 1
        ended += sum(isinstance(event, Reply | Lost) for event in host.events)
        assert len(host.link._reader._held) <= host.link._reader.held_max
        assert len(host.out) <= 2 * len(FRAME) * (1 + len(move))
        host.forget()
        assert (host.link.deadline is None) is (not host.link.busy)
        assert begun - ended == host.link.busy
