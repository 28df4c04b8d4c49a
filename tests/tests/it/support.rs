//! Support conversations: each message arrives once, in order, and only at those concerned.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::support::{Draft, Message, MessageText, Side, Status, Topic};
use domain::{Audience, Channel, ClientMessageId, ConversationId, Failure, Party, Principal, Role, UserId};
use futures::future::join_all;
use serde_json::Value;
use server::system::OsRandom;
use services::support::{self, ConversationView, Page, Presence, Question, Saying};
use services::{App, Settings};
use store::StoreError;
use store::fabric::{FabricListener, Signal};
use store::support::{Mark, Step};
use tests::{TestApp, channels};
use tokio::sync::mpsc;

fn fresh<T: From<uuid::Uuid>>() -> T {
    domain::Ids::uuid(&OsRandom).into()
}

fn person(role: Role) -> Principal {
    Principal { user: fresh(), session: fresh(), roles: vec![role] }
}

fn customer() -> Principal {
    person(Role::Customer)
}

fn saying(text: &str) -> Saying {
    Saying { client_message_id: fresh(), text: text.to_owned(), private_note: false }
}

fn note(text: &str) -> Saying {
    Saying { private_note: true, ..saying(text) }
}

fn question(text: &str) -> Question {
    Question { topic: Topic::Delivery, order_id: None, text: text.to_owned(), client_message_id: fresh() }
}

async fn asks(app: &App, who: &Principal) -> ConversationId {
    support::open(app, who, question("배달이 늦어요.")).await.unwrap().id
}

/// An agent who is at the desk, with room for `capacity` conversations.
async fn agent(app: &App, capacity: i32) -> Principal {
    let who = person(Role::Agent);
    comes(app, &who, capacity).await;
    who
}

async fn comes(app: &App, who: &Principal, capacity: i32) {
    let presence = Presence { online: true, capacity: Some(capacity) };
    support::set_presence(app, who, presence).await.unwrap();
}

async fn shown(app: &App, who: &Principal, id: ConversationId) -> ConversationView {
    support::conversation(app, who, id).await.unwrap()
}

async fn said(app: &App, who: &Principal, id: ConversationId) -> Vec<Message> {
    support::messages(app, who, id, Page::After(0), 1_000).await.unwrap()
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> &'static str {
    match outcome {
        Err(Failure::Refused(refused)) => refused.faults.first().map_or(refused.code, |fault| fault.code()),
        other => panic!("not refused: {other:?}"),
    }
}

/// Hears one process's fabric.
struct TestListener(mpsc::UnboundedReceiver<(Channel, Signal)>);

struct Sender(mpsc::UnboundedSender<(Channel, Signal)>);

impl FabricListener for Sender {
    fn on_signal(&self, channel: &Channel, signal: &Signal) {
        let _ = self.0.send((channel.clone(), signal.clone()));
    }
}

impl TestListener {
    fn of(app: &App) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        app.fabric().listen(Arc::new(Sender(sender)));
        Self(receiver)
    }

    /// The data of the next event of this kind for which `meant` holds.
    async fn hear(&mut self, kind: &str, meant: impl Fn(&Value) -> bool) -> (Value, Audience) {
        let heard = async {
            loop {
                let (_, signal) = self.0.recv().await.unwrap();
                let (told, data, audience) = match &signal {
                    Signal::Log(recorded) => (recorded.kind.as_str(), &recorded.data, recorded.audience),
                    Signal::Ephemeral(passing) => (passing.kind.as_ref(), &passing.data, passing.audience),
                    Signal::Latest(_) => continue,
                };
                if told == kind && meant(data) {
                    return (data.clone(), audience);
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), heard).await.unwrap_or_else(|_| panic!("no {kind}"))
    }
}

#[tokio::test]
async fn a_message_sent_many_times_at_once_is_said_once() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = customer();
    let id = asks(app, &who).await;
    let message = saying("아직도 안 왔어요.");
    let answers = join_all((0..20).map(|_| support::send(app, &who, id, message.clone()))).await;
    let answers: Vec<Message> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(said(app, &who, id).await.len(), 2);

    // The client's id is the message's, and no other one's.
    let other = Saying { text: "다른 말".into(), ..message };
    assert_eq!(code(support::send(app, &who, id, other).await), "support.client_message_id_reused");
    test.stop().await;
}

