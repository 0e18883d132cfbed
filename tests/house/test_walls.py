"""Imports point one way: an allow-list per package, read from the code itself."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CORE = "a pure core: no I/O, no waiting"

# package or module (the longest match decides): what it may import besides itself and the standard library
ALLOWED: dict[str, set[str]] = {
    "ffd": {"msgspec"},
    "ffd.cli": {"msgspec", "typer", "rich"},
    "ffd.cli_tree": {"msgspec", "rich"},
    "ffd.render": {"msgspec", "PIL", "reportlab", "segno"},
    "kkt_driver": {"ffd", "msgspec", "structlog"},
    "kkt_driver.codec": {"msgspec", "construct"},
    "kkt_driver.crc": {"crcmod"},
    "kkt_driver.frames": {"msgspec", "crcmod"},
    "kkt_driver.transport": {"msgspec", "trio", "serial"},
    "kkt_driver.client": {"ffd", "msgspec", "structlog", "trio"},
    "kkt_driver.dialing": {"msgspec", "structlog", "trio"},
    "kkt_driver.blocking": {"ffd", "msgspec", "structlog", "trio"},
    "kkt_driver.work": {"ffd", "msgspec", "trio"},
    "kkt_driver.courier": {"ffd", "msgspec", "structlog", "trio"},
    "kkt_driver.cli": {"ffd", "msgspec", "structlog", "trio", "typer", "rich", "serial"},
    "fn_emulator": {"ffd", "kkt_driver", "msgspec", "structlog"},
    "fn_emulator.emulated": {"ffd", "kkt_driver", "msgspec", "structlog", "PIL"},  # the type of a tape's picture
    "fn_emulator.register.picture": {"ffd", "PIL", "segno"},  # loaded when somebody asks for a picture
    "fn_emulator.serve": {"ffd", "kkt_driver", "msgspec", "structlog", "trio"},
    "fn_emulator.serve.proxy": {"trio", "serial"},
    "fn_emulator.serve.http": {"trio", "hypercorn"},
    "fn_emulator.serve.openapi": {"msgspec", "starlette"},
    "fn_emulator.serve.control": {"ffd", "kkt_driver", "msgspec", "starlette", "trio"},
    "fn_emulator.cli": {"typer", "rich", "trio", "structlog"},
    "fn_emulator.cli.ctl": {"typer", "rich", "httpx2"},
    "fleet": {"ffd", "kkt_driver", "msgspec", "structlog", "trio"},
    "fleet.dispatch": {"msgspec", "ffd"},
    "fleet.jobs": {"ffd", "kkt_driver", "msgspec"},
    "fleet.recovery": {"msgspec"},
    "fleet.journal": {"ffd", "kkt_driver", "msgspec", "structlog", "trio", "apsw"},
    "fleet.http": {"kkt_driver", "trio", "structlog"},
    "fleet.http1": {"trio", "h11", "structlog"},
    "fleet.web": {
        "ffd",
        "msgspec",
        "structlog",
        "trio",
        "jinja2",
        "prometheus_client",
        "markupsafe",
        "httpx2",
    },
    "fleet.web.calling": {"msgspec", "structlog", "trio", "httpx2"},  # the only one that goes out
    "fleet.cli": {"typer", "rich", "trio", "structlog", "msgspec", "httpx2"},
    "fleet.demo": {"trio", "structlog", "msgspec"},
}

# Walls inside the house: a module of the key may not import the module prefixes of the value.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "fleet": ("fn_emulator",),
    "fn_emulator": ("kkt_driver.client", "kkt_driver.transport", "kkt_driver.procedures", "kkt_driver.recovery"),
    "fleet.web": ("fleet.station", "fleet.daemon", "fleet.dispatch", "fleet.desk", "kkt_driver.client"),
    "fleet.journal": ("fleet.station", "fleet.daemon", "fleet.usecases", "fleet.web"),
    "fleet.dispatch": ("fleet.station", "fleet.daemon", "fleet.journal", "fleet.web"),
}

# Cores that must not even know the clock or chance.
PURE = (
    "ffd",
    "kkt_driver.frames",
    "kkt_driver.link",
    "kkt_driver.noticing",
    "kkt_driver.procedures",
    "kkt_driver.recovery",
    "kkt_driver.relay",
    "kkt_driver.runner",
    "kkt_driver.trace",
    "fn_emulator.drive",
    "fn_emulator.emulated",
    "fn_emulator.key_server",
    "fn_emulator.line",
    "fn_emulator.marking_point",
    "fn_emulator.marking_system",
    "fn_emulator.messages",
    "fn_emulator.operator",
    "fn_emulator.register",
    "fleet.dispatch",
    "fleet.jobs",
    "fleet.recovery",
    "fleet.routes",
    "fleet.shift_turns",
    "fleet.station.health",
)
IMPURE = {"random", "secrets", "socket", "threading", "subprocess", "trio", "asyncio", "select"}
IMPURE_CALLS = {"time.time", "time.monotonic", "time.sleep", "datetime.now", "datetime.utcnow", "date.today"}
EXEMPT = ("ffd.cli", "ffd.render", "ffd.__main__")


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("ffd", "kkt_driver", "fn_emulator", "fleet"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict(modules())


def imported(path: Path) -> Iterator[str]:
    """Absolute names of all modules that a file imports, anywhere in it; type-checking blocks included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def governing(module: str, table: dict[str, set[str]]) -> set[str]:
    """The allow-list of the longest prefix that the table knows."""
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        if ".".join(parts[:size]) in table:
            return table[".".join(parts[:size])]
    raise AssertionError(f"no allow-list governs {module}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_wall_allows(module: str) -> None:
    """A new dependency is a decision: it is written into the allow-list, not slipped in."""
    own = module.split(".")[0]
    allowed = governing(module, ALLOWED) | {own, "__future__"}
    found = {name.split(".")[0] for name in imported(MODULES[module])}
    assert found - allowed - set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize(("inside", "beyond"), FORBIDDEN.items())
def test_nothing_reaches_over_a_wall(inside: str, beyond: tuple[str, ...]) -> None:
    """The fleet never imports the emulator, doors call only use cases, and so on."""
    for module, path in MODULES.items():
        if module == inside or module.startswith(inside + "."):
            crossings = {name for name in imported(path) for wall in beyond if (name + ".").startswith(wall + ".")}
            assert crossings == set(), module


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith(PURE) and not m.startswith(EXEMPT)])
def test_a_core_does_not_wait_or_look_at_the_clock(module: str) -> None:
    """Time, chance and I/O come in as arguments; otherwise five seconds of retries take five seconds to test."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert {name.split(".")[0] for name in imported(MODULES[module])} & IMPURE == set()
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert {call for call in calls if call in IMPURE_CALLS} == set()


def test_the_repository_speaks_of_the_product_alone() -> None:
    """No path of a machine and no package index host stands in a file that ships."""
    import re

    leak = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/|--(?:extra-)?index-url\b|pypi\.org/simple")
    files = [path for ending in ("*.py", "*.md", "*.cfg", "*.toml", "*.txt", "Makefile") for path in ROOT.rglob(ending)]
    own = Path(__file__)
    leaks = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in files
        if path != own and not any(part.startswith((".venv", "var", "build")) for part in path.relative_to(ROOT).parts)
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if leak.search(line)
    ]
    assert leaks == []
