"""The daemon and the rack as processes of their own, which a test may kill; the shop that talks to the daemon."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import trio

from fleet.jobs import Job
from fleet.journal.sqlite import SqliteJournal
from fn_emulator.rack import Rack, StateFolder
from tests.end_to_end.world import documents
from tests.ports import free_base

__all__ = ["FF45_S", "Plant", "Program", "Shop"]

INN = "9900000000"
PASSWORD_HASH = "scrypt$2$1$1$c2FsdA==$wtjvNeNSY4LnFQFMPiCIRSquHhoETffSC54M0snMygY="  # "open sesame", cheap to check
COME_AGAIN = 1907
READY_S = 30.0
STOP_S = 12.0
FF45_S = 2.0
"""The closing command's deadline in these tests, and with it the quiescence after a restart: a real one is 40 s."""


class Program:
    """A child process that told in one line of JSON that it is ready; `said` is that line."""

    def __init__(self, process: trio.Process, said: dict[str, Any]) -> None:
        self._process = process
        self.said = said

    @classmethod
    async def start(cls, *arguments: str, log: Path) -> Program:
        """Run ``python -m …``. The end of our process closes its standard input."""
        with log.open("ab") as errors:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        line = b""
        assert process.stdout is not None
        try:
            with trio.fail_after(READY_S):
                while not line.endswith(b"\n"):
                    more = await process.stdout.receive_some()
                    assert more, f"{arguments[0]} ended before it was ready: {_last_words(log)}"
                    line += more
        except BaseException:
            process.kill()
            raise
        return cls(process, json.loads(line))

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    async def kill(self) -> None:
        """SIGKILL: nothing of the program runs any more when this returns."""
        self._process.kill()
        with trio.CancelScope(shield=True):
            await self._process.wait()

    async def finish(self, *, within_s: float) -> None:
        """Close its standard input, and the program ends well."""
        assert self._process.stdin is not None
        await self._process.stdin.aclose()
        with trio.fail_after(within_s):
            assert await self._process.wait() == 0

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def stop(self) -> None:
        """SIGTERM, and the program ends well."""
        if self._process.returncode is None:
            self._process.terminate()
        with trio.fail_after(STOP_S):
            assert await self._process.wait() == 0


def _last_words(log: Path) -> str:
    return log.read_text(encoding="utf-8")[-2000:]


class Plant:
    """A rack and a daemon over it, each of them a process that can be killed and started again where it was.

    `lines` are the ports the daemon talks to instead of the registers', where a test has put itself in between.
    """

    def __init__(self, state: Path, *, links: Sequence[str], quiet_s: float = FF45_S) -> None:
        self.state = state
        self.links = links
        self.quiet_s = quiet_s
        self.base = free_base((0, 1, 2, *range(10, 10 + len(links))))
        self.register_ports = tuple(range(self.base + 10, self.base + 10 + len(links)))
        self.url = f"http://127.0.0.1:{self.base}"
        self._running: list[Program] = []

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Plant]:
        """Whatever is still running at the end is killed."""
        try:
            yield self
        finally:
            for program in self._running:
                await program.kill()

    @property
    def control_url(self) -> str:
        """The rack's control port, when it was started with one."""
        return f"http://127.0.0.1:{self.base + 2}"

    async def rack(self, *, control: bool = False) -> Program:
        """Registers and an operator, and a control port if that is wanted."""
        return await self._start(
            *("fn_emulator", "rack"),
            *("--count", str(len(self.links))),
            *("--base-port", str(self.register_ports[0])),
            *("--operator-port", str(self.base + 1)),
            *("--inn", INN),
            *("--state", str(self.state / "rack")),
            *(("--control-port", str(self.base + 2)) if control else ()),
            "--until-stdin-closes",
        )

    async def daemon(self, lines: Sequence[int] | None = None) -> Program:
        """`fleet serve`."""
        path = self.state / "fleet.toml"
        path.write_text(self._config(self.register_ports if lines is None else lines))
        return await self._start("fleet", "serve", str(path), "--json")

    async def clients(self, log: Path, *, shops: int, seed: int) -> Program:
        """Shops that post until their standard input closes, and write down what they are told."""
        return await self._start("tests.end_to_end.clients", self.url, str(log), str(shops), str(seed))

    async def _start(self, *arguments: str) -> Program:
        program = await Program.start(*arguments, log=self.state / f"{arguments[0]}.log")
        self._running.append(program)
        return program

    def _config(self, ports: Sequence[int]) -> str:
        stations = "".join(
            f"""
[[stations]]
name = "k{number}"
address = "tcp://127.0.0.1:{port}"
inn = "{INN}"
link = "{link}"
deadlines = {{ FF45 = {self.quiet_s}, E0 = 3 }}
"""
            for number, (port, link) in enumerate(zip(ports, self.links, strict=True), start=1)
        )
        return f"""
name = "plant"
state_dir = "daemon"
http.listen = "127.0.0.1:{self.base}"
operator = {{ address = "tcp://127.0.0.1:{self.base + 1}", pause_s = 0.01, poll_s = 1 }}
tenants = [{{ name = "shop", login = "shop", password_hash = "{PASSWORD_HASH}", inn = "{INN}" }}]
{stations}"""

    async def job(self, key: str) -> Job:
        """What the journal holds of a receipt, read once the daemon has ended."""
        with SqliteJournal.open(self.state / "daemon" / "journal.sqlite", clock=time.time) as journal:
            job = await journal.status(inn=INN, key=key)
        assert job is not None
        return job

    def archive(self) -> list[tuple[str, int, int | None]]:
        """Every receipt in the rack's drives as (drive, FD number, total), read from its files once it has ended."""
        with StateFolder(self.state / "rack") as folder:
            now = time.time()
            rack = Rack(folder, len(self.links), now=now)
            return [
                (register.drive.number, number, total)
                for register in rack.registers
                for number, form, total in documents(register, now)
                if form == 3
            ]


