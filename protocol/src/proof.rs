//! Proofs: what a dongle signs over a fresh nonce about its state now.
//!
//! Four kinds with four media types, so that none can be used for another: an `open` proof opens one
//! session, an `attest` proof answers an application, a `request` proof stands in a request file and a
//! `state` proof is the periodic one.

use crate::cbor::{self, Full, Malformed};
use crate::claim::{
    BOOT_ID, COUNTER, DONGLE_EPHEMERAL, DONGLE_NONCE, FIRMWARE, FIRMWARE_DIGEST, GRANTS,
    HOST_EPHEMERAL, ISS, LIFECYCLE, NONCE, SIMULATED, TIME_FLOOR, TRANSCRIPT,
};
use crate::cose::{CoseError, Sign1, Typ};
use crate::id::{self, PublicKey};
use crate::lifecycle::Lifecycle;
use crate::limits::{COUNT_MAX, GRANTS_MAX, LINES_MAX, NONCE_LEN, PROOF_MAX, TIME_MAX};
use crate::list::List;
use sha2::{Digest, Sha256};

/// Kind of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Over the transcript of `open`.
    Open = 1,
    /// Over an application's nonce and statement.
    Attest = 2,
    /// Inside a request file.
    Request = 3,
    /// The periodic one.
    State = 4,
}

impl Kind {
    /// The kind with this wire code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Open),
            2 => Some(Self::Attest),
            3 => Some(Self::Request),
            4 => Some(Self::State),
            _ => None,
        }
    }

    /// Wire code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Media type of its records.
    #[must_use]
    pub const fn typ(self) -> Typ {
        match self {
            Self::Open => Typ::OpenProof,
            Self::Attest => Typ::AttestProof,
            Self::Request => Typ::RequestProof,
            Self::State => Typ::StateProof,
        }
    }
}

/// What an `attest` proof signs instead of the caller's bytes: SHA-256(label ‖ nonce ‖ statement).
#[must_use]
pub fn attested(nonce: &[u8; NONCE_LEN], statement: &[u8]) -> [u8; NONCE_LEN] {
    Sha256::new()
        .chain_update(b"tallykey v1 attest")
        .chain_update(nonce)
        .chain_update(statement)
        .finalize()
        .into()
}

/// What was given away of one line of a grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Line id.
    pub line: u32,
    /// Channels given away; only ever rises.
    pub count: u64,
}

/// One grant in a proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantState<'b> {
    /// Product id.
    pub product: &'b str,
    /// Revision held.
    pub revision: u64,
    /// The grant's digest: SHA-256 of its Sig_structure.
    pub digest: [u8; 32],
    /// Given away per line of the grant, in its order.
    pub given: List<Given, LINES_MAX>,
}

/// What only an `open` proof says. Without all of it a proof opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// SHA-256 of the transcript ([`crate::session::Transcript`]).
    pub transcript: [u8; 32],
    /// The dongle's nonce.
    pub dongle_nonce: [u8; NONCE_LEN],
    /// The host's ephemeral key, as the dongle received it.
    pub host_ephemeral: PublicKey,
    /// The dongle's ephemeral key.
    pub dongle_ephemeral: PublicKey,
}

/// The claims of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof<'b> {
    /// The dongle's serial.
    pub serial: &'b str,
    /// The nonce that it answers; for `attest`, [`attested`].
    pub nonce: [u8; NONCE_LEN],
    /// Whether this is a simulated device.
    pub simulated: bool,
    /// Lifecycle.
    pub lifecycle: Lifecycle,
    /// Firmware version, as the dongle says.
    pub firmware: &'b str,
    /// SHA-256 of the firmware, as the dongle says.
    pub firmware_digest: [u8; 32],
    /// Every grant held.
    pub grants: List<GrantState<'b>, GRANTS_MAX>,
    /// Monotonic counter: rises with every change.
    pub counter: u64,
    /// Random number of this power-up.
    pub boot_id: [u8; 16],
    /// No time before this is believed, seconds since 1970.
    pub time_floor: u64,
    /// Only in an `open` proof.
    pub opening: Option<Opening>,
}

impl<'b> Proof<'b> {
    /// Reads and verifies the proof in `record`: its kind, its signature by the dongle's `key`, its claims.
    /// Whether the nonce is the one asked for is the caller's to compare.
    ///
    /// # Errors
    /// [`CoseError`] with what is wrong.
    pub fn verify(record: &'b [u8], kind: Kind, key: &PublicKey) -> Result<Self, CoseError> {
        let sign1 = Sign1::parse(record, PROOF_MAX)?;
        sign1.verify(kind.typ(), key)?;
        let proof = Self::decode(sign1.payload())?;
        if proof.opening.is_some() != (kind == Kind::Open) {
            return Err(Malformed::Field("transcript").into());
        }
        Ok(proof)
    }

