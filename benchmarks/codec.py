"""How the document codec compares with plain construct declared from the same tables: ratios of one run, interleaved.

Run `python -m benchmarks.codec`. The bars are 10, both ways, and about 60 µs for a receipt of three items. Both sides
decode to values a program can work with (numbers, texts, decimals, moments, items), not to bytes, and encode from
them. `--profile` shows where the time of ours goes instead.
"""

from __future__ import annotations

import cProfile
import sys
import timeit
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import construct as c

from ffd import documents, tlv, vat
from ffd.documents import ReceiptDocument, sign_bytes
from ffd.enums import VatRate
from ffd.structures import ItemFields, ProductCode, UserAttributeFields, VatAmounts, VatEntry
from ffd.tags import TAGS, Tag, Type

ROUNDS = 7
_EPOCH = datetime(1970, 1, 1)
_RATES = (VatRate.VAT_10, VatRate.VAT_22, VatRate.NO_VAT)


def receipt(count: int) -> ReceiptDocument:
    """A whole receipt of edition 1.2 with `count` items, every second one marked: what a drive stores."""
    items = tuple(_item(index) for index in range(count))
    amounts = vat.amounts([_Taxed(item.item_total or 0, VatRate(item.vat_rate or 6)) for item in items])
    total = sum(item.item_total or 0 for item in items)
    return ReceiptDocument(
        ffd_version=4, user_name="ООО «Ромашка»".replace("«", '"').replace("»", '"'), user_inn="7704849611",
        receipt_number_in_shift=12, document_datetime=datetime(2026, 8, 3, 16, 44), shift_number=321,
        operation_type=1, applied_tax_system=1, cashier_name="Кассир Иванова А. Б.", cashier_inn="500100732259",
        register_registration_number="0000123456029024", settlement_address="101000, Москва, Мясницкая ул., д. 1",
        settlement_place="https://shop.example.com", buyer_contact="buyer@example.com", items=items,
        receipt_total=total, cash_total=0, cashless_total=total, prepayment_total=0, credit_total=0, barter_total=0,
        receipt_vat_10_amount=amounts.get(VatRate.VAT_10), receipt_no_vat_turnover=amounts.get(VatRate.NO_VAT),
        receipt_vat_amounts=VatAmounts(
            receipt_vat_entries=(VatEntry(vat_rate=VatRate.VAT_22, vat_amount=amounts[VatRate.VAT_22]),)
        ),
        internet_settlement_flag=True, receipt_sender_email="noreply@example.com", marked_items_check_result=0,
        tax_authority_website="www.nalog.gov.ru",
        user_attribute=UserAttributeFields(user_attribute_name="заказ", user_attribute_value="2026-08-03/15"),
        fiscal_document_number=98765, fiscal_drive_number="7384440900844678",
        document_fiscal_sign=sign_bytes(3576585508),
    )  # fmt: skip


def _item(index: int) -> ItemFields:
    price, quantity = 8950 + 137 * index, Decimal(1 + index % 3)
    marked = index % 2 == 1
    return ItemFields(
        item_payment_method=4, item_type=33 if marked else 1, item_name=f"Молоко питьевое 3,2% 930 мл, партия {index}",
        item_quantity_measure=0, marking_processing_mode=0 if marked else None,
        item_product_code=ProductCode(product_code_gs1_marked="0104605035006964215OoyE8qxeIOn>") if marked else None,
        item_check_result=15 if marked else None, item_unit_price=price, item_quantity=quantity,
        vat_rate=_RATES[index % 3], item_total=int(price * quantity),
    )  # fmt: skip


class _Taxed:
    def __init__(self, total: int, rate: VatRate) -> None:
        self.total, self.vat = total, rate


# ── the same tables as construct declarations ─────────────────────────────────────────────────────────────────────


