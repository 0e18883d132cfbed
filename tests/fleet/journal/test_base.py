"""Twin of `fleet.journal.base`: what every engine must do, verb by verb."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest
import trio

from fleet.errors import Closed, Conflict, Missing
from fleet.jobs import (
    DECISION_EVENTS,
    TRANSITIONS,
    Decision,
    Done,
    Event,
    Refused,
    Registered,
    State,
    Ticket,
)
from fleet.journal import Accepted, Duplicate, Journal, Unconfirmed
from fleet.journal.base import LIST_MAX, Discovered
from kkt_driver.procedures import short_key
from tests.fleet.journal.lives import DRIVE, STATION, Make, accepted, intent, job_in, result

VERBS: dict[Event, Callable[[Journal, str], Awaitable[object]]] = {
    Event.CLAIM: lambda journal, id: journal.claim(id, STATION),
    Event.INTEND: lambda journal, id: journal.intend(STATION, intent(id), id),
    Event.REGISTER: lambda journal, id: journal.settle(STATION, Registered(result=result()), id),
    Event.REFUSE: lambda journal, id: journal.settle(STATION, Refused(reason="no"), id),
    Event.CONFIRM: lambda journal, id: journal.confirm(DRIVE, 42, Ticket(at=6.0)),
    Event.DOUBT: lambda journal, id: journal.doubt(id, "why"),
    Event.RELEASE: lambda journal, id: journal.release(id, "why"),
    Event.REQUEUE: lambda journal, id: journal.release(id, "why", {"last_document": 41}),
    Event.QUARANTINE: lambda journal, id: journal.quarantine(id, "why", {}),
    Event.CANCEL: lambda journal, id: journal.cancel(id),
    Event.DECIDE_REGISTERED: lambda journal, id: journal.decide(id, Decision.REGISTERED, "me", "why", result()),
    Event.DECIDE_REQUEUE: lambda journal, id: journal.decide(id, Decision.REQUEUE, "me", "why"),
    Event.DECIDE_CANCEL: lambda journal, id: journal.decide(id, Decision.CANCEL, "me", "why"),
}


@pytest.mark.parametrize("event", list(Event))
async def test_every_cell_of_the_table_is_what_the_engine_does(journal: Journal, order: Make, event: Event) -> None:
    """The table is the law for what is stored, too: a step it has is made, another leaves everything as it was."""
    for number, state in enumerate(State):
        job = await job_in(journal, state, order(f"key {number}"), document=42)
        counts = journal.counts()
        target = TRANSITIONS[state].get(event)
        if event is Event.CONFIRM and job.result is None:
            assert await journal.confirm(DRIVE, 42, Ticket(at=6.0)) is None, "the document is nobody's"
        elif target is None:
            with pytest.raises(Conflict):
                await VERBS[event](journal, job.id)
            assert await journal.status(id=job.id) == job
            assert journal.counts() == counts
        else:
            await VERBS[event](journal, job.id)
            after = await journal.status(id=job.id)
            assert after is not None
            assert after.state is target
            assert journal.counts()[target] == counts[target] + (state is not target)
        await put_aside(journal, job.id)


async def put_aside(journal: Journal, job_id: str) -> None:
    """End the job in a way that leaves the station and document 42 to the next one."""
    job = await journal.status(id=job_id)
    assert job is not None
    if job.state in (State.CLAIMED, State.SENT, State.UNKNOWN):
        await journal.quarantine(job_id, "next, please")
    elif job.result is not None:
        await forget_document(journal, job_id)


async def forget_document(journal: Journal, job_id: str) -> None:
    """A hole that no verb makes: the test wants document 42 for several jobs, one after the other."""
    engine: Any = journal
    engine._writing.execute("UPDATE jobs SET drive = NULL, document = NULL WHERE id = ?", (job_id,))


async def test_a_receipt_comes_back_as_it_went_in(journal: Journal, order: Make, clock: Any) -> None:
    """The job is what the register is fed from: nothing of the receipt or of the request may change."""
    asked = order("1")
    job = await accepted(journal, asked)
    assert job.receipt == asked.receipt
    assert (job.state, job.attempts, job.accepted_at, job.changed_at) == (State.ACCEPTED, 0, clock.now, clock.now)
    assert await journal.status(id=job.id) == job
    assert await journal.status(inn=asked.inn, key="1") == job
    assert await journal.raw(job.id) == asked.raw
    assert (await journal.load()).jobs == (job,)


async def test_what_is_not_there(journal: Journal) -> None:
    """Questions are answered with None, verbs are refused by name."""
    assert await journal.status(id="none") is None
    assert await journal.status(inn="9900000000", key="none") is None
    assert await journal.list() == []
    assert await journal.confirm(DRIVE, 1, Ticket(at=1.0)) is None
    for event, verb in VERBS.items():
        if event is not Event.CONFIRM:
            with pytest.raises(Missing, match="none"):
                await verb(journal, "none")
    with pytest.raises(Missing):
        await journal.raw("none")
    with pytest.raises(Missing):
        await journal.list(before="none")


async def test_the_same_key_again(journal: Journal, order: Make) -> None:
    """One key is one receipt: the first id is told, and whether the body was the same."""
    first = await accepted(journal, order("1"))
    for asked, same in (
        (order("1"), True),
        (order("1", price=200), False),
        (order("1", contact=None), False),
        (order("1", contact="c@d.example"), False),
    ):
        answer = await journal.accept(asked)
        assert answer == Duplicate(job=first, same=same)
    assert isinstance(await journal.accept(order("1", inn="7707083893")), Accepted), "another company's key"
    assert journal.counts()[State.ACCEPTED] == 2


@pytest.mark.parametrize("racers", [100])
async def test_racing_duplicates_make_one_job(journal: Journal, order: Make, racers: int) -> None:
    """A shop that repeats itself at once, and twice with another body, still gets one receipt."""
    answers: list[Accepted | Duplicate] = []

    async def race(number: int) -> None:
        answers.append(await journal.accept(order("1", price=100 if number % 10 else 200)))

    async with trio.open_nursery() as nursery:
        for number in range(racers):
            nursery.start_soon(race, number)
    won = [answer for answer in answers if isinstance(answer, Accepted)]
    lost = [answer for answer in answers if isinstance(answer, Duplicate)]
    assert (len(won), len(lost)) == (1, racers - 1)
    assert {answer.job.id for answer in lost} == {won[0].job.id}
    cheap = won[0].job.receipt.total == 150
    assert sum(answer.same for answer in lost) == (racers * 9 // 10 - 1 if cheap else racers // 10 - 1)


async def test_a_whole_life(journal: Journal, order: Make, clock: Any) -> None:
    """From accepted to confirmed, with what each step adds, and nothing left open."""
    job = await accepted(journal, order("1"))
    clock.now += 1
    claimed = await journal.claim(job.id, STATION)
    assert (claimed.station, claimed.attempts, claimed.changed_at) == (STATION, 1, clock.now)
    await journal.intend(STATION, intent(job.id), job.id)
    (opened,) = (await journal.load()).intents.values()
    assert (opened.station, opened.job, opened.intent, opened.opened_at) == (STATION, job.id, intent(job.id), clock.now)
    registered = await journal.settle(STATION, Registered(result=result(), evidence={"answer": "0042"}), job.id)
    assert registered is not None
    assert registered.result == result()
    assert registered.evidence == {"answer": "0042"}
    assert registered.intent == intent(job.id)
    assert (await journal.load()).intents == {}
    assert await journal.unconfirmed(DRIVE) == [
        Unconfirmed(drive=DRIVE, document=42, job=job.id, registered_at=clock.now)
    ]
    confirmed = await journal.confirm(DRIVE, 42, Ticket(at=7.5, code=14))
    assert confirmed is not None
    assert confirmed.result == result(ticket_at=7.5, ticket_code=14)
    assert await journal.status(id=job.id) == confirmed
    assert await journal.unconfirmed(DRIVE) == []
    assert (await journal.load()).jobs == ()
    assert {state: jobs for state, jobs in journal.counts().items() if jobs} == {State.CONFIRMED: 1}


async def test_the_first_ticket_stays(journal: Journal, order: Make) -> None:
    """A relay that crashed after the drive took the ticket says it again; that is no news."""
    job = await job_in(journal, State.CONFIRMED, order("1"))
    assert await journal.confirm(DRIVE, 42, Ticket(at=99.0)) == job


async def test_a_job_is_refused_with_its_code(journal: Journal, order: Make) -> None:
    """Before the closing command as after it; the station is free at once."""
    job = await job_in(journal, State.CLAIMED, order("1"))
    refused = await journal.settle(STATION, Refused(reason="sum", code=0x45, evidence={"by": "FF46"}), job.id)
    assert refused is not None
    assert (refused.reason, refused.evidence) == ("sum", {"by": "FF46", "code": 0x45})
    other = await job_in(journal, State.REFUSED, order("2"))
    assert other.evidence == {"code": 0x33}
    assert (await journal.load()).intents == {}


async def test_a_station_settles_only_its_own_job(journal: Journal, order: Make) -> None:
    """A station with a stale idea of its job must not end somebody else's."""
    job = await job_in(journal, State.SENT, order("1"))
    for attempt in (
        journal.settle("k2", Registered(result=result()), job.id),
        journal.settle("k2", Done(), None),
        journal.intend("k2", intent(job.id), job.id),
        journal.settle(STATION, Done(), job.id),
        journal.settle(STATION, Done(), None),
        journal.settle(STATION, Registered(result=result()), None),
    ):
        with pytest.raises(Conflict):
            await attempt
    assert await journal.status(id=job.id) == job
    assert set((await journal.load()).intents) == {STATION}


