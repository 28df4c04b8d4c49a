//! Writes the dump and the session of this version, against which later versions are tested.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use domain::{Clock as _, Timestamp};
use serde_json::json;
use server::Service;
use server::system::SystemClock;
use store::{Database, scratch};
use tests::TestApp;
use tests::people::{People, eventually, socket};
use uuid::Uuid;

use super::session::{Act, Player, Step, write};
use super::{Ids, Left};

/// Monday, at noon in Seoul.
const NOON: &str = "2026-11-23T03:00:00Z";

/// An action is taken to cause no further frame after this time without one.
const SILENCE: Duration = Duration::from_secs(1);

/// Named by the last migration.
fn folder() -> PathBuf {
    let last = store::MIGRATOR.iter().map(|migration| migration.version).max().unwrap();
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/releases")).join(last.to_string())
}

#[tokio::test]
#[ignore = "writes a file that later versions are tested with"]
async fn a_dump_of_this_version() {
    let mut app = TestApp::start().await;
    let noon: Timestamp = NOON.parse().unwrap();
    app.clock.set_forward(noon - app.app().now());
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let assigned = people.placed().await.id;
    let mut courier = socket(&people.courier);
    people.assigned(assigned, &mut courier, app.app().now()).await;
    drop(courier);
    people.agent.presence(true, 5).await.unwrap();
    let chat = people.customer.converse("delivery", Some(assigned), "어디쯤 오셨나요?").await.unwrap().id;
    eventually(|| async { people.customer.conversation(chat).await.unwrap().agent_id.is_some() }).await;
    people.agent.say(chat, Uuid::from_u128(2), "확인해 보겠습니다").await.unwrap();
    app.run_due_jobs().await;

    // From now on whatever is to be done waits.
    app.app().stop_jobs(Duration::from_secs(5)).await;
    let accepted = people.placed().await.id;
    let accept = json!({ "preparation_mins": 10 });
    people.owner.command(accepted, "accept", accept).await.unwrap();
    let placed = people.placed().await.id;
    let taken_at = app.app().now();
    app.halt().await;
    let database = app.database().clone();
    // Jobs go by PostgreSQL's clock, and are to wait for as long after noon.
    scratch::advance(&database, SystemClock.now() - taken_at).await.unwrap();
    let ids = Ids { taken_at, placed, accepted, assigned, chat };
    std::fs::create_dir_all(folder()).unwrap();
    std::fs::write(folder().join("dump.sql"), dump(&database, &ids).await).unwrap();
}

/// The database as SQL, without keys that sign tokens.
async fn dump(database: &Database, ids: &Ids) -> String {
    scratch::run_in(database, "delete from auth.signing_keys").await.unwrap();
    let program = Command::new("pg_dump")
        .args(["--inserts", "--rows-per-insert=100", "--no-owner", "--no-privileges", "--no-comments"])
        .arg(database.url.split('?').next().unwrap())
        .output()
        .expect("pg_dump is there");
    assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
    let sql = String::from_utf8(program.stdout).unwrap();
    let lines =
        sql.lines().filter(|line| !line.is_empty() && !line.starts_with("--") && !line.starts_with('\\'));
    let head = format!("-- {}", serde_json::to_string(ids).unwrap());
    std::iter::once(head.as_str()).chain(lines).flat_map(|line| [line, "\n"]).collect()
}

#[tokio::test]
#[ignore = "writes a file that later versions are tested with, from the dump that stands there"]
async fn a_session_of_this_version() {
    let left = Left::start(&std::fs::read_to_string(folder().join("dump.sql")).unwrap()).await;
    left.app.run_due_jobs().await;
    let mut player = Player::connect(&left).await;
    let mut steps = Vec::new();
    for act in acts(&left) {
        player.act(&act).await;
        let mut received = Vec::new();
        while let Ok(frame) = tokio::time::timeout(SILENCE, player.socket.frame()).await {
            received.push(frame);
        }
        steps.push(Step { act, received });
    }
    std::fs::write(folder().join("session.txt"), write(&steps)).unwrap();
    left.app.stop().await;
}

/// What a customer sends, and what others do meanwhile.
fn acts(left: &Left) -> Vec<Act> {
    let Ids { placed, assigned, chat, .. } = left.ids;
    let epoch = left.app.app().store.epoch();
    let say = Act::Say;
    let post = |who: &str, path: String, body| Act::Post { who: who.to_owned(), path, body };
    let subscribe = |number: &str, channel: String| {
        Act::Say(json!({ "op": "subscribe", "ref": number, "channel": channel }))
    };
    let since = json!({ "epoch": epoch, "offset": 1 });
    let steps = format!("/v1/deliveries/{assigned}/steps");
    let said = |text: &str| json!({ "client_message_id": Uuid::from_u128(3), "text": text });
    vec![
        Act::Connect,
        subscribe("1", format!("order:{placed}")),
        say(
            json!({ "op": "subscribe", "ref": "2", "channel": format!("delivery:{assigned}"), "since": since }),
        ),
        subscribe("3", format!("chat:{chat}")),
        subscribe("4", "order:01920000-0000-7000-8000-000000000001".to_owned()),
        say(json!({ "op": "subscribe", "ref": "5", "channel": format!("order:{assigned}"),
                    "since": { "epoch": "another", "offset": 3 } })),
        say(json!({ "op": "chat_send", "ref": "6", "conversation_id": chat,
                    "client_message_id": Uuid::from_u128(4), "text": "고맙습니다" })),
        say(json!({ "op": "chat_send", "ref": "7", "conversation_id": chat,
                    "client_message_id": Uuid::from_u128(4), "text": "고맙습니다" })),
        say(json!({ "op": "chat_read", "ref": "8", "conversation_id": chat, "seq": 3 })),
        post("agent", format!("/v1/conversations/{chat}/messages"), said("곧 도착합니다")),
        post("owner", format!("/v1/orders/{placed}/accept"), json!({ "preparation_mins": 10 })),
        post("owner", format!("/v1/orders/{placed}/preparing"), json!({})),
        post("courier", steps, json!({ "step": "at_restaurant" })),
        post("agent", format!("/v1/conversations/{chat}/resolve"), json!({})),
        say(json!({ "op": "delivery_step", "ref": "9", "order_id": assigned, "step": "picked_up" })),
        say(json!({ "op": "unsubscribe", "ref": "10", "channel": format!("chat:{chat}") })),
        say(json!({ "op": "subscribe", "ref": "11" })),
        say(json!({ "op": "ping" })),
    ]
}
