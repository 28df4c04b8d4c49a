//! A client's session as text, to be played again.
//!
//! ```text
//! @ customer                     the customer connects
//! > {"op":"subscribe",…}         and sends this frame
//! ! owner /v1/orders/… {…}       somebody else posts this
//! < {"op":"event",…}             what the customer hears because of the line before
//! ```

use std::fmt::Write as _;

use domain::Timestamp;
use serde_json::{Value, json};
use server::Service;
use tests::socket::Socket;
use uuid::Uuid;

use super::Left;

/// One action of a session.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Connect,
    Say(Value),
    Post { who: String, path: String, body: Value },
}

/// An action, and the frames that the client receives because of it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) act: Act,
    pub(super) received: Vec<Value>,
}

pub(super) fn read(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        let (mark, rest) = line.split_once(' ').expect("a mark and what it marks");
        let act = match mark {
            "@" => Act::Connect,
            ">" => Act::Say(json(rest)),
            "!" => {
                let mut words = rest.splitn(3, ' ').map(str::to_owned);
                let mut word = || words.next().expect("who, where and what");
                Act::Post { who: word(), path: word(), body: json(&word()) }
            }
            "<" => {
                steps.last_mut().expect("something is done first").received.push(json(rest));
                continue;
            }
            other => panic!("an unknown mark: {other}"),
        };
        steps.push(Step { act, received: Vec::new() });
    }
    steps
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

pub(super) fn write(steps: &[Step]) -> String {
    let mut text = String::new();
    for Step { act, received } in steps {
        let _ = match act {
            Act::Connect => writeln!(text, "@ customer"),
            Act::Say(frame) => writeln!(text, "> {frame}"),
            Act::Post { who, path, body } => writeln!(text, "! {who} {path} {body}"),
        };
        for frame in received {
            let _ = writeln!(text, "< {frame}");
        }
    }
    text
}

/// Plays a session against today's server.
pub(super) struct Player<'a> {
    left: &'a Left,
    pub(super) socket: Socket,
}

impl<'a> Player<'a> {
    pub(super) async fn connect(left: &'a Left) -> Self {
        let bearer = format!("Bearer {}", left.customer.access_token);
        let gateway = left.app.address(Service::Gateway);
        let socket = Socket::dial(gateway, &[("authorization", &bearer)]).await.expect("an upgrade");
        Self { left, socket }
    }

    pub(super) async fn act(&mut self, act: &Act) {
        match act {
            Act::Connect => {}
            Act::Say(frame) => self.socket.say(frame.clone()).await,
            Act::Post { who, path, body } => {
                let rest = match who.as_str() {
                    "owner" => &self.left.owner,
                    "courier" => &self.left.courier,
                    "agent" => &self.left.agent,
                    other => panic!("nobody is called {other}"),
                };
                let answer = rest.post(path, body.clone()).await;
                assert!(answer.status.is_success(), "{path}: {}", answer.body);
            }
        }
    }

    /// The next so many frames, by channel: between channels there is no order.
    pub(super) async fn hear(&mut self, frames: usize) -> Vec<Value> {
        let mut heard = Vec::new();
        while heard.len() < frames {
            heard.push(self.socket.frame().await);
        }
        by_channel(heard)
    }
}

pub(super) fn by_channel(mut frames: Vec<Value>) -> Vec<Value> {
    frames.sort_by_key(|frame| frame["channel"].to_string());
    frames
}

/// What was heard, without members that the frames of then do not have: clients ignore them.
pub(super) fn known(mut heard: Value, then: &Value) -> Value {
    match (&mut heard, then) {
        (Value::Object(members), Value::Object(then)) => {
            members.retain(|name, _| then.contains_key(name));
            for (name, member) in members {
                *member = known(member.take(), &then[name]);
            }
        }
        (Value::Array(items), Value::Array(then)) => {
            for (item, then) in items.iter_mut().zip(then) {
                *item = known(item.take(), then);
            }
        }
        _ => {}
    }
    heard
}

/// Frames without what differs from run to run: ids are numbered by their first appearance,
/// moments are only that.
#[derive(Default)]
pub(super) struct Alike(Vec<Uuid>);

impl Alike {
    pub(super) fn of(&mut self, mut frames: Vec<Value>) -> Vec<Value> {
        frames.iter_mut().for_each(|frame| self.mask(frame));
        frames
    }

    fn mask(&mut self, value: &mut Value) {
        match value {
            Value::Object(members) => members.values_mut().for_each(|member| self.mask(member)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::String(text) if text.parse::<Timestamp>().is_ok() => *value = json!("a moment"),
            Value::String(text) => {
                let words: Vec<_> = text.split(':').map(|word| self.number(word)).collect();
                *text = words.join(":");
            }
            _ => {}
        }
    }

    fn number(&mut self, word: &str) -> String {
        let Ok(id) = word.parse::<Uuid>() else { return word.to_owned() };
        let known = self.0.iter().position(|known| *known == id);
        let place = known.unwrap_or_else(|| {
            self.0.push(id);
            self.0.len() - 1
        });
        format!("id {place}")
    }
}
