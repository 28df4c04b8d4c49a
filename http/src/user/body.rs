//! What the user service's requests and answers look like.

use domain::gazetteer::Place;
use domain::user::Address;
use domain::{AddressId, LatLon, Role, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::user::{NewAddress, NewUser, User};
use utoipa::{IntoParams, ToSchema};

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
    #[schema(format = "phone", example = "010-1234-5678")]
    phone: String,
}

impl From<SignUp> for NewUser {
    fn from(body: SignUp) -> Self {
        Self { email: body.email, password: body.password, name: body.name, phone: body.phone }
    }
}

/// A person with an account.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserBody {
    /// Their id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// What they sign in with, in lower case.
    email: String,
    /// What they are called.
    name: String,
    /// E.164.
    #[schema(example = "+821012345678")]
    phone: String,
    /// What they may be.
    #[schema(value_type = Vec<String>, example = json!(["customer"]))]
    roles: Vec<Role>,
    /// When they signed up.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        let User { id, email, name, phone, roles, version: _, created_at } = user;
        Self { id, email, name, phone, roles, created_at }
    }
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileChange {
    /// What the person is called.
    #[schema(format = "text", min_length = 1, max_length = 50)]
    pub(super) name: Option<String>,
    /// Their telephone number.
    #[schema(format = "phone")]
    pub(super) phone: Option<String>,
}

/// Where food goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAddress)]
pub(super) struct NewAddressBody {
    /// What the person calls it.
    #[schema(format = "text", min_length = 1, max_length = 30, example = "집")]
    label: String,
    /// The road-name address (도로명 주소).
    #[schema(format = "text", min_length = 1, max_length = 200, example = "서울특별시 강남구 테헤란로 152")]
    road_address: String,
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
        let NewAddressBody { label, road_address, detail, entrance_note, position, is_default } = body;
        Self { label, road_address, detail, entrance_note, position, is_default }
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
    /// The road-name address.
    road_address: String,
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
        let domain::user::Place { label, road_address, detail, entrance_note, position, gu, dong } = place;
        Self { id, label, road_address, detail, entrance_note, position, gu, dong, is_default }
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

/// A neighbourhood.
#[derive(Serialize, ToSchema)]
#[schema(as = Place)]
pub(super) struct PlaceBody {
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
        Self { gu: place.gu, dong: place.dong, position: place.position }
    }
}