async def test_one_open_intent_for_a_station(journal: Journal, order: Make) -> None:
    """While one committing command is unresolved, the station must not send another, whatever it is."""
    job = await job_in(journal, State.SENT, order("1"))
    second = await accepted(journal, order("2"))
    await journal.claim(second.id, STATION)
    with pytest.raises(Conflict, match="open intent"):
        await journal.intend(STATION, intent(second.id), second.id)
    with pytest.raises(Conflict, match="open intent"):
        await journal.intend(STATION, intent("", action="shift_close", command="41"), None)
    await journal.settle(STATION, Registered(result=result()), job.id)
    await journal.intend(STATION, intent(second.id), second.id)


@pytest.mark.parametrize("executed", [True, False])
async def test_a_stations_own_command(journal: Journal, executed: bool) -> None:
    """Shift openings need an intent like receipts, and it survives until somebody says how it ended."""
    shift = intent("", action="shift_open", command="E0", fingerprint=None, own_key=None, frame=None)
    await journal.intend(STATION, shift, None)
    (opened,) = (await journal.load()).intents.values()
    assert (opened.job, opened.intent) == (None, shift)
    assert await journal.settle(STATION, Done(evidence={"document": 5}, executed=executed), None) is None
    assert (await journal.load()).intents == {}
    await journal.intend(STATION, shift, None)


