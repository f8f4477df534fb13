//! What the user of a product agrees to.

use sha2::{Digest as _, Sha256};

/// The terms of a product profile; there is at least one character of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    text: String,
    digest: [u8; 32],
}

impl Terms {
    /// The terms in a profile, if it has any.
    pub(super) fn of(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            digest: Sha256::digest(text).into(),
        })
    }

    /// As the vendor wrote them: text from elsewhere.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text in UTF-8: what was accepted, whatever the profile says later.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}
