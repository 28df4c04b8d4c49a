//! The documents that people consent to, and their consents.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::NaiveDate;
use domain::Timestamp;
use domain::user::consent::{Answers, Consent, Document, NoticeKind, Purpose};
use serde::{Deserialize, Serialize};
use services::{App, user};
use utoipa::ToSchema;

use crate::kit::{InLanguage, Json, Language, Page, Path, Problem, ProblemBody, Who};

/// The most entries of the ledger that are shown, the newest ones.
const HISTORY_MAX: usize = 100;

/// What a consent is for. It exists for its schema; domain's Purpose is what travels.
#[derive(ToSchema)]
#[schema(as = ConsentPurpose, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema")]
pub(super) enum PurposeName {
    /// The terms of use.
    Terms,
    /// Collection and use of personal data.
    Privacy,
    /// Location-based services.
    Location,
    /// Advertising.
    Advertising,
    /// Advertising between 21:00 and 08:00.
    NightAdvertising,
    /// Provision of personal data to third parties.
    ThirdParty,
}

/// A document that people consent to, in the version that holds.
#[derive(Serialize, ToSchema)]
#[schema(as = ConsentDocument)]
pub(super) struct DocumentBody {
    /// What the consent is for.
    #[schema(value_type = PurposeName)]
    purpose: Purpose,
    /// Whether an account needs it. What it does not need is never a condition for anything.
    is_required: bool,
    /// Goes with the consent.
    #[schema(example = 1)]
    version: u32,
    /// Its first day in Korea.
    effective_on: NaiveDate,
    /// One line.
    title: String,
    /// Several lines of plain text.
    text: String,
}

impl DocumentBody {
    fn new(document: &Document, language: Language) -> Self {
        let (title, text) = document.words(language == Language::Ko);
        Self {
            purpose: document.purpose,
            is_required: document.purpose.is_required(),
            version: document.version,
            effective_on: document.effective_on,
            title: title.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// The version of each document that somebody who signs up agrees to. What is left out or null is
/// refused.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignUpConsents {
    /// Needed.
    #[schema(example = 1)]
    terms: Option<u32>,
    /// Needed.
    #[schema(example = 1)]
    privacy: Option<u32>,
    /// Needed.
    #[schema(example = 1)]
    location: Option<u32>,
    /// Optional.
    advertising: Option<u32>,
    /// Optional; needs `advertising`.
    night_advertising: Option<u32>,
    /// Optional.
    third_party: Option<u32>,
}

impl From<SignUpConsents> for Answers {
    fn from(body: SignUpConsents) -> Self {
        let SignUpConsents { terms, privacy, location, advertising, night_advertising, third_party } = body;
        let answers = [
            (Purpose::Terms, terms),
            (Purpose::Privacy, privacy),
            (Purpose::Location, location),
            (Purpose::Advertising, advertising),
            (Purpose::NightAdvertising, night_advertising),
            (Purpose::ThirdParty, third_party),
        ];
        let agreed = answers.into_iter().filter_map(|(purpose, version)| Some((purpose, version?)));
        Self(agreed.collect::<BTreeMap<_, _>>())
    }
}

/// An answer to one document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsentAnswer)]
pub(super) struct AnswerBody {
    /// Whether the person agrees; if not, they refuse.
    agreed: bool,
    /// The version that they read, which must be the one that holds.
    #[schema(example = 1)]
    version: u32,
}

/// Where one consent stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Consent)]
pub(super) struct ConsentBody {
    /// What for.
    #[schema(value_type = PurposeName)]
    purpose: Purpose,
    /// Whether the account needs it.
    is_required: bool,
    /// Whether the person agreed; null if they were never asked.
    agreed: Option<bool>,
    /// The version that they answered.
    version: Option<u32>,
    /// The version that holds.
    newest_version: u32,
    /// When they answered.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    at: Option<Timestamp>,
    /// Of a consent to advertising: when they were told the result.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    told_at: Option<Timestamp>,
    /// Of a consent to advertising: when they were last told that it holds, every two years.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    confirmed_at: Option<Timestamp>,
}

/// An answer of the past.
#[derive(Serialize, ToSchema)]
#[schema(as = ConsentEntry)]
pub(super) struct EntryBody {
    /// What for.
    #[schema(value_type = PurposeName)]
    purpose: Purpose,
    /// The version that they answered.
    version: u32,
    /// Whether they agreed; if not, they refused.
    agreed: bool,
    /// Where: `sign_up` or `account`.
    channel: &'static str,
    /// When.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    at: Timestamp,
}

impl From<&Consent> for EntryBody {
    fn from(entry: &Consent) -> Self {
        let Consent { purpose, version, agreed, channel, at } = *entry;
        Self { purpose, version, agreed, channel: channel.as_str(), at }
    }
}

/// What a person agreed to and refused.
#[derive(Serialize, ToSchema)]
#[schema(as = Consents)]
pub(super) struct ConsentsBody {
    /// Where each consent stands, in the order in which people are asked.
    consents: Vec<ConsentBody>,
    /// The newest 100 answers, newest first.
    history: Vec<EntryBody>,
}

impl ConsentsBody {
    fn new(consents: &user::Consents, documents: [&Document; 6]) -> Self {
        let user::Consents { ledger, notices } = consents;
        let told = |entry: &Consent, kind: NoticeKind| {
            let told = notices.iter().rev().find(|notice| notice.kind == kind && notice.covers >= entry.at);
            told.filter(|_| entry.purpose.is_advertising()).map(|notice| notice.at)
        };
        let stands = documents.into_iter().map(|document| {
            let entry = ledger.newest(document.purpose);
            ConsentBody {
                purpose: document.purpose,
                is_required: document.purpose.is_required(),
                agreed: entry.map(|entry| entry.agreed),
                version: entry.map(|entry| entry.version),
                newest_version: document.version,
                at: entry.map(|entry| entry.at),
                told_at: entry.and_then(|entry| told(entry, NoticeKind::Result)),
                confirmed_at: entry
                    .filter(|entry| entry.agreed)
                    .and_then(|entry| told(entry, NoticeKind::Confirmation)),
            }
        });
        let newest = ledger.entries().iter().rev().take(HISTORY_MAX);
        Self { consents: stands.collect(), history: newest.map(EntryBody::from).collect() }
    }
}

/// The documents that people consent to, in Korean or English by `Accept-Language`.
#[utoipa::path(get, path = "/v1/consents/documents", tag = "user", security(()),
    responses((status = 200, body = Page<DocumentBody>, headers(("Content-Language" = String)))))]
