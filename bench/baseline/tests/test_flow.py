"""The flow over HTTP, with a service and a database of its own.

DATABASE_URL names a server where a database may be created.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from . import gateway

BASELINE = Path(__file__).resolve().parent.parent
PEOPLE = 10


class Person:
    """A customer of the service."""

    def __init__(self, url: str, known: dict[str, str]) -> None:
        self.known = known
        self.http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {known['token']}"})

    def post(self, path: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        headers = {"idempotency-key": key} if key else None
        return self.http.post(path, json=body, headers=headers)

    def add(self) -> httpx.Response:
        known = self.known
        dish = {"restaurant_id": known["restaurant_id"], "menu_id": known["menu_id"]}
        return self.post("/v1/cart/lines", {**dish, "quantity": 1, "options": []})

    def quoted(self) -> dict[str, Any]:
        wish = {"address_id": self.known["address_id"], "fulfilment": "delivery"}
        answer = self.post("/v1/cart/quote", wish)
        assert answer.status_code == 201, answer.text
        quote: dict[str, Any] = answer.json()
        return quote

    def ordered(self) -> dict[str, Any]:
        assert self.add().status_code == 201
        answer = self.post("/v1/orders", {"quote_id": self.quoted()["quote_id"]}, str(uuid.uuid4()))
        assert answer.status_code == 201, answer.text
        order: dict[str, Any] = answer.json()
        return order

    def pay(self, order: str, key: str | None = None) -> httpx.Response:
        body = {"payment_method_id": self.known["payment_method_id"]}
        return self.post(f"/v1/orders/{order}/payments", body, key)


@pytest.fixture(scope="module")
def toss() -> Iterator[gateway.Stub]:
    with gateway.running() as stub:
        yield stub


@pytest.fixture(scope="module")
def database() -> Iterator[None]:
    server = os.environ["DATABASE_URL"]
    name = f"baseline_{uuid.uuid4().hex}"
    rows(f"create database {name}")
    os.environ["DATABASE_URL"] = urlsplit(server)._replace(path=f"/{name}").geturl()
    yield
    os.environ["DATABASE_URL"] = server
    rows(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def people(
    database: None, toss: gateway.Stub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Iterator[Person]]:
    folder = tmp_path_factory.mktemp("baseline")
    out, public = folder / "people.jsonl", folder / "public.pem"
    seed = [sys.executable, "seed.py", str(PEOPLE), "--restaurants", "2"]
    seed += ["--out", str(out), "--public-key", str(public)]
    subprocess.run(seed, cwd=BASELINE, check=True)
    environment = {**os.environ, "GATEWAY_URL": toss.url, "JWKS_FILE": str(public), "JWT_AUDIENCE": "baedal"}
    uvicorn = [sys.executable, "-m", "uvicorn", "app.main:app", "--workers", "2", "--port", "0"]
    service = subprocess.Popen(
        uvicorn, cwd=BASELINE, env=environment, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        assert service.stderr is not None
        url = ""
        started = 0
        while started < 2:
            line = service.stderr.readline()
            assert line, "the service has ended"
            if told := re.search(r"http://[\d.]+:\d+", line):
                url = told[0]
            started += "Application startup complete" in line
        yield iter([Person(url, json.loads(line)) for line in out.read_text().splitlines()])
    finally:
        service.terminate()
        service.wait(10)


def rows(query: str, *values: Any) -> list[dict[str, Any]]:
    """What is in the database."""

    async def ask() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(os.environ["DATABASE_URL"].replace("+asyncpg", ""))
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_a_cart_becomes_a_paid_order(people: Iterator[Person], toss: gateway.Stub) -> None:
    person = next(people)
    cart = person.add().json()
    assert (cart["version"], cart["subtotal_won"], cart["shortfall_won"]) == (1, 18_000, 0)
    again = person.add().json()
    assert [line["quantity"] for line in again["lines"]] == [2], "an equal line grows"

    quote = person.quoted()
    assert quote["orderable"], quote["problems"]
    assert quote["subtotal_won"] == 36_000
    assert quote["tip_won"] == sum(part["amount_won"] for part in quote["tip_parts"])
    assert quote["payable_won"] == quote["subtotal_won"] + quote["tip_won"]
    assert quote["vat_won"] == round(quote["payable_won"] / 11)

    placed = person.post("/v1/orders", {"quote_id": quote["quote_id"]}, "order-1")
    assert placed.status_code == 201, placed.text
    order = placed.json()
    assert (order["status"], order["payable_won"]) == ("pending_payment", quote["payable_won"])

    paid = person.pay(order["id"], "pay-1")
    assert (paid.status_code, paid.json()["status"]) == (200, "placed"), paid.text
    assert person.pay(order["id"], "pay-1").content == paid.content
    assert person.pay(order["id"], "pay-2").json() == paid.json(), "what is paid is not paid again"

    of_order = uuid.UUID(order["id"])
    payments = rows("select id, status, amount_won from payments where order_id = $1", of_order)
    assert [(it["status"], it["amount_won"]) for it in payments] == [("done", order["payable_won"])]
    charge = toss.charges[str(payments[0]["id"])]
    assert charge["amount"] == order["payable_won"]
    tries = rows("select outcome from payment_tries where payment_id = $1", payments[0]["id"])
    assert [it["outcome"] for it in tries] == ["approved"]
    postings = rows(
        "select account, amount_won from ledger_postings join ledger_entries on id = entry_id "
        "where order_id = $1 order by number",
        of_order,
    )
    assert [tuple(it.values()) for it in postings] == [
        ("gateway", order["payable_won"]),
        ("deposits", -order["payable_won"]),
    ]
    events = rows("select kind from order_events where order_id = $1 order by number", of_order)
    assert [it["kind"] for it in events] == ["order.created", "order.placed"]
    jobs = rows("select kind from jobs where payload ->> 'order_id' = $1", order["id"])
    assert [it["kind"] for it in jobs] == ["board.order_placed"]
    assert person.add().json()["lines"][0]["quantity"] == 1, "what was ordered is not in the cart any more"


def test_a_repeat_with_the_same_key_answers_the_same_order(people: Iterator[Person]) -> None:
    person = next(people)
    person.add()
    quote = {"quote_id": person.quoted()["quote_id"]}
    first = person.post("/v1/orders", quote, "once")
    repeat = person.post("/v1/orders", quote, "once")
    assert (repeat.status_code, repeat.content) == (201, first.content)
    assert repeat.headers["idempotent-replayed"] == "true"
    other = person.post("/v1/orders", {**quote, "note": "hot"}, "once")
    assert (other.status_code, other.json()["type"]) == (422, "idempotency.key_reused")
    # Without the key the same cart is still one order.
    assert person.post("/v1/orders", quote).json()["id"] == first.json()["id"]
    second = {"quote_id": person.quoted()["quote_id"]}
    assert person.post("/v1/orders", second).json()["id"] == first.json()["id"]
    assert person.post("/v1/orders", {**quote, "note": "hot"}).json()["type"] == "order.wishes_differ"


def test_what_is_anothers_does_not_exist(people: Iterator[Person]) -> None:
    person, stranger = next(people), next(people)
    person.add()
    quote = {"quote_id": person.quoted()["quote_id"]}
    assert stranger.post("/v1/orders", quote, "theirs").status_code == 404
    stranger.add()
    wish = {"address_id": person.known["address_id"], "fulfilment": "delivery"}
    assert stranger.post("/v1/cart/quote", wish).status_code == 404
    order = person.post("/v1/orders", quote, "mine").json()
    assert stranger.pay(order["id"]).status_code == 404
    method = {"payment_method_id": stranger.known["payment_method_id"]}
    assert person.post(f"/v1/orders/{order['id']}/payments", method).status_code == 404


def test_only_who_has_a_token_is_let_in(people: Iterator[Person]) -> None:
    person = next(people)
    for token in ("", "Bearer x", f"Bearer {person.known['token'][:-4]}AAAA"):
        person.http.headers["authorization"] = token
        assert person.add().status_code == 401


def test_a_declined_charge_may_be_tried_again(people: Iterator[Person], toss: gateway.Stub) -> None:
    person = next(people)
    order = person.ordered()
    toss.instead = 403, {"code": "REJECT_CARD_PAYMENT", "message": "declined"}
    try:
        declined = person.pay(order["id"], "first")
    finally:
        toss.instead = None
    assert (declined.status_code, declined.json()["status"]) == (200, "pending_payment")
    assert person.pay(order["id"], "first").json() == declined.json()
    assert person.pay(order["id"], "second").json()["status"] == "placed"
    events = rows("select kind from order_events where order_id = $1 order by number", uuid.UUID(order["id"]))
    assert [it["kind"] for it in events] == ["order.created", "order.payment_declined", "order.placed"]


def test_a_charge_without_an_outcome_is_asked_for_again_under_its_own_id(
    people: Iterator[Person], toss: gateway.Stub
) -> None:
    person = next(people)
    order = person.ordered()
    toss.instead = 500, {"code": "FAILED_INTERNAL_SYSTEM_PROCESSING", "message": "?"}
    try:
        unheard = person.pay(order["id"], "key")
    finally:
        toss.instead = None
    assert (unheard.status_code, unheard.json()["status"]) == (200, "pending_payment")
    assert person.pay(order["id"], "key").json()["type"] == "payment.already_paying"
    of_order = uuid.UUID(order["id"])
    rows("update payments set updated_at = updated_at - interval '1 minute' where order_id = $1", of_order)
    assert person.pay(order["id"], "key").json()["status"] == "placed"
    tries = rows(
        "select p.id, p.status, t.outcome from payments p join payment_tries t on payment_id = id "
        "where order_id = $1 order by number",
        of_order,
    )
    assert [(it["status"], it["outcome"]) for it in tries] == [("done", "unknown"), ("done", "approved")]
    assert str(tries[0]["id"]) in toss.charges


def test_one_cart_is_ordered_and_charged_once_under_concurrency(
    people: Iterator[Person], toss: gateway.Stub
) -> None:
    person = next(people)
    person.add()
    quotes = [person.quoted()["quote_id"] for _ in range(4)]

    async def at_once() -> tuple[set[str], list[int]]:
        headers = {"authorization": f"Bearer {person.known['token']}"}
        async with httpx.AsyncClient(base_url=person.http.base_url, headers=headers) as http:
            asked = [http.post("/v1/orders", json={"quote_id": quote}) for quote in quotes * 4]
            answers = await asyncio.gather(*asked)
            orders = {answer.json()["id"] for answer in answers}
            body = {"payment_method_id": person.known["payment_method_id"]}
            path = f"/v1/orders/{next(iter(orders))}/payments"
            paid = await asyncio.gather(*[http.post(path, json=body) for _ in range(8)])
            return orders, sorted({answer.status_code for answer in paid})

    before = len(toss.charges)
    orders, statuses = asyncio.run(at_once())
    assert len(orders) == 1
    assert set(statuses) <= {200, 409}
    assert 200 in statuses
    assert len(toss.charges) == before + 1
