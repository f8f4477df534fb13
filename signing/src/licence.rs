//! Claims of software licences: for a machine, for the devices with certain addresses, and the next one.

use tallykey_protocol::{
    grant::Convert,
    id::thumbprint,
    licence::{Holder, Licence, Line},
    limits::LICENCE_LINES_MAX,
    list::List,
    profile::Profile,
    target::Target,
};

/// Revision 1 of a licence of `machine` for the product of `profile`: not convertible, no labels, answering no
/// request; the caller changes what its order says otherwise. `issued_at` in seconds since 1970.
#[must_use]
pub fn machine_licence<'a>(
    profile: &Profile<'a>,
    machine: &Target,
    lines: List<Line<'a>, LICENCE_LINES_MAX>,
    issued_at: u64,
) -> Licence<'a> {
    let holder = Holder::Machine {
        thumbprint: thumbprint(&machine.host_key),
        binding: machine.binding(),
    };
    licence(profile, holder, lines, issued_at)
}

/// [`machine_licence`] for no machine: each of `lines` names the devices that it is for.
#[must_use]
pub fn mac_licence<'a>(
    profile: &Profile<'a>,
    lines: List<Line<'a>, LICENCE_LINES_MAX>,
    issued_at: u64,
) -> Licence<'a> {
    licence(profile, Holder::Macs, lines, issued_at)
}

/// The licence that takes the place of `held`, whose digest is `identity`: revision + 1, other lines, everything
/// else kept but what answered one request. It absorbs `held`.
#[must_use]
pub fn next_licence<'a>(
    held: &Licence<'a>,
    identity: [u8; 32],
    lines: List<Line<'a>, LICENCE_LINES_MAX>,
    issued_at: u64,
) -> Licence<'a> {
    Licence {
        issued_at,
        revision: held.revision + 1,
        lines,
        request_nonce: None,
        absorbs: List::of(&[identity]).unwrap_or_default(),
        desk_nonce: None,
        ..*held
    }
}

fn licence<'a>(
    profile: &Profile<'a>,
    holder: Holder,
    lines: List<Line<'a>, LICENCE_LINES_MAX>,
    issued_at: u64,
) -> Licence<'a> {
    Licence {
        vendor: profile.vendor,
        issued_at,
        holder,
        product: profile.product,
        revision: 1,
        profile_revision: profile.revision,
        request_nonce: None,
        lines,
        convert: Convert::None,
        flags: 0,
        absorbs: List::default(),
        customer: "",
        project: "",
        desk_nonce: None,
    }
}
