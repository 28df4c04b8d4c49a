//! The hub against a journal in memory and a fabric that loses, repeats and reorders.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::DateTime;
use domain::{LatLon, Party, Role};
use serde_json::json;
use store::fabric::{Fabric, FabricListener as _, Memory, Signal};
use tokio::sync::oneshot;

use super::*;

mod authorisation;
mod newest;

/// Everything a hub needs, with one channel's journal.
struct World {
    journal: Mutex<Vec<Arc<Recorded>>>,
    reads: AtomicUsize,
    snapshots: AtomicUsize,
    asked: AtomicUsize,
    /// The answers to the next questions, as a test gives them; without one the role decides.
    answers: Mutex<VecDeque<oneshot::Receiver<Result<Audience, Failure>>>>,
    /// The audiences that snapshots were made for.
    made_for: Mutex<Vec<Audience>>,
    /// The next snapshot is ready when a test says so.
    held_snapshot: Mutex<Option<oneshot::Receiver<()>>>,
    closed_to: Mutex<Option<Role>>,
    newest: Mutex<Option<Arc<Latest>>>,
    now: Mutex<Timestamp>,
}

#[async_trait]
impl Backend for World {
    fn epoch(&self) -> Arc<str> {
        "e1".into()
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    async fn authorise(&self, who: &Principal, _channel: &Channel) -> Result<Audience, Failure> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers.lock().unwrap().pop_front();
        if let Some(answer) = answer {
            return answer.await.expect("an answer");
        }
        match *self.closed_to.lock().unwrap() {
            Some(role) if who.is(role) => Err(Failure::not_found("channel")),
            _ if who.is(Role::Agent) => Ok(Party::Support.into()),
            _ => Ok(Party::Customer.into()),
        }
    }

    async fn snapshot(&self, _: &Principal, _: &Channel, audience: Audience) -> Result<Snapshot, Failure> {
        self.snapshots.fetch_add(1, Ordering::Relaxed);
        self.made_for.lock().unwrap().push(audience);
        let offset = self.head();
        let held = self.held_snapshot.lock().unwrap().take();
        match held {
            Some(held) => held.await.expect("a word"),
            None => tokio::task::yield_now().await,
        }
        Ok(Snapshot { offset, data: json!({ "offset": offset }), ended: None })
    }

    fn rules(&self, channel: &Channel) -> ChannelRules {
        ChannelRules {
            has_latest: matches!(channel, Channel::Delivery(_)),
            shares_snapshots: true,
            effect: |kind| match kind {
                "over" => ChannelEffect::Close("over"),
                "moved" => ChannelEffect::Reauthorize,
                _ => ChannelEffect::Continue,
            },
            ..ChannelRules::LOG
        }
    }

    fn notice_effect(&self, notice: &Notice) -> NoticeEffect {
        match notice {
            Notice::OrderAccessChanged(order) => NoticeEffect::Reauthorize(vec![Channel::Delivery(*order)]),
            _ => NoticeEffect::Ignore,
        }
    }

    async fn history(&self, _: &Channel, after: u64, limit: u32) -> Result<Vec<Arc<Recorded>>, Failure> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let journal = self.journal.lock().unwrap();
        Ok(journal.iter().filter(|row| row.offset > after).take(limit as usize).cloned().collect())
    }

    async fn heads(&self, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure> {
        Ok(channels.iter().map(|channel| (channel.clone(), self.head())).collect())
    }

    async fn latest(&self, _: &Channel) -> Result<Option<Arc<Latest>>, Failure> {
        Ok(self.newest.lock().unwrap().clone())
    }
}

impl World {
    fn head(&self) -> u64 {
        self.journal.lock().unwrap().len() as u64
    }

    fn commit(&self, kind: &str, audience: Audience) -> Arc<Recorded> {
        let mut journal = self.journal.lock().unwrap();
        let recorded = Arc::new(Recorded {
            offset: journal.len() as u64 + 1,
            kind: kind.to_owned(),
            at: DateTime::UNIX_EPOCH,
            data: json!({}),
            audience,
        });
        journal.push(Arc::clone(&recorded));
        recorded
    }
}

struct Environment {
    world: Arc<World>,
    fabric: Arc<Memory>,
    hub: Arc<Hub>,
    channel: Channel,
    users: AtomicU64,
}

impl Environment {
    fn set() -> Self {
        Self::with_replay_of(100)
    }

