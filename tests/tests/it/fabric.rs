//! Two processes that are joined over Redis: what happens in one is seen in the other.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use server::{Server, Service};
use services::support;
use sim::{Heard, system};
use tests::people::{PATIENCE, People, acked, eventually, hear, on_the_way, socket};
use tests::redis::Redis;
use tests::rest::Person;
use tests::socket::Socket;
use tests::{TestApp, settings};

const DEADLINE: Duration = Duration::from_secs(5);

fn gateway(server: &Server) -> String {
    format!("http://{}", server.address(Service::Gateway).unwrap())
}

async fn joined(test: &TestApp, second: &Server) {
    for app in [test.app(), second.app()] {
        eventually(|| async { app.fabric().is_joined() }).await;
    }
}

async fn readiness(url: &str) -> (u16, Value) {
    let answer = reqwest::get(format!("{url}/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_watcher_sees_positions_that_come_in_at_another_process_in_order() {
    let mut settings = settings();
    // The comparison that finds missed events is an hour away, so Redis must deliver them.
    settings.live.compare_every = Duration::from_secs(3_600);
    let test = TestApp::start_joined(settings).await;
    let second = test.second_server().await;
    joined(&test, &second).await;
    let mut people = People::gather(test.app(), &test.url(Service::Gateway)).await;
    let there = gateway(&second);
    // The owner accepts there; couriers are known where their phones are.
    people.owner = people.owner.at(&there).unwrap();
    let began = system::now() - TimeDelta::seconds(80);
    let order = people.placed().await;
    let mut watch = socket(&people.customer.at(&there).unwrap());
    watch.line().subscribe(format!("order:{}", order.id)).await.unwrap();
    let mut courier = socket(&people.courier);
    people.assigned(order.id, &mut courier, began).await;
    watch.line().subscribe(format!("delivery:{}", order.id)).await.unwrap();
    let line = courier.line();
    people.picked_up(order.id, &line).await;
    hear(&mut watch, "order.picked_up").await;

    let last = on_the_way(began, 26, 60).at;
    for step in 1..=26 {
        line.fix(on_the_way(began, step, 60));
        acked(&mut courier).await;
    }
    let mut seen = Vec::new();
    while seen.last().is_none_or(|at| *at < last - TimeDelta::milliseconds(1)) {
        let position = watch.until(PATIENCE, |heard| match heard {
            Heard::Latest(latest) => Some(latest.at),
            Heard::Anomaly(anomaly) => panic!("the protocol was broken: {anomaly:?}"),
            _ => None,
        });
        seen.push(position.await.expect("the next position comes"));
    }
    assert!(seen.is_sorted() && seen.len() >= 10, "{seen:?}");

    // Somebody who joins there now sees the newest at once.
    let mut late = socket(&people.customer.at(&there).unwrap());
    late.line().subscribe(format!("delivery:{}", order.id)).await.unwrap();
    let position = tests::people::position(&mut late).await;
    assert!(position.at >= last - TimeDelta::milliseconds(1));

    line.step(order.id, "at_dropoff").await.unwrap();
    line.step(order.id, "delivered").await.unwrap();
    hear(&mut watch, "order.delivered").await;
    second.stop(DEADLINE).await;
    test.stop().await;
}

#[tokio::test]
async fn a_session_revoked_in_one_process_closes_its_sockets_in_the_other_within_two_seconds() {
    let test = TestApp::start_joined(settings()).await;
    let second = test.second_server().await;
    joined(&test, &second).await;
    let minji = test.person("minji", &[Role::Customer]).await;
    let phone = test.sign_in(&minji.email).await;
    let address = second.address(Service::Gateway).unwrap();
    let mut stolen = Socket::open(address, &phone.access_token).await;
    let mut own = Socket::open(address, &minji.access_token).await;

    let auth = test.rest_as(Service::Auth, &minji);
    let sessions = auth.get("/v1/auth/sessions").await.expect(200);
    let other = sessions["items"].as_array().unwrap().iter().find(|each| each["current"] == false).unwrap();
    let path = format!("/v1/auth/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(auth.delete(&path).await.status, 204);
    let ended = Instant::now();
    assert_eq!(stolen.closed().await, 4402, "revoked");
    assert!(ended.elapsed() < Duration::from_secs(2), "{:?}", ended.elapsed());
    own.say(json!({ "op": "ping" })).await;
    assert_eq!(own.frame().await["op"], "pong", "only that one");
    second.stop(DEADLINE).await;
    test.stop().await;
}

#[tokio::test]
async fn an_outage_of_redis_loses_nothing_on_a_log_channel() {
    let mut redis = Redis::start().await;
    let mut settings = settings();
    settings.live.compare_every = Duration::from_secs(3_600);
    let test = TestApp::start_sharing(settings, redis.settings()).await;
    let second = test.second_server().await;
    joined(&test, &second).await;
    let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
    let talk = people.customer.converse("delivery", None, "계세요?").await.unwrap();
    let there = people.customer.at(&gateway(&second)).unwrap();
    let (mut far, mut near) = (socket(&there), socket(&people.customer));
    for watch in [&mut far, &mut near] {
        watch.line().subscribe(format!("chat:{}", talk.id)).await.unwrap();
    }
    let say = |number: u32| {
        let text = format!("말 {number}");
        let customer = &people.customer;
        async move { customer.say(talk.id, system::fresh_id(), &text).await.unwrap() }
    };
    say(0).await;
    assert_eq!(hear(&mut far, "chat.message").await.data["text"], "말 0");
    assert_eq!(hear(&mut near, "chat.message").await.data["text"], "말 0");

    redis.kill();
    for server in [test.app(), second.app()] {
        eventually(|| async { !server.fabric().is_joined() }).await;
    }
    let degraded = (200, json!({ "status": "degraded", "reason": "redis_unreachable" }));
    assert_eq!(readiness(&gateway(&second)).await, degraded);
    for number in 1..=30 {
        let said = Instant::now();
        say(number).await;
        assert!(said.elapsed() < Duration::from_secs(2), "commands go on");
        // So do the streams of the process where it happens.
        assert_eq!(hear(&mut near, "chat.message").await.data["text"], format!("말 {number}"));
    }

    redis.restart().await;
    let back = Instant::now();
    for number in 1..=30 {
        assert_eq!(hear(&mut far, "chat.message").await.data["text"], format!("말 {number}"));
    }
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    joined(&test, &second).await;
    assert_eq!(readiness(&gateway(&second)).await, (200, json!({ "status": "ready" })));
    say(31).await;
    assert_eq!(hear(&mut far, "chat.message").await.data["text"], "말 31");
    second.stop(DEADLINE).await;
    test.stop().await;
}

/// The settings of a test whose processes look quickly for agents who are gone.
fn sweeping() -> services::Settings {
    let mut settings = settings();
    settings.support.agent_grace = Duration::from_secs(1);
    settings.support.agent_sweep = Duration::from_millis(20);
    settings
}

async fn is_online(test: &TestApp, who: &Person) -> bool {
    let agent = store::support::agent(&test.app().store, who.id.parse().unwrap()).await.unwrap();
    agent.is_some_and(|agent| agent.online)
}

/// Advances the clock until the agent is offline. Agents who left no later are offline by then.
async fn goes_offline(test: &TestApp, who: &Person) {
    eventually(|| async {
        test.advance(TimeDelta::seconds(1)).await;
        test.run_due_jobs().await;
        !is_online(test, who).await
    })
    .await;
}

#[tokio::test]
async fn an_agent_is_online_until_the_last_process_has_lost_them() {
    let test = TestApp::start_joined(sweeping()).await;
    let second = test.second_server().await;
    joined(&test, &second).await;
    let (sora, sora_there) = (test.person("sora", &[Role::Agent]).await, gateway(&second));
    let minho = test.person("minho", &[Role::Agent]).await;
    let mut one = Socket::open(test.address(Service::Gateway), &sora.access_token).await;
    let mut elsewhere = Socket::open(test.address(Service::Gateway), &minho.access_token).await;
    let address = sora_there.trim_start_matches("http://").parse().unwrap();
    let other = Socket::open(address, &sora.access_token).await;
    for phone in [&mut one, &mut elsewhere] {
        phone.ask(json!({ "op": "presence", "online": true })).await;
    }
    assert!(is_online(&test, &sora).await && is_online(&test, &minho).await);

    drop(one);
    drop(elsewhere);
    // Whoever has no other socket goes offline meanwhile.
    goes_offline(&test, &minho).await;
    assert!(is_online(&test, &sora).await, "the other process has them");
    drop(other);
    goes_offline(&test, &sora).await;
    second.stop(DEADLINE).await;
    test.stop().await;
}

#[tokio::test]
async fn an_agent_who_was_online_when_the_process_was_killed_does_not_stay_so() {
    let settings = sweeping();
    let word = TimeDelta::from_std(settings.support.agent_word).unwrap();
    let test = TestApp::start_with(settings).await;
    let (sora, minho) =
        (test.person("sora", &[Role::Agent]).await, test.person("minho", &[Role::Agent]).await);
    let online = store::support::Presence { online: true, capacity: None };
    // The state that a crashed process leaves behind.
    let left_online = async |who: &Person| {
        let (agent, now) = (who.id.parse().unwrap(), test.app().now());
        store::support::set_presence(&test.app().store, agent, online, now).await.unwrap();
    };
    left_online(&sora).await;
    goes_offline(&test, &sora).await;

    // An agent who goes online over REST, without a socket, stays online for a while.
    let who = domain::Principal {
        user: sora.id.parse().unwrap(),
        session: domain::SessionId(system::fresh_id()),
        roles: vec![Role::Agent],
    };
    support::set_presence(test.app(), &who, online).await.unwrap();
    left_online(&minho).await;
    goes_offline(&test, &minho).await;
    assert!(is_online(&test, &sora).await);
    test.advance(word).await;
    goes_offline(&test, &sora).await;
    test.stop().await;
}
