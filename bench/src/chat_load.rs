//! A load of conversations: customers and agents write in turns, receive each other's
//! messages, and mark them as read.
//!
//! The number at the start of a message's text identifies it; its latency is
//! from the write on the sender's socket to the read on the peer's.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sim::system;

use crate::Outcome;
use crate::latency::Latency;
use crate::net::{Endpoint, Handler, Net, Sock};
use crate::text::{number_after, text_after};
use crate::worker::{Orders, open_all};

/// Messages of one conversation whose departure is remembered.
const REMEMBERED: usize = 64;
/// After the last message, what is on its way may arrive.
const COOL_DOWN: Duration = Duration::from_secs(5);
/// As long as people write.
const WORDS: &str = "라이더님이 어디쯤 오고 계신지 알 수 있을까요? 예상 시간이 지났어요.";

/// Conversations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) address: SocketAddr,
    /// Distinguishes this process's source addresses from those of other load processes.
    pub(crate) source: u8,
    pub(crate) talks: Vec<Talk>,
    /// Whoever is sent away comes back at once: somebody who does not behave.
    pub(crate) stubborn: bool,
}

/// One conversation. An agent has one socket for all of theirs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Talk {
    pub(crate) conversation: String,
    pub(crate) customer: Option<String>,
    pub(crate) agent: Option<(usize, String)>,
}

impl Talk {
    /// Without an agent: only the customer writes. Without a token, to the baseline.
    pub(crate) fn alone(conversation: &str, customer: Option<&str>) -> Self {
        Self { conversation: conversation.to_owned(), customer: customer.map(str::to_owned), agent: None }
    }
}

/// Talk.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Messages a second and conversation.
    pub(crate) rate: f64,
    pub(crate) warm_up_secs: f64,
    pub(crate) secs: f64,
    /// Whether received messages are marked as read.
    pub(crate) read: bool,
}

/// What a round showed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Of the counted seconds.
    pub(crate) sent: u64,
    pub(crate) heard: u64,
    pub(crate) latency: Latency,
    /// From the send until the sender was told that it is stored.
    pub(crate) stored: Latency,
    /// How many were stored, however late that was told.
    pub(crate) kept: u64,
    /// From the send until the sender was told that it was read.
    pub(crate) read: Latency,
    pub(crate) lateness: Latency,
    /// Of the whole round.
    pub(crate) refused: u64,
    pub(crate) out_of_order: u64,
    pub(crate) unheard: u64,
    pub(crate) failures: Vec<String>,
}

#[derive(Clone, Copy)]
struct Departure {
    number: u64,
    left: Instant,
    counted: bool,
    by_agent: bool,
    /// Its place in the conversation, once heard.
    seq: u64,
    heard: bool,
}

struct Line {
    next: u64,
    last_seq: u64,
    departures: [Option<Departure>; REMEMBERED],
}

struct Talks {
    job: Job,
    lines: Vec<Line>,
    by_channel: HashMap<String, usize>,
    /// Conversations of each agent.
    agents: Vec<Vec<usize>>,
    awaited: usize,
    reading: bool,
    counting: bool,
    round: Round,
    /// Sent away.
    lost: Vec<usize>,
}

/// Plays until nobody leads any more.
pub(crate) fn play(job: Job, orders: &Orders) -> Outcome<()> {
    let mut net = Net::new()?;
    let mut agents: Vec<Vec<usize>> = Vec::new();
    for (place, talk) in job.talks.iter().enumerate() {
        if let Some((number, _)) = talk.agent {
            agents.resize_with(agents.len().max(number + 1), Vec::new);
            agents[number].push(place);
        }
    }
    let customers = job.talks.len();
    let count = customers + agents.len();
    let channel = |(place, talk): (usize, &Talk)| (format!("chat:{}", talk.conversation), place);
    let with_agent = job.talks.iter().filter(|talk| talk.agent.is_some()).count();
    let with_token = job.talks.iter().filter(|talk| talk.customer.is_some()).count();
    let mut talks = Talks {
        lines: (0..customers)
            .map(|_| Line { next: 1, last_seq: 0, departures: [None; REMEMBERED] })
            .collect(),
        by_channel: job.talks.iter().enumerate().map(channel).collect(),
        awaited: with_agent + with_token,
        agents,
        reading: false,
        counting: false,
        round: Round::default(),
        lost: Vec::new(),
        job,
    };
    let endpoints: Vec<Endpoint> = (0..count).map(|number| talks.endpoint(number)).collect();
    let source = talks.job.source;
    open_all(
        &mut net,
        &mut talks,
        count,
        |net, number| net.dial(number, &endpoints[number], source),
        |talks| match talks.round.failures.first() {
            Some(failure) => Err(failure.clone().into()),
            None => Ok(talks.awaited == 0),
        },
    )?;
    while net.open() < count {
        net.turn(Duration::from_millis(5), &mut talks)?;
    }
    Orders::answer(&())?;
    loop {
        net.turn(Duration::from_millis(20), &mut talks)?;
        if let Some(order) = orders.next()? {
            let round = talks.talk(&mut net, order)?;
            Orders::answer(&round)?;
        }
    }
}

