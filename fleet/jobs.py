"""One receipt's life in the fleet: its states as a table, and the values that travel with it.

Nothing here waits or stores: `fleet.journal` makes each step durable, stations and use cases decide which step to
ask for. The table is the law for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from ffd.receipts import Receipt
from fleet.errors import Conflict
from kkt_driver.intents import Intent

__all__ = [
    "State",
    "Event",
    "TRANSITIONS",
    "UNFINISHED",
    "FINAL",
    "advance",
    "Order",
    "Job",
    "Result",
    "Ticket",
    "Registered",
    "Refused",
    "Done",
    "Outcome",
    "Decision",
    "DECISION_EVENTS",
]


class State(StrEnum):
    """Where a job stands. None is skipped, and each has somebody who must move it on."""

    ACCEPTED = "accepted"  # durable, waits for a station; the dispatcher moves it
    CLAIMED = "claimed"  # a station works on it, nothing that commits has been sent; the station
    SENT = "sent"  # the intent is durable, the committing bytes may be on the wire; the station
    REGISTERED = "registered"  # a fiscal document exists; the relay waits for the operator's ticket
    CONFIRMED = "confirmed"  # the operator has it. The end
    UNKNOWN = "unknown"  # the answer was lost; the resolver asks the drive
    QUARANTINED = "quarantined"  # evidence does not decide; a person does
    REFUSED = "refused"  # the content was refused, and it is proved that no document exists. The end
    CANCELLED = "cancelled"  # withdrawn before anything was sent. The end


class Event(StrEnum):
    """What may happen to a job: the journal's verbs, split where one verb can end in two states."""

    CLAIM = "claim"
    INTEND = "intend"
    REGISTER = "register"  # settle with Registered
    REFUSE = "refuse"  # settle with Refused
    CONFIRM = "confirm"
    DOUBT = "doubt"
    RELEASE = "release"  # release before anything was sent
    REQUEUE = "requeue"  # release with the proof that no document exists
    QUARANTINE = "quarantine"
    CANCEL = "cancel"
    DECIDE_REGISTERED = "decide_registered"
    DECIDE_REQUEUE = "decide_requeue"
    DECIDE_CANCEL = "decide_cancel"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.ACCEPTED: {
        Event.CLAIM: State.CLAIMED,
        Event.CANCEL: State.CANCELLED,
        Event.QUARANTINE: State.QUARANTINED,  # a restored backup: the shop's receipt may exist already
    },
    State.CLAIMED: {
        Event.INTEND: State.SENT,
        Event.RELEASE: State.ACCEPTED,
        Event.REQUEUE: State.ACCEPTED,
        Event.REFUSE: State.REFUSED,  # refused before the closing command: nothing to prove
        Event.QUARANTINE: State.QUARANTINED,
    },
    State.SENT: {
        Event.REGISTER: State.REGISTERED,
        Event.REFUSE: State.REFUSED,
        Event.DOUBT: State.UNKNOWN,
        Event.REQUEUE: State.ACCEPTED,
        Event.QUARANTINE: State.QUARANTINED,
    },
    State.UNKNOWN: {
        Event.REGISTER: State.REGISTERED,
        Event.REFUSE: State.REFUSED,
        Event.DOUBT: State.UNKNOWN,  # recovery may say it again after a restart
        Event.REQUEUE: State.ACCEPTED,
        Event.QUARANTINE: State.QUARANTINED,
    },
    State.QUARANTINED: {
        Event.DECIDE_REGISTERED: State.REGISTERED,
        Event.DECIDE_REQUEUE: State.ACCEPTED,
        Event.DECIDE_CANCEL: State.CANCELLED,
    },
    State.REGISTERED: {Event.CONFIRM: State.CONFIRMED},
    State.CONFIRMED: {Event.CONFIRM: State.CONFIRMED},  # a relay that crashed after the drive took the ticket
    State.REFUSED: {},
    State.CANCELLED: {},
}

UNFINISHED = frozenset({State.ACCEPTED, State.CLAIMED, State.SENT, State.UNKNOWN})  # somebody must act after a start
FINAL = frozenset({State.CONFIRMED, State.REFUSED, State.CANCELLED})


def advance(job_id: str, state: State, event: Event) -> State:
    """The state after `event`; an event that the table does not have raises `Conflict`."""
    after = TRANSITIONS[state].get(event)
    if after is None:
        raise Conflict(f"job {job_id} is {state}, which does not allow {event}: read it again before going on")
    return after


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt that somebody asks for. `raw` is the request as it came, `facade` the door it came through;
    `callback_url` is called once the job is final, only registers of `group` may make it, a higher `priority` goes
    first."""

    inn: str
    key: str
    tenant: str
    facade: str
    raw: bytes
    receipt: Receipt
    callback_url: str | None = None
    group: str | None = None
    priority: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The fiscal document that a job became, with what receipts and status answers show of it."""

    serial: str
    drive: str
    rnm: str
    document: int
    sign: int
    moment: datetime  # the settlement place's wall clock, without a zone, as the document carries it
    shift: int
    receipt: int
    total: int
    operation: int
    station: str
    model: str = ""
    timezone: str = "Europe/Moscow"
    ticket_at: float | None = None
    ticket_code: int | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt's life, as the journal knows it. Times are unix seconds."""

    id: str
    inn: str
    key: str
    tenant: str
    facade: str
    state: State
    accepted_at: float
    changed_at: float
    receipt: Receipt
    station: str | None = None
    intent: Intent | None = None
    result: Result | None = None
    reason: str | None = None
    evidence: dict[str, Any] | None = None
    attempts: int = 0
    group: str | None = None
    priority: int = 0


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's confirmation as far as a job needs it."""

    at: float
    code: int = 0


class Registered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The job became this document."""

    result: Result
    evidence: dict[str, Any] | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The content was refused, and `evidence` says why no document can exist."""

    reason: str
    code: int | None = None
    evidence: dict[str, Any] | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The end of a station's own committing command; `executed` False: proved that it was not carried out; None:
    nothing explains what became of it, the register's state is what counts."""

    evidence: dict[str, Any] | None = None
    executed: bool | None = True


Outcome = Registered | Refused | Done


class Decision(StrEnum):
    """What a person may say about a quarantined job."""

    REGISTERED = "registered"
    REQUEUE = "requeue"
    CANCEL = "cancel"


DECISION_EVENTS: Mapping[Decision, Event] = {
    Decision.REGISTERED: Event.DECIDE_REGISTERED,
    Decision.REQUEUE: Event.DECIDE_REQUEUE,
    Decision.CANCEL: Event.DECIDE_CANCEL,
}