    fn with_replay_of(replay_max: u32) -> Self {
        let world = Arc::new(World {
            journal: Mutex::default(),
            reads: AtomicUsize::new(0),
            snapshots: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            answers: Mutex::default(),
            made_for: Mutex::default(),
            held_snapshot: Mutex::default(),
            closed_to: Mutex::default(),
            newest: Mutex::default(),
            now: Mutex::new(DateTime::UNIX_EPOCH),
        });
        let fabric = Arc::new(Memory::default());
        let limits = Limits {
            replay_max,
            recent_kept: 4,
            // Tests trigger these themselves.
            compare_every: Duration::from_secs(3_600),
            aged_every: Duration::from_secs(3_600),
            ..Limits::default()
        };
        let joined: Arc<dyn Fabric> = fabric.clone();
        let hub = Hub::open(world.clone(), &joined, write, limits);
        Self { world, fabric, hub, channel: Channel::Desk, users: AtomicU64::new(1) }
    }

    /// Moves the clock to `secs`, and publishes what has turned stale.
    fn look_at(&self, secs: i64) {
        *self.world.now.lock().unwrap() = position(secs).at;
        self.hub.age();
    }

    fn somebody(&self, role: Role) -> Arc<Principal> {
        let id = uuid::Uuid::from_u128(self.users.fetch_add(1, Ordering::Relaxed).into());
        Arc::new(Principal { user: id.into(), session: id.into(), roles: vec![role] })
    }

    fn publish(&self, recorded: Arc<Recorded>) {
        self.fabric.publish(&self.channel, Signal::Log(recorded));
    }

    fn say(&self, kind: &str) {
        self.publish(self.world.commit(kind, Audience::EVERYONE));
    }

    async fn follow(&self, role: Role, since: Option<u64>) -> (Arc<Outbox>, Subscription) {
        let since = since.map(|offset| Since { epoch: "e1".into(), offset, latest_at: None });
        self.follow_on(role, since.as_ref()).await
    }

    async fn follow_on(&self, role: Role, since: Option<&Since>) -> (Arc<Outbox>, Subscription) {
        let outbox = Outbox::new(1 << 20);
        let who = self.somebody(role);
        let subscription = self.hub.subscribe(&who, &self.channel, since, &outbox).await.expect("allowed");
        (outbox, subscription)
    }
}

fn write(_: &Channel, publication: &Publication<'_>) -> Bytes {
    match publication {
        Publication::Snapshot { offset, recovered, .. } => format!("snapshot {offset} {recovered}").into(),
        Publication::Event { recorded, .. } => format!("event {}", recorded.offset).into(),
        Publication::Ephemeral(_) => "passing".into(),
        Publication::Latest { latest, now } => {
            let stale = if latest.is_stale(*now) { " stale" } else { "" };
            format!("latest {}{stale}", latest.at.timestamp()).into()
        }
        Publication::Local { data, .. } => format!("local {data}").into(),
        Publication::Ended { reason } => format!("ended {reason}").into(),
    }
}

async fn hear(outbox: &Outbox) -> String {
    match tokio::time::timeout(Duration::from_secs(10), outbox.next()).await.expect("something to hear") {
        Next::Frame(frame) => String::from_utf8(frame.text.to_vec()).unwrap(),
        Next::Stop(why) => format!("{why:?}"),
    }
}

#[tokio::test]
async fn a_snapshot_comes_first_and_then_what_happens() {
    let environment = Environment::set();
    environment.say("a");
    let (outbox, _subscription) = environment.follow(Role::Customer, None).await;
    environment.say("b");
    assert_eq!(hear(&outbox).await, "snapshot 1 true");
    assert_eq!(hear(&outbox).await, "event 2");
}

#[tokio::test]
async fn an_event_that_the_fabric_lost_is_repaired_and_one_that_it_repeats_is_dropped() {
    let environment = Environment::set();
    let (outbox, _subscription) = environment.follow(Role::Customer, None).await;
    assert_eq!(hear(&outbox).await, "snapshot 0 true");
    environment.world.commit("lost", Audience::EVERYONE);
    let second = environment.world.commit("b", Audience::EVERYONE);
    environment.publish(Arc::clone(&second));
    environment.publish(second);
    assert_eq!(hear(&outbox).await, "event 1");
    assert_eq!(hear(&outbox).await, "event 2");
    environment.world.commit("lost, and nothing comes after", Audience::EVERYONE);
    environment.hub.compare().await;
    assert_eq!(hear(&outbox).await, "event 3");
}

#[tokio::test]
async fn since_replays_what_was_missed_without_a_snapshot() {
    let environment = Environment::set();
    (0..5).for_each(|_| environment.say("a"));
    let (outbox, subscription) = environment.follow(Role::Customer, Some(3)).await;
    assert!(subscription.recovered);
    assert_eq!(hear(&outbox).await, "event 4");
    assert_eq!(hear(&outbox).await, "event 5");
    environment.say("b");
    assert_eq!(hear(&outbox).await, "event 6");
}

