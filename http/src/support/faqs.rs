//! Frequently asked questions, in the reader's language.

use axum::extract::State;
use axum::http::HeaderMap;
use domain::FaqId;
use domain::support::{Faq, Topic};
use serde::{Deserialize, Serialize};
use services::App;
use services::support::{self, TopicName};
use utoipa::{IntoParams, ToSchema};

use crate::kit::{InLanguage, Json, Language, List, ListQuery, Page, Path, Problem, Query};

/// A question with its answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Faq)]
pub(super) struct FaqBody {
    #[schema(value_type = Uuid)]
    id: FaqId,
    #[schema(value_type = TopicName)]
    category: Topic,
    question: String,
    answer: String,
    language: Language,
}

/// Which questions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those about this.
    #[param(value_type = Option<TopicName>)]
    category: Option<Topic>,
    /// Only those with all of these words, in either language.
    #[param(max_length = 100, example = "배달팁")]
    q: Option<String>,
}

/// Frequently asked questions, in Korean or English by `Accept-Language`.
#[utoipa::path(get, path = "/v1/faqs", tag = "faqs", params(Filter, ListQuery), security(()),
    responses((status = 200, body = Page<FaqBody>, headers(("Content-Language" = String)))))]
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
    list: List<i32>,
) -> Result<InLanguage<Page<FaqBody>>, Problem> {
    let language = Language::wanted(&headers);
    let rows = support::faqs(&app, filter.category, filter.q.as_deref(), list.after, list.limit + 1).await?;
    let page = Page::cut(rows, list.limit, |last| last.position, |faq| FaqBody::new(faq, language))?;
    Ok((language.headers(), Json(page)))
}

/// One question with its answer.
#[utoipa::path(get, path = "/v1/faqs/{id}", tag = "faqs", security(()),
    params(("id" = Uuid, Path, description = "The question")),
    responses((status = 200, body = FaqBody, headers(("Content-Language" = String)))))]
pub(super) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<FaqId>,
) -> Result<InLanguage<FaqBody>, Problem> {
    let language = Language::wanted(&headers);
    let faq = support::faq(&app, id).await?;
    Ok((language.headers(), Json(FaqBody::new(faq, language))))
}

impl FaqBody {
    fn new(faq: Faq, language: Language) -> Self {
        let wording = match language {
            Language::Ko => faq.ko,
            Language::En => faq.en,
        };
        Self {
            id: faq.id,
            category: faq.category,
            question: wording.question,
            answer: wording.answer,
            language,
        }
    }
}
