//! What an issuer signs, and what a dongle made of it.

use tallykey_protocol::composite::Composite;
use tallykey_protocol::file::Kind;
use tallykey_protocol::grant::{Convert, Grant};
use tallykey_protocol::instruction::{self, Instruction};
use tallykey_protocol::issued::IssuedError;
use tallykey_protocol::licence::{Holder, Licence};
use tallykey_protocol::profile::Profile;
use tallykey_protocol::receipt::Traced;
use tallykey_protocol::revocation::RevocationList;
use tallykey_protocol::time::TimeToken;

use super::object::{Fit, Line, Object, Verdict, hex, moment};
use super::{Against, Problem};
use crate::licence::{LicenceRefusal, Trust};

const NO_PROFILE: &str = "whether this host serves the product, and which revision of its profile it has: give --profile";

type Looked = Result<Object, LicenceRefusal>;

pub(super) fn licence(bytes: &[u8], against: &Against<'_>) -> Looked {
    let (licence, identity) = Licence::verify(bytes, &against.trust.root()).map_err(of_issuer)?;
    let mut object = verified(Kind::Licence)
        .saying("identity", hex(&identity))
        .saying("vendor", licence.vendor)
        .saying("product", licence.product)
        .saying("revision", licence.revision)
        .saying_if("issued at", moment(licence.issued_at))
        .saying_if("customer", label(licence.customer))
        .saying_if("project", label(licence.project))
        .saying("replaces", licence.absorbs.len())
        .without("whether a later licence replaced it: the host that has that one knows");
    object.lines = licence
        .lines
        .iter()
        .map(|line| Line {
            devices: line.macs.addresses().len(),
            ..Line::granted(&line.line)
        })
        .collect();
    if licence.desk_nonce.is_some() {
        object = object.saying("the vendor waits", "for a return-confirmation request");
    }
    let object = match &licence.holder {
        Holder::Machine {
            thumbprint,
            binding,
        } => Object {
            machine: Some(Fit::of(binding, against.facts)?),
            ..object.held_by(format!("the machine with the host key {}", hex(thumbprint)))
        },
        Holder::Macs => object.held_by("the devices that its lines name, on any machine".into()),
    };
    Ok(of_product(
        object,
        (licence.product, licence.profile_revision),
        against,
    ))
}

pub(super) fn composite(bytes: &[u8], against: &Against<'_>) -> Looked {
    let converted = Composite::verify(bytes, &against.trust.root())
        .map_err(|problem| LicenceRefusal::NotConverted { problem })?;
    let (target, traced) = (&converted.target, &converted.traced);
    if traced.simulated && !against.trust.is_test() {
        return Err(LicenceRefusal::Simulated);
    }
    let grant = &traced.grant;
    let object = of_receipt(Kind::Composite.name(), traced)
        .saying("vendor", grant.vendor)
        .saying("from the dongle", grant.serial)
        .held_by(format!(
            "the machine with the host key {}",
            hex(&tallykey_protocol::id::thumbprint(&target.host_key))
        ))
        .without("whether a later licence replaced it, and whether the dongle is revoked");
    let object = Object {
        machine: Some(Fit::of(&target.binding(), against.facts)?),
        ..object
    };
    Ok(of_product(
        object,
        (grant.product, grant.profile_revision),
        against,
    ))
}

/// What a receipt that was traced to the vendor says.
pub(super) fn of_receipt(kind: &'static str, traced: &Traced<'_>) -> Object {
    Object {
        lines: traced.lines.iter().map(Line::granted).collect(),
        ..Object::of(kind, Verdict::Verified)
            .saying("identity", hex(&traced.identity))
            .saying("product", traced.receipt.product)
            .saying("grant revision", traced.receipt.revision)
            .saying("counter", traced.receipt.counter)
    }
}

pub(super) fn grant(bytes: &[u8], against: &Against<'_>) -> Looked {
    let (grant, digest) = Grant::verify(bytes, &against.trust.root()).map_err(of_issuer)?;
    let convert = match grant.convert {
        Convert::None => "no",
        Convert::Desk => "through the vendor's desk",
        Convert::Offline => "offline",
    };
    let object = Object {
        lines: grant.lines.iter().map(Line::granted).collect(),
        ..verified(Kind::Grant)
            .held_by(format!("dongle {}, key {}", grant.serial, hex(&grant.thumbprint)))
            .saying("digest", hex(&digest))
            .saying("vendor", grant.vendor)
            .saying("product", grant.product)
            .saying("revision", grant.revision)
            .saying_if("issued at", moment(grant.issued_at))
            .saying("may be converted", convert)
            .saying_if("customer", label(grant.customer))
            .saying_if("project", label(grant.project))
            .without("whether the dongle takes it: it knows which revision it holds and what it gave away")
    };
    Ok(of_product(
        object,
        (grant.product, grant.profile_revision),
        against,
    ))
}

/// What gives no channels.
pub(super) fn other(kind: Kind, bytes: &[u8], trust: &Trust) -> Looked {
    let (object, root) = (verified(kind), trust.root());
    Ok(match kind {
        Kind::Profile => {
            let profile = Profile::verify(bytes, &root).map_err(of_issuer)?;
            object
                .held_by(format!("hosts of {}", profile.product))
                .saying("vendor", profile.vendor)
                .saying("name", profile.name)
                .saying("revision", profile.revision)
                .saying_if("issued at", moment(profile.issued_at))
                .saying("features", profile.features.len())
                .saying("has terms", !profile.terms.is_empty())
                .saying("contact", profile.contact)
        }
        Kind::Instruction => {
            let (instruction, _) = Instruction::verify(bytes, &root).map_err(of_issuer)?;
            let what = match instruction.kind {
                instruction::Kind::ResetOwnerCode => "reset-owner-code",
                instruction::Kind::Recycle => "recycle",
            };
            object
                .held_by(format!("dongle {}, key {}", instruction.serial, hex(&instruction.thumbprint)))
                .saying("instruction", what)
                .saying("counter", instruction.counter)
                .saying_if("issued at", moment(instruction.issued_at))
                .without("whether the dongle still has that counter: then it is carried out, and only once")
        }
        Kind::Time => {
            let token = TimeToken::verify(bytes, &root).map_err(of_issuer)?;
            object
                .held_by(match token.nonce {
                    Some(_) => "the host whose nonce it answers".into(),
                    None => "any host".into(),
                })
                .saying("vendor", token.vendor)
                .saying_if("now", moment(token.now))
                .without("whether it answers this host's nonce: the service knows that")
        }
        _ => {
            let list = RevocationList::verify(bytes, &root).map_err(of_issuer)?;
            object
                .held_by("any host".into())
                .saying("vendor", list.vendor)
                .saying("epoch", list.epoch)
                .saying_if("issued at", moment(list.issued_at))
                .saying("dongles revoked", list.revoked.iter().count())
                .without("whether a later list is known: the service has the last one it took")
        }
    })
}

fn verified(kind: Kind) -> Object {
    Object::of(kind.name(), Verdict::Verified)
}

const fn of_issuer(problem: IssuedError) -> LicenceRefusal {
    LicenceRefusal::NotVendors { problem }
}

/// Judged by this host's product, if that is known.
fn of_product(object: Object, (product, needed): (&str, u64), against: &Against<'_>) -> Object {
    match against
        .profile
        .map(|profile| profile.covers(product, needed))
    {
        None => object.without(NO_PROFILE),
        Some(Ok(())) => object,
        Some(Err(refusal)) => object.failing(Problem::of(&refusal.into())),
    }
}

fn label(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
