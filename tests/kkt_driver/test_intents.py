"""The durable note: whole at any moment, never taken for empty, and fingerprints that survive a register."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from ffd import tlv
from kkt_driver import intents
from kkt_driver.errors import Malformed, Misuse, StoreDamaged
from kkt_driver.intents import FileIntentStore, Fingerprint, Intent, fingerprint, fingerprint_of_document
from kkt_driver.procedures.documents import document
from kkt_driver.verdicts import Registered
from tests.kkt_driver.bench import Bench, a_receipt, an_item

INTENT = Intent(
    job="job-1",
    action="receipt",
    command="FF45",
    serial="1",
    drive="9999078900000001",
    last_document=41,
    shift=7,
    receipt=4,
    link="alternative",
    frame=17,
    fingerprint=fingerprint(a_receipt()),
    own_key="0123456789abcdef",
)
OTHER = msgspec.structs.replace(INTENT, job="job-2", drive="9999078900000002")


def record(store: FileIntentStore, intent: Intent) -> None:
    trio.run(store.record, intent)


def clear(store: FileIntentStore, intent: Intent, verdict: object = None) -> None:
    trio.run(store.clear, intent, verdict)


# --- the store -----------------------------------------------------------------------------------------------------


def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    """The next process finds exactly what this one was about to do, content and key included."""
    path = tmp_path / "intents.json"
    store = FileIntentStore(path)
    assert store.open == ()
    record(store, INTENT)
    record(store, OTHER)
    assert FileIntentStore(path).open == (INTENT, OTHER)
    clear(store, INTENT, {"document": 42})
    again = FileIntentStore(path)
    assert again.open == (OTHER,)
    assert [(one.intent, one.verdict) for one in again.settled] == [(INTENT, {"document": 42})]


def test_an_unresolved_intent_is_never_replaced(tmp_path: Path) -> None:
    """Making the receipt once more without asking what became of it is how documents are doubled."""
    store = FileIntentStore(tmp_path / "intents.json")
    record(store, INTENT)
    for second in (INTENT, msgspec.structs.replace(INTENT, job="job-9", last_document=50)):
        with pytest.raises(Misuse, match="job-1"):
            record(store, second)
    assert FileIntentStore(store.path).open == (INTENT,)


def test_outcomes_are_kept_for_a_while(tmp_path: Path) -> None:
    """Whoever was killed between the outcome and its use finds it here; the file does not grow for ever."""
    store = FileIntentStore(tmp_path / "intents.json")
    for number in range(FileIntentStore.SETTLED_MAX + 5):
        intent = msgspec.structs.replace(INTENT, job=f"job-{number}")
        record(store, intent)
        clear(store, intent, number)
    again = FileIntentStore(store.path)
    assert [one.verdict for one in again.settled] == list(range(5, FileIntentStore.SETTLED_MAX + 5))


def test_verdicts_are_kept_in_plain_values(tmp_path: Path) -> None:
    """A document with its moment and evidence, and anything else a procedure may return."""
    bench = Bench()
    bench.open_shift()
    done = bench.sell()
    store = FileIntentStore(tmp_path / "intents.json")
    record(store, INTENT)
    clear(store, INTENT, (done, object()))
    ((kept, _),) = [one.verdict for one in FileIntentStore(store.path).settled]
    assert msgspec.convert(kept, Registered) == done


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"format":1,"open":[{}]}',
        b'{"format":2}',
        b'{"format":1,"opens":[]}',
        b"\xff" * 100,
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, data: bytes) -> None:
    """A file that cannot be read may hold an unresolved receipt: it is never taken for an empty one."""
    path = tmp_path / "intents.json"
    path.write_bytes(data)
    with pytest.raises(StoreDamaged):
        FileIntentStore(path)
    assert path.read_bytes() == data


@given(
    data=st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(
        lambda value: json.dumps({"format": 1, "open": value}).encode()
    )
)
def test_any_content_is_intents_or_our_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Never another exception from a file that somebody edited."""
    path = tmp_path_factory.mktemp("any") / "intents.json"
    path.write_bytes(data)
    with suppress(StoreDamaged):
        assert FileIntentStore(path).open == ()


