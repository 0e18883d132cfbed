"""The Ferma calls through the whole application: who may ask, what is answered, with which HTTP status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from ffd.qr import parse as parse_qr
from fleet.config import Http
from fleet.dispatch import RULES, Obstacle
from fleet.errors import Closed
from fleet.jobs import State
from fleet.usecases import NoRegister, QueueFull
from fleet.web.asgi import BODY_MAX, DRAIN_MAX
from fleet.web.ferma.envelope import Code
from fleet.web.ferma.tables import NO_REGISTER_TEXTS
from tests.fleet.web.client import Client
from tests.fleet.web.doubles import (
    NOW,
    OTHER_TENANT,
    PASSWORD,
    RESULT,
    TENANT,
    UseCasesDouble,
    body,
    item,
    make_config,
)

LOGIN = "/api/Authorization/CreateAuthToken"
RECEIPT = "/api/kkt/cloud/receipt"
STATUS = "/api/kkt/cloud/status"
ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def usecases() -> UseCasesDouble:
    return UseCasesDouble()


@pytest.fixture
def client(usecases: UseCasesDouble) -> Client:
    return Client(usecases)


# Logging in


async def test_a_shop_logs_in_and_posts_with_what_it_was_given(client: Client, usecases: UseCasesDouble) -> None:
    """The two calls that every client makes, in its own order."""
    login = await client.post(LOGIN, {"Login": "demo", "Password": PASSWORD})
    assert (login.status, login.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert login.data["ExpirationDateUtc"] == "2026-11-24T10:00:00"
    posted = await client.post(RECEIPT, body(), AuthToken=login.data["AuthToken"])
    assert (posted.status, posted.data) == (200, {"ReceiptId": ID})
    assert [order.key for order in usecases.orders] == ["shop-000123"]


@pytest.mark.parametrize("given", [{"Login": "demo", "Password": "x"}, {"Login": "x", "Password": PASSWORD}])
async def test_a_wrong_login_is_not_a_matter_of_logging_in_again(client: Client, given: Any) -> None:
    """1001 would send clients into a loop of logins."""
    answer = await client.post(LOGIN, given)
    assert (answer.status, answer.code) == (400, Code.WRONG_LOGIN)


@pytest.mark.parametrize("path", [RECEIPT, STATUS])
@pytest.mark.parametrize("token", ["", "x", "6f0b8a54-6a55-4a55-9e9a-0c6c1f2d7c11"])
async def test_without_a_token_it_is_1001(client: Client, usecases: UseCasesDouble, path: str, token: str) -> None:
    """Clients log in again on exactly this code, or on 401."""
    for query in ({"AuthToken": token}, {"Other": token}):
        answer = await client.post(path, body(), **query)
        assert (answer.status, answer.code) == (401, Code.NOT_AUTHORISED)
    assert not usecases.orders


async def test_an_expired_token_is_1001(client: Client) -> None:
    """A day later clients must be told to log in again, whatever they think of time zones."""
    token = client.token()
    client.now += 86400
    assert (await client.post(STATUS, {"InvoiceId": "x"}, AuthToken=token)).code == Code.NOT_AUTHORISED


# Receipts


async def test_the_same_invoice_again_names_the_first_receipt(client: Client, usecases: UseCasesDouble) -> None:
    """One public client cuts the id out from between two double hyphens and goes on as if the call had succeeded."""
    for _ in range(2):
        answer = await client.post(RECEIPT, body())
    assert (answer.status, answer.code) == (400, Code.DUPLICATE)
    assert f"--{ID}--" in answer.json()["Error"]["Message"]
    other = await client.post(RECEIPT, body(Items=[item(Label="Другой")]))
    assert other.code == Code.DUPLICATE
    assert len(usecases.jobs) == 1


async def test_an_invoice_id_cannot_pass_for_a_receipt_id(client: Client) -> None:
    """The first match counts for that client: the shop's own text must not offer one."""
    for _ in range(2):
        answer = await client.post(RECEIPT, body({"InvoiceId": "a--5d2f6a0e-8a3d-4a0b-93e0-2f6f0c0a9f77--"}))
    assert answer.json()["Error"]["Message"].split("--")[1] == ID


