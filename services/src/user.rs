//! People: signing up, their profile, their addresses.

use domain::auth::{Email, Phone, check_password};
use domain::user::{Address, AddressBook, Place, address};
use domain::{AddressId, Failure, Fault, LatLon, Principal, Refused, Role, Timestamp, UserId, fault};
use store::user::Profile;

use crate::auth::{self, Account};
use crate::{App, gazetteer};

/// Somebody who wants an account, in their own words.
#[derive(Clone)]
pub struct NewUser {
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What they are called.
    pub name: String,
    /// Their telephone number.
    pub phone: String,
}

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// What they sign in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// E.164.
    pub phone: String,
    /// What they may be.
    pub roles: Vec<Role>,
    /// Rises with each change of the profile.
    pub version: i64,
    /// When they signed up.
    pub created_at: Timestamp,
}

/// What somebody's words mean, all of them checked.
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

fn check_phone(phone: &str) -> Result<Phone, Fault> {
    phone
        .parse()
        .map_err(|error: domain::auth::NotAPhone| Fault::new("/phone", fault::NOT_A_PHONE, error.to_string()))
}

/// Signs somebody up as a customer.
pub async fn register(app: &App, new: &NewUser) -> Result<User, Failure> {
    register_with_roles(app, new, &[Role::Customer]).await
}

/// Opens an account with any roles: for the demo city and for tests. No adapter
/// offers this.
pub async fn register_with_roles(app: &App, new: &NewUser, roles: &[Role]) -> Result<User, Failure> {
    check(new)?;
    let hash = hash_password(app, &new.password).await?;
    register_hashed(app, new, &hash, roles).await
}

/// The hash of a password, to open many accounts with the same one: hashing is
/// slow on purpose.
pub async fn hash_password(app: &App, password: &str) -> Result<String, Failure> {
    app.identity.hasher.hash(password, app.ids.random()).await
}

/// [`register_with_roles`] with the password's hash at hand.
pub async fn register_hashed(app: &App, new: &NewUser, hash: &str, roles: &[Role]) -> Result<User, Failure> {
    let Checked { email, name, phone } = check(new)?;
    let now = app.now();
    let id = UserId(app.ids.uuid());
    let account = Account { user: id, password_hash: hash.to_owned(), roles: roles.to_vec() };
    let profile = Profile { id, name, phone: phone.to_string(), version: 1, created_at: now };
    let mut tx = app.store.begin().await?;
    if !auth::open_account(&mut tx, &email, &account, now).await? {
        return Err(address::email_taken().into());
    }
    store::user::insert(&mut tx, &profile).await?;
    tx.commit().await?;
    Ok(joined(profile, email.to_string(), account.roles))
}

fn joined(profile: Profile, email: String, roles: Vec<Role>) -> User {
    let Profile { id, name, phone, version, created_at } = profile;
    User { id, email, name, phone, roles, version, created_at }
}

/// The person who asks.
pub async fn me(app: &App, who: &Principal) -> Result<User, Failure> {
    let profile = profile(app, who.user).await?;
    let (email, roles) = auth::login(app, who.user).await?;
    Ok(joined(profile, email, roles))
}

/// Anybody's profile, for other nouns' use cases (a courier's name on a delivery).
pub async fn profile(app: &App, user: UserId) -> Result<Profile, Failure> {
    store::user::profile(&app.store, user).await?.ok_or_else(|| Failure::not_found("user"))
}

/// What somebody is called, if they have an account.
pub(crate) async fn name(app: &App, user: UserId) -> Result<Option<String>, Failure> {
    Ok(store::user::profile(&app.store, user).await?.map(|profile| profile.name))
}

/// Changes what is given; refused as stale if `version` is not the newest.
pub async fn change(
    app: &App,
    who: &Principal,
    version: Option<i64>,
    name: Option<&str>,
    phone: Option<&str>,
) -> Result<User, Failure> {
    let name = name.map(check_name).transpose();
    let phone = phone.map(check_phone).transpose();
    let (name, phone) = match (name, phone) {
        (Ok(name), Ok(phone)) => (name, phone),
        (name, phone) => {
            return Err(Refused::invalid([name.err(), phone.err()].into_iter().flatten().collect()).into());
        }
    };
    let phone = phone.as_ref().map(Phone::as_str);
    let changed =
        store::user::change(&app.store, who.user, version, name.as_deref(), phone, app.now()).await?;
    match changed {
        Some(profile) => {
            let (email, roles) = auth::login(app, who.user).await?;
            Ok(joined(profile, email, roles))
        }
        // Either there is nobody, or they are at another version.
        None => profile(app, who.user).await.and_then(|_| Err(Refused::stale("profile").into())),
    }
}

/// An address, in its owner's words.
#[derive(Clone, Debug)]
pub struct NewAddress {
    /// What the person calls it.
    pub label: String,
    /// The road-name address.
    pub road_address: String,
    /// Building, floor, door; may be empty.
    pub detail: String,
    /// How the courier gets in; may be empty.
    pub entrance_note: String,
    /// Where that is.
    pub position: LatLon,
    /// Whether it is used when none is named; none leaves that as it is.
    pub is_default: Option<bool>,
}

/// The address of a person, for other nouns' use cases too (a cart's quote).
pub async fn address(app: &App, user: UserId, id: AddressId) -> Result<Address, Failure> {
    let book = store::user::addresses(&app.store, user).await?;
    book.get(id).cloned().ok_or_else(|| Failure::not_found("address"))
}

/// All addresses of the person, oldest first.
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

/// Replaces an address; where `seen` is given, only if it is still at that version.
pub async fn replace_address(
    app: &App,
    who: &Principal,
    id: AddressId,
    new: NewAddress,
    seen: Option<i64>,
) -> Result<Address, Failure> {
    let is_default = new.is_default;
    let place = place(app, &new)?;
    change_book(app, who, id, |book| {
        book.check_version(id, seen)?;
        Ok(book.replace(id, place, is_default)?)
    })
    .await
}

/// Removes an address; `seen` as with [`replace_address`].
pub async fn remove_address(
    app: &App,
    who: &Principal,
    id: AddressId,
    seen: Option<i64>,
) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    let book = store::user::lock_addresses(&mut tx, who.user).await?;
    book.check_version(id, seen)?;
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

/// Checks the words, and finds the neighbourhood. Outside the city it stays
/// unknown: one may keep an address where nobody delivers yet.
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
    let detail = line("/detail", &new.detail, 100, false);
    let entrance_note = line("/entrance_note", &new.entrance_note, 200, false);
    if !faults.is_empty() {
        return Err(Refused::invalid(faults));
    }
    let found = gazetteer::locate(app, new.position);
    let (gu, dong) = found.map(|place| (place.gu, place.dong)).unzip();
    Ok(Place { label, road_address, detail, entrance_note, position: new.position, gu, dong })
}