async def test_back_to_the_queue(journal: Journal, order: Make) -> None:
    """Released before sending, or with proof afterwards, a job starts anew but remembers its attempts."""
    job = await job_in(journal, State.CLAIMED, order("1"))
    released = await journal.release(job.id, "paper")
    assert (released.state, released.station, released.attempts) == (State.ACCEPTED, None, 1)
    await journal.claim(job.id, "k2")
    await journal.intend("k2", intent(job.id), job.id)
    await journal.doubt(job.id, "line lost")
    with pytest.raises(Conflict):
        await journal.release(job.id, "impatience")
    proved = await journal.release(job.id, "not registered", {"F0": 41, "F1": 41})
    assert (proved.state, proved.station, proved.intent, proved.reason) == (State.ACCEPTED, None, None, None)
    assert proved.attempts == 2
    assert (await journal.load()).intents == {}
    assert [(note.event, note.station, note.detail) for note in await journal.notes(job.id)] == [
        ("release", STATION, {"why": "paper", "proof": None}),
        ("doubt", "k2", {"why": "line lost"}),
        ("requeue", "k2", {"why": "not registered", "proof": {"F0": 41, "F1": 41}}),
    ]


async def test_quarantine_frees_the_station_and_keeps_the_evidence(journal: Journal, order: Make) -> None:
    """A person needs to see what was known; the register must not stand still until then."""
    job = await job_in(journal, State.QUARANTINED, order("1"))
    assert job.reason == "two documents fit"
    assert job.evidence == {"candidates": [42, 43]}
    assert job.intent == intent(job.id)
    assert (await journal.load()).intents == {}
    assert await journal.list(states=[State.QUARANTINED]) == [job]


