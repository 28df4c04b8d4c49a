//! Lists of passwords that were stolen somewhere: the seam to those who keep them.

use async_trait::async_trait;

/// The SHA-1 of a password in NFC, by which all such lists name it. It protects nothing here: it is
/// how the lists are written.
pub type PasswordHash = [u8; 20];

/// A list could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list of stolen passwords cannot be asked")]
pub struct Unanswered;

/// A list of passwords that are known from breaches.
#[async_trait]
pub trait BreachedPasswords: Send + Sync {
    /// Whether a password is on it.
    async fn has(&self, password: &PasswordHash) -> Result<bool, Unanswered>;
}
