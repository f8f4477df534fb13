//! What a host asks, and the dongles that it brings.

use serde_json::{Value, json};
use tallykey_protocol::{
    cert::Certificate,
    file::Kind,
    id::thumbprint,
    proof::Proof,
    receipt::Traced,
    request::{Dongle, Request},
};

use super::{Looked, Verdict, issued};
use crate::{
    keys::Trust,
    text::{hex, time},
};

/// Verifies a request under its own key, and with a root at hand its dongles too.
pub(super) fn look(bytes: &[u8], trust: Option<&Trust>) -> Looked {
    let (request, digest) = Request::verify(bytes).map_err(|error| error.to_string())?;
    let root = trust.map(Trust::root);
    let mut verdict = Verdict::SelfSigned;
    let mut dongles = Vec::new();
    for dongle in request.dongles {
        let looked = root.as_ref().map(|root| look_at(&dongle, &request, root));
        dongles.push(match looked {
            None => json!({ "verdict": Verdict::NotChecked.name() }),
            Some(Ok(says)) => says,
            Some(Err(reason)) => {
                verdict = Verdict::Refused;
                json!({ "verdict": Verdict::Refused.name(), "reason": reason })
            }
        });
    }
    let installed = request.installed.iter().map(|licence| {
        let channels: u64 = licence.lines.iter().map(|line| line.count).sum();
        json!({
            "identity": hex(&licence.identity),
            "revision": licence.revision,
            "channels": channels,
        })
    });
    let wanted = request
        .wanted
        .iter()
        .map(|wanted| json!({ "feature": wanted.feature, "count": wanted.count }));
    let says = json!({
        "host": request.host,
        "digest": hex(&digest),
        "made_at": time(request.issued_at),
        "purpose": request.purpose.name(),
        "nonce": hex(&request.nonce),
        "machine": hex(&thumbprint(&request.host_key)),
        "environment": request.environment.name(),
        "components": request.binding.components.len(),
        "product": request.product,
        "profile_revision": request.profile_revision,
        "echoes": request.desk_nonce.map(|nonce| hex(&nonce)),
        "installed": installed.collect::<Vec<_>>(),
        "wanted": wanted.collect::<Vec<_>>(),
        "dongle": dongles,
    });
    Ok((verdict, says))
}

fn look_at(
    dongle: &Dongle<'_>,
    request: &Request<'_>,
    root: &Certificate<'_>,
) -> Result<Value, String> {
    let attested = dongle
        .verify(request, root)
        .map_err(|error| error.to_string())?;
    let mut receipts = Vec::new();
    for receipt in dongle.receipts {
        let (kind, found) = dongle
            .trace(receipt, root)
            .map_err(|error| error.to_string())?;
        let mut says = traced(&found);
        says["kind"] = Kind::Receipt(kind).name().into();
        receipts.push(says);
    }
    Ok(json!({
        "verdict": Verdict::Verified.name(),
        "serial": attested.serial,
        "dongle": hex(&attested.thumbprint),
        "proof": attested.proof.as_ref().map(proof),
        "receipt": receipts,
    }))
}

fn proof(proof: &Proof<'_>) -> Value {
    let grants = proof.grants.iter().map(|grant| {
        let given = grant
            .given
            .iter()
            .map(|given| json!({ "line": given.line, "given": given.count }));
        json!({
            "product": grant.product,
            "revision": grant.revision,
            "digest": hex(&grant.digest),
            "line": given.collect::<Vec<_>>(),
        })
    });
    json!({
        "simulated": proof.simulated,
        "lifecycle": proof.lifecycle.name(),
        "firmware": proof.firmware,
        "counter": proof.counter,
        "grant": grants.collect::<Vec<_>>(),
    })
}

/// A receipt that was traced to the vendor.
pub(super) fn traced(traced: &Traced<'_>) -> Value {
    json!({
        "identity": hex(&traced.identity),
        "serial": traced.receipt.serial,
        "dongle": hex(&traced.thumbprint),
        "counter": traced.receipt.counter,
        "product": traced.receipt.product,
        "grant_revision": traced.receipt.revision,
        "target": traced.receipt.target.map(|target| hex(&thumbprint(&target.host_key))),
        "simulated": traced.simulated,
        "line": traced.lines.iter().map(issued::line).collect::<Vec<_>>(),
    })
}
