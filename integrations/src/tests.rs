//! Tests of the adapters against servers that fail: the reported outcome when there is no answer,
//! and the circuit breaker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::payment::GatewayAnswer;
use domain::text::TextRule;
use domain::{Clock, Ids, PaymentId, Timestamp, UserId, Won};
use services::blobs::{BlobArea, BlobError, BlobKey};
use services::payment::{Charge, Gateway, Issued};
use services::senders::{Mail, MailSender, SendError, Sms, SmsSender};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::resend::{self, Resend};
use crate::solapi::{self, Solapi};
use crate::toss::{self, Toss};
use crate::{Limits, Settings, open};

/// Timeouts that are long enough for a busy machine, and short enough for a test.
const LIMITS: Limits = Limits {
    connect_within: Duration::from_millis(500),
    answer_within: Duration::from_millis(500),
    tries: 2,
    pause: Duration::from_millis(1),
    failures_max: 100,
    rest: Duration::from_secs(60),
};

/// A server that gives one of `answers` to each request in turn, and counts the requests. It does
/// not answer further ones.
async fn server(answers: &'static [&'static str]) -> (SocketAddr, tokio::sync::watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, count) = tokio::sync::watch::channel(0);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            if stream.read(&mut head).await.is_ok_and(|bytes| bytes > 0) {
                asked.send_modify(|count| *count += 1);
            }
            let number: usize = *asked.borrow();
            if let Some(answer) = number.checked_sub(1).and_then(|number| answers.get(number)) {
                let _ = stream.write_all(answer.as_bytes()).await;
            } else {
                open.push(stream);
            }
        }
    });
    (address, count)
}

/// A clock that does not advance, and ids that are all equal.
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

impl Ids for Fixed {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(7)
    }

    fn random(&self) -> [u8; 32] {
        [7; 32]
    }
}

fn gateway(address: SocketAddr, limits: Limits) -> Toss {
    let settings = toss::Settings { url: format!("http://{address}/toss/"), ..toss::Settings::default() };
    Toss::open(&settings, limits).unwrap()
}

