//! Random bytes of the operating system, for nonces and ephemeral keys.

use p256::SecretKey;

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes: {source}")]
pub struct NoRandom {
    #[source]
    source: getrandom::Error,
}

pub(super) fn bytes<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|source| NoRandom { source })?;
    Ok(bytes)
}

/// A fresh P-256 key. Of 2^32 tries, one gives no scalar of the curve.
pub(super) fn key() -> Result<SecretKey, NoRandom> {
    loop {
        if let Ok(key) = SecretKey::from_slice(&bytes::<32>()?) {
            return Ok(key);
        }
    }
}