@pytest.mark.parametrize("decision", list(Decision))
async def test_decisions_are_journaled_with_who_and_why(journal: Journal, order: Make, decision: Decision) -> None:
    """Somebody answered for it, and an auditor must find whom."""
    job = await job_in(journal, State.QUARANTINED, order("1"))
    given = result() if decision is Decision.REGISTERED else None
    decided = await journal.decide(job.id, decision, "olga", "saw it on paper", given)
    assert decided.state is TRANSITIONS[State.QUARANTINED][DECISION_EVENTS[decision]]
    assert decided.result == given
    note = (await journal.notes(job.id))[-1]
    assert (note.event, note.detail) == (f"decide_{decision}", {"who": "olga", "why": "saw it on paper"})


@pytest.mark.parametrize("decision", list(Decision))
async def test_a_result_belongs_to_one_decision(journal: Journal, order: Make, decision: Decision) -> None:
    """'Registered' without the document would leave a receipt that nobody can show."""
    job = await job_in(journal, State.QUARANTINED, order("1"))
    with pytest.raises(Conflict):
        await journal.decide(job.id, decision, "me", "why", None if decision is Decision.REGISTERED else result())
    assert await journal.status(id=job.id) == job


async def test_one_document_answers_for_one_job(journal: Journal, order: Make) -> None:
    """Two jobs with one document would be a receipt that was never made, and nobody would know."""
    first = await job_in(journal, State.REGISTERED, order("1"))
    second = await job_in(journal, State.SENT, order("2"))
    with pytest.raises(Conflict, match=first.id):
        await journal.settle(STATION, Registered(result=result()), second.id)
    assert await journal.status(id=second.id) == second
    assert set((await journal.load()).intents) == {STATION}, "the intent is still open, too"


async def test_lists(journal: Journal, order: Make) -> None:
    """Newest first, in pages, by state and by company."""
    jobs = [await accepted(journal, order(f"{n}", inn=("9900000000", "7707083893")[n % 2])) for n in range(6)]
    jobs.reverse()
    jobs[2] = await journal.cancel(jobs[2].id)
    assert await journal.list() == jobs
    assert await journal.list(limit=2) == jobs[:2]
    assert await journal.list(limit=2, before=jobs[1].id) == jobs[2:4]
    assert await journal.list(inn="9900000000") == [job for job in jobs if job.inn == "9900000000"]
    assert await journal.list(states=[State.CANCELLED]) == [jobs[2]]
    assert await journal.list(states=[State.CANCELLED, State.ACCEPTED], limit=4) == jobs[:4]
    assert await journal.list(states=list(State), inn="7707083893", before=jobs[0].id, limit=1) == [jobs[2]]
    assert await journal.list(states=[]) == []
    assert await journal.list(limit=0) == []
    assert await journal.list(limit=-1) == []


async def test_a_list_has_an_end(journal: Journal, order: Make) -> None:
    """A page may ask for anything; the event loop is held for a bounded time."""
    async with trio.open_nursery() as nursery:
        for number in range(LIST_MAX + 5):
            nursery.start_soon(journal.accept, order(f"{number}"))
    page = await journal.list(limit=10**9)
    assert len(page) == LIST_MAX
    assert len(await journal.list(before=page[-1].id)) == 5


async def test_the_backlog(journal: Journal, order: Make) -> None:
    """A start sees what somebody must move on, oldest first, and nothing else."""
    await job_in(journal, State.CONFIRMED, order("done"))
    await job_in(journal, State.CANCELLED, order("gone"))
    await job_in(journal, State.QUARANTINED, order("odd"))
    waiting = await accepted(journal, order("1"))
    claimed = await accepted(journal, order("2"))
    claimed = await journal.claim(claimed.id, "k2")
    sent = await job_in(journal, State.SENT, order("3"))
    backlog = await journal.load()
    assert backlog.jobs == (waiting, claimed, sent)
    assert {station: one.job for station, one in backlog.intents.items()} == {STATION: sent.id}


