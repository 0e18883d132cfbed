"""Reading a Ferma request: what a shop means, and every mistake at once."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffd.enums import Operation, TaxSystem, VatRate
from ffd.receipts import Item, Payments, Receipt, UserAttribute
from fleet.jobs import Order
from fleet.web.ferma.envelope import PROBLEMS_MAX, BadRequest, Code
from fleet.web.ferma.fields import Fields
from fleet.web.ferma.reading import parse, read_asked, read_login, read_order
from fleet.web.ferma.tables import ITEM_NOT_CARRIED, MEASURES, RECEIPT_NOT_CARRIED, TYPES, VAT_RATES
from tests.fleet.web.doubles import INN, OTHER_INN, TENANT, body, item

TODAY = date(2026, 11, 23)
RECEIPT = "Request/CustomerReceipt"


def order(value: Any, *, tax_systems: int = 63) -> Order:
    raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return read_order(raw, tenant=TENANT, today=TODAY, tax_systems=lambda: tax_systems)


def receipt(value: Any, **options: Any) -> Receipt:
    return order(value, **options).receipt


def problems(value: Any, **options: Any) -> list[tuple[str, int]]:
    with pytest.raises(BadRequest) as caught:
        order(value, **options)
    return [(problem.path, int(problem.code)) for problem in caught.value.problems]


# What is right


def test_a_whole_receipt_is_carried_over() -> None:
    """Each field that the document has a place for arrives there, sums as whole kopecks."""
    value = body(
        {"Cashier": {"Name": "Иванова А.", "Inn": "500100732259"}, "IsInternet": True},
        TaxationSystem="SimpleIn",
        BillAddress="shop.example",
        CustomUserProperty={"Name": "Заказ", "Value": "17"},
        AdditionalReceiptProp="extra",
        Items=[
            item(Measure="PIECE", PaymentMethod=4, PaymentType=1),
            item(Label="Мёд", Price=100.1, Quantity=0.355, Amount=35.54, Vat="Vat10", Measure="KILOGRAM"),
        ],
        PaymentItems=[{"PaymentType": 0, "Sum": 1000}, {"PaymentType": "2", "Sum": 3016.54}],
    )
    found = order(value)
    assert (found.inn, found.key, found.tenant, found.facade) == (INN, "shop-000123", "demo", "ferma")
    assert found.raw == msgspec.json.encode(value)
    assert found.receipt == Receipt(
        operation=Operation.INCOME,
        tax_system=TaxSystem.SIMPLIFIED_INCOME,
        items=(
            Item(name="Чайник", price=199050, quantity=Decimal(2), total=398100, vat=VatRate.VAT_22),
            Item(name="Мёд", price=10010, quantity=Decimal("0.355"), total=3554, vat=VatRate.VAT_10, measure=11),
        ),
        payments=Payments(cash=100000, prepaid=301654),
        buyer_contact="anna@example.com",
        settlement_place="shop.example",
        cashier_name="Иванова А.",
        cashier_inn="500100732259",
        user_attribute=UserAttribute(name="Заказ", value="17"),
        extra_attribute="extra",
        internet=True,
    )


@pytest.mark.parametrize("name", TYPES)
def test_types(name: str) -> None:
    """An advance has its own defaults, since the buyer has not chosen any goods yet."""
    found = receipt(body({"Type": name}))
    advance = name.endswith("Prepayment")
    assert found.operation == TYPES[name].operation
    assert [(one.method, one.subject) for one in found.items] == [(3, 10) if advance else (4, 1)]


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [("Common", 1), ("SimpleInOut", 4), ("Patent", 32), ("0", 1), (0, 1), (1, 2), ("5", 32), (4, 16)],
)
def test_tax_systems_by_name_digit_and_number(given_name: Any, expected: int) -> None:
    """Clients send all three."""
    assert receipt(body(TaxationSystem=given_name)).tax_system == expected


@pytest.mark.parametrize("given_name", [None, ""])
def test_the_only_tax_system_of_a_company_need_not_be_named(given_name: Any) -> None:
    """Some clients leave it out where there is one; where there are several it would be a guess."""
    assert receipt(body(TaxationSystem=given_name), tax_systems=4).tax_system == 4
    assert problems(body(TaxationSystem=given_name), tax_systems=5) == [(f"{RECEIPT}/TaxationSystem", Code.MISSING)]
    assert problems(body(TaxationSystem=given_name), tax_systems=0) == [(f"{RECEIPT}/TaxationSystem", Code.MISSING)]


@pytest.mark.parametrize(("name", "rate"), VAT_RATES.items())
def test_vat_rates(name: str, rate: VatRate) -> None:
    """All twelve rates, and the two names for the rate that ended in 2026."""
    assert receipt(body(Items=[item(Vat=name)])).items[0].vat == rate


@pytest.mark.parametrize(("name", "number"), MEASURES.items())
def test_measures(name: str, number: int) -> None:
    """The names of the protocol are the numbers of tag 2108."""
    assert receipt(body(Items=[item(Measure=name)])).items[0].measure == number


@pytest.mark.parametrize("payments", [None, []])
def test_without_payments_all_is_cashless(payments: Any) -> None:
    """Most small clients are internet shops and send no list."""
    assert receipt(body(PaymentItems=payments)).payments == Payments(cashless=398100)


def test_the_inner_place_wins() -> None:
    """Some clients put lists and flags on the outer level, often as null; CustomerReceipt has the last word."""
    outer = {"PaymentItems": [{"PaymentType": 0, "Sum": 3981}], "CustomUserProperty": None, "IsInternet": True}
    assert receipt(body(outer, PaymentItems=None)).payments == Payments(cash=398100)
    inner = body(outer, PaymentItems=[{"PaymentType": 3, "Sum": 3981}], IsInternet=False)
    assert receipt(inner).payments == Payments(credit=398100)


def test_subject_of_the_receipt_is_for_items_without_their_own() -> None:
    """0 is what the vendor's own list shows for "not given"."""
    items = [item(PaymentType=4), item(PaymentType=0), item(PaymentType=None), item(PaymentType="3")]
    assert [one.subject for one in receipt(body(PaymentType=10, Items=items)).items] == [4, 10, 10, 3]


