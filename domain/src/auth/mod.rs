//! Who somebody is: what makes a good password, an address that mail reaches, a
//! session that goes on, and a guesser who must wait.

mod contact;
mod lockout;
mod password;
mod session;

pub use contact::{Email, NotAPhone, NotAnEmail, Phone};
pub use lockout::{Attempts, Busy, Locked, Lockout, TurnedAway};
pub use password::{PasswordFlaw, check as check_password, normalised_password};
pub use session::{GRACE, Presented, RefreshRefusal, Shown, present};
