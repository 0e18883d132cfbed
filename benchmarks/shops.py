"""Shops that post receipts as fast as the rack makes them: the load of `benchmarks.one_rack`, a process of its own.

    python -m benchmarks.shops URL LOGIN PASSWORD INN RECEIPTS SHOPS NAME

Each shop has one HTTP connection, posts, and posts the next when its receipt is registered. It does not ask for that:
a line with the ReceiptId on standard input says so, which costs the daemon nothing. On standard output one line per
receipt: ReceiptId, moment of the post and of the answer (seconds, CLOCK_MONOTONIC).
"""

from __future__ import annotations

import json
import sys
import time
from urllib.parse import urlsplit

import trio

__all__ = ["main"]


class Connection:
    """One keep-alive HTTP connection."""

    def __init__(self, stream: trio.SocketStream, host: str) -> None:
        self._stream = stream
        self._host = host

    async def post(self, path: str, body: object) -> dict[str, object]:
        """The `Data` of a successful answer."""
        data = json.dumps(body, ensure_ascii=False).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\nContent-Length: "
        await self._stream.send_all(head.encode() + str(len(data)).encode() + b"\r\n\r\n" + data)
        held = b""
        while b"\r\n\r\n" not in held:
            held += await self._more()
        header, _, rest = held.partition(b"\r\n\r\n")
        size = next(int(line[15:]) for line in header.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(rest) < size:
            rest += await self._more()
        answer = json.loads(rest)
        if answer["Status"] != "Success":
            raise SystemExit(f"the daemon refused: {answer}")
        found: dict[str, object] = answer["Data"]
        return found

    async def _more(self) -> bytes:
        data = await self._stream.receive_some(65536)
        if not data:
            raise SystemExit("the daemon closed the connection")
        return bytes(data)


def order(inn: str, key: str, number: int) -> dict[str, object]:
    """A receipt of one line, each with a sum of its own."""
    price = (10_000 + number % 5000) / 100
    item = {"Label": "Чай чёрный, 100 г", "Price": price, "Quantity": 1, "Amount": price, "Vat": "Vat22"}
    content = {"TaxationSystem": "Common", "Email": "anna@example.com", "Items": [item]}
    return {"Request": {"Inn": inn, "Type": "Income", "InvoiceId": key, "CustomerReceipt": content}}


async def run(url: str, login: str, password: str, inn: str, receipts: int, shops: int, name: str) -> None:
    where = urlsplit(url)
    assert where.hostname and where.port
    awaited: dict[str, trio.Event] = {}
    numbers = iter(range(receipts))
    lines: list[str] = []

    async def connect() -> Connection:
        stream = await trio.open_tcp_stream(where.hostname or "", where.port or 0)
        stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, 1)
        return Connection(stream, where.netloc)

    async def shop() -> None:
        connection = await connect()
        for number in numbers:
            posted = time.monotonic()
            path = f"/api/kkt/cloud/receipt?AuthToken={token}"
            answer = await connection.post(path, order(inn, f"{name}-{number}", number))
            answered = time.monotonic()
            key = str(answer["ReceiptId"])
            await awaited.setdefault(key, trio.Event()).wait()
            lines.append(f"{key} {posted} {answered}")

    async def listen() -> None:
        source = trio.lowlevel.FdStream(sys.stdin.fileno())
        held = b""
        while data := await source.receive_some(65536):
            *whole, held = (held + bytes(data)).split(b"\n")
            for key in whole:
                awaited.setdefault(key.decode(), trio.Event()).set()

    data = await (await connect()).post("/api/Authorization/CreateAuthToken", {"Login": login, "Password": password})
    token = data["AuthToken"]
    async with trio.open_nursery() as outer:
        outer.start_soon(listen)
        async with trio.open_nursery() as nursery:
            for _ in range(shops):
                nursery.start_soon(shop)
        outer.cancel_scope.cancel()
    print("\n".join(lines))


def main() -> None:
    url, login, password, inn, receipts, shops, name = sys.argv[1:]
    trio.run(run, url, login, password, inn, int(receipts), int(shops), name)


if __name__ == "__main__":
    main()
