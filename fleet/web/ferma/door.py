"""The Ferma façade's calls: who asks, what is asked, what the fleet says to it, how it is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from fleet.config import Config, Tenant
from fleet.errors import JournalError
from fleet.jobs import Job, Order, Result
from fleet.journal.base import Accepted, Duplicate
from fleet.usecases import NoRegister, QueueFull, UseCases
from fleet.web.asgi import Call, Handler, Reply, json_reply
from fleet.web.ferma.envelope import HTTP_STATUS, BadRequest, Code, Problem, duplicate, failure, success
from fleet.web.ferma.reading import read_asked, read_login, read_order
from fleet.web.ferma.tables import NO_REGISTER_TEXTS
from fleet.web.ferma.writing import write_status
from fleet.web.meters import Meters
from fleet.web.tokens import Tokens

__all__ = ["FermaDoor"]

DEMO_NOTICE = "Демонстрация: ничего фискального здесь нет"
JOURNAL_RETRY_S = 5  # a journal that another daemon took over, or a full disk: somebody restarts us
DEFAULT_TIMEZONE = "Europe/Moscow"

_HOST = re.compile(rb"[A-Za-z0-9.:\[\]_-]{1,255}")
_log = structlog.get_logger("fleet.web.ferma")


class Failed(Exception):
    """A call that is answered with the failure envelope."""

    def __init__(self, code: Code, message: str, *, status: int | None = None, retry_after_s: float = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s


class FermaDoor:
    """CreateAuthToken, receipt and status over the fleet's use cases."""

    def __init__(
        self, usecases: UseCases, config: Config, tokens: Tokens, *, clock: Callable[[], float], meters: Meters
    ) -> None:
        self._usecases = usecases
        self._tokens = tokens
        self._clock = clock
        self._always_200 = config.http.always_200
        self._public_url = config.http.public_url
        self._demo = {"Notice": DEMO_NOTICE} if config.demo else {}
        self._timezones = {station.name: station.timezone for station in config.stations}
        self._devices = {station.name: number for number, station in enumerate(config.stations, start=1)}
        self._answers = meters.receipts

    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Path → name for figures and handler; all are POST."""
        return {
            "/api/Authorization/CreateAuthToken": ("ferma_token", self._answering(self.create_token)),
            "/api/kkt/cloud/receipt": ("ferma_receipt", self._answering(self.receipt)),
            "/api/kkt/cloud/status": ("ferma_status", self._answering(self.status)),
        }

    def fail(self, status: int, message: str) -> Reply:
        """The envelope for what went wrong around a call: method, size, a bug of ours."""
        code = Code.NOT_JSON if status == 413 else Code.OTHER
        return self._failure(code, message, status=status)

    async def nothing(self, call: Call) -> Reply:
        """Any other path below /api."""
        return self.fail(404, "Такого метода здесь нет: есть CreateAuthToken, receipt и status")

    async def create_token(self, call: Call) -> Reply:
        login, password = read_login(call.body)
        token = await self._tokens.login(login, password, now=self._clock())
        if token is None:
            _log.warning("login refused", login=login[:64], client=call.client_host)
            raise Failed(Code.WRONG_LOGIN, "Неверный логин (Login) или пароль (Password)")
        expires = datetime.fromtimestamp(token.expires_at, UTC)
        return self._success({"AuthToken": token.text, "ExpirationDateUtc": f"{expires:%Y-%m-%dT%H:%M:%S}"})

    async def receipt(self, call: Call) -> Reply:
        tenant = self._authorised(call)
        now = self._clock()
        try:
            order = read_order(
                call.body,
                tenant=tenant,
                today=datetime.fromtimestamp(now, ZoneInfo(DEFAULT_TIMEZONE)).date(),
                tax_systems=lambda: self._tax_systems(tenant.inn),
            )
            return await self._accept(order)
        except BadRequest:
            self._answers["refused"] += 1
            raise

    async def status(self, call: Call) -> Reply:
        tenant = self._authorised(call)
        asked = read_asked(call.body)
        job = await self._usecases.status(inn=tenant.inn, id=asked.id, key=asked.key if asked.id is None else None)
        if job is None:
            what = f"ReceiptId {asked.id}" if asked.id is not None else f"InvoiceId {asked.key}"
            raise Failed(Code.NOT_FOUND, f"Чек с {what[:300]} не найден")
        return self._success(
            write_status(
                job,
                device_id=lambda station: self._devices.get(station, 0),
                receipt_url=lambda job, result: self._receipt_url(call, job, result),
                timezone=lambda station: self._timezones.get(station or "", DEFAULT_TIMEZONE),
            )
        )

    async def _accept(self, order: Order) -> Reply:
        outcome = await self._usecases.accept(order)
        if isinstance(outcome, Accepted):
            self._answers["accepted"] += 1
            return self._success({"ReceiptId": outcome.job.id})
        if isinstance(outcome, Duplicate):
            self._answers["duplicate"] += 1
            if not outcome.same:
                _log.warning("same InvoiceId, other receipt", inn=order.inn, job=outcome.job.id)
            return self._reply(duplicate(outcome.job), 400)
        if isinstance(outcome, QueueFull):
            self._answers["queue_full"] += 1
            text = "Очередь заполнена, чек не принят; повторите запрос позже с тем же InvoiceId"
            raise Failed(Code.QUEUE_FULL, text, retry_after_s=outcome.retry_after_s)
        raise BadRequest([_no_register(outcome)])

    def _authorised(self, call: Call) -> Tenant:
        tenant = self._tokens.tenant(call.query("AuthToken") or "", now=self._clock())
        if tenant is None:
            raise Failed(Code.NOT_AUTHORISED, "Нет действующего AuthToken: получите новый в CreateAuthToken")
        return tenant

    def _tax_systems(self, inn: str) -> int:
        systems = 0
        for view in self._usecases.rack():
            if view.inn == inn:
                systems |= view.tax_systems
        return systems

    def _receipt_url(self, call: Call, job: Job, result: Result) -> str:
        """Our own viewer; absolute, since shops pass the address on to buyers."""
        if self._public_url is not None:
            return f"{self._public_url.rstrip('/')}/receipt/{job.id}"
        host = call.header(b"host")
        if host is None or not _HOST.fullmatch(host):
            return f"/receipt/{job.id}"
        return f"{call.scope.get('scheme', 'http')}://{host.decode('ascii')}/receipt/{job.id}"

    def _answering(self, handler: Handler) -> Handler:
        """The handler with its refusals turned into envelopes."""

        async def answer(call: Call) -> Reply:
            try:
                return await handler(call)
            except BadRequest as error:
                return self._refusal(error)
            except Failed as error:
                return self._failure(error.code, error.message, status=error.status, retry_after_s=error.retry_after_s)
            except JournalError:
                _log.exception("journal failed")
                text = "Сервис временно недоступен, чек не принят; повторите запрос с тем же InvoiceId"
                return self._failure(Code.OTHER, text, status=503, retry_after_s=JOURNAL_RETRY_S)

        return answer

    def _refusal(self, error: BadRequest) -> Reply:
        code = error.problems[0].code
        located = [problem for problem in error.problems if problem.path]
        return self._reply(failure(code, str(error), located), HTTP_STATUS.get(code, 400))

    def _success(self, data: dict[str, Any]) -> Reply:
        return json_reply(success({**data, **self._demo}))

    def _failure(self, code: Code, message: str, *, status: int | None = None, retry_after_s: float = 0) -> Reply:
        status = HTTP_STATUS.get(code, 400) if status is None else status
        headers = ((b"retry-after", b"%d" % max(1, ceil(retry_after_s))),) if retry_after_s else ()
        return self._reply(failure(code, message), status, headers)

    def _reply(self, envelope: Any, status: int, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Reply:
        return json_reply(envelope, 200 if self._always_200 else status, headers)


def _no_register(outcome: NoRegister) -> Problem:
    """What a shop can do something about: one obstacle of all its registers, or what is in the way of each."""
    if not outcome.inn_known:
        return Problem("Request/Inn", Code.NO_REGISTER, "нет кассы, зарегистрированной на этот ИНН")
    names = [{one.rule for one in found} for found in outcome.obstacles.values()]
    if all("tax_system" in one for one in names):
        text = "ни одна касса не зарегистрирована для этой системы налогообложения"
        return Problem("Request/CustomerReceipt/TaxationSystem", Code.TAX_SYSTEM, text)
    lacking = "; ".join(text for name, text in NO_REGISTER_TEXTS.items() if any(name in one for one in names))
    return Problem(
        "Request/CustomerReceipt", Code.NO_REGISTER, f"ни одна касса не может сформировать такой чек: {lacking}"
    )
