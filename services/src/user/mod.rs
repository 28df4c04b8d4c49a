//! Users: sign-up, profile and addresses.
//!
//! - `consent`: the documents of the law, and what people agreed to;
//! - `notification`: what they want to be notified of;
//! - `people`: people as staff see them;
//! - `photo`: their photos.

mod consent;
mod notification;
mod people;
mod photo;

pub mod social;

use std::net::IpAddr;

use domain::auth::{Email, Phone, Recognition, check_password};
use domain::lookup::PhoneEnding;
use domain::personal_data::STAFF_READS;
use domain::user::consent::{Answers, Consent};
use domain::user::{Address, AddressBook, AddressKind, MAX_NICKNAME, Place, UserReminder, Zip, address};
use domain::{
    AddressId, ExpectedVersion, Failure, Fault, LatLon, Principal, Refused, Role, Timestamp, UserId, fault,
};
use store::user::{Profile, ProfileChange};

use crate::auth::{self, Contact, NewAccount};
use crate::{App, gazetteer};

pub use consent::{answer as answer_consent, consents, documents as consent_documents};
pub use notification::{may_notify, notification_settings, replace_notification_settings};
pub use people::{
    FoundBy, Hit as PersonHit, MaskedPerson, UnmaskedPerson, accesses, accesses_of_mine, find_people,
    masked_person, unmask_person,
};
pub(crate) use people::{look, searched, unmask_customer};
pub(crate) use photo::{erase, largest as largest_photo};
pub use photo::{photo, photo_file, remove_photo, replace_photo};
pub use store::user::AccessFilter;
pub use store::user::Consents;

/// Does what is due.
pub(crate) async fn remind(app: &App, reminder: UserReminder) -> Result<(), Failure> {
    match reminder {
        UserReminder::ConsentResult { user, message } => consent::tell_result(app, user, message).await,
        UserReminder::ConsentConfirmation { user, message } => consent::confirm(app, user, message).await,
        UserReminder::PhotoUnused { photo, files } => photo::remove_files(app, photo, &files).await,
    }
}

/// A sign-up request, unchecked.
#[derive(Clone)]
pub struct NewUser {
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their name.
    pub name: String,
    /// Their telephone number.
    pub phone: String,
}

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their e-mail address; none if they came by a provider that gave none.
    pub email: Option<Email>,
    /// Whether they proved that the address is theirs.
    pub email_verified: bool,
    /// Their name.
    pub name: String,
    /// What they call themselves to others, if anything.
    pub nickname: Option<String>,
    /// Their telephone number, in E.164.
    pub phone: String,
    /// Whether they proved that the number is theirs.
    pub phone_verified: bool,
    /// Their roles.
    pub roles: Vec<Role>,
    /// Increases with each change of the profile.
    pub version: i64,
    /// When they signed up.
    pub created_at: Timestamp,
}

/// The checked fields of a sign-up request.
struct Checked {
    email: Email,
    name: String,
    phone: Phone,
}

fn check(new: &NewUser) -> Result<Checked, Refused> {
    let email = new.email.parse::<Email>();
    let (name, phone) = (check_name(&new.name), check_phone(&new.phone));
    let password = match &email {
        Ok(email) => check_password(&new.password, email).map_err(|flaw| flaw.at("/password")),
        Err(_) => Ok(()),
    };
    let email = email.map_err(|error| Fault::new("/email", fault::NOT_AN_EMAIL, error.to_string()));
    match (email, password, name, phone) {
        (Ok(email), Ok(()), Ok(name), Ok(phone)) => Ok(Checked { email, name, phone }),
        (email, password, name, phone) => {
            let faults = [email.err(), password.err(), name.err(), phone.err()];
            Err(Refused::invalid(faults.into_iter().flatten().collect()))
        }
    }
}

fn check_name(name: &str) -> Result<String, Fault> {
    domain::user::name(name)
        .ok_or_else(|| Fault::new("/name", fault::INVALID, "one line of 1 to 50 characters"))
}