@pytest.mark.parametrize(
    ("phone", "normal"),
    [
        ("+79001234567", "+79001234567"),
        ("89001234567", "+79001234567"),
        ("79001234567", "+79001234567"),
        ("9001234567", "+79001234567"),
        ("8 (900) 123-45-67", "+79001234567"),
        ("+375 29 123-45-67", "+375291234567"),
    ],
)
def test_phones_are_normalised(phone: str, normal: str) -> None:
    """The document wants + and digits; shops send what their buyers typed."""
    assert receipt(body(Email=None, Phone=phone)).buyer_contact == normal


def test_the_address_goes_before_the_phone() -> None:
    """The document has one contact."""
    assert receipt(body(Phone="+79001234567")).buyer_contact == "anna@example.com"
    assert receipt(body(Email="", Phone=None)).buyer_contact is None


def test_what_says_nothing_is_passed_over() -> None:
    """Clients send null and empty objects for what they do not use, and keys that we do not know."""
    empty = dict.fromkeys(RECEIPT_NOT_CARRIED) | {"KktFA": False, "ClientInfo": {"Name": "", "Inn": None}}
    empty_item = dict.fromkeys(ITEM_NOT_CARRIED) | {"Excise": 0, "MarkingCode": "", "PaymentAgentInfo": []}
    extra = {"LocalDate": "2026-11-23 10:00:00", "Data": {"PaymentIdentifiers": [1]}, "CorrectionInfo": {}, "New": 1}
    assert receipt(body(extra, Items=[item(**empty_item, Новое=[[]])], **empty)) == receipt(body())


def test_kopecks_are_exact() -> None:
    """0.1 + 0.2 must be 0.3: no number passes through a binary fraction."""
    raw = (
        '{"Request":{"Inn":"9900000000","Type":"Income","InvoiceId":"1","CustomerReceipt":{"TaxationSystem":0,'
        '"Items":[{"Label":"a","Price":0.1,"Quantity":1,"Amount":1e-1,"Vat":"VatNo"},'
        '{"Label":"b","Price":0.20,"Quantity":1.0,"Amount":0.200,"Vat":"VatNo"},'
        '{"Label":"c","Price":10995116277.75,"Quantity":0.000001,"Amount":10995.12,"Vat":"VatNo"}],'
        '"PaymentItems":[{"PaymentType":0,"Sum":0.3},{"PaymentType":1,"Sum":10995.12}]}}}'
    )
    found = receipt(raw.encode())
    assert [(one.price, one.total) for one in found.items] == [(10, 10), (20, 20), (1099511627775, 1099512)]
    assert str(found.items[1].quantity) == "1"


