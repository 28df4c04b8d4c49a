//! What is said to be kept for a time is gone after it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use domain::personal_data::{AtWithdrawal, Column, REGISTRY};
use domain::privacy::destroy_at;
use store::scratch;
use tests::TestApp;
use tests::wait::eventually;

/// How much later than its term something may go: codes count for a day, whoever's clock is late, and
/// positions go by whole days.
const SLACK: TimeDelta = TimeDelta::hours(25);

/// A row of now in each table with something that has a term, with each such column filled. Rows
/// that they refer to are not needed.
const SOWN: &str = r#"
    set session_replication_role = replica;
    insert into auth.attempts (email, address, count, last_at) values ('minji@example.com', '192.0.2.1', 1, now());
    insert into auth.stranger_attempts (email, last_at) values ('minji@example.com', now());
    insert into auth.audit (at, kind, user_id, address, reason)
        values (now(), 'banned', gen_random_uuid(), '192.0.2.1', '허위 주문');
    insert into auth.codes (id, purpose, user_id, target, sealed, created_at, expires_at)
        values (gen_random_uuid(), 'email_change', gen_random_uuid(), 'minji@example.com', 'sealed', now(), now());
    insert into auth.notices (id, user_id, kind, email, created_at)
        values (gen_random_uuid(), gen_random_uuid(), 'phone_lost', 'minji@example.com', now());
    insert into auth.reset_requests (id, email, created_at) values (gen_random_uuid(), 'minji@example.com', now());
    insert into gateway.idempotency_keys (user_id, name, request_hash, claimed_at, status, headers, body, sealed_body)
        values (gen_random_uuid(), 'k', sha256(''), now(), 200, '[]', 'plain', 'sealed');
    insert into orders.interventions (order_id, operator, fault, reason, refund_won, at)
        values (gen_random_uuid(), gen_random_uuid(), 'platform', '가게 사정', 0, now());
    insert into restaurant.staff_invitations (id, restaurant_id, email, role, invited_at, expires_at)
        values (gen_random_uuid(), gen_random_uuid(), 'minji@example.com', 'kitchen', now(), now() + interval '7 days');
    insert into tracking.offers (id, order_id, courier_id, round, distance_m, fee_won, expires_at)
        values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 350.5, 3000, now());
    insert into tracking.positions (courier_id, track, seq, at, lat, lon, accuracy_m, speed_mps, heading_deg)
        values (gen_random_uuid(), 1, 1, now(), 37.5, 127.03, 5, 4, 90);
    insert into users.access_log (at, actor, user_id, look, reason, address)
        values (now(), gen_random_uuid(), gen_random_uuid(), 'unmasked', '고객 문의', '192.0.2.1');
"#;

/// Whether any row has something in this column.
async fn is_filled(app: &TestApp, column: &Column) -> bool {
    let Column { table, name, .. } = column;
    let filled = format!(
        "select 'filled' from {table} where {name}::text not in ('', '0', '{{}}', '[]', '\\x') limit 1"
    );
    !scratch::texts(app.database(), &filled).await.unwrap().is_empty()
}

#[tokio::test]
async fn what_is_said_to_be_kept_for_a_time_is_gone_after_it() {
    // Sown while no worker changes anything; the first start makes the partition of today's positions.
    let mut app = TestApp::start().await;
    let sown_at = app.app().now();
    app.halt().await;
    scratch::run_in(app.database(), SOWN).await.unwrap();
    // What is retained of those who left has its own times: `withdrawal` looks at them.
    let mut terms: BTreeMap<_, Vec<&Column>> = BTreeMap::new();
    for column in REGISTRY {
        for (part, personal) in column.personal().filter(|(_, it)| it.at_withdrawal != AtWithdrawal::Retain) {
            let Some(ends) = destroy_at(&personal.purpose, sown_at) else { continue };
            assert_eq!(part, None, "{} is a document: look into it here", column.full_name());
            assert!(is_filled(&app, column).await, "{} has a term: sow it here", column.full_name());
            terms.entry(ends).or_default().push(column);
        }
    }
    assert!(terms.len() >= 5, "{terms:?}");
    let mut settings = tests::settings();
    settings.retention.every = Duration::from_millis(50);
    app.restart_with(settings).await;
    while let Some((ends, over)) = terms.pop_first() {
        app.advance(ends + SLACK - app.app().now()).await;
        for column in over {
            let gone = eventually(|| async { !is_filled(&app, column).await });
            let gone = tokio::time::timeout(Duration::from_secs(10), gone).await;
            assert!(gone.is_ok(), "{} is there after its term", column.full_name());
        }
        // A plain answer is sealed meanwhile.
        for column in terms.values().flatten().filter(|column| column.name != "body") {
            assert!(is_filled(&app, column).await, "{} is gone before its term", column.full_name());
        }
    }
    // The line of the audit log stays, without what was personal in it.
    let lines = "select kind from auth.audit where user_id is not null";
    assert_eq!(scratch::texts(app.database(), lines).await.unwrap(), ["banned"]);
    app.stop().await;
}
