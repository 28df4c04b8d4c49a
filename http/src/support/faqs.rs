//! Frequently asked questions, in the reader's language.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use domain::FaqId;
use domain::support::{Faq, Topic};
use serde::{Deserialize, Serialize};
use services::App;
use services::support::{self, TopicName};
use utoipa::{IntoParams, ToSchema};

use crate::kit::{Json, List, ListQuery, Page, Path, Problem, Query, weighted};

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

/// What people read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Language {
    Ko,
    En,
}

/// An answer that depends on the reader's language, and says so.
type InLanguage<T> = ([(HeaderName, HeaderValue); 2], Json<T>);

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

impl Language {
    /// The reader's first choice among ours; Korean if they name neither.
    fn wanted(headers: &HeaderMap) -> Self {
        let asked = weighted(headers, header::ACCEPT_LANGUAGE);
        let weight = |primary: &str| {
            let named = asked.iter().filter(|(tag, _)| tag.split('-').next() == Some(primary));
            named.map(|(_, weight)| *weight).fold(0.0, f32::max)
        };
        if weight("en") > weight("ko") { Self::En } else { Self::Ko }
    }

    fn headers(self) -> [(HeaderName, HeaderValue); 2] {
        let name = match self {
            Self::Ko => "ko",
            Self::En => "en",
        };
        [
            (header::CONTENT_LANGUAGE, HeaderValue::from_static(name)),
            (header::VARY, HeaderValue::from_static("accept-language")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_is_answered_in_the_language_they_prefer() {
        let cases = [
            ("", Language::Ko),
            ("fr", Language::Ko),
            ("ko-KR,ko;q=0.9,en-US;q=0.8", Language::Ko),
            ("en-US,en;q=0.9,ko;q=0.8", Language::En),
            ("ko;q=0.2, EN;q=0.3", Language::En),
            ("en;q=0", Language::Ko),
            ("en;q=x", Language::Ko),
        ];
        for (asked, language) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(asked));
            assert_eq!(Language::wanted(&headers), language, "{asked}");
        }
    }
}
