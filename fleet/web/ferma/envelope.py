"""The envelope of every answer: success with data, or a code with a message and every mistake by its JSON path."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import msgspec

from fleet.errors import FleetError
from fleet.jobs import Job

__all__ = ["HTTP_STATUS", "PROBLEMS_MAX", "BadRequest", "Code", "Problem", "duplicate", "failure", "success"]


class Code(IntEnum):
    """Error codes of the envelope. Up to 1019 the vendor's, from 1900 ours."""

    OTHER = 1000
    NOT_AUTHORISED = 1001  # clients take it for "log in again", so it means nothing else
    NOT_FOUND = 1004
    DUPLICATE = 1019
    WRONG_LOGIN = 1900
    NOT_JSON = 1901
    MISSING = 1902
    BAD_VALUE = 1903
    SUMS = 1904
    NO_REGISTER = 1905
    TAX_SYSTEM = 1906
    QUEUE_FULL = 1907
    TARIFF_USED_UP = 1908


HTTP_STATUS: Mapping[Code, int] = {Code.NOT_AUTHORISED: 401, Code.NOT_FOUND: 404, Code.QUEUE_FULL: 429}  # else 400

PROBLEMS_MAX = 100  # a longer list helps nobody, and a mebibyte of mistakes would answer with many


class Problem(msgspec.Struct, frozen=True, rename="pascal"):
    """One mistake in a request, in the words of the envelope: Path, Code, Message."""

    path: str
    code: Code
    message: str


class BadRequest(FleetError):
    """A request that is refused; `problems` holds every mistake, in reading order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{one.path}: {one.message}" if one.path else one.message for one in problems))


def success(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"Status": "Success", "Data": data}


def failure(code: Code, message: str, violations: list[Problem] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"Code": int(code), "Message": message}
    if violations:
        error["Violations"] = violations
    return {"Status": "Failed", "Error": error}


def duplicate(job: Job) -> dict[str, Any]:
    """Clients cut the first receipt's id out of the message: the first lower-case UUID between two double hyphens."""
    key = job.key if "--" not in job.key else job.key.replace("--", "—")  # it must not offer another id
    return failure(Code.DUPLICATE, f"Чек с InvoiceId {key} уже принят --{job.id}--")
