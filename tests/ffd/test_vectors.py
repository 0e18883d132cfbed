"""Every published vector is asserted by some test and names its source: 119 of the format, 24 of the transport."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.ffd.vectors import HERE

FILES = {
    "ffd_control_code_2115": 3,
    "ffd_documents": 5,
    "ffd_inn": 13,
    "ffd_packing": 5,
    "ffd_primitives": 28,
    "ffd_product_code_1162": 9,
    "ffd_qr": 2,
    "ffd_receipt_2026": 10,
    "ffd_registration_number": 4,
    "ffd_structures_1_2": 14,
    "ffd_vat": 26,
    "ofd_session": 24,
}


def _vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((HERE / f"{name}.json").read_text("utf-8"))["vectors"]
    return found


def _asserted() -> Iterator[dict[str, Any]]:
    """The vectors that are parameters of tests in this folder, once for each test that takes them."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = import_module(f"tests.ffd.{path.stem}")
        for test in vars(module).values():
            for mark in getattr(test, "pytestmark", ()):
                if mark.name == "parametrize" and mark.args[0] == "vector":
                    yield from (parameter.values[0] for parameter in mark.args[1])


def test_counts() -> None:
    """All files are here, with all their vectors."""
    counts = {name: len(_vectors(name)) for name in FILES}
    assert counts == FILES
    assert sum(count for name, count in counts.items() if name.startswith("ffd_")) == 119
    assert {path.stem for path in HERE.glob("ffd_*.json")} <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_every_vector_is_asserted(name: str) -> None:
    """Each vector of the file is the parameter of a test, and says where it comes from."""
    asserted = Counter(json.dumps(vector, sort_keys=True) for vector in _asserted())
    for vector in _vectors(name):
        assert vector["source"], vector["id"]
        assert asserted[json.dumps(vector, sort_keys=True)] >= 1, vector["id"]
