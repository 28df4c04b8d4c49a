//! Who somebody is: how they prove it, and what that allows.

mod admins;
mod bad_tokens;
mod codes;
mod keys;
mod kill;
pub(crate) mod personal_data;
mod photo;
mod proof;
mod refresh;
mod retention;
mod seeded;
mod services;
mod social;
mod social_events;
mod vault;
mod ways_in;
mod withdrawal;