async def test_every_mistake_stands_in_the_answer_and_nothing_is_stored(
    client: Client, usecases: UseCasesDouble
) -> None:
    """For people in the message, for programs in a list."""
    answer = await client.post(RECEIPT, body({"Type": "Sale"}, Items=[item(Vat=None), item(Amount=1)]))
    error = answer.json()["Error"]
    assert (answer.status, answer.code) == (400, Code.BAD_VALUE)
    assert [(one["Path"], one["Code"]) for one in error["Violations"]] == [
        ("Request/Type", 1903),
        ("Request/CustomerReceipt/Items[0]/Vat", 1902),
        ("Request/CustomerReceipt/Items[1]/Amount", 1904),
    ]
    for violation in error["Violations"]:
        assert f"{violation['Path']}: {violation['Message']}" in error["Message"]
    assert not usecases.orders


async def test_bad_json_is_1901(client: Client, usecases: UseCasesDouble) -> None:
    """It has no path, so there is no list either."""
    answer = await client.post(RECEIPT, b'{"Request":')
    assert (answer.status, answer.code) == (400, Code.NOT_JSON)
    assert "Violations" not in answer.json()["Error"]
    assert not usecases.orders


async def test_no_register_for_the_inn_or_for_the_tax_system(client: Client, usecases: UseCasesDouble) -> None:
    """Two conditions that a shop can tell its operator about."""
    usecases.instead = NoRegister(inn_known=False, obstacles={})
    answer = await client.post(RECEIPT, body())
    assert (answer.status, answer.code) == (400, Code.NO_REGISTER)
    taxed, wired = Obstacle("tax_system", "not registered for it"), Obstacle("internet", "not for the internet")
    usecases.instead = NoRegister(inn_known=True, obstacles={"k1": [taxed], "k2": [taxed, wired]})
    answer = await client.post(RECEIPT, body())
    assert (answer.status, answer.code) == (400, Code.TAX_SYSTEM)
    assert "k1" not in answer.text


async def test_what_keeps_each_register_from_it_is_told_in_russian(client: Client, usecases: UseCasesDouble) -> None:
    """Whatever rule of the dispatch it is: texts for shops are Russian, and no station is named."""
    for rule in (*(rule.name for rule in RULES), "retired"):
        found = {"k1": [Obstacle(rule, "in English")], "k2": [Obstacle("internet", "in English")]}
        usecases.instead = NoRegister(inn_known=True, obstacles=found)
        answer = await client.post(RECEIPT, body())
        assert (answer.status, answer.code) == (400, Code.NO_REGISTER)
        assert NO_REGISTER_TEXTS[rule] in answer.text and NO_REGISTER_TEXTS["internet"] in answer.text
        assert "in English" not in answer.text and "k1" not in answer.text


async def test_a_full_queue_says_when_to_come_again(client: Client, usecases: UseCasesDouble) -> None:
    """Back-pressure is honest: a number of seconds, rounded up."""
    usecases.instead = QueueFull(retry_after_s=2.1)
    answer = await client.post(RECEIPT, body())
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, Code.QUEUE_FULL, "3")


@pytest.mark.parametrize("path", [RECEIPT, STATUS])
async def test_a_journal_that_fails_is_503(client: Client, usecases: UseCasesDouble, path: str) -> None:
    """Nothing was stored, and the shop may repeat the call with the same InvoiceId."""
    usecases.instead = Closed("disk full at /var/lib/secret")
    answer = await client.post(path, body({"InvoiceId": "k"}))
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, Code.OTHER, "5")
    assert "secret" not in answer.text


async def test_a_bug_of_ours_is_a_500_in_the_envelope(client: Client, usecases: UseCasesDouble) -> None:
    """A shop can still read it, and learns nothing of our insides."""
    usecases.instead = ZeroDivisionError("inside")
    answer = await client.post(RECEIPT, body())
    assert (answer.status, answer.code) == (500, Code.OTHER)
    assert "inside" not in answer.text


