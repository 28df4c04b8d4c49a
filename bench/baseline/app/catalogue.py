"""Restaurants and their menus, kept in this process for a while."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from . import models, rules
from .problems import not_found

_RESTAURANT = select(models.Restaurant.__table__).where(models.Restaurant.id == bindparam("id"))
_HOURS = select(models.OpeningHours.__table__).where(models.OpeningHours.restaurant_id == bindparam("id"))
_TIERS = (
    select(models.TipTier.from_won, models.TipTier.tip_won)
    .where(models.TipTier.restaurant_id == bindparam("id"))
    .order_by(models.TipTier.from_won)
)
_MENUS = select(models.Menu.__table__).where(models.Menu.restaurant_id == bindparam("id"))
_GROUPS = (
    select(models.OptionGroup.__table__)
    .join(models.Menu, models.Menu.id == models.OptionGroup.menu_id)
    .where(models.Menu.restaurant_id == bindparam("id"))
    .order_by(models.OptionGroup.id)
)
_OPTIONS = (
    select(models.Option.__table__)
    .join(models.OptionGroup, models.OptionGroup.id == models.Option.group_id)
    .join(models.Menu, models.Menu.id == models.OptionGroup.menu_id)
    .where(models.Menu.restaurant_id == bindparam("id"))
    .order_by(models.Option.id)
)


class Catalogue:
    """The cards by restaurant. A change of a menu is seen after `ttl_s` at the latest."""

    def __init__(self, ttl_s: float) -> None:
        self._ttl_s = ttl_s
        self._cards: dict[UUID, tuple[float, rules.Card]] = {}
        self._loading: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def card(self, connection: AsyncConnection, restaurant_id: UUID) -> rules.Card:
        """The card of a restaurant.

        It is loaded on the caller's connection: a second one of the pool might never come while
        everybody who has one waits for another.
        """
        known = self._fresh(restaurant_id)
        if known is not None:
            return known
        # One loads it, the others wait for that.
        async with self._loading[restaurant_id]:
            known = self._fresh(restaurant_id)
            if known is None:
                known = await _load(connection, restaurant_id)
                self._cards[restaurant_id] = (time.monotonic() + self._ttl_s, known)
            return known

    def _fresh(self, restaurant_id: UUID) -> rules.Card | None:
        until, card = self._cards.get(restaurant_id, (0.0, None))
        return card if time.monotonic() < until else None


async def _load(connection: AsyncConnection, restaurant_id: UUID) -> rules.Card:
    of = {"id": restaurant_id}
    restaurant = (await connection.execute(_RESTAURANT, of)).one_or_none()
    if restaurant is None:
        raise not_found("restaurant")
    hours: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for row in await connection.execute(_HOURS, of):
        hours[row.weekday].append((row.from_min, row.to_min))
    tiers = [(row.from_won, row.tip_won) for row in await connection.execute(_TIERS, of)]
    menus = (await connection.execute(_MENUS, of)).all()
    groups = (await connection.execute(_GROUPS, of)).all()
    options: defaultdict[UUID, dict[UUID, rules.Option]] = defaultdict(dict)
    for row in await connection.execute(_OPTIONS, of):
        options[row.group_id][row.id] = rules.Option(
            row.id, row.name, row.price_won, row.max_quantity, row.sold_out
        )
    of_menu: defaultdict[UUID, list[rules.Group]] = defaultdict(list)
    for row in groups:
        of_menu[row.menu_id].append(rules.Group(row.name, row.min_choice, row.max_choice, options[row.id]))
    return rules.Card(
        **restaurant._mapping,
        hours=hours,
        tiers=tiers,
        menus={
            row.id: rules.Menu(row.id, row.name, row.price_won, row.sold_out, of_menu[row.id])
            for row in menus
        },
    )
