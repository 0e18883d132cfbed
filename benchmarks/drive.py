"""What a full drive costs: start, look-up and append on an archive of a quarter of a million documents.

    python -m benchmarks.drive [--documents 250000] [--rounds 5] [--directory DIR]

The archive is synthesised: one real receipt, written again and again with its number, moment and places changed, as a
drive would have written it. Look-ups and receipts on it are a real drive's; they are compared with the same drive when
it was small, round by round in turn, and should cost the same. Signs are real ones.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from struct import pack

from msgspec.structs import replace

from fn_emulator.drive import MODELS, Drive
from fn_emulator.drive.log import raised
from fn_emulator.drive.records import encode_record
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import FileStorage

NUMBER = "9999078900000001"
SMALL = 1_000
ROOMY = replace(MODELS["fn-1.2-36"], documents_max=10_000_000)  # a full one takes no more receipts to measure
LOOKUPS, RECEIPTS = 2_000, 200

# A drive in its own process: what a start costs with nothing in memory, imports left out.
_START = """
import sys, time
from fn_emulator.drive import Drive
from fn_emulator.signs import DEMO_MASTER_KEY
from fn_emulator.storage import FileStorage
began = time.perf_counter()
drive = Drive(FileStorage(sys.argv[1]), number=sys.argv[2], keys=DEMO_MASTER_KEY)
drive.execute(0x30, timer=0.0)
print(time.perf_counter() - began)
"""


def _tags(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(pack("<HH", tag, len(value)) + value for tag, value in pairs)


ITEM = _tags((1030, "Чай чёрный".encode("cp866")), (1079, b"\x10\x27"), (1023, b"\x00\x01"), (1043, b"\x10\x27"))
CONTENT = _tags((1055, b"\x01"), (1021, "Кассир".encode("cp866")), (1209, b"\x04"), (1059, ITEM)) + _tags(
    *((tag, b"\x10\x27" if tag == 1031 else b"\0") for tag in (1031, 1081, 1215, 1216, 1217))
)


class CountingStorage(FileStorage):
    """Counts the records that are read."""

    taken = 0

    def read(self, offset: int) -> bytes:
        self.taken += 1
        return super().read(offset)


class Seller:
    """Sells on a drive whose clock goes with its timer."""

    def __init__(self, path: Path) -> None:
        self.storage = CountingStorage(path)
        self.drive = Drive(self.storage, number=NUMBER, keys=DEMO_MASTER_KEY, model=ROOMY)
        self.timer = 0.0

    def ok(self, code: int, data: bytes = b"") -> bytes:
        answer = self.drive.execute(code, data, timer=self.timer)
        assert answer.error == 0, f"{code:02X}h answers {answer.error:02X}h"
        return answer.data

    def register(self) -> None:
        self.ok(0xA2, b"\0\4")
        self.ok(0x07, _tags((1048, "ООО Ромашка".encode("cp866")), (1209, b"\4")))
        requisites = b"9900000000  " + b"0000000005008570    " + bytes((63, 2, 0)) + b" " * 12
        self.ok(0xA3, MOMENT + requisites + bytes(4))
        self.ok(0x11, MOMENT)
        self.ok(0x07, _tags((1021, "Кассир".encode("cp866"))))
        self.ok(0x12)

    def receipt(self) -> None:
        self.ok(0x15, MOMENT)
        self.ok(0x07, CONTENT)
        self.ok(0x16, MOMENT + b"\1" + (10000).to_bytes(5, "little"))

    def look_up(self, number: int) -> None:
        self.ok(0x40, pack("<I", number))


MOMENT = bytes((26, 11, 23, 10, 0))


def synthesise(path: Path, documents: int) -> None:
    """A drive with so many documents, the last of them receipts made from one real receipt."""
    seller = Seller(path)
    seller.register()
    seller.receipt()
    last = seller.drive.log.document(seller.drive.state, seller.drive.last_document)
    assert last is not None
    state = seller.drive.state
    tower = state.documents_tower
    for number in range(last.number + 1, documents + 1):
        written = replace(state, document=number, receipt=number % 65_536, documents_tower=tower)
        record = replace(last, number=number, state=written)
        tower = raised(tower, number, seller.storage.append(encode_record(record)))
    seller.storage.close()


def started_s(path: Path) -> float:
    """Seconds from nothing to the first answer, in a process of its own."""
    ran = subprocess.run([sys.executable, "-c", _START, str(path), NUMBER], check=True, capture_output=True, text=True)
    return float(ran.stdout)


def looked_up_us(seller: Seller, dice: random.Random) -> float:
    """Microseconds for one look-up of a document anywhere in the archive, nothing remembered from before."""
    numbers = [dice.randint(3, seller.drive.last_document) for _ in range(LOOKUPS)]
    seller.drive.log.forget()
    began = time.process_time()
    for number in numbers:
        seller.look_up(number)
    return (time.process_time() - began) / LOOKUPS * 1e6


def receipt_us(seller: Seller) -> float:
    """Microseconds for one receipt: begin, data, form, one append."""
    began = time.process_time()
    for _ in range(RECEIPTS):
        seller.receipt()
    return (time.process_time() - began) / RECEIPTS * 1e6


def records_read(seller: Seller, number: int) -> int:
    """How many records one look-up takes from the log: a count, the same on every machine."""
    seller.drive.log.forget()
    before = seller.storage.taken
    seller.look_up(number)
    return seller.storage.taken - before


def compare(directory: Path, documents: int, rounds: int) -> None:
    small_path, full_path = directory / "small.log", directory / "full.log"
    synthesise(small_path, SMALL)
    began = time.perf_counter()
    synthesise(full_path, documents)
    size = full_path.stat().st_size
    print(f"archive of {documents} documents: {size / 1e6:.0f} MB, written in {time.perf_counter() - began:.0f} s")
    starts = [started_s(full_path) for _ in range(rounds)]
    torn = directory / "torn.log"
    shutil.copyfile(full_path, torn)
    os.truncate(torn, size - 100)
    start, after_cut = statistics.median(starts) * 1e3, started_s(torn) * 1e3
    print(f"start: {start:.1f} ms, after a power cut in the last record {after_cut:.1f} ms")
    small, full = Seller(small_path), Seller(full_path)
    dice = random.Random(1)
    reads = sorted(records_read(full, dice.randint(3, documents)) for _ in range(200))
    print(f"records read for one look-up: median {reads[100]}, at most {reads[-1]}")
    lookups, receipts = [], []
    for _ in range(rounds):
        lookups.append((looked_up_us(small, dice), looked_up_us(full, dice)))
        receipts.append((receipt_us(small), receipt_us(full)))
    for name, pairs in (("look-up", lookups), ("receipt", receipts)):
        ratio = statistics.median(big / little for little, big in pairs)
        figures = statistics.median(big for _, big in pairs)
        print(f"{name}: {figures:.0f} µs on the full drive, {ratio:.2f} of the small one")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--documents", type=int, default=250_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--directory", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        compare(Path(directory), given.documents, given.rounds)


if __name__ == "__main__":
    main()
