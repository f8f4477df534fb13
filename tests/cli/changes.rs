//! Commands that change what is held, with and without a dry run.

use crate::commands::file;
use crate::program::Home;

const DEVICE: &str = "00:02:D1:1A:2B:3C";
const OTHER: &str = "00:02:D1:1A:2B:4D";

#[test]
fn a_device_is_replaced_in_one_step() {
    let home = Home::new();
    let _service = home.serve();
    home.run(&["allocate", DEVICE, "--feature", "camera"])
        .exits(0);
    let dry = home.run(&["move", DEVICE, OTHER, "--dry-run"]).exits(0);
    assert!(dry.out().ends_with("dry run: nothing was changed\n"));
    let held = home.run(&["allocations", OTHER]).exits(0).out();
    assert_eq!(held, "no allocations\n");

    let moved = home.run(&["move", DEVICE, OTHER]).exits(0).out();
    let first = moved.lines().next().expect("a line");
    assert_eq!(
        first,
        format!("licensed  {OTHER}  camera  1 channel  (moved from {DEVICE})")
    );
    home.run(&["move", DEVICE, OTHER])
        .fails(3, "no-such-allocation");
    home.run(&["allocate", DEVICE, "--feature", "camera"])
        .exits(0);
    home.run(&["move", DEVICE, OTHER])
        .fails(3, "device-holds-channels");
    let json = home
        .run(&["move", OTHER, "SN-4711", "--json"])
        .exits(0)
        .json();
    assert_eq!(json["before"]["device"], OTHER);
    assert_eq!(json["after"]["device"], "SN-4711");
    assert_eq!(json["after"]["id"], json["before"]["id"]);
}

#[test]
fn a_priority_is_set_by_hand_or_by_a_file() {
    let home = Home::new();
    let _service = home.serve();
    let allocate = [
        "allocate",
        DEVICE,
        "--feature",
        "camera",
        "--priority",
        "-2",
    ];
    home.run(&allocate).exits(0);
    let priority = |device: &str| {
        let held = home.run(&["allocations", device, "--json"]).exits(0).json();
        held["allocations"][0]["priority"].as_i64()
    };
    assert_eq!(priority(DEVICE), Some(-2));
    let dry = home
        .run(&["priority", DEVICE, "10", "--dry-run", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&dry["dry_run"], &dry["after"]["priority"]),
        (&true.into(), &10.into())
    );
    assert_eq!(priority(DEVICE), Some(-2));
    let set = home.run(&["priority", DEVICE, "10"]).exits(0).out();
    assert!(set.contains("(priority 10, was -2)"), "{set}");

    let text = format!("device,feature,priority\n{DEVICE},camera,3\n{OTHER},camera,\n");
    let list = file(&home, "cameras.csv", &text);
    home.run(&["allocate", "--from", &list]).exits(0);
    assert_eq!((priority(DEVICE), priority(OTHER)), (Some(3), Some(0)));
    let bad = file(&home, "bad.csv", "device,priority\nSN-1,high\n");
    let refused = home.run(&["allocate", "--from", &bad]).fails(3, "bad-csv");
    assert!(
        refused.contains("bad.csv line 2: the priority"),
        "{refused}"
    );
}
