"""Bodies of requests and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Quantity = Annotated[int, Field(ge=1, le=99)]
Text = Annotated[str, Field(max_length=200)]
Fulfilment = Literal["delivery", "pickup"]


class Asked(BaseModel):
    """A request. What it does not know is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")


class Pick(Asked):
    """An option, so many times for one dish."""

    option_id: UUID
    quantity: Quantity


class Addition(Asked):
    """A dish for the cart: ids and quantities, never a price."""

    restaurant_id: UUID
    menu_id: UUID
    quantity: Quantity
    options: Annotated[list[Pick], Field(max_length=100)] = []
    replace: bool = False


class QuoteRequest(Asked):
    """How and where the customer wants it."""

    fulfilment: Fulfilment = "delivery"
    address_id: UUID | None = None


class OrderRequest(Asked):
    """What an order is placed from, and the customer's wishes."""

    quote_id: UUID
    note: Text = ""
    courier_note: Text = ""
    contactless: bool = False
    cutlery: bool = False


class PaymentRequest(Asked):
    """How to pay."""

    payment_method_id: UUID


class Position(BaseModel):
    """A place on the map."""

    lat: float
    lon: float


class DropOff(BaseModel):
    """Where it is brought."""

    position: Position
    road_address: str
    detail: str
    entrance_note: str


class ChosenOption(BaseModel):
    """An option within a line."""

    option_id: UUID
    name: str
    quantity: int
    price_won: int


class CartProblem(BaseModel):
    """What the customer should know before ordering."""

    code: str
    blocks: bool
    line_id: UUID | None = None
    name: str | None = None
    shortfall_won: int | None = None
    was_won: int | None = None
    now_won: int | None = None


class PricedLine(BaseModel):
    """A dish with its options, at today's price."""

    id: UUID
    menu_id: UUID
    name: str
    quantity: int
    options: list[ChosenOption]
    unit_price_won: int
    total_won: int


class CartLine(PricedLine):
    """A line of a cart, with what is wrong with it."""

    problem: CartProblem | None = None


class Cart(BaseModel):
    """The cart at today's prices."""

    version: int
    restaurant_id: UUID | None
    restaurant_name: str | None
    lines: list[CartLine]
    subtotal_won: int
    minimum_order_won: int
    shortfall_won: int


class TipPart(BaseModel):
    """A part of the delivery tip."""

    kind: Literal["subtotal", "distance"]
    amount_won: int


class Quote(BaseModel):
    """A price that is promised for five minutes."""

    quote_id: UUID
    expires_at: datetime
    menu_version: int
    restaurant_id: UUID
    restaurant_name: str
    fulfilment: Fulfilment
    lines: list[PricedLine]
    subtotal_won: int
    tip_won: int
    tip_parts: list[TipPart]
    payable_won: int
    vat_won: int
    minimum_order_won: int
    shortfall_won: int
    orderable: bool
    problems: list[CartProblem]
    drop_off: DropOff | None


class OrderLine(BaseModel):
    """A dish of an order."""

    line_id: UUID
    menu_id: UUID
    name: str
    quantity: int
    options: list[ChosenOption]
    unit_price_won: int
    total_won: int


class Order(BaseModel):
    """An order as its customer sees it."""

    id: UUID
    version: int
    status: str
    customer_id: UUID
    restaurant_id: UUID
    restaurant_name: str
    fulfilment: Fulfilment
    lines: list[OrderLine]
    subtotal_won: int
    tip_won: int
    payable_won: int
    vat_won: int
    drop_off: DropOff | None
    note: str
    courier_note: str
    contactless: bool
    cutlery: bool
    created_at: datetime
    placed_at: datetime | None


class ProblemDocument(BaseModel):
    """An error."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, Any]] | None = None
