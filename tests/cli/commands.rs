//! Each command, for people and for programs.

use std::io::Write;
use std::process::Stdio;

use crate::program::Home;

const DEVICE: &str = "00:02:D1:1A:2B:3C";

#[test]
fn a_first_evening_with_the_product() {
    let home = Home::new();
    let _service = home.serve();
    let status = home.run(&["status"]).exits(0).out();
    assert!(status.contains("*** SIMULATED ***"), "{status}");
    assert!(status.contains("authentication type: dongle"), "{status}");
    let camera = |status: &str| {
        let row = status.lines().find(|line| line.starts_with("camera"));
        let words: Vec<String> = row
            .expect("a row")
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        words[1..6].join(" ")
    };
    assert_eq!(camera(&status), "68 4 0 68 0");

    let allocate = || {
        home.run(&["allocate", DEVICE, "--feature", "camera"])
            .exits(0)
            .out()
    };
    assert_eq!(
        allocate(),
        format!("licensed  {DEVICE}  camera  1 channel  (new)\n")
    );
    assert_eq!(
        allocate(),
        format!("licensed  {DEVICE}  camera  1 channel  (held before)\n")
    );

    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cameras.csv");
    let import = home.run(&["allocate", "--from", list]).exits(0).out();
    assert!(import.contains("100 devices, in one step"), "{import}");
    assert_eq!(camera(&home.run(&["status"]).exits(0).out()), "68 4 68 0 0");

    let next = ["allocate", "00:02:D1:FF:FF:01", "--feature", "camera"];
    let refused = home.run(&next).fails(3, "no-channel-left");
    for fact in ["68 owned", "68 used", "4 of 4 free"] {
        assert!(refused.contains(fact), "{refused}");
    }
    home.run(&["release", "0002.d11a.2b3c"]).exits(0);
    home.run(&next).exits(0);
    home.run(&["release", DEVICE])
        .fails(3, "no-such-allocation");
}

#[test]
fn every_command_prints_one_json_document() {
    let home = Home::new();
    let service = home.serve();
    assert_eq!(service.banner["status"]["simulated"], true);
    assert_eq!(service.banner["status"]["dongles"][0]["state"], "open");

    let status = home.run(&["status", "--json"]).exits(0).json();
    for member in [
        "authentication_type",
        "simulated",
        "features",
        "dongles",
        "age_ms",
        "version",
    ] {
        assert!(status.get(member).is_some(), "{member}");
    }
    let camera = &status["features"][0];
    for (member, value) in [
        ("total", 68),
        ("free", 4),
        ("used", 0),
        ("available", 68),
        ("suspended", 0),
    ] {
        assert_eq!(camera[member], value, "{member}");
    }
    let serial = status["dongles"][0]["serial"].as_str().expect("a serial");

    let held = home.run(&["allocate", DEVICE, "--json"]).exits(0).json();
    assert_eq!(
        (&held["feature"], &held["state"]),
        (&"camera".into(), &"licensed".into())
    );
    let id = held["id"].as_str().expect("an id");
    assert_eq!(
        home.run(&["allocations", DEVICE, "--json"]).exits(0).json()["allocations"][0],
        held
    );
    assert_eq!(
        home.run(&["release", id, "--json"]).exits(0).json()["id"],
        id
    );
    assert_eq!(
        home.run(&["licences", "--json"]).exits(0).json()["lines"][0]["plan"],
        "free"
    );
    assert_eq!(
        home.run(&["dongle", "list", "--json"]).exits(0).json()["dongles"][0]["serial"],
        serial
    );
    assert_eq!(
        home.run(&["dongle", "info", serial, "--json"])
            .exits(0)
            .json()["state"],
        "open"
    );
    assert_eq!(
        home.run(&["dongle", "wink", "--json"]).exits(0).json()["winked"],
        true
    );
    let history = home
        .run(&["history", "--after", "1", "--limit", "2", "--json"])
        .exits(0)
        .json();
    assert_eq!(history["entries"].as_array().expect("a list").len(), 2);
    assert_eq!(history["entries"][0]["seq"], 2);

    let made = home
        .run(&["token", "create", "--role", "viewer", "--json"])
        .exits(0)
        .json();
    assert!(made["secret"].as_str().expect("a secret").len() > 32);
    let token = made["id"].as_str().expect("an id");
    assert_eq!(
        home.run(&["token", "list", "--json"]).exits(0).json()["tokens"][0]["id"],
        token
    );
    assert_eq!(
        home.run(&["token", "revoke", token, "--json"])
            .exits(0)
            .json()["id"],
        token
    );

    let problem = home
        .run(&["allocate", "00:02:D1:1A:2B:3", "--json"])
        .exits(3);
    assert_eq!(
        (problem.json()["code"].as_str(), problem.err()),
        (Some("bad-device-id"), String::new())
    );
    assert_eq!(problem.json()["status"], 422);
    let problem = home.run(&["release", DEVICE, "--json"]).exits(3).json();
    assert_eq!(problem["code"], "no-such-allocation");
}

