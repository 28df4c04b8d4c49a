//! A whole card at once, as JSON or CSV.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use domain::menu::{Change, Diff, MenuGroup};
use domain::{Refused, RestaurantId, Role, Won};
use serde::{Deserialize, Serialize};
use services::menu::Uploaded;
use services::{App, menu};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::draft::CardUpload;
use super::{MENU, sheet, signed};
use crate::kit::{
    IfMatch, IfMatchHeader, Json, Path, Problem, ProblemBody, Query, Tagged, Who, not_utf8, unreadable,
};

/// The most bytes of a card: 4 MiB.
const CARD_MAX_BYTES: u32 = 4 * 1024 * 1024;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    let owner = MENU.role(Role::Owner).body_max_bytes(CARD_MAX_BYTES);
    OpenApiRouter::new().routes(owner.on(routes!(upload))).routes(owner.on(routes!(upload_sheet)))
}

/// How a card is uploaded.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UploadQuery {
    /// Say what would change, and change nothing.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

/// What an upload changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardUploaded)]
pub(super) struct UploadedBody {
    /// The version of the card after it; after a dry run, the one that stands.
    version: u64,
    /// Whether nothing was written.
    dry_run: bool,
    added: Vec<DifferenceBody>,
    changed: Vec<DifferenceBody>,
    removed: Vec<DifferenceBody>,
}

/// Something that was added, changed or removed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardDifference)]
struct DifferenceBody {
    part: CardPart,
    id: Uuid,
    /// Absent if it was made without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// Its name; if that was changed, the new one.
    name: String,
    /// Of what was changed: the fields. `position` is another place or another heading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<&'static str>,
    /// Of what was changed, if its price was: before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    from_won: Option<Won>,
    /// And after.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    to_won: Option<Won>,
}

/// What something on a card is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CardPart {
    MenuGroup,
    Menu,
    OptionGroup,
    Option,
}

impl From<Change> for DifferenceBody {
    fn from(change: Change) -> Self {
        use domain::menu::Part;
        let part = match change.part {
            Part::Group => CardPart::MenuGroup,
            Part::Menu => CardPart::Menu,
            Part::OptionGroup => CardPart::OptionGroup,
            Part::Option => CardPart::Option,
        };
        let (from_won, to_won) = change.price.unzip();
        let Change { id, external_id, name, fields, .. } = change;
        Self { part, id, external_id, name, fields, from_won, to_won }
    }
}

fn uploaded(Uploaded { version, diff }: Uploaded, dry_run: bool) -> Result<Tagged<UploadedBody>, Problem> {
    let all = |changes: Vec<Change>| changes.into_iter().map(DifferenceBody::from).collect();
    let Diff { added, changed, removed } = diff;
    let body =
        UploadedBody { version, dry_run, added: all(added), changed: all(changed), removed: all(removed) };
    Ok(Tagged::new(signed(version)?, body))
}

/// Replaces the whole card: all or nothing. What stands is found by its external id and keeps its id,
/// its picture and whether it is sold out; what the upload does not name is removed. The same upload
/// again changes nothing.
#[utoipa::path(put, path = "/v1/restaurants/{id}/card", tag = "menu", request_body = CardUpload,
    params(("id" = Uuid, Path, description = "The restaurant"), UploadQuery, IfMatchHeader),
    responses((status = 200, body = UploadedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn upload(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    Query(UploadQuery { dry_run }): Query<UploadQuery>,
    IfMatch(expected): IfMatch,
    Json(card): Json<CardUpload>,
) -> Result<Tagged<UploadedBody>, Problem> {
    let groups = card.groups(&app);
    uploaded(menu::upload(&app, &who, id, groups, &expected, dry_run).await?, dry_run)
}

/// A table of comma-separated values. It exists for its schema.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1)]
#[expect(dead_code, reason = "it exists for its schema")]
pub(super) struct Sheet(String);

/// The same as a table of comma-separated values, UTF-8, with a line of names first, in any order:
/// `group_external_id`, `group_name`, `menu_external_id`, `menu_name`, `price_won` are needed;
/// `group_hidden`, `description`, `kind`, `hidden`, `daily_limit`, `origins` (닭고기:국내산|쌀:국내산),
/// `allergens` (egg|milk), `option_group_external_id`, `option_group_name`, `min`, `max`, `unique`,
/// `free_up_to`, `option_external_id`, `option_name`, `option_price_won`, `max_quantity`, `is_default`
/// and `option_hidden` may be there. A line is an option, a dish without options, or a heading without
/// dishes; of what several lines name, the first one says what it is. What is wrong is told with the line.
#[utoipa::path(put, path = "/v1/restaurants/{id}/card.csv", tag = "menu",
    request_body(content = Sheet, content_type = "text/csv"),
    params(("id" = Uuid, Path, description = "The restaurant"), UploadQuery, IfMatchHeader),
    responses((status = 200, body = UploadedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn upload_sheet(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    Query(UploadQuery { dry_run }): Query<UploadQuery>,
    IfMatch(expected): IfMatch,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Tagged<UploadedBody>, Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if media_type.split(';').next().unwrap_or("").trim() != "text/csv" {
        return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let body = body.map_err(unreadable)?;
    let (groups, lines) = sheet::read(std::str::from_utf8(&body).map_err(not_utf8)?)?;
    let groups: Vec<MenuGroup> = groups.groups(&app);
    let outcome = menu::upload(&app, &who, id, groups, &expected, dry_run).await;
    let outcome = outcome.map_err(|failure| match failure {
        domain::Failure::Refused(refused) => Problem::from(lines.told(refused)),
        failure => failure.into(),
    });
    uploaded(outcome?, dry_run)
}

/// The lines of a table by the pointers into the card that is made of it.
#[derive(Debug, Default)]
pub(super) struct Lines(pub(super) Vec<(String, u64)>);

impl Lines {
    /// Tells each fault with its line.
    fn told(&self, mut refused: Refused) -> Refused {
        for fault in &mut refused.faults {
            // The deepest part that it stands in.
            let within = |at: &str| {
                fault.pointer.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let line = self.0.iter().filter(|(at, _)| within(at)).max_by_key(|(at, _)| at.len());
            if let Some((_, line)) = line {
                fault.detail = format!("Line {line}: {}", fault.detail);
            }
        }
        refused
    }
}
