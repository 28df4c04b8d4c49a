//! What third parties do for use cases, whole: settings, wiring, adapters and the sandbox.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use domain::payment::GatewayAnswer;
use domain::text::{Text, TextRule};
use domain::{PaymentId, RefundId, Won};
use futures::TryStreamExt;
use serde_json::Value;
use services::ThirdParties;
use services::blobs::{BlobArea, BlobError};
use services::payment::{Cancelled, Charge};
use services::senders::{Mail, Push, SendError, Sms};
use sim::sandbox::toss::cards;
use sim::system::fresh_id;
use tests::{TestApp, settings};

use crate::shopping::Shopping;

fn text(words: &str) -> Text {
    TextRule::lines(500).read(words).unwrap()
}

fn mail(to: &str) -> Mail {
    let (subject, body) = (text("인증 번호"), text("<b>314159</b>\n다른 사람에게 알려 주지 마세요."));
    Mail { key: fresh_id(), to: to.parse().unwrap(), subject, body }
}

fn sms(to: &str) -> Sms {
    Sms { key: fresh_id(), to: to.parse().unwrap(), text: text("[배달] 인증 번호 314159") }
}

fn push(to: &str) -> Push {
    let data = [("page".to_owned(), "orders/1".to_owned())].into();
    Push {
        key: fresh_id(),
        to: to.parse().unwrap(),
        title: text("배달 완료"),
        body: text("맛있게 드세요."),
        data,
    }
}

fn parties(app: &TestApp) -> &ThirdParties {
    &app.app().third_parties
}

#[tokio::test]
async fn one_of_each_message_is_sent_and_stands_on_the_sandboxs_pages() {
    let app = TestApp::start().await;
    let (mail, sms, push) = (mail("minji@example.com"), sms("010-2345-6789"), push("fX3:APA91b"));
    parties(&app).mail.send(&mail).await.unwrap();
    parties(&app).sms.send(&sms).await.unwrap();
    parties(&app).push.send(&push).await.unwrap();

    let [sent] = &app.sandbox.mails_to("minji@example.com")[..] else { panic!("one mail") };
    assert_eq!((sent.subject.as_deref(), &*sent.text), (Some("인증 번호"), mail.body.as_str()));
    assert_eq!(sent.from.as_deref(), Some("배달 <no-reply@baedal.example>"));
    let [sent] = &app.sandbox.texts_to("01023456789")[..] else { panic!("one text message") };
    assert_eq!((sent.from.as_deref(), &*sent.text), (Some("0215881588"), sms.text.as_str()));
    let [sent] = &app.sandbox.pushes_to("fX3:APA91b")[..] else { panic!("one push notification") };
    assert_eq!((sent.subject.as_deref(), sent.data["page"].as_str()), (Some("배달 완료"), "orders/1"));

    let read = async |page: &str| reqwest::get(app.sandbox.url_of(page)).await.unwrap().text().await.unwrap();
    let page = read("mailbox?to=minji@example.com").await;
    assert!(page.contains("인증 번호") && page.contains("&lt;b&gt;314159&lt;/b&gt;"), "{page}");
    assert!(read("mailbox?to=\"><script>").await.contains("&quot;&gt;&lt;script&gt;"));
    assert!(read("sms?to=").await.contains("314159"));
    assert!(read("push").await.contains("page = orders/1"));
    let listed: Value = serde_json::from_str(&read("mailbox.json").await).unwrap();
    assert_eq!(listed[0]["to"], "minji@example.com");
    app.stop().await;
}

