//! Names and dishes of the demo city's restaurants, from `data/demo`.

use std::collections::BTreeMap;

use domain::restaurant::Category;
use serde::Deserialize;

const KITCHENS: &str = include_str!("../../../data/demo/kitchens.json");

/// A kind of kitchen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kitchen {
    pub(super) category: Category,
    pub(super) names: Vec<String>,
    /// The minimum order amount in won.
    pub(super) minimum: i64,
    pub(super) preparation_mins: u16,
    /// The option groups of its dishes, by a short name.
    pub(super) choices: BTreeMap<String, Choices>,
    pub(super) groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choices {
    pub(super) name: String,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) unique: bool,
    pub(super) options: Vec<Answer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) name: String,
    /// In won.
    pub(super) price: i64,
    pub(super) max_quantity: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) dishes: Vec<Dish>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dish {
    pub(super) name: String,
    pub(super) description: String,
    /// In won.
    pub(super) price: i64,
    /// The short names of its option groups.
    pub(super) choices: Vec<String>,
}

/// All kinds of kitchen.
pub(super) fn kitchens() -> Result<Vec<Kitchen>, serde_json::Error> {
    serde_json::from_str(KITCHENS)
}
