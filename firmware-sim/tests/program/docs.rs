//! The integrator's page is true: each of its `ctl` commands is run, one after the other.

use crate::Running;

#[test]
fn the_knobs_of_the_integrators_page_work_as_it_says() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/integrate-usbip.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let blocks = page.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|rest| rest.split("```").next().unwrap_or_default().lines());
    let commands = lines.filter_map(|line| line.strip_prefix("target/release/tallykey-sim ctl "));
    let commands: Vec<&str> = commands.collect();
    assert!(commands.len() > 15, "the page has lost its commands");
    let running = Running::usb(&["--serial", "SIM-0001"]);
    for words in commands {
        running.ctl(words);
    }
    assert!(running.ctl("status").contains("plugged in, sealed"));
}
