//! What happened to accounts, for whoever investigates. Nothing is ever changed in it, save that
//! what is personal in a line is emptied after its term.

use std::net::IpAddr;

use domain::auth::AuditKind;
use domain::{Role, SessionId, Timestamp, UserId};

use crate::privacy::keep_since;
use crate::{Store, StoreError, Tx};

/// A new line of the audit log.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    /// What happened.
    pub kind: AuditKind,
    /// The user, if known.
    pub user: Option<UserId>,
    /// The session, if any.
    pub session: Option<SessionId>,
    /// The client's address, if known.
    pub from: Option<IpAddr>,
    /// Who did it, if not the user.
    pub actor: Option<UserId>,
    /// Why they did it, in their words.
    pub reason: Option<&'a str>,
    /// The role that was granted or revoked.
    pub role: Option<Role>,
}

impl Audit<'_> {
    /// A line of which nothing but its kind is known.
    pub fn of(kind: AuditKind) -> Self {
        Self { kind, user: None, session: None, from: None, actor: None, reason: None, role: None }
    }
}

/// Writes a line into the audit log.
pub async fn audit(tx: &mut Tx, line: &Audit<'_>, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.audit (at, kind, user_id, session_id, address, actor, reason, role)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        at,
        line.kind.as_str(),
        line.user.map(|user| user.0),
        line.session.map(|session| session.0),
        line.from.map(|from| from.to_string()),
        line.actor.map(|actor| actor.0),
        line.reason,
        line.role.map(Role::as_str)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Empties addresses in lines of before `addresses`, and reasons in those of before `reasons`.
pub async fn empty_audit(store: &Store, addresses: Timestamp, reasons: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    keep_since(&mut tx, addresses).await?;
    sqlx::query!("update auth.audit set address = null where at < $1 and address is not null", addresses)
        .execute(&mut *tx)
        .await?;
    keep_since(&mut tx, reasons).await?;
    sqlx::query!("update auth.audit set reason = null where at < $1 and reason is not null", reasons)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// A line of the audit log.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// Its number.
    pub id: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened: the name of an [`AuditKind`], perhaps one that only a newer program knows.
    pub kind: String,
    /// The user, if known.
    pub user: Option<UserId>,
    /// The session, if any.
    pub session: Option<SessionId>,
    /// The client's address, if known.
    pub address: Option<String>,
    /// Who did it, if not the user.
    pub actor: Option<UserId>,
    /// Why they did it.
    pub reason: Option<String>,
    /// The role that was granted or revoked.
    pub role: Option<Role>,
}

/// Which lines are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditFilter {
    /// Of this account.
    pub user: Option<UserId>,
    /// By this person, if they are not the account's.
    pub actor: Option<UserId>,
    /// Of this kind.
    pub kind: Option<AuditKind>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// One query for each column that the lines may be found by: one query for all would have one
/// plan for all.
macro_rules! lines {
    ($store:ident, $filter:ident, $after:ident, $limit:ident, $found_by:tt) => {{
        let (at, id) = $after.unzip();
        let rows = sqlx::query!(
            "select id, at, kind, user_id, session_id, address, actor, reason, role from auth.audit
             where "
                + $found_by
                + "
               and at >= coalesce($4, '-infinity'::timestamptz) and at < coalesce($5, 'infinity'::timestamptz)
               and (at, id) < (coalesce($6, 'infinity'::timestamptz), coalesce($7, 9223372036854775807))
             order by at desc, id desc limit $8",
            $filter.user.map(|user| user.0),
            $filter.actor.map(|actor| actor.0),
            $filter.kind.map(AuditKind::as_str),
            $filter.from,
            $filter.until,
            at,
            id,
            i64::from($limit)
        )
        .fetch_all($store.pool())
        .await?;
        let lines = rows.into_iter().map(|row| AuditLine {
            id: row.id,
            at: row.at,
            kind: row.kind,
            user: row.user_id.map(UserId),
            session: row.session_id.map(SessionId),
            address: row.address,
            actor: row.actor.map(UserId),
            reason: row.reason,
            role: row.role.and_then(|role| role.parse().ok()),
        });
        Ok(lines.collect())
    }};
}

/// Lines, newest first, at most `limit`, after the one with this time and number.
pub async fn audit_lines(
    store: &Store,
    filter: &AuditFilter,
    after: Option<(Timestamp, i64)>,
    limit: u32,
) -> Result<Vec<AuditLine>, StoreError> {
    match (filter.user, filter.actor, filter.kind) {
        (Some(_), _, _) => lines!(
            store,
            filter,
            after,
            limit,
            "user_id = $1 and actor is not distinct from coalesce($2, actor) and kind = coalesce($3, kind)"
        ),
        (None, Some(_), _) => lines!(
            store,
            filter,
            after,
            limit,
            "actor = $2 and user_id is not distinct from coalesce($1, user_id) and kind = coalesce($3, kind)"
        ),
        (None, None, Some(_)) => lines!(
            store,
            filter,
            after,
            limit,
            "kind = $3 and user_id is not distinct from coalesce($1, user_id)
               and actor is not distinct from coalesce($2, actor)"
        ),
        (None, None, None) => lines!(
            store,
            filter,
            after,
            limit,
            "user_id is not distinct from coalesce($1, user_id)
               and actor is not distinct from coalesce($2, actor) and kind = coalesce($3, kind)"
        ),
    }
}
