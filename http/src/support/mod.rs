//! customer_support_service, 9105: conversations with the support desk, the
//! desk itself, and frequently asked questions.

mod body;
mod faqs;

use axum::extract::State;
use domain::support::Status;
use domain::{ConversationId, Role};
use serde::Deserialize;
use services::App;
use services::support::{self, ConversationView, DeskView, Page as Which, StatusName};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{
    Created, IfNoneMatch, Json, List, ListQuery, Location, NoContent, Noun, Page, Path, Policy, Problem,
    ProblemBody, Query, Tagged, Who,
};
use body::{MessageBody, PresenceBody, QuestionBody, SayingBody};

const CONVERSATION: Policy = Policy::of(Noun::Conversation);
const DESK: Policy = Policy::of(Noun::Desk).role(Role::Agent);
const FAQ: Policy = Policy::of(Noun::Faq);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(FAQ.on(routes!(faqs::list)))
        .routes(FAQ.on(routes!(faqs::show)))
        .routes(CONVERSATION.on(routes!(open, list)))
        .routes(CONVERSATION.on(routes!(show)))
        .routes(CONVERSATION.on(routes!(messages, send)))
        .routes(CONVERSATION.on(routes!(read)))
        .routes(CONVERSATION.on(routes!(resolve)))
        .routes(DESK.on(routes!(set_presence)))
        .routes(DESK.on(routes!(desk)))
}

/// Asks the support desk. The conversation is queued and given to the next free
/// agent. Asking again with the same `client_message_id` finds the same one.
#[utoipa::path(post, path = "/v1/conversations", tag = "support", request_body = QuestionBody,
    responses((status = 201, body = ConversationView, headers(("Location" = String))),
        (status = 404, description = "No such order of yours", body = ProblemBody),
        (status = 409, description = "`support.client_message_id_reused`: it belongs to another question", body = ProblemBody)))]
async fn open(
    State(app): State<App>,
    Who(who): Who,
    Json(question): Json<QuestionBody>,
) -> Result<Location<Created<ConversationView>>, Problem> {
    let opened = support::open(&app, &who, question.into()).await?;
    let place = format!("/v1/conversations/{}", opened.id);
    Ok(Location(place, Created(opened)))
}

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those that stand so.
    #[param(value_type = Option<StatusName>)]
    status: Option<Status>,
}

/// Your conversations, newest first; for an agent also those that are assigned
/// to them, or queued.
#[utoipa::path(get, path = "/v1/conversations", tag = "support", params(Filter, ListQuery),
    responses((status = 200, body = Page<ConversationView>)))]
async fn list(
    State(app): State<App>,
    Who(who): Who,
    Query(filter): Query<Filter>,
    list: List<ConversationId>,
) -> Result<Json<Page<ConversationView>>, Problem> {
    let rows = support::conversations(&app, &who, filter.status, list.after, list.limit + 1).await?;
    let page = Page::cut(rows, list.limit, |last| last.id, |row| row)?;
    Ok(Json(page))
}

/// One conversation.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "support",
    params(("id" = Uuid, Path, description = "The conversation")),
    responses((status = 200, body = ConversationView, headers(("ETag" = String))),
        (status = 304, description = "You have it already")))]
async fn show(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ConversationId>,
    known: IfNoneMatch,
) -> Result<Tagged<ConversationView>, Problem> {
    let view = support::conversation(&app, &who, id).await?;
    Ok(Tagged::new(view.edition(), view).unless(&known))
}

/// Which messages: the first after `after`, or the last before `before`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Range {
    /// The first messages after this sequence number.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    after: Option<u32>,
    /// The last messages before this sequence number; rules out `after`.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    before: Option<u32>,
}

/// Messages in order. Sequence numbers may skip: assignments and the like take
/// one each, and so do entries that are not for you.
#[utoipa::path(get, path = "/v1/conversations/{id}/messages", tag = "support",
    params(("id" = Uuid, Path, description = "The conversation"), Range, ListQuery),
    responses((status = 200, body = Page<MessageBody>)))]
