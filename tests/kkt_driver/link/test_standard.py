"""The standard link layer, host side: every cell of its table, the sessions of the protocol text, single troubles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kkt_driver.errors import Misuse
from kkt_driver.frames import ACK, ENQ, NAK, STX, StandardReader, encode_frame
from kkt_driver.link.events import ACK_S, Event, Lost, Reply, Stray, Timing, answers
from kkt_driver.link.standard import TABLE, Input, StandardLink, State
from tests.kkt_driver.vectors import VECTORS, splits

BODY = bytes.fromhex("8d1e00000000")
FRAME = encode_frame(BODY)
OURS = bytes.fromhex("8d001e")
OTHER = bytes.fromhex("10001e")
DAMAGED = encode_frame(OURS)[:-1] + b"\0"
LIMIT_S = 30.0


class Host:
    """A link with a clock, and what it wrote and told."""

    def __init__(self, link: StandardLink | None = None) -> None:
        self.link = link or StandardLink()
        self.now = 0.0
        self.out = b""
        self.events: list[Event] = []

    def send(self, body: bytes = BODY, **options: Any) -> Host:
        self.link.send(body, now=self.now, timeout_s=LIMIT_S, **options)
        return self._note([])

    def hear(self, data: bytes) -> Host:
        return self._note(self.link.receive(data, now=self.now))

    def silence(self) -> Host:
        """Nothing comes until the link has had enough of waiting."""
        assert self.link.deadline is not None
        self.now = max(self.now, self.link.deadline)
        return self._note(self.link.handle_timeout(now=self.now))

    def out_of_time(self) -> Host:
        self.now = LIMIT_S
        return self._note(self.link.handle_timeout(now=self.now))

    def forget(self) -> Host:
        self.out, self.events = b"", []
        return self

    def _note(self, events: list[Event]) -> Host:
        self.events += events
        self.out += self.link.outgoing()
        return self


def clean() -> Host:
    """One exchange has ended well: the next frame goes out without ENQ."""
    return Host().send().hear(NAK).hear(ACK + encode_frame(OURS)).forget()


# --- every cell of the table ---------------------------------------------------------------------------------------

# How a host gets into a state; for NAK there are two ways, because it counts what the register still owes.
WAYS: dict[State, Callable[[], Host]] = {
    State.IDLE: Host,
    State.ASKING: lambda: Host().send(),
    State.HEARD: lambda: Host().send().silence().hear(NAK),
    State.CLEARING: lambda: Host().send().hear(ACK),
    State.SETTLING: lambda: Host().send().hear(ACK + DAMAGED),
    State.OFFERED: lambda: Host().send().hear(NAK),
    State.RETRYING: lambda: Host().send().hear(NAK).hear(NAK),
    State.ACCEPTED: lambda: Host().send().hear(NAK).hear(ACK),
    State.DAMAGED: lambda: Host().send().hear(NAK).hear(ACK + DAMAGED),
    State.REASKING: lambda: Host().send().hear(NAK).hear(ACK + DAMAGED).silence(),
}
OWING: dict[State, Callable[[], Host]] = {
    State.ASKING: lambda: Host().send().silence(),
    State.HEARD: lambda: Host().send().silence().silence().hear(NAK),
    State.OFFERED: lambda: Host().send().silence().hear(NAK).silence(),
    State.RETRYING: lambda: Host().send().hear(NAK).hear(NAK).silence(),
    State.REASKING: lambda: Host().send().hear(NAK).silence(),
}
"""The same states with a control byte due from before."""

S = State
WAIT = b""
ASK, AGAIN, TAKE = ENQ, NAK + ENQ, ACK

Cell: TypeAlias = tuple[State, bytes, Event | None]

STRAY_OURS, STRAY_OTHER = Stray(OURS), Stray(OTHER)
REPLY = Reply(OURS)
NOT_SENT, UNKNOWN = Lost(False, ""), Lost(True, "")

CELLS: dict[State, dict[Input, Cell]] = {
    S.IDLE: {
        Input.OURS: (S.IDLE, TAKE, STRAY_OURS),
        Input.OTHER: (S.IDLE, TAKE, STRAY_OTHER),
    },
    S.ASKING: {
        Input.ACK: (S.CLEARING, WAIT, None),
        Input.NAK: (S.HEARD, WAIT, None),
        Input.LAST_NAK: (S.OFFERED, FRAME, None),
        Input.OURS: (S.ASKING, TAKE, STRAY_OURS),
        Input.OTHER: (S.ASKING, TAKE, STRAY_OTHER),
        Input.BAD: (S.SETTLING, WAIT, None),
        Input.SILENCE: (S.ASKING, ASK, None),
        Input.GIVE_UP: (S.IDLE, WAIT, NOT_SENT),
    },
    S.HEARD: {
        Input.ACK: (S.CLEARING, WAIT, None),
        Input.NAK: (S.HEARD, WAIT, None),
        Input.LAST_NAK: (S.OFFERED, FRAME, None),
        Input.OURS: (S.HEARD, TAKE, STRAY_OURS),
        Input.OTHER: (S.HEARD, TAKE, STRAY_OTHER),
        Input.BAD: (S.SETTLING, WAIT, None),
        Input.SILENCE: (S.OFFERED, FRAME, None),
        Input.GIVE_UP: (S.IDLE, WAIT, NOT_SENT),
    },
    S.CLEARING: {
        Input.OURS: (S.ASKING, TAKE + ASK, STRAY_OURS),
        Input.OTHER: (S.ASKING, TAKE + ASK, STRAY_OTHER),
        Input.BAD: (S.SETTLING, WAIT, None),
        Input.SILENCE: (S.ASKING, AGAIN, None),
        Input.GIVE_UP: (S.IDLE, WAIT, NOT_SENT),
    },
    S.SETTLING: {
        Input.SILENCE: (S.ASKING, AGAIN, None),
        Input.GIVE_UP: (S.IDLE, WAIT, NOT_SENT),
    },
    S.OFFERED: {
        Input.ACK: (S.ACCEPTED, WAIT, None),
        Input.NAK: (S.REASKING, ASK, None),
        Input.LAST_NAK: (S.RETRYING, ASK, None),
        Input.OURS: (S.IDLE, TAKE, REPLY),
        Input.OTHER: (S.OFFERED, TAKE, STRAY_OTHER),
        Input.BAD: (S.DAMAGED, WAIT, None),
        Input.SILENCE: (S.REASKING, ASK, None),
        Input.GIVE_UP: (S.IDLE, WAIT, UNKNOWN),
    },
    S.RETRYING: {
        Input.ACK: (S.ACCEPTED, WAIT, None),
        Input.NAK: (S.RETRYING, WAIT, None),
        Input.LAST_NAK: (S.OFFERED, FRAME, None),
        Input.OURS: (S.IDLE, TAKE, REPLY),
        Input.OTHER: (S.RETRYING, TAKE, STRAY_OTHER),
        Input.BAD: (S.DAMAGED, WAIT, None),
        Input.SILENCE: (S.RETRYING, ASK, None),
        Input.GIVE_UP: (S.IDLE, WAIT, NOT_SENT),
    },
    S.ACCEPTED: {
        Input.OURS: (S.IDLE, TAKE, REPLY),
        Input.OTHER: (S.ACCEPTED, TAKE, STRAY_OTHER),
        Input.BAD: (S.DAMAGED, WAIT, None),
        Input.SILENCE: (S.REASKING, AGAIN, None),
        Input.GIVE_UP: (S.IDLE, WAIT, UNKNOWN),
    },
    S.DAMAGED: {
        Input.SILENCE: (S.REASKING, AGAIN, None),
        Input.GIVE_UP: (S.IDLE, WAIT, UNKNOWN),
    },
    S.REASKING: {
        Input.ACK: (S.ACCEPTED, WAIT, None),
        Input.NAK: (S.IDLE, WAIT, UNKNOWN),
        Input.LAST_NAK: (S.IDLE, WAIT, UNKNOWN),
        Input.OURS: (S.IDLE, TAKE, REPLY),
        Input.OTHER: (S.REASKING, TAKE, STRAY_OTHER),
        Input.BAD: (S.DAMAGED, WAIT, None),
        Input.SILENCE: (S.REASKING, ASK, None),
        Input.GIVE_UP: (S.IDLE, WAIT, UNKNOWN),
    },
}
"""What the protocol text and its section on careful hosts ask for: next state, bytes, event."""


def put(host: Host, what: Input) -> None:
    match what:
        case Input.ACK:
            host.hear(ACK)
        case Input.NAK | Input.LAST_NAK:
            host.hear(NAK)
        case Input.OURS:
            host.hear(encode_frame(OURS))
        case Input.OTHER:
            host.hear(encode_frame(OTHER))
        case Input.BAD:
            host.hear(DAMAGED)
        case Input.SILENCE if host.link.state in (State.ACCEPTED, State.CLEARING):
            host.hear(STX).silence()  # here silence only counts after something began
        case Input.SILENCE if host.link.state is not State.IDLE:
            host.silence()
        case Input.GIVE_UP:
            host.out_of_time()


@pytest.mark.parametrize("what", list(Input), ids=lambda what: what.name)
@pytest.mark.parametrize("state", list(State), ids=lambda state: state.name)
def test_every_cell(state: State, what: Input) -> None:
    """Each input in each state: the next state, the bytes written and what is told; an empty cell passes noise over."""
    way = OWING[state] if what is Input.NAK and state in OWING else WAYS[state]
    host = way().forget()
    assert host.link.state is state
    put(host, what)
    cell = CELLS[state].get(what)
    assert (what in TABLE[state]) is (cell is not None)
    if cell is None:
        assert (host.link.state, host.out, host.events) == (state, b"", [])
        return
    to, out, event = cell
    assert (host.link.state, host.out) == (to, out)
    assert [_plain(one) for one in host.events] == ([] if event is None else [event])


def _plain(event: Event) -> Event:
    return Lost(event.sent, "") if isinstance(event, Lost) else event


def test_the_table_knows_no_other_cells() -> None:
    """A cell that no fact above asks for would be behaviour that nobody decided."""
    assert {state: {what: step.to for what, step in row.items()} for state, row in TABLE.items()} == {
        state: {what: cell[0] for what, cell in row.items()} for state, row in CELLS.items()
    }


# --- sessions of the protocol text ---------------------------------------------------------------------------------

SESSIONS: dict[str, list[dict[str, str]]] = {
    row["name"]: row["steps"] for row in VECTORS["sessions"] if row["layer"] == "standard"
}


def _steps(name: str) -> list[dict[str, str]]:
    """A session as this host plays it: where it is more careful than the text, the difference is made here."""
    steps = list(SESSIONS[name])
    enq, nak = {"from": "host", "hex": "05"}, {"from": "register", "hex": "15"}
    if name == "damaged_command":
        # The line damages the frame, so what is written is sound; and ENQ proves that nothing waits before the repeat.
        assert steps[2]["hex"] == "0201fcfc"
        steps[2] = {"from": "host", "hex": "0201fcfd"}
        steps[4:4] = [enq, nak]
    elif name == "slow_command":
        del steps[5:7]  # no ENQ while the register is known to be at work: its answer comes by itself
    return steps


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("name", SESSIONS)
def test_sessions(name: str, bytewise: bool) -> None:
    """Each session of the vectors from the host's side, byte for byte: what the text shows is what this link does."""
    host = Host(StandardLink(enq="always" if name == "normal_tcp" else "when_in_doubt"))
    if name == "without_enq":
        host = Host().send(b"\x11\x1e\0\0\0").hear(NAK).hear(ACK + encode_frame(b"\x11\0")).forget()
    body = b""
    pending = b""
    for step in _steps(name):
        if "event" in step:
            if host.link.busy and ("lost" in step["event"] or "power" in step["event"]):
                host.out_of_time()
                assert host.link.doubt
                host.link.prove(now=host.now)
                host.hear(b"")
            continue
        data = bytes.fromhex(step["hex"])
        if step["from"] == "register":
            assert pending == b""
            for piece in [data[at : at + 1] for at in range(len(data))] if bytewise else [data]:
                host.hear(piece)
            continue
        if not host.link.busy and not pending and not host.out:
            body = _first_frame(name)
            host.send(body)
        if not host.out and not pending:
            host.silence()
        pending, host.out = pending + host.out, b""
        assert pending.startswith(data), (step, pending.hex())
        pending = pending[len(data) :]
    assert pending == b""
    assert host.out in (b"", encode_frame(body))  # the session ends where the next frame may go out
    replies = [event for event in host.events if isinstance(event, Reply)]
    assert host.link.doubt is (name == "power_cycle")
    assert [answers(body, reply.body) for reply in replies] == ([] if host.link.doubt else [True])


