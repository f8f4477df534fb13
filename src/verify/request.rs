//! What a host asks of the vendor, and the dongles that it brings.

use tallykey_protocol::file::Kind;
use tallykey_protocol::id::thumbprint;
use tallykey_protocol::request::{Dongle, Request};

use super::Against;
use super::issued::of_receipt;
use super::object::{Fit, Line, Object, Verdict, hex, moment};

/// A request is signed by the host itself; what its dongles signed leads to the vendor.
pub(super) fn look(bytes: &[u8], against: &Against<'_>) -> Object {
    let kind = Kind::Request.name();
    let (request, digest) = match Request::verify(bytes) {
        Ok(verified) => verified,
        Err(problem) => return Object::broken(kind, problem),
    };
    let wanted = request.wanted.iter().map(|wanted| Line {
        id: None,
        feature: Some(wanted.feature.to_owned()),
        count: wanted.count,
        plan: None,
        valid_from: None,
        valid_to: None,
        devices: 0,
    });
    Object {
        lines: wanted.collect(),
        // One that shows too little of itself is bound to no machine, and its request says so.
        machine: Fit::of(&request.binding, against.facts).ok(),
        parts: request
            .dongles
            .iter()
            .map(|dongle| of_dongle(&dongle, &request, against))
            .collect(),
        ..Object::of(kind, Verdict::SelfSigned)
            .held_by("the vendor's desk".into())
            .saying("digest", hex(&digest))
            .saying("host", request.host)
            .saying("host key", hex(&thumbprint(&request.host_key)))
            .saying("purpose", request.purpose.name())
            .saying_if("made at", moment(request.issued_at))
            .saying("environment", request.environment.name())
            .saying("product", request.product)
            .saying("profile revision", request.profile_revision)
            .saying("licences installed", request.installed.iter().count())
            .without("who the host is: nobody vouches for its key, and the desk knows whose request it waits for")
    }
}

fn of_dongle(dongle: &Dongle<'_>, request: &Request<'_>, against: &Against<'_>) -> Object {
    let root = against.trust.root();
    let attested = match dongle.verify(request, &root) {
        Ok(attested) => attested,
        Err(problem) => return Object::broken("dongle", problem),
    };
    let receipts = dongle
        .receipts
        .iter()
        .map(|receipt| match dongle.trace(receipt, &root) {
            Ok((kind, traced)) => Object {
                machine: traced
                    .receipt
                    .target
                    .and_then(|target| Fit::of(&target.binding(), against.facts).ok()),
                ..of_receipt(Kind::Receipt(kind).name(), &traced)
            },
            Err(problem) => Object::broken("receipt", problem),
        });
    let object = Object {
        parts: receipts.collect(),
        ..Object::of("dongle", Verdict::Verified)
            .saying("serial", attested.serial)
            .saying("key", hex(&attested.thumbprint))
    };
    match attested.proof {
        None => object.saying("plugged in", false),
        Some(proof) => object
            .saying("plugged in", true)
            .saying("lifecycle", proof.lifecycle.name())
            .saying("counter", proof.counter)
            .saying("simulated", proof.simulated),
    }
}
