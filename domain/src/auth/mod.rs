//! Authentication: accounts, what their people are recognised by, proofs, password rules,
//! refresh tokens and the lockout after wrong passwords.

mod audit;
mod code;
mod contact;
mod grants;
mod identity;
mod key;
mod lockout;
mod password;
mod proof;
pub mod refusal;
mod scope;
mod session;
pub mod social;
mod strangers;

pub use audit::AuditKind;
pub use code::{
    CODE_LIFE, Code, CodeRefusal, CodeReminder, DAY, LiveCode, Notice, Purpose, RESEND_AFTER, Tried, may_send,
};
pub use contact::{Email, NotAPhone, NotAPushToken, NotAnEmail, Phone, PushToken};
pub use grants::{Authority, Change, decide, somebody_is_left};
pub use identity::{Account, AccountStatus, Identity, Recognition};
pub use key::{KeySchedule, SigningAlg, signing};
pub use lockout::{Attempts, Busy, Held, Locked, Lockout, TurnedAway};
pub use password::{PasswordFlaw, check as check_password, normalised_password};
pub use proof::{FRESH, Method, Proof, require_fresh};
pub use scope::{Scope, scope_claim};
pub use session::{GRACE, Presented, RefreshRefusal, Renewal, ReuseCause, SessionLife};
pub use strangers::{AccountLocked, Source, Strangers};