def _first_frame(name: str) -> bytes:
    frames = [step["hex"] for step in _steps(name) if step.get("from") == "host" and step["hex"].startswith("02")]
    return bytes.fromhex(frames[0])[2:-1]


# --- trouble, one by one -------------------------------------------------------------------------------------------


def test_a_clean_line_takes_frames_without_asking() -> None:
    """ENQ costs a round trip a command; after an exchange in order it would tell nothing new."""
    assert clean().send(OTHER).out == encode_frame(OTHER)
    careful = Host(StandardLink(enq="always")).send().hear(NAK).hear(ACK + encode_frame(OURS)).forget()
    assert careful.send().out == ENQ


@pytest.mark.parametrize("noise", [ACK, NAK, STX, encode_frame(OTHER), encode_frame(OTHER)[:-1] + b"\0"])
def test_whatever_comes_unasked_makes_the_next_exchange_ask_first(noise: bytes) -> None:
    """A line that talks by itself is not in the state we thought; FFh apart, which registers on TCP let slip in."""
    assert clean().hear(noise).forget().send().out == ENQ
    assert clean().hear(b"\xff").forget().send().out == FRAME


def test_a_lost_ack_of_the_frame_is_no_reason_to_repeat_it() -> None:
    """ENQ → ACK says that the frame arrived; the answer is read, the command is sent once."""
    host = Host().send().hear(NAK).forget().silence()
    assert host.out == ENQ
    host.hear(ACK + encode_frame(OURS))
    assert host.events == [Reply(OURS)]
    assert FRAME not in host.out


