"""What is known beside a document, and how far it has come."""

from __future__ import annotations

from datetime import datetime

import pytest

from ffd.context import Context
from ffd.documents import ReceiptDocument, RegistrationReport
from ffd.presence import Supplier


@pytest.mark.parametrize(
    ("stage", "added"),
    [
        (Supplier.HOST, {1054}),
        (Supplier.REGISTER, {1054, 1012}),
        (Supplier.DRIVE, {1054, 1012, 1077}),
    ],
)
def test_stages(stage: Supplier, added: set[int]) -> None:
    """Host, register and drive add their tags one after the other."""
    assert {tag for tag in (1054, 1012, 1077) if Context(stage=stage).added(tag, 3)} == added


def test_documents_of_others() -> None:
    """A confirmation is whole or not there: the operator makes it at once."""
    assert Context().added(1078, 7)
    assert not Context(stage=Supplier.REGISTER).added(1078, 7)


def test_edition_and_moment() -> None:
    """The document's own edition and moment count before those of the context."""
    context = Context(registration=RegistrationReport(ffd_version=2), now=datetime(2026, 1, 1))
    assert context.edition(ReceiptDocument()) == 2
    assert context.edition(ReceiptDocument(ffd_version=3)) == 3
    assert Context().edition(ReceiptDocument()) == 4
    assert context.moment(ReceiptDocument()) == datetime(2026, 1, 1)
    assert context.moment(ReceiptDocument(document_datetime=datetime(2025, 1, 1))) == datetime(2025, 1, 1)
