"""Twin of `fleet.figures`: counts that survive a new line and histograms that add up."""

from __future__ import annotations

from fleet.figures import Figures, Histogram


def test_a_histogram_counts_at_or_below_each_bound() -> None:
    """As Prometheus wants it: a value on the bound belongs to it, what is over all of them counts in the last."""
    seen = Histogram((1.0, 5.0))
    for value in (0.5, 1.0, 1.1, 5.0, 9.0):
        seen.observe(value)
    assert seen.cumulative() == [(1.0, 2), (5.0, 4), (None, 5)]
    assert (seen.count, seen.sum) == (5, 16.6)


def test_commands_go_on_over_a_new_line() -> None:
    """A connection counts from nothing; a counter that fell back would look like a restart."""
    figures = Figures()
    first = {"FF45": (2, 1.0, 0.6)}
    figures.line("k1", lambda: first)
    first["FF45"] = (3, 1.5, 0.6)
    assert figures.commands("k1")["FF45"].count == 3
    figures.line("k1", lambda: {"FF45": (1, 0.9, 0.9), "10": (1, 0.1, 0.1)})
    found = figures.commands("k1")
    assert (found["FF45"].count, found["FF45"].max_s, found["10"].count) == (4, 0.9, 1)
    assert figures.commands("k1")["FF45"].count == 4, "looking changes nothing"
    assert figures.commands("k2") == {}