def test_a_lost_answer_is_proved_on_the_same_connection() -> None:
    """Timeout after ACK is a question; ENQ → ACK brings the answer, and the doubt is over."""
    host = Host().send().hear(NAK).hear(ACK).forget().out_of_time()
    assert host.events == [Lost(True, "no answer within the command's time")]
    assert host.link.doubt
    host.forget()
    host.link.prove(now=host.now)
    assert host.hear(b"").out == ENQ
    host.hear(ACK + encode_frame(OURS))
    assert host.events == [Reply(OURS)]
    assert not host.link.doubt


def test_answers_that_nobody_counted_are_taken_off_the_line_before_anything_is_asked() -> None:
    """ENQs of a bad minute are answered late, each with the same answer. A link that asks anew for each of them keeps
    as many answers on their way for good, and what must not be repeated (a document that is being read) never ends."""
    host = Host().send().hear(ACK + encode_frame(OTHER))
    assert host.forget().hear(ACK + encode_frame(OTHER)).out == ACK
    for _ in range(3):
        assert host.forget().hear(ACK + encode_frame(OTHER)).out == ACK
    assert host.forget().silence().out == ENQ
    assert host.forget().hear(NAK).out == FRAME


def test_a_proof_without_an_answer_leaves_the_question_open() -> None:
    """ENQ → NAK after the frame: never received, or executed before a restart. Not "failed"."""
    host = Host().send().hear(NAK).hear(ACK).out_of_time().forget()
    host.link.prove(now=host.now)
    host.hear(NAK)
    (lost,) = host.events
    assert isinstance(lost, Lost) and lost.sent and host.link.doubt
    with pytest.raises(Misuse):
        Host().link.prove(now=0)


