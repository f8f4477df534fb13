//! The knobs of a running simulator, worked with `tallykey-sim ctl`.

use crate::{Running, ask, channel, contains, fails, program};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Output, Stdio};
use tallykey_protocol::frame::{command, init_request};

impl Running {
    fn try_ctl(&self, words: &str) -> Output {
        let mut ctl = program(self.home.path());
        ctl.arg("ctl").args(words.split_whitespace());
        ctl.output().unwrap()
    }

    /// What it prints when it goes well.
    pub(crate) fn ctl(&self, words: &str) -> String {
        let output = self.try_ctl(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ctl {words}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it prints, and its exit code, when it does not.
    fn ctl_fails(&self, words: &str) -> (i32, String) {
        let output = self.try_ctl(words);
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    }

    fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.ctl("--json status")).unwrap()
    }

    fn is(&self, name: &str) -> serde_json::Value {
        self.status()["dongles"][0][name].clone()
    }

    fn counted(&self, counter: &str) -> u64 {
        self.is("counters")[counter].as_u64().expect(counter)
    }
}

/// Whether the dongle has left.
fn is_gone(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 64]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

fn ping(stream: &mut TcpStream, channel: u32, with: u8) -> bool {
    ask(stream, channel, command::PING, &[with; 5]) == [with; 5]
}

#[test]
fn the_plug_is_pulled_and_put_back() {
    let running = Running::start(&[]);
    let mut host = running.connect();
    channel(&mut host);
    assert_eq!(running.ctl("unplug"), "SIM-0001: unplug: done\n");
    assert!(is_gone(&mut host));
    assert_eq!(running.is("plugged"), false);
    assert_eq!(running.counted("unplugs"), 1);
    assert!(running.ctl("status").contains("pulled out, sealed"));
    assert_eq!(running.ctl_fails("suspend").0, 3);
    running.ctl("replug");
    assert_eq!(running.is("plugged"), true);
    assert_eq!(running.counted("replugs"), 1);
    assert!(contains(&running.hello(), "SIM-0001"));
}

#[test]
fn a_fault_from_the_start_meets_its_report_and_is_counted() {
    let running = Running::start(&["--fault", "drop in 1", "--fault", "corrupt in 3 --byte 9"]);
    assert_eq!(
        running.is("armed"),
        serde_json::json!([
            "drop in 1 (0 seen)",
            "corrupt in 3 --byte 9 --xor 0x01 (0 seen)"
        ])
    );
    let mut host = running.connect();
    host.write_all(&init_request([9; 8])).unwrap();
    assert_eq!(running.ctl("wait dropped 1"), "dropped 1\n");
    let channel = channel(&mut host);
    let answer = ask(&mut host, channel, command::PING, &[7; 5]);
    assert_eq!(answer, [7, 7, 6, 7, 7]);
    assert_eq!(running.counted("corrupted"), 1);
    assert_eq!(running.is("armed"), serde_json::json!([]));
}

#[test]
fn reports_come_twice_and_late() {
    let running = Running::start(&[]);
    let mut host = running.connect();
    let channel = channel(&mut host);
    running.ctl("duplicate out 1");
    let once = ask(&mut host, channel, command::PING, b"?");
    let mut twice = [0; 64];
    host.read_exact(&mut twice).unwrap();
    assert_eq!((&once[..], twice[7]), (&b"?"[..], b'?'));
    running.ctl("delay out 1 20");
    assert!(ping(&mut host, channel, 1));
    let counted = ["duplicated", "delayed"].map(|counter| running.counted(counter));
    assert_eq!(counted, [1, 1]);
}

#[test]
fn a_stalled_dongle_loses_what_it_takes_and_a_suspended_one_does_not() {
    let running = Running::start(&[]);
    let mut host = running.connect();
    let channel = channel(&mut host);
    running.ctl("stall");
    host.write_all(&init_request([1; 8])).unwrap();
    running.ctl("wait swallowed 1");
    running.ctl("release");
    assert!(
        ping(&mut host, channel, 1),
        "the answer is to this and no other"
    );

    running.ctl("suspend");
    assert_eq!(running.is("suspended"), true);
    let waiting = std::thread::spawn(move || ping(&mut host, channel, 2));
    running.ctl("wait held 1");
    running.ctl("resume");
    assert!(waiting.join().unwrap(), "on the same channel as before");
    let counted = ["suspends", "resumes"].map(|counter| running.counted(counter));
    assert_eq!(counted, [1, 1]);
}

#[test]
fn a_reset_ends_channels() {
    let running = Running::start(&[]);
    let mut host = running.connect();
    let before = channel(&mut host);
    running.ctl("wait resets 1");
    running.ctl("reset");
    assert_eq!(
        running.counted("resets"),
        2,
        "the first was the host's coming"
    );
    // The framing's error: an invalid channel.
    let refused = ask_for_error(&mut host, before);
    assert_eq!(refused, 0x0B);
    channel(&mut host);
}

fn ask_for_error(host: &mut TcpStream, channel: u32) -> u8 {
    let mut report = [0; 64];
    report[..4].copy_from_slice(&channel.to_be_bytes());
    report[4] = 0x80 | command::PING;
    host.write_all(&report).unwrap();
    host.read_exact(&mut report).unwrap();
    assert_eq!(report[4], 0x80 | command::ERROR);
    report[7]
}

