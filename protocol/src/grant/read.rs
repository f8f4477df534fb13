//! Reading a grant: container, chain, signature, role, claims; in that order.

use super::{Convert, Grant, Line, NO_FREE_CHANNELS};
use crate::cbor::{self, Decoder, Full, Malformed};
use crate::cert::{Anchor, Role};
use crate::claim::{
    self, ABSORBS, CNF, CONVERT, CUSTOMER, FLAGS, IAT, ISS, LINES, PRODUCT, PROFILE_REVISION,
    PROJECT, REQUEST_NONCE, REVISION, SUB,
};
use crate::cose::{Sign1, Typ};
use crate::id;
use crate::issued::{self, IssuedError, Signer};
use crate::limits::{GRANT_MAX, LINES_MAX, TIME_MAX};
use crate::list::List;

impl<'b> Grant<'b> {
    /// Reads `record` and verifies it up to `anchor`; returns the claims and the record's digest. Whether
    /// holder, product and revision fit is judged by whoever applies it.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        record: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<(Self, [u8; 32]), IssuedError> {
        let (grant, digest, _) = Self::verify_signer(record, anchor)?;
        Ok((grant, digest))
    }

    /// [`Self::verify`], and who signed it.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing inside may be believed then.
    pub fn verify_signer<'a>(
        record: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<(Self, [u8; 32], Signer), IssuedError> {
        let sign1 = Sign1::parse(record, GRANT_MAX)?;
        let grant = Self::decode(sign1.payload())?;
        // A factory may only begin a dongle's chain of revisions.
        let roles: &[Role] = match grant.revision {
            1 => &[Role::Issuer, Role::FactoryIssuer],
            _ => &[Role::Issuer],
        };
        let signer = issued::verify(&sign1, Typ::Grant, roles, anchor.into(), grant.issued_at)?;
        Ok((grant, sign1.digest(), signer))
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut vendor, mut serial, mut thumbprint, mut issued_at) = (None, None, None, None);
        let (mut product, mut revision, mut profile_revision, mut request_nonce) =
            (None, None, None, None);
        let (mut lines, mut convert, mut flags, mut absorbs) = (None, None, None, None);
        let (mut customer, mut project) = (None, None);
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => vendor = Some(cbor::text(d, id::is_label, "vendor")?),
                SUB => serial = Some(cbor::text(d, id::is_serial, "serial")?),
                IAT => issued_at = Some(cbor::number(d, TIME_MAX, "issued at")?),
                CNF => thumbprint = Some(claim::read_holder(d)?),
                PRODUCT => product = Some(cbor::text(d, id::is_name, "product")?),
                REVISION => revision = Some(cbor::number(d, u64::MAX, "revision")?),
                PROFILE_REVISION => {
                    profile_revision = Some(cbor::number(d, u64::MAX, "profile revision")?)
                }
                REQUEST_NONCE => request_nonce = Some(cbor::bytes(d, "request nonce")?),
                LINES => lines = Some(read_lines(d)?),
                CONVERT => convert = Convert::decode(d)?,
                FLAGS => flags = Some(d.u32().map_err(|_| Malformed::Field("flags"))?),
                ABSORBS => absorbs = Some(claim::read_absorbs(d)?),
                CUSTOMER => customer = Some(cbor::text(d, id::is_label, "customer")?),
                PROJECT => project = Some(cbor::text(d, id::is_label, "project")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            vendor: cbor::need(vendor, "vendor")?,
            serial: cbor::need(serial, "serial")?,
            thumbprint: cbor::need(thumbprint, "cnf")?,
            issued_at: cbor::need(issued_at, "issued at")?,
            product: cbor::need(product, "product")?,
            revision: cbor::need(revision.filter(|revision| *revision > 0), "revision")?,
            profile_revision: cbor::need(profile_revision, "profile revision")?,
            request_nonce,
            lines: cbor::need(lines, "lines")?,
            convert: cbor::need(convert, "convert")?,
            // An unknown flag could take something away: not to be passed over.
            flags: cbor::need(
                flags.filter(|flags| flags & !NO_FREE_CHANNELS == 0),
                "flags",
            )?,
            absorbs: cbor::need(absorbs, "absorbs")?,
            customer: cbor::need(customer, "customer")?,
            project: cbor::need(project, "project")?,
        })
    }
}

fn read_lines<'b>(d: &mut Decoder<'b>) -> Result<List<Line<'b>, LINES_MAX>, Malformed> {
    let mut lines = List::<Line<'b>, LINES_MAX>::default();
    for _ in 0..cbor::array(d, LINES_MAX, "lines")? {
        let line = Line::decode(d)?;
        if lines.last().is_some_and(|last| last.id >= line.id) {
            return Err(Malformed::Field("line id"));
        }
        lines.push(line).map_err(|Full| Malformed::Field("lines"))?;
    }
    Ok(lines)
}

impl Convert {
    /// Reads a wire code.
    pub(crate) fn decode(d: &mut Decoder<'_>) -> Result<Option<Self>, Malformed> {
        Ok(match cbor::code(d, "convert")? {
            0 => Some(Self::None),
            1 => Some(Self::Desk),
            2 => Some(Self::Offline),
            _ => None,
        })
    }
}
