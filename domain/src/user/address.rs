//! A person's delivery addresses: at most 20, of which exactly one is the default
//! unless there are none.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AddressId, ExpectedVersion, LatLon, Refusal, Refused, Timestamp};

/// The most addresses that a person may keep.
pub const MAX_ADDRESSES: usize = 20;

/// What an address is to its person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// Where they live.
    Home,
    /// Where they work.
    Work,
    /// Anything else.
    #[default]
    Other,
}

impl AddressKind {
    /// Its name, as in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Work => "work",
            Self::Other => "other",
        }
    }

    /// The kind with that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Home, Self::Work, Self::Other].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A Korean zip code (기초구역번호): five digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zip(String);

/// The text is not a zip code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a zip code has five digits")]
pub struct NotAZip;

impl Zip {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Zip {
    type Err = NotAZip;

    fn from_str(text: &str) -> Result<Self, NotAZip> {
        let text = text.trim();
        let good = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        if good { Ok(Self(text.to_owned())) } else { Err(NotAZip) }
    }
}

/// A delivery address without its identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// What it is to the person.
    pub kind: AddressKind,
    /// The person's name for it ("집", "회사").
    pub label: String,
    /// The road-name address (도로명 주소).
    pub road_address: String,
    /// The lot address (지번 주소); empty if not known.
    pub lot_address: String,
    /// The zip code, if known.
    pub zip: Option<Zip>,
    /// Building, floor, door.
    pub detail: String,
    /// How the courier gets in (door code, bell).
    pub entrance_note: String,
    /// Its coordinate.
    pub position: LatLon,
    /// The district (구), if known.
    pub gu: Option<String>,
    /// The legal neighbourhood (법정동), if known.
    pub dong: Option<String>,
}

/// One of a person's addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// The address itself.
    pub place: Place,
    /// Starts at 1 and rises with each change.
    pub version: i64,
    /// Whether it is used when a request names no address.
    pub is_default: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Why a change of the address book is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRefusal {
    /// There are 20 already.
    TooMany,
    /// The address is at a different version than the caller expects.
    Stale,
    /// There is no such address.
    NotFound,
    /// Some address must be the default.
    DefaultNeeded,
}

impl Refusal for AddressRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::TooMany => too_many_addresses(MAX_ADDRESSES),
            Self::Stale => Refused::stale("address"),
            Self::NotFound => Refused::not_found("address"),
            Self::DefaultNeeded => default_address_needed(),
        }
    }
}

crate::refusals! {
    pub email_taken() => Conflict "user.email_taken":
        "이미 가입된 이메일이에요. 로그인해 주세요.", "There is an account with this e-mail. Please sign in.";
    too_many_addresses(max) => Rule "user.too_many_addresses":
        "주소는 {max}개까지 저장할 수 있어요. 하나를 삭제해 주세요.",
        "At most {max} addresses can be kept. Please remove one.";
    default_address_needed() => Rule "user.default_address_needed":
        "기본 주소가 하나 필요해요. 다른 주소를 기본으로 정해 주세요.",
        "One address must be the default. Choose another one first.";
}

/// All addresses of one person, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddressBook(Vec<Address>);

impl AddressBook {
    /// Builds the book from stored addresses, which must be ordered oldest first.
    pub fn of(addresses: Vec<Address>) -> Self {
        Self(addresses)
    }

    /// All addresses, oldest first.
    pub fn addresses(&self) -> &[Address] {
        &self.0
    }

    /// One address.
    pub fn get(&self, id: AddressId) -> Option<&Address> {
        self.0.iter().find(|address| address.id == id)
    }

    /// Adds an address. The first one always becomes the default.
    pub fn with(mut self, mut new: Address) -> Result<Self, AddressRefusal> {
        if self.0.len() >= MAX_ADDRESSES {
            return Err(AddressRefusal::TooMany);
        }
        new.is_default |= self.0.is_empty();
        let (id, is_default) = (new.id, new.is_default);
        self.0.push(new);
        Ok(if is_default { self.with_default(id) } else { self })
    }

    /// Checks that the address is at an `expected` version.
    pub fn check_version(&self, id: AddressId, expected: &ExpectedVersion) -> Result<(), AddressRefusal> {
        let address = self.get(id).ok_or(AddressRefusal::NotFound)?;
        if expected.allows(address.version) { Ok(()) } else { Err(AddressRefusal::Stale) }
    }

    /// Replaces the content of an address; `is_default: None` leaves the default unchanged.
    pub fn replace(
        mut self,
        id: AddressId,
        place: Place,
        is_default: Option<bool>,
    ) -> Result<Self, AddressRefusal> {
        let address = self.0.iter_mut().find(|address| address.id == id).ok_or(AddressRefusal::NotFound)?;
        if address.is_default && is_default == Some(false) {
            return Err(AddressRefusal::DefaultNeeded);
        }
        address.version += i64::from(address.place != place);
        address.place = place;
        Ok(if is_default == Some(true) { self.with_default(id) } else { self })
    }

