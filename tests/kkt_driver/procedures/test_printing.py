"""Texts, QR codes and pictures on paper."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kkt_driver import commands as k
from kkt_driver.errors import Misuse
from kkt_driver.procedures.printing import Picture, print_picture, print_qr, print_text
from tests.kkt_driver.bench import Bench
from tests.kkt_driver.hand import ByHand, refused

PARAMETERS = k.ModelParametersReply(
    flags=0, width_font_1=48, width_font_2=24, first_graphic_line=1, inn_digits=12, registration_digits=8,
    long_registration_digits=14, long_serial_digits=14, tax_password=0, administrator_password=30, bluetooth_table=0,
    tax_calculation_field=14, command_length_max=0, graphic_line_width=64, graphic_512_width=64, graphic_512_lines=600,
)  # fmt: skip
DONE = k.OperatorReply(operator=30)


def by_hand(**changes: Any) -> ByHand:
    answers: dict[type[k.Request[Any]], Any] = {
        k.ModelParameters: msgspec.structs.replace(PARAMETERS, **changes),
        k.PrintLineInFont: DONE, k.Feed: DONE, k.Cut: DONE, k.LoadData: DONE, k.LoadExtendedGraphics: DONE,
        k.PrintExtendedGraphics: DONE, k.PrintCode: k.PrintCodeReply(operator=30), k.ShortStatus: k.ShortStatusReply(
            operator=30, flags=0, mode_byte=2, submode=0, operations_low=0, battery=1, power=1),
    }  # fmt: skip
    return ByHand(answers)


def test_text_is_wrapped_to_the_paper() -> None:
    """A line that runs off the paper is lost for whoever reads it; a character that the printer lacks is not."""
    hand = by_hand()
    assert hand.play(print_text("Слово " * 20 + "\n\nитого 漢", font=2, feed=3, cut=True)) == 7
    lines = [request.text for request in hand.asked if isinstance(request, k.PrintLineInFont)]
    assert all(len(line) <= 24 for line in lines)
    assert "".join(lines).replace(" ", "") == "Слово" * 20 + "итого?"
    assert [request.text for request in hand.asked if isinstance(request, k.PrintLineInFont)][-1] == "итого ?"
    assert hand.codes[-2:] == ["29", "25"]


def test_a_printing_register_is_waited_for() -> None:
    """50h says "not executed": the same line again, and no line twice."""
    hand = by_hand()
    hand._answers[k.PrintLineInFont] = [refused(0x50), DONE]
    assert hand.play(print_text("одна строка")) == 1
    assert hand.codes == ["F7", "2F", "2F"]


def test_a_qr_code_is_loaded_in_blocks() -> None:
    """64 bytes a block, the last one filled up; the length says where the data end."""
    hand = by_hand()
    hand.play(print_qr(bytes(range(150)), dot=6, correction=2))
    blocks = [request for request in hand.asked if isinstance(request, k.LoadData)]
    assert [block.block for block in blocks] == [0, 1, 2]
    assert b"".join(block.data for block in blocks) == bytes(range(150)).ljust(192, b"\0")
    code = hand.asked[-1]
    assert isinstance(code, k.PrintCode)
    assert (code.type, code.length, code.parameters, code.align) == (3, 150, (0, 0, 6, 0, 2), 1)
    for data in (b"", bytes(7090)):
        with pytest.raises(Misuse):
            hand.play(print_qr(data))


def test_dots_become_bits() -> None:
    """Eight dots a byte, the leftmost in the lowest bit."""
    assert Picture.of([[True, False] * 4, [True, True]]).lines == (b"\x55", b"\x03")


def test_a_picture_goes_line_by_line_and_is_centred() -> None:
    """A narrow picture stands in the middle of the 320 dots; one that is too wide is never cut."""
    hand = by_hand()
    assert hand.play(print_picture(Picture(lines=(b"\xff" * 2, b"\x01" * 2)))) == 2
    loads = [request for request in hand.asked if isinstance(request, k.LoadExtendedGraphics)]
    assert [(load.line, load.data) for load in loads] == [
        (1, bytes(19) + b"\xff\xff" + bytes(19)), (2, bytes(19) + b"\x01\x01" + bytes(19)),
    ]  # fmt: skip
    assert hand.asked[-1] == k.PrintExtendedGraphics(first=1, last=2)
    with pytest.raises(Misuse):
        hand.play(print_picture(Picture(lines=(bytes(41),))))


def test_a_long_picture_goes_in_slices_and_in_blocks_where_the_model_can() -> None:
    """A register holds 600 lines at once; with bit 35 of F7h one command loads several."""
    hand = by_hand(flags=1 << 35 | 1 << 37, first_graphic_line=0)
    assert hand.play(print_picture(Picture(lines=(b"\x01",) * 700))) == 700
    loads = [request for request in hand.asked if isinstance(request, k.LoadExtendedGraphics)]
    assert sum(len(load.data) for load in loads) == 700 * 40
    assert len(loads) == 100 + 17
    prints = [request for request in hand.asked if isinstance(request, k.PrintExtendedGraphics)]
    assert [(one.first, one.last, one.flags) for one in prints] == [(0, 599, 2), (0, 99, 2)]


def test_the_emulated_register_takes_all_three() -> None:
    """What the driver sends is what a register accepts."""
    bench = Bench()
    assert bench.run(print_text("Проверка печати")) == 1
    assert bench.run(print_qr(b"t=20260305T1405&s=500.00")).operator == 30
    assert bench.run(print_picture(Picture.of([[True] * 16] * 8))) == 8