#[tokio::test]
async fn a_sender_that_hangs_is_late_is_busy_or_refuses_is_told_apart() {
    let app = TestApp::start().await;
    let (refused, unknown) = (Err(SendError::Refused), Err(SendError::Unknown));
    for (name, outcome) in [("hangs", unknown), ("late", unknown), ("busy", unknown), ("refused", refused)] {
        assert_eq!(parties(&app).mail.send(&mail(&format!("{name}@example.com"))).await, outcome, "{name}");
        assert_eq!(parties(&app).push.send(&push(&format!("{name}:token"))).await, outcome, "{name}");
    }
    for (number, outcome) in [(1, unknown), (2, unknown), (3, unknown), (4, refused)] {
        assert_eq!(parties(&app).sms.send(&sms(&format!("010-0000-000{number}"))).await, outcome, "{number}");
    }
    assert_eq!(parties(&app).push.send(&push("gone:token")).await, Err(SendError::Gone));
    // Of the sends without a known result, only those with a late answer were delivered.
    assert_eq!(app.sandbox.mails_to("late@example.com").len(), 1);
    assert_eq!(app.sandbox.texts_to("01000000002").len(), 1);
    assert_eq!(app.sandbox.pushes_to("late:token").len(), 1);
    for nobody in ["hangs@example.com", "busy@example.com", "refused@example.com"] {
        assert!(app.sandbox.mails_to(nobody).is_empty(), "{nobody}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_repeated_mail_is_sent_once_and_a_repeated_push_notification_is_shown_once() {
    let app = TestApp::start().await;
    let (late, push) = (mail("late@example.com"), push("a-phone"));
    for _ in 0..2 {
        assert_eq!(parties(&app).mail.send(&late).await, Err(SendError::Unknown));
        parties(&app).push.send(&push).await.unwrap();
    }
    assert_eq!(app.sandbox.mails_to("late@example.com").len(), 1);
    assert_eq!(app.sandbox.pushes_to("a-phone").len(), 1);
    let other = Mail { body: text("other words"), ..late };
    assert_eq!(parties(&app).mail.send(&other).await, Err(SendError::Refused), "a key is for one mail");
    app.stop().await;
}

#[tokio::test]
async fn signatures_and_access_tokens_are_made_anew_when_they_are_old() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        parties(&app).push.send(&push("a-phone")).await.unwrap();
        parties(&app).sms.send(&sms("010-2345-6789")).await.unwrap();
        app.advance(TimeDelta::minutes(61)).await;
    }
    assert_eq!(app.sandbox.pushes_to("a-phone").len(), 3);
    assert_eq!(app.sandbox.texts_to("01023456789").len(), 3);
    app.stop().await;
}

#[tokio::test]
async fn a_file_that_one_process_keeps_is_read_by_another_and_after_a_restart() {
    const AREA: BlobArea = BlobArea::new("menu_image");
    let mut app = TestApp::start_joined(settings()).await;
    let picture = Bytes::from(vec![7; 3 * 1024 * 1024]);
    let key = app.app().third_parties.blobs.put(AREA, picture.clone()).await.unwrap();
    let second = app.second_server().await;
    let blob = second.app().third_parties.blobs.get(&key, None).await.unwrap().unwrap();
    assert_eq!(blob.size, picture.len() as u64);
    assert_eq!(blob.bytes.try_collect::<Vec<_>>().await.unwrap().concat(), picture);
    second.stop(Duration::from_secs(5)).await;
    app.restart().await;
    let blobs = &app.app().third_parties.blobs;
    assert!(blobs.get(&key, Some(0..1)).await.unwrap().is_some());
    let huge = Bytes::from(vec![7; 16 * 1024 * 1024 + 1]);
    assert!(matches!(blobs.put(AREA, huge).await, Err(BlobError::TooLarge { .. })));
    app.stop().await;
}

/// What becomes of a charge that the payment gateway answers with one of its codes.
const DECLINED: [&str; 23] = [
    "BELOW_MINIMUM_AMOUNT",
    "EXCEED_MAX_AMOUNT",
    "EXCEED_MAX_AUTH_COUNT",
    "EXCEED_MAX_DAILY_PAYMENT_COUNT",
    "EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT",
    "EXCEED_MAX_ONE_DAY_AMOUNT",
    "EXCEED_MAX_PAYMENT_AMOUNT",
    "INVALID_BILL_KEY_REQUEST",
    "INVALID_CARD_EXPIRATION",
    "INVALID_CARD_INSTALLMENT_PLAN",
    "INVALID_CARD_LOST_OR_STOLEN",
    "INVALID_CARD_NUMBER",
    "INVALID_PASSWORD",
    "INVALID_REJECT_CARD",
    "INVALID_STOPPED_CARD",
    "NOT_ALLOWED_POINT_USE",
    "NOT_FOUND_PAYMENT_SESSION",
    "NOT_MATCHES_CUSTOMER_KEY",
    "NOT_SUPPORTED_CARD_TYPE",
    "NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT",
    "REJECT_ACCOUNT_PAYMENT",
    "REJECT_CARD_COMPANY",
    "REJECT_CARD_PAYMENT",
];

