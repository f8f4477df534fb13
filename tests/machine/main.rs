//! Recorded trees of five kinds of machine, read as the machine itself is, and bound to. Their serial numbers and
//! addresses are invented; where sysfs has links they have folders, and dots for the colons in names, so that every
//! system can check them out.

mod change;
mod program;

use std::path::{Path, PathBuf};

use tallykey::licence::machine_binding::{Bindable, Environment, Facts, State, name};
use tallykey::machine::facts::{LinuxMachine, Machine};

fn tree(kind: &str) -> PathBuf {
    Path::new("tests/machine/trees").join(kind)
}

fn facts(kind: &str) -> Facts {
    LinuxMachine::at(tree(kind)).facts()
}

/// What each component is: its value, `(absent)`, or the place and why it is not taken.
fn told(facts: &Facts) -> Vec<String> {
    let told = facts.components.iter().map(|fact| {
        let place = &fact.place;
        match &fact.state {
            State::Present { value } => value.clone(),
            State::Absent => format!("({}: absent)", name(fact.part)),
            State::NotCounted { why, .. } => format!("({place}: {why})"),
            State::Unreadable { why, .. } => format!("({place}: unreadable: {why})"),
        }
    });
    told.collect()
}

fn weight(facts: &Facts) -> u32 {
    Bindable::of(facts).expect("bindable").weight()
}

fn environment(facts: &Facts) -> &Environment {
    facts.environment.as_ref().expect("a Linux machine")
}

#[test]
fn a_server_with_bonded_cards_bridges_and_a_management_card() {
    let server = facts("server");
    assert_eq!(
        told(&server),
        [
            "smbios board=.7TKY001.CNFCP0012A3B4C.;system=7TKY001;uuid=4C4C4544-0054-4B10-8059-B7C04F303031",
            "x86 GenuineIntel/6/167/1/Intel(R) Xeon(R) E-2336 CPU @ 2.90GHz",
            "memory 64 GiB",
            // The bond gave both cards one address; each keeps its own.
            "mac B0:7B:25:00:10:01",
            "mac B0:7B:25:00:10:02",
            "mac B4:96:91:00:20:01",
            "(idrac: it is on USB: whoever carries it would carry the licence)",
            "display 102B:0536:1028:0A6B",
        ]
    );
    assert_eq!(weight(&server), 10);
    let here = environment(&server);
    assert_eq!((here.kind().name(), here.hypervisor), ("physical", None));
    assert_eq!(here.product.as_deref(), Some("Dell Inc. PowerEdge R350"));
}

#[test]
fn a_small_computer_whose_maker_left_a_serial_out() {
    let nuc = facts("nuc");
    assert_eq!(
        told(&nuc),
        [
            "smbios system=G6TN00000TKY;uuid=A1B2C3D4-0E5F-11EC-8001-88AEDD000001",
            "x86 GenuineIntel/6/140/1/11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz",
            "memory 16 GiB",
            "mac 88:AE:DD:00:00:01",
            "(wlo1: unreadable: its address was set by software, and no file tells the permanent one)",
            "(enx00e04c000001: it is on USB: whoever carries it would carry the licence)",
            "display 8086:9A49:8086:3002",
        ]
    );
    assert_eq!(weight(&nuc), 9);
    assert_eq!(environment(&nuc).kind().name(), "physical");
}

#[test]
fn a_virtual_machine_with_an_identity_of_its_own() {
    let vm = facts("vm");
    assert_eq!(
        told(&vm),
        [
            "smbios uuid=5C1E9B60-7A44-4D2F-9C3B-000000000001",
            "x86 AuthenticAMD/25/1/1/AMD EPYC-Milan Processor",
            "memory 8 GiB",
            "(ens18: its address was chosen by software: it is locally administered)",
            "display 1234:1111:1AF4:1100",
        ]
    );
    assert_eq!(weight(&vm), 8);
    let here = environment(&vm);
    assert_eq!(
        (here.kind().name(), here.hypervisor),
        ("virtual-machine", Some("QEMU"))
    );
}

#[test]
fn a_container_shows_too_little_and_is_told_what_it_can_have() {
    let container = facts("container");
    assert_eq!(
        told(&container),
        [
            "(board: absent)",
            "x86 GenuineIntel/6/106/6/Intel(R) Xeon(R) Processor @ 2.60GHz",
            "memory 4 GiB",
            "(network: absent)",
            "(display: absent)",
        ]
    );
    let refused = Bindable::of(&container).expect_err("no identity");
    assert_eq!(refused.code(), "machine-not-unique");
    let here = environment(&container);
    assert_eq!(
        (here.kind().name(), here.container),
        ("container", Some("docker"))
    );
    assert_eq!(here.hypervisor, Some("unknown"));
}

#[test]
fn a_board_without_smbios_has_the_serial_of_its_device_tree() {
    let board = facts("board");
    assert_eq!(
        told(&board),
        [
            "device-tree serial=10000000A1B2C3D4",
            "arm 0x41/0x0/0xd08/3",
            "memory 4 GiB",
            "mac DC:A6:32:00:00:01",
            "mac DC:A6:32:00:00:02",
            "(display: absent)",
        ]
    );
    assert_eq!(weight(&board), 9);
    let here = environment(&board);
    assert_eq!(here.kind().name(), "physical");
    assert_eq!(
        here.product.as_deref(),
        Some("Raspberry Pi 4 Model B Rev 1.4")
    );
}

#[test]
fn a_folder_with_nothing_in_it_is_a_machine_that_shows_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = LinuxMachine::at(folder.path()).facts();
    assert_eq!(nothing.components.len(), 5);
    assert!(Bindable::of(&nothing).is_err());
    assert!(nothing.unreadable().is_empty());
}
