//! Memory: MemTotal, as the size that is sold. SMBIOS would tell each module, but to root alone, and a value must
//! not depend on who reads it.

use tallykey_protocol::target::Part;

use super::super::{canonical, fact};
use super::tree::Tree;
use super::{present, unreadable};
use crate::licence::machine_binding::Fact;

const FILE: &str = "proc/meminfo";

pub(super) fn read(tree: &Tree) -> Fact {
    let state = match tree.text(FILE) {
        Ok(text) => present(text.as_deref().and_then(total).and_then(canonical::memory)),
        Err(error) => unreadable(FILE, &error),
    };
    fact(Part::Memory, "/proc/meminfo", state)
}

/// KiB; the file says kB and means 1024 bytes (proc_meminfo(5)).
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
