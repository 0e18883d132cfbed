"""Jobs as rows: the one query that reads them, and the JSON in their columns."""

from __future__ import annotations

from typing import Any

import msgspec

from ffd.receipts import Receipt
from fleet.jobs import Job, Result, State
from kkt_driver.intents import Intent

__all__ = [
    "OF_OLD_KEY",
    "PERSONAL",
    "SELECT",
    "Found",
    "decode_intent",
    "decode_json",
    "encode",
    "found",
    "split",
    "without_buyer",
]

PERSONAL = ("buyer_contact",)
"""Fields of a receipt that tell of the buyer: they stand in `requests`, where they can be erased."""

SELECT = """
SELECT jobs.seq, jobs.id, inn, key, tenant, facade, state, accepted_at, changed_at, attempts, jobs.station, reason,
       routing_group, priority, receipt, result, jobs.evidence, jobs.intent, intents.intent, requests.personal,
       requests.raw IS NULL
FROM jobs JOIN requests ON requests.seq = jobs.seq LEFT JOIN intents ON intents.seq = jobs.intent
"""

OF_OLD_KEY = "WHERE jobs.seq = (SELECT job FROM old_keys WHERE old_keys.inn = ? AND old_keys.key = ?)"
"""Finds an order from before ids were made of INN and key."""

_RECEIPT = msgspec.json.Decoder(Receipt).decode
_RESULT = msgspec.json.Decoder(Result).decode
_PERSONAL = msgspec.json.Decoder(dict[str, str]).decode
_ENCODER = msgspec.json.Encoder()
decode_intent = msgspec.json.Decoder(Intent).decode
decode_json = msgspec.json.Decoder(dict[str, Any]).decode


class Found(msgspec.Struct, frozen=True):
    """A job with what only the tables know of it."""

    seq: int
    job: Job
    intent_seq: int | None
    erased: bool
    said: dict[str, Any] | None = None
    """What an intent's event in the chain says of it; None: the tables know."""
    called: bool = True
    """Whether its shop may want to be called."""


def encode(value: object) -> str:
    """Text for a JSON column."""
    return _ENCODER.encode(value).decode()


def split(receipt: Receipt) -> tuple[str, str | None]:
    """The receipt as two columns: without the buyer, and what there is of the buyer."""
    personal = {name: value for name in PERSONAL if (value := getattr(receipt, name)) is not None}
    return encode(without_buyer(receipt)), encode(personal) if personal else None


def without_buyer(receipt: Receipt) -> Receipt:
    """The receipt without its personal fields."""
    return msgspec.structs.replace(receipt, **dict.fromkeys(PERSONAL))


def found(row: tuple[Any, ...]) -> Found:
    """The job in a row of `SELECT`."""
    (
        seq,
        id_,
        inn,
        key,
        tenant,
        facade,
        state,
        accepted_at,
        changed_at,
        attempts,
        station,
        reason,
        group,
        priority,
        receipt,
        result,
        evidence,
        intent_seq,
        intent,
        personal,
        erased,
    ) = row
    whole = _RECEIPT(receipt)
    job = Job(
        id=id_,
        inn=inn,
        key=key,
        tenant=tenant,
        facade=facade,
        state=State(state),
        accepted_at=accepted_at,
        changed_at=changed_at,
        receipt=whole if personal is None else msgspec.structs.replace(whole, **_PERSONAL(personal)),
        station=station,
        intent=None if intent is None else decode_intent(intent),
        result=None if result is None else _RESULT(result),
        reason=reason,
        evidence=None if evidence is None else decode_json(evidence),
        attempts=attempts,
        group=group,
        priority=priority,
    )
    return Found(seq, job, intent_seq, bool(erased))
