//! A small Seoul for demonstrations: restaurants with menus and pictures across the neighbourhoods, and
//! accounts for each role. Each restaurant goes the way of all: an admin registers it, its owner sets its
//! rules, uploads its menu and publishes it.
//!
//! Loading it again adds only what is missing, and does not change existing rows.

mod album;
mod kitchens;
mod plan;

use domain::auth::{Email, Recognition};
use domain::restaurant::Status;
use domain::user::AddressKind;
use domain::{ExpectedVersion, Failure, LatLon, Principal, RestaurantId, Role, UserId};

use crate::user::{NewAddress, NewUser};
use crate::{App, menu, restaurant, storefront, user};
use album::Album;
use plan::{Dice, Shop};

/// The password of every account in the demo city. It is public.
pub const PASSWORD: &str = "baedal-demo-2026";

/// The accounts: the kind as in their e-mail addresses, the kind as displayed, their number, and
/// their role.
const PEOPLE: [(&str, &str, usize, Role); 5] = [
    ("customer", "손님", 40, Role::Customer),
    ("courier", "라이더", 60, Role::Courier),
    ("owner", "사장님", 20, Role::Owner),
    ("agent", "상담원", 3, Role::Agent),
    ("operator", "관리자", 1, Role::Admin),
];

/// What a load added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// How many accounts.
    pub accounts: usize,
    /// How many restaurants, each with its menu.
    pub restaurants: usize,
}

/// The e-mail address of the n-th person of a kind, from 1.
pub fn email(kind: &str, number: usize) -> String {
    format!("{kind}-{number:02}@demo.baedal.example")
}

/// Loads the city that `seed` generates.
pub async fn load(app: &App, seed: u64) -> Result<Loaded, Failure> {
    let mut loaded = Loaded::default();
    let (mut owners, mut admin) = (Vec::new(), None);
    // One hash for all: hashing is slow by design, and the password is public.
    let hash = user::hash_password(app, PASSWORD).await?;
    for (kind, called, count, role) in PEOPLE {
        for number in 1..=count {
            let (id, is_new) = account(app, &newcomer(kind, called, number, role), &hash, role).await?;
            loaded.accounts += usize::from(is_new);
            match role {
                Role::Owner => owners.push(id),
                Role::Admin => admin = Some(id),
                Role::Customer => give_home(app, id, number).await?,
                _ => {}
            }
        }
    }
    let admin = admin.ok_or_else(|| Failure::fault("the demo city has no admin"))?;
    loaded.restaurants = open_shops(app, Dice(seed), &acting(admin, Role::Admin), &owners).await?;
    Ok(loaded)
}

/// Opens courier accounts up to the `count`-th, for load tests that need more than the demo
/// city has. Returns how many were missing.
pub async fn enlist(app: &App, count: usize) -> Result<usize, Failure> {
    let hash = user::hash_password(app, PASSWORD).await?;
    let mut missing = 0;
    for number in 1..=count {
        let new = newcomer("courier", "라이더", number, Role::Courier);
        missing += usize::from(account(app, &new, &hash, Role::Courier).await?.1);
    }
    Ok(missing)
}

/// The n-th person of a kind.
fn newcomer(kind: &str, called: &str, number: usize, role: Role) -> NewUser {
    NewUser {
        email: email(kind, number),
        password: PASSWORD.to_owned(),
        name: format!("{called} {number:02}"),
        phone: format!("010-0000-{:04}", (number + 1_000 * role as usize) % 10_000),
    }
}

/// The account, opened if it does not exist; true if it was opened.
async fn account(app: &App, new: &NewUser, hash: &str, role: Role) -> Result<(UserId, bool), Failure> {
    let email: Email = new.email.parse().map_err(Failure::fault)?;
    if let Some(known) = store::auth::recognise(&app.store, &Recognition::Email(email)).await? {
        return Ok((known.account.user, false));
    }
    let opened = user::register_hashed(app, new, hash, &[role]).await?;
    Ok((opened.id, true))
}

/// Adds an address if the customer has none.
async fn give_home(app: &App, customer: UserId, number: usize) -> Result<(), Failure> {
    let who = acting(customer, Role::Customer);
    if !user::addresses(app, &who).await?.is_empty() {
        return Ok(());
    }
    let (lat, lon) = plan::BUSY[number % plan::BUSY.len()];
    let position = LatLon::new(lat, lon).map_err(Failure::fault)?;
    let area = app.gazetteer.locate(position).map_or_else(String::new, |p| format!("{} {}", p.gu, p.dong));
    let home = NewAddress {
        label: "집".to_owned(),
        kind: AddressKind::Home,
        road_address: format!("서울 {area} {number}"),
        lot_address: String::new(),
        zip: String::new(),
        detail: format!("{}호", 100 + number),
        entrance_note: "공동현관 비밀번호 없음".to_owned(),
        position,
        is_default: Some(true),
    };
    user::add_address(app, &who, home).await.map(drop)
}

/// The person, as one of their sessions would act for them.
fn acting(person: UserId, role: Role) -> Principal {
    Principal { user: person, session: plan::id(&format!("session of {person}")), roles: vec![role] }
}

/// Opens the shops that are missing; how many these were.
async fn open_shops(app: &App, dice: Dice, admin: &Principal, owners: &[UserId]) -> Result<usize, Failure> {
    let kitchens = kitchens::kitchens().map_err(Failure::fault)?;
    let mut album = Album::new(dice);
    let mut opened = 0;
    for number in 0..plan::SHOPS {
        let shop = plan::shop(dice, &app.gazetteer, &kitchens, owners, number);
        let shop = shop.ok_or_else(|| Failure::fault("the plan of the demo city has a hole"))?;
        opened += usize::from(open_shop(app, admin, shop, &mut album).await?);
    }
    Ok(opened)
}

/// Opens a shop, unless it is open. It is published last: one of a load that was broken off goes on from
/// its registration.
async fn open_shop(app: &App, admin: &Principal, shop: Shop, album: &mut Album) -> Result<bool, Failure> {
    let Shop { owner, registration, account, rules, menu } = shop;
    let owner = acting(owner, Role::Owner);
    let category = registration.category;
    let id: RestaurantId = match named(app, &owner, &registration.name).await? {
        Some((_, status)) if status != Status::Preparing => return Ok(false),
        Some((id, _)) => id,
        None => restaurant::register(app, admin, owner.user, registration, account).await?.id,
    };
    let pictured: Vec<_> = album::pictured(&menu).map(|dish| (dish.id, dish.name.clone())).collect();
    restaurant::replace_rules(app, &owner, id, rules, &ExpectedVersion::Any).await?;
    menu::upload(app, &owner, id, menu, &ExpectedVersion::Any, false).await?;
    for (dish, name) in pictured {
        album.show(app, &owner, dish, (category, &name)).await?;
    }
    storefront::publish(app, &owner, id).await?;
    Ok(true)
}

/// The owner's restaurant of this name.
async fn named(app: &App, owner: &Principal, name: &str) -> Result<Option<(RestaurantId, Status)>, Failure> {
    let mine = restaurant::mine(app, owner).await?.into_iter().map(|(seen, _)| seen.restaurant);
    Ok(mine.filter(|one| one.name == name).map(|one| (one.id, one.status)).next())
}
