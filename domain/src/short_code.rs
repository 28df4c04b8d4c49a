//! Short codes (the four digits of a pickup order, and whatever follows): a few wrong
//! tries are forgiven, then the code opens nothing any more, for anybody.
//!
//! A try is counted before the code is looked at, wherever it is asked: of many at once
//! no more are looked at than are forgiven, and a right one after them is too late.

/// Tries in all that a code has.
pub const TRIES_MAX: u32 = 5;

/// How often a code was tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tries(pub u32);

/// The code was tried too often. Each noun refuses this in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The code was wrong {TRIES_MAX} times and is locked.")]
pub struct CodeLocked;

impl Tries {
    /// Counts a try that may be looked at.
    pub fn begin(self) -> Result<Self, CodeLocked> {
        if self.0 < TRIES_MAX { Ok(Self(self.0 + 1)) } else { Err(CodeLocked) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_tries_are_looked_at_and_no_other_ever() {
        let mut tries = Tries::default();
        for _ in 0..TRIES_MAX {
            tries = tries.begin().unwrap();
        }
        assert_eq!(tries.begin(), Err(CodeLocked));
    }
}
