//! What a subscriber may see, while it changes.

use super::*;

type Answer = oneshot::Sender<Result<Audience, Failure>>;

impl Environment {
    /// On a delivery, whose subscribers are authorised again by notices.
    fn of_delivery() -> Self {
        Self { channel: Channel::Delivery(uuid::Uuid::nil().into()), ..Self::set() }
    }

    /// The next question is answered when the test says so.
    fn answers_later(&self) -> Answer {
        let (answer, receiver) = oneshot::channel();
        self.world.answers.lock().unwrap().push_back(receiver);
        answer
    }

    /// Subscribes in a task of its own.
    fn follows(&self, role: Role) -> (Arc<Outbox>, tokio::task::JoinHandle<Result<Subscription, Failure>>) {
        let outbox = Outbox::new(1 << 20);
        let (who, hub, channel) = (self.somebody(role), Arc::clone(&self.hub), self.channel.clone());
        let into = Arc::clone(&outbox);
        (outbox, tokio::spawn(async move { hub.subscribe(&who, &channel, None, &into).await }))
    }

    /// Until that many questions have been asked; everything that was answered is applied by then.
    async fn asked(&self, count: usize) {
        until(|| self.world.asked.load(Ordering::Relaxed) == count).await;
    }

    fn access_changes(&self) {
        self.fabric.announce(Notice::OrderAccessChanged(uuid::Uuid::nil().into()));
    }

    /// What the customer hears of a note for staff, then something for all.
    async fn hears_of_a_note(&self, outbox: &Outbox) -> Vec<String> {
        self.publish(self.world.commit("note", Audience::STAFF));
        self.say("a");
        let (mut heard, last) = (Vec::new(), format!("event {}", self.world.head()));
        while heard.last() != Some(&last) {
            heard.push(hear(outbox).await);
        }
        heard
    }
}

async fn until(holds: impl Fn() -> bool) {
    let held = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), held).await.expect("in time");
}

/// Lets every task go on as far as it can.
async fn all_settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_that_comes_late_does_not_widen_what_a_newer_one_narrowed() {
    let environment = Environment::of_delivery();
    let (first, second) = (environment.answers_later(), environment.answers_later());
    let (outbox, subscribed) = environment.follows(Role::Customer);
    environment.asked(1).await;
    environment.access_changes();
    environment.asked(2).await;
    second.send(Ok(Party::Customer.into())).unwrap();
    all_settle().await;
    // It was read before the access changed.
    first.send(Ok(Audience::EVERYONE)).unwrap();
    let _subscription = subscribed.await.unwrap().expect("allowed");
    assert_eq!(*environment.world.made_for.lock().unwrap(), [Audience::from(Party::Customer)]);
    assert_eq!(environment.hears_of_a_note(&outbox).await, ["snapshot 0 true", "event 2"]);
}

#[tokio::test]
async fn of_two_checks_at_once_the_later_question_counts() {
    let environment = Environment::of_delivery();
    let (outbox, _subscription) = environment.follow(Role::Customer, None).await;
    for stale in [Ok(Audience::EVERYONE), Err(Failure::not_found("channel"))] {
        let asked = environment.world.asked.load(Ordering::Relaxed);
        let (first, second) = (environment.answers_later(), environment.answers_later());
        environment.access_changes();
        environment.asked(asked + 1).await;
        environment.access_changes();
        environment.asked(asked + 2).await;
        second.send(Ok(Party::Customer.into())).unwrap();
        all_settle().await;
        first.send(stale).unwrap();
        all_settle().await;
    }
    assert_eq!(environment.hears_of_a_note(&outbox).await, ["snapshot 0 true", "event 2"]);
}

#[tokio::test]
async fn a_snapshot_made_for_more_than_a_subscriber_may_see_by_now_is_not_delivered() {
    let environment = Environment::of_delivery();
    let answer = environment.answers_later();
    answer.send(Ok(Audience::EVERYONE)).unwrap();
    let (made, held) = oneshot::channel();
    *environment.world.held_snapshot.lock().unwrap() = Some(held);
    let (outbox, subscribed) = environment.follows(Role::Customer);
    until(|| !environment.world.made_for.lock().unwrap().is_empty()).await;
    environment.access_changes();
    environment.asked(2).await;
    all_settle().await;
    made.send(()).unwrap();
    let _subscription = subscribed.await.unwrap().expect("allowed");
    let made_for = environment.world.made_for.lock().unwrap().clone();
    assert_eq!(made_for, [Audience::EVERYONE, Party::Customer.into()]);
    assert_eq!(environment.hears_of_a_note(&outbox).await, ["snapshot 0 true", "event 2"]);
}

#[tokio::test]
async fn an_event_that_changes_access_while_the_first_subscriber_is_checked_counts() {
    let environment = Environment::of_delivery();
    let answer = environment.answers_later();
    let (outbox, subscribed) = environment.follows(Role::Customer);
    environment.asked(1).await;
    // Nobody is live yet, and the snapshot will include it.
    environment.say("moved");
    environment.asked(2).await;
    all_settle().await;
    answer.send(Ok(Audience::EVERYONE)).unwrap();
    let _subscription = subscribed.await.unwrap().expect("allowed");
    assert_eq!(environment.hears_of_a_note(&outbox).await, ["snapshot 1 true", "event 3"]);
}

#[tokio::test]
async fn who_could_not_be_checked_may_ask_again() {
    let environment = Environment::of_delivery();
    let (outbox, _subscription) = environment.follow(Role::Customer, None).await;
    assert_eq!(hear(&outbox).await, "snapshot 0 true");
    environment.answers_later().send(Err(domain::refusal::conflict().into())).unwrap();
    environment.access_changes();
    assert_eq!(hear(&outbox).await, "ended unavailable");
    // The same while they subscribe: that they are gone tells nothing of what they may see.
    let (first, second) = (environment.answers_later(), environment.answers_later());
    let (_outbox, subscribed) = environment.follows(Role::Customer);
    environment.asked(3).await;
    environment.access_changes();
    environment.asked(4).await;
    second.send(Err(domain::Refused::unavailable(1).into())).unwrap();
    all_settle().await;
    first.send(Ok(Party::Customer.into())).unwrap();
    let Err(Failure::Refused(refused)) = subscribed.await.unwrap() else { panic!("not refused") };
    assert_eq!(refused.kind, domain::Kind::Unavailable);
}
