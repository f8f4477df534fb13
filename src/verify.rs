//! RULES: says what the objects of a file are, whom each is for and what it gives, and whether it is the vendor's.
//!
//! Nothing is kept and nobody is asked: what takes a host's history to judge is said to be not judged.

mod issued;
mod object;
mod request;

use tallykey_protocol::cert::{Certificate, Crl};
use tallykey_protocol::file::{self, Kind, Objects};
use tallykey_protocol::id::thumbprint;
use tallykey_protocol::limits::OBJECT_MAX;
use tallykey_protocol::proof::Proof;
use tallykey_protocol::receipt::Receipt;
use tallykey_protocol::trust::TrustBundle;

use crate::licence::machine_binding::Facts;
use crate::licence::{Profile, Refusal, Trust};
use object::{hex, moment};

pub use tallykey_protocol::limits::FILE_MAX;

pub use object::{Fit, Line, Object, Problem, Verdict};

/// What objects are judged by.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The vendor.
    pub trust: &'a Trust,
    /// The product of this host; without it nothing is judged by its product.
    pub profile: Option<&'a Profile>,
    /// What this machine shows of itself.
    pub facts: &'a Facts,
}

/// Every object of a file, in order.
#[must_use]
pub fn objects(content: &[u8], against: &Against<'_>) -> Vec<Object> {
    let mut buffer = vec![0; OBJECT_MAX];
    let mut objects = Objects::new(content);
    let mut found = Vec::new();
    while let Some(object) = objects.next(&mut buffer) {
        found.push(match object {
            Ok(object) => look(&object, against),
            Err(problem) => Object::refused("unreadable", &Refusal::DamagedFile { problem }),
        });
    }
    found
}

fn look(object: &file::Object<'_>, against: &Against<'_>) -> Object {
    let (kind, bytes) = (object.kind, object.bytes);
    let looked = match kind {
        Kind::Request => return request::look(bytes, against),
        Kind::TrustBundle => return trust_bundle(bytes, against.trust),
        Kind::Receipt(_) | Kind::Proof(_) => return alone(kind, bytes, against.facts),
        Kind::Composite => issued::composite(bytes, against),
        Kind::Licence => issued::licence(bytes, against),
        Kind::Grant => issued::grant(bytes, against),
        Kind::Crl => return certificates(bytes, against.trust),
        Kind::Profile | Kind::Instruction | Kind::Time | Kind::Revocation => {
            issued::other(kind, bytes, against.trust)
        }
    };
    looked.unwrap_or_else(|refusal| Object::refused(kind.name(), &refusal.into()))
}

/// What does not bring the certificate of the dongle that signed it.
fn alone(kind: Kind, bytes: &[u8], facts: &Facts) -> Object {
    let claimed = match kind {
        Kind::Receipt(_) => Receipt::claimed(bytes).map(|receipt| Object {
            lines: receipt.given.iter().map(Line::given).collect(),
            machine: receipt
                .target
                .and_then(|target| Fit::of(&target.binding(), facts).ok()),
            ..Object::of(kind.name(), Verdict::NotJudged)
                .held_by(format!("dongle {}", receipt.serial))
                .saying("product", receipt.product)
                .saying("grant revision", receipt.revision)
                .saying("counter", receipt.counter)
        }),
        _ => Proof::claimed(bytes).map(|proof| {
            Object::of(kind.name(), Verdict::NotJudged)
                .held_by(format!("dongle {}", proof.serial))
                .saying("lifecycle", proof.lifecycle.name())
                .saying("firmware", proof.firmware)
                .saying("counter", proof.counter)
                .saying("simulated", proof.simulated)
        }),
    };
    match claimed {
        Ok(claimed) => claimed.without(
            "whether the dongle signed it: it does not bring the dongle's certificate; verify the request or licence that carries it",
        ),
        Err(problem) => Object::broken(kind.name(), problem),
    }
}

/// The root's own list of void certificates.
fn certificates(bytes: &[u8], trust: &Trust) -> Object {
    let kind = Kind::Crl.name();
    let verified = Crl::parse(bytes).and_then(|list| list.verify(&trust.root()).map(|()| list));
    match verified {
        Err(problem) => Object::broken(kind, problem),
        Ok(list) => Object::of(kind, Verdict::Verified)
            .held_by("any host".into())
            .saying("number", list.number())
            .saying_if("issued at", moment(list.issued_at()))
            .saying("certificates revoked", list.revoked().count())
            .without("whether a later list is known: it has a higher number"),
    }
}

/// Nobody signs a bundle: it can only be compared with the one at hand.
fn trust_bundle(bytes: &[u8], trust: &Trust) -> Object {
    let kind = Kind::TrustBundle.name();
    let bundle = match TrustBundle::decode(bytes) {
        Ok(bundle) => bundle,
        Err(problem) => return Object::broken(kind, problem),
    };
    let parsed = Certificate::parse(bundle.root);
    let sound = parsed.and_then(|root| root.verify_root().map(|_| thumbprint(root.public_key())));
    match sound {
        Err(problem) => Object::broken(kind, problem),
        Ok(root) if root != thumbprint(trust.root().public_key()) => Object::of(
            kind,
            Verdict::Refused,
        )
        .saying("vendor", bundle.vendor)
        .failing(Problem {
            code: "wrong-vendor",
            class: "wrong-procedure",
            detail: format!("it holds another root than that of {}", trust.vendor()),
            next: "find out from the vendor, and not from this file, which root is the right one"
                .into(),
        }),
        Ok(root) => Object::of(kind, Verdict::NotSigned)
            .saying("vendor", bundle.vendor)
            .saying("test vendor", bundle.test)
            .saying("root thumbprint", hex(&root)),
    }
}
