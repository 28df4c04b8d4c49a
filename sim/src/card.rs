//! What owners save of their restaurant: a card by their own ids, and rules.

use serde_json::{Value, json};

/// A card of so many dishes in ten groups, each with a choice of two options; `price` in won.
pub fn large(dishes: usize, price: i64) -> Value {
    let dish = |number: usize| {
        json!({
            "external_id": format!("m{number}"), "name": format!("메뉴 {number}"), "price_won": price,
            "option_groups": [{
                "external_id": "size", "name": "크기", "min": 1, "max": 1,
                "options": [
                    { "external_id": "s", "name": "보통", "is_default": true },
                    { "external_id": "l", "name": "곱빼기", "price_won": 2_000 },
                ],
            }],
        })
    };
    let group = |number: usize| {
        let menus: Vec<Value> = (number..dishes).step_by(10).map(dish).collect();
        json!({ "external_id": format!("g{number}"), "name": format!("분류 {number}"), "menus": menus })
    };
    json!({ "groups": (0..10).map(group).collect::<Vec<_>>() })
}

/// Rules of a restaurant that is always open, delivers 3 km around and asks for 3,000 won, for less than
/// 20,000 won of food.
pub fn rules() -> Value {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let all_day = week.map(|day| json!({ "weekday": day, "from_min": 0, "to_min": 1_440 }));
    json!({
        "minimum_order_won": 12_000,
        "tip": {
            "tiers": [{ "from_won": 0, "tip_won": 3_000 }, { "from_won": 20_000, "tip_won": 1_000 }],
            "distance": { "base_m": 1_000, "step_m": 500, "step_won": 500 },
            "dongs": [], "times": [], "holiday_won": 0,
        },
        "hours": {
            "ranges": all_day, "breaks": [], "closings": [], "closed_on_holidays": false, "special_days": [],
        },
        "zones": [{ "kind": "radius", "metres": 3_000 }],
        "exclusions": [],
        "preparation": { "usual_mins": 20, "times": [] },
        "takes_pickup": true,
        "accepts_automatically": false,
        "orders_per_slot": null,
    })
}
