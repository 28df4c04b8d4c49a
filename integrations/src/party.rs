//! The HTTP client for third parties: timeouts, retries and a circuit breaker for each.

use std::error::Error as _;
use std::iter::successors;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;
use services::senders::SendError;
use tokio::time::Instant;

use crate::OpenError;
use crate::breaker::Breaker;

/// The most bytes of an answer.
const ANSWER_MAX: usize = 1024 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";

/// The default of [`Limits::answer_within`], in milliseconds.
pub const ANSWER_WITHIN_MS: u64 = 2_000;

/// Limits of calls to a third party.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long connecting may take.
    pub connect_within: Duration,
    /// How long one try may take, from connecting to the last byte of the answer.
    pub answer_within: Duration,
    /// The most attempts of one call. A call that is not repeatable is retried only if the previous
    /// attempt certainly had no effect.
    pub tries: u32,
    /// The pause before the second attempt; doubled for each further one.
    pub pause: Duration,
    /// The number of failures in a row that opens the circuit breaker.
    pub failures_max: u32,
    /// How long an open circuit breaker rejects calls before it admits one.
    pub rest: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_within: Duration::from_secs(1),
            answer_within: Duration::from_millis(ANSWER_WITHIN_MS),
            tries: 2,
            pause: Duration::from_millis(200),
            failures_max: 10,
            rest: Duration::from_secs(10),
        }
    }
}

/// A third party.
pub(crate) struct Party {
    name: &'static str,
    base: Url,
    client: reqwest::Client,
    limits: Limits,
    breaker: Mutex<Breaker>,
}

/// A call. Its path and headers may hold secrets and are never logged.
pub(crate) struct Call<'a> {
    /// The name of the operation, for metrics and logs.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// The segments of the path, unescaped.
    pub(crate) path: &'a [&'a str],
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Whether it may be retried when the outcome of an attempt is unknown: it only reads, or it is
    /// idempotent.
    pub(crate) is_repeatable: bool,
}

/// The body of a call.
pub(crate) enum Body {
    None,
    Json(Value),
    /// `application/x-www-form-urlencoded`; that of a GET goes into the query.
    Form(String),
}

/// An answer of the party. Statuses that mean "cannot serve now" are never returned as answers.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

/// The party gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The call had no effect: the party was not reached, the circuit breaker rejected the call, or
    /// the party rate-limited it.
    Unsent,
    /// The call may have had an effect.
    Unheard,
}

impl Party {
    pub(crate) fn open(
        name: &'static str,
        base: &str,
        headers: HeaderMap,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let wrong = |cause: String| OpenError { party: name, cause };
        let base = address(base).map_err(wrong)?;
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("baedal/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(limits.connect_within)
            .timeout(limits.answer_within)
            // A redirect target must not receive our credentials.
            .redirect(reqwest::redirect::Policy::none());
        if base.scheme() == "http" {
            // Avoids loading the system's certificates, which fails on a machine without any.
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|error| wrong(reasons(&error)))?;
        let breaker = Mutex::new(Breaker::new(limits.failures_max, limits.rest));
        Ok(Self { name, base, client, limits, breaker })
    }

    /// Makes a call, with retries, and records its outcome in the metrics.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Answer, Silence> {
        let begun = Instant::now();
        let answer = self.tried(call).await;
        let outcome = match &answer {
            Ok(answer) if answer.status.is_success() => Outcome::Answered,
            Ok(_) => Outcome::Refused,
            Err(Silence::Unheard) => Outcome::Unheard,
            Err(Silence::Unsent) => Outcome::Unsent,
        };
        record(self.name, call.name, begun, outcome);
        answer
    }

