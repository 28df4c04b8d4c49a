//! A load of people who subscribe to channels and send nothing: what their sockets cost,
//! how fast they receive events, and how they reconnect after all sockets are lost.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::latency::Latency;
use crate::net::{Endpoint, Handler, Net, Sock};
use crate::text::{number_after, text_after};
use crate::worker::{Orders, open_all};

/// Time limit for all people to reconnect.
const BACK_WITHIN: Duration = Duration::from_secs(60);
/// Most concurrent handshakes while all people reconnect.
const COMING_BACK: usize = 64;
/// Delay before a refused connection is tried again.
const AGAIN: Duration = Duration::from_millis(50);

/// People and what they follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) address: SocketAddr,
    /// Distinguishes this process's source addresses from those of other load processes.
    pub(crate) source: u8,
    pub(crate) people: Vec<Person>,
    /// How many of them connect before the process says that it is ready.
    pub(crate) first: usize,
}

/// One socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    /// None at the baseline.
    pub(crate) token: Option<String>,
    pub(crate) channels: Vec<String>,
}

/// What they do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Connect the remaining people.
    ComeAll,
    /// Count the received events for `secs`.
    Listen { secs: f64 },
    /// Drop every socket. The answer is sent when all are closed.
    Vanish,
    /// Come back with the offsets one has. The answer comes when all have what they
    /// missed: `events` of them in all.
    Return { events: u64 },
}

/// What the sockets received.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Received {
    /// Events, over all sockets.
    pub(crate) events: u64,
    /// Offsets that were skipped, or came twice.
    pub(crate) out_of_order: u64,
    /// From leaving until everybody was back and had everything.
    pub(crate) secs: f64,
    /// Who was served a snapshot instead of what they missed.
    pub(crate) not_recovered: u64,
    /// From dialling until everything missed was there.
    pub(crate) each: Latency,
    pub(crate) failures: Vec<String>,
}

#[derive(Clone, Default)]
struct Listener {
    /// The last offset of each followed channel.
    offsets: Vec<u64>,
    /// Replies and snapshots still to come.
    awaited: usize,
    dialled: Option<Instant>,
}

struct IdleLoad {
    job: Job,
    listeners: Vec<Listener>,
    ready: usize,
    epoch: String,
    returning: bool,
    received: Received,
    /// Refused connections that must be dialled again.
    refused: Vec<usize>,
}

/// Plays until nobody leads any more.
pub(crate) fn play(job: Job, orders: &Orders) -> Outcome<()> {
    let mut net = Net::new()?;
    let listener =
        |person: &Person| Listener { offsets: vec![0; person.channels.len()], ..Listener::default() };
    let listeners = job.people.iter().map(listener).collect();
    let (first, all) = (job.first, job.people.len());
    let mut load = IdleLoad {
        job,
        listeners,
        ready: 0,
        epoch: String::new(),
        returning: false,
        received: Received::default(),
        refused: Vec::new(),
    };
    load.come(&mut net, 0, first)?;
    Orders::answer(&())?;
    loop {
        net.turn(Duration::from_millis(20), &mut load)?;
        match orders.next()? {
            None => {}
            Some(Order::ComeAll) => {
                load.come(&mut net, first, all)?;
                Orders::answer(&())?;
            }
            Some(Order::Listen { secs }) => {
                load.received = Received::default();
                let until = Instant::now() + Duration::from_secs_f64(secs);
                while Instant::now() < until {
                    net.turn(Duration::from_millis(20), &mut load)?;
                }
                Orders::answer(&load.received)?;
            }
            Some(Order::Vanish) => {
                (0..all).for_each(|number| net.drop(number));
                Orders::answer(&())?;
            }
            Some(Order::Return { events }) => {
                load.come_back(&mut net, events)?;
                Orders::answer(&load.received)?;
            }
        }
    }
}

impl IdleLoad {
    fn endpoint(&self, number: usize) -> Endpoint {
        let token = self.job.people[number].token.clone();
        let path = if token.is_some() { "/v1/realtime" } else { "/" };
        Endpoint { address: self.job.address, path: path.to_owned(), token, narrow: false }
    }

