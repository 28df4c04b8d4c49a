//! A card as owners upload it, by their own ids.

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