@pytest.mark.parametrize(("sent", "kopecks"), [("108.03999999999999", 10804), ("0.30000000000000004", 30)])
def test_the_noise_of_binary_arithmetic_is_no_third_decimal(sent: str, kopecks: int) -> None:
    """Shops add prices as binary numbers: what is left of that must not cost them a receipt; 10.805 stays refused."""
    for text, expected in ((sent, kopecks), ("108.035", None), ("108.0300001", None)):
        fields = Fields({"Price": Decimal(text)}, "", [])
        assert fields.kopecks("Price") == expected
        assert bool(fields.problems) is (expected is None)


@given(kopecks=st.integers(0, 2**40 - 1), thousandths=st.integers(1, 10**6))
def test_amounts_are_rounded_half_up(kopecks: int, thousandths: int) -> None:
    """The vendor's wording: mathematical rounding. The neighbour kopeck is refused."""
    due = (kopecks * thousandths * 2 + 1000) // 2000
    if due >= 2**40 - 1:
        return
    price, quantity = Decimal(kopecks) / 100, Decimal(thousandths) / 1000

    def raw(amount: int) -> bytes:
        value = body(Items=[item(Price=price, Quantity=quantity, Amount=Decimal(amount) / 100)])
        return msgspec.json.Encoder(decimal_format="number").encode(value)

    assert receipt(raw(due)).items[0].total == due
    assert problems(raw(due + 1)) == [(f"{RECEIPT}/Items[0]/Amount", Code.SUMS)]


# What is wrong


