//! What comes from outside: the request file of a machine, and what a dongle answers.

use tallykey_protocol::command::Decode as _;
use tallykey_protocol::command::order::Order;
use tallykey_protocol::file::{Kind as ObjectKind, Objects};
use tallykey_protocol::limits::OBJECT_MAX;
use tallykey_protocol::receipt::Kind;
use tallykey_protocol::request::Request as MachineRequest;
use tallykey_protocol::status::Status;
use tallykey_protocol::target::Target;

use crate::dongle::{Fault as DongleFault, Trouble};
use crate::ledger::Bytes;
use crate::licence::Refusal;
use crate::licence::conversion::ConversionRefusal;

/// Which receipt an order asks for.
pub(in super::super) fn kind_of(order: &Bytes) -> Kind {
    Order::decode(&order.0)
        .map(|order| order.kind)
        .unwrap_or_default()
}

/// The machine that made the request in a file, and its name.
pub(super) fn machine_of(file: &[u8], ours: &str) -> Result<(Target, String), Refusal> {
    let bad = |problem: String| ConversionRefusal::BadRequest { problem };
    let mut buffer = vec![0; OBJECT_MAX];
    let mut objects = Objects::new(file);
    let mut found = None;
    while let Some(object) = objects.next(&mut buffer) {
        let object = object.map_err(|problem| bad(problem.to_string()))?;
        if object.kind != ObjectKind::Request {
            continue;
        }
        let (request, _) =
            MachineRequest::verify(object.bytes).map_err(|problem| bad(problem.to_string()))?;
        if request.product != ours {
            let (product, ours) = (request.product.to_owned(), ours.to_owned());
            return Err(ConversionRefusal::OtherProduct { product, ours }.into());
        }
        if found
            .replace((request.target(), request.host.to_owned()))
            .is_some()
        {
            return Err(bad("it holds requests of several machines".into()).into());
        }
    }
    found.ok_or_else(|| bad("there is no request in it".into()).into())
}

/// What the dongle has against it, if that is certain; anything else may have been done all the same.
pub(super) fn refusal_of(fault: &DongleFault) -> Option<ConversionRefusal> {
    let DongleFault::Io { source } = fault else {
        return None;
    };
    Some(match source {
        Trouble::OwnerCode { left } => ConversionRefusal::WrongCode { left: *left },
        Trouble::Refused { status, .. } => match status {
            Status::Stale => ConversionRefusal::Stale,
            Status::ConvertNotAllowed => ConversionRefusal::NotAllowed,
            Status::ReceiptsFull => ConversionRefusal::ReceiptsFull,
            Status::OwnerLocked => ConversionRefusal::Locked,
            Status::NotConfirmed | Status::Cancelled => ConversionRefusal::NotConfirmed,
            Status::NotEnough
            | Status::NoSuchItem
            | Status::RequestReused
            | Status::WrongLifecycle
            | Status::NoRoom
            | Status::RandomFailed
            | Status::ChainInvalid
            | Status::Revoked => ConversionRefusal::ByDongle {
                status: format!("{status:?}"),
            },
            // A session that is gone says so without a signature; a failed flash may have taken it.
            _ => return None,
        },
        _ => return None,
    })
}