    fn come(&mut self, net: &mut Net, from: usize, until: usize) -> Outcome<()> {
        let endpoints: Vec<Endpoint> = (from..until).map(|number| self.endpoint(number)).collect();
        let source = self.job.source;
        open_all(
            net,
            self,
            until - from,
            |net, place| net.dial(from + place, &endpoints[place], source),
            |load| match load.received.failures.first() {
                Some(failure) => Err(failure.clone().into()),
                None => Ok(load.ready == until),
            },
        )
    }

    fn come_back(&mut self, net: &mut Net, events: u64) -> Outcome<()> {
        let begun = Instant::now();
        (self.received, self.ready, self.returning) = (Received::default(), 0, true);
        let mut waiting: Vec<usize> = (0..self.job.people.len()).rev().collect();
        let mut pause = begun;
        while (self.ready < self.job.people.len() || self.received.events < events)
            && begun.elapsed() < BACK_WITHIN
        {
            if !self.refused.is_empty() {
                waiting.append(&mut self.refused);
                pause = Instant::now() + AGAIN;
            }
            while net.opening < COMING_BACK
                && Instant::now() >= pause
                && let Some(number) = waiting.pop()
            {
                self.listeners[number].dialled = Some(Instant::now());
                net.dial(number, &self.endpoint(number), self.job.source)?;
            }
            net.turn(Duration::from_millis(5), self)?;
        }
        self.received.secs = begun.elapsed().as_secs_f64();
        self.returning = false;
        Ok(())
    }

    fn followed(&mut self, number: usize) {
        let listener = &mut self.listeners[number];
        listener.awaited = listener.awaited.saturating_sub(1);
        if listener.awaited == 0 {
            self.ready += 1;
            if let Some(dialled) = listener.dialled.take() {
                self.received.each.note(dialled.elapsed());
            }
        }
    }

    /// Which of the socket's channels a frame is about.
    fn place(&self, number: usize, text: &[u8]) -> Option<usize> {
        let channel = text_after(text, br#""channel":""#)?;
        self.job.people[number].channels.iter().position(|each| each.as_bytes() == channel)
    }
}

impl Handler for IdleLoad {
    fn opened(&mut self, number: usize, sock: &mut Sock) {
        let (person, listener) = (&self.job.people[number], &mut self.listeners[number]);
        // Replies, and at first a snapshot for each.
        listener.awaited = person.channels.len() * if self.returning { 1 } else { 2 };
        if listener.awaited == 0 {
            self.ready += 1;
        }
        for (place, channel) in person.channels.iter().enumerate() {
            let since = match self.returning {
                true => {
                    format!(r#","since":{{"epoch":"{}","offset":{}}}"#, self.epoch, listener.offsets[place])
                }
                false => String::new(),
            };
            sock.say(&format!(r#"{{"op":"subscribe","channel":"{channel}","ref":"{place}"{since}}}"#));
        }
    }

    fn heard(&mut self, number: usize, _sock: &mut Sock, text: &[u8]) {
        if text.starts_with(br#"{"op":"event""#) {
            let Some(offset) = number_after(text, br#""offset":"#) else { return };
            self.received.events += 1;
            if let Some(place) = self.place(number, text) {
                let known = &mut self.listeners[number].offsets[place];
                self.received.out_of_order += u64::from(offset != *known + 1);
                *known = offset;
            }
        } else if text.starts_with(br#"{"op":"snapshot""#) {
            if let (Some(place), Some(offset)) =
                (self.place(number, text), number_after(text, br#""offset":"#))
            {
                self.listeners[number].offsets[place] = offset;
            }
            if let Some(epoch) = text_after(text, br#""epoch":""#).filter(|_| self.epoch.is_empty()) {
                self.epoch = String::from_utf8_lossy(epoch).into_owned();
            }
            if self.returning {
                self.received.not_recovered += 1;
            } else {
                self.followed(number);
            }
        } else if text.starts_with(br#"{"op":"reply""#) {
            if memchr::memmem::find(text, br#""problem""#).is_some() {
                self.received.failures.push(String::from_utf8_lossy(text).into_owned());
            }
            self.followed(number);
        }
    }

    fn gone(&mut self, number: usize, why: &str) {
        if self.returning {
            self.refused.push(number);
        } else {
            self.received.failures.push(format!("socket {number}: {why}"));
        }
    }
}