async def test_always_200(usecases: UseCasesDouble) -> None:
    """For clients that read a body only after 200."""
    client = Client(usecases, config=make_config(http=Http(always_200=True)))
    answer = await client.post(RECEIPT, body(), AuthToken="x")
    assert (answer.status, answer.code) == (200, Code.NOT_AUTHORISED)
    assert (await client.post(RECEIPT, {})).status == 200
    assert (await client.ask("GET", RECEIPT)).status == 200


# Status


async def post_and_move(client: Client, usecases: UseCasesDouble, state: State, **fields: Any) -> Any:
    await client.post(RECEIPT, body())
    usecases.move(ID, state, changed_at=NOW + 3, **fields)
    return (await client.post(STATUS, {"Request": {"ReceiptId": ID}})).data


@pytest.mark.parametrize(
    ("state", "code", "name"),
    [
        (State.ACCEPTED, 0, "NEW"),
        (State.CLAIMED, 0, "NEW"),
        (State.SENT, 0, "NEW"),
        (State.UNKNOWN, 0, "NEW"),
        (State.QUARANTINED, 0, "NEW"),
        (State.REGISTERED, 1, "PROCESSED"),
        (State.CONFIRMED, 2, "CONFIRMED"),
        (State.REFUSED, 3, "KKT_ERROR"),
        (State.CANCELLED, 3, "KKT_ERROR"),
    ],
)
async def test_states(client: Client, usecases: UseCasesDouble, state: State, code: int, name: str) -> None:
    """KKT_ERROR invites a second receipt: only what is proved to have no document may be called so."""
    made = {"result": RESULT} if code in (1, 2) else {}
    data = await post_and_move(client, usecases, state, **made)
    assert (data["StatusCode"], data["StatusName"]) == (code, name)
    assert data["StatusMessage"]
    assert ("Description" in data) == (code == 3)
    assert (data["Device"] is not None) == (code in (1, 2))


async def test_a_status_of_a_document_has_all_of_it(client: Client, usecases: UseCasesDouble) -> None:
    """Shops print these and build QR codes of them: kinds and forms are those of the vendor's samples."""
    data = await post_and_move(client, usecases, State.CONFIRMED, result=RESULT, station="k1")
    client_url = f"/receipt/{ID}"
    assert data == {
        "StatusCode": 2,
        "StatusName": "CONFIRMED",
        "StatusMessage": data["StatusMessage"],
        "ReceiptId": ID,
        "InvoiceId": "shop-000123",
        "ModifiedDateUtc": "2026-11-23T13:00:03",
        "ModifiedDateTimeIso": "2026-11-23T13:00:03+03:00[Europe/Moscow]",
        "ReceiptDateUtc": "2026-11-23T13:40:30",
        "ReceiptDateTimeIso": "2026-11-23T13:40:30+03:00[Europe/Moscow]",
        "Device": {
            "DeviceId": 1,
            "RNM": "0000000400054952",
            "ZN": "0000000000017",
            "FN": "9999078902000017",
            "FDN": "1045",
            "FPD": "2364009522",
            "ShiftNumber": 12,
            "ReceiptNumInShift": 5,
            "DeviceType": "Эмулятор",
            "OfdReceiptUrl": client_url,
        },
        "QrCode": "t=20261123T1340&s=3981.00&fn=9999078902000017&i=1045&fp=2364009522&n=1",
    }
    assert parse_qr(data["QrCode"]).moment == datetime(2026, 11, 23, 13, 40)


async def test_times_are_those_of_the_register(client: Client, usecases: UseCasesDouble) -> None:
    """A register in Yekaterinburg prints its own wall clock, and two clients build QR lines from this field."""
    result = msgspec.structs.replace(RESULT, station="k2", timezone="Asia/Yekaterinburg")
    data = await post_and_move(client, usecases, State.REGISTERED, result=result, station="k2")
    assert data["ReceiptDateTimeIso"] == "2026-11-23T13:40:30+05:00[Asia/Yekaterinburg]"
    assert data["ModifiedDateTimeIso"] == "2026-11-23T15:00:03+05:00[Asia/Yekaterinburg]"
    assert data["Device"]["DeviceId"] == 2


