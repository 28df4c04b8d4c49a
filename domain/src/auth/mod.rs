//! Who somebody is: what makes a good password, an address that mail reaches, a
//! session that goes on, and a guesser who must wait.

mod contact;
mod lockout;
mod password;
pub mod refusal;
mod session;
mod strangers;

pub use contact::{Email, NotAPhone, NotAPushToken, NotAnEmail, Phone, PushToken};
pub use lockout::{Attempts, Busy, Held, Locked, Lockout, TurnedAway};
pub use password::{PasswordFlaw, check as check_password, normalised_password};
pub use session::{GRACE, Presented, RefreshRefusal, Shown, present};
pub use strangers::{AccountLocked, Source, Strangers};
