"""What a shop is told of its receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ffd.qr import qr_line
from fleet.jobs import Job, Result, State

__all__ = ["CONFIRMED", "KKT_ERROR", "NEW", "PROCESSED", "STEPS", "qr", "write_status"]


class Step(msgspec.Struct, frozen=True):
    """What a job's state is to this protocol."""

    code: int
    name: str
    message: str


NEW, PROCESSED, CONFIRMED, KKT_ERROR = "NEW", "PROCESSED", "CONFIRMED", "KKT_ERROR"
STEPS: Mapping[State, Step] = {
    # an error would invite the shop to make a second receipt, so whatever is not proved to be one is NEW
    State.ACCEPTED: Step(0, NEW, "Чек принят и ждёт свободную кассу"),
    State.CLAIMED: Step(0, NEW, "Чек формируется кассой"),
    State.SENT: Step(0, NEW, "Чек формируется кассой"),
    State.UNKNOWN: Step(0, NEW, "Ответ кассы не получен, результат выясняется"),
    State.QUARANTINED: Step(0, NEW, "Результат проверяет сотрудник сервиса; повторять чек нельзя"),
    State.REGISTERED: Step(1, PROCESSED, "Чек сформирован кассой и ожидает передачи оператору фискальных данных"),
    State.CONFIRMED: Step(2, CONFIRMED, "Чек передан оператору фискальных данных"),
    State.REFUSED: Step(3, KKT_ERROR, "Касса отказала, чек не сформирован"),
    State.CANCELLED: Step(3, KKT_ERROR, "Чек отменён до передачи на кассу"),
}


def write_status(
    job: Job,
    *,
    device_id: Callable[[str], int],
    receipt_url: Callable[[Job, Result], str],
    timezone: Callable[[str | None], str],
) -> dict[str, Any]:
    """The `Data` of a status answer. What it calls Utc is the register's wall clock: clients build QR lines of it."""
    step = STEPS[job.state]
    result = job.result
    zone = ZoneInfo(result.timezone if result is not None else timezone(job.station))
    modified = datetime.fromtimestamp(job.changed_at, UTC).astimezone(zone)
    data: dict[str, Any] = {
        "StatusCode": step.code,
        "StatusName": step.name,
        "StatusMessage": step.message,
        "ReceiptId": job.id,
        "InvoiceId": job.key,
        "ModifiedDateUtc": _wall_clock(modified),
        "ModifiedDateTimeIso": _java(modified),
        "ReceiptDateUtc": None,
        "ReceiptDateTimeIso": None,
        "Device": None,
    }
    if step.name == KKT_ERROR:
        data["Description"] = job.reason or step.message
    if result is not None:
        moment = result.moment.replace(tzinfo=zone)
        data["ReceiptDateUtc"] = _wall_clock(moment)
        data["ReceiptDateTimeIso"] = _java(moment)
        data["Device"] = {
            "DeviceId": device_id(result.station),
            "RNM": result.rnm,
            "ZN": result.serial,
            "FN": result.drive,
            "FDN": str(result.document),
            "FPD": str(result.sign),
            "ShiftNumber": result.shift,
            "ReceiptNumInShift": result.receipt,
            "DeviceType": result.model,
            "OfdReceiptUrl": receipt_url(job, result),
        }
        data["QrCode"] = qr(result)
    return data


def qr(result: Result) -> str:
    """The line that the receipt's QR code holds."""
    return qr_line(result.moment, result.total, result.drive, result.document, result.sign, result.operation)


def _wall_clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _java(moment: datetime) -> str:
    """2026-11-23T10:15:30+03:00[Europe/Moscow]"""
    return f"{moment.isoformat(timespec='seconds')}[{moment.tzinfo}]"
