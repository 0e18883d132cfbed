"""The page, figures and health: what is shown, to whom, and what is never shown."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fleet.jobs import State
from fleet.web.page import ago, quantity, roubles
from tests.fleet.web.client import Client
from tests.fleet.web.doubles import NOW, RESULT, UseCasesDouble, body, item, make_config

ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def usecases() -> UseCasesDouble:
    return UseCasesDouble()


@pytest.fixture
async def client(usecases: UseCasesDouble) -> Client:
    client = Client(usecases)
    await client.post("/api/kkt/cloud/receipt", body({"InvoiceId": "<b>17</b>"}, Phone="+79001234567"))
    return client


async def test_the_page_shows_the_rack_and_the_latest_receipts(client: Client, usecases: UseCasesDouble) -> None:
    """Everything an operator looks for first, in one screen."""
    usecases.move(ID, State.CONFIRMED, result=RESULT, station="k1")
    usecases.views[1] = msgspec.structs.replace(
        usecases.views[1], problem="нет связи", unsent=3, oldest_unsent_at=NOW - 7200, state="sick"
    )
    page = await client.get("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for text in ("k1", "свободна", "0000000000017", "9999078902000017", "смена № 12", "1045"):
        assert text in page.text, text
    for text in ("неисправна", "нет связи", "ждут 2\u00a0ч"):
        assert text in page.text, text
    for text in ("13:00:00", "3\u202f981,00", "подтверждён", "1045 / 2364009522", f"/receipt/{ID}"):
        assert text in page.text, text


async def test_what_shops_write_is_text_and_not_markup(client: Client) -> None:
    """An InvoiceId comes from outside and is shown to the operator."""
    page = await client.get("/")
    assert "&lt;b&gt;17&lt;/b&gt;" in page.text
    assert "<b>17" not in page.text


async def test_the_fragment_is_what_the_page_holds(client: Client) -> None:
    """The browser replaces one by the other every two seconds."""
    page, live = await client.get("/"), await client.get("/page/live")
    assert live.text in page.text
    assert "<html" not in live.text
    assert live.headers["cache-control"] == "no-store"


async def test_a_receipt_shows_itself_without_its_buyer(client: Client, usecases: UseCasesDouble) -> None:
    """Its address goes to buyers and from them anywhere: no contact, no id of the shop."""
    usecases.move(ID, State.REGISTERED, result=RESULT, station="k1")
    page = await client.get(f"/receipt/{ID}")
    for text in ("Чайник", "2 × 1\u202f990,50", "НДС 22%", "717,89", "Безналичными", "ОСН", "23.11.2026 13:40"):
        assert text in page.text, text
    for text in ("9999078902000017", "2364009522", "t=20261123T1340&amp;s=3981.00"):
        assert text in page.text, text
    for text in ("anna@example.com", "+79001234567", "17&lt;/b&gt;"):
        assert text not in page.text, text


async def test_a_receipt_that_is_not_made_yet_looks_again_by_itself(client: Client, usecases: UseCasesDouble) -> None:
    """And a finished one does not."""
    assert "http-equiv" in (await client.get(f"/receipt/{ID}")).text
    usecases.move(ID, State.REFUSED, reason="Неверная ставка")
    page = await client.get(f"/receipt/{ID}")
    assert "http-equiv" not in page.text
    assert "Неверная ставка" in page.text


@pytest.mark.parametrize("state", State)
async def test_every_state_has_words(client: Client, usecases: UseCasesDouble, state: State) -> None:
    """A new state must not break the page at night."""
    usecases.move(ID, state)
    assert (await client.get("/")).status == 200
    assert (await client.get(f"/receipt/{ID}")).status == 200


async def test_vat_that_is_no_tax_is_shown_as_turnover(usecases: UseCasesDouble) -> None:
    """Tags 1104 and 1105 hold the turnover."""
    client = Client(usecases)
    await client.post("/api/kkt/cloud/receipt", body(Items=[item(Vat="VatNo")]))
    assert "3\u202f981,00" in re.split("НДС не облагается", (await client.get(f"/receipt/{ID}")).text)[-1]


async def test_the_rack_is_for_this_machine_only(usecases: UseCasesDouble) -> None:
    """There is no login yet; a proxy in front must not open it to the world."""
    away = Client(usecases, client="192.0.2.7")
    for path in ("/", "/page/live"):
        assert (await away.get(path)).status == 403
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"):
            assert (await Client(usecases).get(path, **{header: "192.0.2.7"})).status == 403
    assert (await Client(usecases, client="::1").get("/")).status == 200
    assert (await Client(usecases, client="").get("/")).status == 403
    assert (await Client(usecases, client="192.0.2.7", config=make_config(demo=True)).get("/")).status == 200


async def test_a_demo_says_what_it_is_on_every_page(usecases: UseCasesDouble) -> None:
    """Nobody may take it for the real thing."""
    client = Client(usecases, config=make_config(demo=True))
    await client.post("/api/kkt/cloud/receipt", body())
    for path in ("/", f"/receipt/{ID}", "/nothing"):
        assert "ничего фискального здесь нет" in (await client.get(path)).text
    assert "ничего фискального" not in (await Client(usecases).get("/")).text


async def test_nothing_is_fetched_from_elsewhere(client: Client) -> None:
    """A rack may have no internet; and a page that calls others tells them who looks at it."""
    page = await client.get("/")
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 5
    assert all(link.startswith("/") for link in links)
    for link in links:
        assert (await client.get(link)).status == 200, link
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_static_files_may_be_kept_for_ever(client: Client) -> None:
    """Their addresses carry a mark of their content."""
    link = re.findall(r'"(/static/page.css\?[0-9a-f]{8})"', (await client.get("/")).text)[0]
    answer = await client.get(link)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]
    for path in ("/static/nothing", "/static/..%2f__init__.py", "/static/"):
        assert (await client.get(path)).status == 404


async def test_pages_that_are_not_there(client: Client) -> None:
    """People get a page, and other methods are told what is allowed."""
    for path in ("/nothing", "/receipt/nothing", "/receipt/" + "x" * 10_000):
        answer = await client.get(path)
        assert (answer.status, 'lang="ru"' in answer.text) == (404, True)
    answer = await client.ask("POST", "/")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    head = await client.ask("HEAD", "/")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 0


async def test_metrics(client: Client, usecases: UseCasesDouble) -> None:
    """Requests as they happened, the rack as it is."""
    await client.post("/api/kkt/cloud/receipt", body({"InvoiceId": "<b>17</b>"}))
    await client.post("/api/kkt/cloud/receipt", {})
    answer = await client.get("/metrics")
    assert answer.status == 200
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["fleet_receipts_posted_total", "accepted"] == 1
    assert found["fleet_receipts_posted_total", "duplicate"] == 1
    assert found["fleet_receipts_posted_total", "refused"] == 1
    assert found["fleet_http_requests_total", "200", "ferma_receipt"] == 1
    assert found["fleet_http_requests_total", "400", "ferma_receipt"] == 2
    assert found["fleet_station_state", "idle", "k1"] == 1
    assert found["fleet_station_last_document", "k1"] == 1045
    assert found["fleet_jobs", "accepted"] == 1
    assert found["fleet_queue_limit",] == 100
    assert (await client.get("/metrics", **{"X-Forwarded-For": "192.0.2.7"})).status == 403


async def test_health(client: Client, usecases: UseCasesDouble) -> None:
    """Alive is for whoever restarts us, ready for whoever sends us receipts."""
    assert (await client.get("/healthz")).json() == {"alive": True}
    assert (await client.get("/readyz")).json() == {"ready": True, "problems": []}
    usecases.ready = False
    answer = await client.get("/readyz")
    assert (answer.status, answer.json()) == (503, {"ready": False, "problems": ["k1: no line"]})
    away = await Client(usecases, client="192.0.2.7").get("/readyz")
    assert away.json() == {"ready": False}
    assert (await client.get("/healthz")).status == 200


def test_words_for_numbers() -> None:
    """As people in Russia write them."""
    assert [roubles(value) for value in (0, 5, 199050)] == ["0,00", "0,05", "1\u202f990,50"]
    assert [quantity(Decimal(text)) for text in ("2", "0.355")] == ["2", "0,355"]
    assert [ago(value) for value in (-1, 59, 60)] == ["0\u00a0с", "59\u00a0с", "1\u00a0мин"]
    assert [ago(value) for value in (7200, 172800)] == ["2\u00a0ч", "2\u00a0д"]