/// What a customer would say next, decided on the conversation as it stands.
async fn decided(app: &App, who: &Principal, id: ConversationId, client: ClientMessageId) -> Step {
    let before = store::support::load(&app.store, id).await.unwrap().unwrap();
    let text = MessageText::new("어디쯤 오고 있나요?", "/text").unwrap();
    let draft = Draft { message_id: fresh(), client_message_id: client, text, private_note: false };
    let (last_seq, at) = (before.last_seq, app.now());
    let (after, events) = before.send(who.user, draft, at).unwrap();
    Step { before: last_seq, after, events, at }
}

#[tokio::test]
async fn messages_that_share_a_commit_stand_or_fall_each_for_itself() {
    let test = TestApp::start().await;
    let app = test.app();
    let (well, repeats, late) = (customer(), customer(), customer());
    let [one, two, three] = [asks(app, &well).await, asks(app, &repeats).await, asks(app, &late).await];
    let earlier = saying("여보세요?");
    support::send(app, &repeats, two, earlier.clone()).await.unwrap();
    let stale = decided(app, &late, three, fresh()).await;
    support::send(app, &late, three, saying("저기요.")).await.unwrap();

    let good = decided(app, &well, one, fresh()).await;
    let breaks = decided(app, &repeats, two, earlier.client_message_id).await;
    let outcomes = store::support::commit_all(&app.store, &[stale.clone(), breaks, good]).await;

    assert!(
        matches!(outcomes[..], [Err(StoreError::Conflict), Err(StoreError::Fault(_)), Ok(())]),
        "{outcomes:?}"
    );
    let counts = [(&well, one, 2), (&repeats, two, 2), (&late, three, 2)];
    for (who, id, count) in counts {
        assert_eq!(said(app, who, id).await.len(), count);
    }
    // Where none breaks anything, it is one statement, and the stale one still falls alone.
    let next = decided(app, &well, one, fresh()).await;
    let outcomes = store::support::commit_all(&app.store, &[next, stale]).await;
    assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Conflict)]), "{outcomes:?}");
    assert_eq!(said(app, &well, one).await.len(), 3);
    test.stop().await;
}

#[tokio::test]
async fn read_marks_that_share_a_commit_move_each_for_itself() {
    let test = TestApp::start().await;
    let app = test.app();
    let (who, other) = (customer(), customer());
    let (one, two) = (asks(app, &who).await, asks(app, &other).await);
    support::send(app, &who, one, saying("여보세요?")).await.unwrap();
    let mark =
        |conversation, by: &Principal, seq| Mark { conversation, by: by.user, side: Side::Customer, seq };
    let marks = [
        mark(one, &who, 2),
        mark(one, &who, 1),
        mark(one, &other, 1),
        mark(two, &other, 9),
        mark(two, &other, 1),
    ];

    let outcomes = store::support::mark_read(&app.store, &marks).await;

    let stands: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(stands, [true, true, false, false, true]);
    for (id, seq) in [(one, 2), (two, 1)] {
        let conversation = store::support::load(&app.store, id).await.unwrap().unwrap();
        assert_eq!((conversation.customer_read_seq, conversation.agent_read_seq), (seq, 0));
    }
    test.stop().await;
}

#[tokio::test]
async fn asking_twice_opens_one_conversation() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = customer();
    let asked = question("환불해 주세요.");
    let opened = join_all((0..8).map(|_| support::open(app, &who, asked.clone()))).await;
    let ids: Vec<ConversationId> = opened.into_iter().map(|one| one.unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(support::conversations(app, &who, None, None, 100).await.unwrap().len(), 1);

    let other = Question { text: "다른 질문".into(), ..asked };
    assert_eq!(code(support::open(app, &who, other).await), "support.client_message_id_reused");
    test.stop().await;
}

