//! Presence over Redis: one sorted set for each name, whose members are the processes it
//! is connected to, and whose scores are the ends of their leases by Redis's clock.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::{Clock, Timestamp};
use redis::{Cmd, Value};
use tokio::sync::Notify;

use super::Presence;
use crate::fabric::Names;
use crate::link::{RedisConnection, Tasks};

/// Renews a lease, and removes expired ones.
const RENEW: &str = "\
local t = redis.call('TIME') \
local now = t[1] * 1000 + math.floor(t[2] / 1000) \
redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[2]) \
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now) \
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end";

/// The number of leases that have not expired.
const COUNT: &str = "\
local t = redis.call('TIME') \
return redis.call('ZCOUNT', KEYS[1], t[1] * 1000 + math.floor(t[2] / 1000), '+inf')";

/// Maximum leases per batch.
const BATCH: usize = 256;

/// The member for the lease made by [`Presence::vouch`], beside the processes' numbers.
const WORD: &str = "word";

/// See the module.
pub struct Redis {
    book: Arc<Book>,
    _tasks: Tasks,
}

struct Book {
    here: DashMap<String, Here>,
    /// Names whose lease has to be written or removed.
    due: Mutex<HashSet<String>>,
    wake: Notify,
    connection: Arc<RedisConnection>,
    names: Names,
    node: String,
    clock: Arc<dyn Clock>,
    lease: Duration,
}

#[derive(Clone, Copy, Default)]
struct Here {
    connections: u32,
    vouched_until: Option<Timestamp>,
    /// This process's lease is in Redis, or may be.
    held: bool,
    /// The lease made by [`Presence::vouch`] has to be removed.
    word_over: bool,
}

impl Redis {
    pub(crate) fn new(
        connection: &Arc<RedisConnection>,
        names: &Names,
        node: u64,
        clock: &Arc<dyn Clock>,
        lease: Duration,
    ) -> Self {
        let book = Arc::new(Book {
            here: DashMap::new(),
            due: Mutex::default(),
            wake: Notify::new(),
            connection: Arc::clone(connection),
            names: names.clone(),
            node: format!("{node:016x}"),
            clock: Arc::clone(clock),
            lease,
        });
        let mut tasks = Tasks::default();
        tasks.spawn(Arc::clone(&book).renew());
        Self { book, _tasks: tasks }
    }
}

impl Book {
    /// Renews all leases well before they expire, and writes changes at once.
    async fn renew(self: Arc<Self>) {
        let mut again = tokio::time::interval(self.lease / 3);
        again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = again.tick() => {
                    let all: Vec<String> = self.here.iter().map(|entry| entry.key().clone()).collect();
                    self.lock_due().extend(all);
                }
                () = self.wake.notified() => {}
            }
            self.connection.opened().await;
            self.write().await;
        }
    }

    async fn write(&self) {
        loop {
            let some: Vec<String> = {
                let mut due = self.lock_due();
                let some: Vec<String> = due.iter().take(BATCH).cloned().collect();
                some.iter().for_each(|who| {
                    due.remove(who);
                });
                some
            };
            if some.is_empty() {
                return;
            }
            let commands: Vec<Cmd> = some.iter().flat_map(|who| self.commands(who)).collect();
            if self.connection.all(commands).await.is_none() {
                self.write_again(some);
                return;
            }
        }
    }

    /// Retries with the next renewal: until then a lease that should have ended may remain.
    fn write_again(&self, some: Vec<String>) {
        for who in &some {
            let mut here = self.here.entry(who.clone()).or_default();
            if here.connections == 0 {
                (here.held, here.word_over) = (true, true);
            }
        }
        self.lock_due().extend(some);
    }

    fn commands(&self, who: &str) -> Vec<Cmd> {
        let now = self.clock.now();
        let Some(mut here) = self.here.get_mut(who) else { return Vec::new() };
        let mut commands = Vec::new();
        if here.connections > 0 {
            here.held = true;
            commands.push(self.renewal(who, &self.node, self.lease));
        } else if here.held {
            here.held = false;
            commands.push(self.end(who, &self.node));
        }
        if std::mem::take(&mut here.word_over) {
            commands.push(self.end(who, WORD));
        }
        match here.vouched_until.map(|until| (until - now).to_std()) {
            Some(Ok(left)) => commands.push(self.renewal(who, WORD, left)),
            Some(Err(_)) => here.vouched_until = None, // it has expired
            None => {}
        }
        drop(here);
        self.here.remove_if(who, |_, here| {
            here.connections == 0 && !here.held && here.vouched_until.is_none() && !here.word_over
        });
        commands
    }

    fn renewal(&self, who: &str, holder: &str, term: Duration) -> Cmd {
        let term_ms = u64::try_from(term.as_millis()).unwrap_or(u64::MAX);
        let mut command = redis::cmd("EVAL");
        command.arg(RENEW).arg(1).arg(self.key(who)).arg(term_ms).arg(holder);
        command
    }

    fn end(&self, who: &str, holder: &str) -> Cmd {
        let mut command = redis::cmd("ZREM");
        command.arg(self.key(who)).arg(holder);
        command
    }

    fn key(&self, who: &str) -> String {
        self.names.named(format_args!("present:{who}"))
    }

    fn due(&self, who: &str) {
        self.lock_due().insert(who.to_owned());
        self.wake.notify_one();
    }

    fn lock_due(&self) -> MutexGuard<'_, HashSet<String>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Presence for Redis {
    fn enter(&self, who: &str) {
        self.book.here.entry(who.to_owned()).or_default().connections += 1;
        self.book.due(who);
    }

    fn leave(&self, who: &str) -> bool {
        {
            let mut here = self.book.here.entry(who.to_owned()).or_default();
            here.connections = here.connections.saturating_sub(1);
            if here.connections > 0 {
                return false;
            }
            here.vouched_until = None;
            here.word_over = true;
        }
        self.book.due(who);
        true
    }

    fn vouch(&self, who: &str, term: Duration) {
        self.book.here.entry(who.to_owned()).or_default().vouched_until = Some(self.book.clock.now() + term);
        self.book.due(who);
    }

    async fn absent(&self, who: &[String]) -> Option<Vec<String>> {
        let mut absent = Vec::new();
        for some in who.chunks(BATCH) {
            let counts = some.iter().map(|who| {
                let mut command = redis::cmd("EVAL");
                command.arg(COUNT).arg(1).arg(self.book.key(who));
                command
            });
            let counts = self.book.connection.all(counts.collect()).await?;
            for (who, count) in some.iter().zip(counts) {
                match count.ok()? {
                    Value::Int(0) if !self.is_here(who) => absent.push(who.clone()),
                    _ => {}
                }
            }
        }
        Some(absent)
    }
}

impl Redis {
    /// Whether `who` is present in this process: its lease may not be in Redis yet.
    fn is_here(&self, who: &str) -> bool {
        let here = self.book.here.get(who).map(|here| *here);
        let now = self.book.clock.now();
        let vouched = |here: Here| here.vouched_until.is_some_and(|until| until > now);
        here.is_some_and(|here| here.connections > 0 || vouched(here))
    }
}
