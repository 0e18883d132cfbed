"""The PDF: page as wide as the paper, the font inside, the same bytes each time."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from ffd.errors import EncodeError
from ffd.render import pdf, text
from ffd.structures import ItemFields
from tests.ffd.render.samples import BESIDE, RECEIPT, SAMPLES

MM = 72 / 25.4


@pytest.mark.parametrize(("width", "millimetres"), [(48, 80), (32, 56)])
def test_page(width: int, millimetres: int) -> None:
    """One page, as wide as the paper of the printer, and the Cyrillic font inside it."""
    found = pdf(RECEIPT, width=width)
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", found)
    assert len(boxes) == 1
    assert abs(float(boxes[0][0]) - millimetres * MM) < 0.1
    assert float(boxes[0][1]) > 100
    assert found.count(b"/FontFile2") == 2


@pytest.mark.parametrize("name", SAMPLES)
def test_same_bytes(name: str) -> None:
    """No clock, no chance: an archive may compare PDFs."""
    assert pdf(SAMPLES[name]) == pdf(SAMPLES[name])


def test_too_long() -> None:
    """Longer than a PDF page may be is refused."""
    items = (ItemFields(item_name="Чай"),) * 2000
    with pytest.raises(EncodeError, match="points long"):
        pdf(msgspec.structs.replace(RECEIPT, items=items))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext, an independent reader, is not installed")
def test_text_can_be_searched(tmp_path: Path) -> None:
    """Somebody else's reader finds every word of the text form."""
    path = tmp_path / "receipt.pdf"
    path.write_bytes(pdf(RECEIPT, beside=BESIDE["receipt"]))
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, timeout=60)
    wanted = text(RECEIPT, beside=BESIDE["receipt"]).replace("-" * 48, "").split()
    assert set(wanted) <= set(done.stdout.split())