async def test_erasing_the_buyer(journal: Journal, order: Make) -> None:
    """Personal data goes, the job and its idempotency stay."""
    job = await job_in(journal, State.CONFIRMED, order("1"))
    erased = await journal.erase(job.id)
    assert erased.receipt.buyer_contact is None
    assert await journal.status(id=job.id) == erased
    assert await journal.raw(job.id) is None
    answer = await journal.accept(order("1"))
    assert answer == Duplicate(job=erased, same=True)
    other = await journal.accept(order("1", price=200))
    assert other == Duplicate(job=erased, same=False)
    for state in (State.ACCEPTED, State.SENT, State.QUARANTINED):
        needed = await job_in(journal, state, order(f"{state}"))
        with pytest.raises(Conflict):
            await journal.erase(needed.id)
        await put_aside(journal, needed.id)


async def test_evidence_that_json_cannot_hold_fails_alone(journal: Journal, order: Make) -> None:
    """A bug in one caller's evidence is that caller's error; the journal and its neighbours go on."""
    job = await job_in(journal, State.SENT, order("1"))
    errors: list[Exception] = []

    async def bad() -> None:
        try:
            await journal.settle(STATION, Registered(result=result(), evidence={"x": object()}), job.id)
        except TypeError as error:
            errors.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(bad)
        nursery.start_soon(journal.accept, order("2"))
    assert len(errors) == 1
    assert await journal.status(id=job.id) == job
    assert await journal.status(inn="9900000000", key="2") is not None
    await journal.settle(STATION, Registered(result=result(), evidence={"bytes": b"\x00\xff"}), job.id)


async def test_a_failing_verb_takes_back_only_itself(journal: Journal, order: Make) -> None:
    """Verbs of many callers share a transaction; what one of them may not do is not the others' loss."""
    taken = await job_in(journal, State.CONFIRMED, order("0"))
    outcomes: list[str] = []

    async def attempt(number: int) -> None:
        try:
            if number % 3 == 0:
                await journal.claim(taken.id, STATION)
            elif number % 3 == 1:
                await journal.cancel("none")
            else:
                await journal.accept(order(f"{number}"))
            outcomes.append("done")
        except (Conflict, Missing) as error:
            outcomes.append(type(error).__name__)

    async with trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(attempt, number)
    assert sorted(outcomes) == ["Conflict"] * 10 + ["Missing"] * 10 + ["done"] * 10
    assert len(await journal.list(states=[State.ACCEPTED])) == 10
    assert journal.counts()[State.ACCEPTED] == 10


async def test_cancelling_does_not_tear_a_verb(journal: Journal, order: Make) -> None:
    """A caller that is cancelled before writes nothing; once begun, the verb ends and says what it did."""
    with trio.CancelScope() as scope:
        scope.cancel()
        await journal.accept(order("before"))
    assert scope.cancelled_caught
    assert await journal.status(inn="9900000000", key="before") is None

    answers: list[Accepted | Duplicate] = []

    async def ask() -> None:
        answers.append(await journal.accept(order("during")))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.lowlevel.checkpoint()  # let it begin
        nursery.cancel_scope.cancel()
    stored = await journal.status(inn="9900000000", key="during")
    assert [answer.job for answer in answers] == ([] if stored is None else [stored])


async def test_counts_agree_with_the_rows(journal: Journal, order: Make) -> None:
    """They are kept beside the jobs, so a wrong step would let them drift apart."""
    for number, state in enumerate(State):
        await job_in(journal, state, order(f"{number}"), document=100 + number)
        job = await journal.status(inn="9900000000", key=f"{number}")
        assert job is not None
        if state in (State.SENT, State.UNKNOWN):
            await journal.release(job.id, "make room", {})
    counts = journal.counts()
    for state, jobs in itertools.groupby(
        sorted(await journal.list(), key=lambda job: job.state), lambda job: job.state
    ):
        assert counts.pop(state) == len(list(jobs))
    assert set(counts.values()) == {0}


