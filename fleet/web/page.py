"""The page for whoever runs the rack and for buyers: rack and latest receipts, one receipt, figures, health.

Russian texts, no login, no buyer's data. The rack is shown to this machine only (in the demo to everybody); a single
receipt to whoever has its address, since shops pass it on to buyers.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import trio

from fleet.config import Config
from fleet.jobs import Job, State
from fleet.usecases import UseCases
from fleet.web.asgi import HTML, TEXT, Call, Handler, Reply, json_reply
from fleet.web.ferma.writing import qr
from fleet.web.meters import Meters

if TYPE_CHECKING:
    import jinja2

__all__ = ["Page"]

LATEST = 20  # receipts on the page: a few screens of a phone

MEDIA = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".txt": TEXT,
}
SECURITY = (
    (
        b"content-security-policy",
        b"default-src 'self'; frame-ancestors 'none'; form-action 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
)
FOR_A_YEAR = ((b"cache-control", b"public, max-age=31536000, immutable"),)

# state → words and colour
STATIONS: Mapping[str, tuple[str, str]] = {
    "connecting": ("подключение", "wait"),
    "idle": ("свободна", "good"),
    "busy": ("чек", "work"),
    "shift": ("смена", "work"),
    "resolving": ("выясняет итог", "warn"),
    "reconciling": ("сверка с журналом", "warn"),
    "sick": ("неисправна", "bad"),
    "drained": ("выведена", "wait"),
    "retiring": ("завершает", "wait"),
    "held": ("чеков не даём", "warn"),
    "retired": ("списана", "wait"),
    "stopped": ("остановлена", "wait"),
}
JOBS: Mapping[State, tuple[str, str]] = {
    State.ACCEPTED: ("в очереди", "wait"),
    State.CLAIMED: ("на кассе", "work"),
    State.SENT: ("на кассе", "work"),
    State.UNKNOWN: ("выясняется", "warn"),
    State.QUARANTINED: ("нужна проверка", "bad"),
    State.REGISTERED: ("сформирован", "work"),
    State.CONFIRMED: ("подтверждён", "good"),
    State.REFUSED: ("отказ", "bad"),
    State.CANCELLED: ("отменён", "wait"),
}
PAYMENTS = (
    ("cash", "Наличными"),
    ("cashless", "Безналичными"),
    ("prepaid", "Зачёт аванса"),
    ("credit", "Последующая оплата (кредит)"),
    ("barter", "Встречное предоставление"),
)
MOVING = frozenset(set(State) - {State.CONFIRMED, State.REFUSED, State.CANCELLED})


class Page:
    """HTML for people, `/metrics` and health for machines."""

    def __init__(self, usecases: UseCases, config: Config, *, clock: Callable[[], float], meters: Meters) -> None:
        self._usecases = usecases
        self._config = config
        self._clock = clock
        self._meters = meters
        self._static = _load_static()
        self._timezones = {station.name: ZoneInfo(station.timezone) for station in config.stations}
        self._zone = next(iter(self._timezones.values()), ZoneInfo("Europe/Moscow"))

    @cached_property
    def _templates(self) -> jinja2.Environment:
        """Loaded when the first page is wanted, since a daemon that starts has better things to do."""
        import jinja2

        templates = jinja2.Environment(
            loader=jinja2.PackageLoader("fleet.web"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        templates.filters.update(roubles=roubles, ago=ago, quantity=quantity)
        templates.globals.update(config=self._config, static=self._static_url, payments=PAYMENTS)
        return templates

    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Path → name for figures and handler; all are GET."""
        return {
            "/": ("page", self.index),
            "/page/live": ("page_live", self.live),
            "/receipt/{id}": ("page_receipt", self.receipt),
            "/static/{name}": ("static", self.static),
            "/metrics": ("metrics", self.metrics),
            "/healthz": ("healthz", self.healthz),
            "/readyz": ("readyz", self.readyz),
        }

    def fail(self, status: int, message: str) -> Reply:
        return self._render("message.html", status=status, title=f"Ошибка {status}", message=message)

    async def nothing(self, call: Call) -> Reply:
        """Any path that is not there."""
        return self.fail(404, "Такой страницы нет")

    async def index(self, call: Call) -> Reply:
        return self._render("index.html", **await self._live()) if self._is_for(call) else self._not_for_network()

    async def live(self, call: Call) -> Reply:
        """The part of the page that the browser asks for again and again."""
        return self._render("live.html", **await self._live()) if self._is_for(call) else self._not_for_network()

    async def receipt(self, call: Call) -> Reply:
        job = await self._usecases.job(call.params["id"][:64])
        if job is None:
            return self.fail(404, "Такого чека нет")
        return self._render("receipt.html", job=self._job(job), **_receipt(job))

    async def static(self, call: Call) -> Reply:
        found = self._static.get(call.params["name"])
        if found is None:
            return self.fail(404, "Такого файла нет")
        return Reply(200, found.body, found.media, FOR_A_YEAR)

    async def metrics(self, call: Call) -> Reply:
        if _is_forwarded(call):
            return self._not_for_network()
        from fleet.web import metrics  # when the first scrape comes

        text = await trio.to_thread.run_sync(metrics.render, metrics.snapshot(self._usecases, self._meters))
        return Reply(200, text, metrics.CONTENT_TYPE)

    async def healthz(self, call: Call) -> Reply:
        health = self._usecases.health()
        return json_reply({"alive": health.alive}, 200 if health.alive else 503)

    async def readyz(self, call: Call) -> Reply:
        """Whether a receipt that comes now would be made soon; what is wrong is told to this machine only."""
        health = self._usecases.health()
        problems = {"problems": health.problems} if _is_local(call) else {}
        return json_reply({"ready": health.ready, **problems}, 200 if health.ready else 503)

    def _is_for(self, call: Call) -> bool:
        return self._config.demo or _is_local(call)

    def _not_for_network(self) -> Reply:
        return self.fail(403, "Эта страница открывается только на самом сервере")

    async def _live(self) -> dict[str, Any]:
        return {
            "now": self._clock(),
            "rack": [(view, *STATIONS.get(view.state, (view.state, "wait"))) for view in self._usecases.rack()],
            "queue": self._usecases.queue(),
            "jobs": [self._job(job) for job in await self._usecases.latest(LATEST)],
        }

    def _job(self, job: Job) -> dict[str, Any]:
        zone = self._timezones.get(job.station or "", self._zone)
        accepted = datetime.fromtimestamp(job.accepted_at, UTC).astimezone(zone)
        today = datetime.fromtimestamp(self._clock(), UTC).astimezone(zone).date()
        state, colour = JOBS[job.state]
        return {
            "id": job.id,
            "key": job.key,
            "time": f"{accepted:%H:%M:%S}" if accepted.date() == today else f"{accepted:%d.%m %H:%M}",
            "operation": job.receipt.operation.title,
            "total": job.receipt.total,
            "state": state,
            "colour": colour,
            "moving": job.state in MOVING,
            "reason": job.reason if job.state in (State.REFUSED, State.QUARANTINED, State.CANCELLED) else None,
            "result": job.result,
        }

    def _static_url(self, name: str) -> str:
        """With the content's mark, so that browsers may keep a file for ever."""
        return f"/static/{name}?{self._static[name].mark}"

    def _render(self, template: str, *, status: int = 200, **values: Any) -> Reply:
        text = self._templates.get_template(template).render(values)
        return Reply(status, text.encode(), HTML, SECURITY)


