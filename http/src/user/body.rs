//! Request and response bodies of the user service.

use domain::gazetteer::Place;
use domain::user::consent::Answers;
use domain::user::{Address, AddressKind};
use domain::{AddressId, LatLon, Role, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::geocoding::FoundAddress;
use services::user::{NewAddress, NewProfile, NewUser, User};
use utoipa::{IntoParams, ToSchema};

use super::consent::SignUpConsents;
use crate::kit::Position;

/// Somebody who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignUp {
    /// What they will sign in with.
    #[schema(format = "email", max_length = 254, example = "minji@example.com")]
    email: String,
    /// Not among the first that anybody would try.
    #[schema(format = "password", min_length = 8, max_length = 128, example = "한강에서 치킨을")]
    password: String,
    /// What they are called.
    #[schema(format = "text", min_length = 1, max_length = 50, example = "김민지")]
    name: String,
    /// Korean as people write it, or international with `+`.
    #[schema(
        format = "phone",
        pattern = r"^(0[0-9]([ .-]?[0-9]){7,9}|\+[1-9]([ .-]?[0-9]){9,11})$",
        example = "010-1234-5678"
    )]
    phone: String,
    /// What they agree to.
    #[serde(default)]
    #[schema(required)]
    consents: SignUpConsents,
}

impl From<SignUp> for (NewUser, Answers) {
    fn from(body: SignUp) -> Self {
        let SignUp { email, password, name, phone, consents } = body;
        (NewUser { email, password, name, phone }, consents.into())
    }
}

/// A person with an account.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserBody {
    /// Their id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// Their e-mail address, in lower case; none if they came by a provider that gave none.
    email: Option<String>,
    /// Whether they proved that the address is theirs.
    email_verified: bool,
    /// What they are called.
    name: String,
    /// What they call themselves to others; null if nothing.
    nickname: Option<String>,
    /// E.164.
    #[schema(example = "+821012345678")]
    phone: String,
    /// Whether they proved that the number is theirs.
    phone_verified: bool,
    /// What they may be.
    #[schema(value_type = Vec<String>, example = json!(["customer"]))]
    roles: Vec<Role>,
    /// When they signed up.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        let User {
            id, email, email_verified, name, nickname, phone, phone_verified, roles, created_at, ..
        } = user;
        let email = email.map(|email| email.to_string());
        Self { id, email, email_verified, name, nickname, phone, phone_verified, roles, created_at }
    }
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileChange {
    /// What the person is called.
    #[schema(format = "text", min_length = 1, max_length = 50)]
    name: Option<String>,
    /// What they call themselves to others; empty removes it.
    #[schema(format = "text", max_length = 20, example = "치킨요정")]
    nickname: Option<String>,
    /// Their telephone number.
    #[schema(format = "phone", pattern = r"^(0[0-9]([ .-]?[0-9]){7,9}|\+[1-9]([ .-]?[0-9]){9,11})$")]
    phone: Option<String>,
}

impl From<ProfileChange> for NewProfile {
    fn from(body: ProfileChange) -> Self {
        let ProfileChange { name, nickname, phone } = body;
        Self { name, nickname, phone }
    }
}

/// What an address is to its person. It exists for its schema; domain's AddressKind is what travels.
#[derive(ToSchema)]
#[schema(as = AddressKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema")]
pub(super) enum AddressKindName {
    /// Where they live.
    Home,
    /// Where they work.
    Work,
    /// Anything else.
    Other,
}

/// The six digits that were sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeBody {
    /// Spaces and hyphens between the digits do not matter.
    #[schema(pattern = "^[0-9 -]{6,20}$", example = "314159")]
    pub(super) code: String,
}

/// A telephone number to prove.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPhone {
    /// A Korean mobile number.
    #[schema(format = "phone", pattern = r"^(0|\+82[ .-]?)10([ .-]?[0-9]){8}$", example = "010-1234-5678")]
    pub(super) phone: String,
}

/// Another e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEmail {
    /// The address.
    #[schema(format = "email", max_length = 254, example = "minji@example.org")]
    pub(super) email: String,
}