#[tokio::test]
async fn a_history_that_does_not_reach_gives_a_snapshot_that_says_so() {
    let environment = Environment::set();
    (0..150).for_each(|_| environment.say("a"));
    for too_far in [3, 151, u64::MAX] {
        let (outbox, subscription) = environment.follow(Role::Customer, Some(too_far)).await;
        assert!(!subscription.recovered);
        assert_eq!(hear(&outbox).await, "snapshot 150 false", "since {too_far}");
    }
    let other = Since { epoch: "other".into(), offset: 149, latest_at: None };
    let outbox = Outbox::new(1 << 20);
    let who = environment.somebody(Role::Customer);
    let subscription =
        environment.hub.subscribe(&who, &environment.channel, Some(&other), &outbox).await.unwrap();
    assert!(!subscription.recovered);
}

#[tokio::test]
async fn a_reconnect_storm_reads_the_journal_once() {
    let environment = Environment::set();
    (0..50).for_each(|_| environment.say("a"));
    let herd =
        futures::future::join_all((0..200).map(|_| environment.follow(Role::Customer, Some(20)))).await;
    assert_eq!(environment.world.reads.load(Ordering::Relaxed), 1);
    for (outbox, _subscription) in &herd {
        for offset in 21..=50 {
            assert_eq!(hear(outbox).await, format!("event {offset}"));
        }
    }
}

#[tokio::test]
async fn a_reconnect_storm_that_was_at_different_places_reads_the_journal_once() {
    let environment = Environment::set();
    (0..90).for_each(|_| environment.say("a"));
    // The nearest come first, so that none finds everything it missed in memory by chance.
    let herd = (0..1_000).map(|number| environment.follow(Role::Customer, Some(89 - number % 30)));
    let herd = futures::future::join_all(herd).await;
    assert_eq!(environment.world.reads.load(Ordering::Relaxed), 1);
    assert_eq!(environment.world.snapshots.load(Ordering::Relaxed), 0);
    for (number, (outbox, subscription)) in (0..).zip(&herd) {
        assert!(subscription.recovered);
        for offset in 90 - number % 30..=90 {
            assert_eq!(hear(outbox).await, format!("event {offset}"));
        }
    }
}

#[tokio::test]
async fn who_missed_too_much_does_not_cost_the_reconnect_storm_its_history() {
    let environment = Environment::set();
    (0..150).for_each(|_| environment.say("a"));
    let herd =
        (0..300).map(|number| environment.follow(Role::Customer, Some(if number % 3 == 0 { 5 } else { 60 })));
    let herd = futures::future::join_all(herd).await;
    // One reading finds that 5 is too far back, and one serves all others.
    assert_eq!(environment.world.reads.load(Ordering::Relaxed), 2);
    assert_eq!(environment.world.snapshots.load(Ordering::Relaxed), 1);
    for (number, (outbox, subscription)) in herd.iter().enumerate() {
        assert_eq!(subscription.recovered, number % 3 != 0);
        let first = hear(outbox).await;
        assert_eq!(first, if number % 3 == 0 { "snapshot 150 false" } else { "event 61" });
    }
}