#[tokio::test]
async fn two_processes_write_one_conversation_without_a_gap() {
    let test = TestApp::start().await;
    let second = test.second_server().await;
    let (here, there) = (test.app(), second.app());
    let who = customer();
    let helper = agent(here, 5).await;
    let id = asks(here, &who).await;

    // Everybody says ten things in both processes, each of them in both at once.
    let texts: Vec<(Principal, Saying)> = (0..10)
        .flat_map(|n| [(who.clone(), saying(&format!("q{n}"))), (helper.clone(), saying(&format!("a{n}")))])
        .collect();
    let sends = texts.iter().flat_map(|(by, text)| {
        [support::send(here, by, id, text.clone()), support::send(there, by, id, text.clone())]
    });
    let mut told: HashMap<ClientMessageId, Message> = HashMap::new();
    for sent in join_all(sends).await {
        let message = sent.unwrap();
        let first = told.entry(message.client_message_id).or_insert_with(|| message.clone());
        assert_eq!(*first, message, "both processes tell of the same message");
    }
    assert_eq!(told.len(), texts.len());

    let entries = channels::history(there, Channel::Chat(id), 0, 1_000).await.unwrap();
    let offsets: Vec<u64> = entries.iter().map(|entry| entry.offset).collect();
    assert_eq!(offsets, (1..=22).collect::<Vec<u64>>(), "the question, the assignment, and twenty messages");
    assert_eq!(shown(here, &who, id).await.last_seq, 22);
    assert_eq!(said(here, &who, id).await.len(), 21);
    second.stop(Duration::from_secs(5)).await;
    test.stop().await;
}

#[tokio::test]
async fn whoever_waits_is_helped_when_an_agent_comes() {
    let test = TestApp::start().await;
    let app = test.app();
    let mut listener = TestListener::of(app);
    let (first, second) = (customer(), customer());
    let (earlier, later) = (asks(app, &first).await, asks(app, &second).await);
    assert_eq!(shown(app, &first, earlier).await.status, Status::Queued);

    // The agent has room for one conversation: the one that waits longest.
    let helper = agent(app, 1).await;
    let viewed = shown(app, &first, earlier).await;
    assert_eq!((viewed.status, viewed.agent_id), (Status::Open, Some(helper.user)));
    assert_eq!(shown(app, &second, later).await.status, Status::Queued);
    let (assigned, _) = listener.hear("desk.assigned", |_| true).await;
    assert_eq!(assigned["conversation_id"], earlier.to_string());

    // More room, and the next one is helped as well.
    comes(app, &helper, 2).await;
    assert_eq!(shown(app, &second, later).await.agent_id, Some(helper.user));
    let desk = support::desk(app, &helper).await.unwrap();
    assert_eq!((desk.online, desk.capacity, desk.assigned.len(), desk.queued), (true, 2, 2, 0));
    test.stop().await;
}

#[tokio::test]
async fn capacity_holds_while_everybody_asks_at_once() {
    let test = TestApp::start().await;
    let second = test.second_server().await;
    let (here, there) = (test.app(), second.app());
    let helpers = join_all((0..3).map(|_| agent(here, 2))).await;
    let customers: Vec<Principal> = (0..20).map(|_| customer()).collect();
    let opened =
        customers.iter().enumerate().map(|(n, who)| asks(if n % 2 == 0 { here } else { there }, who));
    join_all(opened).await;
    for helper in &helpers {
        let desk = support::desk(here, helper).await.unwrap();
        assert_eq!((desk.assigned.len(), desk.queued), (2, 14));
    }

    // They settle everything that they are given, both processes at once.
    let mut settled = 0;
    while settled < customers.len() {
        let mut resolves = Vec::new();
        for helper in &helpers {
            let assigned = support::desk(here, helper).await.unwrap().assigned;
            assert!(assigned.len() <= 2, "more than fits");
            resolves.extend(
                assigned.into_iter().enumerate().map(|(n, viewed)| {
                    support::resolve(if n == 0 { here } else { there }, helper, viewed.id)
                }),
            );
        }
        assert!(!resolves.is_empty(), "somebody waits, and nobody is given anything");
        settled += join_all(resolves).await.into_iter().map(Result::unwrap).count();
    }
    assert_eq!(support::desk(there, &helpers[0]).await.unwrap().queued, 0);
    second.stop(Duration::from_secs(5)).await;
    test.stop().await;
}

#[tokio::test]
async fn unread_counts_are_exact_for_both_sides() {
    let test = TestApp::start().await;
    let app = test.app();
    let (who, helper) = (customer(), agent(app, 5).await);
    let id = asks(app, &who).await;
    for text in ["하나", "둘"] {
        support::send(app, &helper, id, saying(text)).await.unwrap();
    }
    support::send(app, &helper, id, note("속으로")).await.unwrap();
    let last = support::send(app, &who, id, saying("네")).await.unwrap().seq;

    // The note is not the customer's to read, and nobody has to read themselves.
    assert_eq!(shown(app, &who, id).await.unread, 2);
    assert_eq!(shown(app, &helper, id).await.unread, 2);
    assert_eq!(support::conversations(app, &who, None, None, 10).await.unwrap()[0].unread, 2);

    support::read(app, &who, id, 3).await.unwrap();
    assert_eq!(shown(app, &who, id).await.unread, 1);
    support::read(app, &helper, id, last).await.unwrap();
    assert_eq!(shown(app, &helper, id).await.unread, 0);

    // Marks never go back, and never beyond what was said.
    support::read(app, &who, id, 1).await.unwrap();
    assert_eq!(shown(app, &who, id).await.customer_read_seq, 3);
    assert_eq!(code(support::read(app, &who, id, last + 1).await), "support.read_beyond_end");
    test.stop().await;
}