async fn charge(gateway: &Toss, billing_key: &str) -> Result<GatewayAnswer, ()> {
    let (key, customer) = (PaymentId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
    let charge = Charge { key, customer, amount: Won(100), billing_key };
    gateway.charge(&charge).await.map_err(drop)
}

const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const DONE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n\
    {\"paymentKey\":\"k\",\"status\":\"DONE\",\"totalAmount\":100,\"failure\":null}";

#[tokio::test]
async fn a_party_that_is_busy_is_asked_again_and_one_that_hangs_leaves_the_outcome_open() {
    let (address, asked) = server(&[BUSY, DONE]).await;
    let gateway = gateway(address, LIMITS);
    assert_eq!(
        charge(&gateway, "a/b?c#d").await,
        Ok(GatewayAnswer::Approved { amount: Won(100), kind: None })
    );
    assert_eq!(*asked.borrow(), 2);
    assert_eq!(charge(&gateway, "key").await, Err(()), "the money may have been taken");
    assert_eq!(*asked.borrow(), 4);
}

#[tokio::test]
async fn what_was_never_sent_took_no_money() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let declined = charge(&gateway(nobody, LIMITS), "key").await;
    assert!(matches!(declined, Ok(GatewayAnswer::Declined { .. })), "{declined:?}");
    let lookup = gateway(nobody, LIMITS).lookup(PaymentId(Uuid::from_u128(1))).await;
    assert!(lookup.is_err(), "nobody said that there is no such charge");
    for odd in [".", ".."] {
        let (address, asked) = server(&[DONE]).await;
        assert!(matches!(charge(&gateway(address, LIMITS), odd).await, Ok(GatewayAnswer::Declined { .. })));
        assert_eq!(*asked.borrow(), 0, "{odd} would be another path");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_party_that_answered_nobody() {
    let (address, asked) = server(&[]).await;
    let gateway = gateway(address, Limits { failures_max: 2, ..LIMITS });
    assert_eq!(charge(&gateway, "key").await, Err(()));
    let left_alone = charge(&gateway, "key").await;
    assert!(matches!(left_alone, Ok(GatewayAnswer::Declined { .. })), "{left_alone:?}");
    assert_eq!(*asked.borrow(), 2, "it was not asked again");
}

const ISSUED: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n\
    {\"billingKey\":\"bk\",\"card\":{\"issuerCode\":\"41\",\"number\":\"4330123412341234\"}}";
const NO_AUTH: &str = "HTTP/1.1 400 No\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n\
    {\"code\":\"INVALID_BILLING_AUTH\",\"message\":\"no\"}";
const NO_KEY: &str = "HTTP/1.1 401 No\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n\
    {\"code\":\"UNAUTHORIZED_KEY\",\"message\":\"no\"}";

#[tokio::test]
async fn a_billing_key_is_asked_for_again_and_its_number_is_never_told_in_full() {
    let customer = UserId(Uuid::from_u128(2));
    let (address, asked) = server(&[BUSY, ISSUED]).await;
    let issued = gateway(address, LIMITS).issue("auth", customer).await.ok();
    let Some(Issued::Done { billing_key, label }) = issued else { panic!("nothing was issued") };
    assert_eq!((billing_key.as_str(), label.number.as_str(), *asked.borrow()), ("bk", "43301234****1234", 2));
    let (address, _) = server(&[NO_AUTH]).await;
    assert!(matches!(gateway(address, LIMITS).issue("auth", customer).await, Ok(Issued::Refused)));
    // Our own key is wrong: the customer may have agreed.
    let (address, _) = server(&[NO_KEY]).await;
    assert!(gateway(address, LIMITS).issue("auth", customer).await.is_err());
}

#[test]
fn an_address_that_is_none_is_refused_at_the_start() {
    for url in ["", "ftp://gateway.example", "mailto:gateway@example.com", "http://"] {
        let toss = toss::Settings { url: url.to_owned(), ..toss::Settings::default() };
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(Fixed), Arc::new(Fixed));
        assert!(open(&Settings { toss, ..Settings::default() }, &clock, &ids).is_err(), "{url:?}");
    }
}

fn sender_of_mail(address: SocketAddr) -> Resend {
    let url = format!("http://{address}");
    Resend::open(&resend::Settings { url, ..resend::Settings::default() }, LIMITS).unwrap()
}

fn mail() -> Mail {
    let text = TextRule::line(100).read("text").unwrap();
    let to = "minji@example.com".parse().unwrap();
    Mail { key: Uuid::from_u128(1), to, subject: text.clone(), body: text }
}

fn sender_of_sms(address: SocketAddr) -> Solapi {
    let url = format!("http://{address}");
    let settings = solapi::Settings { url, ..solapi::Settings::default() };
    Solapi::open(&settings, LIMITS, Arc::new(Fixed), Arc::new(Fixed)).unwrap()
}

fn sms(to: &str) -> Sms {
    let text = TextRule::line(100).read("text").unwrap();
    Sms { key: Uuid::from_u128(1), to: to.parse().unwrap(), text }
}

const OFTEN: &str = "HTTP/1.1 429 Often\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const TAKEN: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"id\":\"1\",\"statusCode\":\"2000\"}";
const TORN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{";

#[tokio::test]
async fn a_mail_is_tried_again_under_its_key_and_one_that_nobody_answers_for_may_have_been_sent() {
    let (address, asked) = server(&[BUSY, TAKEN]).await;
    assert_eq!(sender_of_mail(address).send(&mail()).await, Ok(()));
    assert_eq!(*asked.borrow(), 2);
    assert_eq!(sender_of_mail(address).send(&mail()).await, Err(SendError::Unknown));
    assert_eq!(*asked.borrow(), 4);
}

#[tokio::test]
async fn a_text_message_that_may_have_been_sent_is_not_sent_again() {
    for answers in [&[BUSY, TAKEN][..], &[TORN, TAKEN], &[]] {
        let (address, asked) = server(answers).await;
        let sent = sender_of_sms(address).send(&sms("010-1234-5678")).await;
        assert_eq!((sent, *asked.borrow()), (Err(SendError::Unknown), 1), "{answers:?}");
    }
    let (address, asked) = server(&[OFTEN, TAKEN]).await;
    assert_eq!(sender_of_sms(address).send(&sms("010-1234-5678")).await, Ok(()));
    assert_eq!(*asked.borrow(), 2, "the first was not taken, and this is certain");
}

#[tokio::test]
async fn what_reached_no_sender_was_not_sent() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(sender_of_mail(nobody).send(&mail()).await, Err(SendError::Unavailable));
    assert_eq!(sender_of_sms(nobody).send(&sms("010-1234-5678")).await, Err(SendError::Unavailable));
    let (address, asked) = server(&[TAKEN]).await;
    assert_eq!(sender_of_sms(address).send(&sms("+1 212 555 0100")).await, Err(SendError::Refused));
    assert_eq!(*asked.borrow(), 0, "only Korean numbers are dialled");
}

#[tokio::test]
async fn without_a_setting_nobody_sends_and_nothing_is_kept() {
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(Fixed), Arc::new(Fixed));
    let parties = open(&Settings::default(), &clock, &ids).unwrap();
    assert_eq!(parties.mail.send(&mail()).await, Err(SendError::NotConfigured));
    assert_eq!(parties.sms.send(&sms("010-1234-5678")).await, Err(SendError::NotConfigured));
    let key = BlobKey::of(BlobArea::new("photo"), b"");
    assert_eq!(parties.blobs.delete(&key).await, Err(BlobError::NotConfigured));
}