#[test]
fn a_device_with_several_features_is_released_by_name() {
    let home = Home::new();
    let _service = home.serve();
    for feature in ["camera", "vca"] {
        home.run(&["allocate", DEVICE, "--feature", feature])
            .exits(0);
    }
    let which = home.run(&["release", DEVICE]).fails(3, "which-feature");
    assert!(which.contains("camera, vca"), "{which}");
    let released = home
        .run(&["release", DEVICE, "--feature", "vca"])
        .exits(0)
        .out();
    assert_eq!(released, format!("released  {DEVICE}  vca  1 channel\n"));
}

#[test]
fn a08_hostile_labels_stay_text() {
    let home = Home::new();
    let _service = home.serve();
    let label = "<script>\u{202E}%s";
    let made = home.run(&["token", "create", "--role", "viewer", "--label", label]);
    // Refused or escaped, it never reaches the terminal as it is.
    let listed = home.run(&["token", "list"]).exits(0).out();
    for shown in [made.out(), made.err(), listed] {
        assert!(!shown.contains('\u{202E}'), "{shown}");
    }
}

#[test]
fn a_closed_pipe_is_no_error_and_colour_is_for_terminals() {
    let home = Home::new();
    let _service = home.serve();
    let mut child = home
        .command(&["status"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let refused = home.run(&["allocate", "00:02"]);
    for text in [home.run(&["status"]).out(), refused.err()] {
        assert!(!text.contains('\x1b'), "{text:?}");
    }
}

#[test]
fn wrong_usage_and_an_absent_service_have_their_exit_codes() {
    let home = Home::new();
    home.run(&["frobnicate"]).exits(2);
    home.run(&["allocate"]).exits(2);
    home.run(&["allocate", DEVICE, "--from", "x.csv"]).exits(2);
    home.run(&["serve"]).fails(2, "no-vendor");
    let absent = home.run(&["status"]).fails(4, "service-unreachable");
    assert!(
        absent.contains(&home.state().join("api.sock").display().to_string()),
        "{absent}"
    );
    let problem = home.run(&["status", "--json"]).exits(4).json();
    assert_eq!(problem["code"], "service-unreachable");
}

#[test]
#[ignore = "needs root: check.sh runs it"]
fn a19_a_socket_of_another_user_is_not_asked() {
    let home = Home::new();
    let path = home.path("squatted.sock");
    let squatter = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    std::os::unix::fs::chown(&path, Some(65_534), None).expect("root may");
    let path = path.to_str().expect("a plain path");
    let refused = home
        .run(&["status", "--socket", path])
        .fails(5, "foreign-socket");
    assert!(refused.contains("uid 65534"), "{refused}");
    squatter.set_nonblocking(true).expect("a socket");
    assert!(squatter.accept().is_err(), "it was not even connected to");
}

/// Writes a file and gives its path.
pub(crate) fn file(home: &Home, name: &str, text: &str) -> String {
    let path = home.path(name);
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    path.display().to_string()
}
