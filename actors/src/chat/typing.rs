//! Who is typing, each with the timer that ends it.
//!
//! A timer that was replaced may fire all the same: [`Typing::expire`] then has no effect. Whether a
//! person types in a conversation is published under the lock of their entry, so that publications
//! are in the order of what happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use domain::{ConversationId, UserId};
use tokio::task::AbortHandle;

type Typist = (ConversationId, UserId);

#[derive(Default)]
pub(super) struct Typing {
    timers: DashMap<Typist, Timer>,
    numbers: AtomicU64,
}

struct Timer {
    number: u64,
    task: AbortHandle,
}

impl Typing {
    pub(super) fn is_typing(&self, id: ConversationId, by: UserId) -> bool {
        self.timers.contains_key(&(id, by))
    }

    /// Somebody is typing, or still is; it ends by itself after `ttl`. `tell` is called now and at
    /// the end.
    pub(super) fn begin(
        self: &Arc<Self>,
        who: Typist,
        ttl: Duration,
        tell: impl Fn(bool, Duration) + Send + 'static,
    ) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let entry = self.timers.entry(who);
        tell(true, ttl);
        let typing = Arc::clone(self);
        // It cannot fire before it is entered: it has to take the same lock.
        let task = tokio::spawn(async move {
            tokio::time::sleep(ttl).await;
            typing.expire(who, number, &tell);
        });
        let timer = Timer { number, task: task.abort_handle() };
        match entry {
            Entry::Occupied(mut older) => older.insert(timer).task.abort(),
            Entry::Vacant(none) => drop(none.insert(timer)),
        }
    }

    /// Somebody has stopped typing.
    pub(super) fn end(&self, who: Typist, tell: &impl Fn(bool, Duration)) {
        let entry = self.timers.entry(who);
        tell(false, Duration::ZERO);
        if let Entry::Occupied(timer) = entry {
            timer.remove().task.abort();
        }
    }

    /// The timer with this number has fired.
    fn expire(&self, who: Typist, number: u64, tell: &impl Fn(bool, Duration)) {
        if let Entry::Occupied(timer) = self.timers.entry(who)
            && timer.get().number == number
        {
            tell(false, Duration::ZERO);
            timer.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const TTL: Duration = Duration::from_secs(3_600);

    fn somebody() -> Typist {
        let id = || serde_json::json!("01890a5d-ac96-774b-bcce-b302099a8057");
        (serde_json::from_value(id()).unwrap(), serde_json::from_value(id()).unwrap())
    }

    fn book() -> (Arc<Mutex<Vec<bool>>>, impl Fn(bool, Duration) + Clone + Send + 'static) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&told);
        (told, move |typing, _| book.lock().unwrap().push(typing))
    }

    fn number(typing: &Typing) -> u64 {
        typing.timers.get(&somebody()).unwrap().number
    }

    #[tokio::test]
    async fn who_goes_on_typing_is_not_ended_by_a_timer_that_was_replaced() {
        let ((told, tell), typing) = (book(), Arc::new(Typing::default()));
        typing.begin(somebody(), TTL, tell.clone());
        let first = number(&typing);
        typing.begin(somebody(), TTL, tell.clone());
        let second = number(&typing);
        // It had fired already when it was aborted.
        typing.expire(somebody(), first, &tell);
        assert_eq!(*told.lock().unwrap(), [true, true]);
        assert!(typing.is_typing(somebody().0, somebody().1));
        typing.expire(somebody(), second, &tell);
        typing.expire(somebody(), second, &tell);
        assert_eq!(*told.lock().unwrap(), [true, true, false]);
        assert!(typing.timers.is_empty());
    }

    #[tokio::test]
    async fn who_has_stopped_is_not_ended_again() {
        let ((told, tell), typing) = (book(), Arc::new(Typing::default()));
        typing.begin(somebody(), TTL, tell.clone());
        let first = number(&typing);
        typing.end(somebody(), &tell);
        typing.expire(somebody(), first, &tell);
        assert_eq!(*told.lock().unwrap(), [true, false]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_timer_that_fires_at_once_leaves_nobody_typing_for_ever() {
        let ((_, tell), typing) = (book(), Arc::new(Typing::default()));
        for _ in 0..1_000 {
            typing.begin(somebody(), Duration::ZERO, tell.clone());
        }
        let ended = async {
            while typing.is_typing(somebody().0, somebody().1) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ended).await.expect("it ends");
    }
}
