//! Starting, stopping, and everything that can stand in the way of a start.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;

use crate::program::Home;

const DEVICE: &str = "00:02:D1:1A:2B:3C";

#[test]
fn it_stops_when_told_and_goes_on_where_it_was() {
    let home = Home::new();
    let service = home.serve();
    home.run(&["allocate", DEVICE]).exits(0);
    let socket = service.socket().to_owned();
    assert_eq!(service.stop(Signal::SIGTERM), 0);
    assert!(!socket.exists(), "the socket goes with the service");
    home.run(&["status"]).exits(4);

    let service = home.serve();
    let again = home.run(&["allocate", DEVICE]).exits(0).out();
    assert!(again.contains("(held before)"), "{again}");
    assert_eq!(service.stop(Signal::SIGINT), 0);
}

#[test]
fn after_kill_9_every_answered_allocation_is_there() {
    let home = Home::new();
    for round in 0..3 {
        let service = home.serve();
        let device = format!("camera-{round}");
        home.run(&["allocate", &device, "--feature", "camera"])
            .exits(0);
        service.kill();
    }
    let _service = home.serve();
    let held = home.run(&["allocations", "--json"]).exits(0).json();
    assert_eq!(held["allocations"].as_array().map(Vec::len), Some(3));
    assert_eq!(held["allocations"][2]["state"], "licensed");
}

#[test]
fn channels_are_as_ordered() {
    let home = Home::new();
    let service = home.serve_with(&["--channels", "camera=1,vca=2"]);
    let features = service.banner["status"]["features"]
        .as_array()
        .expect("a list");
    let total = |id: &str| {
        let found = features.iter().find(|feature| feature["id"] == id);
        found.expect("a feature")["total"].clone()
    };
    assert_eq!(
        (total("camera"), total("other-brand"), total("vca")),
        (5.into(), 0.into(), 2.into())
    );
}

#[test]
fn a_second_instance_is_refused_and_the_first_goes_on() {
    let home = Home::new();
    let first = home.serve();
    let socket = first.socket().to_str().expect("a plain path");
    let other = home.path("other");
    let other = other.to_str().expect("a plain path");
    let serve = |more: &[&str]| {
        let mut args = vec!["serve", "--simulate"];
        args.extend(more);
        home.run(&args)
    };

    let same = serve(&["--listen", "none"]).fails(3, "state-in-use");
    assert!(same.contains(&first.id().to_string()), "{same}");
    serve(&["--listen", "none", "--state-dir", other, "--socket", socket])
        .fails(3, "socket-in-use");
    let port = format!("127.0.0.1:{}", first.port());
    let taken = serve(&["--listen", &port, "--state-dir", other]).fails(3, "port-taken");
    assert!(
        taken.contains("--listen 127.0.0.1:0") && taken.contains("--listen none"),
        "{taken}"
    );
    home.run(&["allocate", DEVICE]).exits(0);
}

#[test]
fn a_port_of_another_program_is_named() {
    let home = Home::new();
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = other.local_addr().expect("its number").to_string();
    let taken = home.run(&["serve", "--simulate", "--listen", &port]);
    taken.fails(3, "port-taken");
    let json = home.run(&["serve", "--simulate", "--listen", &port, "--json"]);
    assert_eq!(json.exits(3).json()["code"], "port-taken");
}

#[test]
fn a09_what_stands_at_the_sockets_path_is_left_alone() {
    let home = Home::new();
    let path = home.path("precious");
    fs::write(&path, "text").expect("written");
    let socket = path.to_str().expect("a plain path");
    let serve = [
        "serve",
        "--simulate",
        "--listen",
        "none",
        "--socket",
        socket,
    ];
    home.run(&serve).fails(3, "foreign-file");
    assert_eq!(fs::read_to_string(&path).expect("still there"), "text");
}

#[test]
fn a_damaged_history_is_refused_and_left_as_it_is() {
    let home = Home::new();
    let service = home.serve();
    home.run(&["allocate", DEVICE]).exits(0);
    assert_eq!(service.stop(Signal::SIGTERM), 0);
    let file = home.state().join("tallykey.db");
    let mut bytes = fs::read(&file).expect("the history");
    let device = DEVICE.as_bytes();
    let at = bytes
        .windows(device.len())
        .position(|w| w == device)
        .expect("the device");
    bytes[at + 16] ^= 1;
    fs::write(&file, &bytes).expect("damaged");

    let refused = home.run(&["serve", "--simulate", "--listen", "none"]);
    let refused = refused.fails(1, "history-damaged");
    assert!(
        refused.contains("nothing was changed") && refused.contains("move the folder aside"),
        "{refused}"
    );
    assert!(
        fs::read(&file).expect("still there") == bytes,
        "it was touched"
    );
}

