//! The factory's station: makes a blank simulated dongle into one that a vendor sells, with the messages that
//! a real station sends to a real dongle.
//!
//! identify → make-key → certificate → personalise → seal → session → grant → proof. A dongle that was pulled
//! out on the way is taken up where its own state says.

mod grant;
mod identity;
mod owner_code;

pub use grant::TooFew;
pub use owner_code::OwnerCodeFile;

use crate::dongle::{Gone, SimDongle};
use crate::host::{Channel, Session, TalkError, random};
use sha2::{Digest, Sha256};
use std::io;
use tallykey_protocol::cert::CertError;
use tallykey_protocol::command::{Command, Empty, hello, seal};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::LINES_MAX;
use tallykey_protocol::profile::Profile;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_signing::certificate::CertifyError;
use tallykey_signing::{RecordError, Station, Vendor};

/// Feature and count of a new dongle that nothing else is asked of.
pub const NEW_CHANNELS: [(&str, u64); 3] = [("camera", 64), ("other-brand", 32), ("vca", 8)];

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The dongle's serial.
    pub serial: &'a str,
    /// The product.
    pub profile: &'a Profile<'a>,
    /// Feature and count of each line.
    pub channels: &'a [(&'a str, u64)],
    /// Whether a dongle that has channels of the product already gets these too; otherwise it keeps what it has.
    pub raise: bool,
    /// Which way its channels may be made a software licence.
    pub convert: Convert,
    /// When its certificate and grant are issued, seconds since 1970.
    pub now: u64,
}

/// Why a dongle was not provisioned.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The dongle did not do as it was told.
    #[error("the simulated dongle could not be provisioned")]
    Talk(#[from] TalkError),
    /// It is another dongle, in use under its own serial.
    #[error(
        "this dongle is {found}, not {wanted}: name another flash file, or start it under its own serial"
    )]
    OtherSerial {
        /// Its serial.
        found: String,
        /// The serial in the order.
        wanted: String,
    },
    /// It is in use under another root.
    #[error("this dongle is of another vendor: name another flash file, and a new one is made")]
    OtherVendor(#[source] CertError),
    /// Its certification request is not one.
    #[error("the dongle's certification request is not valid")]
    Request(#[source] CertError),
    /// No certificate could be made.
    #[error(transparent)]
    Certify(#[from] CertifyError),
    /// No grant could be made.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A feature is named that the product does not have.
    #[error("the product {product} has no feature `{feature}`; it has: {known}")]
    UnknownFeature {
        /// The feature.
        feature: String,
        /// The product.
        product: String,
        /// What there is.
        known: String,
    },
    /// More features than a grant has lines.
    #[error("a grant has at most {LINES_MAX} lines")]
    TooManyLines,
    /// The dongle has less than is asked for, and the station may sign first grants only.
    #[error(
        "the dongle has fewer channels than are asked for, and only the vendor's issuer raises counts: its key is not \
         here; leave the channels out, or name another flash file and a new dongle is made"
    )]
    NoIssuer,
    /// The dongle has more than is asked for.
    #[error(transparent)]
    TooFew(#[from] TooFew),
    /// The dongle's proof says something else than it was told.
    #[error("the dongle does not prove the state that it was given")]
    WrongProof,
    /// The owner code could not be kept.
    #[error("the owner code could not be kept")]
    Keep(#[source] io::Error),
}

impl From<Gone> for ProvisionError {
    fn from(gone: Gone) -> Self {
        Self::Talk(gone.into())
    }
}

/// The chip id of the simulated part for a dongle with this serial: another one for each.
#[must_use]
pub fn chip_id(serial: &str) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(b"tallykey simulated chip")
        .chain_update(serial)
        .finalize()
        .into();
    core::array::from_fn(|n| digest[n])
}

/// Makes `dongle` what `order` says, under the certificates of `vendor`: [`provision_at`] its station.
///
/// # Errors
/// [`ProvisionError`]. Asking again goes on where it stopped.
pub fn provision(
    dongle: &SimDongle,
    vendor: &Vendor,
    order: &Order<'_>,
    keep: impl FnOnce(&str) -> io::Result<()>,
) -> Result<(), ProvisionError> {
    provision_at(&vendor.station(), dongle, order, keep)
}

/// Makes `dongle` what `order` says, with the keys of `station`. What is done already stays; counts are
/// raised by a further grant. `keep` gets the owner code before the grant that makes it final.
///
/// # Errors
/// [`ProvisionError`]. Asking again goes on where it stopped.
pub fn provision_at(
    station: &Station<'_>,
    dongle: &SimDongle,
    order: &Order<'_>,
    keep: impl FnOnce(&str) -> io::Result<()>,
) -> Result<(), ProvisionError> {
    grant::check_features(order)?;
    let mut channel = Channel::new(dongle.connect()?)?;
    let greeting = channel.hello()?;
    let greeting: hello::Reply<'_> = greeting.read_ok()?;
    match greeting.lifecycle {
        Lifecycle::Blank | Lifecycle::Personalised => {
            identity::give(&channel, station, order, greeting.chip_id)?
        }
        Lifecycle::Sealed | Lifecycle::Retired => {
            let found = greeting.serial.unwrap_or_default();
            if found != order.serial {
                return Err(ProvisionError::OtherSerial {
                    found: found.into(),
                    wanted: order.serial.into(),
                });
            }
            identity::check(&channel, station)?;
        }
    }
    if greeting.lifecycle != Lifecycle::Sealed || !has_grant(dongle)? {
        let sealed = channel.ask(Command::Seal, &Empty)?;
        keep(sealed.read_ok::<seal::Reply<'_>>()?.owner_code).map_err(ProvisionError::Keep)?;
    }
    let mut session = Session::open(channel, random().map_err(TalkError::from)?)?;
    let digest = grant::give(&mut session, station, order)?;
    check(&mut session, order, digest)?;
    session.close()?;
    Ok(())
}

/// Whether a grant ended the time of repeated seals.
fn has_grant(dongle: &SimDongle) -> Result<bool, ProvisionError> {
    let session = Session::open(
        Channel::new(dongle.connect()?)?,
        random().map_err(TalkError::from)?,
    )?;
    let proof =
        Proof::verify(session.opening(), Kind::Open, session.key()).map_err(TalkError::from)?;
    let any = !proof.grants.is_empty();
    session.close()?;
    Ok(any)
}

/// The last look before a dongle is good: a fresh proof of what it was given.
fn check(session: &mut Session, order: &Order<'_>, digest: [u8; 32]) -> Result<(), ProvisionError> {
    let record = session.prove(Kind::State)?;
    let proof = Proof::verify(&record, Kind::State, session.key()).map_err(TalkError::from)?;
    let held = proof
        .grants
        .iter()
        .any(|grant| grant.product == order.profile.product && grant.digest == digest);
    let good = held
        && proof.serial == order.serial
        && proof.lifecycle == Lifecycle::Sealed
        && proof.simulated;
    if good {
        Ok(())
    } else {
        Err(ProvisionError::WrongProof)
    }
}
