//! From what a host has to a signed request.

use std::sync::Arc;

use tallykey_protocol::armour::{Armoured, Label};
use tallykey_protocol::array::Array;
use tallykey_protocol::cbor::Full;
use tallykey_protocol::cose::{self, Header, Typ};
use tallykey_protocol::limits::{NONCE_LEN, REQUEST_MAX};
use tallykey_protocol::request::{
    self, Environment, Head, Held, Installed, Purpose, Reached, Request, Wanted,
};
use tallykey_protocol::target::Binding;

use super::super::fault::{Fault, ServiceError};
use super::super::ports::{HostKey, HostKeyFailed};
use crate::licence::Refusal;

/// What goes into a request.
pub(in crate::service) struct Draft<'a> {
    pub(in crate::service) host: &'a str,
    /// Unix time in seconds.
    pub(in crate::service) issued_at: u64,
    pub(in crate::service) nonce: [u8; NONCE_LEN],
    pub(in crate::service) purpose: Purpose,
    pub(in crate::service) product: &'a str,
    pub(in crate::service) profile_revision: u64,
    pub(in crate::service) binding: Binding,
    pub(in crate::service) environment: Environment,
    /// Software licences by rising identity: identity, revision, lines by rising id.
    pub(in crate::service) installed: &'a [([u8; 32], u64, Vec<Held>)],
    pub(in crate::service) dongles: &'a [Stick],
    /// By rising thumbprint.
    pub(in crate::service) marks: &'a [Mark<'a>],
    pub(in crate::service) history: Head,
    pub(in crate::service) desk_nonce: Option<[u8; NONCE_LEN]>,
    /// By rising feature.
    pub(in crate::service) wanted: &'a [Wanted<'a>],
}

/// A dongle in a request.
#[derive(Clone)]
pub(in crate::service) struct Stick {
    pub(in crate::service) chain: [Vec<u8>; 2],
    pub(in crate::service) proof: Option<Vec<u8>>,
    pub(in crate::service) grants: Vec<Vec<u8>>,
    pub(in crate::service) receipts: Vec<Vec<u8>>,
}

/// The highest that this host saw of a dongle.
pub(in crate::service) struct Mark<'a> {
    pub(in crate::service) serial: &'a str,
    pub(in crate::service) thumbprint: [u8; 32],
    pub(in crate::service) counter: u64,
    /// By rising product.
    pub(in crate::service) revisions: Vec<Reached<'a>>,
}

/// A signed request.
pub(in crate::service) struct Signed {
    pub(in crate::service) digest: [u8; 32],
    pub(in crate::service) armour: String,
}

/// Why nothing was signed.
enum Unsigned {
    TooLarge,
    Key(HostKeyFailed),
}

impl From<Full> for Unsigned {
    fn from(Full: Full) -> Self {
        Self::TooLarge
    }
}

impl From<Unsigned> for ServiceError {
    fn from(unsigned: Unsigned) -> Self {
        match unsigned {
            Unsigned::TooLarge => Refusal::RequestTooLarge { max: REQUEST_MAX }.into(),
            Unsigned::Key(failed) => key_failed(failed).into(),
        }
    }
}

