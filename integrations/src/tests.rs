//! The adapters against servers that misbehave: what is said when nobody answers, and that
//! nobody waits for a party that does not.

use std::net::SocketAddr;
use std::time::Duration;

use domain::payment::GatewayAnswer;
use domain::{PaymentId, UserId, Won};
use services::payment::{Charge, Gateway};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::toss::{self, Toss};
use crate::{Limits, Settings, open};

/// Long enough for a busy machine, and short enough to wait for.
const LIMITS: Limits = Limits {
    connect_within: Duration::from_millis(500),
    answer_within: Duration::from_millis(500),
    tries: 2,
    pause: Duration::from_millis(1),
    failures_max: 100,
    rest: Duration::from_secs(60),
};

/// A server that says these bytes to each request in turn, and counts them; to further ones
/// it says nothing.
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

fn gateway(address: SocketAddr, limits: Limits) -> Toss {
    let settings = toss::Settings { url: format!("http://{address}/toss/"), secret_key: "sk".to_owned() };
    Toss::open(&settings, limits).unwrap()
}

async fn charge(gateway: &Toss, token: &str) -> Result<GatewayAnswer, ()> {
    let (key, customer) = (PaymentId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
    let charge = Charge { key, customer, amount: Won(100), token };
    gateway.charge(&charge).await.map_err(drop)
}

const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const DONE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n\
    {\"paymentKey\":\"k\",\"status\":\"DONE\",\"totalAmount\":100,\"failure\":null}";

#[tokio::test]
async fn a_party_that_is_busy_is_asked_again_and_one_that_hangs_leaves_the_outcome_open() {
    let (address, asked) = server(&[BUSY, DONE]).await;
    let gateway = gateway(address, LIMITS);
    assert_eq!(charge(&gateway, "a/b?c#d").await, Ok(GatewayAnswer::Approved { amount: Won(100) }));
    assert_eq!(*asked.borrow(), 2);
    assert_eq!(charge(&gateway, "token").await, Err(()), "the money may have been taken");
    assert_eq!(*asked.borrow(), 4);
}

#[tokio::test]
async fn what_was_never_sent_took_no_money() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let declined = charge(&gateway(nobody, LIMITS), "token").await;
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
    assert_eq!(charge(&gateway, "token").await, Err(()));
    let left_alone = charge(&gateway, "token").await;
    assert!(matches!(left_alone, Ok(GatewayAnswer::Declined { .. })), "{left_alone:?}");
    assert_eq!(*asked.borrow(), 2, "it was not asked again");
}

#[test]
fn an_address_that_is_none_is_refused_at_the_start() {
    for url in ["", "ftp://gateway.example", "mailto:gateway@example.com", "http://"] {
        let toss = toss::Settings { url: url.to_owned(), ..toss::Settings::default() };
        assert!(open(&Settings { toss, ..Settings::default() }).is_err(), "{url:?}");
    }
}