#[tokio::test]
async fn read_marks_of_two_processes_only_grow() {
    let test = TestApp::start().await;
    let second = test.second_server().await;
    let who = customer();
    let id = asks(test.app(), &who).await;
    for n in 0..20 {
        support::send(test.app(), &who, id, saying(&format!("{n}"))).await.unwrap();
    }
    let reads = (1..=21).map(|seq| {
        support::read(if seq % 2 == 0 { test.app() } else { second.app() }, &who, id, (seq * 8) % 21 + 1)
    });
    assert!(join_all(reads).await.into_iter().all(|read| read.is_ok()));
    assert_eq!(shown(test.app(), &who, id).await.customer_read_seq, 21);
    second.stop(Duration::from_secs(5)).await;
    test.stop().await;
}

#[tokio::test]
async fn a_private_note_never_reaches_the_customer() {
    const SECRET: &str = "이 고객은 환불이 잦음";
    let test = TestApp::start().await;
    let app = test.app();
    let mut listener = TestListener::of(app);
    let (who, helper) = (customer(), agent(app, 5).await);
    let id = asks(app, &who).await;
    support::send(app, &helper, id, note(SECRET)).await.unwrap();
    let (_, audience) = listener.hear("chat.message", |data| data["text"] == SECRET).await;
    assert_eq!(audience, Party::Support.into());
    assert!(!channels::authorise(app, &who, Channel::Chat(id)).await.unwrap().hears(audience));
    assert!(channels::authorise(app, &helper, Channel::Chat(id)).await.unwrap().hears(audience));

    for message in said(app, &who, id).await {
        assert!(message.text != SECRET && !message.private_note);
    }
    let before = support::messages(app, &who, id, Page::Before(i64::MAX), 100).await.unwrap();
    assert!(before.iter().all(|message| message.text != SECRET));
    assert!(
        !channels::snapshot(app, &who, Channel::Chat(id)).await.unwrap().data.to_string().contains(SECRET)
    );
    for entry in channels::history(app, Channel::Chat(id), 0, 100).await.unwrap() {
        assert_eq!(entry.data.to_string().contains(SECRET), entry.audience == Party::Support.into());
    }

    // The agent sees it everywhere, and it does not pass for an answer.
    assert!(said(app, &helper, id).await.iter().any(|message| message.text == SECRET));
    assert!(
        channels::snapshot(app, &helper, Channel::Chat(id)).await.unwrap().data.to_string().contains(SECRET)
    );
    assert_eq!(shown(app, &who, id).await.status, Status::Open);
    assert_eq!(code(support::send(app, &who, id, note("나도")).await), "support.note_by_customer");
    test.stop().await;
}

