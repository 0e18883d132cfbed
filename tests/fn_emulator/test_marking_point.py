"""One address for marking system and key server."""

from __future__ import annotations

from ffd.container import SESSION_KEYS, SESSION_MARKING
from fn_emulator.key_server import KeyServer
from fn_emulator.marking_point import MarkingPoint
from fn_emulator.marking_system import MarkingSystem, Rule, Rules
from fn_emulator.signs import DEMO_MASTER_KEY
from tests.fn_emulator.drives import good_code, with_marking
from tests.fn_emulator.test_marking_system import NOW, wrapped


def test_each_gets_what_is_its_own() -> None:
    """The session's version decides; the delay of whoever answered is told to the server."""
    rules = Rules(rules=[Rule(verdict="good", delay_s=3.0)])
    point = MarkingPoint(MarkingSystem(master=DEMO_MASTER_KEY, rules=rules), KeyServer(master=DEMO_MASTER_KEY))
    hands = with_marking()
    hands.check(good_code())
    assert point.respond(wrapped(hands.request(), SESSION_MARKING), now=NOW) is not None
    assert point.delay_s == 3.0
    assert point.respond(wrapped(hands.ok(0xD0, hands.dt), SESSION_KEYS), now=NOW) is not None
    assert point.delay_s == 0.0
    assert point.respond(b"rubbish", now=NOW) is None
    assert (point.marking_system.statistics.messages, point.key_server.statistics.messages) == (2, 1)
