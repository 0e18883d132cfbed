"""What every document and structure has: its attributes with their words, its codec from the tables."""

from __future__ import annotations

import pytest

from ffd.documents import OF_CODE, MarkingNotification, ReceiptDocument, RegistrationReport
from ffd.errors import DecodeError
from ffd.fields import REPEATED, tag_of
from ffd.presence import Supplier
from ffd.structures import OF_TAG, MarkedItem
from ffd.tags import TAGS
from ffd.tlv import SIZE_MAX


def test_words_are_one_attribute_away() -> None:
    """Russian name, printed header, number and supplier of a field, from the class or from a value."""
    total = ReceiptDocument.about.receipt_total
    assert (total.number, total.name_ru, total.header) == (1020, TAGS[1020].name_ru, "ИТОГ")
    assert ReceiptDocument(receipt_total=5).about is ReceiptDocument.about
    assert ReceiptDocument.about.items.number == 1059
    with pytest.raises(AttributeError, match="no tag is called 'colour' here"):
        print(ReceiptDocument.about.colour)


def test_who_supplies() -> None:
    """Each field knows who gives its value, which differs by form."""
    assert ReceiptDocument.about.user_inn.supplier is Supplier.DRIVE
    assert RegistrationReport.about.user_inn.supplier is Supplier.HOST
    assert {one.supplier for one in MarkedItem.about} == {Supplier.DRIVE}
    assert {one.supplier for one in MarkingNotification.about} == {Supplier.DRIVE}


@pytest.mark.parametrize("cls", dict.fromkeys((*OF_CODE.values(), *OF_TAG.values())), ids=lambda cls: cls.__name__)
def test_every_attribute_is_a_tag(cls: type[ReceiptDocument]) -> None:
    """All attributes have a row; the repeated ones are tuples."""
    for one in cls.about:
        assert one.tag is tag_of(one.name)
        assert one.name_ru
        assert (getattr(cls(), one.name) == ()) == (one.name in REPEATED)


def test_bounded() -> None:
    """More bytes than any document has are refused before anything is read."""
    with pytest.raises(DecodeError, match="at most"):
        ReceiptDocument.decode_fields(bytes(SIZE_MAX + 1))
