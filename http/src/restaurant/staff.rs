//! Who works at a restaurant.

use axum::extract::State;
use domain::restaurant::{Restaurant, StaffRole};
use domain::{RestaurantId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::restaurant::{Invitation, Member, People};
use services::{App, restaurant};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{OWNER, RESTAURANT};
use crate::kit::{Created, Json, NoContent, Page, Path, Problem, ProblemBody, Who};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(OWNER.on(routes!(people, invite)))
        .routes(OWNER.on(routes!(take_back)))
        .routes(OWNER.on(routes!(leave_out)))
        .routes(RESTAURANT.on(routes!(invitations)))
        .routes(RESTAURANT.on(routes!(accept)))
}

/// What somebody does at a restaurant. It exists for its schema.
#[derive(ToSchema)]
#[schema(as = StaffRole, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; StaffRole itself is what travels")]
pub(super) enum StaffRoleWords {
    /// Orders, rules, menus.
    Manager,
    /// Orders, what is sold out, pauses.
    Kitchen,
}

/// Somebody who works at a restaurant.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffMember)]
pub(super) struct MemberBody {
    #[schema(value_type = Uuid)]
    user_id: UserId,
    name: String,
    #[schema(value_type = StaffRoleWords)]
    role: StaffRole,
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    since: Timestamp,
}

/// Somebody who is invited.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffInvitation)]
pub(super) struct InvitationBody {
    id: Uuid,
    /// The address that whoever accepts must have proven.
    email: String,
    #[schema(value_type = StaffRoleWords)]
    role: StaffRole,
    /// Until when it may be accepted.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    expires_at: Timestamp,
}

/// The people of a restaurant.
#[derive(Serialize, ToSchema)]
#[schema(as = RestaurantPeople)]
pub(super) struct PeopleBody {
    members: Vec<MemberBody>,
    invited: Vec<InvitationBody>,
}

/// An invitation to oneself.
#[derive(Serialize, ToSchema)]
#[schema(as = InvitationToMe)]
pub(super) struct InvitationToMeBody {
    id: Uuid,
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    restaurant_name: String,
    #[schema(value_type = StaffRoleWords)]
    role: StaffRole,
    /// Until when it may be accepted.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    expires_at: Timestamp,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        let Invitation { id, email, role, expires_at, .. } = invitation;
        Self { id, email, role, expires_at }
    }
}

impl From<People> for PeopleBody {
    fn from(People { members, invited }: People) -> Self {
        let member = |Member { member, name }: Member| MemberBody {
            user_id: member.user,
            name,
            role: member.role,
            since: member.since,
        };
        Self {
            members: members.into_iter().map(member).collect(),
            invited: invited.into_iter().map(InvitationBody::from).collect(),
        }
    }
}

/// Who works at a restaurant and who is invited, for its owner.
#[utoipa::path(get, path = "/v1/restaurants/{id}/staff", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 200, body = PeopleBody)))]
async fn people(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
) -> Result<Json<PeopleBody>, Problem> {
    Ok(Json(restaurant::people(&app, &who, id).await?.into()))
}

/// Whom to invite, as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitation)]
pub(super) struct NewInvitationBody {
    #[schema(format = "email", max_length = 254, example = "kitchen@example.com")]
    email: String,
    #[schema(value_type = StaffRoleWords)]
    role: StaffRole,
}

/// Invites somebody to work at a restaurant, in the place of an earlier invitation. Whether there is an
/// account of the address is not told.
#[utoipa::path(post, path = "/v1/restaurants/{id}/staff", tag = "restaurant", request_body = NewInvitationBody,
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 201, body = InvitationBody),
        (status = 409, description = "`restaurant.closed_down`, `restaurant.too_many_staff`", body = ProblemBody)))]
async fn invite(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    Json(body): Json<NewInvitationBody>,
) -> Result<Created<InvitationBody>, Problem> {
    Ok(Created(restaurant::invite(&app, &who, id, &body.email, body.role).await?.into()))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/v1/restaurants/{id}/invitations/{invitation_id}", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant"),
        ("invitation_id" = Uuid, Path, description = "The invitation")),
    responses((status = 204)))]
async fn take_back(
    State(app): State<App>,
    Who(who): Who,
    Path((id, invitation)): Path<(RestaurantId, Uuid)>,
) -> Result<NoContent, Problem> {
    restaurant::take_back(&app, &who, id, invitation).await?;
    Ok(NoContent)
}

/// Ends somebody's work at a restaurant: for its owner, or oneself. They see its orders no longer.
#[utoipa::path(delete, path = "/v1/restaurants/{id}/staff/{user_id}", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant"),
        ("user_id" = Uuid, Path, description = "Who")),
    responses((status = 204)))]
async fn leave_out(
    State(app): State<App>,
    Who(who): Who,
    Path((id, person)): Path<(RestaurantId, UserId)>,
) -> Result<NoContent, Problem> {
    restaurant::leave_out(&app, &who, id, person).await?;
    Ok(NoContent)
}

/// The invitations to one's proven address.
#[utoipa::path(get, path = "/v1/restaurants/invitations", tag = "restaurant",
    responses((status = 200, body = Page<InvitationToMeBody>)))]
async fn invitations(
    State(app): State<App>,
    Who(who): Who,
) -> Result<Json<Page<InvitationToMeBody>>, Problem> {
    let found = restaurant::invitations(&app, &who).await?;
    let body = |(invitation, restaurant): (Invitation, Restaurant)| InvitationToMeBody {
        id: invitation.id,
        restaurant_id: invitation.restaurant,
        restaurant_name: restaurant.name,
        role: invitation.role,
        expires_at: invitation.expires_at,
    };
    Ok(Json(Page::whole(found.into_iter().map(body).collect())))
}

/// Accepts an invitation. The role is in one's tokens from the next refresh on.
#[utoipa::path(post, path = "/v1/restaurants/invitations/{id}/accept", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The invitation")),
    responses((status = 204)))]
async fn accept(State(app): State<App>, Who(who): Who, Path(id): Path<Uuid>) -> Result<NoContent, Problem> {
    restaurant::accept(&app, &who, id).await?;
    Ok(NoContent)
}
