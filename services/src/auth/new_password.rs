//! What a new password must be.

use domain::auth::{Email, PasswordFlaw, check_password, normalised_password};
use domain::{Failure, Refused};
use sha1::{Digest as _, Sha1};

use super::breached::Unanswered;
use crate::App;

/// Refuses a password that is too short, too common, or known from a breach, for the account with
/// this address. A list that does not answer keeps nobody from choosing a password.
pub(crate) async fn check(app: &App, password: &str, email: &Email, pointer: &str) -> Result<(), Failure> {
    let refused = |flaw: PasswordFlaw| Refused::invalid(vec![flaw.at(pointer)]);
    check_password(password, email).map_err(refused)?;
    let hash = Sha1::digest(normalised_password(password)).into();
    for list in &app.third_parties.breached {
        match list.has(&hash).await {
            Ok(false) => {}
            Ok(true) => return Err(refused(PasswordFlaw::Breached).into()),
            Err(Unanswered) => tracing::warn!("a new password was not looked up: {Unanswered}"),
        }
    }
    Ok(())
}
