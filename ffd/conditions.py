"""Tags that are mandatory in certain cases: the cases, as far as a document and its registration report decide them.

A row says which rule asks (its code), where, for which tags and when. How sure that is stands in `ffd.presence`: what
rests on vendors or an inference is a warning. Cases that nobody can see in a document (a buyer who asked for an
electronic receipt, a good that is marked by law) are not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ffd import presence
from ffd.context import Context
from ffd.documents import Document
from ffd.enums import MarkingNotificationCode, MarkingRequestCode, Subject, Usage
from ffd.fields import Fields
from ffd.tags import TAGS

__all__ = ["CONDITIONS", "Condition", "missing"]

_RECEIPTS = (3, 4, 31, 41)
_WITH_CODE = (Subject.EXCISE_MARKED_GOODS_WITH_CODE, Subject.MARKED_GOODS_WITH_CODE)
# Document, the structure or document the tag belongs into, context.
When = Callable[[Any, Any, Context], bool]


class Condition(NamedTuple):
    """In `containers`, each of `tags` is mandatory `when`; `reason` says it in words."""

    code: str
    containers: tuple[int, ...]
    tags: tuple[int, ...]
    when: When
    reason: str


def _offline(document: Any, context: Context) -> bool | None:
    own: bool | None = getattr(document, "offline_mode_flag", None)
    return context.registered("offline_mode_flag") if own is None else own


def _always(document: Any, fields: Any, context: Context) -> bool:
    return True


def _online(document: Any, fields: Any, context: Context) -> bool:
    return _offline(document, context) is False


def _registered_offline(document: Any, fields: Any, context: Context) -> bool:
    return bool(context.registered("offline_mode_flag"))


def _unsent(document: Any, fields: Any, context: Context) -> bool:
    return _online(document, fields, context) and bool(fields.unsent_document_count)


def _unregistered(attribute: str) -> When:
    return lambda document, fields, context: context.registration is not None and not context.registered(attribute)


def _sent_to_buyer(document: Any, fields: Any, context: Context) -> bool:
    contact = document.buyer_contact
    return bool(contact and contact != "none" and _unregistered("receipt_sender_email")(document, fields, context))


def _site_unknown(document: Any, fields: Any, context: Context) -> bool:
    online = _online(document, fields, context)
    return online and _unregistered("tax_authority_website")(document, fields, context)


def _machine_unknown(document: Any, fields: Any, context: Context) -> bool:
    automatic = context.registered("automatic_mode_flag")
    return bool(automatic and not context.registered("machine_number"))


def _manned(document: Any, fields: Any, context: Context) -> bool:
    return context.registered("automatic_mode_flag") is False


def _new_rates(document: Any, fields: Any, context: Context) -> bool:
    return any(item.vat_rate is not None and 7 <= item.vat_rate <= 12 for item in document.items)


def _marked_items(document: Any, fields: Any, context: Context) -> bool:
    return any(item.item_check_result is not None for item in document.items)


def _has_code(document: Any, fields: Any, context: Context) -> bool:
    return fields.item_type in _WITH_CODE


def _marked_goods(document: Any, fields: Any, context: Context) -> bool:
    return bool((context.registered("register_usage_flags") or 0) & Usage.MARKED_GOODS)


def _in_part(document: Any, fields: Any, context: Context) -> bool:
    return fields.planned_item_status in (2, 4)


def _has_quantity(document: Any, fields: Any, context: Context) -> bool:
    return fields.item_quantity is not None


def _request_processed(document: Any, fields: Any, context: Context) -> bool:
    return bool(fields.marking_request_code == MarkingRequestCode.CORRECT)


def _notification_processed(document: Any, fields: Any, context: Context) -> bool:
    return bool(fields.marking_notification_code == MarkingNotificationCode.ACCEPTED)


def _identified(document: Any, fields: Any, context: Context) -> bool:
    return bool(fields.buyer_identity_document_code or fields.buyer_identity_document_data)


# fmt: off
CONDITIONS = (
    Condition("F18", (1, 11), (1060, 1117, 1017, 1046), _online, "required unless 1002 = 1"),
    Condition("F18", (5,), (1097, 1098), _online, "required unless registered offline"),
    Condition("F18", (21,), (1097,), _online, "required unless registered offline"),
    Condition("F18", (21,), (1098, 1116), _unsent, "required while documents wait for the operator"),
    Condition("F18", (21,), (1002,), _registered_offline, "required when registered offline"),
    Condition("F19", (2, 3, 4, 31, 41, 5, 6), (1021,), _manned, "only automatic devices work without a cashier"),
    Condition("F20", _RECEIPTS, (1048,), _unregistered("user_name"), "not in the registration report either"),
    Condition("F20", _RECEIPTS, (1018,), _unregistered("user_inn"), "not in the registration report either"),
    Condition("F20", _RECEIPTS, (1009,), _unregistered("settlement_address"), "not in the registration report either"),
    Condition("F20", _RECEIPTS, (1187,), _unregistered("settlement_place"), "not in the registration report either"),
    Condition("F20", (3, 4), (1060,), _site_unknown, "not in the registration report either"),
    Condition("F20", (3, 4), (1036,), _machine_unknown, "not in the registration report either"),
    Condition("F20", (3, 4), (1117,), _sent_to_buyer, "sent to the buyer, and not in the registration report either"),
    Condition("F04", _RECEIPTS, (1115,), _new_rates, "an item has a rate of 1199 = 7 to 12"),
    Condition("F10", (1115,), (1119,), _always, "one entry per rate"),
    Condition("F10", (1119,), (1199, 1120), _always, "an entry is a rate and its amount"),
    Condition("F10", _RECEIPTS, (2107,), _marked_items, "an item carries 2106"),
    Condition("F10", (1059,), (1163, 2106), _has_code, "1212 says that the item has a marking code"),
    Condition("F10", (1260, 1261), (1262, 1263, 1264, 1265), _always, "all four stand together"),
    Condition("F10", (1256,), (1245, 1246), _identified, "kind and data of the document stand together"),
    Condition("F17", (1174,), (1178,), _always, "the day of what is corrected, or one of its period"),
    Condition("F10", (5, 21), (2104,), _marked_goods, "registered for marked goods"),
    Condition("F10", (81,), (1023,), _in_part, "2003 is 2 or 4, a part of a package"),
    Condition("F10", (81, 2007), (2108,), _has_quantity, "goes with 1023"),
    Condition("F10", (82,), (1018,), _always, "required, with exceptions made by the tax service"),
    Condition("F10", (83,), (2102, 2100, 2109, 2005), _request_processed, "2105 = 0, the request was processed"),
    Condition("F10", (84,), (2006,), _notification_processed, "2111 = 0, the notification was processed"),
)
# fmt: on


def missing(
    code: str, document: Document, fields: Fields, container: int, context: Context
) -> Iterator[tuple[str, int, str, bool]]:
    """What rule `code` misses in `fields` of the document: attribute, tag, reason, whether that is sure."""
    table = presence.rows(container, context.edition(document))
    names = {row.number: name for name, row in type(fields).tags().items()}
    for condition in _OF_RULE.get((code, container), ()):
        for tag in condition.tags:
            row = table.get(tag)
            if row is None or row.electronic not in (2, 3) or not context.added(tag, document.CODE):
                continue
            if getattr(fields, names[tag]) in (None, ()) and condition.when(document, fields, context):
                yield names[tag], tag, condition.reason, not row.condition_is_weak


_OF_RULE: dict[tuple[str, int], list[Condition]] = {}
for _one in CONDITIONS:
    assert all(tag in TAGS for tag in _one.tags)
    for _container in _one.containers:
        _OF_RULE.setdefault((_one.code, _container), []).append(_one)
