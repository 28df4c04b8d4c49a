//! What a person wants to be notified of: the settings, and the rule for whoever sends.

use domain::user::notification::{AdvertisingConsents, Decision, NotificationSettings, Route, decide};
use domain::{ExpectedVersion, Failure, Principal, Refused, UserId};

use crate::App;

/// The caller's settings with their version.
pub async fn notification_settings(
    app: &App,
    who: &Principal,
) -> Result<(NotificationSettings, i64), Failure> {
    Ok(store::user::notification_settings(&app.store, who.user).await?)
}

/// Replaces the caller's settings; refused as stale unless they are at an `expected` version.
pub async fn replace_notification_settings(
    app: &App,
    who: &Principal,
    settings: NotificationSettings,
    expected: &ExpectedVersion,
) -> Result<(NotificationSettings, i64), Failure> {
    let kept = store::user::keep_notification_settings(&app.store, who.user, &settings, expected, app.now());
    match kept.await? {
        Some(version) => Ok((settings, version)),
        None => Err(Refused::stale("notification settings").into()),
    }
}

/// What becomes of a notification to this person now. Whoever sends one asks this first, and again
/// when what is held is due.
pub async fn may_notify(app: &App, user: UserId, route: Route) -> Result<Decision, Failure> {
    let (settings, _) = store::user::notification_settings(&app.store, user).await?;
    let consents = AdvertisingConsents::from(&store::user::consents(&app.store, user).await?.ledger);
    Ok(decide(&settings, consents, route, app.now()))
}
