"""Models are differences of one register, and each difference shows where clients look for it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fn_emulator.register.model import DESKTOP, MODELS, Model
from fn_emulator.register.modes import FEATURE_OF
from kkt_driver import commands as c
from tests.fn_emulator.desk import Desk, closing, item, sell


@pytest.mark.parametrize("name", MODELS)
def test_every_model_works(name: str) -> None:
    """A day on each: type, parameters, tables, a receipt, Z."""
    model = MODELS[name]
    desk = Desk(model=model, shift=True)
    kind = desk.ask(c.DeviceType())
    assert (kind.model, kind.name) == (model.number, model.name)
    parameters = desk.ask(c.ModelParameters())
    assert (parameters.flags, parameters.width_font_1) == (model.features, model.characters)
    assert desk.ask(c.ReadTable(table=parameters.more[0], row=1, field=1)).text == desk.register.serial
    assert desk.ask(c.TableStructure(table=parameters.more[1])).name == "Параметры офд"
    assert sell(desk).document == 3
    desk.ask(c.ZReport())
    assert desk.mode == 4


def test_mobile_tables_have_numbers_of_their_own() -> None:
    """FN and OFD tables are 14 and 15 there; what a host writes to them the register reads."""
    desk = Desk(model=MODELS["shtrih-mobile-f"])
    assert desk.ask(c.TableStructure(table=14)).name == "Fiscal storage"
    assert desk.ask(c.TableStructure(table=15)).name == "Параметры офд"
    assert desk.ask(c.TableStructure(table=18)).name == "Sdcard status"
    desk.set(14, 1, 23, b"526317984689")
    assert desk.register.core.settings.text(18, 1, 23) == "526317984689"
    assert desk.refused(c.WriteTable(table=14, row=1, field=2, value=b"1")) == 0x7A


def test_item_fields_before_the_item() -> None:
    """FF4Dh on mobile models belongs to the item after it; on desktop ones to the item before."""
    tag = bytes.fromhex("3c080100") + b"\x0b"  # 2108 = 11, kilogram
    desk = Desk(model=MODELS["shtrih-mobile-f"], shift=True)
    desk.ask(c.OpenReceipt(type=0))
    desk.ask(item())
    desk.ask(c.SendItemTlv(tlv=tag))
    desk.ask(item(name="Сыр"))
    document = desk.ask(closing(35800)).document
    measures = [
        {inner.tag: inner.value for inner in field.value}[2108]
        for field in desk.document(document)
        if field.tag == 1059 and isinstance(field.value, tuple)
    ]
    assert measures == [b"\0", b"\x0b"]
    desktop = Desk(shift=True)
    desktop.ask(c.OpenReceipt(type=0))
    assert desktop.refused(c.SendItemTlv(tlv=tag)) == 0x33


def test_mobile_models_read_documents_in_their_mode() -> None:
    """FF3Ah puts a desktop model into mode 1, a mobile one goes on."""
    desk = Desk(model=MODELS["shtrih-mobile-f"], shift=True)
    desk.ask(c.SelectDocument(document=1))
    assert desk.mode == 2
    sell(desk)
    assert desk.document(1)


def test_a_shift_opens_by_itself_on_some() -> None:
    """8Dh with the shift closed, without table 24 saying anything."""
    desk = Desk(model=MODELS["shtrih-mobile-f"])
    assert sell(desk).document == 3


def test_old_firmware() -> None:
    """Before FFD 1.1: format 1.05, six rates, no fields that came later, no extended answers, FF4Ah instead of 80h."""
    desk = Desk(model=MODELS["shtrih-m-01f-2018"], shift=True)
    assert desk.ask(c.TableStructure(table=6)).rows == 6
    assert desk.refused(c.ReadTable(table=6, row=7, field=1)) == 0x33
    assert desk.refused(c.ReadTable(table=17, row=1, field=36)) == 0x33
    assert desk.refused(c.FieldStructure(table=18, field=21)) == 0x33
    assert desk.ask(c.ReadTable(table=17, row=1, field=17)).number == 2
    assert sell(desk).moment is None
    assert desk.values(3)[1209] == 2
    assert desk.refused(c.OpenReceipt(type=0x80)) == 0x33


def test_commands_of_things_that_a_model_has_not() -> None:
    """Without the bit of F7h the command is 37h, and with it it works: clients ask F7h first."""
    assert Desk(model=MODELS["shtrih-on-line"]).refused(c.Cut(type=1)) == 0x37
    Desk().ask(c.Cut(type=1))
    for code, bit in FEATURE_OF.items():
        desk = Desk()
        plain = Desk(model=replace(DESKTOP, features=DESKTOP.features & ~(1 << bit)))
        body = code + bytes(4)
        assert plain.register.core.execute(body, plain.now)[0] == code + b"\x37"
        assert desk.register.core.execute(body, desk.now)[0] != code + b"\x37"


def test_defaults_of_the_desktop_model() -> None:
    """The sample of the protocol's text: healthy flags 0292h, 48 characters, name and number that clients know."""
    assert isinstance(DESKTOP, Model)
    desk = Desk()
    assert desk.ask(c.ShortStatus()).flags == 0x0292
    assert desk.ask(c.ModelParameters()).tax_calculation_field == 14