async fn messages(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ConversationId>,
    Query(range): Query<Range>,
    list: List<i64>,
) -> Result<Json<Page<MessageBody>>, Problem> {
    if let Some(before) = range.before {
        let rows = support::messages(&app, &who, id, Which::Before(before.into()), list.limit).await?;
        return Ok(Json(Page::whole(rows.into_iter().map(MessageBody::from).collect())));
    }
    let after = list.after.or(range.after.map(i64::from)).unwrap_or(0);
    let rows = support::messages(&app, &who, id, Which::After(after), list.limit + 1).await?;
    Ok(Json(Page::cut(rows, list.limit, |last| last.seq, MessageBody::from)?))
}

/// Says something, exactly once: sending again with the same
/// `client_message_id` and text answers with the stored message. A customer's
/// message reopens what was resolved less than 72 hours ago.
#[utoipa::path(post, path = "/v1/conversations/{id}/messages", tag = "support", request_body = SayingBody,
    params(("id" = Uuid, Path, description = "The conversation")),
    responses((status = 201, body = MessageBody),
        (status = 403, description = "`support.not_assigned`: another agent has it; `support.note_by_customer`",
            body = ProblemBody),
        (status = 409, description = "`support.closed`; `support.client_message_id_reused`: it belongs to another \
            message", body = ProblemBody)))]
async fn send(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ConversationId>,
    Json(saying): Json<SayingBody>,
) -> Result<Created<MessageBody>, Problem> {
    Ok(Created(support::send(&app, &who, id, saying.into()).await?.into()))
}

/// Up to where somebody has read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadMark {
    /// The last entry read; an earlier mark than the present one changes nothing.
    seq: u32,
}

/// Moves your read mark forward.
#[utoipa::path(post, path = "/v1/conversations/{id}/read", tag = "support", request_body = ReadMark,
    params(("id" = Uuid, Path, description = "The conversation")), responses((status = 204),
        (status = 403, description = "`support.not_assigned`: another agent has it", body = ProblemBody),
        (status = 422, description = "`support.read_beyond_end`", body = ProblemBody)))]
async fn read(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ConversationId>,
    Json(mark): Json<ReadMark>,
) -> Result<NoContent, Problem> {
    support::read(&app, &who, id, mark.seq.into()).await?;
    Ok(NoContent)
}

/// Settles the conversation, as its customer or its agent. Settling it again
/// changes nothing.
#[utoipa::path(post, path = "/v1/conversations/{id}/resolve", tag = "support",
    params(("id" = Uuid, Path, description = "The conversation")),
    responses((status = 200, body = ConversationView),
        (status = 403, description = "`support.not_assigned`: another agent has it", body = ProblemBody),
        (status = 409, description = "`support.closed`", body = ProblemBody)))]
async fn resolve(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationView>, Problem> {
    Ok(Json(support::resolve(&app, &who, id).await?))
}

/// Comes to the desk or leaves it. Who leaves keeps what they have, and gets
/// nothing new.
#[utoipa::path(put, path = "/v1/agents/me/presence", tag = "desk", request_body = PresenceBody,
    responses((status = 200, body = DeskView)))]
async fn set_presence(
    State(app): State<App>,
    Who(who): Who,
    Json(presence): Json<PresenceBody>,
) -> Result<Json<DeskView>, Problem> {
    Ok(Json(support::set_presence(&app, &who, presence.into()).await?))
}

/// The desk as you see it.
#[utoipa::path(get, path = "/v1/agents/me/desk", tag = "desk", responses((status = 200, body = DeskView)))]
async fn desk(State(app): State<App>, Who(who): Who) -> Result<Json<DeskView>, Problem> {
    Ok(Json(support::desk(&app, &who).await?))
}
