//! Leaving the service, and copies of what it knows about a person.

mod copy;
mod withdrawal;

use domain::privacy::{COPY_KEPT, PrivacyReminder};
use domain::{Failure, Principal};
use std::net::IpAddr;

use crate::{App, auth};

pub use copy::{CopyStatus, File, Link, ask_copy, copy, fetch_copy, link_copy};
pub use withdrawal::withdraw;

/// Does what is due.
pub(crate) async fn remind(app: &App, reminder: PrivacyReminder) -> Result<(), Failure> {
    match reminder {
        PrivacyReminder::WithdrawalGoesOn { user } => withdrawal::go_on(app, user).await,
        PrivacyReminder::CopyAsked { copy } => copy::make(app, copy).await,
    }
}

/// Destroys what the law no longer demands to keep of those who left, and copies that are old.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    let now = app.now();
    let destroyed = store::privacy::destroy_due(&app.store, now).await?;
    if destroyed > 0 {
        tracing::info!(destroyed, "what was kept of people who left is destroyed, as its time is over");
    }
    copy::drop_old(app, now - COPY_KEPT).await?;
    copy::drop_orphans(app, now - COPY_KEPT).await
}

/// Requires a proof of the last minutes that it is them: a sign-in, or the password with this request.
async fn require_proof(
    app: &App,
    who: &Principal,
    password: Option<&str>,
    from: IpAddr,
) -> Result<(), Failure> {
    match password {
        Some(password) => auth::re_authenticate(app, who, password, from).await,
        None => auth::require_fresh_proof(app, who).await,
    }
}
