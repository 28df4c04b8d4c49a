//! Suggestions in JSON.

use domain::RestaurantId;
use domain::catalogue::Suggestion;
use domain::restaurant::Category;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::CategoryWords;

/// What a text may become, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Suggestions {
    /// At most ten.
    items: Vec<SuggestionBody>,
}

/// Something that can be searched for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = Suggestion)]
pub(super) enum SuggestionBody {
    /// A kind of kitchen: list it by `category`.
    Category {
        #[schema(value_type = CategoryWords)]
        category: Category,
        /// Its name in Korean.
        #[schema(example = "치킨")]
        text: &'static str,
        /// How many restaurants near the place have it.
        restaurants: u32,
    },
    /// A restaurant.
    Restaurant {
        #[schema(value_type = Uuid)]
        id: RestaurantId,
        /// Its name.
        #[schema(example = "역삼 할머니 치킨")]
        text: String,
    },
    /// A dish: search for its name.
    Dish {
        /// Its name.
        #[schema(example = "치즈볼")]
        text: String,
        /// How many restaurants near the place have one of this name.
        restaurants: u32,
    },
}

impl From<Vec<Suggestion>> for Suggestions {
    fn from(found: Vec<Suggestion>) -> Self {
        Self { items: found.into_iter().map(SuggestionBody::from).collect() }
    }
}

impl From<Suggestion> for SuggestionBody {
    fn from(found: Suggestion) -> Self {
        match found {
            Suggestion::Category { category, restaurants } => {
                Self::Category { category, text: category.korean(), restaurants }
            }
            Suggestion::Restaurant { id, name } => Self::Restaurant { id, text: name },
            Suggestion::Dish { name, restaurants } => Self::Dish { text: name, restaurants },
        }
    }
}
