//! Which hidraw nodes there are, cheaply: at each look hidapi reads all that /sys says of every HID device and of what it
//! hangs on.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Found, Match};

/// Where Linux lists hidraw nodes.
const CLASS: &str = "/sys/class/hidraw";

/// The nodes with wanted ids, each as `hidraw0 0003:1209:0001.0005`: the last number is another one
/// each time a device is plugged in. `None` where the system does not list them so.
pub(super) fn nodes(wanted: Match) -> Option<BTreeSet<String>> {
    listed(Path::new(CLASS), wanted)
}

fn listed(class: &Path, wanted: Match) -> Option<BTreeSet<String>> {
    let ids = format!(":{:04X}:{:04X}.", wanted.vendor, wanted.product);
    let mut nodes = BTreeSet::new();
    for entry in class.read_dir().ok()?.flatten() {
        // A node that vanishes meanwhile is not there.
        let Ok(device) = entry.path().join("device").read_link() else {
            continue;
        };
        let device = device.file_name().unwrap_or_default().to_string_lossy();
        if device.contains(&ids) {
            nodes.insert(format!("{} {device}", entry.file_name().to_string_lossy()));
        }
    }
    Some(nodes)
}

/// Those whose node is still there.
pub(super) fn that_stayed(nodes: &BTreeSet<String>, found: &[Found]) -> Vec<Found> {
    let names: BTreeSet<&str> = nodes.iter().filter_map(|n| n.split(' ').next()).collect();
    found
        .iter()
        .filter(|found| names.contains(found.key.trim_start_matches("/dev/")))
        .cloned()
        .collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::create_dir;
    use std::os::unix::fs::symlink;

    #[test]
    fn nodes_of_other_devices_do_not_count_and_each_plug_is_another() {
        let class = tempfile::tempdir().expect("a folder");
        let add = |node: &str, device: &str| {
            let node = class.path().join(node);
            create_dir(&node).expect("a folder");
            symlink(Path::new("../../..").join(device), node.join("device")).expect("a link");
        };
        let wanted = Match::default();
        assert_eq!(listed(class.path(), wanted), Some(BTreeSet::new()));
        add("hidraw0", "0003:046D:C52B.0001");
        add("hidraw1", "0003:1209:0001.0005");
        create_dir(class.path().join("hidraw2")).expect("one that is just going");
        let first = listed(class.path(), wanted).expect("a list");
        assert_eq!(Vec::from_iter(&first), ["hidraw1 0003:1209:0001.0005"]);
        std::fs::remove_dir_all(class.path().join("hidraw1")).expect("unplugged");
        add("hidraw1", "0003:1209:0001.0006");
        assert_ne!(listed(class.path(), wanted), Some(first));
    }

    #[test]
    fn a_system_without_such_a_list_is_not_one_without_dongles() {
        let absent = Path::new("/nonexistent/class/hidraw");
        assert_eq!(listed(absent, Match::default()), None);
    }

    #[test]
    fn of_several_those_stay_whose_node_does() {
        let found = |number| Found::new(format!("/dev/hidraw{number}"), None);
        let nodes = [
            "hidraw1 0003:1209:0001.0005",
            "hidraw12 0003:1209:0001.0007",
        ];
        let nodes = nodes.map(str::to_owned).into();
        let before = [found(1), found(2), found(12)];
        assert_eq!(that_stayed(&nodes, &before), [found(1), found(12)]);
    }
}
