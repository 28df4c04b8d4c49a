//! Applications, and where approved sellers are paid to.

use domain::restaurant::{Application, ApplicationStatus, SettlementAccount};
use domain::{ApplicationId, RestaurantId, Timestamp, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::journal::signed;
use crate::vault::{SealedColumn, Vault};
use crate::{Store, StoreError, Tx};

/// Where an applicant is to be paid to.
pub const APPLICATION_ACCOUNT: SealedColumn = SealedColumn {
    purpose: "restaurant.applications.account",
    table: "restaurant.applications",
    column: "sealed_account",
    row: "id::text",
    plain: None,
};

/// Where the seller of a shop is paid to.
pub const ACCOUNT: SealedColumn = SealedColumn {
    purpose: "restaurant.settlement_accounts.account",
    table: "restaurant.settlement_accounts",
    column: "sealed_account",
    row: "restaurant_id::text",
    plain: None,
};

struct Row {
    id: Uuid,
    version: i64,
    applicant_id: Uuid,
    restaurant_id: Uuid,
    status: String,
    registration: Value,
    sealed_account: Option<Vec<u8>>,
    reason: Option<String>,
    submitted_at: Timestamp,
    decided_by: Option<Uuid>,
    decided_at: Option<Timestamp>,
}

/// A query of whole rows: what follows `from restaurant.applications`, and its arguments.
macro_rules! select {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            "select id, version, applicant_id, restaurant_id, status, registration, sealed_account, reason,
                    submitted_at, decided_by, decided_at
             from restaurant.applications " + $rest
            $(, $argument)*
        )
    };
}

impl Row {
    fn read(self, vault: &Vault) -> Result<Application, StoreError> {
        let unknown = || StoreError::Fault(format!("application {}: status {}", self.id, self.status).into());
        let sealed = self.sealed_account.as_deref();
        let account = sealed.map(|sealed| open(vault, &APPLICATION_ACCOUNT, self.id, sealed)).transpose()?;
        Ok(Application {
            status: self.status.parse().map_err(|()| unknown())?,
            id: self.id.into(),
            version: self.version.unsigned_abs(),
            applicant: self.applicant_id.into(),
            restaurant: self.restaurant_id.into(),
            registration: serde_json::from_value(self.registration)?,
            account,
            reason: self.reason,
            submitted_at: self.submitted_at,
            decided_by: self.decided_by.map(UserId),
            decided_at: self.decided_at,
        })
    }
}

fn open(
    vault: &Vault,
    column: &SealedColumn,
    row: Uuid,
    sealed: &[u8],
) -> Result<SettlementAccount, StoreError> {
    Ok(serde_json::from_slice(&vault.open(column, row, sealed)?)?)
}

fn seal(
    vault: &Vault,
    column: &SealedColumn,
    row: Uuid,
    account: &SettlementAccount,
) -> Result<Vec<u8>, StoreError> {
    Ok(vault.seal(column, row, &serde_json::to_vec(account)?))
}

/// The application, if there is one.
pub async fn application(store: &Store, id: ApplicationId) -> Result<Option<Application>, StoreError> {
    let row = select!("where id = $1", id.0).fetch_optional(store.pool()).await?;
    row.map(|row| row.read(store.vault())).transpose()
}

/// The application, if there is one, which nobody else changes before the transaction ends.
pub async fn lock_application(tx: &mut Tx, id: ApplicationId) -> Result<Option<Application>, StoreError> {
    let row = select!("where id = $1 for update", id.0).fetch_optional(&mut **tx).await?;
    row.map(|row| row.read(&tx.vault)).transpose()
}

/// The applications of a person, oldest first.
pub async fn applications_of(
    store: &Store,
    applicant: UserId,
    limit: u32,
) -> Result<Vec<Application>, StoreError> {
    let rows = select!("where applicant_id = $1 order by id limit $2", applicant.0, i64::from(limit));
    let rows = rows.fetch_all(store.pool()).await?;
    rows.into_iter().map(|row| row.read(store.vault())).collect()
}

