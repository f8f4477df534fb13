//! Requests for the vendor's desk.

use tallykey_client::wire;

use crate::licence::machine_binding::CannotBind;
use crate::service::{CarriedLicence, LeftOut, Purpose, RequestFile};

pub(in crate::api) const fn purpose(purpose: wire::Purpose) -> Purpose {
    match purpose {
        wire::Purpose::New => Purpose::New,
        wire::Purpose::Update => Purpose::Update,
        wire::Purpose::ReturnConfirmation => Purpose::ReturnConfirmation,
        wire::Purpose::Conversion => Purpose::Conversion,
        wire::Purpose::Repair => Purpose::Repair,
        wire::Purpose::Time => Purpose::Time,
    }
}

const fn told(purpose: Purpose) -> wire::Purpose {
    match purpose {
        Purpose::New => wire::Purpose::New,
        Purpose::Update => wire::Purpose::Update,
        Purpose::ReturnConfirmation => wire::Purpose::ReturnConfirmation,
        Purpose::Conversion => wire::Purpose::Conversion,
        Purpose::Repair => wire::Purpose::Repair,
        Purpose::Time => wire::Purpose::Time,
    }
}

/// Only administrators make requests, so nothing in them is masked.
pub(in crate::api) fn request(made: RequestFile) -> wire::RequestAnswer {
    let licence = |one: CarriedLicence| wire::CarriedLicence {
        id: one.id,
        revision: one.revision,
        channels: one.channels,
    };
    let left_out = |one: LeftOut| wire::LeftOut {
        what: one.what,
        code: one.code.to_owned(),
        why: one.why,
    };
    let unbound = |why: CannotBind| wire::Unbound {
        code: why.code().to_owned(),
        detail: why.to_string(),
        next: why.next(),
    };
    wire::RequestAnswer {
        dry_run: made.content.is_none(),
        file_name: made.name,
        content: made.content,
        purpose: told(made.purpose),
        chosen: made.chosen,
        host: made.host,
        wanted: made.wanted,
        licences: made.licences.into_iter().map(licence).collect(),
        dongles: made.dongles,
        receipts: made.receipts,
        confirms: made.confirms,
        left_out: made.left_out.into_iter().map(left_out).collect(),
        unbound: made.unbound.map(unbound),
    }
}
