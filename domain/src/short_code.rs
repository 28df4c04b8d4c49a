//! Short codes, such as the four digits of a pickup order: after a few attempts the code is
//! locked for everybody.
//!
//! Every caller must count an attempt before it compares the code. Thus concurrent requests
//! cannot get more than [`TRIES_MAX`] attempts, and even the correct code is refused then.

/// The number of attempts at a code.
pub const TRIES_MAX: u32 = 5;

/// The attempts made so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tries(pub u32);

/// There were too many attempts. Each noun maps this to its own refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The code was wrong {TRIES_MAX} times and is locked.")]
pub struct CodeLocked;

impl Tries {
    /// Counts an attempt, or refuses it.
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