/// The nickname; none if it is empty.
fn check_nickname(nickname: &str) -> Result<Option<String>, Fault> {
    if nickname.is_empty() {
        return Ok(None);
    }
    let nickname = domain::user::line(nickname, MAX_NICKNAME);
    let detail = || format!("one line of at most {MAX_NICKNAME} characters");
    nickname.map(Some).ok_or_else(|| Fault::new("/nickname", fault::INVALID, detail()))
}

fn check_phone(phone: &str) -> Result<Phone, Fault> {
    phone
        .parse()
        .map_err(|error: domain::auth::NotAPhone| Fault::new("/phone", fault::NOT_A_PHONE, error.to_string()))
}

/// Signs somebody up as a customer, with their answers to the documents of the law.
pub async fn register(app: &App, new: &NewUser, answers: &Answers) -> Result<User, Failure> {
    let consents = answers.entries(app.now());
    if let (checked, Err(missing)) = (check(new), &consents) {
        let others = checked.err().map(|refused| refused.faults).unwrap_or_default();
        return Err(Refused::invalid([others, missing.clone()].concat()).into());
    }
    let Checked { email, .. } = check(new)?;
    auth::check_new_password(app, &new.password, &email, "/password").await?;
    let hash = hash_password(app, &new.password).await?;
    open(app, new, &hash, &[Role::Customer], consents.unwrap_or_default()).await
}

/// Opens an account with any roles and the consents that it needs, for the demo city and for
/// tests. No adapter exposes this.
pub async fn register_with_roles(app: &App, new: &NewUser, roles: &[Role]) -> Result<User, Failure> {
    let Checked { email, .. } = check(new)?;
    auth::check_new_password(app, &new.password, &email, "/password").await?;
    let hash = hash_password(app, &new.password).await?;
    register_hashed(app, new, &hash, roles).await
}

/// The hash of a password, to open many accounts with the same one: hashing is slow by design.
pub async fn hash_password(app: &App, password: &str) -> Result<String, Failure> {
    app.identity.hasher.hash(password, app.ids.random()).await
}

/// [`register_with_roles`] with a precomputed password hash.
pub async fn register_hashed(app: &App, new: &NewUser, hash: &str, roles: &[Role]) -> Result<User, Failure> {
    let now = app.now();
    let consents = Answers::required(now).entries(now).map_err(Refused::invalid)?;
    open(app, new, hash, roles, consents).await
}

async fn open(
    app: &App,
    new: &NewUser,
    hash: &str,
    roles: &[Role],
    consents: Vec<Consent>,
) -> Result<User, Failure> {
    let Checked { email, name, phone } = check(new)?;
    let now = app.now();
    let id = UserId(app.ids.uuid());
    let account = NewAccount {
        user: id,
        roles,
        by: Recognition::Email(email.clone()),
        verified_at: None,
        password_hash: Some(hash),
    };
    let profile = Profile { id, name, nickname: None, phone: phone.to_string(), version: 1, created_at: now };
    let mut tx = app.store.begin().await?;
    if auth::open_account(app, &mut tx, account, now).await?.is_none() {
        return Err(address::email_taken().into());
    }
    store::user::insert(&mut tx, &profile).await?;
    consent::begin(app, &mut tx, id, consents).await?;
    tx.commit().await?;
    let roles = roles.to_vec();
    Ok(joined(profile, Contact { email: Some(email), email_verified: false, verified_phone: None, roles }))
}

fn joined(profile: Profile, contact: Contact) -> User {
    let Profile { id, name, nickname, phone, version, created_at } = profile;
    let Contact { email, email_verified, verified_phone, roles } = contact;
    let phone_verified = verified_phone.is_some_and(|verified| verified.as_str() == phone);
    User { id, email, email_verified, name, nickname, phone, phone_verified, roles, version, created_at }
}

/// The user who makes the request.
pub async fn me(app: &App, who: &Principal) -> Result<User, Failure> {
    let profile = profile(app, who.user).await?;
    Ok(joined(profile, auth::contact(app, who.user).await?))
}

/// Any user's profile, for other nouns' use cases (a courier's name on a delivery).
pub async fn profile(app: &App, user: UserId) -> Result<Profile, Failure> {
    store::user::profile(&app.store, user).await?.ok_or_else(|| Failure::not_found("user"))
}