#[tokio::test]
async fn nobody_else_sees_a_conversation_or_can_tell_that_there_is_one() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = customer();
    let id = asks(app, &who).await;
    // In the queue every agent sees it, and none of them may answer yet.
    let elsewhere = person(Role::Agent);
    shown(app, &elsewhere, id).await;
    assert_eq!(code(support::send(app, &elsewhere, id, saying("제가")).await), "support.not_assigned");

    agent(app, 1).await;
    for stranger in [elsewhere, customer(), person(Role::Courier)] {
        for there_or_not in [id, fresh()] {
            assert_eq!(code(support::conversation(app, &stranger, there_or_not).await), "not_found");
            let messages = support::messages(app, &stranger, there_or_not, Page::After(0), 9).await;
            assert_eq!(code(messages), "not_found");
            assert_eq!(code(support::send(app, &stranger, there_or_not, saying("저도")).await), "not_found");
            assert_eq!(code(support::read(app, &stranger, there_or_not, 1).await), "not_found");
            assert_eq!(code(support::typing(app, &stranger, there_or_not, true).await), "not_found");
            assert_eq!(code(support::resolve(app, &stranger, there_or_not).await), "not_found");
            assert_eq!(
                code(channels::authorise(app, &stranger, Channel::Chat(there_or_not)).await),
                "not_found"
            );
            assert_eq!(
                code(channels::snapshot(app, &stranger, Channel::Chat(there_or_not)).await),
                "not_found"
            );
        }
        assert_eq!(support::conversations(app, &stranger, None, None, 9).await.unwrap(), []);
    }
    assert_eq!(said(app, &who, id).await.len(), 1);
    for stranger in [customer(), person(Role::Owner)] {
        assert_eq!(code(support::desk(app, &stranger).await), "forbidden");
        let presence = Presence { online: true, capacity: None };
        assert_eq!(code(support::set_presence(app, &stranger, presence).await), "forbidden");
    }
    test.stop().await;
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_by_name() {
    let test = TestApp::start().await;
    let app = test.app();
    let (who, helper) = (customer(), agent(app, 5).await);
    let id = asks(app, &who).await;
    let cases = [
        ("", "blank"),
        (" \n\t\u{3000}", "blank"),
        (&"밥".repeat(4_001), "too_long"),
        (&"x".repeat(1_000_000), "too_long"),
        ("a\0b", "control_character"),
        ("\u{1b}[31mred", "control_character"),
        ("bell\u{7}", "control_character"),
        ("turned \u{202e}round", "forbidden_character"),
        ("\u{3164}", "forbidden_character"),
    ];
    for (text, fault) in cases {
        assert_eq!(code(support::send(app, &who, id, saying(text)).await), fault);
        assert_eq!(code(support::open(app, &who, question(text)).await), fault);
    }
    let foreign = Question { order_id: Some(fresh()), ..question("제 주문이 아닌데요") };
    assert_eq!(code(support::open(app, &who, foreign).await), "not_found");
    for capacity in [-1, 51, i32::MIN, i32::MAX] {
        let presence = Presence { online: true, capacity: Some(capacity) };
        assert_eq!(code(support::set_presence(app, &helper, presence).await), "out_of_range");
    }
    assert_eq!(said(app, &who, id).await.len(), 1);

    // What is merely unusual is said as it is.
    for text in ["'; drop table support.entries; --", "👨‍👩‍👧‍👦 مرحبا", "줄\n바꿈\t탭", &"밥".repeat(4_000)]
    {
        assert_eq!(support::send(app, &who, id, saying(text)).await.unwrap().text, text);
    }
    test.stop().await;
}

#[tokio::test]
async fn a_customer_who_comes_back_is_queued_and_helped_again() {
    let test = TestApp::start().await;
    let app = test.app();
    let (who, helper) = (customer(), agent(app, 5).await);
    let id = asks(app, &who).await;
    support::send(app, &helper, id, saying("해결됐습니다.")).await.unwrap();
    assert_eq!(shown(app, &who, id).await.status, Status::Pending);
    let resolved = support::resolve(app, &helper, id).await.unwrap();
    assert_eq!((resolved.status, resolved.agent_id), (Status::Resolved, Some(helper.user)));
    // Settling it again changes nothing.
    assert_eq!(support::resolve(app, &who, id).await.unwrap().last_seq, resolved.last_seq);
    assert_eq!(code(support::send(app, &helper, id, saying("하나 더")).await), "support.closed");

    let back = support::send(app, &who, id, saying("아니요, 아직이요.")).await.unwrap();
    assert_eq!(back.seq, resolved.last_seq + 2, "the reopening comes first");
    let again = shown(app, &who, id).await;
    assert_eq!(
        (again.status, again.agent_id, again.last_seq),
        (Status::Open, Some(helper.user), back.seq + 1)
    );
    // The session heard of none of this assignment, and answers all the same.
    support::send(app, &helper, id, saying("다시 보겠습니다.")).await.unwrap();

    let kinds: Vec<String> = channels::history(app, Channel::Chat(id), 0, 100)
        .await
        .unwrap()
        .iter()
        .map(|entry| entry.kind.clone())
        .collect();
    let story = "message assigned message resolved reopened message assigned message";
    assert_eq!(kinds, story.split(' ').map(|kind| format!("chat.{kind}")).collect::<Vec<_>>());
    test.stop().await;
}

