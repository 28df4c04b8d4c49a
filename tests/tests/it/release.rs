//! What an older version left goes on in this one: its database with jobs that wait, and a
//! session of one of its clients.
//!
//! Before a migration lands that changes what a released version wrote, keep what that version
//! leaves: `cargo test --test it -- --ignored release::write --test-threads 1` writes both files
//! (it needs `pg_dump`), and [`RELEASES`] names them. Those of older versions stay.

mod session;
mod write;

use chrono::TimeDelta;
use domain::order::Status;
use domain::{Channel, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use server::Service;
use store::jobs::{self, Backlog};
use tests::TestApp;
use tests::rest::{Person, Rest};
use uuid::Uuid;

use session::{Alike, Player};

/// What one version left.
struct Release {
    dump: &'static str,
    session: &'static str,
}

/// By the last migration of each.
const RELEASES: &[Release] = &[
    Release {
        dump: include_str!("../../releases/170/dump.sql"),
        session: include_str!("../../releases/170/session.txt"),
    },
    Release {
        dump: include_str!("../../releases/200/dump.sql"),
        session: include_str!("../../releases/200/session.txt"),
    },
];

/// A dump's first line.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Ids {
    taken_at: Timestamp,
    /// An order that awaits the restaurant's answer.
    placed: Uuid,
    /// An order that was accepted, and nobody has reacted yet.
    accepted: Uuid,
    /// An order that has a courier.
    assigned: Uuid,
    /// A conversation with an agent.
    chat: Uuid,
}

/// A server on a dump, and the people of it, signed in.
struct Left {
    app: TestApp,
    ids: Ids,
    customer: Person,
    owner: Rest,
    agent: Rest,
    courier: Rest,
}

impl Left {
    /// The dump is migrated, and the clock goes on from where it was taken.
    async fn start(dump: &str) -> Self {
        let head = dump.lines().next().and_then(|line| line.strip_prefix("-- ")).unwrap();
        let ids: Ids = serde_json::from_str(head).unwrap();
        let app = TestApp::start_from(dump, ids.taken_at).await;
        let person = async |name: &str| app.sign_in(&format!("{name}@test.baedal.example")).await;
        let rest = async |name: &str| app.rest_as(Service::Gateway, &person(name).await);
        let (owner, agent, courier) = (rest("owner").await, rest("agent").await, rest("courier").await);
        Self { ids, customer: person("customer").await, owner, agent, courier, app }
    }
}

#[tokio::test]
async fn what_an_older_version_left_is_migrated_and_its_jobs_are_finished() {
    for release in RELEASES {
        let left = Left::start(release.dump).await;
        let (app, ids) = (&left.app, left.ids);
        let customer = app.rest_as(Service::Gateway, &left.customer);
        let store = &app.app().store;
        app.run_due_jobs().await;
        let Backlog { due, running, failing, parked, .. } = jobs::backlog(store).await.unwrap().all;
        assert_eq!([due, running, failing, parked], [0; 4]);

        // Reactions: what was ordered has left the cart, and a courier is looked for.
        assert_eq!(customer.get("/v1/cart").await.expect(200)["lines"], json!([]));
        let looked_for = store::tracking::delivery(store, ids.accepted.into()).await.unwrap();
        assert!(looked_for.is_some(), "nobody is asked to bring the order");
        // A reminder: the restaurant is nudged.
        app.advance(TimeDelta::seconds(90)).await;
        app.run_due_jobs().await;
        let placed = services::order::find(app.app(), ids.placed.into()).await.unwrap();
        let board = Channel::Merchant(placed.restaurant);
        let board = store::journal::since(store, &board, 0, 100).await.unwrap();
        assert_eq!(board.last().unwrap().kind, "order.waiting");

        // And everything goes on.
        let accept = format!("/v1/orders/{}/accept", ids.placed);
        left.owner.post(&accept, json!({ "preparation_mins": 10 })).await.expect(200);
        let steps = format!("/v1/deliveries/{}/steps", ids.assigned);
        left.courier.post(&steps, json!({ "step": "at_restaurant" })).await.expect(200);
        left.owner.post(&format!("/v1/orders/{}/ready", ids.assigned), json!({})).await.expect(200);
        left.courier.post(&steps, json!({ "step": "picked_up" })).await.expect(200);
        app.run_due_jobs().await;
        let picked_up = services::order::find(app.app(), ids.assigned.into()).await.unwrap();
        assert_eq!(picked_up.status, Status::PickedUp);
        let messages = format!("/v1/conversations/{}/messages", ids.chat);
        let message = json!({ "client_message_id": Uuid::from_u128(1), "text": "이제 출발합니다" });
        left.agent.post(&messages, message).await.expect(201);
        let messages = customer.get(&messages).await.expect(200).to_string();
        assert!(messages.contains("어디쯤 오셨나요?") && messages.contains("이제 출발합니다"), "{messages}");
        left.app.stop().await;
    }
}

#[tokio::test]
async fn a_recorded_session_of_an_older_version_is_answered_alike() {
    for release in RELEASES {
        let left = Left::start(release.dump).await;
        left.app.run_due_jobs().await;
        let steps = session::read(release.session);
        assert!(steps.len() > 10, "the session is empty");
        let (mut then, mut now) = (Alike::default(), Alike::default());
        let mut player = Player::connect(&left).await;
        for step in steps {
            player.act(&step.act).await;
            let recorded = session::by_channel(step.received);
            let heard = player.hear(recorded.len()).await;
            let heard = heard.into_iter().zip(&recorded).map(|(heard, then)| session::known(heard, then));
            assert_eq!(now.of(heard.collect()), then.of(recorded), "after {:?}", step.act);
        }
        left.app.stop().await;
    }
}
