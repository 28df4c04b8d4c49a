//! The part of Have I Been Pwned that Baedal calls: `GET /range/{five digits}`. It knows the
//! passwords that it is told of, and lists them among padding.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use sha1::{Digest as _, Sha1};

/// Known to it from the beginning.
const STOLEN: &str = "stolen from somebody";

/// Digits of a hash that it is told.
const TOLD: usize = 5;

/// See the module.
pub struct Pwned {
    state: Mutex<Known>,
}

struct Known {
    hashes: BTreeSet<String>,
    /// The prefixes that it was asked for.
    asked: Vec<String>,
    is_busy: bool,
}

impl Default for Pwned {
    fn default() -> Self {
        let pwned =
            Self { state: Mutex::new(Known { hashes: BTreeSet::new(), asked: Vec::new(), is_busy: false }) };
        pwned.add(STOLEN);
        pwned
    }
}

impl Pwned {
    /// Adds a password.
    pub fn add(&self, password: &str) {
        self.state().hashes.insert(hex::encode_upper(Sha1::digest(password)));
    }

    /// Whether it answers that it is busy from now on.
    pub fn set_busy(&self, is_busy: bool) {
        self.state().is_busy = is_busy;
    }

    /// All that it was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn routes(pwned: Arc<Pwned>) -> Router {
    Router::new().route("/range/{prefix}", get(range)).with_state(pwned)
}

async fn range(State(pwned): State<Arc<Pwned>>, Path(prefix): Path<String>, headers: HeaderMap) -> Response {
    let mut state = pwned.state();
    if state.is_busy {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if prefix.len() != TOLD || !prefix.bytes().all(|it| it.is_ascii_hexdigit()) {
        return (StatusCode::BAD_REQUEST, "The hash prefix was not in a valid format").into_response();
    }
    state.asked.push(prefix.clone());
    let listed = state.hashes.iter().filter_map(|hash| hash.strip_prefix(&*prefix));
    let mut lines: Vec<_> = listed.map(|suffix| format!("{suffix}:3")).collect();
    if headers.contains_key("add-padding") {
        lines.extend((0..800).map(|number| format!("{number:035X}:0")));
    }
    lines.sort_unstable();
    lines.join("\r\n").into_response()
}