#[tokio::test]
async fn an_agent_whose_sockets_are_gone_goes_offline_and_one_who_returns_does_not() {
    let test = TestApp::start().await;
    let app = test.app();
    let mut listener = TestListener::of(app);
    let (gone, back) = (agent(app, 1).await, agent(app, 1).await);
    support::agent_gone(app, back.user).await.unwrap();
    support::agent_here(app, back.user).await.unwrap();
    support::agent_gone(app, gone.user).await.unwrap();
    test.advance(TimeDelta::from_std(Settings::default().support.agent_grace).unwrap()).await;
    test.run_due_jobs().await;

    let away =
        |who: UserId| move |data: &Value| data["agent_id"] == who.to_string() && data["online"] == false;
    listener.hear("desk.presence", away(gone.user)).await;
    assert!(!support::desk(app, &gone).await.unwrap().online);
    assert!(support::desk(app, &back).await.unwrap().online);
    // An agent who is offline gets no new conversation.
    let helped = join_all((0..2).map(|_| async { asks(app, &customer()).await })).await;
    assert_eq!(helped.len(), 2);
    let desk = support::desk(app, &back).await.unwrap();
    assert_eq!((desk.assigned.len(), desk.queued), (1, 1));
    test.stop().await;
}

#[tokio::test]
async fn nobody_is_left_typing() {
    let mut settings = Settings::default();
    settings.support.typing_ttl = Duration::from_millis(100);
    let test = TestApp::start_with(settings).await;
    let app = test.app();
    let mut listener = TestListener::of(app);
    let who = customer();
    let id = asks(app, &who).await;
    support::typing(app, &who, id, true).await.unwrap();
    let (told, _) = listener.hear("chat.typing", |_| true).await;
    assert_eq!(
        (&told["typing"], &told["user_id"]),
        (&Value::Bool(true), &Value::String(who.user.to_string()))
    );
    listener.hear("chat.typing", |data| data["typing"] == false).await;
    test.stop().await;
}

#[tokio::test]
async fn a_snapshot_and_what_follows_it_are_the_whole_story() {
    let test = TestApp::start().await;
    let app = test.app();
    let (who, helper) = (customer(), agent(app, 5).await);
    let id = asks(app, &who).await;
    let snapshot = channels::snapshot(app, &who, Channel::Chat(id)).await.unwrap();
    assert_eq!(snapshot.offset, 2);
    assert_eq!(snapshot.data["status"], "open");
    assert_eq!(snapshot.data["version"], 2);
    assert_eq!(snapshot.data["messages"][0]["text"], "배달이 늦어요.");
    support::send(app, &helper, id, saying("확인할게요.")).await.unwrap();
    let next = channels::history(app, Channel::Chat(id), snapshot.offset, 10).await.unwrap();
    assert_eq!((next.len(), next[0].offset), (1, 3));
    let chats = [Channel::Chat(id), Channel::Chat(fresh())];
    assert_eq!(channels::heads(app, &chats).await.unwrap(), [(Channel::Chat(id), 3)]);

    let desk = channels::snapshot(app, &helper, Channel::Desk).await.unwrap();
    let heads = store::journal::heads(&app.store, &[Channel::Desk]).await.unwrap();
    assert_eq!(heads, [(Channel::Desk, desk.offset)]);
    assert_eq!(desk.data["assigned"][0]["id"], id.to_string());
    test.stop().await;
}

#[tokio::test]
async fn frequent_questions_are_found_as_people_ask_them() {
    let test = TestApp::start().await;
    let app = test.app();
    let all = support::faqs(app, None, None, None, 100).await.unwrap();
    assert!(all.len() >= 12);
    assert_eq!(support::faq(app, all[0].id).await.unwrap(), all[0]);
    assert_eq!(code(support::faq(app, fresh()).await), "not_found");
    for search in ["배달팁을", "delivery tip", "배달 팁"] {
        let found = support::faqs(app, None, Some(search), None, 100).await.unwrap();
        assert!(found.iter().any(|faq| faq.ko.question.contains("배달팁")), "{search}");
    }
    let payment = support::faqs(app, Some(Topic::Payment), Some("환불"), None, 100).await.unwrap();
    assert!(!payment.is_empty() && payment.iter().all(|faq| faq.category == Topic::Payment));
    // Page by page is the same as all at once.
    let mut paged = support::faqs(app, None, None, None, 5).await.unwrap();
    while let Some(last) = paged.last().map(|faq| faq.position) {
        let next = support::faqs(app, None, None, Some(last), 5).await.unwrap();
        if next.is_empty() {
            break;
        }
        paged.extend(next);
    }
    assert_eq!(paged, all);
    test.stop().await;
}
