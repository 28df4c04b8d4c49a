//! The sent messages, as pages and as JSON: `/mailbox`, `/sms`, `/push`.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::sent::{Sent, SentLog};

/// The most messages on a page.
const SHOWN_MAX: usize = 100;

/// The paths and titles of the pages.
const PAGES: [(&str, &str); 3] =
    [("/mailbox", "Mail"), ("/sms", "Text messages"), ("/push", "Push notifications")];

#[derive(Deserialize)]
struct Wanted {
    /// The recipient; all recipients if empty.
    #[serde(default)]
    to: String,
}

impl Page {
    fn sent(&self, wanted: &Wanted) -> Vec<Sent> {
        self.log.newest(Some(&*wanted.to).filter(|to| !to.is_empty()), SHOWN_MAX)
    }
}

#[derive(Clone)]
struct Page {
    title: &'static str,
    log: Arc<SentLog>,
}

/// A page and a JSON list for each log, in the order of [`PAGES`].
pub(super) fn routes(logs: [Arc<SentLog>; 3]) -> Router {
    let index =
        || async { shown("Sandbox", "<p>What Baedal has sent through third parties that are none.</p>") };
    PAGES.into_iter().zip(logs).fold(Router::new().route("/", get(index)), |router, ((path, title), log)| {
        let pages = Router::new()
            .route(path, get(page))
            .route(&format!("{path}.json"), get(list))
            .with_state(Page { title, log });
        router.merge(pages)
    })
}

async fn list(State(page): State<Page>, Query(wanted): Query<Wanted>) -> Json<Vec<Sent>> {
    Json(page.sent(&wanted))
}

async fn page(State(page): State<Page>, Query(wanted): Query<Wanted>) -> impl IntoResponse {
    let sent = page.sent(&wanted);
    let mut body = format!(
        "<form><label>Recipient <input name=\"to\" value=\"{}\"></label> <button>Show</button></form>",
        escaped(&wanted.to)
    );
    if sent.is_empty() {
        body.push_str("<p>Nothing was sent yet.</p>");
    }
    for Sent { to, subject, text, data, at, .. } in &sent {
        let _ = write!(
            body,
            "<article><h2>{}</h2><p><b>{}</b> <time>{}</time></p><pre>{}</pre>",
            escaped(subject.as_deref().unwrap_or_default()),
            escaped(to),
            at.format("%Y-%m-%d %H:%M:%S UTC"),
            escaped(text)
        );
        for (name, value) in data {
            let _ = write!(body, "<code>{} = {}</code><br>", escaped(name), escaped(value));
        }
        body.push_str("</article>");
    }
    shown(page.title, &body)
}

/// A whole page. Its content security policy allows no scripts, whatever the messages contain.
fn shown(title: &str, body: &str) -> impl IntoResponse + use<> {
    let links: Vec<_> = PAGES.iter().map(|(path, name)| format!("<a href=\"{path}\">{name}</a>")).collect();
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>body{{font:16px/1.5 system-ui;max-width:42rem;margin:2rem auto;padding:0 1rem}}\
         article{{border-top:1px solid #ccc}}h2{{font-size:1.1rem}}pre{{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}}\
         b{{overflow-wrap:anywhere}}</style><nav>{}</nav><h1>{title}</h1>{body}</html>",
        links.join(" · ")
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page))
}

pub(super) fn escaped(text: &str) -> String {
    let entity = |it: char| match it {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        it => it.to_string(),
    };
    text.chars().map(entity).collect()
}
