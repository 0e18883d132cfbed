"""What a drive's archive says of its receipts, as the journal keeps such things."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ffd import tlv
from ffd.errors import FfdError
from fleet.journal.base import Discovered
from kkt_driver import procedures
from kkt_driver.commands import RECEIPT_FORMS, FindDocumentReply
from kkt_driver.effects import Procedure
from kkt_driver.errors import Refused
from kkt_driver.recovery import OWN_KEY_NAME

__all__ = ["PAGE", "receipts_of", "short_records", "with_content"]

PAGE = 20
"""Documents read in one hold of the register: some hundred milliseconds, then receipts may come in between."""

NO_DATA = 0x08


def short_records(numbers: Iterable[int]) -> Procedure[list[FindDocumentReply]]:
    """The archive's short records of documents, one exchange each; numbers that it does not have are left out."""
    records = []
    for number in numbers:
        record = yield from procedures.find(number)
        if record is not None and record.document == number:
            records.append(record)
    return records


def receipts_of(
    numbers: Iterable[int], identity: procedures.Identity, *, station: str, timezone: str
) -> Procedure[list[Discovered]]:
    """Receipts among documents, with the own key that each carries."""
    found = []
    for record in (yield from short_records(numbers)):
        if record.type in RECEIPT_FORMS:
            one = _receipt(record, identity, station, timezone)
            found.append((yield from with_content(one)))
    return found


def with_content(receipt: Discovered) -> Procedure[Discovered]:
    """The receipt with what only its content tells: shift, number in it, own key; as it is when that is gone."""
    try:
        fields = tlv.decode((yield from procedures.document(receipt.document)))
    except FfdError:
        return receipt
    except Refused as refusal:
        if refusal.code != NO_DATA:
            raise
        return receipt
    shift, number = _whole(fields, 1038), _whole(fields, 1042)
    return msgspec.structs.replace(receipt, shift=shift, receipt=number, own_key=_own_key(fields))


def _receipt(record: FindDocumentReply, identity: procedures.Identity, station: str, timezone: str) -> Discovered:
    return Discovered(
        station=station,
        serial=identity.serial,
        drive=identity.drive,
        rnm=identity.rnm,
        model=identity.model,
        timezone=timezone,
        document=record.document,
        form=record.type,
        sign=record.sign,
        moment=record.moment,
        shift=0,
        receipt=0,
        operation=record.operation or 0,
        total=record.total or 0,
        confirmed=bool(record.ticket),
    )


def _whole(fields: Iterable[tlv.Tlv], tag: int) -> int:
    found = tlv.find(tuple(fields), tag)
    return 0 if found is None else int(tlv.value(found))


def _own_key(fields: Iterable[tlv.Tlv]) -> str | None:
    attribute = tlv.find(tuple(fields), 1084)
    inside = attribute.value if attribute is not None and isinstance(attribute.value, tuple) else ()
    told = {one.tag: str(tlv.value(one)) for one in inside}
    return told.get(1086) if told.get(1085) == OWN_KEY_NAME else None
