//! Bearer tokens: kept only as SHA-256 of a 256-bit random secret, so that a copy of the state
//! folder opens nothing.

use sha2::{Digest, Sha256};

use super::request::{Actor, Principal, Token};

/// Every token that is not revoked, as published to the listeners.
#[derive(Debug, Clone, Default)]
pub(super) struct Tokens(Vec<(Token, [u8; 32])>);

impl Tokens {
    pub(super) fn list(&self) -> Vec<Token> {
        self.0.iter().map(|(token, _)| token.clone()).collect()
    }

    /// Compares digests of 256-bit random secrets: what the time of the comparison gives away is
    /// of the digest, from which no secret can be built.
    pub(super) fn authenticate(&self, secret: &str) -> Option<Principal> {
        let digest: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let (token, _) = self.0.iter().find(|(_, kept)| *kept == digest)?;
        Some(Principal {
            actor: Actor::token(token.id),
            role: token.role,
        })
    }
}