def test_a_place_that_cannot_hold_a_file_is_found_before_the_first_receipt(tmp_path: Path) -> None:
    """A wrong path is told at start-up, not when the first close is about to go out."""
    with pytest.raises(StoreDamaged, match="not a directory"):
        FileIntentStore(tmp_path / "missing" / "intents.json")
    with pytest.raises(StoreDamaged):
        FileIntentStore(tmp_path)


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Disk full, or a directory that became read-only: the caller hears of it, nothing is half written."""
    store = FileIntentStore(tmp_path / "intents.json")
    record(store, INTENT)
    before = store.path.read_bytes()

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StoreDamaged, match="No space left"):
        record(store, OTHER)
    with pytest.raises(StoreDamaged):
        clear(store, INTENT)
    monkeypatch.undo()
    assert store.path.read_bytes() == before
    assert store.open == FileIntentStore(store.path).open == (INTENT,)
    record(store, OTHER)
    assert FileIntentStore(store.path).open == (INTENT, OTHER)


class _Killed(BaseException):
    """kill −9 between two calls to the system."""


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace", "fsync of the directory"])
def test_killed_at_any_call_the_file_holds_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Whatever the moment, the next process reads a whole file; the intent is missing only when nothing was sent."""
    store = FileIntentStore(tmp_path / "intents.json")
    record(store, INTENT)

    def killed(*args: Any, **kwargs: Any) -> Any:
        raise _Killed

    if call == "write":
        monkeypatch.setattr(msgspec.json, "encode", killed)
    elif call == "fsync of the directory":
        monkeypatch.setattr(intents, "_sync_directory", killed)
    else:
        monkeypatch.setattr(os, call, killed)
    with pytest.raises(_Killed):
        store._write(msgspec.structs.replace(store._contents, open=(INTENT, OTHER)))
    monkeypatch.undo()
    survivor = FileIntentStore(store.path)
    assert survivor.open == ((INTENT, OTHER) if call == "fsync of the directory" else (INTENT,))
    clear(survivor, INTENT)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"intents.json"}, "a leftover of the dead process is written over and moved away"


KILL_ME = """
import sys, trio, msgspec
from tests.kkt_driver.test_intents import INTENT
from kkt_driver.intents import FileIntentStore

async def main():
    store = FileIntentStore(sys.argv[1])
    for number in range(1_000_000):
        intent = msgspec.structs.replace(INTENT, job=f"job-{number}")
        await store.record(intent)
        print(number, flush=True)
        await store.clear(intent, None)

trio.run(main)
"""


def test_a_process_that_is_killed_leaves_what_it_had_recorded(tmp_path: Path) -> None:
    """Real processes, kill −9 while they write: what was told as durable is open or settled afterwards."""
    path = tmp_path / "intents.json"
    for lines in (1, 2, 5, 17):
        path.unlink(missing_ok=True)
        root = Path(__file__).parents[2]
        with subprocess.Popen(
            [sys.executable, "-c", KILL_ME, str(path)], stdout=subprocess.PIPE, text=True, cwd=root
        ) as process:
            assert process.stdout is not None
            told = [process.stdout.readline().strip() for _ in range(lines)]
            process.send_signal(signal.SIGKILL)
            told += process.stdout.read().split()
        store = FileIntentStore(path)
        kept = {one.job for one in store.open} | {one.intent.job for one in store.settled}
        assert {f"job-{number}" for number in told[-50:]} <= kept
        assert len(store.open) <= 1


# --- fingerprints --------------------------------------------------------------------------------------------------


def test_a_receipt_and_its_document_have_one_fingerprint() -> None:
    """Registers rewrite VAT and add tags; what is compared stays."""
    bench = Bench()
    bench.open_shift()
    what = a_receipt(
        an_item(name="Чай  зелёный «Лотос»"),
        an_item(quantity=Decimal("0.350"), price=10000, total=3500, name="Сыр"),
        an_item(price=1, quantity=Decimal(3), total=3, name="Ёж"),
    )
    done = bench.sell(what)
    found = fingerprint_of_document(bench.run(document(done.document)))
    assert found == fingerprint(what)
    assert (found.operation, found.total, found.payments) == (1, 53503, (0, 53503, 0, 0, 0))


@pytest.mark.parametrize(
    "changed",
    [
        a_receipt(an_item(name="Чай чёрный")),
        a_receipt(an_item(price=50000, quantity=Decimal(1))),
        a_receipt(an_item(method=1)),
        a_receipt(an_item(subject=4)),
        a_receipt(an_item(), an_item(price=0, total=0)),
        a_receipt(payments=msgspec.structs.replace(a_receipt().payments, cash=50000, cashless=0)),
    ],
)
def test_another_content_has_another_fingerprint(changed: Any) -> None:
    """Same total, other goods or payments: not the receipt that was asked for."""
    assert fingerprint(changed) != fingerprint(a_receipt())


@given(data=st.binary(max_size=80))
def test_any_document_has_a_fingerprint_or_is_malformed(data: bytes) -> None:
    """What an archive gives may be cut or damaged."""
    with suppress(Malformed):
        assert isinstance(fingerprint_of_document(data), Fingerprint)


@given(tags=st.lists(st.tuples(st.sampled_from([1054, 1020, 1031, 1059, 1030, 1023]), st.binary(max_size=9))))
def test_known_tags_with_any_value(tags: list[tuple[int, bytes]]) -> None:
    """The tags that are looked at, with what does not belong into them."""
    with suppress(Malformed):
        fingerprint_of_document(tlv.encode([tlv.Tlv(tag, value) for tag, value in tags]))