#[test]
fn the_host_key_is_made_once_and_its_loss_is_told() {
    let home = Home::new();
    let path = home.state().join("host-key.pem");
    let log = home.serve().log();
    assert!(log.contains("the host key is made"), "{log}");
    let log = home.serve().log();
    assert!(!log.contains("host key"), "{log}");

    let key = fs::read_to_string(&path).expect("the key");
    fs::remove_file(&path).expect("it was there");
    let log = home.serve().log();
    assert!(
        log.contains("host-key-unbound") && log.contains("a backup"),
        "{log}"
    );
    // Put back as the log says, it is the one that licences name; the log tells that too.
    fs::write(&path, &key).expect("written");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("ours");
    home.run(&["serve", "--simulate", "--listen", "none"])
        .fails(3, "unsafe-host-key");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("ours");
    let log = home.serve().log();
    assert!(log.contains("there is another key"), "{log}");
    let secret = key.lines().nth(1).expect("the first line of it");
    assert!(!log.contains(secret));
}

#[test]
fn the_owner_code_of_the_simulated_dongle_is_shown_and_never_logged() {
    let home = Home::new();
    let file = home.state().join("dongle.flash.owner-code");
    let service = home.serve();
    let shown = service.banner["owner_code"].clone();
    let code = shown["code"].as_str().expect("a code").to_owned();
    assert_eq!(shown["file"], file.to_str().expect("a plain path"));
    let kept = fs::read_to_string(&file).expect("it is kept");
    assert_eq!((kept.trim_end(), code.len()), (&*code, 16));
    let log = service.log();
    assert!(!log.contains(&code), "{log}");

    // A dongle that was made earlier is asked for no new one.
    let again = home.serve();
    assert_eq!(again.banner["owner_code"], shown);
    again.stop(Signal::SIGTERM);
    fs::remove_file(&file).expect("it was there");
    let lost = home.serve();
    assert!(lost.banner["owner_code"]["code"].is_null());
    lost.stop(Signal::SIGTERM);
}

#[test]
fn without_simulate_the_simulators_trust_is_refused() {
    let home = Home::new();
    let vendor = tallykey_signing::simulator::vendor().expect("a vendor");
    let trust = home.path("trust");
    fs::write(&trust, vendor.trust_bundle()).expect("written");
    let profile = home.path("profile");
    let record = vendor
        .sign_profile(&tallykey_signing::simulator::profile())
        .expect("a record");
    fs::write(&profile, record).expect("written");
    let (trust, profile) = (
        trust.to_str().expect("plain"),
        profile.to_str().expect("plain"),
    );
    let refused = home.run(&[
        "serve",
        "--listen",
        "none",
        "--trust",
        trust,
        "--profile",
        profile,
    ]);
    let refused = refused.fails(3, "bad-trust-bundle");
    assert!(refused.contains("--simulate"), "{refused}");
}

#[test]
#[cfg(target_os = "linux")]
fn a04_only_the_socket_and_loopback_listen() {
    let home = Home::new();
    let service = home.serve();
    let process = format!("/proc/{}", service.id());
    let sockets: BTreeSet<String> = fs::read_dir(format!("{process}/fd"))
        .expect("our process")
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| {
            Some(
                link.to_str()?
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect();
    // Local address and inode are columns 1 and 9 (proc_pid_net(5)).
    let bound = |table: &str| -> Vec<String> {
        let text = fs::read_to_string(format!("{process}/net/{table}")).unwrap_or_default();
        let rows = text
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        rows.filter(|row| sockets.contains(row[9]))
            .map(|row| row[1].to_owned())
            .collect()
    };
    let loopback = format!("0100007F:{:04X}", service.port());
    assert_eq!(bound("tcp"), [loopback]);
    for table in ["tcp6", "udp", "udp6", "raw", "raw6"] {
        assert_eq!(bound(table), [""; 0], "{table}");
    }
    for address in ["0.0.0.0:0", "[::]:0"] {
        let other = home.path("other");
        let other = other.to_str().expect("a plain path");
        let open = [
            "serve",
            "--simulate",
            "--state-dir",
            other,
            "--listen",
            address,
        ];
        home.run(&open).fails(3, "not-loopback");
    }
}

#[test]
fn the_next_commands_work_as_they_are_printed() {
    let home = Home::new();
    let elsewhere = home.path("a folder/api.sock");
    for more in [&[][..], &["--socket", elsewhere.to_str().expect("plain")]] {
        let service = home.serve_with(more);
        let commands = service.banner["next"].as_array().expect("a list");
        assert!(commands.len() >= 3, "{commands:?}");
        for command in commands {
            let command = command.as_str().expect("a command");
            assert_eq!(command.contains("--socket"), !more.is_empty(), "{command}");
            // From the folder that the service was started in.
            let ran = home.shell(command).exits(0);
            assert!(!ran.out().is_empty(), "{command}");
        }
        assert_eq!(service.stop(Signal::SIGTERM), 0);
    }
}
