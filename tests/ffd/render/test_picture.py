"""The picture: right size, the text on it, a QR code that reads back."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from ffd.errors import EncodeError
from ffd.render import png
from ffd.render.form import Style, rows
from ffd.render.heavy import qr_grid
from ffd.structures import ItemFields
from tests.ffd.render.grid import qr_modules
from tests.ffd.render.samples import BESIDE, RECEIPT, SAMPLES, picture_path

LINE = next(row.left for row in rows(RECEIPT) if row.style is Style.QR)


def _size(picture: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(picture)).size


@pytest.mark.parametrize(("width", "scale", "dots"), [(48, 1, 624), (32, 1, 432), (32, 2, 864)])
def test_size(width: int, scale: int, dots: int) -> None:
    """Twelve dots a column and a margin: what printers of 58 and 80 mm have."""
    assert _size(png(RECEIPT, width=width, scale=scale))[0] == dots


@pytest.mark.parametrize("scale", [1, 2])
def test_qr_code(scale: int) -> None:
    """The code in the picture is the one of the receipt's line, module by module."""
    assert qr_modules(png(RECEIPT, scale=scale)) == qr_grid(LINE)


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg, an independent reader, is not installed")
def test_qr_code_by_another_reader(tmp_path: Path) -> None:
    """Somebody else's reader gets the line too."""
    path = tmp_path / "receipt.png"
    path.write_bytes(png(RECEIPT))
    done = subprocess.run(["zbarimg", "-q", "--raw", str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == LINE


def test_ink() -> None:
    """Every line leaves ink between the margins and none in them; a longer receipt is a longer picture."""
    image = Image.open(io.BytesIO(png(RECEIPT, width=42))).convert("L")
    box = image.point(lambda level: 255 * (level < 128)).getbbox()
    assert box is not None
    assert box[0] >= 24
    assert box[2] <= image.width - 24
    longer = msgspec.structs.replace(RECEIPT, items=RECEIPT.items * 2)
    assert _size(png(longer, width=42))[1] > image.height


def test_limits() -> None:
    """A picture nobody can look at is refused, not made."""
    items = (ItemFields(item_name="Чай"),) * 2000
    with pytest.raises(EncodeError, match="dots long"):
        png(msgspec.structs.replace(RECEIPT, items=items))
    with pytest.raises(EncodeError, match="scale"):
        png(RECEIPT, scale=9)


@pytest.mark.parametrize("name", SAMPLES)
def test_docs_are_current(name: str) -> None:
    """The pictures in the docs are those of the samples: same size, same QR code (drawing may differ by a shade)."""
    shown, made = picture_path(name).read_bytes(), png(SAMPLES[name], width=42, beside=BESIDE.get(name))
    assert _size(shown) == _size(made)
    if any(row.style is Style.QR for row in rows(SAMPLES[name])):
        assert qr_modules(shown) == qr_modules(made)
