//! The reader's language, for texts that are kept in both.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Json, weighted};

/// What people read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    Ko,
    En,
}

/// An answer in the reader's language, with `Content-Language` and `Vary`.
pub(crate) type InLanguage<T> = ([(HeaderName, HeaderValue); 2], Json<T>);

impl Language {
    /// The reader's preferred language of ours; Korean if they accept neither.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let asked = weighted(headers, header::ACCEPT_LANGUAGE);
        let weight = |primary: &str| {
            let named = asked.iter().filter(|(tag, _)| tag.split('-').next() == Some(primary));
            named.map(|(_, weight)| *weight).fold(0.0, f32::max)
        };
        if weight("en") > weight("ko") { Self::En } else { Self::Ko }
    }

    pub(crate) fn headers(self) -> [(HeaderName, HeaderValue); 2] {
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
