"""What one emulated register costs: processor time per receipt, where it goes, memory, and a full archive.

    python -m benchmarks.emulator [--receipts 500] [--items 2] [--registers 1000] [--documents 250000] [--profile]

A receipt is what drivers send: 8Dh, FF46h for each item, FF0Ch with the buyer's address, FF45h; each a frame of the
standard layer with ENQ before it and ACK after the answer. *memory streams*: host and register in one process, so the
figure holds the host's share too (it only moves bytes it has made before). *TCP*: the register alone, the host in a
process of its own, the register's processor time counted. Signed: EMU-1, Magma in Python. Stub: quick checksums.
Machines differ: a receipt is also given in bare exchanges, see `benchmarks.yardstick`.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trio
import trio.testing

from benchmarks.yardstick import bare_exchange_s, own_cpu_s
from fn_emulator.emulated import EmulatedRegister, registered
from fn_emulator.serve.conversation import serve_stream
from fn_emulator.serve.tcp import serve_register
from fn_emulator.signs import Keys
from fn_emulator.storage import FileStorage
from fn_emulator.stub_signs import StubKeys
from kkt_driver import commands as c
from kkt_driver.frames import encode_frame

START = 1_780_000_000.0
KEYS = {"signed": Keys.derive, "stub": StubKeys.derive}
WARM_UP = 30
SHIFT = 20_000  # documents; a drive counts receipts of a shift with two bytes

PARTS = (
    ("fn_emulator/magma", "signs"),
    ("fn_emulator/signs", "signs"),
    ("fn_emulator/stub_signs", "signs"),
    ("fn_emulator/drive", "drive"),
    ("fn_emulator/storage", "storage"),
    ("zlib", "storage"),
    ("fn_emulator/register", "register"),
    ("fn_emulator/tables", "register"),
    ("fn_emulator/line", "line"),
    ("fn_emulator/emulated", "line"),
    ("kkt_driver/frames", "frames"),
    ("kkt_driver/c", "commands, codec"),
    ("msgspec", "msgspec"),
    ("fn_emulator/serve", "serving"),
    ("fn_emulator/clock", "serving"),
    ("_socket.socket", "socket calls"),
    ("select.epoll", "epoll calls"),
    ("trio", "trio"),
    ("outcome", "trio"),
    ("benchmarks", "the benchmark itself"),
)
"""What a place in a profile belongs to; the first that its file or name contains."""


def receipt(items: int) -> list[bytes]:
    """The frames of a receipt."""
    item = c.Operation(
        operation=1, quantity=1_500_000, price=12345, rate=0xCB, method=4, subject=1, name="Молоко 3,2% 1 л"
    )
    cash = (12345 * 15 // 10 + 1) * items
    requests: list[c.Request[Any]] = [
        c.OpenReceipt(type=0),
        *[item] * items,
        c.SendTlv(tlv=bytes.fromhex("f0031100") + b"buyer@example.com"),
        c.CloseReceipt(payments=(cash, *(0,) * 15), tax_system=1),
    ]
    return [encode_frame(c.encode_request(request)) for request in requests]


OPENING = [encode_frame(c.encode_request(c.OpenShift()))]


async def work(stream: trio.abc.Stream, frames: list[bytes]) -> None:
    """A host that only moves bytes: ENQ, frame, answer, ACK. A refusal ends the benchmark."""
    for frame in frames:
        await stream.send_all(b"\x05")
        await stream.receive_some(1)
        await stream.send_all(frame)
        said = b""
        while len(said) < 3 or len(said) < said[2] + 4:
            said += bytes(await stream.receive_some(4096))
        error = said[5] if said[3] == 0xFF else said[4]
        if error:
            raise SystemExit(f"command {frame[2:4].hex()} was refused: {error:02X}h")
        await stream.send_all(b"\x06")


async def in_memory(
    register: EmulatedRegister, frames: list[bytes], receipts: int, profile: cProfile.Profile | None
) -> float:
    """Processor seconds per receipt, host and register together."""
    host, device = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(serve_stream, register, device, clock=lambda: START))
        await work(host, OPENING + frames * WARM_UP)
        before = own_cpu_s()
        if profile:
            profile.enable()
        await work(host, frames * receipts)
        if profile:
            profile.disable()
        spent = own_cpu_s() - before
        nursery.cancel_scope.cancel()
    return spent / receipts


_HOST = """
import socket, sys
frames, port = [bytes.fromhex(one) for one in sys.argv[2:]], int(sys.argv[1])
line = socket.create_connection(("127.0.0.1", port))
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def work(frames):
    for frame in frames:
        line.sendall(b"\\x05"); line.recv(1)
        line.sendall(frame)
        said = b""
        while len(said) < 3 or len(said) < said[2] + 4:
            said += line.recv(4096)
        line.sendall(b"\\x06")
for round in sys.stdin:
    work(frames[:1] if round == "open\\n" else frames[1:] * int(round))
    print("done", flush=True)
