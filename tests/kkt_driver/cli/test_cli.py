"""The command `kkt` against a register on a real port: what a technician types, sees, and gets as an exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from typer.testing import CliRunner, Result

from fn_emulator.faults import Fault, FaultPlan
from fn_emulator.operator import TestOperator
from fn_emulator.serve.operator import serve_operator
from fn_emulator.serve.sockets import listening
from fn_emulator.signs import DEMO_MASTER_KEY
from kkt_driver import commands as k
from kkt_driver.cli import app
from kkt_driver.intents import FileIntentStore
from tests.kkt_driver.served import NOW, Served, served
from tests.ports import free_base

ORDER = (
    '{"operation":1,"tax_system":1,"items":[{"name":"Чай","price":100,"quantity":1,"total":100,"vat":11}],'
    '"payments":{"cash":100}, "buyer_contact": "anna@example.com"}'
)


@pytest.fixture
def one() -> Iterator[Served]:
    with served() as register:
        yield register


def kkt(*words: object, code: int = 0, text: str = "") -> Result:
    done = CliRunner().invoke(app, [str(word) for word in words], input=text or None)
    assert done.exit_code == code, (done.output, done.stderr, done.exception)
    return done


def as_json(*words: object, code: int = 0) -> Any:
    return json.loads(kkt(*words, "--json", code=code).stdout)


def test_status_says_who_and_in_what_state(one: Served) -> None:
    """Both ways of asking tell the same: a table for the person, JSON for the program."""
    found = as_json("status", one.address)
    assert (found["serial"], found["drive"]) == (one.register.serial, one.register.drive.number)
    assert (found["mode"], found["format"], found["last_document"]) == ("shift closed", "1.2", 1)
    assert found["drive"] in kkt("status", one.address).stdout


def test_a_receipt_is_registered_once(one: Served, tmp_path: Path) -> None:
    """Typed twice, it is the same document; another job is another one."""
    order, store = tmp_path / "order.json", tmp_path / "intents.json"
    order.write_text(ORDER)
    first = as_json("receipt", one.address, order, "--store", store)
    assert as_json("receipt", one.address, order, "--store", store)["document"] == first["document"] == 3
    assert as_json("receipt", one.address, order, "--store", store, "--job", "other")["document"] == 4
    assert "document 3" in kkt("receipt", one.address, "-", "--store", store, text=ORDER).stderr
    assert one.forms() == [1, 2, 3, 3]


def test_a_bad_receipt_names_every_violation(one: Served, tmp_path: Path) -> None:
    """Nothing is sent, and the file can be mended in one go."""
    order = tmp_path / "order.json"
    order.write_text('{"operation":1,"tax_system":1,"items":[],"payments":{"cash":-1}}')
    assert "items" in kkt("receipt", one.address, order, "--store", tmp_path / "i.json", code=1).stderr
    assert one.forms() == [1]


def test_shift_documents_and_export(one: Served, tmp_path: Path) -> None:
    """Open, X, close; the archive by number; the export goes on where it stopped."""
    store, file = tmp_path / "i.json", tmp_path / "archive.jsonl"
    assert as_json("shift", one.address, "open", "--store", store)["document"] == 2
    kkt("export", one.address, file)
    kkt("shift", one.address, "x", "--store", store)
    kkt("shift", one.address, "close", "--store", store)
    assert [row["form"] for row in as_json("documents", one.address, "--from", 2)] == ["shift open", "shift close"]
    assert as_json("export", one.address, file) == {"drive": one.register.drive.number, "written": 1, "documents": 3}
    assert [json.loads(line)["number"] for line in file.read_text().splitlines()] == [1, 2, 3]
    kkt("shift", one.address, "sideways", "--store", store, code=2)


def test_tables_are_saved_compared_and_restored(one: Served, tmp_path: Path) -> None:
    """What somebody changed is found and put back; passwords are not shown."""
    file = tmp_path / "tables.json"
    kkt("tables", one.address, "--save", file)
    assert file.stat().st_mode & 0o077 == 0
    one.register.ask(k.WriteTable(table=4, row=1, field=1, value=b"Advert"), NOW)
    (changed,) = as_json("tables", one.address, "--against", file)
    assert changed["table.row.field"] == "4.1.1"
    (outcome,) = as_json("tables", one.address, "--restore", file)
    assert outcome["written"] is True
    assert as_json("tables", one.address, "--against", file) == []
    assert "***" in kkt("tables", one.address).stdout


def test_the_clock_is_compared_and_set(one: Served) -> None:
    """The emulated register lives in 2026: far off, and then right."""
    assert as_json("clock", one.address)["ahead_s"] != 0
    assert abs(as_json("clock", one.address, "--set")["ahead_s"]) <= 2


def test_scan_finds_what_is_there(one: Served) -> None:
    """One port with a register, one without; nothing at all is exit code 1."""
    port = int(one.address.rpartition(":")[2])
    found = as_json("scan", "--no-serial", "--ports", f"{port},{free_base((0,))}")
    assert [row["address"] for row in found] == [one.address]
    kkt("scan", "--no-serial", "--ports", free_base((0,)), code=1)
    kkt("scan", "--no-serial", "--ports", "many", code=2)


def test_exit_codes_tell_what_happened(one: Served, tmp_path: Path) -> None:
    """1: it cannot be done; 2: wrong usage; 3: a person or time must decide."""
    kkt("status", f"tcp://127.0.0.1:{free_base((0,))}", code=1)
    kkt("status", "somewhere", code=2)
    damaged = tmp_path / "i.json"
    damaged.write_text("{")
    kkt("shift", one.address, "open", "--store", damaged, code=3)


def test_doctor_explains_and_cures(one: Served, tmp_path: Path) -> None:
    """An orphan receipt: explained, left alone without --fix, cancelled with it."""
    store = tmp_path / "i.json"
    assert as_json("doctor", one.address, "--store", store)["troubles"] == []
    kkt("shift", one.address, "open", "--store", store)
    one.register.ask(k.OpenReceipt(type=0), NOW)
    (trouble,) = as_json("doctor", one.address, "--store", store, code=1)["troubles"]
    assert trouble["explanation"] == "Чек остался открытым: его нужно аннулировать"
    assert one.register.core.receipt is not None
    (trouble,) = as_json("doctor", one.address, "--store", store, "--fix", "--yes")["troubles"]
    assert trouble["done"] is True
    assert one.register.core.receipt is None


def test_doctor_resolves_before_it_touches_anything(one: Served, tmp_path: Path) -> None:
    """An open intent: the receipt that may be registered is looked for in the drive, never cancelled unasked."""
    path = tmp_path / "i.json"
    kkt("shift", one.address, "open", "--store", path)
    one.register.faults = FaultPlan({"FF45": [Fault.CUT_AFTER]})
    order = tmp_path / "order.json"
    order.write_text(ORDER)
    script = (
        "import trio\nfrom kkt_driver import work\n"
        "async def none(self, intent): raise SystemExit(9)\n"
        "work.Work.settle = none\nfrom kkt_driver.cli import app\n"
        f"app(['receipt', {one.address!r}, {str(order)!r}, '--store', {str(path)!r}, '--job', 'j'])\n"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60).returncode != 0
    assert len(FileIntentStore(path).open) == 1
    report = as_json("doctor", one.address, "--store", path, code=3)
    assert report["unresolved"] == 1
    report = as_json("doctor", one.address, "--store", path, "--fix", "--yes")
    assert report["troubles"][0]["cure"] == "Registered, document 3"
    assert FileIntentStore(path).open == ()
    assert one.forms() == [1, 2, 3]


def test_relay_carries_what_waits(one: Served) -> None:
    """Documents to the operator, tickets back; a silent operator is exit code 1."""
    with Operator() as operator:
        outcomes = as_json("relay", one.address, "--operator", operator.address)
    assert [row["outcome"] for row in outcomes] == ["Delivered"]
    assert as_json("relay", one.address, "--operator", "127.0.0.1:9") == []
    kkt("relay", one.address, "--operator", "nowhere", code=2)


class Operator:
    """A test operator on a port, in a thread of its own."""

    def __enter__(self) -> Operator:
        import threading

        self._ready = threading.Event()
        self._thread = threading.Thread(target=trio.run, args=(self._main,), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    async def _main(self) -> None:
        with trio.CancelScope() as self._scope, listening([("127.0.0.1", 0, "operator")]) as (listener,):
            self._token = trio.lowlevel.current_trio_token()
            self.address = f"127.0.0.1:{listener.getsockname()[1]}"
            self._ready.set()
            await serve_operator(TestOperator(master=DEMO_MASTER_KEY), listener, clock=lambda: NOW)

    def __exit__(self, *_: object) -> None:
        self._token.run_sync_soon(self._scope.cancel)
        self._thread.join(10)


def test_a_recording_shows_what_was_said_without_the_buyer(one: Served, tmp_path: Path) -> None:
    """Between a program and the register, byte for byte; read back, and its reads asked again."""
    file, port = tmp_path / "talk.jsonl", free_base((0,))
    record = subprocess.Popen(
        [sys.executable, "-m", "kkt_driver", "record", one.address, str(file), "--listen", f"127.0.0.1:{port}",
         "--conversations", "1"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with record:
        assert record.stderr is not None and "listening" in record.stderr.readline()
        order = tmp_path / "order.json"
        order.write_text(ORDER)
        through = f"tcp://127.0.0.1:{port}"
        made = kkt("receipt", through, order, "--link", "standard", "--store", tmp_path / "i.json", "--json")
        assert json.loads(made.stdout)["document"] == 3
        assert record.wait(30) == 0
    text = file.read_text()
    assert "(close receipt)" in text
    assert "anna@example.com".encode("cp866").hex() not in text
    shown = as_json("replay", file)
    assert any("(close receipt)" in frame for _, _, frame in shown)
    compared = as_json("replay", file, "--against", one.address)
    assert len(compared) > 10
    assert all(row["same"] for row in compared if row["command"].startswith("FC"))
    assert one.forms() == [1, 2, 3]
    kkt("replay", tmp_path / "none", code=2)


def test_help_is_quick_to_come() -> None:
    """Heavy things are imported by the command that needs them."""
    heavy = {"trio", "rich.table", "serial", "construct"}
    script = f"import sys\nimport kkt_driver.cli\nprint(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60).stdout == "[]\n"
