//! Files of devices: all of it or nothing, and a wrong line is named.

use std::fmt::Write;

use crate::commands::file;
use crate::program::Home;

fn cameras(count: usize) -> String {
    (0..count).fold("device,feature,model\n".to_owned(), |mut text, n| {
        writeln!(
            text,
            "00:02:D1:00:{:02X}:{:02X},camera,IB9389-EHT",
            n / 256,
            n % 256
        )
        .expect("a string");
        text
    })
}

fn nothing_is_held(home: &Home) {
    let held = home.run(&["allocations", "--json"]).exits(0).json();
    assert_eq!(held["allocations"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_bad_line_57_is_named_and_nothing_is_imported() {
    let home = Home::new();
    let _service = home.serve();
    let import = |text: &str| {
        let path = file(&home, "cameras.csv", text);
        home.run(&["allocate", "--from", &path])
    };
    // Line 57 holds device 55: the header is line 1.
    let good = cameras(60);
    let mac = "00:02:D1:00:00:37";
    for (wrong, code, named) in [
        (
            "00:02:D1:00:00:3",
            "bad-device-id",
            "line 57, column 1 (device): \"00:02:D1:00:00:3\"",
        ),
        (
            "00:02:D1:00:00:3G",
            "bad-device-id",
            "line 57, column 1 (device): \"00:02:D1:00:00:3G\"",
        ),
        ("", "bad-device-id", "line 57, column 1 (device): \"\""),
        (
            "00:02:D1:00:00:37,camera",
            "bad-csv",
            "line 57: it has 4 fields and the header has 3",
        ),
    ] {
        let refused = import(&good.replace(mac, wrong)).fails(3, code);
        assert!(refused.contains(named), "{refused}");
        assert!(refused.contains("nothing was allocated"), "{refused}");
        nothing_is_held(&home);
    }
    let feature = good.replace(&format!("{mac},camera"), &format!("{mac},camra"));
    let refused = import(&feature).fails(3, "unknown-feature");
    assert!(
        refused.contains("line 57, column 2 (feature)") && refused.contains("camra"),
        "{refused}"
    );
    nothing_is_held(&home);
}

#[test]
fn one_too_many_changes_nothing() {
    let home = Home::new();
    let _service = home.serve();
    let path = file(&home, "cameras.csv", &cameras(69));
    let refused = home
        .run(&["allocate", "--from", &path])
        .fails(3, "no-channel-left");
    assert!(refused.contains("line 70"), "{refused}");
    nothing_is_held(&home);

    let problem = home
        .run(&["allocate", "--from", &path, "--json"])
        .exits(3)
        .json();
    assert_eq!(
        (&problem["line"], &problem["owned"]),
        (&70.into(), &68.into())
    );
    let path = file(&home, "cameras.csv", &cameras(68));
    home.run(&["allocate", "--from", &path]).exits(0);
}

#[test]
fn a_file_may_name_a_device_twice_and_be_imported_again() {
    let home = Home::new();
    let _service = home.serve();
    let twice = format!("{}0002.d100.0001,camera,IB9389-EHT\n", cameras(3));
    let path = file(&home, "cameras.csv", &twice);
    let done = home.run(&["allocate", "--from", &path]).exits(0).out();
    assert!(
        done.contains("3 devices (1 line named again), in one step"),
        "{done}"
    );
    let again = home
        .run(&["allocate", "--from", &path, "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&again["created"], &again["existing"]),
        (&0.into(), &4.into())
    );
}

#[test]
fn a_file_is_judged_before_a_service_is_looked_for() {
    let home = Home::new();
    home.run(&["allocate", "--from", "/nonexistent.csv"])
        .fails(3, "file-unreadable");
    let path = file(&home, "cameras.csv", "mac,feature\n");
    home.run(&["allocate", "--from", &path]).fails(3, "bad-csv");
    let problem = home
        .run(&["allocate", "--from", &path, "--json"])
        .exits(3)
        .json();
    assert_eq!(
        (&problem["code"], &problem["line"]),
        (&"bad-csv".into(), &1.into())
    );
}
