//! Saved means of payment, and the registrations from which they come.

use domain::payment::{Label, METHODS_MAX, Method, MethodKind, MethodRefusal, PaymentReminder, Registration};
use domain::{MethodId, RegistrationId, Timestamp, UserId};
use uuid::Uuid;

use crate::vault::SealedColumn;
use crate::{Store, StoreError, Tx, jobs};

/// By what the gateway charges a method.
pub const BILLING_KEY: SealedColumn = SealedColumn {
    purpose: "payment.methods.billing_key",
    table: "payment.methods",
    column: "sealed_billing_key",
    row: "id::text",
    plain: None,
};

/// By what the gateway gives the billing key of what a customer agreed to.
pub const AUTH_KEY: SealedColumn = SealedColumn {
    purpose: "payment.registrations.auth_key",
    table: "payment.registrations",
    column: "sealed_auth_key",
    row: "id::text",
    plain: None,
};

/// Writes a new registration.
pub async fn begin(store: &Store, registration: &Registration) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into payment.registrations (id, customer_id, created_at) values ($1, $2, $3)",
        registration.id.0,
        registration.customer.0,
        registration.created_at
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// A registration.
pub async fn registration(store: &Store, id: RegistrationId) -> Result<Option<Registration>, StoreError> {
    let row = sqlx::query!(
        "select customer_id, created_at, method_id from payment.registrations where id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| Registration {
        id,
        customer: UserId(row.customer_id),
        created_at: row.created_at,
        method: row.method_id.map(MethodId),
    }))
}

/// Keeps what the customer came back with, and looks after it at `look_at`, in case that nobody else
/// does. What came first stays.
pub async fn agreed(
    store: &Store,
    id: RegistrationId,
    auth_key: &str,
    look_at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let sealed = tx.vault.seal(&AUTH_KEY, id, auth_key.as_bytes());
    let updated = sqlx::query!(
        "update payment.registrations set sealed_auth_key = $2
         where id = $1 and sealed_auth_key is null and method_id is null",
        id.0,
        sealed
    )
    .execute(&mut *tx)
    .await?;
    if updated.rows_affected() == 1 {
        let reminder = PaymentReminder::MethodAgreed { registration: id };
        jobs::remind(&mut tx, &agreed_key(id), look_at, reminder);
    }
    tx.commit().await
}

/// What the customer came back with, if no method has come of it yet.
pub async fn auth_key(store: &Store, id: RegistrationId) -> Result<Option<String>, StoreError> {
    let sealed = sqlx::query_scalar!(
        "select sealed_auth_key from payment.registrations where id = $1 and method_id is null",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    sealed.flatten().map(|sealed| Ok(store.vault().open_text(&AUTH_KEY, id, Some(&sealed))?)).transpose()
}

/// Nothing comes of a registration.
pub async fn give_up(store: &Store, id: RegistrationId) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query!("update payment.registrations set sealed_auth_key = null where id = $1", id.0)
        .execute(&mut *tx)
        .await?;
    jobs::forget(&mut tx, &agreed_key(id));
    tx.commit().await
}

/// Saves the method that comes of a registration; the customer's first one becomes the default,
/// whatever it says. A conflict if one came of it already, or if it is gone with its customer.
pub async fn save(
    store: &Store,
    from: RegistrationId,
    method: &Method,
    billing_key: &str,
) -> Result<Result<(), MethodRefusal>, StoreError> {
    let mut tx = store.begin().await?;
    let others = hold(&mut tx, method.customer).await?;
    if others.len() >= METHODS_MAX {
        return Ok(Err(MethodRefusal::TooMany));
    }
    let updated = sqlx::query!(
        "update payment.registrations set method_id = $2, sealed_auth_key = null
         where id = $1 and method_id is null",
        from.0,
        method.id.0
    )
    .execute(&mut *tx)
    .await?;
    if updated.rows_affected() == 0 {
        return Err(StoreError::Conflict);
    }
    let sealed = tx.vault.seal(&BILLING_KEY, method.id, billing_key.as_bytes());
    sqlx::query!(
        "insert into payment.methods
             (id, customer_id, kind, issuer, number, is_default, sealed_billing_key, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        method.id.0,
        method.customer.0,
        method.label.kind.as_str(),
        method.label.issuer,
        method.label.number,
        others.is_empty(),
        sealed,
        method.created_at
    )
    .execute(&mut *tx)
    .await?;
    jobs::forget(&mut tx, &agreed_key(from));
    tx.commit().await?;
    Ok(Ok(()))
}

/// Locks a customer's methods until the commit, those that are not there yet included.
async fn hold(tx: &mut Tx, customer: UserId) -> Result<Vec<MethodId>, StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('payment.methods ' || $1::text, 0))",
        customer.to_string()
    )
    .execute(&mut **tx)
    .await?;
    let ids = sqlx::query_scalar!(
        "select id from payment.methods where customer_id = $1 and deleted_at is null order by id",
        customer.0
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().map(MethodId).collect())
}

