//! Which grant may follow which. Pure: the store and the signatures are others' business.

use super::Held;
use tallykey_protocol::cbor::Full;
use tallykey_protocol::cert::CertError;
use tallykey_protocol::cose::CoseError;
use tallykey_protocol::grant::{Grant, Line};
use tallykey_protocol::issued::IssuedError;
use tallykey_protocol::list::List;
use tallykey_protocol::proof::Given;
use tallykey_protocol::status::Status;

/// Judges `new`, whose signature and holder have been checked, against what is held for its product.
/// Returns what is held once it is committed: what was given away stays given away.
pub(crate) fn follow(
    new: &Grant<'_>,
    digest: [u8; 32],
    old: Option<(&Held, &Grant<'_>)>,
) -> Result<Held, Status> {
    let held_revision = old.map_or(0, |(held, _)| held.revision);
    if new.revision <= held_revision {
        return Err(Status::RevisionHeld);
    }
    if new.revision - held_revision > 1 {
        return Err(Status::WrongRevision);
    }
    let (mut highest, mut left) = (0, 0);
    let mut given = List::default();
    if let Some((held, old)) = old {
        old.lines
            .iter()
            .try_for_each(|line| keeps(new, held, line))?;
        highest = held.highest_line;
        let reused = |line: &&Line<'_>| {
            line.id <= highest && old.lines.iter().all(|known| known.id != line.id)
        };
        if new.lines.iter().any(|line| reused(&line)) {
            return Err(Status::LineIdReused);
        }
    }
    for line in &*new.lines {
        let count = old.map_or(0, |(held, _)| held.given(line.id));
        given
            .push(Given {
                line: line.id,
                count,
            })
            .map_err(|Full| Status::NoRoom)?;
        highest = highest.max(line.id);
        left += line.count.saturating_sub(count);
    }
    Held::new(new.product, new.revision, digest, highest, left, given)
        .map_err(|Full| Status::NoRoom)
}

/// Judges what `new` makes of one line that is held.
fn keeps(new: &Grant<'_>, held: &Held, line: &Line<'_>) -> Result<(), Status> {
    match new.lines.iter().find(|other| other.id == line.id) {
        // The same id for something else would turn what was given of one feature into another.
        Some(other) if other.feature != line.feature => Err(Status::LineIdReused),
        // The count is the gross total ever granted; what was given is part of it.
        Some(other) if other.count < line.count => Err(Status::BelowGivenAway),
        Some(_) => Ok(()),
        None => {
            let expired = line.valid_to.is_some_and(|end| end <= new.issued_at);
            let gone = held.given(line.id) >= line.count;
            if expired || gone {
                Ok(())
            } else {
                Err(Status::BelowGivenAway)
            }
        }
    }
}

/// The status by which the dongle refuses a record that it does not believe.
pub(crate) const fn refusal(error: &IssuedError) -> Status {
    match error {
        IssuedError::Record(CoseError::WrongKey | CoseError::HighS | CoseError::BadSignature) => {
            Status::SignatureInvalid
        }
        IssuedError::Record(_) => Status::RecordInvalid,
        IssuedError::Chain(CertError::Revoked { .. }) => Status::Revoked,
        IssuedError::Chain(_) | IssuedError::NoIssuer => Status::ChainInvalid,
        IssuedError::RoleNotAllowed { .. } => Status::RoleNotAllowed,
    }
}

#[cfg(test)]
mod tests;