/// All applications, or those of a status, oldest first.
pub async fn applications(
    store: &Store,
    status: Option<ApplicationStatus>,
    after: Option<ApplicationId>,
    limit: u32,
) -> Result<Vec<Application>, StoreError> {
    let (after, limit) = (after.map_or(Uuid::nil(), |after| after.0), i64::from(limit));
    // One query for each: one plan serves both badly.
    let rows = match status {
        Some(status) => {
            let of = status.as_str();
            let rows = select!("where status = $1 and id > $2 order by id limit $3", of, after, limit);
            rows.fetch_all(store.pool()).await?
        }
        None => select!("where id > $1 order by id limit $2", after, limit).fetch_all(store.pool()).await?,
    };
    rows.into_iter().map(|row| row.read(store.vault())).collect()
}

/// How many applications of a person are open. Of two who ask at once one waits until the other's
/// transaction ends.
pub async fn open_applications(tx: &mut Tx, applicant: UserId) -> Result<u64, StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('restaurant.applications ' || $1, 0))",
        applicant.to_string()
    )
    .fetch_one(&mut **tx)
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from restaurant.applications
           where applicant_id = $1 and status in ('submitted', 'asked_back')"#,
        applicant.0
    );
    Ok(count.fetch_one(&mut **tx).await?.unsigned_abs())
}

/// Writes a new application, or the next state of one that is still at its version. Returns the new
/// version; `None` if another application for the shop is open.
pub async fn save_application(tx: &mut Tx, application: &Application) -> Result<Option<u64>, StoreError> {
    let account = application.account.as_ref();
    let sealed = account.map(|account| seal(&tx.vault, &APPLICATION_ACCOUNT, application.id.0, account));
    let saved = sqlx::query_scalar!(
        "insert into restaurant.applications
             (id, applicant_id, restaurant_id, status, registration, sealed_account, reason, submitted_at,
              decided_by, decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (id) do update set
             version = applications.version + 1, status = excluded.status,
             registration = excluded.registration, sealed_account = excluded.sealed_account,
             reason = excluded.reason, submitted_at = excluded.submitted_at,
             decided_by = excluded.decided_by, decided_at = excluded.decided_at
         where applications.version = $11
         returning version",
        application.id.0,
        application.applicant.0,
        application.restaurant.0,
        application.status.as_str(),
        serde_json::to_value(&application.registration)?,
        sealed.transpose()?,
        application.reason,
        application.submitted_at,
        application.decided_by.map(|by| by.0),
        application.decided_at,
        signed(application.version)?
    );
    match saved.fetch_optional(&mut **tx).await {
        Ok(version) => Ok(Some(version.ok_or(StoreError::Conflict)?.unsigned_abs())),
        Err(error) if crate::broken_constraint(&error) == Some("applications_one_is_open") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes the account the one that the seller of a shop is paid to.
pub async fn keep_account(
    tx: &mut Tx,
    restaurant: RestaurantId,
    account: &SettlementAccount,
) -> Result<(), StoreError> {
    let sealed = seal(&tx.vault, &ACCOUNT, restaurant.0, account)?;
    sqlx::query!(
        "insert into restaurant.settlement_accounts (restaurant_id, sealed_account) values ($1, $2)
         on conflict (restaurant_id) do update set sealed_account = excluded.sealed_account",
        restaurant.0,
        sealed
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Where the seller of a shop is paid to, if that is known.
pub async fn settlement_account(
    store: &Store,
    restaurant: RestaurantId,
) -> Result<Option<SettlementAccount>, StoreError> {
    let sealed = sqlx::query_scalar!(
        "select sealed_account from restaurant.settlement_accounts where restaurant_id = $1",
        restaurant.0
    )
    .fetch_optional(store.pool())
    .await?;
    sealed.map(|sealed| open(store.vault(), &ACCOUNT, restaurant.0, &sealed)).transpose()
}

/// Erases where somebody who left worked, and what they wrote into applications of where they are
/// paid to.
pub async fn forget_person(store: &Store, person: UserId) -> Result<(), StoreError> {
    sqlx::query!("delete from restaurant.staff where user_id = $1", person.0).execute(store.pool()).await?;
    sqlx::query!(
        "update restaurant.applications
         set sealed_account = null,
             status = case when status in ('submitted', 'asked_back') then 'withdrawn' else status end
         where applicant_id = $1",
        person.0
    )
    .execute(store.pool())
    .await?;
    Ok(())
}
