//! What the law and the customer want to know of a dish: its kind, where its ingredients come
//! from, and its allergens.

use serde::{Deserialize, Serialize};

/// What a dish is, as far as rules differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Food and soft drinks.
    #[default]
    Food,
    /// Packaged alcohol, for adults only.
    Alcohol,
    /// Disposable cutlery, cups and the like.
    Disposable,
}

/// Where an ingredient comes from (원산지).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The ingredient ("닭고기").
    pub ingredient: String,
    /// Where it comes from ("국내산").
    pub origin: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(name: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name).ok_or(())
            }
        }
    };
}

words! {
    /// A food that must be named on the label: the 22 of 식품 등의 표시·광고에 관한 법률 시행규칙
    /// 별표 2 (알레르기 유발물질), where shellfish names oyster, abalone and mussel.
    Allergen {
        /// 알류 (가금류).
        Egg = "egg",
        /// 우유.
        Milk = "milk",
        /// 메밀.
        Buckwheat = "buckwheat",
        /// 땅콩.
        Peanut = "peanut",
        /// 대두.
        Soybean = "soybean",
        /// 밀.
        Wheat = "wheat",
        /// 고등어.
        Mackerel = "mackerel",
        /// 게.
        Crab = "crab",
        /// 새우.
        Shrimp = "shrimp",
        /// 돼지고기.
        Pork = "pork",
        /// 복숭아.
        Peach = "peach",
        /// 토마토.
        Tomato = "tomato",
        /// 아황산류.
        Sulfite = "sulfite",
        /// 호두.
        Walnut = "walnut",
        /// 닭고기.
        Chicken = "chicken",
        /// 쇠고기.
        Beef = "beef",
        /// 오징어.
        Squid = "squid",
        /// 조개류.
        Shellfish = "shellfish",
        /// 굴.
        Oyster = "oyster",
        /// 전복.
        Abalone = "abalone",
        /// 홍합.
        Mussel = "mussel",
        /// 잣.
        PineNut = "pine_nut",
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Food, Self::Alcohol, Self::Disposable];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Food => "food",
            Self::Alcohol => "alcohol",
            Self::Disposable => "disposable",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_22_allergens_with_the_same_names_everywhere() {
        assert_eq!(Allergen::ALL.len(), 22);
        for allergen in Allergen::ALL {
            assert_eq!(serde_json::to_value(allergen).unwrap(), allergen.as_str());
            assert_eq!(allergen.as_str().parse(), Ok(*allergen));
        }
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
