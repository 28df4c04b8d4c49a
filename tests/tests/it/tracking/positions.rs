//! What is acknowledged is kept, once.

use domain::tracking::{Fix, Reason};

use super::*;

async fn kept(app: &App, courier: CourierId) -> Vec<Fix> {
    let day = TimeDelta::days(1);
    store::tracking::track(&app.store, courier, app.now() - day, app.now() + day, 10_000).await.unwrap()
}

/// A straight ride: one fix a second, the last one now.
fn ride(app: &App, seqs: std::ops::Range<i64>) -> Batch {
    let begin = app.now() - TimeDelta::seconds(200);
    let fixes = seqs.map(|seq| fix(seq, begin + TimeDelta::seconds(seq), north(seq as f64 * 6.0)));
    Batch::new(7, fixes.collect()).unwrap()
}

#[tokio::test]
async fn every_acknowledged_fix_is_in_the_store_once_whatever_is_sent_again() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = CourierId(app.ids.uuid());
    let begin = ride(app, 0..200);
    let part = |from: usize, to: usize| Batch::new(7, begin.fixes()[from..to].to_vec()).unwrap();

    for (from, to) in [(0, 50), (0, 50), (30, 120), (119, 120), (60, 200), (0, 200)] {
        let ack = courier::fixes(app, who, None, part(from, to)).await.unwrap();
        assert_eq!((ack.track, ack.seq), (7, to as i64 - 1));
    }

    let seqs: Vec<i64> = kept(app, who).await.iter().map(|fix| fix.seq).collect();
    assert_eq!(seqs, (0..200).collect::<Vec<_>>());
    test.stop().await;
}

#[tokio::test]
async fn fixes_do_not_stand_in_line_behind_what_others_ask() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = CourierId(app.ids.uuid());
    courier::fixes(app, who, None, ride(app, 0..1)).await.unwrap();
    let a_connection = || tokio::time::timeout(Duration::from_secs(1), app.store.begin());
    let mut held = Vec::new();
    while let Ok(tx) = a_connection().await {
        held.push(tx.unwrap());
    }

    courier::fixes(app, who, None, ride(app, 1..2)).await.unwrap();

    assert!(a_connection().await.is_err(), "still nobody gets one");
    drop(held);
    assert_eq!(kept(app, who).await.len(), 2);
    test.stop().await;
}

#[tokio::test]
async fn acknowledged_fixes_survive_a_restart_and_are_not_shown_twice() {
    let mut test = TestApp::start().await;
    let who = CourierId(test.app().ids.uuid());
    let batch = ride(test.app(), 0..100);
    courier::fixes(test.app(), who, None, batch.clone()).await.unwrap();

    test.restart().await;

    let app = test.app();
    assert_eq!(kept(app, who).await.len(), 100);
    let ack = courier::fixes(app, who, None, batch).await.unwrap();
    assert_eq!(ack.rejected.get(&Reason::Duplicate), Some(&1), "only the newest is known as shown");
    assert_eq!(kept(app, who).await.len(), 100);
    test.stop().await;
}

#[tokio::test]
async fn a_newer_session_speaks_for_the_courier_and_the_older_is_refused() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = CourierId(app.ids.uuid());
    let older = courier::connect(app, who).await.unwrap();
    courier::fixes(app, who, Some(older), ride(app, 0..1)).await.unwrap();

    let newer = courier::connect(app, who).await.unwrap();

    assert!(newer > older);
    assert_eq!(code(courier::fixes(app, who, Some(older), ride(app, 1..2)).await.unwrap_err()), "superseded");
    courier::fixes(app, who, Some(newer), ride(app, 2..3)).await.unwrap();
    let seqs: Vec<i64> = kept(app, who).await.iter().map(|fix| fix.seq).collect();
    assert_eq!(seqs, [0, 2]);
    test.stop().await;
}

/// The courier went over to another process; the first one's entity has not
/// heard of it, and only the store can tell.
#[tokio::test]
async fn an_older_session_is_refused_in_a_process_that_does_not_know_of_the_newer() {
    let test = TestApp::start().await;
    let other = test.second_server().await;
    let (app, elsewhere) = (test.app(), other.app());
    let who = CourierId(app.ids.uuid());
    let older = courier::connect(app, who).await.unwrap();
    courier::fixes(app, who, Some(older), ride(app, 0..1)).await.unwrap();

    let newer = courier::connect(elsewhere, who).await.unwrap();

    assert_eq!(code(courier::fixes(app, who, Some(older), ride(app, 1..2)).await.unwrap_err()), "superseded");
    courier::fixes(elsewhere, who, Some(newer), ride(app, 1..3)).await.unwrap();
    assert_eq!(kept(app, who).await.len(), 3, "what was refused there was sent again here");
    other.stop(Duration::from_secs(5)).await;
    test.stop().await;
}

#[tokio::test]
async fn what_is_turned_away_is_counted_and_acknowledged() {
    let test = TestApp::start().await;
    let app = test.app();
    let who = CourierId(app.ids.uuid());
    let now = app.now();
    let bad = |seq: i64, lat: f64, lon: f64| RawFix { lat, lon, ..fix(seq, now, north(0.0)) };
    let fixes = vec![
        bad(0, f64::NAN, 127.0),
        bad(1, 91.0, 127.0),
        bad(2, 0.0, 0.0),
        fix(3, now + TimeDelta::minutes(5), north(0.0)),
        fix(4, now - TimeDelta::days(3), north(0.0)),
        RawFix { accuracy_m: Some(500.0), ..fix(5, now, north(0.0)) },
        RawFix { speed_mps: Some(1e300), ..fix(6, now, north(0.0)) },
        fix(7, now - TimeDelta::seconds(2), north(0.0)),
        fix(8, now - TimeDelta::seconds(1), north(30_000.0)),
    ];

    let ack = courier::fixes(app, who, None, Batch::new(1, fixes).unwrap()).await.unwrap();

    assert_eq!(ack.seq, 8);
    let expected = [
        (Reason::InvalidCoordinates, 2),
        (Reason::NullIsland, 1),
        (Reason::Future, 1),
        (Reason::TooOld, 1),
        (Reason::Accuracy, 1),
        (Reason::ImplausibleSpeed, 1),
        (Reason::Teleport, 1),
    ];
    assert_eq!(ack.rejected, expected.into());
    assert_eq!(kept(app, who).await.len(), 1);
    test.stop().await;
}