/// A user's name, if they have a profile.
pub(crate) async fn name(app: &App, user: UserId) -> Result<Option<String>, Failure> {
    Ok(store::user::profile(&app.store, user).await?.map(|profile| profile.name))
}

/// The people whose telephone number ends with these digits, newest first. The caller writes the
/// search down ([`searched`]) before it shows anything; the digits stand nowhere.
pub(crate) async fn by_phone(app: &App, ending: &PhoneEnding, limit: u32) -> Result<Vec<UserId>, Failure> {
    Ok(store::user::by_phone_ending(&app.store, ending, limit).await?)
}

/// Drops looks of staff that are out of retention.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    let until = STAFF_READS.kept_since(app.now());
    Ok(store::user::drop_old_accesses(&app.store, until).await?)
}

/// What changes of a profile, unchecked; `None` leaves a field as it is, an empty nickname removes
/// it.
#[derive(Clone, Debug, Default)]
pub struct NewProfile {
    /// Their name.
    pub name: Option<String>,
    /// What they call themselves to others.
    pub nickname: Option<String>,
    /// Their telephone number.
    pub phone: Option<String>,
}

impl NewProfile {
    fn check(&self) -> Result<ProfileChange, Refused> {
        let name = self.name.as_deref().map(check_name).transpose();
        let nickname = self.nickname.as_deref().map(check_nickname).transpose();
        let phone = self.phone.as_deref().map(check_phone).transpose();
        match (name, nickname, phone) {
            (Ok(name), Ok(nickname), Ok(phone)) => {
                let phone = phone.map(|phone| phone.to_string());
                Ok(ProfileChange { name, nickname, phone })
            }
            (name, nickname, phone) => {
                let faults = [name.err(), nickname.err(), phone.err()];
                Err(Refused::invalid(faults.into_iter().flatten().collect()))
            }
        }
    }
}

/// Changes the fields that are given; refused as stale unless the profile is at an
/// `expected` version. A number that is not the proven one is unproven.
pub async fn change(
    app: &App,
    who: &Principal,
    expected: &ExpectedVersion,
    new: &NewProfile,
) -> Result<User, Failure> {
    change_profile(app, who, expected, &new.check()?).await
}

async fn change_profile(
    app: &App,
    who: &Principal,
    expected: &ExpectedVersion,
    change: &ProfileChange,
) -> Result<User, Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    if let Some(phone) = &change.phone {
        auth::unprove_other_phone(&mut tx, who.user, phone, now).await?;
    }
    let changed = store::user::change(&mut tx, who.user, expected, change, now).await?;
    if changed.is_some() {
        tx.commit().await?;
    }
    match changed {
        Some(profile) => Ok(joined(profile, auth::contact(app, who.user).await?)),
        // Either there is no such user, or the version differs.
        None => profile(app, who.user).await.and_then(|_| Err(Refused::stale("profile").into())),
    }
}

/// Makes the number that the code was sent to the person's, proven.
pub async fn confirm_phone(app: &App, who: &Principal, code: &str, from: IpAddr) -> Result<(), Failure> {
    let mut proven = auth::prove_phone(app, who, code, from).await?;
    store::user::set_phone(&mut proven.tx, who.user, proven.phone.as_str(), app.now()).await?;
    proven.tx.commit().await?;
    auth::announce_ended(app, &proven.ended);
    Ok(())
}

/// An address as the user enters it, unchecked.
#[derive(Clone, Debug)]
pub struct NewAddress {
    /// The user's name for it.
    pub label: String,
    /// What it is to the user.
    pub kind: AddressKind,
    /// The road-name address.
    pub road_address: String,
    /// The lot address; may be empty.
    pub lot_address: String,
    /// The zip code; may be empty.
    pub zip: String,
    /// Building, floor, door; may be empty.
    pub detail: String,
    /// How the courier gets in; may be empty.
    pub entrance_note: String,
    /// Its coordinates.
    pub position: LatLon,
    /// Whether it is the default address; none leaves that unchanged.
    pub is_default: Option<bool>,
}

