//! The rules in `udev/` are what its generator prints.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Output};

fn generate(arguments: &[&str]) -> Output {
    let script = Command::new("udev/generate.sh").args(arguments).output();
    script.expect("the script runs")
}

#[test]
fn the_rules_are_what_the_generator_prints() {
    for (kind, file) in [
        ("service", "udev/70-tallykey.rules"),
        ("desktop", "udev/desktop/70-tallykey.rules"),
    ] {
        let printed = generate(&[kind, "1209", "0001"]);
        assert!(printed.status.success());
        let kept = fs::read(file).expect(file);
        assert!(
            printed.stdout == kept,
            "{file} is not what `generate.sh {kind}` prints"
        );
    }
}

#[test]
fn the_service_gives_its_group_access_and_no_seat() {
    let rules = String::from_utf8(generate(&["service", "1d50", "6f0c"]).stdout).expect("text");
    assert!(!rules.contains("uaccess"));
    assert_eq!(rules.matches(r#"GROUP="tallykey", MODE="0660""#).count(), 2);
    // The kernel names HID devices in capitals and gives USB attributes in small letters.
    assert!(rules.contains(r#"KERNELS=="*:1D50:6F0C.*""#));
    assert!(rules.contains(r#"ATTR{idVendor}=="1d50", ATTR{idProduct}=="6f0c""#));
}

#[test]
fn ids_that_are_none_are_refused() {
    for bad in [
        &["service", "1209"][..],
        &["service", "1209", "1"],
        &["service", "1D50", "0001"],
        &["service", "12\n9", "0001"],
        &["all", "1209", "0001"],
        &[],
    ] {
        let refused = generate(bad);
        assert_eq!(refused.status.code(), Some(2), "{bad:?}");
        assert!(refused.stdout.is_empty(), "{bad:?}");
    }
}
