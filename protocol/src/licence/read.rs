//! Reading a software licence: container, chain, signature, role, claims; in that order.

use super::{Holder, Licence, Line};
use crate::cbor::{self, Decoder, Full, Malformed};
use crate::cert::{Anchor, Role};
use crate::claim::{
    self, ABSORBS, BINDING, CNF, CONVERT, CUSTOMER, DESK_NONCE, FLAGS, IAT, ISS, LINES, PRODUCT,
    PROFILE_REVISION, PROJECT, REQUEST_NONCE, REVISION,
};
use crate::cose::{Sign1, Typ};
use crate::grant::{Convert, NO_FREE_CHANNELS};
use crate::id;
use crate::issued::{self, IssuedError};
use crate::limits::{LICENCE_LINES_MAX, LICENCE_MAX, MACS_MAX, TIME_MAX};
use crate::list::List;
use crate::target::Binding;

impl<'b> Licence<'b> {
    /// Reads `record` and verifies it up to `anchor`; returns the claims and the record's digest, which is the
    /// licence's identity. Whether machine, product and revision fit is judged by whoever imports it.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        record: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<(Self, [u8; 32]), IssuedError> {
        let sign1 = Sign1::parse(record, LICENCE_MAX)?;
        let licence = Self::decode(sign1.payload())?;
        let (anchor, issued_at) = (anchor.into(), licence.issued_at);
        issued::verify(&sign1, Typ::Licence, &[Role::Issuer], anchor, issued_at)?;
        Ok((licence, sign1.digest()))
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut vendor, mut issued_at, mut thumbprint, mut binding) = (None, None, None, None);
        let (mut product, mut revision, mut profile_revision) = (None, None, None);
        let (mut request_nonce, mut desk_nonce) = (None, None);
        let (mut lines, mut convert, mut flags, mut absorbs) = (None, None, None, None);
        let (mut customer, mut project) = (None, None);
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => vendor = Some(cbor::text(d, id::is_label, "vendor")?),
                IAT => issued_at = Some(cbor::number(d, TIME_MAX, "issued at")?),
                // `cnf` comes before the lines, which differ without it.
                CNF => thumbprint = Some(claim::read_holder(d)?),
                PRODUCT => product = Some(cbor::text(d, id::is_name, "product")?),
                REVISION => revision = Some(cbor::number(d, u64::MAX, "revision")?),
                PROFILE_REVISION => {
                    profile_revision = Some(cbor::number(d, u64::MAX, "profile revision")?)
                }
                REQUEST_NONCE => request_nonce = Some(cbor::bytes(d, "request nonce")?),
                LINES => lines = Some(read_lines(d, thumbprint.is_none())?),
                CONVERT => convert = Convert::decode(d)?,
                FLAGS => flags = Some(d.u32().map_err(|_| Malformed::Field("flags"))?),
                ABSORBS => absorbs = Some(claim::read_absorbs(d)?),
                CUSTOMER => customer = Some(cbor::text(d, id::is_label, "customer")?),
                PROJECT => project = Some(cbor::text(d, id::is_label, "project")?),
                BINDING => binding = Some(Binding::decode(d)?),
                DESK_NONCE => desk_nonce = Some(cbor::bytes(d, "desk nonce")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        let known = flags.filter(|flags| flags & !NO_FREE_CHANNELS == 0);
        let convert = convert.filter(|convert| *convert != Convert::Offline);
        Ok(Self {
            vendor: cbor::need(vendor, "vendor")?,
            issued_at: cbor::need(issued_at, "issued at")?,
            holder: holder(thumbprint, binding)?,
            product: cbor::need(product, "product")?,
            revision: cbor::need(revision.filter(|revision| *revision > 0), "revision")?,
            profile_revision: cbor::need(profile_revision, "profile revision")?,
            request_nonce,
            lines: cbor::need(lines, "lines")?,
            convert: cbor::need(convert, "convert")?,
            flags: cbor::need(known, "flags")?,
            absorbs: cbor::need(absorbs, "absorbs")?,
            customer: cbor::need(customer, "customer")?,
            project: cbor::need(project, "project")?,
            desk_nonce,
        })
    }
}

/// A binding to nothing would hold anywhere.
fn holder(thumbprint: Option<[u8; 32]>, binding: Option<Binding>) -> Result<Holder, Malformed> {
    match (thumbprint, binding) {
        (None, None) => Ok(Holder::Macs),
        (Some(thumbprint), Some(binding)) if !binding.components.is_empty() => {
            Ok(Holder::Machine {
                thumbprint,
                binding,
            })
        }
        (Some(_), _) => Err(Malformed::Field("binding")),
        (None, Some(_)) => Err(Malformed::Field("cnf")),
    }
}

fn read_lines<'b>(
    d: &mut Decoder<'b>,
    macs: bool,
) -> Result<List<Line<'b>, LICENCE_LINES_MAX>, Malformed> {
    let mut lines = List::<Line<'b>, LICENCE_LINES_MAX>::default();
    let mut addresses = 0;
    for _ in 0..cbor::array(d, LICENCE_LINES_MAX, "lines")? {
        let line = Line::decode(d, macs)?;
        if lines
            .last()
            .is_some_and(|last| last.line.id >= line.line.id)
        {
            return Err(Malformed::Field("line id"));
        }
        addresses += line.macs.addresses().len();
        if addresses > MACS_MAX {
            return Err(Malformed::Field("mac"));
        }
        lines.push(line).map_err(|Full| Malformed::Field("lines"))?;
    }
    Ok(lines)
}