    /// Reads the claims of `record` and verifies nothing: only to tell a person what it would say.
    ///
    /// # Errors
    /// [`CoseError`] with what is wrong.
    pub fn claimed(record: &'b [u8]) -> Result<Self, CoseError> {
        let sign1 = Sign1::parse(record, PROOF_MAX)?;
        Ok(Self::decode(sign1.payload())?)
    }

    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(if self.opening.is_some() { 14 } else { 10 })?;
            e.i64(ISS)?
                .str(self.serial)?
                .i64(NONCE)?
                .bytes(&self.nonce)?;
            e.i64(SIMULATED)?
                .bool(self.simulated)?
                .i64(LIFECYCLE)?
                .u8(self.lifecycle.code())?;
            e.i64(FIRMWARE)?
                .str(self.firmware)?
                .i64(FIRMWARE_DIGEST)?
                .bytes(&self.firmware_digest)?;
            e.i64(GRANTS)?.array(self.grants.len() as u64)?;
            for grant in &*self.grants {
                e.array(4)?
                    .str(grant.product)?
                    .u64(grant.revision)?
                    .bytes(&grant.digest)?;
                e.array(grant.given.len() as u64)?;
                for given in &*grant.given {
                    e.array(2)?.u32(given.line)?.u64(given.count)?;
                }
            }
            e.i64(COUNTER)?
                .u64(self.counter)?
                .i64(BOOT_ID)?
                .bytes(&self.boot_id)?;
            e.i64(TIME_FLOOR)?.u64(self.time_floor)?;
            if let Some(opening) = &self.opening {
                e.i64(TRANSCRIPT)?
                    .bytes(&opening.transcript)?
                    .i64(DONGLE_NONCE)?
                    .bytes(&opening.dongle_nonce)?;
                e.i64(HOST_EPHEMERAL)?.bytes(&opening.host_ephemeral)?;
                e.i64(DONGLE_EPHEMERAL)?.bytes(&opening.dongle_ephemeral)?;
            }
            Ok(())
        })
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut serial, mut nonce, mut simulated, mut lifecycle) = (None, None, None, None);
        let (mut firmware, mut firmware_digest, mut grants) = (None, None, None);
        let (mut counter, mut boot_id, mut time_floor) = (None, None, None);
        let (mut transcript, mut dongle_nonce, mut host_ephemeral, mut dongle_ephemeral) =
            (None, None, None, None);
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => serial = Some(cbor::text(d, id::is_serial, "serial")?),
                NONCE => nonce = Some(cbor::bytes(d, "nonce")?),
                SIMULATED => simulated = Some(cbor::flag(d, "simulated")?),
                LIFECYCLE => lifecycle = Lifecycle::from_code(cbor::code(d, "lifecycle")?),
                FIRMWARE => firmware = Some(cbor::text(d, id::is_version, "firmware")?),
                FIRMWARE_DIGEST => firmware_digest = Some(cbor::bytes(d, "firmware digest")?),
                GRANTS => grants = Some(read_grants(d)?),
                COUNTER => counter = Some(cbor::number(d, u64::MAX, "counter")?),
                BOOT_ID => boot_id = Some(cbor::bytes(d, "boot id")?),
                TIME_FLOOR => time_floor = Some(cbor::number(d, TIME_MAX, "time floor")?),
                TRANSCRIPT => transcript = Some(cbor::bytes(d, "transcript")?),
                DONGLE_NONCE => dongle_nonce = Some(cbor::bytes(d, "dongle nonce")?),
                HOST_EPHEMERAL => host_ephemeral = Some(cbor::bytes(d, "host ephemeral")?),
                DONGLE_EPHEMERAL => dongle_ephemeral = Some(cbor::bytes(d, "dongle ephemeral")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        let opening = match (transcript, dongle_nonce, host_ephemeral, dongle_ephemeral) {
            (None, None, None, None) => None,
            (transcript, dongle_nonce, host_ephemeral, dongle_ephemeral) => Some(Opening {
                transcript: cbor::need(transcript, "transcript")?,
                dongle_nonce: cbor::need(dongle_nonce, "dongle nonce")?,
                host_ephemeral: cbor::need(host_ephemeral, "host ephemeral")?,
                dongle_ephemeral: cbor::need(dongle_ephemeral, "dongle ephemeral")?,
            }),
        };
        Ok(Self {
            serial: cbor::need(serial, "serial")?,
            nonce: cbor::need(nonce, "nonce")?,
            simulated: cbor::need(simulated, "simulated")?,
            lifecycle: cbor::need(lifecycle, "lifecycle")?,
            firmware: cbor::need(firmware, "firmware")?,
            firmware_digest: cbor::need(firmware_digest, "firmware digest")?,
            grants: cbor::need(grants, "grants")?,
            counter: cbor::need(counter, "counter")?,
            boot_id: cbor::need(boot_id, "boot id")?,
            time_floor: cbor::need(time_floor, "time floor")?,
            opening,
        })
    }
}

fn read_grants<'b>(
    d: &mut cbor::Decoder<'b>,
) -> Result<List<GrantState<'b>, GRANTS_MAX>, Malformed> {
    let mut grants = List::default();
    for _ in 0..cbor::array(d, GRANTS_MAX, "grants")? {
        if cbor::array(d, 4, "grants")? != 4 {
            return Err(Malformed::Field("grants"));
        }
        let mut grant = GrantState {
            product: cbor::text(d, id::is_name, "product")?,
            revision: cbor::number(d, u64::MAX, "revision")?,
            digest: cbor::bytes(d, "grant digest")?,
            given: List::default(),
        };
        for _ in 0..cbor::array(d, LINES_MAX, "given")? {
            if cbor::array(d, 2, "given")? != 2 {
                return Err(Malformed::Field("given"));
            }
            let line = d.u32().map_err(|_| Malformed::Field("given"))?;
            let given = Given {
                line,
                count: cbor::number(d, COUNT_MAX, "given")?,
            };
            grant
                .given
                .push(given)
                .map_err(|Full| Malformed::Field("given"))?;
        }
        grants
            .push(grant)
            .map_err(|Full| Malformed::Field("grants"))?;
    }
    Ok(grants)
}
