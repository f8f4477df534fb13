//! The same trees after something changed: a copy of each is edited as the hardware would.

use std::fs;
use std::path::Path;

use tallykey::licence::machine_binding::{Bindable, Change, Facts, Match, judge, name};
use tallykey::machine::facts::{LinuxMachine, Machine};
use tempfile::TempDir;

use crate::{facts, tree};

const SALT: [u8; 16] = [0x5A; 16];

/// A tree that may be changed.
struct Changed {
    folder: TempDir,
}

impl Changed {
    fn from(kind: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&tree(kind), folder.path());
        Self { folder }
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.folder.path().join(path);
        assert!(path.exists(), "{} is not in the tree", path.display());
        fs::write(path, text).expect("written");
        self
    }

    fn remove(&self, path: &str) -> &Self {
        fs::remove_dir_all(self.folder.path().join(path)).expect("it was there");
        self
    }

    fn facts(&self) -> Facts {
        LinuxMachine::at(self.folder.path()).facts()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("its kind").is_dir() {
            fs::create_dir(&to).expect("a folder");
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file");
        }
    }
}

fn judged(kind: &str, now: &Facts) -> Match {
    let before = facts(kind);
    let binding = Bindable::of(&before).expect("bindable").record(SALT);
    judge(&binding, now).expect("our own record")
}

fn drift(judged: &Match) -> Vec<(&'static str, Change)> {
    let drift = judged.drift().iter();
    drift
        .map(|drift| (name(drift.part), drift.change))
        .collect()
}

#[test]
fn what_updates_and_reboots_change_is_no_drift() {
    let changed = Changed::from("server");
    let cpuinfo = fs::read_to_string(tree("server").join("proc/cpuinfo")).expect("a file");
    let cpuinfo = cpuinfo.replace("microcode\t: 0x5d", "microcode\t: 0x63");
    let cpuinfo = cpuinfo.replace("avx2", "avx2 avx512f");
    changed
        .write("proc/cpuinfo", &cpuinfo)
        // A newer kernel keeps more for itself; the bond was taken apart; another order of names.
        .write("proc/meminfo", "MemTotal:       64212344 kB\n")
        .write("sys/class/net/eno1/addr_assign_type", "0\n")
        .remove("sys/class/net/eno1/bonding_slave")
        .remove("sys/class/net/veth31c9");
    let net = changed.folder.path().join("sys/class/net");
    fs::rename(net.join("eno2"), net.join("aaa")).expect("renamed");
    let judged = judged("server", &changed.facts());
    assert!(judged.holds() && judged.drift().is_empty(), "{judged:?}");
}

#[test]
fn a_server_may_lose_or_change_any_one_thing() {
    let table: [(&str, &str, &str); 5] = [
        ("sys/class/dmi/id/board_serial", "ANOTHER\n", "board"),
        ("proc/meminfo", "MemTotal: 131640000 kB\n", "memory"),
        (
            "sys/class/net/eno1/bonding_slave/perm_hwaddr",
            "b0:7b:25:00:99:01\n",
            "network",
        ),
        (
            "sys/bus/pci/devices/0000.03.00.0/device",
            "0x0538\n",
            "display",
        ),
        (
            "proc/cpuinfo",
            "vendor_id : A\ncpu family : 1\nmodel : 2\nstepping : 3\nmodel name : B\n",
            "cpu",
        ),
    ];
    for (path, text, part) in table {
        let changed = Changed::from("server");
        let judged = judged("server", &changed.write(path, text).facts());
        assert!(judged.holds(), "{part}: {judged:?}");
        assert_eq!(drift(&judged), [(part, Change::Replaced)]);
    }
}

#[test]
fn a_clone_of_a_virtual_machine_holds_nothing() {
    let clone = Changed::from("vm");
    let uuid = "sys/class/dmi/id/product_uuid";
    clone.write(uuid, "5c1e9b60-7a44-4d2f-9c3b-000000000002\n");
    let judged = judged("vm", &clone.facts());
    assert!(!judged.holds(), "{judged:?}");
    assert_eq!(drift(&judged), [("board", Change::Replaced)]);
}

#[test]
fn another_machine_of_the_same_make_holds_nothing() {
    let other = Changed::from("board");
    other
        .write(
            "sys/firmware/devicetree/base/serial-number",
            "10000000a1b2c3d5\0",
        )
        .write("sys/class/net/eth0/address", "dc:a6:32:00:00:03\n")
        .write("sys/class/net/wlan0/address", "dc:a6:32:00:00:04\n");
    let judged = judged("board", &other.facts());
    assert_eq!((judged.recorded(), judged.matched()), (9, 3));
    assert!(!judged.holds());
}

#[test]
fn a_carried_usb_card_carries_no_licence() {
    let other = Changed::from("nuc");
    other
        .write(
            "sys/class/dmi/id/product_uuid",
            "a1b2c3d4-0e5f-11ec-8001-88aedd000002\n",
        )
        .write("sys/class/net/enp88s0/address", "88:ae:dd:00:00:02\n");
    // The USB card is plugged in there with the same address.
    assert!(!judged("nuc", &other.facts()).holds());
}

#[test]
fn what_cannot_be_read_is_told_apart_from_what_is_gone() {
    let changed = Changed::from("vm");
    let uuid = changed.folder.path().join("sys/class/dmi/id/product_uuid");
    // A folder where a file was: reading it fails, for root as well.
    fs::remove_file(&uuid).expect("it was there");
    fs::create_dir(&uuid).expect("a folder");
    changed.remove("sys/bus/pci/devices");
    let judged = judged("vm", &changed.facts());
    assert_eq!(
        drift(&judged),
        [("board", Change::Unreadable), ("display", Change::Missing)]
    );
    assert!(!judged.holds());
}
