//! The main board: SMBIOS serial numbers and UUID, else the serial number of the device tree.

use std::io::{self, ErrorKind};

use tallykey_protocol::target::Part;

use super::super::{canonical, fact};
use super::unreadable;
use crate::licence::machine_binding::{Fact, State};

/// Where the kernel shows SMBIOS strings. The three below are root's alone.
const SMBIOS: &str = "sys/class/dmi/id";

/// Where a privileged step may have put copies of them for the service.
const COPIES: &str = "run/tallykey/firmware";

/// Serial number of a board without SMBIOS; the second is where older kernels show it.
const DEVICE_TREE: [&str; 2] = [
    "sys/firmware/devicetree/base/serial-number",
    "proc/device-tree/serial-number",
];

type Canonical = fn(&str) -> Option<String>;

/// What names one board (SMBIOS 3.7 §7.3 and §7.2): file, its name in the canonical value, and its spelling.
const IDENTITY: [(&str, &str, Canonical); 3] = [
    ("board_serial", "board", canonical::serial),
    ("product_serial", "system", canonical::serial),
    ("product_uuid", "uuid", canonical::uuid),
];

/// Reads the board through `text`, the text of a file below the root.
pub(super) fn read(text: impl Fn(&str) -> io::Result<Option<String>>) -> Fact {
    let smbios = match smbios(&text) {
        Ok(Some(value)) => State::Present { value },
        Ok(None) => State::Absent,
        Err(state) => state,
    };
    if smbios != State::Absent {
        return fact(Part::Board, "SMBIOS", smbios);
    }
    let state = match device_tree(&text) {
        Ok(Some(value)) => State::Present { value },
        Ok(None) => return fact(Part::Board, "SMBIOS, device tree", State::Absent),
        Err(state) => state,
    };
    fact(Part::Board, "device tree", state)
}

/// Every part of the identity or none: a value that depends on who reads it would not match later.
fn smbios(text: impl Fn(&str) -> io::Result<Option<String>>) -> Result<Option<String>, State> {
    let mut found = Vec::new();
    let mut denied = Vec::new();
    for (file, name, canonical) in IDENTITY {
        let path = format!("{SMBIOS}/{file}");
        let text = match text(&path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                match text(&format!("{COPIES}/{file}")) {
                    Ok(Some(copy)) => Some(copy),
                    Ok(None) | Err(_) => {
                        denied.push(path);
                        None
                    }
                }
            }
            text => text.map_err(|error| unreadable(&path, &error))?,
        };
        if let Some(value) = text.as_deref().and_then(canonical) {
            found.push(format!("{name}={value}"));
        }
    }
    if !denied.is_empty() {
        return Err(only_for_root(&denied));
    }
    Ok((!found.is_empty()).then(|| format!("smbios {}", found.join(";"))))
}

fn device_tree(text: impl Fn(&str) -> io::Result<Option<String>>) -> Result<Option<String>, State> {
    for path in DEVICE_TREE {
        let found = text(path).map_err(|error| unreadable(path, &error))?;
        if let Some(serial) = found.as_deref().and_then(canonical::serial) {
            return Ok(Some(format!("device-tree serial={serial}")));
        }
    }
    Ok(None)
}

fn only_for_root(files: &[String]) -> State {
    let files: Vec<_> = files.iter().map(|file| format!("/{file}")).collect();
    let files = files.join(" ");
    State::Unreadable {
        why: format!("only root may read {files}"),
        next: format!(
            "ask as root to see it; for a service that is not root, copy it before the start: \
             install -D -m 0440 -g tallykey -t /{COPIES} {files}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "4c4c4544-0042-5110-8034-b7c04f4b3633\n";

    /// A board whose SMBIOS strings are root's alone, with these copies of them.
    fn as_user(copies: &[(&str, &str)]) -> Fact {
        read(|path| {
            if path.starts_with(SMBIOS) {
                return Err(ErrorKind::PermissionDenied.into());
            }
            let copy = copies
                .iter()
                .find(|(file, _)| path == format!("{COPIES}/{file}"));
            Ok(copy.map(|(_, text)| (*text).to_owned()))
        })
    }

    #[test]
    fn what_is_roots_alone_is_unreadable_and_not_absent() {
        let State::Unreadable { why, next } = as_user(&[]).state else {
            panic!("it cannot be read");
        };
        assert!(why.contains("only root may read /sys/class/dmi/id/board_serial"));
        assert!(next.contains("install -D -m 0440"), "{next}");
    }

    #[test]
    fn copies_stand_in_for_all_of_it_or_for_nothing() {
        let copies = [
            ("board_serial", ".7BQ4K63.\n"),
            ("product_serial", "Default string\n"),
            ("product_uuid", UUID),
        ];
        let by_root = read(|path| {
            let copy = copies
                .iter()
                .find(|(file, _)| path == format!("{SMBIOS}/{file}"));
            Ok(copy.map(|(_, text)| (*text).to_owned()))
        });
        assert_eq!(as_user(&copies), by_root);
        let value = "smbios board=.7BQ4K63.;uuid=4C4C4544-0042-5110-8034-B7C04F4B3633";
        assert_eq!(by_root.value(), Some(value));
        let State::Unreadable { why, .. } = as_user(&copies[..2]).state else {
            panic!("the uuid cannot be read");
        };
        assert_eq!(why, "only root may read /sys/class/dmi/id/product_uuid");
    }

    #[test]
    fn a_file_that_fails_is_unreadable() {
        let failing = read(|path| match path.contains("product_uuid") {
            true => Err(io::Error::other("input/output error")),
            false => Ok(None),
        });
        assert!(
            matches!(failing.state, State::Unreadable { .. }),
            "{failing:?}"
        );
    }
}
