"""The published and recorded bytes in tests/vectors, each with its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent.parent / "vectors"


def vectors(name: str, **where: Any) -> list[Any]:
    """Vectors of a file as test parameters, called by their id and source, those with the given fields only."""
    found = json.loads((HERE / f"{name}.json").read_text("utf-8"))["vectors"]
    return [
        pytest.param(vector, id=f"{vector['id']} ({vector['source']})")
        for vector in found
        if all(vector.get(key) == value for key, value in where.items())
    ]


def one(name: str, key: str) -> Any:
    """The vector of that id."""
    found = json.loads((HERE / f"{name}.json").read_text("utf-8"))["vectors"]
    return next(vector for vector in found if vector["id"] == key)
