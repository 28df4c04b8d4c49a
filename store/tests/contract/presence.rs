//! Who is connected, to any process.

use std::time::Duration;

use store::shared::Shared;

use crate::environment::{Environment, eventually, fresh};
use crate::servers::Server;
use store::shared::RedisSettings;

fn somebody() -> String {
    format!("agent:{}", fresh())
}

async fn is_absent(process: &Shared, who: &str) -> bool {
    let absent = process.presence.absent(&[who.to_owned()]).await;
    absent.expect("it can be told").contains(&who.to_owned())
}

pub(crate) async fn who_is_connected_anywhere_is_present(environment: &Environment) {
    let (one, other) = (environment.process().await, environment.process().await);
    let who = somebody();
    assert!(is_absent(&other, &who).await);
    for _ in 0..2 {
        one.presence.enter(&who);
    }
    assert!(!is_absent(&one, &who).await, "at once where they are");
    eventually("the other knows", || async { !is_absent(&other, &who).await }).await;
    other.presence.enter(&who);
    assert!(!one.presence.leave(&who), "one of several connections");
    one.presence.leave(&who);
    assert!(!is_absent(&other, &who).await, "still connected to the other");
    assert!(other.presence.leave(&who), "the last one");
    for process in [&one, &other] {
        eventually("they are gone for all", || async { is_absent(process, &who).await }).await;
    }
}

pub(crate) async fn who_is_vouched_for_is_present_for_a_while(environment: &Environment) {
    let (one, other) = (environment.process().await, environment.process().await);
    let (brief, long, left) = (somebody(), somebody(), somebody());
    one.presence.vouch(&long, Duration::from_secs(60));
    one.presence.vouch(&left, Duration::from_secs(60));
    one.presence.vouch(&brief, Duration::from_millis(300));
    eventually("the other knows", || async { !is_absent(&other, &long).await }).await;
    eventually("of both", || async { !is_absent(&other, &left).await }).await;
    one.presence.enter(&left);
    assert!(one.presence.leave(&left));
    eventually("who leaves takes the word along", || async { is_absent(&other, &left).await }).await;
    eventually("a word is over", || async { is_absent(&other, &brief).await }).await;
    assert!(!is_absent(&other, &long).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_takes_its_people_with_it_and_one_that_lives_does_not() {
    let mut environment = Environment::redis();
    environment.settings.redis.as_mut().unwrap().limits.lease = Duration::from_millis(900);
    let (dying, living, asker) =
        (environment.process().await, environment.process().await, environment.process().await);
    let (gone, there) = (somebody(), somebody());
    dying.presence.enter(&gone);
    dying.presence.enter(&there);
    living.presence.enter(&there);
    eventually("both are known", || async {
        !is_absent(&asker, &gone).await && !is_absent(&asker, &there).await
    })
    .await;
    drop(dying); // as in a crash: nobody renews its leases
    eventually("the lease is over", || async { is_absent(&asker, &gone).await }).await;
    // A lease that starts now expires before this ends, so the living process has renewed its own.
    let (dying, gone) = (environment.process().await, somebody());
    dying.presence.enter(&gone);
    eventually("that one is known", || async { !is_absent(&asker, &gone).await }).await;
    drop(dying);
    eventually("its lease is over", || async { is_absent(&asker, &gone).await }).await;
    assert!(!is_absent(&asker, &there).await, "renewed by the other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_called_absent_while_that_cannot_be_told() {
    let mut server = Server::start().await;
    let environment = Environment::at(Some(RedisSettings::at(vec![server.url()])));
    let process = environment.process().await;
    let who = somebody();
    process.presence.enter(&who);
    server.kill();
    eventually("it is noticed", || async { process.presence.absent(&[somebody()]).await.is_none() }).await;
    server.restart().await;
    // What Redis lost is written again.
    let other = environment.process().await;
    eventually("they are present again", || async { !is_absent(&other, &who).await }).await;
}
