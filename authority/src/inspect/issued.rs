//! What an issuer signs.

use serde_json::{Value, json};
use tallykey_protocol::{
    cert::Certificate,
    file::Kind,
    grant::{Convert, Grant, Line, NO_FREE_CHANNELS},
    instruction::{self, Instruction},
    issued::IssuedError,
    licence::{Holder, Licence},
    profile::Profile,
    revocation::RevocationList,
    time::TimeToken,
};

use super::{Looked, Verdict};
use crate::{
    keys::Trust,
    text::{hex, time},
};

/// Verifies a record of an issuer and says what is in it.
pub(super) fn look(kind: Kind, bytes: &[u8], trust: &Trust) -> Looked {
    let root = trust.root();
    let says = match kind {
        Kind::Grant => grant(bytes, &root),
        Kind::Licence => licence(bytes, &root),
        Kind::Profile => profile(bytes, &root),
        Kind::Instruction => instruction(bytes, &root),
        Kind::Time => time_token(bytes, &root),
        Kind::Revocation => revocations(bytes, &root),
        Kind::Composite
        | Kind::Request
        | Kind::Receipt(_)
        | Kind::Proof(_)
        | Kind::TrustBundle
        | Kind::Crl => {
            return Err("no issuer signs such an object".to_owned());
        }
    };
    says.map(|says| (Verdict::Verified, says))
        .map_err(|error| error.to_string())
}

fn grant(bytes: &[u8], root: &Certificate<'_>) -> Result<Value, IssuedError> {
    let (grant, digest) = Grant::verify(bytes, root)?;
    Ok(json!({
        "vendor": grant.vendor,
        "digest": hex(&digest),
        "issued_at": time(grant.issued_at),
        "serial": grant.serial,
        "dongle": hex(&grant.thumbprint),
        "product": grant.product,
        "profile_revision": grant.profile_revision,
        "revision": grant.revision,
        "answers": grant.request_nonce.map(|nonce| hex(&nonce)),
        "convert": convert(grant.convert),
        "free_channels": grant.flags & NO_FREE_CHANNELS == 0,
        "customer": label(grant.customer),
        "project": label(grant.project),
        "line": grant.lines.iter().map(line).collect::<Vec<_>>(),
        "absorbs": grant.absorbs.iter().map(|identity| hex(identity)).collect::<Vec<_>>(),
    }))
}

fn licence(bytes: &[u8], root: &Certificate<'_>) -> Result<Value, IssuedError> {
    let (licence, identity) = Licence::verify(bytes, root)?;
    let (machine, components) = match licence.holder {
        Holder::Machine {
            thumbprint,
            binding,
        } => (Some(hex(&thumbprint)), Some(binding.components.len())),
        Holder::Macs => (None, None),
    };
    let lines = licence.lines.iter().map(|held| {
        let mut says = line(&held.line);
        if !held.macs.addresses().is_empty() {
            says["devices"] = held.macs.addresses().len().into();
        }
        says
    });
    Ok(json!({
        "vendor": licence.vendor,
        "identity": hex(&identity),
        "issued_at": time(licence.issued_at),
        "machine": machine,
        "components": components,
        "product": licence.product,
        "profile_revision": licence.profile_revision,
        "revision": licence.revision,
        "answers": licence.request_nonce.map(|nonce| hex(&nonce)),
        "waits_for_confirmation": licence.desk_nonce.is_some(),
        "convert": convert(licence.convert),
        "free_channels": licence.flags & NO_FREE_CHANNELS == 0,
        "customer": label(licence.customer),
        "project": label(licence.project),
        "line": lines.collect::<Vec<_>>(),
        "absorbs": licence.absorbs.iter().map(|identity| hex(identity)).collect::<Vec<_>>(),
    }))
}

fn profile(bytes: &[u8], root: &Certificate<'_>) -> Result<Value, IssuedError> {
    let profile = Profile::verify(bytes, root)?;
    let features = profile
        .features
        .iter()
        .map(|feature| json!({ "id": feature.id, "name": feature.name, "free": feature.free }));
    Ok(json!({
        "vendor": profile.vendor,
        "issued_at": time(profile.issued_at),
        "product": profile.product,
        "name": profile.name,
        "revision": profile.revision,
        "feature": features.collect::<Vec<_>>(),
        "contact": profile.contact,
    }))
}

fn instruction(bytes: &[u8], root: &Certificate<'_>) -> Result<Value, IssuedError> {
    let (instruction, _) = Instruction::verify(bytes, root)?;
    let kind = match instruction.kind {
        instruction::Kind::ResetOwnerCode => "reset-owner-code",
        instruction::Kind::Recycle => "recycle",
    };
    Ok(json!({
        "vendor": instruction.vendor,
        "issued_at": time(instruction.issued_at),
        "instruction": kind,
        "serial": instruction.serial,
        "dongle": hex(&instruction.thumbprint),
        "counter": instruction.counter,
    }))
}

fn time_token(bytes: &[u8], root: &Certificate<'_>) -> Result<Value, IssuedError> {
    let token = TimeToken::verify(bytes, root)?;
    Ok(json!({
        "vendor": token.vendor,
        "now": time(token.now),
        "answers": token.nonce.map(|nonce| hex(&nonce)),
    }))
}

fn revocations(bytes: &[u8], root: &Certificate<'_>) -> Result<Value, IssuedError> {
    let list = RevocationList::verify(bytes, root)?;
    let dongles = list.revoked.iter().map(
        |revoked| json!({ "dongle": hex(&revoked.thumbprint), "last_honoured": revoked.counter }),
    );
    Ok(json!({
        "vendor": list.vendor,
        "issued_at": time(list.issued_at),
        "epoch": list.epoch,
        "revoked": dongles.collect::<Vec<_>>(),
    }))
}

/// One line of counts.
pub(super) fn line(line: &Line<'_>) -> Value {
    json!({
        "id": line.id,
        "feature": line.feature,
        "count": line.count,
        "plan": line.plan.name(),
        "valid_from": time(line.valid_from),
        "valid_to": line.valid_to.map(time),
    })
}

fn label(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

const fn convert(convert: Convert) -> &'static str {
    match convert {
        Convert::None => "none",
        Convert::Desk => "desk",
        Convert::Offline => "offline",
    }
}
