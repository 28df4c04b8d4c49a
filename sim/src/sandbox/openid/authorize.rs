//! The authorization page: who signs in is typed into a form, and the browser carries a code back.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use reqwest::Url;
use serde::Deserialize;

use super::super::pages::escaped;
use super::{Code, OpenId, Person, Wrong, known};

macro_rules! moods {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// What the company does wrong when somebody signs in.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
        pub enum Mood {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Mood {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name in the form.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

moods! {
    /// Nothing.
    #[default]
    Good = "good";
    /// The person declines.
    Denied = "denied";
    /// The address is not vouched for.
    UnverifiedEmail = "unverified_email";
    /// There is no address.
    NoEmail = "no_email";
    /// The ID token has another nonce.
    WrongNonce = "wrong_nonce";
    /// It has no nonce.
    NoNonce = "no_nonce";
    /// It is for another client.
    WrongAudience = "wrong_audience";
    /// It is for two clients, and made for the other one.
    WrongParty = "wrong_party";
    /// Another issuer made it.
    WrongIssuer = "wrong_issuer";
    /// It has expired.
    Expired = "expired";
    /// It was made tomorrow.
    Early = "early";
    /// It says `alg: none`.
    NoneAlgorithm = "none_algorithm";
    /// Its signature is empty.
    NoSignature = "no_signature";
    /// Another key signed it, under the id of the published one.
    SwappedKey = "swapped_key";
    /// A key signed it that is not published.
    UnknownKey = "unknown_key";
    /// HS256, with the public key as its secret.
    PublicKeyAsSecret = "public_key_as_secret";
    /// There is none.
    NoIdToken = "no_id_token";
    /// Its subject is empty.
    NoSubject = "no_subject";
    /// `userinfo` is about somebody else.
    OtherUserinfo = "other_userinfo";
    /// The name has a million characters.
    HugeName = "huge_name";
    /// The answer names another issuer (RFC 9207).
    MixUp = "mix_up";
    /// The token endpoint never answers.
    Slow = "slow";
    /// The token endpoint fails.
    Broken = "broken";
    /// The token endpoint answers with something else.
    Garbage = "garbage";
}

/// The parameters of an authorization request.
#[derive(Deserialize)]
pub(super) struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    #[serde(default)]
    state: String,
    nonce: Option<String>,
    #[serde(default)]
    code_challenge: String,
    #[serde(default)]
    code_challenge_method: String,
    #[serde(default)]
    response_mode: String,
}

/// Who signs in.
#[derive(Deserialize)]
pub(super) struct Typed {
    subject: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    mood: Mood,
}

/// Whether the company names itself in its answer (RFC 9207).
pub(super) fn names_itself(company: &str) -> bool {
    matches!(company, "google" | "openid")
}

pub(super) async fn page(Path(company): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Wrong> {
    check(&company, &asked)?;
    let mut moods = String::new();
    for mood in Mood::ALL {
        let _ = write!(moods, "<option>{}</option>", mood.as_str());
    }
    let body = format!(
        "<p>The sandbox stands in for the company. <b>{}</b> wants to know who you are.</p>\
         <form method=\"post\">\
         <label>Id <input name=\"subject\" value=\"1001\" required></label>\
         <label>E-mail <input name=\"email\" value=\"minji@{company}.example\"></label>\
         <label>Name <input name=\"name\" value=\"김민지\"></label>\
         <label>What goes wrong <select name=\"mood\">{moods}</select></label>\
         <button>Sign in</button></form>",
        escaped(&asked.client_id)
    );
    Ok(shown(&company, &body, "").into_response())
}

pub(super) async fn signed_in(
    State(provider): State<Arc<OpenId>>,
    Path(company): Path<String>,
    Query(asked): Query<Asked>,
    Form(typed): Form<Typed>,
) -> Result<Response, Wrong> {
    check(&company, &asked)?;
    let mut answer = vec![("state", asked.state.clone())];
    let code = crate::system::fresh_id().simple().to_string();
    if typed.mood == Mood::Denied {
        answer.push(("error", "access_denied".to_owned()));
    } else {
        answer.push(("code", code.clone()));
    }
    if typed.mood == Mood::MixUp {
        answer.push(("iss", "https://another.example".to_owned()));
    } else if names_itself(&company) {
        answer.push(("iss", provider.issuer(&company)));
    }
    let Typed { subject, email, name, mood } = typed;
    let kept = Code {
        company,
        client: asked.client_id,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.code_challenge,
        nonce: asked.nonce,
        person: Person { subject, email, name, mood },
        is_used: false,
    };
    provider.records().codes.insert(code, kept);
    if asked.response_mode == "form_post" {
        return Ok(form_post(&asked.redirect_uri, &answer).into_response());
    }
    let there = Url::parse_with_params(&asked.redirect_uri, answer).map_err(|_| no("redirect_uri"))?;
    Ok(Redirect::to(there.as_str()).into_response())
}

fn check(company: &str, asked: &Asked) -> Result<(), Wrong> {
    known(company)?;
    if asked.response_type != "code" {
        return Err(no("response_type"));
    }
    if asked.code_challenge.len() != 43 || asked.code_challenge_method != "S256" {
        return Err(no("code_challenge"));
    }
    if (company == "apple") != (asked.response_mode == "form_post") {
        return Err(no("response_mode"));
    }
    Url::parse(&asked.redirect_uri).map(drop).map_err(|_| no("redirect_uri"))
}

fn no(parameter: &'static str) -> Wrong {
    (StatusCode::BAD_REQUEST, parameter)
}

/// A page that posts itself to the client (OAuth 2.0 Form Post Response Mode).
fn form_post(to: &str, answer: &[(&str, String)]) -> impl IntoResponse + use<> {
    let mut form = format!("<form method=\"post\" action=\"{}\">", escaped(to));
    for (name, value) in answer {
        let _ = write!(form, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
    }
    form.push_str("<button>Continue</button></form><script>document.forms[0].submit()</script>");
    shown("apple", &form, "script-src 'unsafe-inline'; ")
}

fn shown(company: &str, body: &str, scripts: &str) -> impl IntoResponse + use<> {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{company}</title><style>body{{font:16px/1.5 system-ui;max-width:26rem;margin:2rem auto;padding:0 1rem}}\
         label{{display:block;margin:.6rem 0}}input,select{{width:100%;font:inherit;padding:.4rem;box-sizing:border-box}}\
         button{{font:inherit;padding:.6rem 1rem}}</style><h1>{company}</h1>{body}</html>"
    );
    // No `form-action`: it would also stop the redirect to the client.
    let policy = format!("default-src 'none'; {scripts}style-src 'unsafe-inline'; base-uri 'none'");
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page))
}