#[test]
fn power_goes_in_a_flash_write_and_the_dongle_with_it() {
    /// The factory's command that makes a key, and writes it.
    const MAKE_KEY: u8 = 0x50;
    let running = Running::start(&["--blank", "--fault", "cut 1 --tear subset:7"]);
    assert_eq!(running.is("cut_planned"), true);
    let mut host = running.connect();
    let channel = channel(&mut host);
    let nonce = [&b"\xA1\x01\x50"[..], &[5; 16]].concat();
    let request = tallykey_protocol::frame::Packets::new(channel, MAKE_KEY, &nonce).unwrap();
    for report in request {
        host.write_all(&report).unwrap();
    }
    assert!(is_gone(&mut host));
    assert_eq!(running.counted("cuts"), 1);
    assert_eq!(running.is("plugged"), false);
    assert_eq!(running.is("cut_planned"), false);
    running.ctl("replug");
    assert_eq!(running.is("lifecycle"), "blank");
    running.hello();
}

#[test]
fn a_hostile_device_is_in_its_place_until_clear() {
    let running = Running::start(&[]);
    running.ctl("hostile control-serial");
    assert_eq!(running.is("hostile"), "control-serial");
    assert!(contains(&running.hello(), "SIM\u{1b}[2J"));
    assert!(running.counted("hostile") > 1);
    running.ctl("hostile vanish 1");
    let mut host = running.connect();
    host.write_all(&init_request([1; 8])).unwrap();
    assert!(is_gone(&mut host));
    assert_eq!(running.ctl("wait vanished 1"), "vanished 1\n");
    running.ctl("clear");
    running.ctl("replug");
    assert_eq!(running.is("hostile"), serde_json::Value::Null);
    assert_eq!(running.counted("vanished"), 0);
    assert!(contains(&running.hello(), "SIM-0001"));
}

#[test]
fn a_wait_ends_when_it_happens_or_says_that_it_has_not() {
    let running = Running::start(&["--sign-time", "1"]);
    let mut waiting = program(running.home.path())
        .args(["ctl", "wait", "unplugs", "2"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    running.ctl("replug");
    assert_eq!(waiting.try_wait().unwrap(), None, "one is not enough");
    running.ctl("unplug");
    assert!(waiting.wait().unwrap().success());
    let (code, said) = running.ctl_fails("wait dropped 1 --timeout 0");
    assert_eq!(code, 3);
    assert!(said.contains("dropped is 0 and not 1") && said.contains("code: not-reached"));
    assert!(running.ctl("status").contains("sign time   1 ms"));
    running.ctl("sign-time 0");
    running.ctl("erase-time 2");
    let times = ["sign_time_ms", "erase_time_ms"].map(|name| running.is(name));
    assert_eq!(times, [0, 2]);
}

#[test]
fn the_button_is_what_it_was_told_to_be() {
    let running = Running::start(&["--button", "reject"]);
    assert_eq!(running.is("button"), "reject");
    running.ctl("button ask");
    assert_eq!(running.is("button"), "ask");
    assert_eq!(running.is("asking"), false);
    let (code, said) = running.ctl_fails("button press");
    assert_eq!(code, 3);
    assert!(said.contains("code: not-asking") && said.contains("wait asked 1"));
}

#[test]
fn several_dongles_are_told_apart_by_serial() {
    let running = Running::usb(&["--count", "2"]);
    let (code, said) = running.ctl_fails("unplug");
    assert_eq!(code, 3);
    assert!(said.contains("--dongle: SIM-0001, SIM-0002"), "{said}");
    running.ctl("--dongle SIM-0002 unplug");
    let status = running.status();
    let plugged = [0, 1].map(|n| status["dongles"][n]["plugged"].clone());
    assert_eq!(plugged, [true, false]);
    let (code, said) = running.ctl_fails("--dongle SIM-0003 unplug");
    assert_eq!((code, said.contains("code: no-such-dongle")), (3, true));
}

#[test]
fn what_ctl_cannot_do_it_says() {
    let running = Running::start(&[]);
    assert_eq!(running.ctl_fails("drop in 0").0, 2);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut ctl = program(elsewhere.path());
    let output = ctl.args(["ctl", "--json", "status"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["error"]["code"], "no-simulator");
    assert!(
        said["error"]["next"]
            .as_str()
            .unwrap()
            .contains("--control")
    );
    let listen = ["serve", "--listen", "127.0.0.1:0"];
    for (more, why) in [
        (["--fault", "drop sideways 1"], "sideways"),
        (["--control", "192.0.2.1:1"], "not a loopback address"),
    ] {
        let said = fails(&[&listen[..], &more].concat());
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn knobs_are_on_a_port_where_somebody_wants_that() {
    let running = Running::start(&["--control", "127.0.0.1:0"]);
    let place = running.value("control").unwrap().to_owned();
    running.ctl(&format!("--control {place} unplug"));
    assert_eq!(running.ctl_fails("status").0, 4, "not in the usual place");
}
