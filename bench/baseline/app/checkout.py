"""The flow: cart, quote, order, payment. Each step is on the disk before it is answered."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping, and_, bindparam, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from . import models, rules, schemas
from .catalogue import Catalogue
from .gateway import Gateway, Outcome
from .idempotency import KEEP_FIRST, Answer, Key
from .ids import uuid7
from .problems import Problem, conflict, not_found

log = logging.getLogger(__name__)

# How often something is tried that conflicts with another request of the same customer.
ROUNDS = 4
# A payment without an outcome is asked for again when nobody can be waiting for it any more.
ASK_AGAIN_AFTER = timedelta(seconds=30)
DEAD = frozenset({"cancelled", "rejected", "expired"})

# Statements are built once; what is built for each request costs more than it takes to send it.
_CART = select(models.Cart.version, models.Cart.restaurant_id, models.Cart.lines).where(
    models.Cart.customer_id == bindparam("customer_id")
)
_NEW_CART = postgresql.insert(models.table(models.Cart)).on_conflict_do_nothing()
_CHANGE_CART = (
    update(models.table(models.Cart))
    .where(models.Cart.customer_id == bindparam("of"), models.Cart.version == bindparam("before"))
    .values(
        version=bindparam("new_version"),
        restaurant_id=bindparam("new_restaurant_id"),
        lines=bindparam("new_lines"),
        updated_at=bindparam("at"),
    )
)
_ADDRESS_AND_CART = (
    select(models.Address.__table__, models.Cart.version, models.Cart.restaurant_id, models.Cart.lines)
    .select_from(models.Address)
    .outerjoin(models.Cart, models.Cart.customer_id == models.Address.customer_id)
    .where(
        models.Address.id == bindparam("address_id"), models.Address.customer_id == bindparam("customer_id")
    )
)
_NEW_QUOTE = insert(models.table(models.Quote))
# Written out, so that it is recognised as the condition of the index.
_LIVE = text("orders.status not in ('cancelled', 'rejected', 'expired')")
_QUOTE = (
    select(
        models.Quote.quote,
        models.Quote.cart_version,
        models.Cart.version.label("cart_now"),
        models.Order.id.label("order_id"),
    )
    .select_from(models.Quote)
    .outerjoin(models.Cart, models.Cart.customer_id == models.Quote.customer_id)
    .outerjoin(
        models.Order,
        and_(
            models.Order.customer_id == models.Quote.customer_id,
            models.Order.cart_version == models.Quote.cart_version,
            _LIVE,
        ),
    )
    .where(models.Quote.id == bindparam("id"), models.Quote.customer_id == bindparam("customer_id"))
)
_ORDER = select(models.Order.__table__).where(models.Order.id == bindparam("id"))
_LINES = (
    select(models.OrderLine.__table__)
    .where(models.OrderLine.order_id == bindparam("id"))
    .order_by(models.OrderLine.number)
)
_NEW_ORDER = insert(models.table(models.Order))
_NEW_LINES = insert(models.table(models.OrderLine))
_NEW_EVENT = insert(models.table(models.OrderEvent))
_ORDER_TO_PAY = (
    select(models.Order.__table__, models.PaymentMethod.billing_key)
    .select_from(models.Order)
    .outerjoin(
        models.PaymentMethod,
        and_(
            models.PaymentMethod.id == bindparam("method_id"),
            models.PaymentMethod.customer_id == bindparam("customer_id"),
        ),
    )
    .where(models.Order.id == bindparam("id"), models.Order.customer_id == bindparam("customer_id"))
)
_NEW_PAYMENT = postgresql.insert(models.table(models.Payment)).on_conflict_do_nothing()
_LIVE_PAYMENT = (
    select(models.Payment.__table__, models.PaymentMethod.billing_key)
    .join(models.PaymentMethod, models.PaymentMethod.id == models.Payment.method_id)
    .where(
        models.Payment.order_id == bindparam("order_id"),
        models.Payment.status.in_(("in_progress", "unknown", "done")),
    )
    .with_for_update(of=models.Payment)
)
_TRIES = (
    select(models.PaymentTry.number)
    .where(models.PaymentTry.payment_id == bindparam("id"))
    .order_by(models.PaymentTry.number.desc())
    .limit(1)
)
_TOUCH_PAYMENT = (
    update(models.table(models.Payment))
    .where(models.Payment.id == bindparam("of"))
    .values(updated_at=bindparam("at"))
)
_NEW_TRY = insert(models.table(models.PaymentTry))
_END_TRY = (
    update(models.table(models.PaymentTry))
    .where(models.PaymentTry.payment_id == bindparam("of"), models.PaymentTry.number == bindparam("try"))
    .values(ended_at=bindparam("at"), outcome=bindparam("heard"), detail=bindparam("told"))
)
_SETTLE_PAYMENT = (
    update(models.table(models.Payment))
    .where(models.Payment.id == bindparam("of"), models.Payment.status.in_(("in_progress", "unknown")))
    .values(status=bindparam("new_status"), updated_at=bindparam("at"))
)
_CHANGE_ORDER = (
    update(models.table(models.Order))
    .where(models.Order.id == bindparam("of"), models.Order.status == "pending_payment")
    .values(
        status=bindparam("new_status"), placed_at=bindparam("new_placed_at"), version=models.Order.version + 1
    )
    .returning(models.Order.version)
)
_NEW_ENTRY = insert(models.table(models.LedgerEntry))
_NEW_POSTINGS = insert(models.table(models.LedgerPosting))
_NEW_JOB = insert(models.table(models.Job)).inline()
_EMPTY_CART = (
    update(models.table(models.Cart))
    .where(models.Cart.customer_id == bindparam("of"), models.Cart.version == bindparam("before"))
    .values(version=models.Cart.version + 1, restaurant_id=None, lines=[], updated_at=bindparam("at"))
)


class Checkout:
    """What a customer does from the cart to the paid order."""

    def __init__(self, engine: AsyncEngine, catalogue: Catalogue, gateway: Gateway) -> None:
        self._engine = engine
        # For steps of one writing statement, which is a transaction by itself.
        self._single = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._catalogue = catalogue
        self._gateway = gateway

    async def add(self, customer: UUID, addition: schemas.Addition) -> schemas.Cart:
        """Puts a dish in the cart, checked against the menu."""
        async with self._single.connect() as connection:
            card = await self._catalogue.card(connection, addition.restaurant_id)
            menu = card.menus.get(addition.menu_id)
            if menu is None:
                raise not_found("menu")
            options = rules.chosen(menu, addition.options)
            line = rules.StoredLine(
                id=uuid7(),
                menu_id=menu.id,
                name=menu.name,
                quantity=addition.quantity,
                options=[
                    rules.StoredOption(option_id=option.option_id, quantity=option.quantity)
                    for option in options
                ],
                unit_price_won=rules.unit_price(menu, options),
            )
            for _ in range(ROUNDS):
                cart = (await connection.execute(_CART, {"customer_id": customer})).one_or_none()
                before, lines = 0, []
                if cart is not None:
                    before = cart.version
                    if cart.restaurant_id in (None, card.id):
                        lines = [rules.StoredLine.model_validate(kept) for kept in cart.lines]
                    elif not addition.replace:
                        raise conflict(
                            "cart.other_restaurant", "Another restaurant's dishes are in the cart."
                        )
                lines = rules.with_addition(lines, line)
                if await self._write_cart(connection, customer, before, card.id, lines):
                    return _cart(before + 1, card, lines)
        raise conflict("conflict", "Another change of the cart came first.")

    @staticmethod
    async def _write_cart(
        connection: AsyncConnection,
        customer: UUID,
        before: int,
        restaurant_id: UUID,
        lines: Sequence[rules.StoredLine],
    ) -> bool:
        """Writes the cart, unless it was changed since it was read."""
        now = datetime.now(UTC)
        if before == 0:
            new = {
                "customer_id": customer,
                "version": 1,
                "restaurant_id": restaurant_id,
                "lines": lines,
                "updated_at": now,
            }
            done = await connection.execute(_NEW_CART, new)
        else:
            change = {
                "of": customer,
                "before": before,
                "new_version": before + 1,
                "new_restaurant_id": restaurant_id,
                "new_lines": lines,
                "at": now,
            }
            done = await connection.execute(_CHANGE_CART, change)
        return done.rowcount == 1

    async def quote(self, customer: UUID, wish: schemas.QuoteRequest) -> schemas.Quote:
        """Promises a price for the cart."""
        async with self._single.connect() as connection:
            if wish.fulfilment == "pickup":
                cart = (await connection.execute(_CART, {"customer_id": customer})).one_or_none()
                drop_off = None
            else:
                if wish.address_id is None:
                    raise Problem(422, "invalid", "A delivery needs an address.")
                of = {"address_id": wish.address_id, "customer_id": customer}
                cart = (await connection.execute(_ADDRESS_AND_CART, of)).one_or_none()
                if cart is None:
                    raise not_found("address")
                drop_off = schemas.DropOff(
                    position=schemas.Position(lat=cart.lat, lon=cart.lon),
                    road_address=cart.road_address,
                    detail=cart.detail,
                    entrance_note=cart.entrance_note,
                )
            if cart is None or cart.restaurant_id is None:
                raise conflict("cart.empty", "There is nothing in the cart.")
            card = await self._catalogue.card(connection, cart.restaurant_id)
            lines = [rules.StoredLine.model_validate(line) for line in cart.lines]
            quote = rules.quote(card, lines, wish.fulfilment, drop_off, uuid7(), datetime.now(UTC))
            row = {
                "id": quote.quote_id,
                "customer_id": customer,
                "cart_version": cart.version,
                "quote": quote,
                "expires_at": quote.expires_at,
            }
            await connection.execute(_NEW_QUOTE, row)
            return quote

    async def place(self, customer: UUID, request: schemas.OrderRequest, key: Key) -> Answer:
        """Places an order; the same cart gives the same order."""
        for _ in range(ROUNDS):
            try:
                async with self._engine.begin() as connection:
                    return await self._place(connection, customer, request, key)
            except IntegrityError as error:
                # The same was asked for at the same time: the next round finds what came of it.
                log.info("an order conflicts with another one: %s", error.orig)
        raise conflict("cart.quote_used", "The order of this quote is over.")

    async def _place(
        self, connection: AsyncConnection, customer: UUID, request: schemas.OrderRequest, key: Key
    ) -> Answer:
        kept = await key.kept(connection, customer, request)
        if kept is not None:
            return kept
        of = {"id": request.quote_id, "customer_id": customer}
        found = (await connection.execute(_QUOTE, of)).one_or_none()
        if found is None:
            raise not_found("quote")
        now = datetime.now(UTC)
        if found.order_id is not None:
            order = await _order(connection, found.order_id)
            if _wishes(order) != _wishes(request):
                raise conflict("order.wishes_differ", "It was ordered with other wishes.")
        else:
            promised = schemas.Quote.model_validate(found.quote)
            if found.cart_now != found.cart_version:
                raise conflict("cart.quote_outdated", "The cart has changed.")
            card = await self._catalogue.card(connection, promised.restaurant_id)
            order = _ordered(customer, rules.honoured(promised, card, now), request, now)
            await _insert(connection, order, promised.quote_id, found.cart_version)
        answer = Answer(201, order.model_dump_json().encode())
        await key.keep(connection, customer, request, answer, now)
        return answer

    async def pay(self, customer: UUID, order_id: UUID, request: schemas.PaymentRequest, key: Key) -> Answer:
        """Charges the order. What is paid is not paid again."""
        async with self._engine.begin() as connection:
            kept = await key.kept(connection, customer, request)
            if kept is not None:
                return kept
            of = {"id": order_id, "customer_id": customer, "method_id": request.payment_method_id}
            row = (await connection.execute(_ORDER_TO_PAY, of)).one_or_none()
            if row is None:
                raise not_found("order")
            lines = (await connection.execute(_LINES, {"id": order_id})).all()
            order = _viewed(row._mapping, lines)
            if order.status in DEAD:
                raise conflict("order.transition_refused", f"The order is {order.status}.")
            if order.status != "pending_payment":
                answer = Answer(200, order.model_dump_json().encode())
                await key.keep(connection, customer, request, answer, datetime.now(UTC), KEEP_FIRST)
                return answer
            if row.billing_key is None:
                raise not_found("payment_method")
            card = await self._catalogue.card(connection, order.restaurant_id)
            _check_payable(order, card, datetime.now(UTC))
            payment = await _begin(connection, order, request.payment_method_id, row.billing_key)
        # The charge is on the disk before money moves, and no connection is held meanwhile.
        if order.payable_won == 0:
            outcome = Outcome("approved", "nothing to pay")
        else:
            outcome = await self._gateway.charge(
                payment["id"], customer, payment["billing_key"], order.payable_won
            )
        async with self._engine.begin() as connection:
            order = await _settle(connection, order, row.cart_version, payment, outcome)
            answer = Answer(200, order.model_dump_json().encode())
            if outcome.kind != "unknown":
                # On conflict the first answer stays: a repeat may have asked the gateway again.
                await key.keep(connection, customer, request, answer, datetime.now(UTC), KEEP_FIRST)
            return answer


def _cart(version: int, card: rules.Card, lines: Sequence[rules.StoredLine]) -> schemas.Cart:
    priced = rules.priced(card, lines)
    subtotal = sum(line.total_won for line in rules.available(priced))
    return schemas.Cart(
        version=version,
        restaurant_id=card.id,
        restaurant_name=card.name,
        lines=priced,
        subtotal_won=subtotal,
        minimum_order_won=card.minimum_order_won,
        shortfall_won=max(card.minimum_order_won - subtotal, 0),
    )


def _wishes(asked: schemas.Order | schemas.OrderRequest) -> tuple[str, str, bool, bool]:
    return asked.note, asked.courier_note, asked.contactless, asked.cutlery


def _ordered(
    customer: UUID, quote: schemas.Quote, request: schemas.OrderRequest, now: datetime
) -> schemas.Order:
    return schemas.Order(
        id=uuid7(),
        version=1,
        status="pending_payment",
        customer_id=customer,
        restaurant_id=quote.restaurant_id,
        restaurant_name=quote.restaurant_name,
        fulfilment=quote.fulfilment,
        lines=[
            schemas.OrderLine(
                line_id=line.id,
                menu_id=line.menu_id,
                name=line.name,
                quantity=line.quantity,
                options=line.options,
                unit_price_won=line.unit_price_won,
                total_won=line.total_won,
            )
            for line in quote.lines
        ],
        subtotal_won=quote.subtotal_won,
        tip_won=quote.tip_won,
        payable_won=quote.payable_won,
        vat_won=quote.vat_won,
        drop_off=quote.drop_off,
        note=request.note,
        courier_note=request.courier_note,
        contactless=request.contactless,
        cutlery=request.cutlery,
        created_at=now,
        placed_at=None,
    )


async def _insert(
    connection: AsyncConnection, order: schemas.Order, quote_id: UUID, cart_version: int
) -> None:
    row = {name: getattr(order, name) for name in schemas.Order.model_fields if name != "lines"}
    await connection.execute(_NEW_ORDER, {**row, "quote_id": quote_id, "cart_version": cart_version})
    lines = [
        {
            "order_id": order.id,
            "number": number,
            **{name: getattr(line, name) for name in type(line).model_fields},
        }
        for number, line in enumerate(order.lines, 1)
    ]
    await connection.execute(_NEW_LINES, lines)
    await _event(connection, order, "order.created", order.created_at)


async def _event(connection: AsyncConnection, order: schemas.Order, kind: str, at: datetime) -> None:
    data = {"order_id": order.id, "status": order.status}
    row = {"order_id": order.id, "number": order.version, "kind": kind, "data": data, "at": at}
    await connection.execute(_NEW_EVENT, row)


async def _order(connection: AsyncConnection, order_id: UUID) -> schemas.Order:
    row = (await connection.execute(_ORDER, {"id": order_id})).one()
    lines = (await connection.execute(_LINES, {"id": order_id})).all()
    return _viewed(row._mapping, lines)


def _viewed(row: RowMapping, lines: Sequence[Row[Any]]) -> schemas.Order:
    return schemas.Order.model_validate({**row, "lines": [line._mapping for line in lines]})


def _check_payable(order: schemas.Order, card: rules.Card, now: datetime) -> None:
    """The restaurant is asked again before money is taken."""
    if now >= order.created_at + rules.PAYMENT_WITHIN:
        raise conflict("order.payment_overdue", "It was not paid in time.")
    if not rules.is_open(card, now):
        raise conflict("order.restaurant_closed", "The restaurant is closed.")
    for line in order.lines:
        menu = card.menus.get(line.menu_id)
        if menu is None or menu.sold_out:
            raise conflict("order.sold_out", f"{line.name} is sold out.")


async def _begin(
    connection: AsyncConnection, order: schemas.Order, method_id: UUID, billing_key: str
) -> dict[str, Any]:
    """Writes down that the gateway is about to be called; again, if a payment of it has no outcome."""
    now = datetime.now(UTC)
    payment: dict[str, Any] = {
        "id": uuid7(),
        "order_id": order.id,
        "customer_id": order.customer_id,
        "method_id": method_id,
        "amount_won": order.payable_won,
        "status": "in_progress",
        "created_at": now,
        "updated_at": now,
    }
    number = 1
    inserted = await connection.execute(_NEW_PAYMENT, payment)
    payment["billing_key"] = billing_key
    if inserted.rowcount == 0:
        live = (await connection.execute(_LIVE_PAYMENT, {"order_id": order.id})).one_or_none()
        if live is None or live.status == "done" or now < live.updated_at + ASK_AGAIN_AFTER:
            raise conflict("payment.already_paying", "It is being paid.")
        payment = dict(live._mapping)
        await connection.execute(_TOUCH_PAYMENT, {"of": live.id, "at": now})
        number = 1 + ((await connection.execute(_TRIES, {"id": live.id})).scalar() or 0)
    started = {"payment_id": payment["id"], "number": number, "started_at": now}
    await connection.execute(_NEW_TRY, started)
    return {**payment, "try": number}


async def _settle(
    connection: AsyncConnection,
    order: schemas.Order,
    cart_version: int,
    payment: Mapping[str, Any],
    outcome: Outcome,
) -> schemas.Order:
    """Writes down what the gateway said, with all that follows from it. Returns the order after it."""
    now = datetime.now(UTC)
    status = {"approved": "done", "declined": "aborted", "unknown": "unknown"}[outcome.kind]
    settling = {"of": payment["id"], "new_status": status, "at": now}
    settled = await connection.execute(_SETTLE_PAYMENT, settling)
    ended = {
        "of": payment["id"],
        "try": payment["try"],
        "at": now,
        "heard": outcome.kind,
        "told": outcome.detail,
    }
    await connection.execute(_END_TRY, ended)
    if settled.rowcount == 0:
        # Somebody else has heard the gateway, too, and was first.
        return await _order(connection, order.id)
    if outcome.kind == "unknown":
        return order
    placed = outcome.kind == "approved"
    if placed:
        await _book(connection, payment, now)
    # After a declined charge the customer may try again.
    after = (
        {"status": "placed", "placed_at": now} if placed else {"status": "pending_payment", "placed_at": None}
    )
    change = {"of": order.id, **{f"new_{name}": value for name, value in after.items()}}
    version = (await connection.execute(_CHANGE_ORDER, change)).scalar_one_or_none()
    if version is None:
        log.error("payment %s: its order waits for no money", payment["id"])
        return await _order(connection, order.id)
    order = order.model_copy(update={**after, "version": version})
    await _event(connection, order, "order.placed" if placed else "order.payment_declined", now)
    if placed:
        payload = {"restaurant_id": order.restaurant_id, "order_id": order.id}
        await connection.execute(_NEW_JOB, {"kind": "board.order_placed", "payload": payload, "run_at": now})
        # What was put in meanwhile stays.
        await connection.execute(_EMPTY_CART, {"of": order.customer_id, "before": cart_version, "at": now})
    return order


async def _book(connection: AsyncConnection, payment: Mapping[str, Any], now: datetime) -> None:
    """What the gateway took is owed to the order."""
    amount = payment["amount_won"]
    if amount == 0:
        return
    entry = {
        "id": uuid7(),
        "kind": "payment_taken",
        "reference": payment["id"],
        "order_id": payment["order_id"],
        "at": now,
    }
    postings = [("gateway", amount), ("deposits", -amount)]
    assert sum(won for _, won in postings) == 0
    await connection.execute(_NEW_ENTRY, entry)
    rows = [
        {"entry_id": entry["id"], "number": number, "account": account, "amount_won": won}
        for number, (account, won) in enumerate(postings, 1)
    ]
    await connection.execute(_NEW_POSTINGS, rows)
