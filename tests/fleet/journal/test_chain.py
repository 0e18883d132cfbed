"""Twin of `fleet.journal.chain`: links follow from everything before them, commitments give nothing away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.journal.chain import FIRST, Chain, commitment, digest, link_of


class Table:
    """Stands for the tables `chain` and `heads`: a dict."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], tuple[float, str, str, bytes]] = {}

    def execute(self, statement: str, values: tuple[object, ...]) -> Table:
        if statement.startswith("INSERT INTO chain"):
            station, number, *rest = values
            self.rows[str(station), int(str(number))] = tuple(rest)  # type: ignore[assignment]  # the columns
        self._station = values[0]
        return self

    def fetchone(self) -> tuple[int, bytes] | None:
        numbers = [number for station, number in self.rows if station == self._station]
        return (max(numbers), self.rows[str(self._station), max(numbers)][3]) if numbers else None


def test_each_link_follows_the_one_before() -> None:
    """Two stations do not know of each other; each chain begins at the same place and goes its own way."""
    table = Table()
    chain = Chain(table.execute)
    for station, event in (("a", "x"), ("b", "x"), ("a", "y"), (None, "z")):
        chain.append(station, event, 1.0, {"n": 1})
    first = link_of(FIRST, "a", 1, 1.0, "x", '{"n":1}')
    assert table.rows["a", 1][3] == first
    assert table.rows["a", 2][3] == link_of(first, "a", 2, 1.0, "y", '{"n":1}')
    assert table.rows["b", 1][3] != first
    assert ("", 1) in table.rows


def test_what_is_rolled_back_is_forgotten() -> None:
    """A verb that fails takes its links back; the next one stands where they stood."""
    table = Table()
    chain = Chain(table.execute)
    chain.append("a", "kept", 1.0, {})
    mark = chain.mark
    chain.append("a", "failed", 1.0, {})
    chain.append("b", "failed", 1.0, {})
    chain.take_back(mark)
    chain.append("a", "second", 2.0, {})
    assert table.rows["a", 2][1] == "second"
    assert table.rows["a", 2][3] == link_of(table.rows["a", 1][3], "a", 2, 2.0, "second", "{}")
    chain.keep()
    chain.take_back()
    chain.append("a", "third", 3.0, {})
    assert ("a", 3) in table.rows


@given(st.binary(min_size=16, max_size=16), st.none() | st.text(), st.binary())
def test_a_commitment_is_to_all_of_it(salt: bytes, personal: str | None, raw: bytes) -> None:
    """Another salt, another buyer, another request, a byte moved from one to the other: another commitment."""
    proof = commitment(salt, personal, raw)
    assert proof == commitment(salt, personal, raw)
    assert proof != commitment(bytes(16) if salt != bytes(16) else b"1" * 16, personal, raw)
    assert proof != commitment(salt, (personal or "") + "x", raw)
    assert proof != commitment(salt, personal, raw + b"x")


def test_digest_of_nothing_is_nothing() -> None:
    """A column that was empty is not the same as one that held an empty text."""
    assert digest(None) is None
    assert digest("") is not None
