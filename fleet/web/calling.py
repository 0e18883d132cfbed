"""Callbacks on their way out: when they are made, to whom they may go, how they are signed, and the task that makes
them.

A shop names the address, so it is looked at with suspicion: it must resolve to public addresses only, the call goes
to the very address that was looked at, redirects are not followed, and little of the answer is read.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import structlog
import trio

from fleet.jobs import Job
from fleet.journal.base import Callback
from fleet.usecases import UseCases

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "SCHEDULE_S",
    "Caller",
    "Refused",
    "Target",
    "next_due",
    "resolve",
    "sign",
    "signing_key",
    "target_of",
]

SCHEDULE_S = (1.0, 5.0, 30.0, 120.0, 600.0, *(3600.0,) * 24)
"""Pauses after a call that failed; then it is given up, and a person may replay it."""

TIMEOUT_S = 10.0
AT_ONCE = 20
"""Calls on their way at a time; a shop that is slow has at most `AT_ONCE_HOST` of them."""
AT_ONCE_HOST = 4
LOOK_S = 1.0
"""How often the journal is asked what is due."""
DUE_MAX = 500
"""Looked at each time, so that many calls to one slow shop do not hide the others'."""
ANSWER_MAX = 4096

SIGNATURE = "X-Fleet-Signature"
"""``t=<unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`` under the tenant's key (`signing_key`)."""

Resolve = Callable[[str, int], Awaitable[list[str]]]
Render = Callable[[Job], bytes]

_log = structlog.get_logger("fleet.callbacks")


def next_due(tries: int, now: float) -> float | None:
    """When a call that has failed `tries` times is made again; None: never."""
    return now + SCHEDULE_S[tries - 1] if tries <= len(SCHEDULE_S) else None


def signing_key(secret: bytes, login: str) -> bytes:
    """The key of a tenant's callbacks: it can be shown to the tenant and tells nothing of the others'."""
    return hmac.digest(secret, b"callback\0" + login.encode(), "sha256")


def sign(key: bytes, body: bytes, now: int) -> str:
    """The signature header's value."""
    return f"t={now},v1={hmac.new(key, b'%d.' % now + body, hashlib.sha256).hexdigest()}"


class Refused(Exception):
    """The address is none that may be called."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a call goes: the address that was looked at, and the name that the shop gave it."""

    url: str
    host: str
    server_name: str


def target_of(url: str, addresses: list[str], *, allow_private: bool) -> Target:
    """The target of a shop's URL whose host has these addresses. Refused unless all of them are public."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    if not addresses:
        raise Refused(f"{name} has no address")
    for address in addresses:
        if not allow_private and not _is_public(address):
            raise Refused(f"{name} is {address}, which is not a public address")
    numbers = addresses[0]
    where = f"[{numbers}]" if ":" in numbers else numbers
    port = f":{parts.port}" if parts.port else ""
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    host = f"[{name}]{port}" if ":" in name else f"{name}{port}"
    return Target(url=f"{parts.scheme.lower()}://{where}{port}{path}{query}", host=host, server_name=name)


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    return bool(ip.is_global and inner.is_global and not ip.is_multicast and not inner.is_multicast)


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host."""
    found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Caller:
    """Makes the calls that are due, until it is cancelled."""

    def __init__(
        self,
        usecases: UseCases,
        render: Mapping[str, Render],
        *,
        secret: bytes,
        logins: Mapping[str, str],
        clock: Callable[[], float],
        allow_private: bool,
        resolve: Resolve = resolve,
    ) -> None:
        """`render`: façade → the body for a job; `logins`: tenant's name → login."""
        self._callbacks = usecases.callbacks
        self._render = render
        self._secret = secret
        self._logins = logins
        self._clock = clock
        self._allow_private = allow_private
        self._resolve = resolve
        self._busy: set[str] = set()
        self._hosts: Counter[str] = Counter()

    async def run(self) -> None:
        """Look what is due, and call."""
        while not await self._callbacks.due(self._clock(), 1):  # noqa: ASYNC110 (time makes a call due, nobody tells)
            await trio.sleep(LOOK_S)
        import httpx2  # many daemons never call anybody: they start without it

        client = httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        async with client, trio.open_nursery() as nursery:
            while True:
                for callback in await self._callbacks.due(self._clock(), DUE_MAX):
                    host = urlsplit(callback.url).hostname or ""
                    room = len(self._busy) < AT_ONCE and self._hosts[host] < AT_ONCE_HOST
                    if room and callback.job not in self._busy:
                        self._busy.add(callback.job)
                        self._hosts[host] += 1
                        nursery.start_soon(self._one, client, callback, host)
                await trio.sleep(LOOK_S)

    async def _one(self, client: httpx2.AsyncClient, callback: Callback, host: str) -> None:
        try:
            job = await self._callbacks.job(callback)
            outcome, done, refused = await self._call(client, callback, job)
            tries = callback.tries + 1
            due_at = None if done or refused else next_due(tries, self._clock())
            await self._callbacks.tried(callback.job, outcome, due_at=due_at, done=done)
            _log.info("callback", job=callback.job, outcome=outcome, tries=tries, again=due_at is not None)
        finally:
            self._busy.discard(callback.job)
            self._hosts[host] -= 1

    async def _call(self, client: httpx2.AsyncClient, callback: Callback, job: Job) -> tuple[str, bool, bool]:
        """(what came of it, whether that ends it well, whether it must not be tried again)."""
        import httpx2

        render = self._render.get(job.facade)
        if render is None:
            return f"door {job.facade} has no callbacks", False, True
        parts = urlsplit(callback.url)
        try:
            with trio.fail_after(TIMEOUT_S):
                port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
                addresses = await self._resolve(parts.hostname or "", port)
                target = target_of(callback.url, addresses, allow_private=self._allow_private)
                status = await self._post(client, target, render(job), job)
        except Refused as error:
            return str(error), False, True
        except (OSError, ValueError, httpx2.HTTPError, trio.TooSlowError) as error:
            return f"{type(error).__name__}: {error}"[:200], False, False
        return f"HTTP {status}", 200 <= status < 300, False

    async def _post(self, client: httpx2.AsyncClient, target: Target, body: bytes, job: Job) -> int:
        key = signing_key(self._secret, self._logins.get(job.tenant, job.tenant))
        headers = {
            "Host": target.host,
            "Content-Type": "application/json; charset=utf-8",
            SIGNATURE: sign(key, body, int(self._clock())),
        }
        extensions = {"sni_hostname": target.server_name}
        async with client.stream("POST", target.url, content=body, headers=headers, extensions=extensions) as answer:
            async for part in answer.aiter_raw(ANSWER_MAX):
                if part:
                    break  # what a shop says to it is nobody's business; its status is
            return int(answer.status_code)
