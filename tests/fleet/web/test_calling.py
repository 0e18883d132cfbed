"""Twin of `fleet.web.calling`: the schedule, addresses that may not be called, signatures, and real calls."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from fleet.figures import Figures
from fleet.jobs import Job, Order, State
from fleet.journal import SqliteJournal
from fleet.journal.base import Callback
from fleet.usecases.callbacks import Callbacks
from fleet.web.calling import SCHEDULE_S, Caller, Refused, next_due, sign, signing_key, target_of
from fleet.web.ferma.callback import renderer
from tests.end_to_end.world import order
from tests.fleet.web.doubles import UseCasesDouble, make_config

SECRET = bytes(32)


def test_the_schedule() -> None:
    """Soon at first, then hourly for a day, then a person."""
    pauses = [next_due(tries, 0.0) for tries in range(1, 31)]
    assert pauses[:6] == [1.0, 5.0, 30.0, 120.0, 600.0, 3600.0]
    assert (pauses[28], pauses[29]) == (3600.0, None)
    assert sum(SCHEDULE_S[5:]) == 86400.0


def test_a_signature_is_checked_with_the_tenants_key() -> None:
    """Over time and body, so that neither an old call nor a changed one passes."""
    key = signing_key(SECRET, "shop")
    value = dict(part.split("=") for part in sign(key, b"{}", 1000).split(","))
    assert value == {"t": "1000", "v1": hmac.new(key, b"1000.{}", hashlib.sha256).hexdigest()}
    assert sign(key, b"{}", 1001) != sign(key, b"{}", 1000)
    assert signing_key(SECRET, "other") != key


PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
    *("::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::", "ff02::1", "2002:7f00:1::"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str) -> None:
    """A shop must not make the daemon knock at doors inside; one bad address among good ones is enough."""
    with pytest.raises(Refused, match="not a public address"):
        target_of("https://shop.example/cb", ["93.184.216.34", address], allow_private=False)
    target_of("https://shop.example/cb", [address.partition("%")[0]], allow_private=True)


def test_the_address_that_was_looked_at_is_the_one_that_is_called() -> None:
    """Asked a second time, a name may have another address; the name stays for the certificate and the host."""
    target = target_of("HTTPS://Shop.example:8443/cb?x=1#y", ["93.184.216.34"], allow_private=False)
    assert (target.url, target.host, target.server_name) == (
        "https://93.184.216.34:8443/cb?x=1",
        "shop.example:8443",
        "shop.example",
    )
    six = target_of("http://shop.example", ["2606:2800:220:1::1"], allow_private=False)
    assert six.url == "http://[2606:2800:220:1::1]/"
    with pytest.raises(Refused, match="has no address"):
        target_of("http://shop.example", [], allow_private=False)


@given(st.ip_addresses())
def test_any_address_is_taken_or_refused(address: object) -> None:
    """Nothing else comes of it."""
    with suppress(Refused):
        assert str(address).split("%")[0] in target_of("http://a.example/", [str(address)], allow_private=False).url


class Shop:
    """A shop's server on a real socket: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.answers = ["200 OK"]
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.port = 0

    async def serve(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listener.socket.getsockname()[1]
        task_status.started()
        await trio.serve_listeners(self._one, [listener])

    async def _one(self, stream: trio.SocketStream) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += await stream.receive_some()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        while len(body) < int(headers["content-length"]):
            body += await stream.receive_some()
        self.got.append((headers, bytes(body)))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        extra = "Location: http://127.0.0.1:9/\r\nContent-Length: 0\r\nConnection: close"
        await stream.send_all(f"HTTP/1.1 {status}\r\n{extra}\r\n\r\n".encode())


class Time:
    """Unix time that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A final job with a callback, a shop, and the task that calls."""

    def __init__(self, journal: SqliteJournal, shop: Shop, time: Time) -> None:
        self.journal = journal
        self.shop = shop
        self.time = time

    def caller(self, *, allow_private: bool = True) -> Caller:
        usecases = UseCasesDouble()
        usecases.callbacks = Callbacks(self.journal, Figures())

        async def resolve(host: str, port: int) -> list[str]:
            assert host == "shop.example"
            return ["127.0.0.1"]

        return Caller(
            usecases,
            {"test": renderer(make_config())},
            secret=SECRET,
            logins={"shop": "login"},
            clock=self.time,
            allow_private=allow_private,
            resolve=resolve,
        )

    async def cancelled_job(self, **changes: Any) -> Job:
        asked: Order = msgspec.structs.replace(
            order("1"), callback_url=f"http://shop.example:{self.shop.port}/cb", **changes
        )
        job = (await self.journal.accept(asked)).job
        return await self.journal.cancel(job.id)

    async def until_tried(self, job: Job, tries: int) -> Callback:
        with trio.fail_after(20):
            while True:
                callback = await self.journal.callback(job.id)
                assert callback is not None
                if callback.tries >= tries:
                    return callback
                await trio.sleep(0.01)


@asynccontextmanager
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    shop, time = Shop(), Time()
    with SqliteJournal.open(tmp_path / "j.sqlite", clock=time, threaded=False, durable=False) as journal:
        it = Scene(journal, shop, time)
        async with trio.open_nursery() as nursery:
            await nursery.start(shop.serve)
            yield it
            nursery.cancel_scope.cancel()


async def test_a_shop_is_told(tmp_path: Path) -> None:
    """Once the job is final: the status answer, signed, with the shop's own name as host; a 2xx ends it."""
    async with scene(tmp_path) as it, trio.open_nursery() as nursery:
        job = await it.cancelled_job()
        nursery.start_soon(it.caller().run)
        done = await it.until_tried(job, 1)
        nursery.cancel_scope.cancel()
    assert (done.last, done.done_at, done.due_at) == ("HTTP 200", 1000.0, None)
    ((headers, body),) = it.shop.got
    assert headers["host"] == f"shop.example:{it.shop.port}"
    assert headers["x-fleet-signature"] == sign(signing_key(SECRET, "login"), body, 1000)
    data = json.loads(body)["Data"]
    assert (data["StatusName"], data["InvoiceId"], data["ReceiptId"]) == ("KKT_ERROR", "1", job.id)
    assert job.state is State.CANCELLED


@pytest.mark.parametrize("answer", ["500 Oops", "302 Found", "404 Not Found"])
async def test_a_shop_that_does_not_take_it(tmp_path: Path, answer: str) -> None:
    """Called again by the schedule, redirects are not followed; a later success ends it."""
    async with scene(tmp_path) as it, trio.open_nursery() as nursery:
        it.shop.answers = [answer, "204 No Content"]
        job = await it.cancelled_job()
        nursery.start_soon(it.caller().run)
        first = await it.until_tried(job, 1)
        assert (first.last, first.due_at, first.done_at) == (f"HTTP {answer[:3]}", 1001.0, None)
        it.time.now = 1001.0
        second = await it.until_tried(job, 2)
        nursery.cancel_scope.cancel()
    assert (second.last, second.done_at) == ("HTTP 204", 1001.0)
    assert len(it.shop.got) == 2


async def test_a_private_address_is_not_called(tmp_path: Path) -> None:
    """Given up at once, and told why; a person may replay it when the configuration allows such addresses."""
    async with scene(tmp_path) as it:
        job = await it.cancelled_job()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(it.caller(allow_private=False).run)
            given_up = await it.until_tried(job, 1)
            nursery.cancel_scope.cancel()
        assert (given_up.due_at, given_up.done_at) == (None, None)
        assert "not a public address" in (given_up.last or "")
        assert it.shop.got == []
        await it.journal.replay_callback(job.id)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(it.caller().run)
            assert (await it.until_tried(job, 1)).last == "HTTP 200"
            nursery.cancel_scope.cancel()


async def test_a_job_of_a_door_without_callbacks(tmp_path: Path) -> None:
    """Nobody knows what to say: given up with the reason."""
    async with scene(tmp_path) as it, trio.open_nursery() as nursery:
        job = await it.cancelled_job(facade="unknown")
        nursery.start_soon(it.caller().run)
        assert (await it.until_tried(job, 1)).last == "door unknown has no callbacks"
        nursery.cancel_scope.cancel()