impl Talks {
    fn endpoint(&self, number: usize) -> Endpoint {
        let customers = self.job.talks.len();
        let token = match number.checked_sub(customers) {
            None => self.job.talks[number].customer.clone(),
            Some(agent) => self.agents[agent]
                .first()
                .and_then(|place| self.job.talks[*place].agent.as_ref())
                .map(|(_, token)| token.clone()),
        };
        let path = if token.is_some() { "/v1/realtime" } else { "/speak" };
        Endpoint { address: self.job.address, path: path.to_owned(), token, narrow: false }
    }

    fn talk(&mut self, net: &mut Net, order: Order) -> Outcome<Round> {
        let count = self.lines.len();
        let gap = Duration::from_secs_f64(1.0 / (order.rate * count as f64));
        let begins = Instant::now();
        let opens = begins + Duration::from_secs_f64(order.warm_up_secs);
        let closes = opens + Duration::from_secs_f64(order.secs);
        (self.round, self.reading) = (Round::default(), order.read);
        let mut departed = 0_u32;
        loop {
            let now = Instant::now();
            self.counting = now >= opens;
            for number in std::mem::take(&mut self.lost) {
                net.dial(number, &self.endpoint(number), self.job.source)?;
            }
            while begins + gap * departed <= now && begins + gap * departed < closes {
                self.depart(net, spread(departed as usize, count), begins + gap * departed);
                departed += 1;
            }
            if now >= closes {
                break;
            }
            net.turn((begins + gap * departed).saturating_duration_since(Instant::now()), self)?;
        }
        while Instant::now() < closes + COOL_DOWN && self.unheard() > 0 {
            net.turn(Duration::from_millis(20), self)?;
        }
        let mut round = std::mem::take(&mut self.round);
        round.unheard = self.unheard();
        self.lines.iter_mut().for_each(|line| line.departures = [None; REMEMBERED]);
        Ok(round)
    }

    fn unheard(&self) -> u64 {
        let peers = self.job.talks.iter().zip(&self.lines).filter(|(talk, _)| talk.agent.is_some());
        peers.flat_map(|(_, line)| line.departures.iter().flatten()).filter(|fix| !fix.heard).count() as u64
    }

    fn depart(&mut self, net: &mut Net, place: usize, due: Instant) {
        let (talk, line) = (&self.job.talks[place], &mut self.lines[place]);
        let number = line.next;
        // Of all who speak at a time, half are agents.
        let by_agent = talk.agent.is_some() && (number + place as u64).is_multiple_of(2);
        let conversation = &talk.conversation;
        let text = match &talk.customer {
            Some(_) => format!(
                r#"{{"op":"chat_send","ref":"{place}/{number}","conversation_id":"{conversation}","client_message_id":"{}","text":"{number} {WORDS}"}}"#,
                system::fresh_id()
            ),
            // What watchers hear is what a server would have written.
            None => format!(
                r#"{{"op":"event","channel":"chat:01920000-0000-7000-8000-000000000003","epoch":"7f3a","offset":{number},"type":"chat.message","at":"2026-11-23T03:20:11.250Z","data":{{"message_id":"01920000-0000-7000-8000-000000000005","client_message_id":"01920000-0000-7000-8000-000000000004","author_id":"01920000-0000-7000-8000-000000000006","author_role":"customer","text":"{number} {WORDS}","private_note":false}}}}"#
            ),
        };
        let socket = match &talk.agent {
            Some((agent, _)) if by_agent => self.job.talks.len() + agent,
            _ => place,
        };
        let Some(sock) = net.sock(socket) else { return };
        let left = Instant::now();
        sock.say(&text);
        line.next += 1;
        let departure = Departure { number, left, counted: self.counting, by_agent, seq: 0, heard: false };
        line.departures[slot(number)] = Some(departure);
        if self.counting {
            self.round.sent += 1;
            self.round.lateness.note(left - due);
        }
    }