impl Draft<'_> {
    /// Writes it, has it signed, and reads it as the desk will.
    pub(in crate::service) fn sign(&self, key: &dyn HostKey) -> Result<Signed, ServiceError> {
        let host_key = key.public_key();
        let mut payload = vec![0; REQUEST_MAX];
        let length = self.encode(&host_key, &mut payload)?;
        let header = Header {
            typ: Typ::Request,
            key: &host_key,
            chain: &[],
        };
        let mut record = vec![0; REQUEST_MAX];
        let sign = |digest: &[u8; 32]| key.sign(digest).map_err(Unsigned::Key);
        let length = cose::assemble(&mut record, &header, &payload[..length], sign)?;
        let bytes = &record[..length];
        // A key in a chip may fail without saying so.
        let read = Request::verify(bytes).map_err(|source| HostKeyFailed {
            source: Box::new(source),
        });
        let (_, digest) = read.map_err(key_failed)?;
        let label = Label::Request;
        let armour = Armoured { label, bytes }.to_string();
        Ok(Signed { digest, armour })
    }

    fn encode(&self, host_key: &[u8; 65], out: &mut [u8]) -> Result<usize, Unsigned> {
        let installed = self.installed.iter();
        let installed: Vec<_> = installed
            .map(|(identity, revision, lines)| Installed {
                identity: *identity,
                revision: *revision,
                lines: Array::of(lines),
            })
            .collect();
        let marks = self.marks.iter();
        let marks: Vec<_> = marks
            .map(|mark| request::Mark {
                serial: mark.serial,
                thumbprint: mark.thumbprint,
                counter: mark.counter,
                revisions: Array::of(&mark.revisions),
            })
            .collect();
        let parts: Vec<[Vec<&[u8]>; 2]> = self.dongles.iter().map(Stick::parts).collect();
        let dongles = self.dongles.iter().zip(&parts);
        let dongles: Vec<_> = dongles
            .map(|(stick, [grants, receipts])| request::Dongle {
                chain: [&stick.chain[0], &stick.chain[1]],
                proof: stick.proof.as_deref(),
                grants: Array::of(grants),
                receipts: Array::of(receipts),
            })
            .collect();
        let request = Request {
            host: self.host,
            issued_at: self.issued_at,
            nonce: self.nonce,
            purpose: self.purpose,
            product: self.product,
            profile_revision: self.profile_revision,
            host_key: *host_key,
            binding: self.binding,
            environment: self.environment,
            installed: Array::of(&installed),
            dongles: Array::of(&dongles),
            marks: Array::of(&marks),
            history: self.history,
            desk_nonce: self.desk_nonce,
            wanted: Array::of(self.wanted),
        };
        Ok(request.encode(out)?)
    }
}

impl Stick {
    fn parts(&self) -> [Vec<&[u8]>; 2] {
        [&self.grants, &self.receipts].map(|all| all.iter().map(Vec::as_slice).collect())
    }
}

fn key_failed(failed: HostKeyFailed) -> Fault {
    Fault::HostKeyFailed {
        source: Arc::new(failed),
    }
}

#[cfg(test)]
mod tests {
    use tallykey_protocol::limits::GRANT_MAX;
    use tallykey_protocol::list::List;

    use super::*;

    /// A key whose keeper says yes and signs something else, or says no.
    struct BadKey(Option<[u8; 64]>);

    impl HostKey for BadKey {
        fn public_key(&self) -> [u8; 65] {
            // The generator of P-256 (SEC 2 §2.4.2): the public key of the scalar 1.
            let hex = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
            std::array::from_fn(|place| byte(2 * place))
        }

        fn sign(&self, _: &[u8; 32]) -> Result<[u8; 64], HostKeyFailed> {
            self.0.ok_or_else(|| HostKeyFailed {
                source: "the chip is gone".into(),
            })
        }
    }

    fn sign(dongles: &[Stick], key: &BadKey) -> &'static str {
        let draft = Draft {
            host: "nvr-3",
            issued_at: 1,
            nonce: [1; 32],
            purpose: Purpose::New,
            product: "vms",
            profile_revision: 1,
            binding: Binding {
                salt: [2; 16],
                components: List::default(),
            },
            environment: Environment::Physical,
            installed: &[],
            dongles,
            marks: &[],
            history: Head {
                sequence: 1,
                hash: [3; 32],
            },
            desk_nonce: None,
            wanted: &[],
        };
        match draft.sign(key) {
            Ok(_) => "signed",
            Err(ServiceError::Refused(refusal)) => refusal.code(),
            Err(ServiceError::Fault(fault)) => fault.code(),
        }
    }

    #[test]
    fn what_the_key_did_not_sign_does_not_leave() {
        for key in [BadKey(None), BadKey(Some([7; 64]))] {
            assert_eq!(sign(&[], &key), "host-key-failed");
        }
    }

    #[test]
    fn what_does_not_fit_into_a_request_is_told() {
        let full = Stick {
            chain: [vec![1; 600], vec![2; 600]],
            proof: None,
            grants: (0..24).map(|grant| vec![grant; GRANT_MAX]).collect(),
            receipts: Vec::new(),
        };
        let dongles = [full.clone(), full.clone(), full];
        assert_eq!(sign(&dongles, &BadKey(None)), "request-too-large");
    }
}