    async fn tried(&self, call: &Call<'_>) -> Result<Answer, Silence> {
        let mut silence = Silence::Unsent;
        let mut pause = self.limits.pause;
        for number in 1..=self.limits.tries {
            if !self.breaker(|breaker| breaker.admits(Instant::now())) {
                break;
            }
            match self.once(call).await {
                Ok(answer) if !is_unable(answer.status) => {
                    self.breaker(Breaker::answered);
                    return Ok(answer);
                }
                Ok(answer) => {
                    tracing::warn!(party = self.name, call = call.name, status = %answer.status, "a third party cannot serve");
                    if answer.status != StatusCode::TOO_MANY_REQUESTS {
                        silence = Silence::Unheard;
                    }
                }
                Err(error) => {
                    let error = error.without_url();
                    tracing::warn!(party = self.name, call = call.name, %error, "a third party does not answer");
                    if !error.is_connect() {
                        silence = Silence::Unheard;
                    }
                }
            }
            self.breaker(|breaker| breaker.failed(Instant::now()));
            if silence == Silence::Unheard && !call.is_repeatable {
                break;
            }
            if number < self.limits.tries {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        Err(silence)
    }

    async fn once(&self, call: &Call<'_>) -> Result<Answer, reqwest::Error> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(call.path);
        }
        if let (Body::Form(form), &Method::GET) = (&call.body, &call.method) {
            url.set_query(Some(form));
        }
        let mut request = self.client.request(call.method.clone(), url).headers(call.headers.clone());
        request = match &call.body {
            Body::None => request,
            Body::Json(body) => request.json(body),
            Body::Form(_) if call.method == Method::GET => request,
            Body::Form(body) => request.header(CONTENT_TYPE, FORM).body(body.clone()),
        };
        let mut response = request.send().await?;
        let mut answer = Answer { status: response.status(), body: Vec::new() };
        while let Some(chunk) = response.chunk().await? {
            if answer.body.len() + chunk.len() > ANSWER_MAX {
                break; // larger than any valid answer: the truncated body fails to parse
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    fn breaker<T>(&self, ask: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let was_open = breaker.is_open();
        let told = ask(&mut breaker);
        if breaker.is_open() != was_open {
            let open = breaker.is_open();
            tracing::warn!(party = self.name, open, "a third party is left alone, or is back");
            metrics::gauge!("third_party_open", "party" => self.name).set(f64::from(u8::from(open)));
        }
        told
    }
}

/// The outcome of a call, for metrics.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Answered,
    Refused,
    Unheard,
    Unsent,
}

/// Records the duration and outcome of a call to a third party that began at `begun`.
pub(crate) fn record(party: &'static str, call: &'static str, begun: Instant, outcome: Outcome) {
    let outcome = match outcome {
        Outcome::Answered => "answered",
        Outcome::Refused => "refused",
        Outcome::Unheard => "unheard",
        Outcome::Unsent => "unsent",
    };
    let labels = [("party", party), ("call", call)];
    metrics::histogram!("third_party_seconds", &labels).record(begun.elapsed().as_secs_f64());
    metrics::counter!("third_party_calls_total", "party" => party, "call" => call, "outcome" => outcome)
        .increment(1);
}

/// Checks that a setting is an HTTP URL, and returns it unchanged.
pub fn http_url(text: &str) -> Result<String, String> {
    address(text).map(|_| text.to_owned())
}

fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err("an address begins with http:// or https://".to_owned())
    }
}

/// The value of a header that holds a secret, marked sensitive so that it is not printed.
pub(crate) fn secret_header(party: &'static str, value: String) -> Result<HeaderValue, OpenError> {
    let wrong = |_| OpenError { party, cause: "a key has characters that no header may have".to_owned() };
    let mut value = HeaderValue::try_from(value).map_err(wrong)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The error of a message whose sender gave no answer.
pub(crate) fn silent_send(silence: Silence) -> SendError {
    match silence {
        Silence::Unsent => SendError::Unavailable,
        Silence::Unheard => SendError::Unknown,
    }
}

/// The error with its causes, which the library's own message leaves out.
fn reasons(error: &reqwest::Error) -> String {
    let causes = successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}

/// Whether the status means that the party cannot serve now.
fn is_unable(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}
