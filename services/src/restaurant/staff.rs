//! Who works at a restaurant. Whoever is invited accepts with an address that they have proven.

use chrono::TimeDelta;
use domain::auth::Email;
use domain::personal_data::INVITATION_DAYS;
use domain::restaurant::staff::STAFF_MAX;
use domain::restaurant::{Duty, Restaurant, StaffRole};
use domain::{Failure, Principal, Reason, Refused, RestaurantId, Role, UserId, fault};
use store::fabric::Notice;
use store::restaurant as memory;
use store::restaurant::{Invitation, StaffMember};
use uuid::Uuid;

use super::require;
use crate::{App, auth, user};

/// How long an invitation may be accepted.
const LIFE: TimeDelta = TimeDelta::days(INVITATION_DAYS as i64);

/// The reason in the audit log for the role of whoever works at a restaurant.
const ACCEPTED: &str = "가게 직원 초대 수락";

/// Somebody who works at a restaurant, with their name.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who, as what, since when.
    pub member: StaffMember,
    /// What they are called.
    pub name: String,
}

/// Who works at a restaurant, and who is invited to.
#[derive(Clone, Debug)]
pub struct People {
    /// Who works there.
    pub members: Vec<Member>,
    /// Who is invited.
    pub invited: Vec<Invitation>,
}

/// The people of a restaurant, for its owner.
pub async fn people(app: &App, who: &Principal, id: RestaurantId) -> Result<People, Failure> {
    require(app, who, id, Duty::Business).await?;
    let mut members = Vec::new();
    for member in memory::staff(&app.store, id).await? {
        let name = user::profile(app, member.user).await?.name;
        members.push(Member { member, name });
    }
    Ok(People { members, invited: memory::invitations_of(&app.store, id).await? })
}

/// Invites somebody to work at a restaurant, in the place of an earlier invitation of the address.
pub async fn invite(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    email: &str,
    role: StaffRole,
) -> Result<Invitation, Failure> {
    require(app, who, id, Duty::Business).await?;
    let email: Email =
        email.parse().map_err(|_| Refused::field("/email", fault::NOT_AN_EMAIL, "An e-mail address."))?;
    let now = app.now();
    let invitation = Invitation {
        id: app.ids.uuid(),
        restaurant: id,
        email: email.as_str().to_owned(),
        role,
        invited_at: now,
        expires_at: now + LIFE,
    };
    let mut tx = app.store.begin().await?;
    let restaurant = memory::lock(&mut tx, id).await?.ok_or_else(|| Failure::not_found("restaurant"))?;
    restaurant.live()?;
    if memory::staff_count(&mut tx, id).await? >= STAFF_MAX as u64 {
        return Err(domain::restaurant::staff::too_many_staff(STAFF_MAX).into());
    }
    memory::invite(&mut tx, &invitation).await?;
    tx.commit().await?;
    Ok(invitation)
}

/// Takes an invitation back.
pub async fn take_back(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    invitation: Uuid,
) -> Result<(), Failure> {
    require(app, who, id, Duty::Business).await?;
    let mut tx = app.store.begin().await?;
    if !memory::remove_invitation(&mut tx, id, invitation).await? {
        return Err(Failure::not_found("invitation"));
    }
    Ok(tx.commit().await?)
}

/// The invitations to whoever asks, with the restaurants.
pub async fn invitations(app: &App, who: &Principal) -> Result<Vec<(Invitation, Restaurant)>, Failure> {
    let Some(email) = proven_email(app, who).await? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for invitation in memory::invitations_to(&app.store, &email, app.now()).await? {
        let restaurant = super::find(app, invitation.restaurant).await?;
        found.push((invitation, restaurant));
    }
    Ok(found)
}

async fn proven_email(app: &App, who: &Principal) -> Result<Option<Email>, Failure> {
    let contact = auth::contact(app, who.user).await?;
    Ok(contact.email.filter(|_| contact.email_verified))
}

/// Accepts an invitation to one's proven address. Their tokens have the role from the next refresh on.
pub async fn accept(app: &App, who: &Principal, invitation: Uuid) -> Result<(), Failure> {
    let not_found = || Failure::not_found("invitation");
    let email = proven_email(app, who).await?.ok_or_else(not_found)?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let found = memory::lock_invitation(&mut tx, invitation).await?;
    let found = found.filter(|found| found.email == email.as_str() && now < found.expires_at);
    let found = found.ok_or_else(not_found)?;
    memory::accept_invitation(&mut tx, &found, who.user, now).await?;
    auth::grant_role(app, &mut tx, who.user, Role::Owner, &Reason::read(ACCEPTED)?).await?;
    Ok(tx.commit().await?)
}

/// Ends somebody's work at a restaurant: on behalf of its owner, or of whoever leaves. They see its
/// orders no longer.
pub async fn leave_out(app: &App, who: &Principal, id: RestaurantId, person: UserId) -> Result<(), Failure> {
    let duty = if person == who.user { Duty::Kitchen } else { Duty::Business };
    require(app, who, id, duty).await?;
    let mut tx = app.store.begin().await?;
    if !memory::remove_staff(&mut tx, id, person).await? {
        return Err(Failure::not_found("staff"));
    }
    tx.announce(Notice::PersonAccessChanged(person));
    Ok(tx.commit().await?)
}
