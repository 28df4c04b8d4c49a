//! What a person wants to be notified of.

use axum::extract::State;
use chrono::NaiveTime;
use domain::Refused;
use domain::user::notification::{Category, Channel, NotificationSettings, QuietHours, Route};
use serde::{Deserialize, Serialize};
use services::{App, user};
use utoipa::ToSchema;

use crate::kit::{
    IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Json, Problem, ProblemBody, Tagged, Who,
};

/// What a notification is about. It exists for its schema; domain's Category is what travels.
#[derive(ToSchema)]
#[schema(as = NotificationCategory, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema")]
pub(super) enum CategoryName {
    /// The state of an order and of its delivery.
    OrderStatus,
    /// A message in a conversation.
    Chat,
    /// The request to review an order.
    ReviewRequest,
    /// Advertising.
    Promotion,
    /// The safety of the account.
    Security,
    /// What the law demands to tell.
    Legal,
}

/// How a notification reaches the person. It exists for its schema; domain's Channel is what travels.
#[derive(ToSchema)]
#[schema(as = NotificationChannel, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema")]
pub(super) enum ChannelName {
    /// The list of notifications in the app.
    InApp,
    /// A push notification.
    Push,
    /// A text message or an AlimTalk.
    Sms,
    /// A mail.
    Mail,
}

/// One category on one channel.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NotificationRoute)]
pub(super) struct RouteBody {
    /// What about.
    #[schema(value_type = CategoryName, example = "promotion")]
    category: Category,
    /// How.
    #[schema(value_type = ChannelName, example = "push")]
    channel: Channel,
}

/// A span of each day in Korea that may cross midnight.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuietHours)]
pub(super) struct QuietBody {
    /// When it begins.
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]:00$", example = "23:00:00")]
    from: NaiveTime,
    /// When it ends; not part of it.
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]:00$", example = "07:00:00")]
    until: NaiveTime,
}

/// What a person does not want to be notified of, and when not.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NotificationSettings)]
pub(super) struct SettingsBody {
    /// What is muted. `security` and `legal` cannot be.
    muted: Vec<RouteBody>,
    /// When chat, review requests and advertising make no sound; null if at no time.
    quiet_hours: Option<QuietBody>,
}

impl SettingsBody {
    fn read(self) -> Result<NotificationSettings, Refused> {
        let quiet = self.quiet_hours.map(|QuietBody { from, until }| QuietHours::new(from, until));
        let routes =
            self.muted.into_iter().map(|RouteBody { category, channel }| Route { category, channel });
        let settings = quiet.transpose().map_err(|fault| vec![fault]);
        settings.and_then(|quiet| NotificationSettings::new(routes, quiet)).map_err(Refused::invalid)
    }
}

impl From<&NotificationSettings> for SettingsBody {
    fn from(settings: &NotificationSettings) -> Self {
        let muted = settings.muted().map(|Route { category, channel }| RouteBody { category, channel });
        let quiet = settings.quiet_hours();
        let quiet_hours = quiet.map(|quiet| QuietBody { from: quiet.from(), until: quiet.until() });
        Self { muted: muted.collect(), quiet_hours }
    }
}

/// One's notification settings. Advertising needs the consent to it, too.
#[utoipa::path(get, path = "/v1/users/me/notification-settings", tag = "user", params(IfNoneMatchHeader),
    responses((status = 200, body = SettingsBody, headers(("ETag" = String))),
        (status = 304, description = "The client has the newest")))]
pub(super) async fn settings(
    State(app): State<App>,
    Who(who): Who,
    known: IfNoneMatch,
) -> Result<Tagged<SettingsBody>, Problem> {
    let (settings, version) = user::notification_settings(&app, &who).await?;
    Ok(Tagged::new(version, SettingsBody::from(&settings)).unless(&known))
}

/// Replaces one's notification settings.
#[utoipa::path(put, path = "/v1/users/me/notification-settings", tag = "user", params(IfMatchHeader),
    request_body = SettingsBody,
    responses((status = 200, body = SettingsBody, headers(("ETag" = String))),
        (status = 412, description = "The settings changed since", body = ProblemBody)))]
pub(super) async fn replace_settings(
    State(app): State<App>,
    Who(who): Who,
    IfMatch(expected): IfMatch,
    Json(body): Json<SettingsBody>,
) -> Result<Tagged<SettingsBody>, Problem> {
    let (settings, version) =
        user::replace_notification_settings(&app, &who, body.read()?, &expected).await?;
    Ok(Tagged::new(version, SettingsBody::from(&settings)))
}
