//! Accounts and their identities, sessions, keys, codes, service clients, and the audit log; wrong
//! passwords are in `attempts`.

mod account;
mod attempts;
mod audit;
mod closing;
mod code;
mod identity;
mod key;
mod service_client;
mod session;
pub mod social;

use domain::Timestamp;

use crate::{Store, StoreError};

pub use account::{
    SeenAccount, account_of, keep_account, lock_account, lock_admins, open_account, open_accounts,
    seen_accounts,
};
pub use attempts::{forget_attempts, keep_attempts, lock_attempts, locks};
pub use audit::{Audit, AuditFilter, AuditLine, audit, audit_lines, empty_audit};
pub use closing::{Closed, close_account};
pub(crate) use code::DIGITS as CODE_DIGITS;
pub use code::{
    CodeOf, FoundCode, NewCode, PendingNotice, add_code, add_notice, add_reset_request, code_to_send,
    codes_sent, count_tries, drop_old_codes, end_code, end_codes, lock_code, notice, remove_notice,
    take_reset_request,
};
pub use identity::{
    Recognised, add_identity, change_email, drop_other_identities, drop_other_phone, email_identity,
    email_in, email_of, emails, identities, is_password, password_changed_at, prove_email, prove_phone,
    recognise, rehash, set_password,
};
pub use key::{Keys, SessionKey, SigningKey, add_session_key, add_signing_key, drop_keys, keys, lock_keys};
pub(crate) use key::{PRIVATE_KEY, SESSION_SECRET};
pub use service_client::{ServiceClient, add_service_client, revoke_service_client, service_client};
pub use session::{
    RenewedSession, Session, Sight, begin_session, end_other_sessions, end_session, end_sessions,
    ended_since, is_session_of, note_seen, old_refresh_token, prove_again, proven_at, renewed_session,
    rotate, sessions, user_of,
};

/// Deletes obsolete rows: old attempts, those at providers that are over `now`, and sessions that ended before `until`, with
/// their tokens.
pub async fn drop_old(store: &Store, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
    social::drop_old(store, now, until).await?;
    attempts::drop_old(store, until).await?;
    session::drop_old(store, until).await
}

fn to_i32(count: u32) -> Result<i32, StoreError> {
    i32::try_from(count).map_err(|error| StoreError::Fault(error.into()))
}