#[tokio::test]
async fn a_reconnect_storm_that_comes_bit_by_bit_still_reads_the_journal_once() {
    let environment = Environment::set();
    (0..90).for_each(|_| environment.say("a"));
    let mut here = vec![environment.follow(Role::Customer, Some(10)).await];
    for since in 10..90 {
        // In the meantime heads are compared and old history is dropped, repeatedly.
        environment.hub.compare().await;
        here.push(environment.follow(Role::Customer, Some(since)).await);
    }
    assert!(here.iter().all(|(_, subscription)| subscription.recovered));
    assert_eq!(environment.world.reads.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_reconnect_storm_shares_one_snapshot_for_each_audience() {
    let environment = Environment::set();
    environment.say("a");
    let role = |number| if number % 2 == 0 { Role::Customer } else { Role::Agent };
    let herd =
        futures::future::join_all((0..1_000).map(|number| environment.follow(role(number), None))).await;
    assert_eq!(environment.world.snapshots.load(Ordering::Relaxed), 2);
    environment.say("b");
    for (outbox, _subscription) in &herd {
        assert_eq!([hear(outbox).await, hear(outbox).await], ["snapshot 1 true", "event 2"]);
    }
    // Something has happened: the next subscriber gets a snapshot that includes it.
    let (late, _subscription) = environment.follow(Role::Customer, None).await;
    assert_eq!(hear(&late).await, "snapshot 2 true");
    assert_eq!(environment.world.snapshots.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn private_parts_reach_staff_only_and_recovery_steps_over_them() {
    let environment = Environment::set();
    let (customer, _first) = environment.follow(Role::Customer, None).await;
    let (agent, _second) = environment.follow(Role::Agent, None).await;
    environment.publish(environment.world.commit("note", Audience::STAFF));
    environment.say("b");
    assert_eq!([hear(&customer).await, hear(&customer).await], ["snapshot 0 true", "event 2"]);
    assert_eq!([hear(&agent).await, hear(&agent).await, hear(&agent).await][1..], ["event 1", "event 2"]);
    let (again, _third) = environment.follow(Role::Customer, Some(0)).await;
    assert_eq!(hear(&again).await, "event 2");
}

#[tokio::test]
async fn the_last_event_ends_all_subscriptions_also_late_ones() {
    let environment = Environment::set();
    let (outbox, subscription) = environment.follow(Role::Customer, None).await;
    environment.say("over");
    assert_eq!(hear(&outbox).await, "snapshot 0 true");
    assert_eq!([hear(&outbox).await, hear(&outbox).await], ["event 1", "ended over"]);
    assert!(subscription.is_over());
    drop(subscription);
    for since in [0, 1] {
        let (late, subscription) = environment.follow(Role::Customer, Some(since)).await;
        if since == 0 {
            assert_eq!(hear(&late).await, "event 1");
        }
        assert_eq!(hear(&late).await, "ended over");
        assert!(subscription.is_over());
    }
}

#[tokio::test]
async fn who_loses_the_ground_for_listening_is_sent_away() {
    let environment = Environment::set();
    let (customer, _first) = environment.follow(Role::Customer, None).await;
    let (agent, _second) = environment.follow(Role::Agent, None).await;
    *environment.world.closed_to.lock().unwrap() = Some(Role::Agent);
    environment.say("moved");
    let heard = [hear(&agent).await, hear(&agent).await, hear(&agent).await];
    assert_eq!(heard, ["snapshot 0 true", "event 1", "ended not_allowed"]);
    environment.say("b");
    assert_eq!([hear(&customer).await, hear(&customer).await, hear(&customer).await][2], "event 2");
}

fn position(secs: i64) -> Latest {
    Latest {
        at: DateTime::from_timestamp(secs, 0).unwrap(),
        position: LatLon::new(37.5, 127.0).unwrap(),
        heading_deg: None,
        speed_mps: None,
        forecast: None,
        audience: Audience::EVERYONE,
        courier: domain::CourierId(uuid::Uuid::nil()),
        version: 1,
    }
}

#[tokio::test]
async fn a_channel_that_nobody_follows_is_forgotten() {
    let environment = Environment::set();
    let (_outbox, subscription) = environment.follow(Role::Customer, None).await;
    assert_eq!(environment.hub.report().channels, 1);
    drop(subscription);
    assert_eq!(environment.hub.report().channels, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn listeners_who_come_while_it_is_loud_hear_everything_once_and_in_order() {
    const EVENTS: u64 = 2_000;
    let environment = Arc::new(Environment::with_replay_of(u32::MAX));
    let loud = Arc::clone(&environment);
    let speaker = tokio::spawn(async move {
        for number in 0..EVENTS {
            let recorded = loud.world.commit("a", Audience::EVERYONE);
            match number % 7 {
                3 => {}                                                   // lost
                5 => (0..2).for_each(|_| loud.publish(recorded.clone())), // repeated
                _ => {
                    let (late, turn) = (Arc::clone(&loud), number % 3);
                    // Published by another task, in any order.
                    tokio::spawn(async move {
                        for _ in 0..turn {
                            tokio::task::yield_now().await;
                        }
                        late.publish(recorded);
                    });
                }
            }
            tokio::task::yield_now().await;
        }
    });
    let listeners = (0..40_u64).map(|number| {
        let environment = Arc::clone(&environment);
        tokio::spawn(async move {
            while environment.world.head() < number * 40 {
                tokio::task::yield_now().await;
            }
            let since = (number % 2 == 0).then(|| environment.world.head().saturating_sub(number));
            let (outbox, _subscription) = environment.follow(Role::Customer, since).await;
            let mut expected = since.map(|since| since + 1);
            loop {
                let heard = hear(&outbox).await;
                let mut words = heard.split(' ');
                let (what, offset) = (words.next(), words.next().unwrap().parse::<u64>().unwrap());
                match (what, expected) {
                    (Some("snapshot"), None) => {}
                    (Some("event"), Some(next)) => assert_eq!(offset, next),
                    other => panic!("{other:?}"),
                }
                if offset == EVENTS {
                    return;
                }
                expected = Some(offset + 1);
            }
        })
    });
    let listeners = futures::future::join_all(listeners.collect::<Vec<_>>());
    let comparing = async {
        loop {
            environment.hub.compare().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        heard = listeners => heard.into_iter().for_each(|listener| listener.unwrap()),
        () = comparing => {}
    }
    speaker.await.unwrap();
}
