//! What identity costs without a network: a bare loop of password hashes on one core, and the
//! signing and the verification of access tokens. For `./dev bench identity`, as the baselines of
//! what it measures through the ports.

use std::time::{Duration, Instant};

use domain::{Failure, Principal, Role, SessionId, UserId};
use serde::Serialize;

use crate::{App, auth};

/// How long each is measured.
const EACH: Duration = Duration::from_secs(2);

/// The measurements.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Measured {
    /// Password hashes a second, one after another.
    pub hashes_per_sec: f64,
    /// To sign an access token, in microseconds.
    pub issue_us: f64,
    /// To verify one for the first time.
    pub verify_first_us: f64,
    /// To verify one that was seen before.
    pub verify_seen_us: f64,
}

/// Measures, on the calling task's thread.
pub async fn measure(app: &App) -> Result<Measured, Failure> {
    let mut hashes = 0;
    let begun = Instant::now();
    while begun.elapsed() < EACH {
        auth::hash_once(app)?;
        hashes += 1;
    }
    let hashes_per_sec = f64::from(hashes) / begun.elapsed().as_secs_f64();

    let mut tokens = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < EACH {
        tokens.push(auth::hand_out(app, &somebody(app))?);
    }
    let issue_us = micros(begun.elapsed(), tokens.len());

    let now = app.now();
    let begun = Instant::now();
    for token in &tokens {
        auth::verify(app, token, now).await?;
    }
    let verify_first_us = micros(begun.elapsed(), tokens.len());

    // The last ones, as the cache may not hold all of them.
    let seen: Vec<_> = tokens.into_iter().rev().take(1_000).collect();
    let (mut count, begun) = (0, Instant::now());
    while begun.elapsed() < EACH {
        for token in &seen {
            auth::verify(app, token, now).await?;
        }
        count += seen.len();
    }
    let verify_seen_us = micros(begun.elapsed(), count);
    Ok(Measured { hashes_per_sec, issue_us, verify_first_us, verify_seen_us })
}

fn somebody(app: &App) -> Principal {
    Principal {
        user: UserId(app.ids.uuid()),
        session: SessionId(app.ids.uuid()),
        roles: vec![Role::Customer],
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of a few seconds")]
fn micros(passed: Duration, count: usize) -> f64 {
    passed.as_secs_f64() * 1e6 / count.max(1) as f64
}