/// The methods of a customer, oldest first.
pub async fn of_customer(store: &Store, customer: UserId) -> Result<Vec<Method>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, customer_id, kind, issuer, number, is_default, created_at from payment.methods
         where customer_id = $1 and deleted_at is null order by id",
        customer.0
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Method::try_from).collect()
}

/// The billing key of a method that is there, and how it pays.
pub async fn billing_key(
    store: &Store,
    customer: UserId,
    id: MethodId,
) -> Result<Option<(MethodKind, String)>, StoreError> {
    let row = sqlx::query!(
        "select kind, sealed_billing_key from payment.methods
         where id = $1 and customer_id = $2 and deleted_at is null",
        id.0,
        customer.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let key = store.vault().open_text(&BILLING_KEY, id, Some(&row.sealed_billing_key))?;
    Ok(Some((kind(&row.kind)?, key)))
}

/// Makes a method the default; whether it is there.
pub async fn make_default(store: &Store, customer: UserId, id: MethodId) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    if !hold(&mut tx, customer).await?.contains(&id) {
        return Ok(false);
    }
    set_default(&mut tx, customer, Some(id)).await?;
    tx.commit().await?;
    Ok(true)
}

async fn set_default(tx: &mut Tx, customer: UserId, id: Option<MethodId>) -> Result<(), StoreError> {
    sqlx::query!(
        "update payment.methods set is_default = false where customer_id = $1 and is_default",
        customer.0
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!("update payment.methods set is_default = true where id = $1", id.map(|id| id.0))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Deletes a method, of which nothing can be read from now on, and has the gateway forget it; whether it
/// was there. The newest of the others becomes the default, if it was.
pub async fn delete(
    store: &Store,
    customer: UserId,
    id: MethodId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let others = hold(&mut tx, customer).await?;
    if !others.contains(&id) {
        return Ok(false);
    }
    let was_default = remove(&mut tx, id, now).await?;
    let next = others.into_iter().rfind(|other| *other != id);
    if was_default {
        set_default(&mut tx, customer, next).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Deletes all methods of a customer who leaves, and their registrations.
pub async fn erase(store: &Store, customer: UserId, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    for id in hold(&mut tx, customer).await? {
        remove(&mut tx, id, now).await?;
    }
    sqlx::query!("delete from payment.registrations where customer_id = $1", customer.0)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Whether it was the default.
async fn remove(tx: &mut Tx, id: MethodId, now: Timestamp) -> Result<bool, StoreError> {
    let was_default = sqlx::query_scalar!(
        r#"with before as (select id, is_default from payment.methods where id = $1)
           update payment.methods m set deleted_at = $2, is_default = false, issuer = '', number = ''
           from before where m.id = before.id returning before.is_default as "was_default!""#,
        id.0,
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    jobs::remind(tx, &format!("method:{id}"), now, PaymentReminder::MethodDeleted { method: id });
    Ok(was_default)
}

/// The billing key of a method that was deleted.
pub async fn deleted_billing_key(store: &Store, id: MethodId) -> Result<Option<String>, StoreError> {
    let sealed = sqlx::query_scalar!(
        "select sealed_billing_key from payment.methods where id = $1 and deleted_at is not null",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    sealed.map(|sealed| Ok(store.vault().open_text(&BILLING_KEY, id, Some(&sealed))?)).transpose()
}

/// Forgets a method that the gateway has forgotten.
pub async fn forget(store: &Store, id: MethodId) -> Result<(), StoreError> {
    sqlx::query!("delete from payment.methods where id = $1 and deleted_at is not null", id.0)
        .execute(store.pool())
        .await?;
    Ok(())
}

/// Forgets registrations that were begun before this time, but for those that still wait for the gateway.
pub async fn drop_registrations(store: &Store, before: Timestamp) -> Result<u64, StoreError> {
    let gone = sqlx::query!(
        "delete from payment.registrations where created_at < $1 and sealed_auth_key is null",
        before
    )
    .execute(store.pool())
    .await?;
    Ok(gone.rows_affected())
}

fn agreed_key(id: RegistrationId) -> String {
    format!("registration:{id}")
}

fn kind(name: &str) -> Result<MethodKind, StoreError> {
    MethodKind::parse(name).ok_or_else(|| StoreError::Fault(format!("payment method {name}").into()))
}

struct Row {
    id: Uuid,
    customer_id: Uuid,
    kind: String,
    issuer: String,
    number: String,
    is_default: bool,
    created_at: Timestamp,
}

impl TryFrom<Row> for Method {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: MethodId(row.id),
            customer: UserId(row.customer_id),
            label: Label { kind: kind(&row.kind)?, issuer: row.issuer, number: row.number },
            is_default: row.is_default,
            created_at: row.created_at,
        })
    }
}
