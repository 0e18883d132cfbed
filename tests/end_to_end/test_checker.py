"""Twin of `checker`: it must not be kinder than the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.checker import check, read_log

LOG = """\
{"event": "asked", "key": "1", "kopecks": 100}
{"event": "accepted", "key": "1", "id": "a"}
{"event": "asked", "key": "2", "kopecks": 200}
{"event": "accepted", "key": "1", "id": "a"}
{"event": "final", "key": "1", "code": 2, "drive": "d", "document": 3}
{"event": "accepted", "key": "2", "id": "b"}
{"event": "final", "key": "2", "code": 2, "drive": "d", "document": 4}
"""
GOOD = [("d", 3, 100), ("d", 4, 200)]


def test_all_is_well(tmp_path: Path) -> None:
    """A request that was repeated and answered with the same id is no fault."""
    (tmp_path / "log").write_text(LOG)
    found = check(read_log(tmp_path / "log"), GOOD)
    assert (found.receipts, found.documents, found.problems) == (2, 2, ())


@pytest.mark.parametrize(
    ("log", "documents", "word"),
    [
        (LOG, GOOD[:1], "LOST"),
        (LOG, [*GOOD, ("e", 9, 200)], "DOUBLED"),
        (LOG, [("d", 3, 100), ("d", 5, 200)], "told of"),
        (LOG, [*GOOD, ("e", 9, 300)], "nobody asked"),
        (LOG, [*GOOD, ("d", 3, 300)], "stands twice"),
        (LOG.replace('"id": "a"}\n{"event": "final"', '"id": "x"}\n{"event": "final"'), GOOD, "2 ids"),
        ("\n".join(LOG.splitlines()[:-1]), GOOD, "not final"),
        (
            LOG.replace('"code": 2, "drive": "d", "document": 4', '"code": 3, "drive": null, "document": 0'),
            GOOD,
            "final",
        ),
    ],
)
def test_a_fault_is_found(tmp_path: Path, log: str, documents: list[tuple[str, int, int]], word: str) -> None:
    """Each kind of it."""
    (tmp_path / "log").write_text(log)
    assert any(word in problem for problem in check(read_log(tmp_path / "log"), documents).problems)
