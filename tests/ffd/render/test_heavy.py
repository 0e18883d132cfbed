"""What pictures and PDF share."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import ImageFont

from ffd.errors import FfdError
from ffd.render.heavy import ADVANCE, BOLD, REGULAR, needed, qr_grid, qr_runs
from tests.strategies import CP866

LINE = "t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2"


def test_runs() -> None:
    """Runs cover the dark modules, each once."""
    grid = qr_grid(LINE)
    covered = [(row, column + step) for row, column, length in qr_runs(LINE) for step in range(length)]
    assert len(covered) == len(set(covered)) == sum(map(sum, grid))
    assert all(grid[row][column] for row, column in covered)


@pytest.mark.parametrize("path", [REGULAR, BOLD])
def test_font(path: object) -> None:
    """The font has every character a document may hold, all equally wide; its licence lies beside it."""
    font = ImageFont.truetype(str(path), 20)
    missing = font.getmask("\uffff").getbbox(), bytes(font.getmask("\uffff"))
    for character in CP866:
        if character.strip():
            mask = font.getmask(character)
            assert (mask.getbbox(), bytes(mask)) != missing, character
        assert abs(font.getlength(character) - 20 * ADVANCE) < 0.6
    assert "Bitstream" in (REGULAR.parent / "LICENSE.txt").read_text("utf-8")


def test_missing_extra() -> None:
    """Without the extra the error says what to install."""
    with pytest.raises(FfdError, match=r"pip install 'kkt-fleet\[render\]'"):
        needed("no_such_package_here.part")


def test_text_needs_nothing_heavy() -> None:
    """The text form runs where only ffd is installed."""
    code = (
        "import sys; from ffd.documents import ReceiptDocument; from ffd.render import text; "
        "text(ReceiptDocument()); print(sorted({'PIL', 'reportlab', 'segno'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
