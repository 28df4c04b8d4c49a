//! The ledger of consents, and what people were told of it.

use domain::personal_data::CONSENTS;
use domain::user::consent::{Consent, ConsentChannel, Ledger, Notice, NoticeKind, Purpose};
use domain::{Timestamp, UserId};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::privacy::{Retained, retain};
use crate::{Store, StoreError, Tx};

/// A person's ledger and the notices of it, both oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consents {
    /// The ledger.
    pub ledger: Ledger,
    /// What the person was told.
    pub notices: Vec<Notice>,
}

/// A person's consents.
pub async fn consents(store: &Store, user: UserId) -> Result<Consents, StoreError> {
    let mut connection = store.pool().acquire().await?;
    read(&mut connection, user).await
}

/// A person's consents, locked until the transaction ends.
pub async fn lock_consents(tx: &mut Tx, user: UserId) -> Result<Consents, StoreError> {
    sqlx::query!("select id from users.profiles where id = $1 for update", user.0)
        .fetch_optional(&mut **tx)
        .await?;
    read(tx, user).await
}

async fn read(connection: &mut PgConnection, user: UserId) -> Result<Consents, StoreError> {
    let rows = sqlx::query!(
        "select purpose, version, agreed, channel, at from users.consents where user_id = $1 order by id",
        user.0
    )
    .fetch_all(&mut *connection)
    .await?;
    let entries = rows.into_iter().map(|row| {
        Ok(Consent {
            purpose: Purpose::parse(&row.purpose).ok_or_else(|| unknown(&row.purpose))?,
            version: row.version.unsigned_abs(),
            agreed: row.agreed,
            channel: ConsentChannel::parse(&row.channel).ok_or_else(|| unknown(&row.channel))?,
            at: row.at,
        })
    });
    let ledger = Ledger::of(entries.collect::<Result<_, StoreError>>()?);
    let rows = sqlx::query!(
        "select kind, covers, by_mail, at from users.consent_notices where user_id = $1 order by at",
        user.0
    )
    .fetch_all(connection)
    .await?;
    let notices = rows.into_iter().map(|row| {
        let kind = NoticeKind::parse(&row.kind).ok_or_else(|| unknown(&row.kind))?;
        Ok(Notice { kind, covers: row.covers, by_mail: row.by_mail, at: row.at })
    });
    Ok(Consents { ledger, notices: notices.collect::<Result<_, StoreError>>()? })
}

fn unknown(word: &str) -> StoreError {
    StoreError::Fault(format!("the ledger of consents has the unknown word {word}").into())
}

/// Adds entries to a person's ledger, with an id for each, which must rise.
pub async fn add_consents(tx: &mut Tx, user: UserId, entries: &[(Uuid, Consent)]) -> Result<(), StoreError> {
    for (id, Consent { purpose, version, agreed, channel, at }) in entries {
        sqlx::query!(
            "insert into users.consents (id, user_id, purpose, version, agreed, channel, at)
             values ($1, $2, $3, $4, $5, $6, $7)",
            id,
            user.0,
            purpose.as_str(),
            i32::try_from(*version).unwrap_or(i32::MAX),
            agreed,
            channel.as_str(),
            at
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Records that a person was told, with the key of the message. A message that was recorded before
/// is not recorded again.
pub async fn add_notice(tx: &mut Tx, user: UserId, message: Uuid, notice: &Notice) -> Result<(), StoreError> {
    let Notice { kind, covers, by_mail, at } = notice;
    sqlx::query!(
        "insert into users.consent_notices (id, user_id, kind, covers, by_mail, at)
         values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing",
        message,
        user.0,
        kind.as_str(),
        covers,
        by_mail,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Erases the consents of somebody who left. If they ever consented to advertising, what they said
/// and were told of it is retained, as the proof that they might be sent some.
pub(super) async fn erase(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    let Consents { ledger, notices } = lock_consents(tx, user).await?;
    let of_advertising = ledger.entries().iter().filter(|entry| entry.purpose.is_advertising());
    if of_advertising.clone().any(|entry| entry.agreed) {
        let said = of_advertising.map(|entry| {
            let Consent { purpose, version, agreed, channel, at } = entry;
            let (purpose, channel) = (purpose.as_str(), channel.as_str());
            json!({ "purpose": purpose, "version": version, "agreed": agreed, "channel": channel, "at": at })
        });
        let told = notices.iter().map(|notice| {
            let Notice { kind, covers, by_mail, at } = notice;
            json!({ "kind": kind.as_str(), "covers": covers, "by_mail": by_mail, "at": at })
        });
        let data = json!({ "said": said.collect::<Vec<_>>(), "told": told.collect::<Vec<_>>() });
        let (subject, purpose) = (user.0, &CONSENTS);
        let retained = Retained { subject, kind: "advertising", purpose, from: now, data };
        retain(tx, user, &retained, now).await?;
    }
    sqlx::query!("delete from users.consents where user_id = $1", user.0).execute(&mut **tx).await?;
    sqlx::query!("delete from users.consent_notices where user_id = $1", user.0).execute(&mut **tx).await?;
    Ok(())
}