def _value(row: Tag) -> Any:
    """The declaration of a tag's value."""
    match row.type:
        case Type.BYTE | Type.UINT16 | Type.UINT32 | Type.BITS:
            number = c.BytesInteger(row.length, swapped=True)
            flag = row.kind == "bool"
            return c.ExprAdapter(number, lambda v, _: bool(v), lambda v, _: int(v)) if flag else number
        case Type.VLN:
            return c.ExprAdapter(
                c.GreedyBytes,
                lambda data, _: int.from_bytes(data, "little"),
                lambda number, _: number.to_bytes((number.bit_length() + 7) // 8 or 1, "little"),
            )
        case Type.FVLN:
            return c.ExprAdapter(
                c.Struct("places" / c.Int8ul, "number" / c.GreedyBytes),
                lambda v, _: Decimal(int.from_bytes(v.number, "little")).scaleb(-v.places),
                lambda v, _: _places(v),
            )
        case Type.UNIXTIME:
            return c.ExprAdapter(
                c.Int32ul,
                lambda seconds, _: _EPOCH + timedelta(seconds=seconds),
                lambda moment, _: int((moment - _EPOCH).total_seconds()),
            )
        case Type.STRING if row.fixed:
            text = c.StringEncoded(c.GreedyBytes, "cp866")
            return c.ExprAdapter(text, lambda v, _: v.rstrip(" "), lambda v, _: v.ljust(row.length))
        case Type.STRING:
            return c.StringEncoded(c.GreedyBytes, "cp866")
        case Type.BYTES:
            return c.GreedyBytes
        case Type.STLV:
            return c.LazyBound(lambda: FIELDS)


def _places(value: Decimal) -> dict[str, Any]:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    number = int(value.scaleb(-exponent))
    return {"places": -exponent, "number": number.to_bytes((number.bit_length() + 7) // 8 or 1, "little")}


FIELDS = c.GreedyRange(
    c.Struct(
        "tag" / c.Int16ul,
        "value"
        / c.Prefixed(
            c.Int16ul,
            c.Switch(c.this.tag, {number: _value(row) for number, row in TAGS.items()}, default=c.GreedyBytes),
        ),
    )
)
DOCUMENT = c.Struct("code" / c.Int16ul, "fields" / c.Prefixed(c.Int16ul, FIELDS))


def _same(ours: Any, theirs: Any) -> None:
    """Both sides found the same fields and values."""
    plain = [(one.tag, one.value if isinstance(one.value, tuple) else tlv.value(one)) for one in ours]
    assert len(plain) == len(theirs)
    for (tag, value), other in zip(plain, theirs, strict=True):
        assert tag == other.tag
        if isinstance(value, tuple):
            _same(value, other.value)
        else:
            assert value == other.value, (tag, value, other.value)


def main() -> None:
    """Measures and prints."""
    print(f"{'receipt':>8} {'bytes':>6} {'':7} {'ours, µs':>9} {'construct, µs':>14} {'ratio':>6}")
    for count in (3, 100):
        document = receipt(count)
        data = document.encode()
        theirs = DOCUMENT.parse(data)
        _same(document.tlvs(), theirs.fields)
        assert DOCUMENT.build(theirs) == data
        assert documents.decode(data) == document
        calls = 600 // count + 3
        _compare(
            f"{count} items", len(data), "decode", partial(documents.decode, data), partial(DOCUMENT.parse, data), calls
        )
        _compare(f"{count} items", len(data), "encode", document.encode, partial(DOCUMENT.build, theirs), calls)


def _compare(name: str, size: int, way: str, ours: Callable[[], Any], theirs: Callable[[], Any], calls: int) -> None:
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for index, (function, number) in enumerate(((ours, calls * 10), (theirs, calls))):
            best[index] = min(best[index], timeit.timeit(function, number=number) / number * 1e6)
    print(f"{name:>8} {size:6} {way:7} {best[0]:9.1f} {best[1]:14.1f} {best[1] / best[0]:6.1f}")


def profile() -> None:
    """Where the time of ours goes."""
    document = receipt(100)
    data = document.encode()
    for function in (partial(documents.decode, data), document.encode):
        with cProfile.Profile() as found:
            for _ in range(300):
                function()
        found.print_stats("tottime")


if __name__ == "__main__":
    profile() if "--profile" in sys.argv else main()