    /// The sender is told that it stands, or that it does not.
    fn answered(&mut self, text: &[u8]) {
        if memchr::memmem::find(text, br#""problem""#).is_some() {
            self.round.refused += 1;
            if self.round.failures.len() < 3 {
                self.round.failures.push(String::from_utf8_lossy(text).into_owned());
            }
            return;
        }
        let Some(reference) = text_after(text, br#""ref":""#) else { return };
        let Some(slash) = memchr::memchr(b'/', reference) else {
            self.awaited = self.awaited.saturating_sub(1);
            return;
        };
        let digits = |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        let (place, number) = (digits(&reference[..slash]), digits(&reference[slash + 1..]));
        self.round.kept += u64::from(self.counting);
        let line = usize::try_from(place).ok().and_then(|place| self.lines.get(place));
        let departure =
            line.and_then(|line| line.departures[slot(number)]).filter(|each| each.number == number);
        if let Some(departure) = departure.filter(|departure| departure.counted) {
            self.round.stored.note(departure.left.elapsed());
        }
    }

    fn on_event(&mut self, socket: usize, sock: &mut Sock, text: &[u8]) {
        let now = Instant::now();
        let channel = text_after(text, br#""channel":""#).and_then(|name| std::str::from_utf8(name).ok());
        let Some(place) = channel.and_then(|channel| self.by_channel.get(channel)).copied() else { return };
        let (to_agent, line) = (socket >= self.job.talks.len(), &mut self.lines[place]);
        match text_after(text, br#""type":""#) {
            Some(b"chat.message") => {
                let (Some(seq), Some(number)) =
                    (number_after(text, br#""offset":"#), number_after(text, br#""text":""#))
                else {
                    return;
                };
                let departure = line.departures[slot(number)].as_mut().filter(|each| each.number == number);
                let Some(departure) = departure.filter(|each| each.by_agent != to_agent) else { return };
                if seq <= line.last_seq {
                    self.round.out_of_order += 1;
                }
                line.last_seq = seq;
                (departure.seq, departure.heard) = (seq, true);
                if departure.counted {
                    self.round.heard += 1;
                    self.round.latency.note(now - departure.left);
                }
                if self.reading {
                    let conversation = &self.job.talks[place].conversation;
                    sock.say(&format!(
                        r#"{{"op":"chat_read","conversation_id":"{conversation}","seq":{seq}}}"#
                    ));
                }
            }
            Some(b"chat.read") => {
                let Some(seq) = number_after(text, br#""seq":"#) else { return };
                let departure = line.departures.iter().flatten().find(|each| each.seq == seq && each.counted);
                if let Some(departure) = departure.filter(|each| each.by_agent == to_agent) {
                    self.round.read.note(now - departure.left);
                }
            }
            _ => {}
        }
    }
}

/// Whose turn it is: everybody's once in `count` turns, and an agent's conversations,
/// which lie side by side, far from each other, as nobody types twenty answers at once.
fn spread(turn: usize, count: usize) -> usize {
    const STRIDE: usize = 1_009; // a prime: it meets everybody
    if count.is_multiple_of(STRIDE) { turn % count } else { turn % count * STRIDE % count }
}

fn slot(number: u64) -> usize {
    usize::try_from(number).unwrap_or_default() % REMEMBERED
}

impl Handler for Talks {
    fn opened(&mut self, number: usize, sock: &mut Sock) {
        let customers = self.job.talks.len();
        let follow = |sock: &mut Sock, talk: &Talk| {
            let conversation = &talk.conversation;
            sock.say(&format!(r#"{{"op":"subscribe","channel":"chat:{conversation}","ref":"s"}}"#));
        };
        match number.checked_sub(customers) {
            None if self.job.talks[number].customer.is_some() => follow(sock, &self.job.talks[number]),
            None => {}
            Some(agent) => self.agents[agent].iter().for_each(|place| follow(sock, &self.job.talks[*place])),
        }
    }

    fn heard(&mut self, number: usize, sock: &mut Sock, text: &[u8]) {
        if text.starts_with(br#"{"op":"event""#) {
            self.on_event(number, sock, text);
        } else if text.starts_with(br#"{"op":"reply""#) {
            self.answered(text);
        }
    }

    fn gone(&mut self, number: usize, why: &str) {
        if self.job.stubborn {
            self.lost.push(number);
        }
        self.round.failures.push(format!("socket {number}: {why}"));
    }
}
