//! Frequently asked questions in the store.

use domain::FaqId;
use domain::support::{Faq, Topic, Wording};
use sqlx::query_as;
use sqlx::types::Uuid;

use crate::{Store, StoreError};

/// All questions, or those of one category, in their order. They are few.
pub async fn faqs(store: &Store, category: Option<Topic>) -> Result<Vec<Faq>, StoreError> {
    let rows = query_as!(
        Row,
        "select id, category, position, question_ko, answer_ko, question_en, answer_en
         from support.faqs order by position"
    )
    .fetch_all(store.pool())
    .await?;
    let faqs = rows.into_iter().map(Faq::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(faqs.into_iter().filter(|faq| category.is_none_or(|only| faq.category == only)).collect())
}

/// One question.
pub async fn faq(store: &Store, id: FaqId) -> Result<Option<Faq>, StoreError> {
    let row = query_as!(
        Row,
        "select id, category, position, question_ko, answer_ko, question_en, answer_en
         from support.faqs where id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Faq::try_from).transpose()
}

struct Row {
    id: Uuid,
    category: String,
    position: i32,
    question_ko: String,
    answer_ko: String,
    question_en: String,
    answer_en: String,
}

impl TryFrom<Row> for Faq {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let category = row.category.parse().map_err(|()| StoreError::Fault("unknown category".into()))?;
        Ok(Self {
            id: FaqId(row.id),
            category,
            position: row.position,
            ko: Wording { question: row.question_ko, answer: row.answer_ko },
            en: Wording { question: row.question_en, answer: row.answer_en },
        })
    }
}