def test_every_mistake_is_told_at_once() -> None:
    """A developer mends a request in one go, a cashier too; each path can be found in the request."""
    value = {
        "Request": {
            "Type": "Sale",
            "InvoiceId": 17,
            "CallbackUrl": "ftp://x",
            "McCheckRetryPeriodSec": 0,
            "Cashier": {"Inn": "12"},
            "CustomerReceipt": {
                "TaxationSystem": "Imaginary",
                "Email": "nobody",
                "Phone": "12",
                "KktFA": True,
                "IsInternet": "yes",
                "PaymentType": 99,
                "Items": [
                    item(),
                    "kettle",
                    {"Label": " ", "Price": -1, "Quantity": 0, "Amount": 1.001, "Vat": "Vat99", "Measure": "PUD"},
                    item(Amount=3980, Vat="Vat18", Excise=1, PaymentMethod=8),
                    item(Label="日本", PaymentType=33),
                ],
                "PaymentItems": [{"PaymentType": 7, "Sum": "1"}, {}],
            },
        }
    }
    assert sorted(problems(value)) == sorted(
        [
            ("Request/Inn", Code.MISSING),
            ("Request/Type", Code.BAD_VALUE),
            ("Request/InvoiceId", Code.BAD_VALUE),
            ("Request/CallbackUrl", Code.BAD_VALUE),
            ("Request/McCheckRetryPeriodSec", Code.BAD_VALUE),
            ("Request/Cashier/Inn", Code.BAD_VALUE),
            (f"{RECEIPT}/TaxationSystem", Code.BAD_VALUE),
            (f"{RECEIPT}/Email", Code.BAD_VALUE),
            (f"{RECEIPT}/Phone", Code.BAD_VALUE),
            (f"{RECEIPT}/KktFA", Code.BAD_VALUE),
            (f"{RECEIPT}/IsInternet", Code.BAD_VALUE),
            (f"{RECEIPT}/PaymentType", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[1]", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[2]/Label", Code.MISSING),
            (f"{RECEIPT}/Items[2]/Price", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[2]/Quantity", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[2]/Amount", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[2]/Vat", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[2]/Measure", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[3]/Amount", Code.SUMS),
            (f"{RECEIPT}/Items[3]/Vat", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[3]/Excise", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[3]/PaymentMethod", Code.BAD_VALUE),
            (f"{RECEIPT}/Items[4]/MarkingCodeData", Code.MISSING),
            (f"{RECEIPT}/Items[4]/Label", Code.BAD_VALUE),
            (f"{RECEIPT}/PaymentItems[0]/PaymentType", Code.BAD_VALUE),
            (f"{RECEIPT}/PaymentItems[0]/Sum", Code.BAD_VALUE),
            (f"{RECEIPT}/PaymentItems[1]/PaymentType", Code.MISSING),
            (f"{RECEIPT}/PaymentItems[1]/Sum", Code.MISSING),
        ]
    )


@pytest.mark.parametrize(
    ("value", "path", "code"),
    [
        ({}, "Request", Code.MISSING),
        ({"Request": []}, "Request", Code.BAD_VALUE),
        ({"Request": {"Inn": INN, "Type": "Income", "InvoiceId": "1"}}, RECEIPT, Code.MISSING),
        (body(Items=None), f"{RECEIPT}/Items", Code.MISSING),
        (body(Items=[]), f"{RECEIPT}/Items", Code.MISSING),
        (body(Items={}), f"{RECEIPT}/Items", Code.BAD_VALUE),
        (body(Items=[item()] * 729), f"{RECEIPT}/Items", Code.BAD_VALUE),
        (body({"Inn": "9900000001"}), "Request/Inn", Code.BAD_VALUE),
        (body({"InvoiceId": "x" * 257}), "Request/InvoiceId", Code.BAD_VALUE),
        (body({"InvoiceId": "a\nb"}), "Request/InvoiceId", Code.BAD_VALUE),
        (body({"Type": "IncomeCorrection"}), "Request/Type", Code.BAD_VALUE),
        (body({"CorrectionInfo": {"Type": "SELF"}}), "Request/CorrectionInfo", Code.BAD_VALUE),
        (body(Items=[item(Label="a\0b")]), f"{RECEIPT}/Items[0]/Label", Code.BAD_VALUE),
        (body(Items=[item(Label="x" * 129)]), f"{RECEIPT}/Items[0]/Label", Code.BAD_VALUE),
        (body(Items=[item(Price=True)]), f"{RECEIPT}/Items[0]/Price", Code.BAD_VALUE),
        (body(Items=[item(Price="1990.5")]), f"{RECEIPT}/Items[0]/Price", Code.BAD_VALUE),
        (body(Items=[item(Amount=3981.01)]), f"{RECEIPT}/Items[0]/Amount", Code.SUMS),
        (body(PaymentItems=[{"PaymentType": 0, "Sum": 1}]), f"{RECEIPT}/PaymentItems", Code.SUMS),
        (body({"PaymentItems": [{"PaymentType": 0, "Sum": 1}]}), "Request/PaymentItems", Code.SUMS),
        (body(TaxationSystem="Unified"), f"{RECEIPT}/TaxationSystem", Code.BAD_VALUE),
        (body(IsInternet=True, Email=None), f"{RECEIPT}/Phone", Code.BAD_VALUE),
        (body(CheckMcMode="MAYBE"), f"{RECEIPT}/CheckMcMode", Code.BAD_VALUE),
        (body(CustomUserProperty={"Name": "a"}), f"{RECEIPT}/CustomUserProperty/Value", Code.MISSING),
        (body(AdditionalReceiptProp="x" * 17), f"{RECEIPT}/AdditionalReceiptProp", Code.BAD_VALUE),
        (body(BillAddress="x" * 257), f"{RECEIPT}/BillAddress", Code.BAD_VALUE),
        (body({"Cashier": {"Name": "x" * 65}}), "Request/Cashier/Name", Code.BAD_VALUE),
        (body({"Cashier": "Ivanova"}), "Request/Cashier", Code.BAD_VALUE),
    ],
)
def test_one_mistake(value: Any, path: str, code: Code) -> None:
    """Each mistake is found once, with its place and the code for its kind."""
    assert problems(value) == [(path, code)]


@pytest.mark.parametrize("name", RECEIPT_NOT_CARRIED)
def test_a_meaning_that_would_be_lost_is_refused(name: str) -> None:
    """A shop that sends an agent's data must not get a receipt without it."""
    assert problems(body(**{name: {"Name": "x"}})) == [(f"{RECEIPT}/{name}", Code.BAD_VALUE)]


@pytest.mark.parametrize("name", ITEM_NOT_CARRIED)
def test_a_meaning_of_an_item_that_would_be_lost_is_refused(name: str) -> None:
    """The same for positions."""
    assert problems(body(Items=[item(**{name: "643"})])) == [(f"{RECEIPT}/Items[0]/{name}", Code.BAD_VALUE)]


def test_another_companys_inn_is_refused_like_an_unknown_one() -> None:
    """The answer must not tell who else is served here."""
    with pytest.raises(BadRequest) as served:
        order(body({"Inn": OTHER_INN}))
    with pytest.raises(BadRequest) as unknown:
        order(body({"Inn": "7710140679"}))
    assert served.value.problems == unknown.value.problems
    assert [problem.code for problem in served.value.problems] == [Code.NO_REGISTER]


def test_a_mebibyte_of_mistakes_is_cut_short() -> None:
    """The answer to a bad request must not be larger than the request."""
    assert len(problems(body(Items=[{}] * 700))) == PROBLEMS_MAX


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"Request": "\xff"}',
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": "\\ud800"}',
        b'{"a": 1e99999999999999999999}',
    ],
)
def test_what_is_not_json_is_said_so(raw: bytes) -> None:
    """Bad bytes, bad JSON and bottomless nesting have one code, and none of them raises anything else."""
    assert problems(raw) == [("", Code.NOT_JSON)]


