"""The test key server: parts of a table, refusals, what it does not answer."""

from __future__ import annotations

import pytest

from ffd.container import SESSION_KEYS, Container
from fn_emulator.errors import Misuse
from fn_emulator.key_server import PART_MAX, KeyServer
from fn_emulator.messages import Fault
from fn_emulator.signs import DEMO_MASTER_KEY
from tests.fn_emulator.drives import good_code, with_marking
from tests.fn_emulator.test_marking_system import NOW, wrapped


def server(count: int = 3) -> KeyServer:
    return KeyServer(master=DEMO_MASTER_KEY, key_ids=[f"K{number:03}" for number in range(count)])


def test_a_part_fits_a_drive_command() -> None:
    """The largest answer is no longer than the 1024 bytes that D1h can carry."""
    hands = with_marking()
    answer = server(PART_MAX * 2).respond(wrapped(hands.ok(0xD0, hands.dt), SESSION_KEYS), now=NOW)
    assert answer is not None
    assert 800 < len(answer) - 30 <= 1024


@pytest.mark.parametrize("count", [0, 1, PART_MAX, PART_MAX + 1, 3 * PART_MAX])
def test_tables_of_all_sizes(count: int) -> None:
    """One round for each part, and for an empty table."""
    hands = with_marking()
    hands.key_server = server(count)
    assert hands.update_keys() == max(1, -(-count // PART_MAX))
    assert len(hands.drive.code_keys()) == count


def test_probe_and_foreign_sessions() -> None:
    """It echoes probes and is silent to what is the marking system's."""
    hands = with_marking()
    it = server()
    assert it.respond(wrapped(b"", SESSION_KEYS), now=NOW) is not None
    hands.check(good_code())
    assert it.respond(wrapped(hands.request(), SESSION_KEYS), now=NOW) is None
    it.fail(Fault.SILENCE)
    assert it.respond(wrapped(hands.ok(0xD0, hands.dt), SESSION_KEYS), now=NOW) is None
    assert (it.statistics.probes, it.statistics.unanswered) == (1, 2)


def test_header_only() -> None:
    """The header alone, flags zero, in the session that was asked in."""
    hands = with_marking()
    it = server()
    it.fail(Fault.HEADER_ONLY)
    request = wrapped(hands.ok(0xD0, hands.dt), SESSION_KEYS)
    answer = it.respond(request, now=NOW)
    assert answer is not None
    assert len(answer) == 30
    assert answer[:8] == request[:8]


def test_key_ids_are_checked() -> None:
    """Ids of another length would shift every key behind them."""
    with pytest.raises(Misuse, match="EE066"):
        KeyServer(master=DEMO_MASTER_KEY, key_ids=["EE06", "EE066"])


def test_answers_are_signed() -> None:
    """Under ФПК of the drive that asked."""
    hands = with_marking()
    answer = server().respond(wrapped(hands.ok(0xD0, hands.dt), SESSION_KEYS), now=NOW)
    assert answer is not None
    container = Container.decode(answer[30:])
    assert container.sign == hands.drive.keys.fpk(container.document) + b"\0\0"
