//! Claim keys. Registered ones come from the CWT registry (RFC 8392); ours are below -65536. A key
//! means the same in every record.

use crate::cbor::{self, Decoder, Encoder, Full, Malformed, Written};
use crate::list::List;

/// `iss`: the vendor's name; the serial in a proof, the host's name in a request.
pub(crate) const ISS: i64 = 1;
/// `sub`: the holder's serial.
pub(crate) const SUB: i64 = 2;
/// `iat`: seconds since 1970.
pub(crate) const IAT: i64 = 6;
/// `cnf` (RFC 8747): the holder's key.
pub(crate) const CNF: i64 = 8;
/// Inside `cnf`: `ckt`, a COSE Key Thumbprint (RFC 9679 §5.6).
pub(crate) const CKT: i64 = 5;
/// `eat_nonce` (RFC 9711 §4.1).
pub(crate) const NONCE: i64 = 10;

pub(crate) const PRODUCT: i64 = -65537;
pub(crate) const NAME: i64 = -65538;
pub(crate) const REVISION: i64 = -65539;
pub(crate) const PROFILE_REVISION: i64 = -65540;
pub(crate) const REQUEST_NONCE: i64 = -65541;
pub(crate) const LINES: i64 = -65542;
pub(crate) const CONVERT: i64 = -65543;
pub(crate) const FLAGS: i64 = -65544;
pub(crate) const ABSORBS: i64 = -65545;
pub(crate) const CUSTOMER: i64 = -65546;
pub(crate) const PROJECT: i64 = -65547;

pub(crate) const FEATURES: i64 = -65548;
pub(crate) const WEIGHTS: i64 = -65549;
pub(crate) const MAPPINGS: i64 = -65550;
pub(crate) const BUDGETS: i64 = -65551;
pub(crate) const POLICY: i64 = -65552;
pub(crate) const TERMS: i64 = -65553;
pub(crate) const CONTACT: i64 = -65554;

pub(crate) const SIMULATED: i64 = -65555;
pub(crate) const LIFECYCLE: i64 = -65556;
pub(crate) const FIRMWARE: i64 = -65557;
pub(crate) const FIRMWARE_DIGEST: i64 = -65558;
pub(crate) const GRANTS: i64 = -65559;
pub(crate) const COUNTER: i64 = -65560;
pub(crate) const BOOT_ID: i64 = -65561;
pub(crate) const TIME_FLOOR: i64 = -65562;
pub(crate) const TRANSCRIPT: i64 = -65563;
pub(crate) const DONGLE_NONCE: i64 = -65564;
pub(crate) const HOST_EPHEMERAL: i64 = -65565;
pub(crate) const DONGLE_EPHEMERAL: i64 = -65566;
pub(crate) const REQUEST_ID: i64 = -65567;
pub(crate) const GRANT_DIGEST: i64 = -65568;
pub(crate) const GIVEN: i64 = -65569;
pub(crate) const TARGET: i64 = -65570;
pub(crate) const INSTRUCTION: i64 = -65571;
pub(crate) const BINDING: i64 = -65572;
pub(crate) const DESK_NONCE: i64 = -65573;
pub(crate) const HOST_KEY: i64 = -65574;
pub(crate) const PURPOSE: i64 = -65575;
pub(crate) const ENVIRONMENT: i64 = -65576;
pub(crate) const INSTALLED: i64 = -65577;
pub(crate) const DONGLES: i64 = -65578;
pub(crate) const MARKS: i64 = -65579;
pub(crate) const HISTORY: i64 = -65580;
pub(crate) const WANTED: i64 = -65581;
pub(crate) const EPOCH: i64 = -65582;
pub(crate) const REVOKED: i64 = -65583;

/// Writes the value of [`CNF`]: the thumbprint of the holder's key.
pub(crate) fn write_holder(e: &mut Encoder<'_>, thumbprint: &[u8; 32]) -> Written {
    e.map(1)?.i64(CKT)?.bytes(thumbprint)?.ok()
}

/// Reads the value of [`CNF`].
pub(crate) fn read_holder(d: &mut Decoder<'_>) -> Result<[u8; 32], Malformed> {
    let mut thumbprint = None;
    cbor::fields(d, |key, d| {
        match key {
            CKT => thumbprint = Some(cbor::bytes(d, "cnf")?),
            key => return Err(Malformed::UnknownKey(key)),
        }
        Ok(())
    })?;
    cbor::need(thumbprint, "cnf")
}

/// Reads the value of [`ABSORBS`].
pub(crate) fn read_absorbs<const N: usize>(
    d: &mut Decoder<'_>,
) -> Result<List<[u8; 32], N>, Malformed> {
    let mut absorbs = List::default();
    for _ in 0..cbor::array(d, N, "absorbs")? {
        absorbs
            .push(cbor::bytes(d, "absorbs")?)
            .map_err(|Full| Malformed::Field("absorbs"))?;
    }
    Ok(absorbs)
}