/// Where food goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAddress)]
pub(super) struct NewAddressBody {
    /// What the person calls it.
    #[schema(format = "text", min_length = 1, max_length = 30, example = "집")]
    label: String,
    /// What it is to the person; `other` if left out.
    #[serde(default)]
    #[schema(value_type = AddressKindName, example = "home")]
    kind: AddressKind,
    /// The road-name address (도로명 주소).
    #[schema(format = "text", min_length = 1, max_length = 200, example = "서울특별시 강남구 테헤란로 152")]
    road_address: String,
    /// The lot address (지번 주소).
    #[serde(default)]
    #[schema(format = "text", max_length = 200, example = "서울특별시 강남구 역삼동 737")]
    lot_address: String,
    /// The zip code, five digits.
    #[serde(default)]
    #[schema(pattern = r"^([0-9]{5})?$", example = "06236")]
    zip: String,
    /// Building, floor, door.
    #[serde(default)]
    #[schema(format = "text", max_length = 100, example = "3층 301호")]
    detail: String,
    /// How the courier gets in.
    #[serde(default)]
    #[schema(format = "text", max_length = 200, example = "공동현관 #1234")]
    entrance_note: String,
    /// Where that is.
    #[schema(value_type = Position)]
    position: LatLon,
    /// Whether it is used when none is named; left out, that stays as it is.
    is_default: Option<bool>,
}

impl From<NewAddressBody> for NewAddress {
    fn from(body: NewAddressBody) -> Self {
        let NewAddressBody {
            label,
            kind,
            road_address,
            lot_address,
            zip,
            detail,
            entrance_note,
            position,
            is_default,
        } = body;
        Self { label, kind, road_address, lot_address, zip, detail, entrance_note, position, is_default }
    }
}

/// One of a person's addresses.
#[derive(Serialize, ToSchema)]
#[schema(as = Address)]
pub(super) struct AddressBody {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: AddressId,
    /// What the person calls it.
    label: String,
    /// What it is to the person.
    #[schema(value_type = AddressKindName)]
    kind: AddressKind,
    /// The road-name address.
    road_address: String,
    /// The lot address; empty if not known.
    lot_address: String,
    /// The zip code; null if not known.
    zip: Option<String>,
    /// Building, floor, door.
    detail: String,
    /// How the courier gets in.
    entrance_note: String,
    /// Where that is.
    #[schema(value_type = Position)]
    position: LatLon,
    /// The district (구); null outside the city.
    gu: Option<String>,
    /// The legal neighbourhood (법정동); null outside the city.
    dong: Option<String>,
    /// Whether it is used when none is named.
    is_default: bool,
}

impl From<Address> for AddressBody {
    fn from(address: Address) -> Self {
        let Address { id, place, version: _, is_default, created_at: _ } = address;
        let domain::user::Place {
            kind,
            label,
            road_address,
            lot_address,
            zip,
            detail,
            entrance_note,
            position,
            gu,
            dong,
        } = place;
        let zip = zip.map(|zip| zip.as_str().to_owned());
        Self {
            id,
            label,
            kind,
            road_address,
            lot_address,
            zip,
            detail,
            entrance_note,
            position,
            gu,
            dong,
            is_default,
        }
    }
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// A part of a name, with or without its district.
    #[param(max_length = 100, example = "역삼동")]
    pub(super) q: String,
}

/// Which neighbourhoods: by name, or by code.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PlaceSearch {
    /// A part of a name, with or without its district.
    #[param(max_length = 100, example = "역삼동")]
    pub(super) q: Option<String>,
    /// Codes, separated by commas; unknown ones are left out.
    #[param(max_length = 5_000, pattern = "^[0-9]{1,9}(,[0-9]{1,9})*$", example = "11680101,11680103")]
    pub(super) codes: Option<String>,
}

/// A neighbourhood.
#[derive(Serialize, ToSchema)]
#[schema(as = Place)]
pub(super) struct PlaceBody {
    /// The code of the legal neighbourhood, eight digits.
    code: u32,
    /// The district (구).
    gu: String,
    /// The legal neighbourhood (법정동).
    dong: String,
    /// A point within it.
    #[schema(value_type = Position)]
    position: LatLon,
}

impl From<Place> for PlaceBody {
    fn from(place: Place) -> Self {
        Self { code: place.code.0, gu: place.gu, dong: place.dong, position: place.position }
    }
}

/// An address that was found.
#[derive(Serialize, ToSchema)]
#[schema(as = FoundAddress)]
pub(super) struct FoundAddressBody {
    /// The road-name address.
    road_address: String,
    /// The lot address; empty if not known.
    lot_address: String,
    /// The zip code; null if not known.
    zip: Option<String>,
    /// Where that is.
    #[schema(value_type = Position)]
    position: LatLon,
}

impl From<FoundAddress> for FoundAddressBody {
    fn from(found: FoundAddress) -> Self {
        let FoundAddress { road_address, lot_address, zip, position } = found;
        let zip = zip.map(|zip| zip.as_str().to_owned());
        Self { road_address, lot_address, zip, position }
    }
}
