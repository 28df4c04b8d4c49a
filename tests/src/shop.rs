//! People and restaurants for tests: a signed-in client, and a kitchen with a
//! known menu.

use std::net::SocketAddr;
use std::ops::Deref;

use domain::menu::{Card, Menu, MenuGroup, MenuOption, OptionGroup};
use domain::restaurant::{Category, Hours, Restaurant, Rules, Status, Zone};
use domain::tip::TipPlan;
use domain::{LatLon, Role, UserId, Won};
use serde_json::{Value, json};
use server::Service;
use services::App;
use uuid::Uuid;

use crate::TestApp;
use crate::rest::{Person, Rest};

/// Yeoksam station, where the kitchens of tests stand.
pub const YEOKSAM: (f64, f64) = (37.5006, 127.0364);

/// Somebody who asks the gateway.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Their account.
    pub id: UserId,
    email: String,
    rest: Rest,
}

impl Deref for Guest {
    type Target = Rest;

    fn deref(&self) -> &Rest {
        &self.rest
    }
}

impl Guest {
    /// Opens an account with a role and signs in.
    pub async fn new(app: &TestApp, role: Role) -> Self {
        let person = app.person(&new_id().simple().to_string(), &[role]).await;
        Self::signed_in(app, &person)
    }

    /// Who is signed in already.
    pub fn signed_in(app: &TestApp, person: &Person) -> Self {
        let (id, rest) = (person.id.parse().expect("an id"), app.rest_as(Service::Gateway, person));
        Self { id, email: person.email.clone(), rest }
    }

    /// The same person, signed in anew: after a time that no token outlives.
    pub async fn again(&self, app: &TestApp) -> Self {
        Self::signed_in(app, &app.sign_in(&self.email).await)
    }

    /// The same person, asking another server.
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { rest: self.rest.at(format!("http://{address}")), ..self.clone() }
    }

    /// Saves an address at a place; returns its id.
    pub async fn live_at(&self, (lat, lon): (f64, f64)) -> String {
        let address = json!({
            "label": "집", "road_address": "서울 강남구 테헤란로 1", "detail": "101호", "entrance_note": "",
            "position": { "lat": lat, "lon": lon }, "is_default": true,
        });
        let address = self.post("/v1/users/me/addresses", address).await.expect(201);
        address["id"].as_str().expect("an id").to_owned()
    }
}

fn new_id() -> Uuid {
    domain::Ids::uuid(&server::system::OsRandom)
}

fn id<T: From<Uuid>>() -> T {
    new_id().into()
}

/// A kitchen at Yeoksam station, always open, with a minimum of 15,000 won, a tip
/// of 3,000 won and a reach of 3 km. Change what the story needs, then [`open`] it.
pub fn kitchen(owner: UserId, name: &str) -> Restaurant {
    Restaurant {
        id: id(),
        version: 0,
        owner,
        status: Status::Published,
        name: name.into(),
        category: Category::Chicken,
        tags: Vec::new(),
        introduction: String::new(),
        notice: String::new(),
        phone: "02-0000-0000".into(),
        position: LatLon::new(YEOKSAM.0, YEOKSAM.1).expect("a place"),
        gu: "강남구".into(),
        dong: "역삼동".into(),
        seller: None,
        rules: Rules {
            minimum_order: Won(15_000),
            tip: TipPlan::flat(Won(3_000)),
            hours: Hours::always(),
            zones: vec![Zone::Radius { metres: 3_000 }],
            ..Rules::none()
        },
        paused_until: None,
        busy: None,
    }
}

/// A card of one dish of that name for 9,000 won, which asks for one of two tastes (0
/// and 500 won) and allows up to three extras of 1,000 won.
pub fn card(restaurant: &Restaurant, dish: &str) -> Card {
    let option = |name: &str, price, max_quantity| MenuOption {
        max_quantity,
        ..MenuOption::new(id(), name, Won(price))
    };
    let group = |name: &str, min, max, unique, options| OptionGroup {
        min,
        max,
        unique,
        options,
        ..OptionGroup::new(id(), name)
    };
    let menu = Menu {
        option_groups: vec![
            group("맛", 1, 1, true, vec![option("순한맛", 0, 1), option("매운맛", 500, 1)]),
            group("추가", 0, 3, false, vec![option("치즈", 1_000, 3)]),
        ],
        ..Menu::new(id(), dish, Won(9_000))
    };
    let groups = vec![MenuGroup::new(id(), "메뉴", vec![menu])];
    Card { restaurant_id: restaurant.id, version: 1, groups }
}

/// Opens a restaurant with its card, or changes it to this.
pub async fn open(app: &App, restaurant: &Restaurant, card: &Card) {
    let stands = store::restaurant::load(&app.store, restaurant.id).await.expect("the restaurant is read");
    let version = stands.map_or(0, |stands| stands.version);
    let restaurant = Restaurant { version, ..restaurant.clone() };
    let mut tx = app.store.begin().await.expect("a transaction");
    store::restaurant::save(&mut tx, &restaurant).await.expect("the restaurant is saved");
    store::menu::replace(&mut tx, card).await.expect("the menu is saved");
    tx.commit().await.expect("a commit");
}

/// A line that the card's dish can be had as: mild, without extras.
pub fn mild(card: &Card, quantity: u32) -> Value {
    let menu = card.menus().next().expect("a dish");
    json!({
        "restaurant_id": card.restaurant_id,
        "menu_id": menu.id,
        "quantity": quantity,
        "options": [{ "option_id": menu.option_groups[0].options[0].id, "quantity": 1 }],
    })
}