class _File(msgspec.Struct, frozen=True):
    body: bytes
    media: bytes
    mark: str


def _load_static() -> dict[str, _File]:
    """The vendored and own files, a hundred kilobytes in all, kept in memory."""
    found = {}
    for entry in files("fleet.web").joinpath("static").iterdir():
        body = entry.read_bytes()
        suffix = entry.name[entry.name.rfind(".") :]
        mark = hashlib.sha256(body).hexdigest()[:8]
        found[entry.name] = _File(body, MEDIA.get(suffix, b"application/octet-stream"), mark)
    return found


def _is_forwarded(call: Call) -> bool:
    """A proxy says that the request came from elsewhere."""
    return any(call.header(name) is not None for name in (b"x-forwarded-for", b"forwarded", b"x-real-ip"))


def _is_local(call: Call) -> bool:
    if _is_forwarded(call):
        return False
    try:
        return ipaddress.ip_address(call.client_host).is_loopback
    except ValueError:
        return False


def _receipt(job: Job) -> dict[str, Any]:
    """What the page of one receipt shows."""
    totals = job.receipt.totals()
    taxes = [
        (_title(rate), sum if rate.name not in ("VAT_0", "NO_VAT") else totals.turnover[rate])
        for rate, sum in totals.vat.items()
    ]
    return {
        "receipt": job.receipt,
        "inn": job.inn,
        "items": [(item, _title(item.vat)) for item in job.receipt.items],
        "taxes": taxes,
        "paid": [(words, getattr(job.receipt.payments, name)) for name, words in PAYMENTS],
        "tax_system": job.receipt.tax_system.printed,
        "result": job.result,
        "qr": qr(job.result) if job.result is not None else None,
    }


def _title(rate: Any) -> str:
    """НДС 20% rather than ставка НДС 20%."""
    return str(rate.title).removeprefix("ставка ")


def roubles(kopecks: int) -> str:
    """1 990,50 with a narrow space that does not break."""
    return f"{kopecks // 100:,}".replace(",", "\u202f") + f",{kopecks % 100:02}"


def quantity(value: Decimal) -> str:
    return f"{value:f}".replace(".", ",")


def ago(seconds: float) -> str:
    """How long something has waited, in the largest unit that fits."""
    for size, words in ((86400, "д"), (3600, "ч"), (60, "мин")):
        if seconds >= size:
            return f"{seconds / size:.0f}\u00a0{words}"
    return f"{max(seconds, 0):.0f}\u00a0с"
