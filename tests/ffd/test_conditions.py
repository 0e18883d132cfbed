"""Tags that are mandatory in certain cases."""

from __future__ import annotations

from typing import Any

import pytest

from ffd import conditions, presence
from ffd.conditions import CONDITIONS, Condition
from ffd.context import Context
from ffd.control import check
from ffd.documents import (
    OF_CODE,
    CorrectionDocument,
    MarkingAnswer,
    MarkingNotification,
    MarkingRequest,
    MarkingTicket,
    ReceiptDocument,
    RegistrationReport,
    SettlementsStateReport,
    ShiftCloseReport,
    ShiftOpenReport,
)
from ffd.presence import Supplier
from ffd.structures import (
    OF_TAG,
    BuyerInfo,
    CorrectionBasis,
    IndustryAttribute,
    ItemFields,
    MarkedItem,
    VatAmounts,
    VatEntry,
)

ONLINE = Context(
    registration=RegistrationReport(offline_mode_flag=False, automatic_mode_flag=False, register_usage_flags=1 << 8)
)
OFFLINE = Context(registration=RegistrationReport(offline_mode_flag=True))
AUTOMATIC = Context(registration=RegistrationReport(automatic_mode_flag=True))

# A document for which the case is given, what is missed then, and a context.
CASES: list[tuple[str, Any, set[int], Context]] = [
    ("F18", RegistrationReport(offline_mode_flag=False), {1060, 1117, 1017, 1046}, Context()),
    ("F18", ShiftCloseReport(), {1097, 1098}, ONLINE),
    ("F18", SettlementsStateReport(), {1097}, ONLINE),
    ("F18", SettlementsStateReport(unsent_document_count=2), {1098, 1116}, ONLINE),
    ("F18", SettlementsStateReport(), {1002}, OFFLINE),
    ("F19", ShiftOpenReport(), {1021}, ONLINE),
    ("F20", ReceiptDocument(ffd_version=2), {1048, 1018, 1009, 1187, 1060}, ONLINE),
    ("F20", ReceiptDocument(buyer_contact="a@example.com"), {1048, 1018, 1060, 1117}, ONLINE),
    ("F20", ReceiptDocument(), {1048, 1018, 1036}, AUTOMATIC),
    ("F04", ReceiptDocument(items=(ItemFields(vat_rate=11),)), {1115}, Context(stage=Supplier.REGISTER)),
    ("F10", ReceiptDocument(receipt_vat_amounts=VatAmounts()), {1119}, Context(stage=Supplier.REGISTER)),
    (
        "F10",
        ReceiptDocument(receipt_vat_amounts=VatAmounts(receipt_vat_entries=(VatEntry(),))),
        {1199, 1120},
        Context(stage=Supplier.REGISTER),
    ),
    ("F10", ReceiptDocument(items=(ItemFields(item_check_result=15),)), {2107}, Context()),
    ("F10", ReceiptDocument(items=(ItemFields(item_type=33),)), {1163, 2106}, Context()),
    (
        "F10",
        ReceiptDocument(receipt_industry_attributes=(IndustryAttribute(),)),
        {1262, 1263, 1264, 1265},
        Context(),
    ),
    ("F10", ReceiptDocument(buyer_info=BuyerInfo(buyer_identity_document_code="21")), {1246}, Context()),
    ("F17", CorrectionDocument(correction_basis=CorrectionBasis()), {1178}, Context()),
    ("F10", ShiftCloseReport(), {2104}, ONLINE),
    ("F10", MarkingRequest(planned_item_status=2), {1023}, Context()),
    ("F10", MarkingNotification(marked_items=(MarkedItem(item_quantity=1),)), {2108, 1018}, Context()),  # type: ignore[arg-type]  # any quantity
    ("F10", MarkingAnswer(marking_request_code=0), {2102, 2100, 2109, 2005}, Context()),
    ("F10", MarkingTicket(marking_notification_code=0), {2006}, Context()),
]


@pytest.mark.parametrize(("code", "document", "tags", "context"), CASES)
def test_missed(code: str, document: Any, tags: set[int], context: Context) -> None:
    """In its case a tag is missed; its weight is that of the row of the presence table."""
    edition = context.edition(document)
    found = {one.tag: one for one in check(document, context) if one.code == code and "is missing: " in one.message_en}
    assert set(found) == tags
    weak = {
        tag
        for container in (document.CODE, *OF_TAG)
        for tag, row in presence.rows(container, edition).items()
        if row.condition_is_weak
    }
    assert all(one.tag in weak for one in found.values() if one.warning)


def test_every_condition_has_a_case() -> None:
    """A new row needs a case here: no condition that was never seen to bite."""
    tried = {(code, tag) for code, _, tags, _ in CASES for tag in tags}
    assert {(row.code, tag) for row in CONDITIONS for tag in row.tags} == tried | {("F10", 1245)}


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda row: f"{row.code} {row.tags}")
def test_rows_stand_in_the_tables(condition: Condition) -> None:
    """A condition is about tags that some edition has there, conditionally."""
    for container in condition.containers:
        cls = OF_CODE.get(container) or OF_TAG[container]
        for tag in condition.tags:
            assert tag in {row.number for row in cls.tags().values()}
            assert {2, 3} & {
                row.electronic for edition in (2, 3, 4) if (row := presence.rows(container, edition).get(tag))
            }


def test_a_request_owes_only_its_own() -> None:
    """Before the drive's turn nobody misses what the drive adds."""
    items = (ItemFields(item_type=33),)
    found = check(ReceiptDocument(items=items), Context(stage=Supplier.HOST))
    assert [one.tag for one in found if "is missing: " in one.message_en] == [1163]


def test_nothing_for_strangers() -> None:
    """A rule without conditions for a container misses nothing."""
    assert list(conditions.missing("F99", ReceiptDocument(), ReceiptDocument(), 3, Context())) == []
