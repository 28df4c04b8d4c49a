//! The version that a change is meant for.

/// The versions that the caller expects to change, if any were said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Whatever it is by now.
    #[default]
    Any,
    /// One of these; of none of them, nothing is changed.
    OneOf(Vec<i64>),
}

impl ExpectedVersion {
    /// Whether the change may be made at this version.
    pub fn allows(&self, version: i64) -> bool {
        self.one_of().is_none_or(|expected| expected.contains(&version))
    }

    /// The expected versions; `None` if any will do.
    pub fn one_of(&self) -> Option<&[i64]> {
        match self {
            Self::Any => None,
            Self::OneOf(versions) => Some(versions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_made_at_one_of_the_versions_that_it_is_meant_for() {
        assert!(ExpectedVersion::Any.allows(7));
        assert!(ExpectedVersion::OneOf(vec![6, 7]).allows(7));
        assert!(!ExpectedVersion::OneOf(vec![6, 8]).allows(7));
        assert!(!ExpectedVersion::OneOf(Vec::new()).allows(7), "none of ours was named");
    }
}
