//! People and restaurants for tests: a signed-in client, and a kitchen with a
//! known menu.

use domain::menu::{Card, Menu, MenuGroup, MenuOption, OptionGroup};
use domain::restaurant::{Category, Hours, Restaurant, Zone};
use domain::tip::TipPlan;
use domain::{LatLon, Role, UserId, Won};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::Service;
use services::App;
use services::user::NewUser;
use uuid::Uuid;

use crate::TestApp;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery 9";

/// Yeoksam station, where the kitchens of tests stand.
pub const YEOKSAM: (f64, f64) = (37.5006, 127.0364);

/// Somebody who asks the gateway.
#[derive(Clone)]
pub struct Person {
    http: reqwest::Client,
    url: String,
    token: String,
    /// Their account.
    pub id: UserId,
}

/// What was answered: status, body (null if none) and entity tag.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The JSON body.
    pub body: Value,
    /// The `ETag` header.
    pub etag: Option<String>,
}

impl Answer {
    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// The problem's code, if the status is this one.
    #[track_caller]
    pub fn problem(self, status: u16) -> String {
        self.expect(status)["type"].as_str().unwrap_or_default().to_owned()
    }
}

impl Person {
    /// Opens an account with a role and signs in.
    pub async fn new(app: &TestApp, role: Role) -> Self {
        let email = format!("{}@test.baedal.example", new_id().simple());
        let new = NewUser {
            email: email.clone(),
            password: PASSWORD.into(),
            name: "시험".into(),
            phone: "010-2345-6789".into(),
        };
        let user = services::user::register_with_roles(app.app(), &new, &[role]).await.expect("an account");
        Self { id: user.id, ..Self::sign_in(app, &email, PASSWORD).await }
    }

    /// Signs in with an account that is there.
    pub async fn sign_in(app: &TestApp, email: &str, password: &str) -> Self {
        let url = app.url(Service::Gateway);
        let nobody = UserId(Uuid::nil());
        let mut person = Self { http: reqwest::Client::new(), url, token: String::new(), id: nobody };
        let account = json!({ "email": email, "password": password });
        let tokens = person.post("/v1/auth/sign-in", account).await.expect(200);
        let text = |field: &str| tokens[field].as_str().expect("a text").to_owned();
        person.token = text("access_token");
        person.id = text("user_id").parse().expect("an id");
        person
    }

    /// The same person, asking another server.
    pub fn at(&self, address: std::net::SocketAddr) -> Self {
        Self { url: format!("http://{address}"), ..self.clone() }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// POST of something that may be no JSON at all.
    pub async fn post_raw(&self, path: &str, body: Vec<u8>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        answer(request.body(body)).await
    }

    /// A request with the person's token, to be completed.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path);
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
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

/// Sends a request and reads the answer.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let text = response.text().await.expect("a body");
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    Answer { status, body, etag }
}

fn new_id() -> Uuid {
    domain::Ids::uuid(&server::ambient::RandomIds)
}

fn id<T: From<Uuid>>() -> T {
    new_id().into()
}

/// A kitchen at Yeoksam station, always open, with a minimum of 15,000 won, a tip
/// of 3,000 won and a reach of 3 km. Change what the story needs, then [`open`] it.
pub fn kitchen(owner: UserId, name: &str) -> Restaurant {
    Restaurant {
        id: id(),
        owner,
        name: name.into(),
        category: Category::Chicken,
        phone: "02-0000-0000".into(),
        position: LatLon::new(YEOKSAM.0, YEOKSAM.1).expect("a place"),
        gu: "강남구".into(),
        dong: "역삼동".into(),
        minimum_order: Won(15_000),
        tip: TipPlan::flat(Won(3_000)),
        hours: Hours::always(),
        zones: vec![Zone::Radius { metres: 3_000 }],
        preparation_mins: 20,
        paused_until: None,
    }
}

/// A card of one dish of that name for 9,000 won, which asks for one of two tastes (0
/// and 500 won) and allows up to three extras of 1,000 won.
pub fn card(restaurant: &Restaurant, dish: &str) -> Card {
    let option = |name: &str, price, max_quantity| MenuOption {
        id: id(),
        name: name.into(),
        price: Won(price),
        max_quantity,
        sold_out: false,
    };
    let group = |name: &str, min, max, unique, options| OptionGroup {
        id: id(),
        name: name.into(),
        min,
        max,
        unique,
        options,
    };
    let menu = Menu {
        id: id(),
        name: dish.into(),
        description: String::new(),
        price: Won(9_000),
        sold_out: false,
        option_groups: vec![
            group("맛", 1, 1, true, vec![option("순한맛", 0, 1), option("매운맛", 500, 1)]),
            group("추가", 0, 3, false, vec![option("치즈", 1_000, 3)]),
        ],
    };
    let groups = vec![MenuGroup { id: id(), name: "메뉴".into(), menus: vec![menu] }];
    Card { restaurant_id: restaurant.id, version: 1, groups }
}

/// Opens a restaurant with its card, or changes it to this.
pub async fn open(app: &App, restaurant: &Restaurant, card: &Card) {
    let mut tx = app.store.begin().await.expect("a transaction");
    store::restaurant::save(&mut tx, restaurant).await.expect("the restaurant is saved");
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
