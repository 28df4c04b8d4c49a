//! The guarantees of a socket, and its answers to faulty clients.

mod fairness;
mod frames;
mod recovery;
mod session;

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::Role;
use serde_json::json;
use server::Service;
use services::App;
use services::auth::{self, Grant, SignIn};
use services::support::{self, Presence, Question, Saying};
use services::user::NewUser;
use tests::TestApp;
use tests::socket::{Dead, Heard, Socket};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";

/// Somebody who is signed in.
async fn person(app: &App, name: &str, roles: &[Role]) -> Grant {
    let email = format!("{name}@example.com");
    let phone = format!("010-{:04}-5678", name.bytes().map(u32::from).sum::<u32>());
    let new = NewUser { email: email.clone(), password: PASSWORD.into(), name: name.into(), phone };
    services::user::register_with_roles(app, &new, roles).await.unwrap();
    sign_in(app, email).await
}

async fn sign_in(app: &App, email: String) -> Grant {
    let asked = SignIn {
        email,
        password: PASSWORD.into(),
        device: None,
        refresh_token: None,
        from: [127, 0, 0, 1].into(),
    };
    auth::sign_in(app, asked).await.unwrap()
}

fn fresh() -> Uuid {
    domain::Ids::uuid(&server::system::OsRandom)
}

/// A customer's conversation.
async fn conversation(app: &App, who: &Grant) -> domain::ConversationId {
    let question = Question {
        topic: domain::support::Topic::Delivery,
        order_id: None,
        text: "배달이 늦어요.".into(),
        client_message_id: fresh().into(),
    };
    support::open(app, &who.principal, question).await.unwrap().id
}

async fn say(app: &App, who: &Grant, to: domain::ConversationId, text: String, private_note: bool) {
    let saying = Saying { client_message_id: fresh().into(), text, private_note };
    support::send(app, &who.principal, to, saying).await.unwrap();
}

/// Reads events of one channel until `last`, and checks that they follow `after` without a hole.
async fn reads_on(socket: &mut Socket, after: u64, last: u64) {
    for expected in after + 1..=last {
        let event = socket.next("event").await;
        assert_eq!(event["offset"], expected, "{event}");
    }
}
