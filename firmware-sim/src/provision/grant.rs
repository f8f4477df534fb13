//! The counts: a first grant, or the next one where they are to rise.

use super::{Order, ProvisionError};
use crate::host::{Session, TalkError};
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::command::{Command, grant, update};
use tallykey_protocol::grant::{Grant, Line, Plan};
use tallykey_protocol::limits::LINES_MAX;
use tallykey_protocol::list::List;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_signing::{Holder, Station, first_grant, next_grant, sign_grant};

/// The dongle holds more of a feature than it is to have: counts on a dongle never fall.
#[derive(Debug, thiserror::Error)]
#[error(
    "the dongle has {held} channels of `{feature}` and counts never fall, so it cannot have {wanted}; \
     ask for at least {held}, or name another flash file"
)]
pub struct TooFew {
    /// The feature.
    pub feature: String,
    /// Channels on the dongle.
    pub held: u64,
    /// Channels in the order.
    pub wanted: u64,
}

/// Refuses a feature that the product does not have.
pub(super) fn check_features(order: &Order<'_>) -> Result<(), ProvisionError> {
    let known = |name: &str| {
        order
            .profile
            .features
            .iter()
            .any(|feature| feature.id == name)
    };
    match order.channels.iter().find(|(name, _)| !known(name)) {
        None => Ok(()),
        Some((name, _)) => Err(ProvisionError::UnknownFeature {
            feature: (*name).into(),
            product: order.profile.product.into(),
            known: order
                .profile
                .features
                .iter()
                .map(|feature| feature.id)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// Gives the dongle what is ordered, if it has not got it, and returns the digest of its grant.
pub(super) fn give(
    session: &mut Session,
    station: &Station<'_>,
    order: &Order<'_>,
) -> Result<[u8; 32], ProvisionError> {
    let Some(record) = held(session, order.profile.product)? else {
        let holder = Holder {
            serial: order.serial,
            key: session.key(),
        };
        let lines = lines(&[], order)?;
        let grant = Grant {
            convert: order.convert,
            ..first_grant(order.profile, holder, lines, order.now)
        };
        let record = sign_grant(&grant, &station.factory_issuer)?;
        return apply(session, station, &record);
    };
    let (held, digest) = verify(station, &record)?;
    if !order.raise {
        return Ok(digest);
    }
    let lines = lines(&held.lines, order)?;
    if lines == held.lines && order.convert == held.convert {
        return Ok(digest);
    }
    let issuer = station.issuer.ok_or(ProvisionError::NoIssuer)?;
    let grant = Grant {
        convert: order.convert,
        ..next_grant(&held, lines, order.now)
    };
    let record = sign_grant(&grant, &issuer)?;
    apply(session, station, &record)
}

fn apply(
    session: &mut Session,
    station: &Station<'_>,
    record: &[u8],
) -> Result<[u8; 32], ProvisionError> {
    session
        .ask(Command::Update, &update::Request { record })?
        .read_ok::<update::Reply>()?;
    Ok(verify(station, record)?.1)
}

/// The record of the grant for `product`, if there is one.
fn held(session: &mut Session, product: &str) -> Result<Option<Vec<u8>>, TalkError> {
    let proof = Proof::verify(session.opening(), Kind::Open, session.key())?;
    let Some(index) = proof
        .grants
        .iter()
        .position(|grant| grant.product == product)
    else {
        return Ok(None);
    };
    // There are at most GRANTS_MAX of them.
    let answer = session.ask(Command::Grant, &grant::Request::Index(index as u8))?;
    Ok(Some(answer.read_ok::<grant::Reply<'_>>()?.record.to_vec()))
}

/// A grant that the station's vendor signed; one that it did not is of another vendor's dongle.
fn verify<'b>(
    station: &Station<'_>,
    record: &'b [u8],
) -> Result<(Grant<'b>, [u8; 32]), ProvisionError> {
    let root = Certificate::parse(station.factory.root).map_err(ProvisionError::Request)?;
    Grant::verify(record, &root).map_err(|_| ProvisionError::WrongProof)
}

/// The lines of `order` on top of those that are `held`.
fn lines<'a>(
    held: &[Line<'a>],
    order: &Order<'a>,
) -> Result<List<Line<'a>, LINES_MAX>, ProvisionError> {
    let mut lines = held.to_vec();
    for &(feature, wanted) in order.channels {
        match lines.iter_mut().find(|line| line.feature == feature) {
            Some(line) if line.count > wanted => {
                return Err(TooFew {
                    feature: feature.into(),
                    held: line.count,
                    wanted,
                }
                .into());
            }
            Some(line) => line.count = wanted,
            None => {
                let id = lines.last().map_or(1, |line| line.id + 1);
                let (plan, valid_from) = (Plan::Perpetual, order.now);
                lines.push(Line {
                    id,
                    feature,
                    count: wanted,
                    plan,
                    valid_from,
                    valid_to: None,
                });
            }
        }
    }
    List::of(&lines).map_err(|_| ProvisionError::TooManyLines)
}
