//! Instructions: what an issuer tells one dongle to do, once. Executing one raises the counter that it names.

use crate::cbor::{self, Full, Malformed};
use crate::cert::{Anchor, Role};
use crate::claim::{self, CNF, COUNTER, IAT, INSTRUCTION, ISS, SUB};
use crate::cose::{Sign1, Typ};
use crate::id;
use crate::issued::{self, IssuedError, Signer};
use crate::limits::{INSTRUCTION_MAX, TIME_MAX};

/// What the dongle is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Make a new owner code; the old one is void and its tries are forgotten.
    ResetOwnerCode = 1,
    /// Forget key, certificate, grants and receipts: back to the factory. Only the counter survives.
    Recycle = 2,
}

/// The claims of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction<'b> {
    /// The vendor's name.
    pub vendor: &'b str,
    /// Serial of the dongle.
    pub serial: &'b str,
    /// When it was issued, seconds since 1970.
    pub issued_at: u64,
    /// Thumbprint of the dongle's key.
    pub thumbprint: [u8; 32],
    /// The dongle's counter now.
    pub counter: u64,
    /// What to do.
    pub kind: Kind,
}

impl<'b> Instruction<'b> {
    /// Reads `record` and verifies it up to `anchor`; returns who signed it too. A factory issuer may only
    /// recycle, and only what it alone has granted: that is the dongle's to judge.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        record: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<(Self, Signer), IssuedError> {
        let sign1 = Sign1::parse(record, INSTRUCTION_MAX)?;
        let instruction = Self::decode(sign1.payload())?;
        let roles: &[Role] = match instruction.kind {
            Kind::ResetOwnerCode => &[Role::Issuer],
            Kind::Recycle => &[Role::Issuer, Role::FactoryIssuer],
        };
        let signer = issued::verify(
            &sign1,
            Typ::Instruction,
            roles,
            anchor.into(),
            instruction.issued_at,
        )?;
        Ok((instruction, signer))
    }

    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(6)?.i64(ISS)?.str(self.vendor)?;
            e.i64(SUB)?
                .str(self.serial)?
                .i64(IAT)?
                .u64(self.issued_at)?;
            e.i64(CNF)?;
            claim::write_holder(e, &self.thumbprint)?;
            e.i64(COUNTER)?.u64(self.counter)?;
            e.i64(INSTRUCTION)?.u8(self.kind as u8)?.ok()
        })
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut vendor, mut serial, mut issued_at) = (None, None, None);
        let (mut thumbprint, mut counter, mut kind) = (None, None, None);
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => vendor = Some(cbor::text(d, id::is_label, "vendor")?),
                SUB => serial = Some(cbor::text(d, id::is_serial, "serial")?),
                IAT => issued_at = Some(cbor::number(d, TIME_MAX, "issued at")?),
                CNF => thumbprint = Some(claim::read_holder(d)?),
                COUNTER => counter = Some(cbor::number(d, u64::MAX, "counter")?),
                INSTRUCTION => {
                    kind = match cbor::code(d, "instruction")? {
                        1 => Some(Kind::ResetOwnerCode),
                        2 => Some(Kind::Recycle),
                        _ => None,
                    }
                }
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            vendor: cbor::need(vendor, "vendor")?,
            serial: cbor::need(serial, "serial")?,
            issued_at: cbor::need(issued_at, "issued at")?,
            thumbprint: cbor::need(thumbprint, "cnf")?,
            counter: cbor::need(counter, "counter")?,
            kind: cbor::need(kind, "instruction")?,
        })
    }
}
