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

#[test]
fn lines_are_parked_named_and_put_in_order() {
    let home = Home::new();
    let _service = home.serve();
    for number in 0..6 {
        let device = format!("00:02:D1:00:00:0{number}");
        home.run(&["allocate", &device, "--feature", "camera"])
            .exits(0);
    }
    let licences = home.run(&["licences", "--json"]).exits(0).json();
    let line = |licences: &serde_json::Value| {
        let lines = licences["lines"].as_array().expect("a list");
        let line = lines.iter().find(|line| line["count"] == 64);
        line.expect("the dongle's cameras").clone()
    };
    let id = line(&licences)["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        (&line(&licences)["used"], &licences["policy"]),
        (&2.into(), &"shortest-first".into())
    );

    let dry = home
        .run(&["licences", "park", &id, "--dry-run"])
        .exits(0)
        .out();
    assert!(
        dry.contains("this changes what is licensed:\n  suspended  00:02:D1:00:00:04"),
        "{dry}"
    );
    assert!(dry.ends_with("dry run: nothing was changed\n"), "{dry}");
    let parked = home
        .run(&["licences", "park", &id, "--json"])
        .exits(0)
        .json();
    assert_eq!(parked["suspended"].as_array().map(Vec::len), Some(2));
    assert_eq!(line(&parked["licences"])["parked"], true);
    let full = ["allocate", "00:02:D1:00:00:99", "--feature", "camera"];
    let refused = home.run(&full).fails(3, "no-channel-left");
    assert!(refused.contains("put parked lines back"), "{refused}");
    let back = home
        .run(&["licences", "unpark", &id, "--json"])
        .exits(0)
        .json();
    assert_eq!(back["resumed"].as_array().map(Vec::len), Some(2));

    let device = "00:02:D1:00:00:00";
    let paid_by = || {
        let held = home.run(&["allocations", device, "--json"]).exits(0).json();
        held["allocations"][0]["lines"][0]["id"].clone()
    };
    assert_eq!(paid_by(), "free/camera");
    home.run(&["pay", device]).exits(2);
    home.run(&["pay", device, "TK-9/x/1"])
        .fails(3, "no-such-line");
    let named = home.run(&["pay", device, &id]).exits(0).out();
    assert!(
        named.contains(&format!("paid by {id}, before by free/camera")),
        "{named}"
    );
    assert_eq!(paid_by(), id.as_str());
    home.run(&["pay", device, "--by-policy"]).exits(0);
    assert_eq!(paid_by(), "free/camera");
    home.run(&["licences", "policy", "cheapest-first"]).exits(2);
    let policy = home
        .run(&["licences", "policy", "longest-first"])
        .exits(0)
        .out();
    assert!(
        policy.ends_with("which line pays: longest-first\n"),
        "{policy}"
    );
}

#[test]
fn a_channel_for_a_time_is_renewed() {
    let home = Home::new();
    let _service = home.serve();
    let allocate = ["allocate", DEVICE, "--feature", "camera", "--ttl", "600"];
    let held = home.run(&allocate).exits(0).out();
    assert!(held.contains("  1 channel  until 20"), "{held}");
    let dry = ["renew", DEVICE, "--ttl", "86400", "--dry-run"];
    let renewed = home.run(&dry).exits(0).out();
    assert!(renewed.contains("(renewed)"), "{renewed}");
    assert!(
        renewed.ends_with("dry run: nothing was changed\n"),
        "{renewed}"
    );
    home.run(&["renew", DEVICE, "--ttl", "5"])
        .fails(3, "bad-ttl");
    // Asked for without an end it lasts.
    home.run(&["allocate", DEVICE]).exits(0);
    home.run(&["renew", DEVICE, "--ttl", "600"])
        .fails(3, "not-for-a-time");
}

#[test]
fn need_is_a_table_or_a_document() {
    let home = Home::new();
    let _service = home.serve();
    home.run(&["allocate", DEVICE, "--feature", "camera"])
        .exits(0);
    let table = home.run(&["need"]).exits(0).out();
    let row = table.lines().find(|line| line.starts_with("camera"));
    let words: Vec<_> = row.expect("a row").split_whitespace().collect();
    assert_eq!(words, ["camera", "now", "1", "68", "0"]);
    let json = home.run(&["need", "--json"]).exits(0).json();
    assert_eq!(json["features"][0]["now"]["owned"], 68);
}
