//! What may be given away of a grant. Pure, like the rules of updates.

use super::Held;
use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::order::Order;
use tallykey_protocol::grant::{Convert, Grant};
use tallykey_protocol::limits::LINES_MAX;
use tallykey_protocol::list::List;
use tallykey_protocol::receipt::{GivenAway, Kind};
use tallykey_protocol::status::Status;

/// What is held afterwards, and what the receipt says of each line.
pub(crate) type Gift = (Held, List<GivenAway, LINES_MAX>);

/// Judges `order` against `grant`, of which `held` was given away so far. Returns what is held once it is
/// committed, and what the receipt says of each line.
pub(crate) fn give(order: &Order<'_>, held: &Held, grant: &Grant<'_>) -> Result<Gift, Status> {
    let allowed = match order.kind {
        Kind::ConvertOffline => grant.convert == Convert::Offline,
        // The desk sees it before it counts: whoever may do without may do with it.
        Kind::ConvertDesk => matches!(grant.convert, Convert::Desk | Convert::Offline),
        Kind::Retire => true,
    };
    if !allowed {
        return Err(Status::ConvertNotAllowed);
    }
    let mut after = held.clone();
    let mut parts = List::default();
    for share in &*order.shares {
        let line = grant.lines.iter().find(|line| line.id == share.line);
        let gross = line.ok_or(Status::NoSuchItem)?.count;
        let given = after
            .given
            .iter_mut()
            .find(|given| given.line == share.line);
        let given = given.ok_or(Status::NoSuchItem)?;
        let part = GivenAway {
            line: share.line,
            before: given.count,
            after: given.count + share.count,
        };
        if part.after > gross {
            return Err(Status::NotEnough);
        }
        given.count = part.after;
        after.left = after.left.saturating_sub(share.count);
        parts.push(part).map_err(|Full| Status::NoRoom)?;
    }
    Ok((after, parts))
}

#[cfg(test)]
mod tests;
