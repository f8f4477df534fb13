//! Converting at a terminal: shown, confirmed, done with the owner code of the banner, and listed.

use crate::commands::file;
use crate::program::Home;

fn tree(name: &str) -> String {
    format!("{}/tests/machine/trees/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_dongle_becomes_a_software_licence_as_a_technician_would_do_it() {
    let home = Home::new();
    let service = home.serve_with(&["--machine-root", &tree("server")]);
    for device in ["SN-1", "SN-2"] {
        home.run(&["allocate", device, "--feature", "camera"])
            .exits(0);
    }
    let code = service.banner["owner_code"]["code"]
        .as_str()
        .expect("a code")
        .to_owned();
    let slip = file(&home, "slip.txt", &format!("{code}\n"));
    let wrong = file(&home, "wrong.txt", "AAAA-AAAA-AAAA-AAAA\n");

    let dry = home.run(&["convert", "--dry-run"]).exits(0).out();
    assert!(
        dry.contains("SIM-0001 to a software licence of this machine"),
        "{dry}"
    );
    assert!(dry.contains("this machine: dongle → software"), "{dry}");
    assert!(dry.ends_with("dry run: nothing was changed\n"), "{dry}");
    // Nobody is there to be asked.
    home.run(&["convert"]).fails(3, "not-agreed");
    home.run(&["convert", "--yes"])
        .fails(3, "owner-code-needed");
    home.run(&["convert", "--yes", "--owner-code-file", &wrong])
        .fails(3, "owner-code-wrong");
    home.run(&["convert", "--lines", "camera=1", "--dry-run"])
        .fails(3, "convert-all-here");

    let done = home
        .run(&["convert", "--yes", "--owner-code-file", &slip])
        .exits(0)
        .out();
    assert!(done.contains("software licence "), "{done}");
    let status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status["authentication_type"], "software");
    assert_eq!(status["dongles"][0]["state"], "empty");
    let camera = &status["features"][0];
    assert_eq!(
        (camera["total"].as_u64(), camera["suspended"].as_u64()),
        (Some(68), Some(0))
    );
    let listed = home.run(&["conversions", "list"]).exits(0).out();
    assert!(listed.contains("this machine"), "{listed}");
    home.run(&["convert", "--dry-run"]).fails(3, "dongle-empty");
    let log = service.log();
    assert!(!log.contains(&code), "a07: the owner code is in no log");
}
