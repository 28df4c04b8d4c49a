//! Lists: `limit` and an opaque `cursor` in, `items` and `next_cursor` out.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{Refused, fault};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, Query};

/// The requested page. `C` identifies where the last page ended: the list's sort key, ending in a
/// unique id, so that inserts never shift a page.
#[derive(Clone, Debug)]
pub struct List<C> {
    /// The page size, 1 to 100.
    pub limit: u32,
    /// The end of the last page; `None` for the first page.
    pub after: Option<C>,
}

/// The query parameters of [`List`], for `params(ListQuery)` in a route's docs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many items to return.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(format = "cursor", min_length = 1)]
    cursor: Option<String>,
}

/// The same of a list whose cursor is a number.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it stands in the document alone")]
pub struct NumberListQuery {
    /// How many items to return.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(format = "number-cursor", min_length = 1)]
    cursor: Option<String>,
}

impl<C: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for List<C> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(asked) = Query::<ListQuery>::from_request_parts(parts, state).await?;
        let limit = asked.limit.unwrap_or(20);
        if !(1..=100).contains(&limit) {
            return Err(Refused::field("/limit", fault::OUT_OF_RANGE, "1 to 100").into());
        }
        let after = asked.cursor.as_deref().map(decode).transpose()?;
        Ok(Self { limit, after })
    }
}

fn decode<C: DeserializeOwned>(cursor: &str) -> Result<C, Refused> {
    BASE64_URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Refused::field("/cursor", fault::INVALID, "Not a next_cursor that this list gave."))
}

fn encode(cursor: &impl Serialize) -> Result<String, Problem> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).map_err(Problem::fault)?))
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// At most `limit` items.
    pub items: Vec<T>,
    /// Give this as `cursor` for the page after; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that always fits on one page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// Makes a page of up to `limit + 1` rows: the extra row shows that there is another page.
    pub fn cut<R, C: Serialize>(
        mut rows: Vec<R>,
        limit: u32,
        cursor: impl FnOnce(&R) -> C,
        item: impl FnMut(R) -> T,
    ) -> Result<Self, Problem> {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = match rows.last() {
            Some(last) if more => Some(encode(&cursor(last))?),
            _ => None,
        };
        Ok(Self { items: rows.into_iter().map(item).collect(), next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_given() {
        let page = Page::cut(vec![1, 2, 3], 2, |last| (*last, "x".to_owned()), |row| row).unwrap();
        assert_eq!(page.items, [1, 2]);
        assert_eq!(decode::<(i32, String)>(&page.next_cursor.unwrap()), Ok((2, "x".to_owned())));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = Page::cut(vec![1, 2], 2, |last| *last, |row| row).unwrap();
        assert_eq!(page.next_cursor, None);
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        for cursor in ["", "!", "eyJ9", "MQ"] {
            assert!(decode::<(i32, String)>(cursor).is_err(), "{cursor}");
        }
    }
}
