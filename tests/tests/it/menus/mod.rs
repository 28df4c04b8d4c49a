//! Menus: owners edit and upload them, portions are limited, pictures are shown.

mod edit;
mod pictures;
mod stock;
mod upload;

use domain::Role;
use domain::menu::Card;
use reqwest::Method;
use serde_json::Value;
use server::Service;
use tests::TestApp;
use tests::rest::{Answer, Rest, answer};
use tests::shop::{Guest, card, kitchen, open};

/// An owner with an open kitchen and its card of one dish.
struct Shop {
    owner: Guest,
    card: Card,
}

impl Shop {
    async fn open(app: &TestApp) -> Self {
        let owner = Guest::new(app, Role::Owner).await;
        let kitchen = kitchen(owner.id, "역삼 치킨");
        let card = card(&kitchen, "후라이드");
        open(app.app(), &kitchen, &card).await;
        Self { owner, card }
    }

    /// A path below the restaurant.
    fn path(&self, below: &str) -> String {
        format!("/v1/restaurants/{}/{below}", self.card.restaurant_id)
    }

    /// The dish of the kitchen.
    fn dish(&self) -> String {
        format!("/v1/menus/{}", self.card.menus().next().unwrap().id)
    }

    /// The card as the owner sees it.
    async fn owned(&self) -> Value {
        self.owner.get(&self.path("card")).await.expect(200)
    }

    /// The card as everybody sees it.
    async fn offered(&self, app: &TestApp) -> Value {
        app.rest(Service::Menu).get(&self.path("menus")).await.expect(200)
    }
}

/// A change that is meant for a version.
async fn at_version(rest: &Rest, method: Method, path: &str, version: u64, body: Value) -> Answer {
    answer(rest.request(method, path).header("if-match", format!("\"{version}\"")).json(&body)).await
}

fn pointers(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect()
}
