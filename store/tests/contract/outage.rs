//! Behaviour while Redis is unavailable, and after its return.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use domain::SessionId;
use store::fabric::Notice;
use store::shared::{RedisSettings, Shared};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::environment::{Environment, Signals, eventually, fresh, some_channel};
use crate::fabric::{event, offset, position};
use crate::servers::{Cluster, Server};

fn over(server: &Server) -> Environment {
    Environment::at(Some(RedisSettings::at(vec![server.url()])))
}

/// A proxy to the server for one process, which can be closed.
struct Way {
    here: SocketAddr,
    server: String,
    passing: JoinSet<()>,
}

impl Way {
    async fn to(server: &Server) -> Self {
        let url = server.url();
        let server = url.trim_start_matches("redis://").trim_end_matches("/0").to_owned();
        let mut way = Self { here: SocketAddr::from(([127, 0, 0, 1], 0)), server, passing: JoinSet::new() };
        way.open().await;
        way
    }

    fn url(&self) -> String {
        format!("redis://{}", self.here)
    }

    async fn open(&mut self) {
        let listener = TcpListener::bind(self.here).await.unwrap();
        self.here = listener.local_addr().unwrap();
        let server = self.server.clone();
        self.passing.spawn(async move {
            let mut passing = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let server = server.clone();
                passing.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(server).await {
                        // Whatever the error, both connections are closed.
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
    }

    fn close(&mut self) {
        self.passing.abort_all();
    }
}

async fn subscribed(server: &Server, environment: &Environment) -> Vec<String> {
    server.ask(&["PUBSUB", "SHARDCHANNELS", &format!("{{{}:*", environment.prefix)]).await.unwrap()
}

async fn until_joined(shared: &Shared, joined: bool) {
    eventually("the fabric notices", || async { shared.fabric.is_joined() == joined }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_subscribes_to_what_somebody_follows_and_once() {
    let server = Server::start().await;
    let mut environment = over(&server);
    environment.settings.redis.as_mut().unwrap().limits.watch_lingers = Duration::from_millis(300);
    let process = environment.process().await;
    assert!(subscribed(&server, &environment).await.is_empty());
    let (one, other) = (some_channel(), some_channel());
    for channel in [&one, &one, &other] {
        process.fabric.watch(channel);
        process.fabric.watching(channel).await;
    }
    assert_eq!(subscribed(&server, &environment).await.len(), 2);

    // One of two followers leaves `one`, and the only one leaves `other`.
    process.fabric.unwatch(&one);
    process.fabric.unwatch(&other);
    eventually("only one is left", || async { subscribed(&server, &environment).await.len() == 1 }).await;
    assert!(subscribed(&server, &environment).await[0].contains(&one.to_string()));

    // A follower who returns receives signals again.
    let speaker = environment.process().await;
    let mut signals = Signals::following(&process, std::slice::from_ref(&other)).await;
    speaker.fabric.publish(&other, event(1));
    assert_eq!(offset(&signals.signal().await.1), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_loses_no_notice_and_is_told_to_listeners() {
    let server = Server::start().await;
    let environment = over(&server);
    let (speaker, listener) = (environment.process().await, environment.process().await);
    let channel = some_channel();
    let mut signals = Signals::following(&listener, std::slice::from_ref(&channel)).await;
    signals.rest();
    let revoked: Vec<Notice> = (0..50).map(|_| Notice::SessionRevoked(SessionId(fresh()))).collect();
    for (number, notice) in revoked.iter().enumerate() {
        if number % 10 == 5 {
            let _: i64 = server.ask(&["CLIENT", "KILL", "TYPE", "normal"]).await.unwrap();
            let _: i64 = server.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap();
        }
        speaker.fabric.announce(notice.clone());
    }
    for notice in &revoked {
        let heard = signals.notice().await;
        assert_eq!(heard, *notice);
    }
    until_joined(&listener, true).await;
    until_joined(&speaker, true).await;
    speaker.fabric.publish(&channel, event(7));
    assert_eq!(offset(&signals.signal().await.1), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_blocks_nothing_and_ends_by_itself() {
    let mut server = Server::start().await;
    let mut environment = over(&server);
    let listener = environment.process().await;
    let mut way = Way::to(&server).await;
    environment.settings.redis = Some(RedisSettings::at(vec![way.url()]));
    let speaker = environment.process().await;
    let channel = some_channel();
    let mut signals = Signals::following(&listener, std::slice::from_ref(&channel)).await;
    way.close();
    server.kill();
    until_joined(&speaker, false).await;
    until_joined(&listener, false).await;

    let mut own = Signals::of(&speaker);
    let began = Instant::now();
    for number in 1..=50_000 {
        speaker.fabric.publish(&channel, event(number));
        speaker.fabric.publish(&channel, position(i64::try_from(number).unwrap()));
    }
    assert!(speaker.fabric.latest(&channel).await.is_some(), "what the process said itself");
    speaker.fabric.watch(&channel);
    speaker.fabric.watching(&channel).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(own.rest().len(), 100_000, "the process hears itself");

    signals.rest();
    server.restart().await;
    signals.on_reconnected().await;
    until_joined(&listener, true).await;
    // The listener reconnects before the speaker, so it receives what the speaker has queued.
    way.open().await;
    until_joined(&speaker, true).await;
    // Of what was published during the outage the newest is kept, within the queue's limit.
    let mut kept = Vec::new();
    while kept.last() != Some(&50_000) {
        if let (_, signal @ store::fabric::Signal::Log(_)) = signals.signal().await {
            kept.push(offset(&signal));
        }
    }
    assert!(kept.len() <= 16_384, "{} were kept", kept.len());
    assert!(kept.is_sorted());
    let late = environment.process().await.fabric.latest(&channel).await.unwrap();
    assert_eq!(late.at.timestamp(), 1_795_000_000 + 50_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_values_that_wait_the_newest_is_sent() {
    let server = Server::start().await;
    let mut environment = over(&server);
    let reader = environment.process().await;
    let mut way = Way::to(&server).await;
    environment.settings.redis = Some(RedisSettings::at(vec![way.url()]));
    let speaker = environment.process().await;
    way.close();
    until_joined(&speaker, false).await;
    let channel = some_channel();
    for at in [3, 9, 5] {
        speaker.fabric.publish(&channel, position(at));
    }
    way.open().await;
    eventually("it is sent", || async { reader.fabric.latest(&channel).await.is_some() }).await;
    assert_eq!(reader.fabric.latest(&channel).await.unwrap().at.timestamp(), 1_795_000_009);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stopped_waiting_for_a_subscription_is_told_once_it_is_in_force() {
    let server = Server::start().await;
    let mut environment = over(&server);
    environment.settings.redis.as_mut().unwrap().limits.watch_within = Duration::from_millis(50);
    let listener = environment.process().await;
    let mut signals = Signals::of(&listener);
    signals.rest();
    // Redis answers nobody for a while, but not so long that the connection counts as dead.
    let _: String = server.ask(&["CLIENT", "PAUSE", "1000", "ALL"]).await.unwrap();
    let channel = some_channel();
    listener.fabric.watch(&channel);
    listener.fabric.watching(&channel).await;
    assert!(signals.rest().is_empty(), "not in force yet");
    signals.on_reconnected().await;
    assert_eq!(subscribed(&server, &environment).await.len(), 1);
    assert!(listener.fabric.is_joined(), "the connection was never lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_may_not_subscribe_says_so_until_it_may() {
    let server = Server::start().await;
    let environment = over(&server);
    let listener = environment.process().await;
    let mut signals = Signals::of(&listener);
    let _: String = server.ask(&["ACL", "SETUSER", "default", "-ssubscribe"]).await.unwrap();
    let channel = some_channel();
    listener.fabric.watch(&channel);
    until_joined(&listener, false).await;
    // It goes on trying, and says so all the while.
    for _ in 0..15 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!listener.fabric.is_joined());
    }
    signals.rest();
    let _: String = server.ask(&["ACL", "SETUSER", "default", "+ssubscribe"]).await.unwrap();
    until_joined(&listener, true).await;
    signals.on_reconnected().await;
    assert_eq!(subscribed(&server, &environment).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_noticed_and_let_go_of() {
    let server = Server::start().await;
    let environment = over(&server);
    let (speaker, listener) = (environment.process().await, environment.process().await);
    let channel = some_channel();
    let mut signals = Signals::following(&listener, std::slice::from_ref(&channel)).await;
    server.signal("-STOP");
    until_joined(&speaker, false).await;
    until_joined(&listener, false).await;
    let began = Instant::now();
    speaker.fabric.latest(&channel).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    server.signal("-CONT");
    until_joined(&speaker, true).await;
    until_joined(&listener, true).await;
    speaker.fabric.publish(&channel, event(3));
    while offset(&signals.signal().await.1) != 3 {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_starts_without_redis_and_joins_when_it_is_there() {
    let mut server = Server::start().await;
    server.kill();
    let environment = over(&server);
    let (speaker, listener) = (environment.unjoined(), environment.unjoined());
    let channel = some_channel();
    let mut signals = Signals::following(&listener, std::slice::from_ref(&channel)).await;
    server.restart().await;
    until_joined(&speaker, true).await;
    until_joined(&listener, true).await;
    speaker.fabric.publish(&channel, event(1));
    assert_eq!(offset(&signals.signal().await.1), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_lost_node_of_a_cluster_leaves_the_others_joined() {
    let mut cluster = Cluster::start().await;
    let environment = Environment::cluster(&cluster);
    let (speaker, listener) = (environment.process().await, environment.process().await);
    let channels: Vec<_> = (0..30).map(|_| some_channel()).collect();
    let mut signals = Signals::following(&listener, &channels).await;
    cluster.0[2].kill();
    cluster.0[2].restart().await;
    until_joined(&listener, true).await;
    until_joined(&speaker, true).await;
    // What is published while a node is still joining may be lost, so it is repeated.
    let mut silent: std::collections::HashSet<_> = channels.iter().cloned().collect();
    let mut patience = tokio::time::interval(Duration::from_millis(200));
    for _ in 0..100 {
        patience.tick().await;
        for channel in &silent {
            speaker.fabric.publish(channel, event(2));
        }
        while let Ok((heard, _)) = tokio::time::timeout(Duration::from_millis(100), signals.signal()).await {
            silent.remove(&heard);
        }
        if silent.is_empty() {
            return;
        }
    }
    panic!("never heard again: {silent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_whose_slot_moves_to_another_node_is_heard_there() {
    let cluster = Cluster::start().await;
    let environment = Environment::cluster(&cluster);
    let (speaker, listener) = (environment.process().await, environment.process().await);
    let channel = some_channel();
    let mut signals = Signals::following(&listener, std::slice::from_ref(&channel)).await;
    speaker.fabric.publish(&channel, event(1));
    assert_eq!(offset(&signals.signal().await.1), 1);

    let name = format!("{{{}:{channel}}}", environment.prefix);
    let slot: u16 = cluster.0[0].ask(&["CLUSTER", "KEYSLOT", &name]).await.unwrap();
    let from = usize::from(slot / 5_461).min(2);
    let to = (from + 1) % 3;
    let new: String = cluster.0[to].ask(&["CLUSTER", "MYID"]).await.unwrap();
    for server in [&cluster.0[to], &cluster.0[from], &cluster.0[(to + 1) % 3]] {
        let moved = ["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &new];
        let _: String = server.ask(&moved).await.unwrap();
    }
    let subscribed = || async {
        let names: Vec<String> = cluster.0[to].ask(&["PUBSUB", "SHARDCHANNELS", &name]).await.unwrap();
        names == [name.as_str()]
    };
    eventually("it is subscribed to at the other node", subscribed).await;
    speaker.fabric.publish(&channel, event(2));
    while offset(&signals.signal().await.1) != 2 {}
}
