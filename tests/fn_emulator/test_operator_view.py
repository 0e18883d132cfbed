"""What the test operator shows: documents in words, what is there of a drive, what is missing."""

from __future__ import annotations

from msgspec.structs import replace

from ffd import jsons
from ffd.documents import ReceiptDocument
from fn_emulator.operator import Confirmed, LogStore
from fn_emulator.operator_view import show, summary
from tests.fn_emulator.drives import NUMBER, Hands, good_code, with_marking, with_shift


def sold() -> Hands:
    hands = with_shift()
    hands.receipt(12345)
    hands.deliver_all()
    return hands


def kept(hands: Hands, document: int) -> Confirmed:
    confirmed = hands.operator.store.get(NUMBER, document)
    assert confirmed is not None
    return confirmed


def test_a_receipt_in_words() -> None:
    """Fields by name, in the form that `ffd` reads back; who sent it and what it was answered."""
    hands = sold()
    shown = show(kept(hands, 3))
    assert (shown["drive"], shown["document"], shown["form"], shown["code"]) == (NUMBER, 3, 3, 0)
    document = jsons.read(shown["fields"])
    assert isinstance(document, ReceiptDocument)
    assert (document.receipt_total, document.fiscal_document_number) == (12345, 3)


def test_what_cannot_be_decoded_is_shown_as_bytes() -> None:
    """A tester looks for exactly these."""
    confirmed = kept(sold(), 3)
    size = len(confirmed.container)
    from ffd.container import Container

    container = Container.decode(confirmed.container)
    broken = replace(container, document=container.document[:40]).encode()
    shown = show(replace(confirmed, container=broken))
    assert len(broken) < size
    assert shown["problem"]
    assert bytes.fromhex(shown["bytes"]) == container.document[:40]


def test_summary_names_gaps() -> None:
    """Numbers that never came are the first thing to look for."""
    hands = sold()
    store = LogStore()
    for number in (1, 3):
        store.add(kept(hands, number))
    found = summary(store, NUMBER)
    assert found is not None
    assert (found.documents, found.last_document, found.missing) == (2, 3, (2,))
    assert (found.forms, found.codes) == ({1: 1, 3: 1}, {0: 2})
    assert summary(store, "9999078900000001") is None


def test_notifications_are_shown_too() -> None:
    """The marking system keeps what it got in the same store."""
    hands = with_marking()
    code = good_code()
    hands.checked(code)
    hands.marked_receipt(code)
    hands.deliver_notice()
    confirmed = hands.marking_system.store.get(NUMBER, 1)
    assert confirmed is not None
    assert show(confirmed)["fields"]["marked_items"][0]["marking_code"] == code