    /// Removes an address. If it was the default, the newest remaining one becomes it.
    pub fn remove(mut self, id: AddressId) -> Result<Self, AddressRefusal> {
        let index = self.0.iter().position(|address| address.id == id).ok_or(AddressRefusal::NotFound)?;
        let removed = self.0.remove(index);
        match self.0.last().map(|newest| newest.id) {
            Some(newest) if removed.is_default => Ok(self.with_default(newest)),
            _ => Ok(self),
        }
    }

    fn with_default(mut self, id: AddressId) -> Self {
        for address in &mut self.0 {
            let is_default = address.id == id;
            address.version += i64::from(address.is_default != is_default);
            address.is_default = is_default;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn place() -> Place {
        Place {
            kind: AddressKind::Home,
            lot_address: String::new(),
            zip: None,
            label: "집".into(),
            road_address: "서울특별시 강남구 테헤란로 1".into(),
            detail: String::new(),
            entrance_note: String::new(),
            position: LatLon::new(37.5, 127.03).unwrap(),
            gu: None,
            dong: None,
        }
    }

    fn id(n: u8) -> AddressId {
        AddressId(Uuid::from_u128(u128::from(n)))
    }

    fn address(n: u8, is_default: bool) -> Address {
        Address { id: id(n), place: place(), version: 1, is_default, created_at: Timestamp::default() }
    }

    #[derive(Clone, Debug)]
    enum Move {
        Add(u8, bool),
        Replace(u8, Option<bool>),
        Remove(u8),
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let one = prop_oneof![
            3 => (any::<u8>(), any::<bool>()).prop_map(|(n, is_default)| Move::Add(n, is_default)),
            1 => (any::<u8>(), any::<Option<bool>>()).prop_map(|(n, is_default)| Move::Replace(n, is_default)),
            1 => any::<u8>().prop_map(Move::Remove),
        ];
        prop::collection::vec(one, 0..80)
    }

    proptest! {
        #[test]
        fn exactly_one_address_is_the_default_when_there_is_any(moves in moves()) {
            let mut book = AddressBook::default();
            for one in moves {
                let next = match one {
                    Move::Add(n, _) if book.get(id(n)).is_some() => continue,
                    Move::Add(n, is_default) => book.clone().with(address(n, is_default)),
                    Move::Replace(n, is_default) => book.clone().replace(id(n), place(), is_default),
                    Move::Remove(n) => book.clone().remove(id(n)),
                };
                book = next.unwrap_or(book);
                let defaults = book.addresses().iter().filter(|address| address.is_default).count();
                prop_assert_eq!(defaults, usize::from(!book.addresses().is_empty()));
                prop_assert!(book.addresses().len() <= MAX_ADDRESSES);
            }
        }
    }

    #[test]
    fn a_zip_code_is_five_digits() {
        assert_eq!(" 06236 ".parse::<Zip>().unwrap().as_str(), "06236");
        for text in ["", "6236", "062361", "06-36", "０６２３６", "o6236", "06236\n1"] {
            assert_eq!(text.parse::<Zip>(), Err(NotAZip), "{text:?}");
        }
    }

    #[test]
    fn each_change_of_an_address_raises_its_version_and_no_other() {
        let book = AddressBook::default().with(address(1, true)).unwrap().with(address(2, false)).unwrap();
        let versions = |book: &AddressBook| [1, 2].map(|n| book.get(id(n)).unwrap().version);
        assert_eq!(versions(&book), [1, 1]);
        let same = book.clone().replace(id(1), place(), None).unwrap();
        assert_eq!(versions(&same), [1, 1], "nothing changed");
        let moved = book.replace(id(2), Place { detail: "2층".into(), ..place() }, Some(true)).unwrap();
        assert_eq!(versions(&moved), [2, 3], "one lost the default; the other got it, and a floor");
        assert_eq!(moved.check_version(id(2), &ExpectedVersion::OneOf(vec![1])), Err(AddressRefusal::Stale));
        assert_eq!(moved.check_version(id(2), &ExpectedVersion::OneOf(vec![1, 3])), Ok(()));
    }

    #[test]
    fn the_default_is_moved_never_dropped() {
        let book = AddressBook::default().with(address(1, false)).unwrap().with(address(2, true)).unwrap();
        assert!(book.get(id(2)).unwrap().is_default);
        let refused = book.clone().replace(id(2), place(), Some(false));
        assert_eq!(refused, Err(AddressRefusal::DefaultNeeded));
        assert!(book.remove(id(2)).unwrap().get(id(1)).unwrap().is_default);
    }
}
