//! Who works at a restaurant, and who is invited to.

use domain::auth::Email;
use domain::restaurant::{StaffRole, Standing};
use domain::{RestaurantId, Timestamp, UserId};
use uuid::Uuid;

use crate::{Store, StoreError, Tx};

/// Somebody who works at a restaurant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffMember {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: StaffRole,
    /// Since when.
    pub since: Timestamp,
}

/// An invitation to work at a restaurant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// Where.
    pub restaurant: RestaurantId,
    /// The address that whoever accepts must have proven.
    pub email: String,
    /// As what.
    pub role: StaffRole,
    /// When it was made.
    pub invited_at: Timestamp,
    /// Until when it may be accepted.
    pub expires_at: Timestamp,
}

struct Row {
    id: Uuid,
    restaurant_id: Uuid,
    email: String,
    role: String,
    invited_at: Timestamp,
    expires_at: Timestamp,
}

impl TryFrom<Row> for Invitation {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            restaurant: row.restaurant_id.into(),
            role: role(&row.role)?,
            email: row.email,
            invited_at: row.invited_at,
            expires_at: row.expires_at,
        })
    }
}

fn role(name: &str) -> Result<StaffRole, StoreError> {
    name.parse().map_err(|()| StoreError::Fault(format!("a role of staff: {name}").into()))
}

/// What the person is to the restaurant, if anything.
pub async fn standing(
    store: &Store,
    restaurant: RestaurantId,
    person: UserId,
) -> Result<Option<Standing>, StoreError> {
    let found = sqlx::query!(
        r#"select owner_id = $2 as "owns!", staff.role as "role?"
           from restaurant.restaurants
           left join restaurant.staff on staff.restaurant_id = restaurants.id and staff.user_id = $2
           where restaurants.id = $1"#,
        restaurant.0,
        person.0
    )
    .fetch_optional(store.pool())
    .await?;
    match found {
        Some(row) if row.owns => Ok(Some(Standing::Owner)),
        Some(row) => Ok(row.role.as_deref().map(role).transpose()?.map(Standing::Staff)),
        None => Ok(None),
    }
}

/// Who works at the restaurant, longest first.
pub async fn staff(store: &Store, restaurant: RestaurantId) -> Result<Vec<StaffMember>, StoreError> {
    let rows = sqlx::query!(
        "select user_id, role, since from restaurant.staff where restaurant_id = $1 order by since, user_id",
        restaurant.0
    )
    .fetch_all(store.pool())
    .await?;
    let member =
        |user: Uuid, name: String, since| Ok(StaffMember { user: user.into(), role: role(&name)?, since });
    rows.into_iter().map(|row| member(row.user_id, row.role, row.since)).collect()
}

/// How many work at the restaurant or are invited to.
pub async fn staff_count(tx: &mut Tx, restaurant: RestaurantId) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from restaurant.staff where restaurant_id = $1)
                + (select count(*) from restaurant.staff_invitations where restaurant_id = $1) as "count!""#,
        restaurant.0
    );
    Ok(count.fetch_one(&mut **tx).await?.unsigned_abs())
}

/// Makes somebody one of the staff, or changes what they do there.
pub async fn add_staff(
    tx: &mut Tx,
    restaurant: RestaurantId,
    person: UserId,
    role: StaffRole,
    since: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into restaurant.staff (restaurant_id, user_id, role, since) values ($1, $2, $3, $4)
         on conflict (restaurant_id, user_id) do update set role = excluded.role",
        restaurant.0,
        person.0,
        role.as_str(),
        since
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends somebody's work at a restaurant; `false` if they did not work there.
pub async fn remove_staff(tx: &mut Tx, restaurant: RestaurantId, person: UserId) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "delete from restaurant.staff where restaurant_id = $1 and user_id = $2",
        restaurant.0,
        person.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Invites somebody, in the place of an earlier invitation of the same address.
pub async fn invite(tx: &mut Tx, invitation: &Invitation) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into restaurant.staff_invitations (id, restaurant_id, email, role, invited_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (restaurant_id, email) do update set
             id = excluded.id, role = excluded.role, invited_at = excluded.invited_at,
             expires_at = excluded.expires_at",
        invitation.id,
        invitation.restaurant.0,
        invitation.email,
        invitation.role.as_str(),
        invitation.invited_at,
        invitation.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Who is invited to work at the restaurant.
pub async fn invitations_of(store: &Store, restaurant: RestaurantId) -> Result<Vec<Invitation>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, restaurant_id, email, role, invited_at, expires_at from restaurant.staff_invitations
         where restaurant_id = $1 order by invited_at, id",
        restaurant.0
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

/// The invitations of whoever has the address, that may still be accepted.
pub async fn invitations_to(
    store: &Store,
    email: &Email,
    now: Timestamp,
) -> Result<Vec<Invitation>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, restaurant_id, email, role, invited_at, expires_at from restaurant.staff_invitations
         where email = $1 and expires_at > $2 order by invited_at, id",
        email.as_str(),
        now
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

/// The invitation, if there is one, which nobody else answers before the transaction ends.
pub async fn lock_invitation(tx: &mut Tx, id: Uuid) -> Result<Option<Invitation>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, restaurant_id, email, role, invited_at, expires_at from restaurant.staff_invitations
         where id = $1 for update",
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(Invitation::try_from).transpose()
}

/// Takes an invitation back; `false` if the restaurant has none of that id.
pub async fn remove_invitation(tx: &mut Tx, restaurant: RestaurantId, id: Uuid) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "delete from restaurant.staff_invitations where id = $1 and restaurant_id = $2",
        id,
        restaurant.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Turns an invitation into work at the restaurant.
pub async fn accept_invitation(
    tx: &mut Tx,
    invitation: &Invitation,
    person: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    add_staff(tx, invitation.restaurant, person, invitation.role, now).await?;
    remove_invitation(tx, invitation.restaurant, invitation.id).await.map(drop)
}

/// Forgets invitations that nobody accepted in time.
pub async fn expire_invitations(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("delete from restaurant.staff_invitations where expires_at <= $1", now)
        .execute(store.pool())
        .await?;
    Ok(())
}
