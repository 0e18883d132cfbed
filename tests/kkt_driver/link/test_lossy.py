"""Both link layers against the register's line, with every single write lost or damaged, and several at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kkt_driver.link import AlternativeLink, Link, Lost, Reply, StandardLink
from tests.kkt_driver.lossy import DAMAGES, Exchanged, LossyLine

LINKS: dict[str, Callable[[], Link]] = {
    "standard": StandardLink,
    "standard, ENQ always": lambda: StandardLink(enq="always"),
    "alternative": AlternativeLink,
}
SCRIPT = (b"\x46one", b"\x46two", b"\x46three", b"\x45close", b"\x10status")
"""Commands with one code follow each other, as the items of a receipt do: their answers look alike to a link."""


def check(done: Exchanged, *, repeatable: bool = False) -> None:
    """What a link says of an exchange is true, whatever it cost to find out."""
    if isinstance(done.end, Reply):
        assert done.end.body == done.body[:1] + b"\0" + done.body[1:], "the answer of another command"
        assert done.executed >= 1
    elif not done.end.sent:
        assert done.executed == 0
    if not repeatable:
        assert done.executed <= 1


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("duration_s", [0.0, 7.0])
def test_every_single_trouble_is_healed_or_told(link: str, damage: str, duration_s: float) -> None:
    """Each write of a conversation in turn meets each trouble: no command is executed twice, no answer is given to
    another command, and "not sent" is never said of one that was executed."""
    quiet = LossyLine(LINKS[link](), {}, duration_s=duration_s)
    for body in SCRIPT:
        check(quiet.exchange(body))
    assert quiet.writes > 10
    for number in range(1, quiet.writes + 1):
        line = LossyLine(LINKS[link](), {number: DAMAGES[damage]}, duration_s=duration_s)
        for body in SCRIPT:
            check(line.exchange(body))
        assert line.executed == [body for body in SCRIPT if body in line.executed], "order"


@pytest.mark.parametrize("link", LINKS)
def test_reads_get_their_answer_whatever_is_lost_once(link: str) -> None:
    """A command that may be repeated is repeated until it is answered: one lost write never costs a read."""
    for damage in DAMAGES.values():
        for number in range(1, 20):
            line = LossyLine(LINKS[link](), {number: damage})
            for body in (b"\x1fone", b"\x1ftwo", b"\x1fthree"):
                done = line.exchange(body, repeatable=True)
                assert isinstance(done.end, Reply)
                check(done, repeatable=True)


@given(
    link=st.sampled_from(sorted(LINKS)),
    trouble=st.dictionaries(st.integers(1, 60), st.sampled_from(sorted(DAMAGES)), max_size=12),
    repeatable=st.booleans(),
    duration_s=st.sampled_from([0.0, 0.3, 7.0]),
)
def test_many_troubles_at_once(link: str, trouble: dict[int, str], repeatable: bool, duration_s: float) -> None:
    """The same for any number of them: a line that is hardly usable costs time, never the truth."""
    line = LossyLine(LINKS[link](), {number: DAMAGES[name] for number, name in trouble.items()}, duration_s=duration_s)
    for body in SCRIPT:
        check(line.exchange(body, repeatable=repeatable), repeatable=repeatable)


@pytest.mark.parametrize("link", LINKS)
def test_a_dead_line_proves_that_nothing_was_sent(link: str) -> None:
    """No byte comes back from the start: the command never went out, and the link says so."""
    line = LossyLine(LINKS[link](), dict.fromkeys(range(1, 1000), DAMAGES["lost"]))
    done = line.exchange(b"\x45close")
    assert isinstance(done.end, Lost)
    assert (done.end.sent, done.executed) == (False, 0)