def test_the_answer_before_is_not_taken_for_ours() -> None:
    """ACK and frame lost in one write, two commands of one kind: the register offers the first one's answer again.
    Taking it would lose an item of the receipt without a trace."""
    host = clean().send().silence()
    assert host.out == FRAME + ENQ
    host.hear(ACK + encode_frame(OURS))
    assert [type(event) for event in host.events] == [Stray, Lost]
    assert host.link.doubt
    host.link.prove(now=host.now)
    host.hear(ACK + encode_frame(OURS))
    assert host.link.doubt
    # With another code before, or once the register took our frame, there is nothing to confuse.
    other = clean().send(OTHER).silence().hear(ACK + encode_frame(OTHER))
    assert other.events == [Reply(OTHER)]
    taken = clean().send().hear(ACK + DAMAGED).silence().hear(ACK + encode_frame(OURS))
    assert taken.events == [Reply(OURS)]


def test_a_read_is_asked_again_when_its_answer_may_be_the_one_before() -> None:
    """A command that changes nothing costs one more frame."""
    host = clean().send(repeatable=True).silence().hear(ACK + encode_frame(OURS)).forget()
    host.hear(NAK)
    assert host.out == FRAME
    assert host.hear(ACK + encode_frame(OURS)).events == [Reply(OURS)]


