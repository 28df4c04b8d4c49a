//! What third parties do for use cases, whole: settings, wiring, adapters and the sandbox.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use domain::text::{Text, TextRule};
use futures::TryStreamExt;
use serde_json::Value;
use services::ThirdParties;
use services::blobs::{BlobArea, BlobError};
use services::senders::{Mail, Push, SendError, Sms};
use sim::system::fresh_id;
use tests::{TestApp, settings};

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
