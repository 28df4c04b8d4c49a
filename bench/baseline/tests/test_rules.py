"""The rules by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app import rules, schemas
from app.problems import Problem

RESTAURANT, STEW, SIZE, LARGE = (UUID(int=number) for number in range(1, 5))
# A Monday.
NOON = datetime(2026, 11, 16, 12, 0, tzinfo=rules.KOREA)
DOOR = schemas.DropOff(
    position=schemas.Position(lat=37.5, lon=127.0), road_address="", detail="", entrance_note=""
)


def card() -> rules.Card:
    """Open from 11:00 to 02:00; a dish of 9,000 won with a size."""
    large = rules.Option(LARGE, "large", 2_000, 1, False)
    size = rules.Group("size", 0, 1, {LARGE: large})
    return rules.Card(
        id=RESTAURANT,
        name="restaurant",
        lat=37.5,
        lon=127.0,
        minimum_order_won=12_000,
        radius_m=3_000,
        tip_base_m=1_500,
        tip_step_m=500,
        tip_step_won=500,
        takes_pickup=False,
        paused=False,
        menu_version=1,
        hours=[[(11 * 60, 26 * 60)]] * 7,
        tiers=[(0, 4_000), (15_000, 3_000), (30_000, 0)],
        menus={STEW: rules.Menu(STEW, "stew", 9_000, False, [size])},
    )


def line(quantity: int, *options: UUID, price: int = 9_000) -> rules.StoredLine:
    """A line of a cart."""
    picks = [rules.StoredOption(option_id=option, quantity=1) for option in options]
    return rules.StoredLine(
        id=SIZE, menu_id=STEW, name="stew", quantity=quantity, options=picks, unit_price_won=price
    )


def quote(of: rules.Card, *lines: rules.StoredLine, now: datetime = NOON) -> schemas.Quote:
    """Its price at the door."""
    return rules.quote(of, lines, "delivery", DOOR, SIZE, now)


@pytest.mark.parametrize(
    ("subtotal", "metres", "tip"),
    [
        (0, 0, 4_000),
        (14_999, 1_500, 4_000),
        (15_000, 1_500, 3_000),
        (30_000, 1_500.01, 500),
        (30_000, 2_000, 500),
        (30_000, 2_000.5, 1_000),
    ],
)
def test_the_tip_is_a_tier_and_started_steps(subtotal: int, metres: float, tip: int) -> None:
    assert sum(part.amount_won for part in rules.tip_parts(card(), subtotal, metres)) == tip


@pytest.mark.parametrize(("amount", "tax"), [(30_000, 2_727), (37_400, 3_400), (0, 0), (5, 0), (6, 1)])
def test_vat_is_an_eleventh_to_the_nearest_won(amount: int, tax: int) -> None:
    assert rules.vat(amount) == tax


def test_hours_reach_past_midnight() -> None:
    hours = [(10, 59, False), (11, 0, True), (23, 59, True), (1, 59, True), (2, 0, False)]
    for hour, minute, is_open in hours:
        assert rules.is_open(card(), NOON.replace(hour=hour, minute=minute)) is is_open


def test_a_line_is_the_quantity_times_the_dish_with_its_options() -> None:
    priced = quote(card(), line(2, LARGE, price=11_000))
    assert (priced.subtotal_won, priced.tip_won, priced.payable_won) == (22_000, 3_000, 25_000)
    assert priced.orderable
    assert not priced.problems


def test_what_hinders_an_order_is_said() -> None:
    far = replace(card(), lat=37.6, menus={STEW: replace(card().menus[STEW], sold_out=True)})
    priced = quote(far, line(2), now=NOON.replace(hour=5))
    codes = {problem.code for problem in priced.problems}
    assert codes == {"sold_out", "not_deliverable", "closed", "below_minimum"}
    assert not priced.orderable


def test_a_rise_needs_consent_and_a_fall_passes_on() -> None:
    promised = quote(card(), line(2))
    for price, payable in ((8_000, 19_000), (9_000, 21_000)):
        changed = replace(card(), menus={STEW: replace(card().menus[STEW], price_won=price)})
        assert rules.honoured(promised, changed, NOON).payable_won == payable
    dearer = replace(card(), menus={STEW: replace(card().menus[STEW], price_won=9_100)})
    with pytest.raises(Problem, match="200 won more"):
        rules.honoured(promised, dearer, NOON)
    with pytest.raises(Problem, match="expired"):
        rules.honoured(promised, card(), NOON + timedelta(minutes=5))


def test_equal_lines_are_one() -> None:
    lines = rules.with_addition([line(2)], line(3))
    assert [it.quantity for it in lines] == [5]
    assert len(rules.with_addition(lines, line(1, LARGE))) == 2
    with pytest.raises(Problem, match="At most 99"):
        rules.with_addition(lines, line(95))