def test_a_damaged_answer_is_asked_for_and_not_executed_again() -> None:
    """The register repeats on ENQ only, after NAK told it why; the frame goes out once."""
    host = Host().send().hear(NAK).forget()
    for _ in range(3):
        host.hear(ACK + DAMAGED).silence()
    host.hear(ACK + encode_frame(OURS))
    assert host.out == (NAK + ENQ) * 3 + ACK
    assert host.events == [Reply(OURS)]


def test_damage_without_end_is_given_up_after_the_tries() -> None:
    """Ten answers damaged: the outcome is unknown, never "failed"."""
    host = Host(StandardLink(timing=Timing(tries=3))).send().hear(NAK)
    while host.link.busy:
        host.hear(ACK + DAMAGED).silence()
    (lost,) = host.events
    assert isinstance(lost, Lost) and lost.sent
    assert host.now < LIMIT_S


def test_frames_refused_without_end_were_proved_not_executed() -> None:
    """NAK to every frame of a read: as often as it was sent, it was not executed."""
    host = Host(StandardLink(timing=Timing(tries=3))).send(repeatable=True)
    while host.link.busy:
        host.hear(NAK)
    assert host.out.count(FRAME) == 3
    (lost,) = host.events
    assert isinstance(lost, Lost) and not lost.sent


def test_a_second_refusal_proves_nothing_for_what_must_not_be_sent_twice() -> None:
    """One damaged frame may be read as several, each answered NAK: the second NAK may belong to the first frame, and
    the second frame may be executed just now. A cash-out was paid twice for believing it."""
    host = Host().send()
    while host.link.busy:
        host.hear(NAK)
    assert host.out.count(FRAME) == 2
    (lost,) = host.events
    assert isinstance(lost, Lost) and lost.sent


def test_nobody_there() -> None:
    """No answer to ENQ: so many tries, then it is proved that the command was not sent."""
    host = Host(StandardLink(timing=Timing(tries=4))).send()
    while host.link.busy:
        host.silence()
    assert host.out == ENQ * 4
    (lost,) = host.events
    assert isinstance(lost, Lost) and not lost.sent


def test_a_repeatable_command_is_repeated_and_then_never_called_not_sent() -> None:
    """A read may go out again after ENQ → NAK, and a NAK to the repeat says nothing of the first one."""
    host = Host(StandardLink(timing=Timing(tries=2))).send(repeatable=True).hear(NAK).silence()
    host.forget().hear(NAK)
    assert host.out == FRAME
    while host.link.busy:
        host.hear(NAK)
    (lost,) = host.events
    assert isinstance(lost, Lost) and lost.sent


@pytest.mark.parametrize("late", [False, True])
def test_an_ack_goes_with_the_next_frame_unless_it_waited_too_long(late: bool) -> None:
    """One write for both. A register that waited in vain keeps its answer for an ENQ: a frame without one might be
    taken for anything, so the next exchange asks first, and takes the answer that comes once more off the line."""
    link = StandardLink()
    link.send(BODY, now=0.0, timeout_s=LIMIT_S)
    link.outgoing()
    link.receive(NAK, now=0.0)
    link.outgoing()
    assert link.receive(ACK + encode_frame(OURS), now=1.0) == [Reply(OURS)]
    link.send(OTHER, now=1.0 + ACK_S * (1.1 if late else 0.9), timeout_s=LIMIT_S)
    assert link.outgoing() == ACK + (ENQ if late else encode_frame(OTHER))
    if late:
        assert link.receive(ACK + encode_frame(OURS), now=1.1) == [Stray(OURS)]
        assert link.outgoing() == ACK + ENQ
        link.receive(NAK, now=1.1)
        assert link.outgoing() == encode_frame(OTHER)


