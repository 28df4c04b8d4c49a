//! Why somebody does something that has to be answered for.

use crate::{Fault, Refused, Text, TextRule, fault};

/// The most characters of a reason.
const CHARS_MAX: usize = 200;

/// Why somebody looked at personal data or changed another's account: one line, in their words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(Text);

impl Reason {
    /// Reads the field `reason` of a request.
    pub fn read(text: &str) -> Result<Self, Refused> {
        TextRule::line(CHARS_MAX).read(text).map(Self).map_err(|flaw| {
            let detail = format!("A reason has 1 to {CHARS_MAX} characters. {flaw}");
            Refused::invalid(vec![Fault::new("/reason", fault::OUT_OF_RANGE, detail)])
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