pub(super) async fn documents(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<InLanguage<Page<DocumentBody>>, Problem> {
    let language = Language::wanted(&headers);
    let documents = user::consent_documents(&app).into_iter();
    let page = Page::whole(documents.map(|document| DocumentBody::new(document, language)).collect());
    Ok((language.headers(), Json(page)))
}

/// One's consents and refusals, with their history.
#[utoipa::path(get, path = "/v1/users/me/consents", tag = "user",
    responses((status = 200, body = ConsentsBody)))]
pub(super) async fn consents(State(app): State<App>, Who(who): Who) -> Result<Json<ConsentsBody>, Problem> {
    let consents = user::consents(&app, &who).await?;
    Ok(Json(ConsentsBody::new(&consents, user::consent_documents(&app))))
}

/// Agrees to a document, or refuses it. Who refuses advertising refuses it at night, too. The
/// result of an answer about advertising is told by mail.
#[utoipa::path(put, path = "/v1/users/me/consents/{purpose}", tag = "user", request_body = AnswerBody,
    params(("purpose" = PurposeName, Path, description = "What for")),
    responses((status = 200, body = ConsentsBody),
        (status = 409, description = "`consent.needed`: the account needs it, it ends by a withdrawal from the \
            service; `consent.document_outdated`: another version holds by now; \
            `consent.needs_advertising`: advertising at night needs the consent to advertising",
            body = ProblemBody)))]
pub(super) async fn answer(
    State(app): State<App>,
    Who(who): Who,
    Path(purpose): Path<Purpose>,
    Json(body): Json<AnswerBody>,
) -> Result<Json<ConsentsBody>, Problem> {
    let consents = user::answer_consent(&app, &who, purpose, body.agreed, body.version).await?;
    Ok(Json(ConsentsBody::new(&consents, user::consent_documents(&app))))
}