@pytest.mark.parametrize("late", [False, True])
def test_an_ack_that_goes_alone_is_late_or_not(late: bool) -> None:
    """The same when nothing follows for a while: what is written too late leaves the register with its answer."""
    host = clean()
    host.link.send(BODY, now=1.0, timeout_s=LIMIT_S)
    host.link.outgoing()
    host.link.receive(ACK + encode_frame(OURS), now=2.0)
    assert host.link.rest(now=2.0 + ACK_S * (1.1 if late else 0.9)) == ACK
    assert host.link.rest(now=3.0) == b""
    assert host.send().out == (ENQ if late else FRAME)


def test_a_late_answer_of_a_lost_command_is_told_as_such() -> None:
    """The next exchange finds the old answer on the line: it is taken off, logged with its command, and not ours."""
    host = Host().send().hear(NAK).hear(ACK).out_of_time().forget()
    host.send(b"\x10\x1e\0\0\0").hear(ACK + encode_frame(OURS))
    assert host.events == [Stray(OURS, BODY)]
    assert not host.link.doubt
    host.forget().hear(NAK).hear(ACK + encode_frame(OTHER))
    assert host.events == [Reply(OTHER)]


def test_hanging_up_says_whether_the_frame_was_out() -> None:
    """A broken connection: before the frame it is proved that nothing was sent, after it nobody knows."""
    assert Host().link.hang_up() is None
    before, after = Host().send(), Host().send().hear(NAK)
    assert before.link.hang_up("cut") == Lost(False, "cut")
    assert after.link.hang_up("cut") == Lost(True, "cut")
    assert (after.link.busy, after.link.outgoing(), after.link.deadline) == (False, b"", None)
    damaged = Host().send().hear(NAK).hear(NAK)
    assert damaged.link.hang_up("cut") == Lost(False, "cut")


def test_one_exchange_at_a_time() -> None:
    """Two commands on one line would share answers."""
    host = Host().send()
    with pytest.raises(Misuse):
        host.send()
    with pytest.raises(Misuse):
        Host().send(bytes(256))


def test_a_new_connection_knows_nothing_of_the_old_one() -> None:
    """Whether the register kept an answer over a reconnect is not documented: ask first, doubt nothing."""
    link = StandardLink(enq="always", timing=Timing(tries=3))
    fresh = link.fresh()
    assert (fresh.enq, fresh.timing.tries, fresh.doubt, fresh.busy) == ("always", 3, False, False)


@pytest.mark.parametrize("pieces", list(splits(NAK)) + list(splits(ACK + encode_frame(OURS))))
def test_every_split_of_what_the_register_says(pieces: list[bytes]) -> None:
    """Lines cut anywhere."""
    host = Host().send().hear(NAK) if len(pieces[0]) != 1 or pieces[0] != NAK else Host().send()
    for piece in pieces:
        host.hear(b"\xff" + piece if piece[:1] in (ACK, NAK) and len(piece) == 1 else piece)
    assert host.link.state is State.OFFERED or host.events == [Reply(OURS)]


MOVES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from([ACK, NAK, ENQ, encode_frame(OURS), encode_frame(OTHER), DAMAGED, ACK + encode_frame(OURS)]),
        st.sampled_from(["silence", "send", "read", "prove", "hang up"]),
    ),
    max_size=60,
)


@given(moves=MOVES)
def test_anything_may_come_in_any_state(moves: list[bytes | str]) -> None:
    """Any bytes at any moment: no exception, no growing buffer, one end for each exchange, and a link that is not
    busy waits for nothing."""
    host = Host()
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
        assert len(host.link._reader._held) <= StandardReader.HELD_MAX
        assert len(host.out) <= 4 * (len(move) + len(FRAME))
        host.forget()
        assert (host.link.deadline is None) is (not host.link.busy)
        assert begun - ended == host.link.busy
