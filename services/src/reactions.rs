//! Reactions of one noun to another's events: the table of subscribers.
//!
//! To add a subscriber, write one function in the noun that acts, which takes the [`App`]
//! and a [`Reaction`], and one line in [`Subscribers::default`]. Every event of these kinds
//! is then committed together with a job for the subscriber, which is retried until it succeeds
//! or its attempts are used up. Each subscriber has its own job, which neither waits for nor
//! repeats the jobs of other subscribers.
//!
//! - The function may run twice for one event and must be idempotent: it calls an entity that
//!   recognises what has already been done.
//! - A subscriber gets the events of one channel in order, except for retries. Actions that
//!   must stay in order therefore belong to one subscriber: `delivery.follow` both starts and
//!   cancels the search for a courier.
//! - The name is stored in waiting jobs, so it must not change. A process whose table lacks a
//!   pair of name and kind leaves the job to a process that has it.
//! - While an older version runs beside this one, its commits create no jobs for subscribers
//!   that it does not have.

use std::sync::Arc;

use domain::order::OrderEventKind as Order;
use domain::restaurant::RestaurantEventKind as Restaurant;
use domain::tracking::DeliveryEventKind as Delivery;
use domain::{Channel, EventKind, Failure};
use futures::FutureExt;
use futures::future::BoxFuture;
use store::jobs::{AfterLast, Policy, Subscriptions};
use store::journal::Recorded;

use crate::reaction::Reaction;
use crate::{App, order, payment, tracking};

impl Default for Subscribers {
    fn default() -> Self {
        let delivery_follows =
            &[Order::Accepted, Order::PickedUp, Order::Delivered, Order::Cancelled, Order::DeliveryFailed];
        let order_owes = &[Order::Rejected, Order::Cancelled, Order::DeliveryFailed, Order::LinesCancelled];
        let is_sold_out = &[Order::Rejected, Order::LinesCancelled];
        let courier_changes = &[Delivery::Assigned, Delivery::Unassigned];
        let closes = &[Restaurant::Changed, Restaurant::Paused, Restaurant::ClosedDown];
        Self::of([
            Subscriber::new("cart.empty", &[Order::Scheduled, Order::Placed], order::empty_cart),
            Subscriber::new("delivery.follow", delivery_follows, tracking::follow_order),
            // Dropped after four minutes of retries: later the dish may be available again.
            Subscriber::new("menu.sold_out", is_sold_out, order::mark_sold_out).attempts(6).dropped(),
            Subscriber::new("order.accept", &[Order::Placed], order::accept_automatically),
            Subscriber::new("order.courier", courier_changes, tracking::tell_order),
            Subscriber::new("order.slots", closes, order::look_at_slots),
            // May wait for a third party, so more jobs run at the same time.
            Subscriber::new("payment.refund", order_owes, payment::refund::order_owes).concurrency(4),
            // Dropped likewise: later it may take orders again.
            Subscriber::new("restaurant.pause", &[Order::Rejected], order::pause_restaurant)
                .attempts(6)
                .dropped(),
        ])
    }
}

/// A subscriber to certain events of one noun.
#[derive(Clone)]
pub struct Subscriber {
    name: &'static str,
    kinds: Vec<&'static str>,
    is_of_noun: fn(&Channel) -> bool,
    run: Arc<Run>,
    policy: Policy,
}

type Run = dyn Fn(App, &Channel, Arc<Recorded>) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync;

impl Subscriber {
    /// Calls `run` for every event of these kinds.
    pub fn new<K, F>(
        name: &'static str,
        kinds: &[K],
        run: impl Fn(App, Reaction<K>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        K: EventKind,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        Self {
            name,
            kinds: kinds.iter().map(|kind| kind.as_str()).collect(),
            is_of_noun: |channel| K::entity(channel).is_some(),
            policy: Policy::default(),
            run: Arc::new(move |app, channel, event| match K::entity(channel).zip(K::parse(&event.kind)) {
                Some((id, kind)) => run(app, Reaction { id, kind, event }).boxed(),
                None => {
                    let failure =
                        Failure::fault(format!("{name} has no use for {} of {channel}", event.kind));
                    std::future::ready(Err(failure)).boxed()
                }
            }),
        }
    }

    /// Sets how many of its jobs run at the same time, over all processes. Changing it loses the
    /// order of the jobs that wait at that moment.
    #[must_use]
    pub fn concurrency(mut self, concurrency: u16) -> Self {
        self.policy.concurrency = concurrency;
        self
    }

    /// Sets how often a job is tried.
    #[must_use]
    pub fn attempts(mut self, attempts: i16) -> Self {
        self.policy.attempts = attempts;
        self
    }

    /// Drops a job after its last attempt, instead of parking it.
    #[must_use]
    pub fn dropped(mut self) -> Self {
        self.policy.after_last = AfterLast::Drop;
        self
    }
}

/// The table of all subscribers.
#[derive(Clone)]
pub struct Subscribers(Arc<[Subscriber]>);

impl Subscribers {
    /// A table of exactly these subscribers.
    pub fn of(all: impl IntoIterator<Item = Subscriber>) -> Self {
        Self(all.into_iter().collect())
    }

    /// This table with one more subscriber.
    pub fn and(&self, one: Subscriber) -> Self {
        Self::of(self.0.iter().cloned().chain([one]))
    }

    /// Runs the reaction of `subscriber` to `event` of `channel`.
    pub(crate) async fn react(
        &self,
        app: App,
        subscriber: &str,
        channel: &Channel,
        event: Arc<Recorded>,
    ) -> Result<(), Failure> {
        match self.0.iter().find(|known| known.name == subscriber) {
            Some(known) => (known.run)(app, channel, event).await,
            None => Err(Failure::fault(format!("there is no subscriber {subscriber}"))),
        }
    }
}

impl Subscriptions for Subscribers {
    fn pairs(&self) -> Vec<(&'static str, &'static str)> {
        self.0.iter().flat_map(|one| one.kinds.iter().map(|kind| (one.name, *kind))).collect()
    }

    fn subscribers(&self, channel: &Channel, kind: &str) -> Vec<&'static str> {
        let subscribes = |one: &&Subscriber| one.kinds.contains(&kind) && (one.is_of_noun)(channel);
        self.0.iter().filter(subscribes).map(|one| one.name).collect()
    }

    fn policy(&self, subscriber: &str) -> Policy {
        self.0.iter().find(|one| one.name == subscriber).map(|one| one.policy).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use store::jobs::WORKERS;

    use super::*;

    #[test]
    fn any_two_that_hang_leave_workers_to_the_others() {
        let all = Subscribers::default();
        let reminders = Policy::default().concurrency;
        let mut most: Vec<_> = all.0.iter().map(|one| one.policy.concurrency).chain([reminders; 2]).collect();
        most.sort_unstable_by(|one, other| other.cmp(one));
        assert!(usize::from(most[0] + most[1]) < WORKERS, "{most:?}");
        assert!(most.iter().all(|concurrency| *concurrency > 0));
    }
}
