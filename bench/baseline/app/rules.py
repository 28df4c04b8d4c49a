"""The rules of carts and prices. Nothing here waits for anything; amounts are whole won."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, ceil, cos, radians, sin, sqrt
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from .problems import Problem, conflict
from .schemas import (
    CartLine,
    CartProblem,
    ChosenOption,
    DropOff,
    Fulfilment,
    Pick,
    PricedLine,
    Quote,
    TipPart,
)

QUANTITY_MAX = 99
LINES_MAX = 50
QUOTE_LIFE = timedelta(minutes=5)
PAYMENT_WITHIN = timedelta(minutes=15)
KOREA = ZoneInfo("Asia/Seoul")
EARTH_M = 6_371_008.8
DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a dish."""

    id: UUID
    name: str
    price_won: int
    max_quantity: int
    sold_out: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Options of which so many are to be chosen."""

    name: str
    min_choice: int
    max_choice: int
    options: Mapping[UUID, Option]


@dataclass(frozen=True, slots=True)
class Menu:
    """A dish."""

    id: UUID
    name: str
    price_won: int
    sold_out: bool
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class Card:
    """A restaurant with its rules and its whole menu."""

    id: UUID
    name: str
    lat: float
    lon: float
    minimum_order_won: int
    radius_m: int
    tip_base_m: int
    tip_step_m: int
    tip_step_won: int
    takes_pickup: bool
    paused: bool
    menu_version: int
    # By weekday, from Monday: minutes from and to.
    hours: Sequence[Sequence[tuple[int, int]]]
    # From which subtotal which tip, ascending.
    tiers: Sequence[tuple[int, int]]
    menus: Mapping[UUID, Menu]


class StoredOption(BaseModel):
    """A choice within a stored line."""

    option_id: UUID
    quantity: int


class StoredLine(BaseModel):
    """A line of a cart as it is kept: what is wanted, and what it cost when it was put in."""

    id: UUID
    menu_id: UUID
    name: str
    quantity: int
    options: list[StoredOption]
    unit_price_won: int


def chosen(menu: Menu, picks: Sequence[Pick | StoredOption]) -> list[ChosenOption]:
    """The options of a dish, if they may be chosen so."""
    if menu.sold_out:
        raise conflict("menu.sold_out", f"{menu.name} is sold out.")
    wanted = Counter[UUID]()
    for pick in picks:
        wanted[pick.option_id] += pick.quantity
    options: list[ChosenOption] = []
    for group in menu.groups:
        count = 0
        for option in group.options.values():
            quantity = wanted.pop(option.id, 0)
            if quantity == 0:
                continue
            if option.sold_out:
                raise conflict("menu.option_sold_out", f"{option.name} is sold out.")
            if quantity > option.max_quantity:
                raise conflict("menu.option_too_often", f"{option.name}: at most {option.max_quantity}.")
            count += quantity
            options.append(
                ChosenOption(
                    option_id=option.id, name=option.name, quantity=quantity, price_won=option.price_won
                )
            )
        if count < group.min_choice:
            raise conflict("menu.too_few_options", f"{group.name}: at least {group.min_choice}.")
        if count > group.max_choice:
            raise conflict("menu.too_many_options", f"{group.name}: at most {group.max_choice}.")
    if wanted:
        raise conflict("menu.unknown_option", f"{menu.name} has no such option.")
    return options


def unit_price(menu: Menu, options: Sequence[ChosenOption]) -> int:
    """One dish with its options."""
    return menu.price_won + sum(option.price_won * option.quantity for option in options)


def with_addition(lines: Sequence[StoredLine], new: StoredLine) -> list[StoredLine]:
    """The lines and one more; an equal line grows instead."""
    lines = list(lines)
    wish = _wish(new)
    for at, line in enumerate(lines):
        if _wish(line) == wish:
            quantity = line.quantity + new.quantity
            if quantity > QUANTITY_MAX:
                raise conflict("cart.quantity_out_of_range", f"At most {QUANTITY_MAX} of a dish.")
            lines[at] = line.model_copy(update={"quantity": quantity, "unit_price_won": new.unit_price_won})
            return lines
    if len(lines) == LINES_MAX:
        raise conflict("cart.too_many_lines", f"A cart has at most {LINES_MAX} lines.")
    return [*lines, new]


def _wish(line: StoredLine) -> tuple[UUID, frozenset[tuple[UUID, int]]]:
    return line.menu_id, frozenset((option.option_id, option.quantity) for option in line.options)


def priced(card: Card, lines: Sequence[StoredLine]) -> list[CartLine]:
    """The lines at the prices of the card. What cannot be had says so."""
    return [_priced(card, line) for line in lines]


def _priced(card: Card, line: StoredLine) -> CartLine:
    menu = card.menus.get(line.menu_id)
    problem: CartProblem | None = None
    options: list[ChosenOption] = []
    price, name = line.unit_price_won, line.name
    if menu is None:
        problem = CartProblem(code="gone", blocks=True, line_id=line.id, name=name)
    else:
        name = menu.name
        try:
            options = chosen(menu, line.options)
            price = unit_price(menu, options)
            if price != line.unit_price_won:
                problem = CartProblem(
                    code="price_changed",
                    blocks=False,
                    line_id=line.id,
                    name=name,
                    was_won=line.unit_price_won,
                    now_won=price,
                )
        except Problem as refused:
            code = "sold_out" if refused.code == "menu.sold_out" else "options_changed"
            problem = CartProblem(code=code, blocks=True, line_id=line.id, name=name)
    return CartLine(
        id=line.id,
        menu_id=line.menu_id,
        name=name,
        quantity=line.quantity,
        options=options,
        unit_price_won=price,
        total_won=price * line.quantity,
        problem=problem,
    )


def available(lines: Sequence[CartLine]) -> list[CartLine]:
    """The lines that can be had."""
    return [line for line in lines if line.problem is None or not line.problem.blocks]


def distance_m(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Metres along the great circle."""
    north, to_north = radians(lat), radians(to_lat)
    half = sin((to_north - north) / 2) ** 2
    half += cos(north) * cos(to_north) * sin(radians(to_lon - lon) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(half))