async def test_an_order_has_one_id_forever(journal: Journal, order: Make) -> None:
    """Made of INN and key under a secret of the journal: one that lost the order gives it the same id again, and
    nobody who knows the shop's key can guess it."""
    first = await accepted(journal, order("1"))
    other = await accepted(journal, order("1", inn="7707083893"))
    assert first.id != other.id
    engine: Any = journal
    assert engine._engine.id_of("9900000000", "1") == first.id


def found(job_id: str, **changes: Any) -> Discovered:
    """A receipt in the archive that carries the own key of a job."""
    one = Discovered(
        station=STATION,
        serial="0000000000000001",
        drive=DRIVE,
        rnm="0000000001012345",
        document=77,
        form=3,
        sign=5,
        moment=datetime(2026, 11, 24, 1, 2),
        shift=4,
        receipt=9,
        operation=1,
        total=150,
        own_key=short_key(job_id),
    )
    return msgspec.structs.replace(one, **changes)


async def test_a_lost_order_meets_its_document(journal: Journal, order: Make) -> None:
    """The backup is older than the receipt; the shop repeats its request: it gets the document that exists, and no
    second one is ever made."""
    engine: Any = journal
    id_ = engine._engine.id_of("9900000000", "lost")
    assert await journal.discover(STATION, [found(id_)]) == [found(id_)]
    assert await journal.discover(STATION, [found(id_)]) == [], "not new any more"
    answer = await journal.accept(order("lost"))
    assert isinstance(answer, Duplicate)
    assert (answer.same, answer.job.id, answer.job.state) == (True, id_, State.REGISTERED)
    assert answer.job.result == found(id_).result
    assert await journal.discovered() == []
    assert journal.counts()[State.REGISTERED] == 1
    assert isinstance(await journal.accept(order("other")), Accepted)


async def test_a_lost_order_that_was_another_receipt(journal: Journal, order: Make) -> None:
    """The key is used and the sum is not the one of the document: a person looks, nothing is made."""
    engine: Any = journal
    id_ = engine._engine.id_of("9900000000", "lost")
    await journal.discover(STATION, [found(id_, total=999)])
    answer = await journal.accept(order("lost"))
    assert isinstance(answer, Duplicate)
    assert (answer.same, answer.job.state) == (False, State.QUARANTINED)
    assert await journal.discovered(DRIVE) == [found(id_, total=999)]


async def test_documents_of_a_drive(journal: Journal, order: Make) -> None:
    """What an audit compares with the archive; a document of a job is no discovery."""
    first = await job_in(journal, State.REGISTERED, order("1"), document=42)
    second = await job_in(journal, State.CONFIRMED, order("2"), document=44)
    known = await journal.documents(DRIVE, 40, 50)
    assert [(one.document, one.job, one.total, one.confirmed) for one in known] == [
        (42, first.id, 150, False),
        (44, second.id, 150, True),
    ]
    assert await journal.documents(DRIVE, 43, 43) == []
    assert (await journal.last_document(DRIVE), await journal.last_document("other")) == (44, 0)
    assert await journal.discover(STATION, [found(first.id, document=42)]) == []


async def test_a_station_has_a_history(journal: Journal, clock: Any) -> None:
    """Plans go on where they stopped, and somebody answers for each step."""
    for number in range(3):
        clock.now += 1
        await journal.record("k1", "drain" if number % 2 else "audit", {"step": number})
    await journal.record("k2", "audit", {"step": 9})
    assert [one.detail["step"] for one in await journal.records("k1")] == [2, 1, 0]
    assert [one.detail["step"] for one in await journal.records("k1", ["audit"], limit=1)] == [2]
    assert await journal.records("k3") == []


