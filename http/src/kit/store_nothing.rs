//! What is answered to somebody who is signed in is stored by no browser and no proxy (OWASP ASVS
//! 5.0, 14.3.2), unless its handler says otherwise.
//!
//! Outside of compression, which takes an answer that its handler marked `no-store` for a secret.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use axum::middleware::Next;
use axum::response::Response;

/// Marks the answer to a request with a token as `no-store`.
pub(super) async fn store_nothing(request: Request, next: Next) -> Response {
    let somebody = request.headers().contains_key(AUTHORIZATION);
    let mut answer = next.run(request).await;
    if somebody {
        let marked = answer.headers_mut().entry(CACHE_CONTROL);
        marked.or_insert(HeaderValue::from_static("no-store"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn an_answer_to_somebody_is_not_stored_unless_its_handler_says_otherwise() {
        let port: Router = Router::new()
            .route("/mine", get(async || "mine"))
            .route("/keys", get(async || ([(CACHE_CONTROL, "public, max-age=300")], "keys")))
            .layer(from_fn(store_nothing));
        let said = async |path: &str, token: Option<&str>| {
            let mut request = Request::builder().uri(path);
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, token);
            }
            let answer = port.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            answer.headers().get(CACHE_CONTROL).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(said("/mine", Some("Bearer a")).await.as_deref(), Some("no-store"));
        assert_eq!(said("/mine", None).await, None, "anybody may read it");
        assert_eq!(said("/keys", Some("Bearer a")).await.as_deref(), Some("public, max-age=300"));
    }
}
