//! Claims of a dongle's grants: the first one, and the next one from the one it holds.

use tallykey_protocol::{
    grant::{Convert, Grant, Line},
    id::{PublicKey, thumbprint},
    limits::LINES_MAX,
    list::List,
    profile::Profile,
};

/// The dongle that a grant is for.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Its serial.
    pub serial: &'a str,
    /// The key in its certificate.
    pub key: &'a PublicKey,
}

/// Revision 1 of a dongle's grant for the product of `profile`: not convertible, no labels; the caller
/// changes what its order says otherwise. `issued_at` in seconds since 1970.
#[must_use]
pub fn first_grant<'a>(
    profile: &Profile<'a>,
    holder: Holder<'a>,
    lines: List<Line<'a>, LINES_MAX>,
    issued_at: u64,
) -> Grant<'a> {
    Grant {
        vendor: profile.vendor,
        serial: holder.serial,
        thumbprint: thumbprint(holder.key),
        issued_at,
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
    }
}

/// The grant that follows `held`: revision + 1, other lines, everything else kept but what answered one
/// request. A dongle takes exactly this revision, and counts on it may only rise.
#[must_use]
pub fn next_grant<'a>(
    held: &Grant<'a>,
    lines: List<Line<'a>, LINES_MAX>,
    issued_at: u64,
) -> Grant<'a> {
    Grant {
        issued_at,
        revision: held.revision + 1,
        lines,
        request_nonce: None,
        absorbs: List::default(),
        ..*held
    }
}