async def test_retention(journal: Journal, order: Make, clock: Any) -> None:
    """Old buyers are forgotten page by page; whoever still waits for a document is not, and neither are new ones."""
    jobs = [await job_in(journal, State.CONFIRMED, order(f"{n}"), document=100 + n) for n in range(3)]
    waiting = await accepted(journal, order("waiting"))
    clock.now += 1000
    late = await job_in(journal, State.CONFIRMED, order("late"), document=200)
    assert await journal.retain(clock.now - 500, 0) == (3, None)
    assert await journal.retain(clock.now - 500, 0) == (0, None)
    for job, kept in (*((job, False) for job in jobs), (waiting, True), (late, True)):
        read = await journal.status(id=job.id)
        assert read is not None
        assert (read.receipt.buyer_contact is not None) is kept
        assert (await journal.raw(job.id) is not None) is kept


async def test_retention_goes_on_in_pages(journal: Journal, order: Make, clock: Any) -> None:
    """A million old requests do not hold the writer; jobs that cannot be erased yet do not stop the walk."""
    async with trio.open_nursery() as nursery:
        for number in range(250):
            nursery.start_soon(journal.accept, order(f"{number}"))
    done = await job_in(journal, State.CONFIRMED, order("done"))
    clock.now += 10
    erased, after = await journal.retain(clock.now, 0)
    assert (erased, after is not None) == (0, True)
    assert after is not None
    assert await journal.retain(clock.now, after) == (1, None)
    assert await journal.raw(done.id) is None


async def test_a_callback_is_due_once_the_job_is_final(journal: Journal, order: Make, clock: Any) -> None:
    """Not before, and only where a shop asked for one; what came of each try is kept."""
    url = "https://shop.example/cb"
    job = await accepted(journal, msgspec.structs.replace(order("1"), callback_url=url))
    await accepted(journal, order("2"))
    await journal.claim(job.id, STATION)
    await journal.intend(STATION, intent(job.id), job.id)
    await journal.settle(STATION, Registered(result=result()), job.id)
    assert await journal.callbacks_due(clock.now) == []
    await journal.confirm(DRIVE, 42, Ticket(at=5.0))
    (due,) = await journal.callbacks_due(clock.now)
    assert (due.job, due.url, due.tries) == (job.id, url, 0)
    again = await journal.callback_tried(job.id, "HTTP 500", due_at=clock.now + 5, done=False)
    assert (again.tries, again.last, again.due_at) == (1, "HTTP 500", clock.now + 5)
    assert await journal.callbacks_due(clock.now) == []
    clock.now += 5
    assert await journal.callbacks_due(clock.now) == [again]
    done = await journal.callback_tried(job.id, "HTTP 200", due_at=None, done=True)
    assert (done.tries, done.done_at) == (2, clock.now)
    assert await journal.callbacks_due(clock.now + 1e6) == []
    replayed = await journal.replay_callback(job.id)
    assert (replayed.tries, replayed.due_at, replayed.done_at) == (0, clock.now, None)
    for id_ in ((await accepted(journal, order("3"))).id, "none"):
        assert await journal.callback(id_) is None
        with pytest.raises(Missing):
            await journal.replay_callback(id_)


@pytest.mark.parametrize("state", [State.REFUSED, State.CANCELLED])
async def test_a_callback_for_a_receipt_that_was_not_made(
    journal: Journal, order: Make, clock: Any, state: State
) -> None:
    """The shop must hear of that, too."""
    asked = msgspec.structs.replace(order("1"), callback_url="https://shop.example/cb")
    job = await job_in(journal, state, asked)
    assert [one.job for one in await journal.callbacks_due(clock.now)] == [job.id]


async def test_reconciling_is_remembered(journal: Journal) -> None:
    """A fresh journal knows all there is; a restored one says so until every drive was read."""
    assert not journal.reconciling
    await journal.reconciled("k1", {"documents": 3})
    assert journal.reconciled_stations() == {"k1"}
    await journal.end_reconciling()
    assert journal.reconciled_stations() == frozenset()
    assert [one.event for one in await journal.records("k1")] == ["reconciled"]


async def test_a_closed_journal_takes_nothing(journal: Journal, order: Make) -> None:
    """Whoever comes late in a shutdown is told; nothing is half done."""
    job = await accepted(journal, order("1"))
    journal.close()
    for attempt in (journal.accept(order("2")), journal.claim(job.id, STATION)):
        with pytest.raises(Closed):
            await attempt
