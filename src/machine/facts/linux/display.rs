//! The display card: every PCI device of the class display.

use tallykey_protocol::target::Part;

use super::super::fact;
use super::tree::Tree;
use super::{present, unreadable};
use crate::licence::machine_binding::Fact;

const FOLDER: &str = "sys/bus/pci/devices";

/// PCI base class of display controllers (PCI Code and ID Assignment 1.16 §1.4), as sysfs writes it.
const DISPLAY: &str = "0x03";

/// What names a card's make.
const IDS: [&str; 4] = ["vendor", "device", "subsystem_vendor", "subsystem_device"];

pub(super) fn read(tree: &Tree) -> Fact {
    let state = match tree.names(FOLDER) {
        Ok(names) => {
            let mut cards: Vec<_> = names.iter().filter_map(|name| card(tree, name)).collect();
            cards.sort_unstable();
            let all = (!cards.is_empty()).then(|| format!("display {}", cards.join(" + ")));
            present(all)
        }
        Err(error) => unreadable(FOLDER, &error),
    };
    fact(Part::Display, "PCI", state)
}

fn card(tree: &Tree, name: &str) -> Option<String> {
    let folder = format!("{FOLDER}/{name}");
    let text = |file: &str| tree.hint(&format!("{folder}/{file}"));
    // A virtual function comes and goes with the settings of the card that it is of.
    if !text("class")?.starts_with(DISPLAY) || tree.exists(&format!("{folder}/physfn")) {
        return None;
    }
    let ids: Option<Vec<_>> = IDS
        .iter()
        .map(|file| {
            let id = text(file)?;
            Some(id.trim().trim_start_matches("0x").to_uppercase())
        })
        .collect();
    Some(ids?.join(":"))
}
