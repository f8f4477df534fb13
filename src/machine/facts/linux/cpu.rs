//! The processor: what identifies its make, from /proc/cpuinfo. Its speed, microcode, flags and the number of its
//! cores change with settings and updates and are left out.

use std::collections::BTreeSet;

use tallykey_protocol::target::Part;

use super::super::{canonical, fact};
use super::tree::Tree;
use super::{present, unreadable};
use crate::licence::machine_binding::Fact;

const FILE: &str = "proc/cpuinfo";

/// What names a make, by architecture; the first that is complete counts.
const MAKES: [(&str, &[&str]); 3] = [
    (
        "x86",
        &["vendor_id", "cpu family", "model", "stepping", "model name"],
    ),
    (
        "arm",
        &["CPU implementer", "CPU variant", "CPU part", "CPU revision"],
    ),
    ("riscv", &["mvendorid", "marchid", "mimpid"]),
];

pub(super) fn read(tree: &Tree) -> Fact {
    let state = match tree.text(FILE) {
        Ok(text) => present(text.as_deref().and_then(make)),
        Err(error) => unreadable(FILE, &error),
    };
    fact(Part::Cpu, "/proc/cpuinfo", state)
}

/// Every different make among the processors: some machines have two.
fn make(cpuinfo: &str) -> Option<String> {
    let makes: BTreeSet<String> = cpuinfo.split("\n\n").filter_map(of_processor).collect();
    let makes: Vec<_> = makes.into_iter().collect();
    (!makes.is_empty()).then(|| makes.join(" + "))
}

fn of_processor(block: &str) -> Option<String> {
    let value = |key: &str| {
        let mut lines = block.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(name, _)| name.trim() == key)?;
        Some(canonical::words(value)).filter(|value| !value.is_empty())
    };
    MAKES.iter().find_map(|(architecture, keys)| {
        let values: Option<Vec<_>> = keys.iter().map(|key| value(key)).collect();
        Some(format!("{architecture} {}", values?.join("/")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_with_updates_is_left_out() {
        let block = |mhz: &str| {
            format!(
                "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 167\n\
                 model name\t: Intel(R) Xeon(R)  E-2336 CPU @ 2.90GHz\nstepping\t: 1\n\
                 cpu MHz\t\t: {mhz}\n"
            )
        };
        let one = make(&block("800.1"));
        assert_eq!(
            one.as_deref(),
            Some("x86 GenuineIntel/6/167/1/Intel(R) Xeon(R) E-2336 CPU @ 2.90GHz")
        );
        assert_eq!(one, make(&format!("{}\n{}", block("2900.0"), block("1.0"))));
        assert_eq!(make("processor\t: 0\nvendor_id\t: GenuineIntel\n"), None);
    }

    #[test]
    fn big_and_little_cores_are_one_machine_in_any_order() {
        let core = |part: &str| {
            format!(
                "processor : 0\nCPU implementer : 0x41\nCPU variant : 0x0\nCPU part : {part}\n\
                 CPU revision : 4\n"
            )
        };
        let (little, big) = (core("0xd03"), core("0xd09"));
        let one = make(&format!("{little}\n{big}"));
        assert_eq!(
            one.as_deref(),
            Some("arm 0x41/0x0/0xd03/4 + arm 0x41/0x0/0xd09/4")
        );
        assert_eq!(one, make(&format!("{big}\n{little}\n{little}")));
    }
}
