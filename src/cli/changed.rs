//! What a change did, or would do, to an allocation and to others.

use tallykey_client::wire::{Allocation, Changed};

use super::{allocate, allocations::paid_by, text::plain};

/// The allocation as it is now, what was changed of it, and whom else that touched.
pub(super) fn readable(changed: &Changed, what: &str) -> String {
    let (before, after) = (paid_by(&changed.before), paid_by(&changed.after));
    let mut out = format!("{}  ({what})\n", allocate::line(&changed.after));
    out.push_str(&format!(
        "  paid by {}, before by {}\n",
        plain(&after),
        plain(&before)
    ));
    out.push_str(&others(&changed.suspended, &changed.resumed));
    out.push_str(dry_run(changed.dry_run));
    out
}

/// Who is licensed now and was not, or the other way round.
pub(super) fn others(suspended: &[Allocation], resumed: &[Allocation]) -> String {
    if suspended.is_empty() && resumed.is_empty() {
        return String::new();
    }
    let lines = suspended.iter().chain(resumed);
    let lines: String = lines
        .map(|one| format!("  {}\n", allocate::line(one)))
        .collect();
    format!("this changes what is licensed:\n{lines}")
}

/// What nobody may take for done.
pub(super) const fn dry_run(dry_run: bool) -> &'static str {
    if dry_run {
        "dry run: nothing was changed\n"
    } else {
        ""
    }
}
