"""The tables of schema.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """How Python's types are stored."""

    type_annotation_map = {
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


def table(model: type[Base]) -> Table:
    """The table of a model, for statements that need no session: rows are written, not tracked objects."""
    return cast(Table, model.__table__)


class Restaurant(Base):
    """A restaurant and its rules."""

    __tablename__ = "restaurants"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    minimum_order_won: Mapped[int] = mapped_column(BigInteger)
    radius_m: Mapped[int]
    tip_base_m: Mapped[int]
    tip_step_m: Mapped[int]
    tip_step_won: Mapped[int] = mapped_column(BigInteger)
    takes_pickup: Mapped[bool]
    paused: Mapped[bool]
    menu_version: Mapped[int] = mapped_column(BigInteger)


class OpeningHours(Base):
    """A range of a weekday in which it is open."""

    __tablename__ = "opening_hours"
    restaurant_id: Mapped[UUID] = mapped_column(ForeignKey("restaurants.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    from_min: Mapped[int] = mapped_column(primary_key=True)
    to_min: Mapped[int]


class TipTier(Base):
    """The tip for subtotals from this amount on."""

    __tablename__ = "tip_tiers"
    restaurant_id: Mapped[UUID] = mapped_column(ForeignKey("restaurants.id"), primary_key=True)
    from_won: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tip_won: Mapped[int] = mapped_column(BigInteger)


class Menu(Base):
    """A dish."""

    __tablename__ = "menus"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    restaurant_id: Mapped[UUID] = mapped_column(ForeignKey("restaurants.id"))
    name: Mapped[str]
    price_won: Mapped[int] = mapped_column(BigInteger)
    sold_out: Mapped[bool]


class OptionGroup(Base):
    """Options of which so many are to be chosen."""

    __tablename__ = "option_groups"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    menu_id: Mapped[UUID] = mapped_column(ForeignKey("menus.id"))
    name: Mapped[str]
    min_choice: Mapped[int]
    max_choice: Mapped[int]


class Option(Base):
    """An option of a dish."""

    __tablename__ = "options"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("option_groups.id"))
    name: Mapped[str]
    price_won: Mapped[int] = mapped_column(BigInteger)
    max_quantity: Mapped[int]
    sold_out: Mapped[bool]


class Address(Base):
    """A customer's address."""

    __tablename__ = "addresses"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    lat: Mapped[float]
    lon: Mapped[float]
    road_address: Mapped[str]
    detail: Mapped[str]
    entrance_note: Mapped[str]


class PaymentMethod(Base):
    """A means of payment that the gateway charges by its billing key."""

    __tablename__ = "payment_methods"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str]
    billing_key: Mapped[str]


class Cart(Base):
    """A customer's cart."""

    __tablename__ = "carts"
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    restaurant_id: Mapped[UUID | None]
    lines: Mapped[list[dict[str, Any]]]
    updated_at: Mapped[datetime]


class Quote(Base):
    """A promised price; it never changes."""

    __tablename__ = "quotes"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    cart_version: Mapped[int] = mapped_column(BigInteger)
    quote: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]


class Order(Base):
    """An order."""

    __tablename__ = "orders"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    customer_id: Mapped[UUID]
    restaurant_id: Mapped[UUID]
    restaurant_name: Mapped[str]
    quote_id: Mapped[UUID] = mapped_column(unique=True)
    cart_version: Mapped[int] = mapped_column(BigInteger)
    fulfilment: Mapped[str]
    subtotal_won: Mapped[int] = mapped_column(BigInteger)
    tip_won: Mapped[int] = mapped_column(BigInteger)
    payable_won: Mapped[int] = mapped_column(BigInteger)
    vat_won: Mapped[int] = mapped_column(BigInteger)
    drop_off: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    note: Mapped[str]
    courier_note: Mapped[str]
    contactless: Mapped[bool]
    cutlery: Mapped[bool]
    created_at: Mapped[datetime]
    placed_at: Mapped[datetime | None]


class OrderLine(Base):
    """A dish of an order, as it was sold."""

    __tablename__ = "order_lines"
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    line_id: Mapped[UUID]
    menu_id: Mapped[UUID]
    name: Mapped[str]
    quantity: Mapped[int]
    unit_price_won: Mapped[int] = mapped_column(BigInteger)
    total_won: Mapped[int] = mapped_column(BigInteger)
    options: Mapped[list[dict[str, Any]]]


class OrderEvent(Base):
    """Something that happened to an order."""

    __tablename__ = "order_events"
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Payment(Base):
    """A payment of an order. Its id is the order's number at the gateway."""

    __tablename__ = "payments"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    customer_id: Mapped[UUID]
    method_id: Mapped[UUID]
    amount_won: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PaymentTry(Base):
    """A call of the gateway."""

    __tablename__ = "payment_tries"
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    detail: Mapped[str | None]


class LedgerEntry(Base):
    """An event that moved money."""

    __tablename__ = "ledger_entries"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    reference: Mapped[UUID]
    order_id: Mapped[UUID]
    at: Mapped[datetime]


class LedgerPosting(Base):
    """A part of an entry, on one account."""

    __tablename__ = "ledger_postings"
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account: Mapped[str]
    amount_won: Mapped[int] = mapped_column(BigInteger)


class IdempotencyKey(Base):
    """The answer that was given under a key."""

    __tablename__ = "idempotency_keys"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[bytes]
    created_at: Mapped[datetime]


class Job(Base):
    """Something to be done after a commit."""

    __tablename__ = "jobs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    run_at: Mapped[datetime]
