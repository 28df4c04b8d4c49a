//! What people do not want to be notified of.

use domain::user::notification::{NotificationSettings, QuietHours, Route};
use domain::{ExpectedVersion, Timestamp, UserId};

use crate::{Store, StoreError};

/// A person's settings with their version; 0 are those of somebody who never chose any.
pub async fn notification_settings(
    store: &Store,
    user: UserId,
) -> Result<(NotificationSettings, i64), StoreError> {
    let row = sqlx::query!(
        "select muted, quiet_from, quiet_until, version from users.notification_settings where user_id = $1",
        user.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok((NotificationSettings::default(), 0)) };
    let unknown = || StoreError::Fault("notification settings have an unknown word".into());
    let muted: Vec<_> =
        row.muted.iter().map(|name| Route::parse(name)).collect::<Option<_>>().ok_or_else(unknown)?;
    let quiet = row.quiet_from.zip(row.quiet_until);
    let quiet = quiet.map(|(from, until)| QuietHours::new(from, until)).transpose().map_err(|_| unknown())?;
    let settings = NotificationSettings::new(muted, quiet).map_err(|_| unknown())?;
    Ok((settings, row.version))
}

/// Replaces a person's settings, if they are at an `expected` version; the new version, or `None`
/// if they are not.
pub async fn keep_notification_settings(
    store: &Store,
    user: UserId,
    settings: &NotificationSettings,
    expected: &ExpectedVersion,
    at: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let muted: Vec<String> = settings.muted().map(|route| route.to_string()).collect();
    let quiet = settings.quiet_hours();
    let of_none = expected.allows(0);
    let version = sqlx::query_scalar!(
        "insert into users.notification_settings as kept (user_id, muted, quiet_from, quiet_until, updated_at)
         select $1, $2, $3, $4, $5
         where $7 or exists (select from users.notification_settings where user_id = $1)
         on conflict (user_id) do update
             set muted = excluded.muted, quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
                 updated_at = excluded.updated_at, version = kept.version + 1
             where kept.version = any(coalesce($6, array[kept.version]))
         returning version",
        user.0,
        &muted,
        quiet.map(QuietHours::from),
        quiet.map(QuietHours::until),
        at,
        expected.one_of(),
        of_none
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(version)
}
