"""Hypothesis strategies for the formats. A new document or tag joins here by being in the tables."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from ffd import documents, presence, receipts, tlv
from ffd.enums import SETS, Edition, Operation, TaxSystem, VatRate
from ffd.fields import REPEATED, Fields
from ffd.structures import OF_TAG
from ffd.tags import TAGS, Tag, Type
from ffd.tlv import Tlv

# Characters of CP866, control characters left out.
CP866 = "".join(bytes((code,)).decode("cp866") for code in range(32, 256) if code != 127)


def texts(longest: int, *, shortest: int = 0) -> st.SearchStrategy[str]:
    """CP866 texts; blanks at the end, which a fixed field cannot keep, are left out."""
    found = st.text(CP866, min_size=shortest, max_size=min(longest, 24)).map(str.rstrip)
    return found.filter(lambda text: len(text) >= shortest) if shortest else found


def quantities() -> st.SearchStrategy[Decimal]:
    """Positive quantities of up to six places."""
    return st.builds(lambda number, places: Decimal(number).scaleb(-places), st.integers(1, 10**9), st.integers(0, 6))


def values_of(row: Tag, edition: Edition | None = None) -> st.SearchStrategy[Any]:
    """Plain values of a tag, as `tlv.field` takes them and `tlv.value` gives them."""
    match row.type:
        case _ if row.kind == "bool":
            return st.booleans()
        case Type.BYTE if row.enum in SETS and row.kind == "enum":
            return st.sampled_from(list(SETS[row.enum]))
        case Type.BYTE | Type.UINT16 | Type.UINT32 | Type.BITS | Type.VLN:
            return st.integers(0, 256**row.length - 1)
        case Type.FVLN:
            return quantities()
        case Type.UNIXTIME:
            return st.datetimes(datetime(1970, 1, 1), datetime(2106, 1, 1)).map(lambda m: m.replace(microsecond=0))
        case Type.STRING if row.fixed and not row.padded:
            return st.text(CP866[1:], min_size=row.length, max_size=row.length)  # no blank at the end
        case Type.STRING:
            return texts(row.length or 24)
        case Type.BYTES:
            return st.binary(min_size=row.length if row.fixed else 0, max_size=row.length)
        case Type.STLV:
            return structures_of(row.number, edition)
    raise AssertionError(row)


@cache
def fields_of(cls: type[Fields], container: int, edition: Edition | None = None) -> st.SearchStrategy[Any]:
    """Values of a structure or document class: any attributes, or any of those an edition has there."""
    given: dict[str, st.SearchStrategy[Any]] = {}
    known = (
        None if edition is None else {tag for tag, row in presence.rows(container, edition).items() if row.electronic}
    )
    for name, row in cls.tags().items():
        if known is None or row.number in known:
            one = values_of(row, edition)
            given[name] = st.lists(one, max_size=2).map(tuple) if name in REPEATED else one
    if edition is not None and "ffd_version" in given:
        given["ffd_version"] = st.just(edition)
    return st.fixed_dictionaries({}, optional=given).map(lambda chosen: cls(**chosen))


def structures_of(tag: int, edition: Edition | None = None) -> st.SearchStrategy[Any]:
    """Values of a structure tag."""
    return fields_of(OF_TAG[tag], tag, edition)


def documents_of(code: int, edition: Edition | None = None) -> st.SearchStrategy[Any]:
    """Documents of a form code, whatever their content means."""
    return fields_of(documents.OF_CODE[code], code, edition)


def tlvs(depth: int = 2) -> st.SearchStrategy[tuple[Tlv, ...]]:
    """Well-formed fields of known and unknown tags."""
    plain = sorted(set(TAGS) - tlv.STRUCTURES)
    leaf = st.builds(Tlv, st.sampled_from(plain) | st.integers(10000, 64999), st.binary(max_size=20))
    if not depth:
        return st.lists(leaf, max_size=4).map(tuple)
    node = st.builds(Tlv, st.sampled_from(sorted(OF_TAG)), tlvs(depth - 1))
    return st.lists(leaf | node, max_size=5).map(tuple)


def items() -> st.SearchStrategy[receipts.Item]:
    """Positions whose total is their price times their quantity, rounded half up."""

    def item(name: str, price: int, quantity: Decimal, vat: VatRate, subject: int, measure: int) -> receipts.Item:
        number, parts = quantity.as_integer_ratio()
        total = (2 * price * number + parts) // (2 * parts)
        return receipts.Item(
            name=name, price=price, quantity=quantity, total=total, vat=vat, subject=subject, measure=measure
        )

    return st.builds(
        item,
        texts(128, shortest=1).filter(lambda name: bool(name.strip())),
        st.integers(0, 10**6),
        st.builds(lambda n, p: Decimal(n).scaleb(-p), st.integers(1, 10**6), st.integers(0, 3)),
        st.sampled_from(VatRate),
        st.sampled_from([1, 3, 4, 10]),
        st.sampled_from([0, 11, 41, 255]),
    )


def good_receipts() -> st.SearchStrategy[receipts.Receipt]:
    """Receipts that break no rule."""

    def receipt(
        operation: Operation,
        tax_system: TaxSystem,
        chosen: list[receipts.Item],
        cash: bool,
        contact: str | None,
        texts: tuple[str | None, str | None],
    ) -> receipts.Receipt:
        total = sum(item.total for item in chosen)
        return receipts.Receipt(
            operation=operation,
            tax_system=tax_system,
            items=tuple(chosen),
            payments=receipts.Payments(cash=total) if cash else receipts.Payments(cashless=total),
            buyer_contact=contact,
            settlement_place=texts[0],
            cashier_name=texts[1],
        )

    return st.builds(
        receipt,
        st.sampled_from(Operation),
        st.sampled_from(list(TaxSystem)),
        st.lists(items(), min_size=1, max_size=4),
        st.booleans(),
        st.sampled_from([None, "+79161234567", "a@example.com", "none"]),
        st.tuples(st.none() | texts(64), st.none() | texts(64)),
    )