async def test_a_refusal_says_why(client: Client, usecases: UseCasesDouble) -> None:
    """The register's reason is what the shop has to mend."""
    data = await post_and_move(client, usecases, State.REFUSED, reason="Неверная ставка НДС")
    assert data["Description"] == "Неверная ставка НДС"


@pytest.mark.parametrize("form", [{"Request": {"InvoiceId": "shop-000123"}}, {"InvoiceId": "shop-000123"}])
async def test_status_by_invoice_id(client: Client, usecases: UseCasesDouble, form: Any) -> None:
    """Both ids, with and without the wrapper."""
    await client.post(RECEIPT, body())
    assert (await client.post(STATUS, form)).data["ReceiptId"] == ID


async def test_a_tenant_sees_only_its_own_receipts(client: Client) -> None:
    """Somebody else's receipt is as unknown as one that never was."""
    await client.post(RECEIPT, body())
    for asked in ({"ReceiptId": ID}, {"InvoiceId": "shop-000123"}):
        answer = await client.post(STATUS, asked, tenant=OTHER_TENANT)
        assert (answer.status, answer.code) == (404, Code.NOT_FOUND)
    assert (await client.post(STATUS, {"ReceiptId": "x" * 5000}, tenant=TENANT)).code == Code.NOT_FOUND


async def test_the_viewers_address_is_absolute_when_we_know_it(usecases: UseCasesDouble) -> None:
    """Shops pass it on to buyers. A host header that is not a host is not repeated."""
    client = Client(usecases)
    await client.post(RECEIPT, body())
    usecases.move(ID, State.REGISTERED, result=RESULT)

    async def url(client: Client, **headers: str) -> str:
        path = f"{STATUS}?AuthToken={client.token()}"
        answer = await client.ask("POST", path, parts=[b'{"ReceiptId":"%s"}' % ID.encode()], headers=headers)
        return str(answer.data["Device"]["OfdReceiptUrl"])

    assert await url(client, Host="kassa:8080") == f"http://kassa:8080/receipt/{ID}"
    assert await url(client, Host='"><script>') == f"/receipt/{ID}"
    public = Client(usecases, config=make_config(http=Http(public_url="https://kassa.example/")))
    assert await url(public, Host="inside") == f"https://kassa.example/receipt/{ID}"


# Around the calls


async def test_a_demo_says_in_every_answer_that_it_is_one(usecases: UseCasesDouble) -> None:
    """Nobody may take its receipts for fiscal ones."""
    client = Client(usecases, config=make_config(demo=True))
    posted = await client.post(RECEIPT, body())
    asked = await client.post(STATUS, {"ReceiptId": ID})
    assert "ничего фискального" in posted.data["Notice"]
    assert "ничего фискального" in asked.data["Notice"]


async def test_too_large_a_body_is_refused_and_not_kept(client: Client, usecases: UseCasesDouble) -> None:
    """One mebibyte is many times the largest document; more must not fill the memory."""
    chunk = b" " * 65536
    path = f"{RECEIPT}?AuthToken={client.token()}"
    for parts in ([b" " * (BODY_MAX + 1)], [chunk] * 17, [chunk] * (DRAIN_MAX // 65536 + 10)):
        answer = await client.ask("POST", path, parts=parts)
        assert (answer.status, answer.code) == (413, Code.NOT_JSON)
    raw = msgspec.json.encode(body())
    answer = await client.ask("POST", path, parts=[raw[:100], raw[100:], b" " * (BODY_MAX - len(raw))])
    assert answer.status == 200
    assert len(usecases.orders) == 1


async def test_other_methods_and_paths_are_answered_in_the_envelope(client: Client) -> None:
    """A client with a wrong address should read what is wrong, not a page of HTML."""
    answer = await client.get(RECEIPT)
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, Code.OTHER, "POST")
    answer = await client.post("/api/kkt/cloud/nothing", {})
    assert (answer.status, answer.code) == (404, Code.OTHER)