/// Codes after which nobody knows: it is asked again, and never given up for what the code says.
const UNKNOWN: [&str; 15] = [
    "ALREADY_PROCESSED_PAYMENT",
    "CARD_PROCESSING_ERROR",
    "COMMON_ERROR",
    "DUPLICATED_ORDER_ID",
    "FAILED_CARD_COMPANY_RESPONSE",
    "FAILED_DB_PROCESSING",
    "FAILED_INTERNAL_SYSTEM_PROCESSING",
    "FORBIDDEN_REQUEST",
    "IDEMPOTENT_REQUEST_PROCESSING",
    "INVALID_API_KEY",
    "INVALID_REQUEST",
    "PROVIDER_ERROR",
    "SOMETHING_THAT_IS_NOT_DOCUMENTED",
    "UNAUTHORIZED_KEY",
    "UNKNOWN_PAYMENT_ERROR",
];

/// Codes of cancellations that are final; after any other it is tried again.
const IMPOSSIBLE: [&str; 8] = [
    "ALREADY_CANCELED_PAYMENT",
    "EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT",
    "EXCEED_MAX_REFUND_DUE",
    "NOT_ALLOWED_PARTIAL_REFUND",
    "NOT_CANCELABLE_AMOUNT",
    "NOT_CANCELABLE_PAYMENT",
    "NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER",
    "NOT_FOUND_PAYMENT",
];

#[tokio::test]
async fn each_code_of_the_payment_gateway_is_a_decline_or_unknown_and_never_a_guess() {
    let app = TestApp::start().await;
    let shopping = Shopping::begin(&app).await;
    shopping.fill().await;
    let order = shopping.order(&shopping.quote().await).await.expect(201);
    shopping.pay(&order, cards::GOOD).await;
    let paid = shopping.customer.get("/v1/payments").await.expect(200)["items"][0]["id"].clone();
    let paid: PaymentId = paid.as_str().unwrap().parse().unwrap();
    let charge = async |code: &str| {
        let parties = app.third_parties_with(code);
        let (key, customer) = (PaymentId(fresh_id()), shopping.customer.id);
        let charge = Charge { key, customer, amount: Won(21_000), billing_key: "anything" };
        parties.gateway.charge(&charge).await
    };
    for code in DECLINED {
        assert!(matches!(charge(code).await, Ok(GatewayAnswer::Declined { .. })), "{code}");
    }
    for code in UNKNOWN {
        assert!(matches!(charge(code).await, Ok(GatewayAnswer::Unknown) | Err(_)), "{code}");
    }
    assert_eq!(charge("NOT_FOUND_PAYMENT").await.ok(), Some(GatewayAnswer::NotFound));

    let cancel = async |code: &str| {
        app.third_parties_with(code).gateway.cancel(paid, RefundId(fresh_id()), Won(1_000)).await
    };
    for code in IMPOSSIBLE {
        assert_eq!(cancel(code).await.ok(), Some(Cancelled::Refused), "{code}");
    }
    for code in
        ["PROVIDER_ERROR", "FAILED_REFUND_PROCESS", "FORBIDDEN_CONSECUTIVE_REQUEST", "NOT_AVAILABLE_BANK"]
    {
        assert!(cancel(code).await.is_err(), "{code}");
    }
    assert_eq!(app.sandbox.toss().balance(&paid.to_string()), Some(21_000), "nothing of it moved");
    app.stop().await;
}
