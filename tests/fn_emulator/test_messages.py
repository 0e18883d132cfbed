"""What all far ends have in common: sessions, lateness, statistics, bounded memory of problems."""

from __future__ import annotations

from ffd.container import message
from fn_emulator.messages import Fault
from fn_emulator.operator import TestOperator
from fn_emulator.signs import DEMO_MASTER_KEY
from tests.fn_emulator.drives import NUMBER, registered

NOW = 1763906700.0


def operator() -> TestOperator:
    return TestOperator(master=DEMO_MASTER_KEY)


def sent() -> bytes:
    return message(registered().read_message(), drive=NUMBER)


def test_lateness_is_told_to_the_server() -> None:
    """A peer does not wait; it says how late its answer is to be."""
    ofd = operator()
    ofd.respond(sent(), now=NOW)
    assert ofd.delay_s == 0
    ofd.late_s = 40.0
    assert ofd.respond(sent(), now=NOW) is not None
    assert ofd.delay_s == 40.0


def test_another_session_protocol() -> None:
    """A document for the operator in the marking system's session is nobody's."""
    ofd, data = operator(), sent()
    assert ofd.respond(data[:4] + bytes.fromhex("82a2") + data[6:], now=NOW) is None
    assert ofd.problems[-1].text == "session protocol 82a2 is not spoken here"
    assert ofd.problems[-1].drive == NUMBER


def test_problems_are_bounded() -> None:
    """The newest two hundred; an operator that runs for weeks must not grow with what goes wrong."""
    ofd = operator()
    for number in range(500):
        ofd.respond(bytes(30), now=NOW + number)
    assert len(ofd.problems) == 200
    assert ofd.problems[-1].at == NOW + 499
    assert ofd.statistics.unanswered == ofd.statistics.messages == 500


def test_faults_are_used_in_order() -> None:
    """One answer each, then good ones again."""
    ofd, data = operator(), sent()
    ofd.fail(Fault.SILENCE, Fault.HEADER_ONLY)
    answers = [ofd.respond(data, now=NOW) for _ in range(3)]
    assert [answer and len(answer) for answer in answers[:2]] == [None, 30]
    assert answers[2] is not None
    assert len(answers[2]) > 100