def test_a_byte_order_mark_is_passed_over() -> None:
    """Some Windows clients cannot help sending one."""
    assert parse(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "number", ["1e999999999", "1e-999999999", "0e999999999", "1" * 4000, "1" * 4000 + ".5", "-0.0"]
)
def test_numbers_of_any_size_are_read_in_no_time(number: str) -> None:
    """A short text may stand for a number that fills the memory."""
    raw = msgspec.json.encode(body(Items=[item(Price=77777)])).replace(b"77777", number.encode())
    assert problems(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
@settings(max_examples=150)
def test_any_value_in_any_place_is_a_receipt_or_our_refusal(data: st.DataObject) -> None:
    """Never another exception: a shop's mistake must not look like our failure."""
    value = body(
        {"Cashier": {"Name": "a", "Inn": "b"}, "CorrectionInfo": None, "CallbackUrl": None, "IsInternet": None},
        PaymentItems=[{"PaymentType": 0, "Sum": 3981}],
        CustomUserProperty={"Name": "a", "Value": "b"},
        Phone="+79001234567",
        ClientInfo=None,
    )
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = value
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = data.draw(st.sampled_from(keys))
            inner = place[key]
            if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
                place[key] = data.draw(JSON)
                break
            place = inner
    with contextlib.suppress(BadRequest):
        order(value)


@given(st.binary(max_size=64))
def test_any_bytes_are_an_object_or_our_refusal(raw: bytes) -> None:
    """The body comes from the network."""
    with contextlib.suppress(BadRequest):
        assert isinstance(parse(raw), dict)


# The other two calls


def test_login() -> None:
    """Both fields are required, and both are missed at once."""
    assert read_login(b'{"Login":"demo","Password":"secret"}') == ("demo", "secret")
    with pytest.raises(BadRequest) as caught:
        read_login(b'{"Login":"","Password":7}')
    assert [(one.path, one.code) for one in caught.value.problems] == [
        ("Login", Code.MISSING),
        ("Password", Code.BAD_VALUE),
    ]


@pytest.mark.parametrize("value", ['{"Request":{"ReceiptId":"a"}}', '{"ReceiptId":"a"}'])
def test_both_forms_of_a_status_request(value: str) -> None:
    """One public client sends it without the wrapper."""
    assert read_asked(value.encode()).id == "a"


def test_status_by_the_shops_own_id() -> None:
    """And neither id is a mistake."""
    assert read_asked(b'{"Request":{"InvoiceId":"k"}}').key == "k"
    with pytest.raises(BadRequest):
        read_asked(b'{"Request":{}}')
    with pytest.raises(BadRequest):
        read_asked(b'{"Request":7}')
