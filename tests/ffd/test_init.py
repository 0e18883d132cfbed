"""The package's front door: a table of contents that loads nothing before it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import ffd
from ffd import errors

HEAVY = {"asyncio", "trio", "typer", "rich", "PIL", "reportlab", "segno", "construct", "starlette", "apsw", "httpx2"}


def _loaded_by(statement: str) -> set[str]:
    """Top-level modules that `statement` brings into a fresh interpreter."""
    tell = "print(json.dumps(sorted(set(sys.modules) - before)))"
    code = f"import json, sys; before = set(sys.modules); {statement}; {tell}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_import_is_light() -> None:
    """`import ffd` loads the package and nothing else outside the standard library, not even msgspec."""
    assert _loaded_by("import ffd") - set(sys.stdlib_module_names) == {"ffd"}


def test_the_whole_library_needs_only_msgspec() -> None:
    """Every name of the front door together loads msgspec; rendering, command line and event loops stay outside."""
    loaded = _loaded_by("import ffd; [getattr(ffd, name) for name in ffd.__all__]")
    assert loaded & HEAVY == set()
    assert loaded - set(sys.stdlib_module_names) - {"typing_extensions"} == {"ffd", "msgspec"}


def test_contents() -> None:
    """Every name of the table is there and shown; others are an AttributeError."""
    assert set(ffd.__all__) <= set(dir(ffd))
    assert all(getattr(ffd, name) is not None for name in ffd.__all__)
    assert ffd.FfdError is errors.FfdError
    with pytest.raises(AttributeError, match="no attribute 'Colour'"):
        print(ffd.Colour)
