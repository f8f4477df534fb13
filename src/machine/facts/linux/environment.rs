//! Physical, virtual or contained: told, never refused.

use super::super::canonical;
use super::tree::Tree;
use crate::licence::machine_binding::Environment;

/// How words that firmware and hypervisors write of themselves begin, in small letters, and whose machine that is. A
/// space at the end asks for a whole word; a maker of hardware too is named with its product.
const HYPERVISORS: [(&str, &str); 15] = [
    ("vmware", "VMware"),
    ("virtualbox", "VirtualBox"),
    ("innotek", "VirtualBox"),
    ("microsoft corporation virtual machine", "Hyper-V"),
    ("parallels", "Parallels"),
    ("bhyve", "bhyve"),
    ("xen ", "Xen"),
    ("kvm", "KVM"),
    ("qemu", "QEMU"),
    ("bochs", "QEMU"),
    ("openstack", "OpenStack"),
    ("ovirt", "oVirt"),
    ("google compute engine", "Google"),
    ("amazon ec2", "Amazon"),
    ("apple virtualization", "Apple"),
];

/// How words begin in what is written of containers.
const CONTAINERS: [(&str, &str); 6] = [
    ("kube", "kubernetes"),
    ("libpod", "podman"),
    ("podman", "podman"),
    ("docker", "docker"),
    ("lxc", "lxc"),
    ("systemd-nspawn", "systemd-nspawn"),
];

pub(super) fn read(tree: &Tree) -> Environment {
    Environment {
        hypervisor: hypervisor(tree),
        container: container(tree),
        product: product(tree),
    }
}

fn dmi(tree: &Tree, name: &str) -> Option<String> {
    let text = tree.hint(&format!("sys/class/dmi/id/{name}"))?;
    Some(canonical::words(&text)).filter(|text| !text.is_empty())
}

fn product(tree: &Tree) -> Option<String> {
    let names: Vec<_> = ["sys_vendor", "product_name"]
        .into_iter()
        .filter_map(|name| dmi(tree, name))
        .filter(|name| canonical::serial(name).is_some())
        .collect();
    if !names.is_empty() {
        return Some(names.join(" "));
    }
    let model = tree.hint("sys/firmware/devicetree/base/model")?;
    Some(canonical::words(&model)).filter(|model| !model.is_empty())
}

fn hypervisor(tree: &Tree) -> Option<&'static str> {
    // Xen's own first domain drives the hardware.
    let privileged = tree.hint("proc/xen/capabilities");
    if privileged.is_some_and(|text| text.contains("control_d")) {
        return None;
    }
    let vendor = dmi(tree, "sys_vendor").unwrap_or_default();
    let name = dmi(tree, "product_name").unwrap_or_default();
    // A whole machine of a cloud.
    if vendor == "Amazon EC2" && name.contains(".metal") {
        return None;
    }
    let said = [
        format!("{vendor} {name}"),
        dmi(tree, "bios_vendor").unwrap_or_default(),
        tree.hint("sys/hypervisor/type").unwrap_or_default(),
        tree.hint("sys/firmware/devicetree/base/hypervisor/compatible")
            .unwrap_or_default(),
    ];
    let known = said.iter().find_map(|text| named(text, &HYPERVISORS));
    known.or_else(|| {
        let cpuinfo = tree.hint("proc/cpuinfo")?;
        let mut flags = cpuinfo.lines().filter(|line| line.starts_with("flags"));
        let set = flags.any(|line| line.split_whitespace().any(|flag| flag == "hypervisor"));
        set.then_some("unknown")
    })
}

fn container(tree: &Tree) -> Option<&'static str> {
    if tree.exists("run/secrets/kubernetes.io") || tree.exists("var/run/secrets/kubernetes.io") {
        return Some("kubernetes");
    }
    if tree.exists("run/.containerenv") {
        return Some("podman");
    }
    if tree.exists(".dockerenv") {
        return Some("docker");
    }
    // Written by managers that follow systemd's container interface; else the environment of the first process
    // (root's alone) and its control groups.
    if let Some(told) = tree.hint("run/systemd/container") {
        return Some(named(&told, &CONTAINERS).unwrap_or("unknown"));
    }
    let environ = tree.hint("proc/1/environ").unwrap_or_default();
    let mut variables = environ.split('\0');
    if let Some(told) = variables.find_map(|variable| variable.strip_prefix("container=")) {
        return Some(named(told, &CONTAINERS).unwrap_or("unknown"));
    }
    named(&tree.hint("proc/1/cgroup")?, &CONTAINERS)
}

fn named(text: &str, marks: &[(&str, &'static str)]) -> Option<&'static str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-');
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let text = format!(" {} ", words.join(" ").to_lowercase());
    let found = marks
        .iter()
        .find(|(mark, _)| text.contains(&format!(" {mark}")));
    found.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypervisors_and_containers_are_known_by_what_they_write() {
        let table = [
            ("QEMU Standard PC (Q35 + ICH9, 2009)", Some("QEMU")),
            ("Red Hat KVM", Some("KVM")),
            ("VMware, Inc. VMware20,1", Some("VMware")),
            ("innotek GmbH VirtualBox", Some("VirtualBox")),
            ("Microsoft Corporation Virtual Machine", Some("Hyper-V")),
            ("Microsoft Corporation Surface Pro 9", None),
            ("Xen HVM domU", Some("Xen")),
            ("Xenon Systems Radon Duo", None),
            ("linux,kvm\0", Some("KVM")),
            ("Dell Inc. PowerEdge R350", None),
            ("", None),
        ];
        for (text, hypervisor) in table {
            assert_eq!(named(text, &HYPERVISORS), hypervisor, "{text:?}");
        }
        let table = [
            ("12:pids:/docker/0f3c", Some("docker")),
            (
                "0::/kubepods.slice/kubepods-burstable.slice",
                Some("kubernetes"),
            ),
            ("1:name=systemd:/lxc.payload.recorder", Some("lxc")),
            ("0::/machine.slice/libpod-1a2b.scope", Some("podman")),
            ("systemd-nspawn\n", Some("systemd-nspawn")),
            ("0::/init.scope", None),
        ];
        for (text, container) in table {
            assert_eq!(named(text, &CONTAINERS), container, "{text:?}");
        }
    }
}
