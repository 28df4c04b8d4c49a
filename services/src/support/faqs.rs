//! Frequently asked questions.

use domain::support::{Faq, SearchText, Topic};
use domain::{Failure, FaqId};

use crate::App;

/// Questions after position `after`, in order, at most `limit`; filtered by category and search
/// text if given.
pub async fn faqs(
    app: &App,
    category: Option<Topic>,
    search: Option<&str>,
    after: Option<i32>,
    limit: u32,
) -> Result<Vec<Faq>, Failure> {
    let search = search.map(SearchText::new).transpose()?.flatten();
    let mut faqs = store::support::faqs(&app.store, category).await?;
    faqs.retain(|faq| {
        after.is_none_or(|after| faq.position > after)
            && search.as_ref().is_none_or(|search| faq.is_found(search))
    });
    faqs.truncate(limit as usize);
    Ok(faqs)
}

/// One question.
pub async fn faq(app: &App, id: FaqId) -> Result<Faq, Failure> {
    store::support::faq(&app.store, id).await?.ok_or_else(|| Failure::not_found("question"))
}