"""


async def over_tcp(register: EmulatedRegister, frames: list[bytes], receipts: int) -> float:
    """Processor seconds of the register's process per receipt."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        command = [
            sys.executable,
            "-c",
            _HOST,
            str(listener.getsockname()[1]),
            *(one.hex() for one in OPENING + frames),
        ]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(serve_register, register, listener, clock=lambda: START))
            host = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert host.stdin is not None
            assert host.stdout is not None
            spent = 0.0
            for order in ("open", str(WARM_UP), str(receipts)):
                before = own_cpu_s()
                await host.stdin.send_all(order.encode() + b"\n")
                said = b""
                while not said.endswith(b"\n"):  # an unbuffered host writes its line in pieces
                    piece = await host.stdout.receive_some()
                    if not piece:
                        raise SystemExit("the host did not come to its end")
                    said += piece
                spent = own_cpu_s() - before
            await host.stdin.aclose()
            await host.wait()
            nursery.cancel_scope.cancel()
    assert register.drive.last_document == 2 + WARM_UP + receipts
    return spent / receipts


def shares(profile: cProfile.Profile) -> list[tuple[str, float]]:
    """Parts of the program and their shares of a profile."""
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]  # not in the stubs
        place = f"{file} {name}"
        spent[next((part for pattern, part in PARTS if pattern in place), "Python")] += own
    total = sum(spent.values())
    return [(part, seconds / total) for part, seconds in spent.most_common()]


def idle_memory(count: int) -> tuple[float, float]:
    """Bytes of one idle register of many in a rack that serves them over TCP, and seconds until it does, for each."""
    small, began = rack_size(1)
    large, ready = rack_size(count)
    return (large - small) / (count - 1), (ready - began) / (count - 1)


def rack_size(count: int) -> tuple[int, float]:
    """Resident size of a rack's process (Linux), and how long it took to be ready."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "fn_emulator", "rack", "--count", str(count), "--base-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as rack:
        assert rack.stdout is not None
        rack.stdout.readline()
        took = time.perf_counter() - began
        pages = int(Path(f"/proc/{rack.pid}/statm").read_text().split()[1])
        rack.terminate()
    return pages * os.sysconf("SC_PAGE_SIZE"), took


def archive(documents: int, folder: Path) -> None:
    """A drive that fills up on disk, through commands without a line: cost of appends, look-ups and of a start."""
    bodies = [frame[2:-1] for frame in receipt(1)]

    def opened() -> EmulatedRegister:
        storages = {name: FileStorage(folder / f"{name}.log") for name in ("drive_storage", "storage")}
        return registered(1, now=START, keys=StubKeys.derive, **storages)  # type: ignore[arg-type]  # by their names

    register = opened()
    register.ask(c.OpenShift(), START)
    shown = {documents // 100, documents // 10, documents // 2, documents}
    print(f"archive of {documents} documents on disk, stub signs, 24 h shifts left aside")
    began, last = time.process_time(), register.drive.last_document
    while register.drive.last_document < documents:
        if register.drive.last_document % SHIFT == 0:
            register.ask(c.ZReport(), START)
            register.ask(c.OpenShift(), START)
        for body in bodies:
            answer, _ = register.core.execute(body, START)
        if answer[2]:
            raise SystemExit(f"document {register.drive.last_document + 1} was refused: {answer[2]:02X}h")
        made = register.drive.last_document
        if shown and made >= min(shown):
            shown.remove(min(shown))
            each = (time.process_time() - began) / (made - last)
            found = timed(partial(look_up, register, made))
            print(f"  at {made:7}: {1e3 * each:.2f} ms a receipt, {1e6 * found / 200:.0f} µs a look-up")
            began, last = time.process_time(), made
    size = (folder / "drive.log" if (folder / "drive.log").exists() else folder / "drive_storage.log").stat().st_size
    print(f"  start: {timed(opened):.3f} s; log {size / 2**20:.0f} MiB")


def look_up(register: EmulatedRegister, made: int) -> None:
    """Two hundred documents from all over the archive."""
    for number in range(1, made, max(1, made // 200)):
        register.ask(c.FindDocument(document=number), START)


def timed(what: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--receipts", type=int, default=500)
    parser.add_argument("--items", type=int, default=2)
    parser.add_argument("--registers", type=int, default=1000)
    parser.add_argument("--documents", type=int, default=0, help="size of the archive to make; 250000 takes a while")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    frames = receipt(arguments.items)
    bare = trio.run(bare_exchange_s)
    print(f"bare exchange over TCP {1e6 * bare:.0f} µs; a receipt of {arguments.items} items: {len(frames)} commands")
    for kind, keys in KEYS.items():
        memory = trio.run(in_memory, registered(1, now=START, keys=keys), frames, arguments.receipts, None)
        tcp = trio.run(over_tcp, registered(1, now=START, keys=keys), frames, arguments.receipts)
        for place, each in (("memory streams", memory), ("TCP", tcp)):
            print(
                f"{kind:7} {place:15} {1 / each:6.0f} receipts/s per core, {1e3 * each:.2f} ms each,"
                f" {each / bare:.0f} bare exchanges"
            )
    if arguments.profile:
        for kind, keys in KEYS.items():
            profile = cProfile.Profile()
            trio.run(in_memory, registered(1, now=START, keys=keys), frames, arguments.receipts, profile)
            print(f"{kind}: " + ", ".join(f"{part} {share:.0%}" for part, share in shares(profile) if share >= 0.01))
    if arguments.registers > 1:
        each, made = idle_memory(arguments.registers)
        print(f"{arguments.registers} idle registers: {each / 1024:.0f} KiB each, {1e3 * made:.1f} ms to make one")
    if arguments.documents:
        with TemporaryDirectory() as folder:
            archive(arguments.documents, Path(folder))


if __name__ == "__main__":
    main()