/// An address of the user, for other nouns' use cases too (a cart's quote).
pub async fn address(app: &App, user: UserId, id: AddressId) -> Result<Address, Failure> {
    let book = store::user::addresses(&app.store, user).await?;
    book.get(id).cloned().ok_or_else(|| Failure::not_found("address"))
}

/// All addresses of the user, oldest first.
pub async fn addresses(app: &App, who: &Principal) -> Result<Vec<Address>, Failure> {
    Ok(store::user::addresses(&app.store, who.user).await?.addresses().to_vec())
}

/// Adds an address; the first one becomes the default.
pub async fn add_address(app: &App, who: &Principal, new: NewAddress) -> Result<Address, Failure> {
    let id = AddressId(app.ids.uuid());
    let is_default = new.is_default == Some(true);
    let address = Address { id, place: place(app, &new)?, version: 1, is_default, created_at: app.now() };
    change_book(app, who, id, |book| Ok(book.with(address)?)).await
}

/// Replaces an address. It must be at an `expected` version.
pub async fn replace_address(
    app: &App,
    who: &Principal,
    id: AddressId,
    new: NewAddress,
    expected: &ExpectedVersion,
) -> Result<Address, Failure> {
    let is_default = new.is_default;
    let place = place(app, &new)?;
    change_book(app, who, id, |book| {
        book.check_version(id, expected)?;
        Ok(book.replace(id, place, is_default)?)
    })
    .await
}

/// Removes an address; `expected` as with [`replace_address`].
pub async fn remove_address(
    app: &App,
    who: &Principal,
    id: AddressId,
    expected: &ExpectedVersion,
) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    let book = store::user::lock_addresses(&mut tx, who.user).await?;
    book.check_version(id, expected)?;
    let book = book.remove(id)?;
    store::user::keep_addresses(&mut tx, who.user, &book).await?;
    Ok(tx.commit().await?)
}

async fn change_book(
    app: &App,
    who: &Principal,
    id: AddressId,
    decide: impl FnOnce(AddressBook) -> Result<AddressBook, Failure>,
) -> Result<Address, Failure> {
    let mut tx = app.store.begin().await?;
    let book = decide(store::user::lock_addresses(&mut tx, who.user).await?)?;
    store::user::keep_addresses(&mut tx, who.user, &book).await?;
    tx.commit().await?;
    book.get(id).cloned().ok_or_else(|| Failure::not_found("address"))
}

/// Checks the fields, and looks up the neighbourhood. An address outside the city is accepted,
/// without a neighbourhood.
fn place(app: &App, new: &NewAddress) -> Result<Place, Refused> {
    let mut faults = Vec::new();
    let mut line = |pointer: &str, text: &str, max: usize, needed: bool| {
        if text.trim().is_empty() && !needed {
            return String::new();
        }
        domain::user::line(text, max).unwrap_or_else(|| {
            let least = u8::from(needed);
            faults.push(Fault::new(
                pointer,
                fault::INVALID,
                format!("one line of {least} to {max} characters"),
            ));
            String::new()
        })
    };
    let label = line("/label", &new.label, 30, true);
    let road_address = line("/road_address", &new.road_address, 200, true);
    let lot_address = line("/lot_address", &new.lot_address, 200, false);
    let detail = line("/detail", &new.detail, 100, false);
    let entrance_note = line("/entrance_note", &new.entrance_note, 200, false);
    let zip = Some(&new.zip).filter(|zip| !zip.is_empty()).map(|zip| zip.parse::<Zip>()).transpose();
    if let Err(error) = &zip {
        faults.push(Fault::new("/zip", fault::NOT_A_ZIP, error.to_string()));
    }
    if !faults.is_empty() {
        return Err(Refused::invalid(faults));
    }
    let (kind, zip) = (new.kind, zip.unwrap_or_default());
    let found = gazetteer::locate(app, new.position);
    let (gu, dong) = found.map(|place| (place.gu, place.dong)).unzip();
    Ok(Place {
        kind,
        label,
        road_address,
        lot_address,
        zip,
        detail,
        entrance_note,
        position: new.position,
        gu,
        dong,
    })
}
