//! The kinds of food that restaurants serve.

use serde::{Deserialize, Serialize};

/// The kind of food it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 치킨
    Chicken,
    /// 피자
    Pizza,
    /// 중식
    Chinese,
    /// 한식
    Korean,
    /// 일식·돈까스
    Japanese,
    /// 분식
    Snack,
    /// 버거
    Burger,
    /// 족발·보쌈
    Jokbal,
    /// 양식
    Western,
    /// 아시안
    Asian,
    /// 카페·디저트
    Cafe,
    /// 야식
    LateNight,
}

impl Category {
    /// All of them, in display order.
    pub const ALL: [Category; 12] = [
        Category::Chicken,
        Category::Pizza,
        Category::Chinese,
        Category::Korean,
        Category::Japanese,
        Category::Snack,
        Category::Burger,
        Category::Jokbal,
        Category::Western,
        Category::Asian,
        Category::Cafe,
        Category::LateNight,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Chicken => "chicken",
            Category::Pizza => "pizza",
            Category::Chinese => "chinese",
            Category::Korean => "korean",
            Category::Japanese => "japanese",
            Category::Snack => "snack",
            Category::Burger => "burger",
            Category::Jokbal => "jokbal",
            Category::Western => "western",
            Category::Asian => "asian",
            Category::Cafe => "cafe",
            Category::LateNight => "late_night",
        }
    }

    /// The name in Korean, which search matches too.
    pub fn korean(self) -> &'static str {
        match self {
            Category::Chicken => "치킨",
            Category::Pizza => "피자",
            Category::Chinese => "중식",
            Category::Korean => "한식",
            Category::Japanese => "일식·돈까스",
            Category::Snack => "분식",
            Category::Burger => "버거",
            Category::Jokbal => "족발·보쌈",
            Category::Western => "양식",
            Category::Asian => "아시안",
            Category::Cafe => "카페·디저트",
            Category::LateNight => "야식",
        }
    }
}

impl std::str::FromStr for Category {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Category::ALL.into_iter().find(|category| category.as_str() == name).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_survives_being_written_and_read() {
        for category in Category::ALL {
            assert_eq!(category.as_str().parse(), Ok(category));
            assert_eq!(serde_json::to_value(category).unwrap(), category.as_str());
        }
    }
}
