//! The one port over which everything is signed: a key in software, or in an HSM.

use p256::{
    ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner},
    pkcs8::{self, DecodePrivateKey, EncodePrivateKey, LineEnding},
};
use zeroize::Zeroizing;

/// A P-256 key that signs; whoever holds it may be in this process or in an HSM.
pub trait Signer {
    /// The public key as an uncompressed point (SEC 1 §2.3.3).
    fn public_key(&self) -> [u8; 65];

    /// ECDSA over `digest`, the SHA-256 of what is signed: r‖s with low s. Hashing is the caller's: not
    /// every HSM does it. A software key takes its nonce by RFC 6979.
    ///
    /// # Errors
    /// [`SignError`] if the key cannot sign now.
    fn sign(&self, digest: &[u8; 32]) -> Result<[u8; 64], SignError>;
}

/// The key did not sign: a fault, nothing is wrong with what was to be signed.
#[derive(Debug, thiserror::Error)]
#[error("the signing key failed; check that it is present and unlocked, then try again")]
pub struct SignError {
    /// What the key's keeper said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Bytes that are no P-256 key: zero, or not below the order of the group.
#[derive(Debug, thiserror::Error)]
#[error("these 32 bytes are not a P-256 private key")]
pub struct NotAKey;

/// A text that is no P-256 key in PKCS#8 PEM, or a key that cannot be written as one.
#[derive(Debug, thiserror::Error)]
#[error("not a P-256 private key in PKCS#8 PEM (-----BEGIN PRIVATE KEY-----)")]
pub struct PemError {
    /// What the reader said.
    #[source]
    pub source: pkcs8::Error,
}

/// A key in this process's memory, wiped when dropped.
pub struct SoftwareKey(SigningKey);

impl SoftwareKey {
    /// The key with this private scalar, big-endian.
    ///
    /// # Errors
    /// [`NotAKey`]; one in 2^32 random strings is none.
    pub fn from_bytes(scalar: &[u8; 32]) -> Result<Self, NotAKey> {
        match SigningKey::from_slice(scalar) {
            Ok(key) => Ok(Self(key)),
            Err(_) => Err(NotAKey),
        }
    }

    /// The key in `pem`: PKCS#8 (RFC 5958) in the armour of RFC 7468 §10, not encrypted, as `openssl pkey` writes it.
    ///
    /// # Errors
    /// [`PemError`].
    pub fn from_pem(pem: &str) -> Result<Self, PemError> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|source| PemError { source })?;
        Ok(Self(key))
    }

    /// The key as [`Self::from_pem`] reads it. Whoever has this text has the key: it belongs in a file that only
    /// its owner reads.
    ///
    /// # Errors
    /// [`PemError`].
    pub fn to_pem(&self) -> Result<Zeroizing<String>, PemError> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF);
        pem.map_err(|source| PemError { source })
    }

    /// A new key from `fill`, which fills a buffer with secret random bytes.
    ///
    /// # Errors
    /// What `fill` returned.
    pub fn generate<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        loop {
            let mut scalar = Zeroizing::new([0; 32]);
            fill(&mut *scalar)?;
            // FIPS 186-5 A.2.2: draw again until it is in range.
            if let Ok(key) = Self::from_bytes(&scalar) {
                return Ok(key);
            }
        }
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> [u8; 65] {
        let point = self.0.verifying_key().to_sec1_point(false);
        let mut bytes = [0; 65];
        bytes.copy_from_slice(point.as_bytes());
        bytes
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<[u8; 64], SignError> {
        let signature: Signature = self.0.sign_prehash(digest).map_err(|source| SignError {
            source: Box::new(source),
        })?;
        Ok(signature.normalize_s().to_bytes().into())
    }
}

impl std::fmt::Debug for SoftwareKey {
    /// Never the scalar: keys end up in logs through `{:?}`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftwareKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// RFC 6979 appendix A.2.5, key and message "sample" with SHA-256; s taken from n as the lower one.
    #[test]
    fn signs_as_rfc_6979_says_with_low_s() {
        let scalar = hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
        let key = SoftwareKey::from_bytes(scalar[..].try_into().unwrap()).unwrap();
        let signature = key.sign(&Sha256::digest(b"sample").into()).unwrap();
        let r = hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
        let low_s = hex("0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9");
        assert_eq!(&signature[..32], r);
        assert_eq!(&signature[32..], low_s);
    }

    #[test]
    fn draws_again_until_the_scalar_is_in_range() {
        let mut draws = [[0xff; 32], [0; 32], [7; 32]].into_iter();
        let fill = |out: &mut [u8]| {
            out.copy_from_slice(&draws.next().ok_or("no entropy left")?);
            Ok::<_, &str>(())
        };
        let key = SoftwareKey::generate(fill).unwrap();
        let seven = SoftwareKey::from_bytes(&[7; 32]).unwrap();
        assert_eq!(key.public_key(), seven.public_key());
    }

    #[test]
    fn a_key_goes_into_pem_and_comes_back() {
        let key = SoftwareKey::from_bytes(&[7; 32]).unwrap();
        let pem = key.to_pem().unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{}", *pem);
        let read = SoftwareKey::from_pem(&pem).unwrap();
        assert_eq!(read.public_key(), key.public_key());
        for wrong in ["", "no key", &pem.replace("PRIVATE", "PUBLIC"), &pem[..90]] {
            SoftwareKey::from_pem(wrong).unwrap_err();
        }
    }

    #[test]
    fn a_key_never_shows_itself() {
        let key = SoftwareKey::from_bytes(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SoftwareKey { .. }");
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }
}
