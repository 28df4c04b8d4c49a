//! What a withdrawal does to conversations.

use domain::personal_data::DISPUTE;
use domain::privacy::GONE_TEXT;
use domain::{Timestamp, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::privacy::{Retained, retain};
use crate::{StoreError, Tx};

/// Erases the texts of a customer's next conversation after `after`, both sides' alike, since what
/// was answered repeats what was asked. What was said moves to what the law demands to keep.
/// Returns the conversation; none if there is no further one.
pub async fn erase_conversation(
    tx: &mut Tx,
    customer: UserId,
    after: Option<Uuid>,
    now: Timestamp,
) -> Result<Option<Uuid>, StoreError> {
    let next = sqlx::query_scalar!(
        "select id from support.conversations where customer_id = $1 and id > $2 order by id limit 1 for update",
        customer.0,
        after.unwrap_or(Uuid::nil())
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(id) = next else { return Ok(None) };
    let said = sqlx::query!(
        r#"select seq, at, side, text as "text!" from support.entries
           where conversation_id = $1 and text is not null and text <> $2 order by seq"#,
        id,
        GONE_TEXT
    )
    .fetch_all(&mut **tx)
    .await?;
    if let Some(last) = said.last() {
        let from = last.at;
        let entries: Vec<Value> = said
            .into_iter()
            .map(|one| json!({ "seq": one.seq, "at": one.at, "side": one.side, "text": one.text }))
            .collect();
        let data = json!({ "conversation_id": id, "entries": entries });
        let retained = Retained { subject: id, kind: "conversation", purpose: &DISPUTE, from, data };
        retain(tx, customer, &retained, now).await?;
    }
    sqlx::query!(
        "update support.entries set text = $2 where conversation_id = $1 and text is not null and text <> $2",
        id,
        GONE_TEXT
    )
    .execute(&mut **tx)
    .await?;
    Ok(Some(id))
}
