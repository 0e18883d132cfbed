"""The blocking face: the same names as the other one, over a real socket, from several threads."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fn_emulator.faults import Fault, FaultPlan
from kkt_driver import blocking, client
from kkt_driver import commands as k
from kkt_driver.errors import Misuse, NotSent, Refused
from kkt_driver.noticing import StateChanged
from kkt_driver.procedures import read_state
from tests.kkt_driver.bench import a_receipt
from tests.kkt_driver.served import served
from tests.ports import free_base

NAMES = [
    "ask", "run", "rest", "resolve", "settle", "identity", "state", "capabilities", "document", "unresolved", "ready",
    "receipt", "open_shift", "close_shift", "cash_in", "cash_out",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_both_faces_have_the_same_names_and_types(name: str) -> None:
    """Whoever moves from one face to the other changes `await`, and nothing else."""
    waiting, plain = (inspect.signature(getattr(face.Register, name)) for face in (client, blocking))
    assert list(waiting.parameters.values()) == list(plain.parameters.values())
    assert waiting.return_annotation == plain.return_annotation


def test_every_public_name_is_on_both_faces() -> None:
    """A method that only one face has would be found when it is too late."""
    plain = {name for name in vars(blocking.Register) if not name.startswith("_")}
    waiting = {name for kind in client.Register.__mro__[:-1] for name in vars(kind) if not name.startswith("_")}
    assert plain ^ waiting == {"close", "aclose", "connections"}


def test_a_three_line_script(tmp_path: Path) -> None:
    """Import, open, receipt: the shift is opened, the document made, and the same job is never made again."""
    order = '{"operation":1,"tax_system":1,"items":[{"name":"Чай","price":100,"quantity":1,"total":100,"vat":11}],' \
            '"payments":{"cash":100}}'  # fmt: skip
    with served() as register:
        script = (
            "from kkt_driver.blocking import Register\n"
            f"with Register.open({register.address!r}, store={str(tmp_path / 'intents.json')!r}) as register:\n"
            f"    print(register.receipt({order!r}, job='order-17').document)\n"
        )
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
            )
            assert (done.stdout, done.returncode) == ("3\n", 0), done.stderr
        assert register.forms() == [1, 2, 3]


def test_several_threads_share_a_register(tmp_path: Path) -> None:
    """Calls queue up: as many documents as jobs, each with a number of its own."""
    with (
        served() as one,
        blocking.Register.open(one.address, store=tmp_path / "intents.json") as register,
        ThreadPoolExecutor(8) as pool,
    ):
        made = list(pool.map(lambda index: register.receipt(a_receipt(), job=f"job-{index}").document, range(12)))
    assert sorted(made) == list(range(3, 15))
    assert one.forms() == [1, 2, *[3] * 12]


def test_refusals_and_procedures_cross_the_thread(tmp_path: Path) -> None:
    """Errors are the driver's own, raised in the thread that asked; any procedure runs."""
    with served() as one, blocking.Register.open(one.address) as register:
        with pytest.raises(Refused) as caught:
            register.ask(k.OpenReceipt(type=0))
        assert caught.value.meaning.message_ru
        assert register.run(read_state()).mode == 4
        assert register.layer == "standard"
        assert register.connected
        assert register.latency["10"].count >= 1
        assert register.trace
        assert "alternative_link" in register.capabilities().abilities
    with pytest.raises(Misuse):
        register.state()


def test_a_closed_door_is_said_at_once() -> None:
    """Nobody listens there: the opener is told, and no thread stays behind."""
    before = threading.active_count()
    with pytest.raises(NotSent):
        blocking.Register.open(f"tcp://127.0.0.1:{free_base((0,))}")
    assert threading.active_count() == before


def test_a_lost_answer_is_decided_before_the_call_returns(tmp_path: Path) -> None:
    """The connection is cut after the commit: the caller gets the document that was made, and no second one. (Until it
    is sure that nothing is under way any more, the driver waits for as long as the close may take.)"""
    with served() as one:
        one.register.faults = FaultPlan({"FF45": [Fault.CUT_AFTER]})
        with blocking.Register.open(one.address, store=tmp_path / "i.json", deadlines={"FF45": 2.0}) as register:
            done = register.receipt(a_receipt(), job="job-1")
            assert register.unresolved() == ()
        assert (done.document, one.forms()) == (3, [1, 2, 3])


def test_events_are_heard_in_another_thread(tmp_path: Path) -> None:
    """Mode changes are told to whoever listens, and listening ends with the register."""
    heard: list[object] = []
    with (
        served() as one,
        blocking.Register.open(one.address, store=tmp_path / "i.json") as register,
        register.events() as events,
    ):
        register.state()
        register.open_shift()
        register.state()
        heard.extend(next(events) for _ in range(2))
    assert heard == [StateChanged(4, None), StateChanged(2, 4)]