class Shop:
    """A client that repeats a request until it has an answer, as shops do, always under the same InvoiceId."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.AsyncClient(base_url=url, timeout=10)
        self._token = ""

    async def __aenter__(self) -> Shop:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def post(self, key: str, roubles: int = 199) -> str:
        """The ReceiptId, whether this post made it or an earlier one of which the answer was lost."""
        item = {"Label": "Чай", "Price": roubles, "Quantity": 1, "Amount": roubles, "Vat": "VatNo"}
        receipt = {"TaxationSystem": "Common", "Items": [item]}
        asked = {"Request": {"Inn": INN, "Type": "Income", "InvoiceId": key, "CustomerReceipt": receipt}}
        answer = await self._call("receipt", asked)
        while answer["Status"] != "Success" and answer["Error"]["Code"] == COME_AGAIN:
            await trio.sleep(0.2)
            answer = await self._call("receipt", asked)
        if answer["Status"] == "Success":
            return str(answer["Data"]["ReceiptId"])
        assert answer["Error"]["Code"] == 1019, answer
        return str(answer["Error"]["Message"].split("--")[1])

    async def status(self, key: str) -> dict[str, Any]:
        answer = await self._call("status", {"Request": {"InvoiceId": key}})
        assert answer["Status"] == "Success", answer
        data: dict[str, Any] = answer["Data"]
        return data

    async def wait_for(self, key: str, code: int, *, within_s: float = 40) -> dict[str, Any]:
        """The status once its code is `code` or more: 1 registered, 2 confirmed, 3 refused."""
        data: dict[str, Any] = {}
        with trio.move_on_after(within_s):
            while True:
                data = await self.status(key)
                if data["StatusCode"] >= code:
                    return data
                await trio.sleep(0.02)
        raise AssertionError(f"{key} is still {data}")

    async def _call(self, what: str, body: Any) -> Any:
        while True:
            try:
                if not self._token:
                    login = {"Login": "shop", "Password": "open sesame"}
                    answer = await self._client.post("/api/Authorization/CreateAuthToken", json=login)
                    self._token = answer.json()["Data"]["AuthToken"]
                answer = await self._client.post(f"/api/kkt/cloud/{what}?AuthToken={self._token}", json=body)
                return answer.json()
            except httpx2.TransportError:
                await trio.sleep(0.05)  # the daemon is away