def tip_parts(card: Card, subtotal: int, metres: float) -> list[TipPart]:
    """The tier of the subtotal, and a surcharge for each started step beyond the base distance."""
    tier = next((tip for start, tip in reversed(card.tiers) if start <= subtotal), 0)
    steps = -(-max(ceil(metres) - card.tip_base_m, 0) // card.tip_step_m)
    parts = [
        TipPart(kind="subtotal", amount_won=tier),
        TipPart(kind="distance", amount_won=steps * card.tip_step_won),
    ]
    return [part for part in parts if part.amount_won > 0]


def vat(amount: int) -> int:
    """The tax within an amount: an eleventh, rounded to the nearest won."""
    return (2 * amount + 11) // 22


def is_open(card: Card, now: datetime) -> bool:
    """Whether it takes orders now, by the hours of the weekday in Korea."""
    if card.paused:
        return False
    local = now.astimezone(KOREA)
    minute, weekday = local.hour * 60 + local.minute, local.weekday()
    today = any(start <= minute < end for start, end in card.hours[weekday])
    # The night of the day before may reach into today.
    return today or any(start <= minute + DAY_MIN < end for start, end in card.hours[weekday - 1])


def quote(
    card: Card,
    lines: Sequence[StoredLine],
    fulfilment: Fulfilment,
    drop_off: DropOff | None,
    quote_id: UUID,
    now: datetime,
) -> Quote:
    """The price of a cart, and all that hinders an order."""
    in_cart = priced(card, lines)
    problems = [line.problem for line in in_cart if line.problem is not None]
    can_be_had = available(in_cart)
    subtotal = sum(line.total_won for line in can_be_had)
    shortfall = max(card.minimum_order_won - subtotal, 0)
    parts: list[TipPart] = []
    if drop_off is not None:
        door = drop_off.position
        metres = distance_m(card.lat, card.lon, door.lat, door.lon)
        parts = tip_parts(card, subtotal, metres)
        if metres > card.radius_m:
            problems.append(CartProblem(code="not_deliverable", blocks=True))
    elif not card.takes_pickup:
        problems.append(CartProblem(code="no_pickup", blocks=True))
    if not is_open(card, now):
        problems.append(CartProblem(code="closed", blocks=True))
    if shortfall > 0:
        problems.append(CartProblem(code="below_minimum", blocks=True, shortfall_won=shortfall))
    tip = sum(part.amount_won for part in parts)
    return Quote(
        quote_id=quote_id,
        expires_at=now + QUOTE_LIFE,
        menu_version=card.menu_version,
        restaurant_id=card.id,
        restaurant_name=card.name,
        fulfilment=fulfilment,
        lines=[PricedLine.model_validate(line.model_dump(exclude={"problem"})) for line in can_be_had],
        subtotal_won=subtotal,
        tip_won=tip,
        tip_parts=parts,
        payable_won=subtotal + tip,
        vat_won=vat(subtotal + tip),
        minimum_order_won=card.minimum_order_won,
        shortfall_won=shortfall,
        orderable=bool(can_be_had) and not any(problem.blocks for problem in problems),
        problems=problems,
        drop_off=drop_off,
    )


def honoured(promised: Quote, card: Card, now: datetime) -> Quote:
    """The quote at the prices of now: a fall passes on, a rise needs the customer's consent."""
    if promised.expires_at <= now:
        raise conflict("cart.quote_expired", "The quote has expired.")
    current = promised
    if promised.orderable:
        lines = [
            StoredLine(
                id=line.id,
                menu_id=line.menu_id,
                name=line.name,
                quantity=line.quantity,
                options=[StoredOption(option_id=it.option_id, quantity=it.quantity) for it in line.options],
                unit_price_won=line.unit_price_won,
            )
            for line in promised.lines
        ]
        current = quote(card, lines, promised.fulfilment, promised.drop_off, promised.quote_id, now)
    if not current.orderable:
        hindrances = [problem.model_dump(mode="json") for problem in current.problems if problem.blocks]
        raise conflict("cart.quote_not_orderable", "It cannot be ordered so.", errors=hindrances)
    rise = current.payable_won - promised.payable_won
    if rise > 0:
        raise conflict("cart.price_rose", f"It costs {rise} won more now.", params={"difference_won": rise})
    return current
