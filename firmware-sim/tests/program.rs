//! The program `tallykey-sim`: what it prints, and that what it prints is so.

#[path = "program/clients.rs"]
mod clients;
#[path = "program/ctl.rs"]
mod ctl;
#[path = "program/docs.rs"]
mod docs;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tallykey_protocol::command::{Command as Wire, Encode, open};
use tallykey_protocol::frame::{
    BROADCAST, Exchange, InitReply, Packets, Progress, command, init_request,
};
use tallykey_protocol::profile::Profile;
use tallykey_protocol::session::public_key;
use tallykey_signing::{Vendor, simulator};

/// Says that this host speaks version 1.
const HELLO: &[u8] = b"\xA2\x01\x01\x02\x01";

const PATIENCE: Duration = Duration::from_secs(60);

/// The program while it serves, and what it printed before it did.
struct Running {
    child: Child,
    lines: Vec<String>,
    /// Where it and its `ctl` find their usual place.
    home: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let listen = ["--listen", "127.0.0.1:0"];
        Self::until("attach", &[&listen, arguments].concat())
    }

    /// On a USB bus.
    fn usb(arguments: &[&str]) -> Self {
        let bus = ["--usbip", "127.0.0.1:0"];
        Self::until("serve", &[&bus, arguments].concat())
    }

    /// Waits for the line that begins with `last`.
    fn until(last: &str, arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = program(home.path())
            .arg("serve")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line.starts_with(last)) {
                break;
            }
        }
        Self { child, lines, home }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.lines
            .iter()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    }

    /// Connects as the printed command says.
    fn connect(&self) -> TcpStream {
        let (command, address) = self.value("attach").unwrap().rsplit_once(" tcp:").unwrap();
        assert!(
            command.ends_with("tallykey serve --simulate --attach"),
            "{command}"
        );
        let stream = TcpStream::connect(address).unwrap();
        // So that a test that would wait for ever fails instead.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// What hello says to a host that has just come.
    fn hello(&self) -> Vec<u8> {
        let mut stream = self.connect();
        let channel = channel(&mut stream);
        ask(&mut stream, channel, 0x40, HELLO)
    }

    /// What it proves to a host that opens it: the product of its grant among that.
    fn opening(&self) -> Vec<u8> {
        let mut stream = self.connect();
        let channel = channel(&mut stream);
        ask(&mut stream, channel, 0x40, HELLO);
        let secret = p256::SecretKey::from_slice(&[1; 32]).unwrap();
        let request = open::Request {
            nonce: [2; 32],
            ephemeral: public_key(&secret),
            host_id: [3; 16],
        };
        let mut message = [0; 256];
        let length = request.encode(&mut message).unwrap();
        let open = Wire::Open.code();
        ask(&mut stream, channel, open, &message[..length])
    }
}

/// The program, whose usual places are in `home`.
fn program(home: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tallykey-sim"));
    program
        .env("XDG_RUNTIME_DIR", home)
        .env_remove("TALLYKEY_SIM_CONTROL");
    program
}

fn channel(stream: &mut TcpStream) -> u32 {
    let request = init_request([3; 8]);
    let reply = exchange(stream, BROADCAST, command::INIT, &[&request[..]]);
    InitReply::parse(&reply, [3; 8]).unwrap().channel
}

/// Sends one message, and returns the answer to it.
fn ask(stream: &mut TcpStream, channel: u32, command: u8, message: &[u8]) -> Vec<u8> {
    let request: Vec<_> = Packets::new(channel, command, message).unwrap().collect();
    let request: Vec<&[u8]> = request.iter().map(|report| &report[..]).collect();
    exchange(stream, channel, command, &request)
}

fn exchange(stream: &mut TcpStream, channel: u32, command: u8, reports: &[&[u8]]) -> Vec<u8> {
    stream.write_all(&reports.concat()).unwrap();
    let mut exchange = Exchange::new(channel, command);
    loop {
        let mut report = [0; 64];
        stream.read_exact(&mut report).unwrap();
        if let Progress::Done(message) = exchange.feed(&report) {
            return message.to_vec();
        }
    }
}

fn fails(arguments: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = program(home.path()).args(arguments).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn contains(message: &[u8], part: &str) -> bool {
    message
        .windows(part.len())
        .any(|window| window == part.as_bytes())
}

#[test]
fn it_says_loudly_what_it_is_and_how_to_attach() {
    let running = Running::start(&["--serial", "SIM-4711"]);
    assert!(running.lines.iter().any(|line| line.contains("SIMULATED")));
    assert_eq!(running.value("owner code").map(str::len), Some(16));
    assert!(contains(&running.hello(), "SIM-4711"));
}

#[test]
fn a_blank_dongle_stays_blank() {
    let running = Running::start(&["--blank"]);
    assert_eq!(running.value("owner code"), None);
    assert!(!contains(&running.hello(), "SIM-0001"));
}

#[test]
fn a_dongle_in_a_file_is_the_same_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let flash = folder.path().join("dongle.flash");
    let flash = flash.to_str().unwrap();
    let first = Running::start(&["--flash", flash]);
    let code = first.value("owner code").unwrap().to_owned();
    let file = format!("{flash}.owner-code");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert_eq!(code, format!("{}, kept in {file}", kept.trim_end()));
    assert!(
        fails(&["serve", "--listen", "127.0.0.1:0", "--flash", flash])
            .contains("belongs to a dongle that is running")
    );
    drop(first);
    let bytes = std::fs::read(flash).unwrap();

    let second = Running::start(&["--flash", flash]);
    assert_eq!(second.value("owner code"), Some(code.as_str()));
    drop(second);
    assert_eq!(
        std::fs::read(flash).unwrap(),
        bytes,
        "nothing was left to do"
    );

    std::fs::remove_file(&file).unwrap();
    let more = Running::start(&["--flash", flash, "--channels", "camera=65"]);
    let lost = format!("not known: {file} is not there");
    assert_eq!(more.value("owner code"), Some(lost.as_str()));
    drop(more);
    let why = fails(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--flash",
        flash,
        "--channels",
        "camera=64",
    ]);
    assert!(
        why.contains("65 channels of `camera` and counts never fall"),
        "{why}"
    );
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let flash = folder.path().join("dongle.flash");
    let flash = flash.to_str().unwrap();
    for (arguments, why) in [
        (&["serve", "--flash", flash][..], "--listen"),
        (
            &["serve", "--listen", "0.0.0.0:0", "--flash", flash],
            "not a loopback address",
        ),
        (
            &[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--flash",
                flash,
                "--serial",
                "sim 1",
            ],
            "capital letters",
        ),
        (
            &[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--flash",
                flash,
                "--channels",
                "camera",
            ],
            "FEATURE=COUNT",
        ),
    ] {
        let said = fails(arguments);
        assert!(said.contains(why), "{said}");
        assert!(!Path::new(flash).exists(), "{why}");
    }
    let said = fails(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--channels",
        "cameras=1",
    ]);
    assert!(
        said.contains("no feature `cameras`") && said.contains("other-brand"),
        "{said}"
    );
}

#[test]
fn a_usb_bus_lists_as_many_dongles_as_are_counted() {
    let running = Running::usb(&["--count", "2", "--serial", "SIM-0009"]);
    let mut lines = running.lines.clone();
    lines.retain(|line| line.starts_with("attach"));
    let [first, second] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert!(first.ends_with("attach -r 127.0.0.1 -b 1-1"), "{first}");
    assert!(second.ends_with("attach -r 127.0.0.1 -b 1-2"), "{second}");
    for serial in ["SIM-0009,", "SIM-0010,"] {
        let said = running.lines.iter().any(|line| line.contains(serial));
        assert!(said, "{serial} {:?}", running.lines);
    }
    let port = first
        .split_whitespace()
        .skip_while(|word| *word != "--tcp-port")
        .nth(1)
        .unwrap();
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    // OP_REQ_DEVLIST; the number of devices follows the head of the answer.
    stream
        .write_all(&[0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0])
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[8..], [0, 0, 0, 2]);
}

#[test]
fn what_only_a_usb_bus_can_do_is_refused_elsewhere() {
    let listen = ["serve", "--listen", "127.0.0.1:0"];
    for more in [&["--count", "2"][..], &["--frame-pacing"]] {
        let why = fails(&[&listen[..], more].concat());
        assert!(
            why.contains("cannot be used with") && why.contains(more[0]),
            "{why}"
        );
    }
    let usbip = ["serve", "--usbip", "127.0.0.1:0"];
    let why = fails(&[&usbip[..], &["--count", "2", "--serial", "SIM"]].concat());
    assert!(why.contains("does not end in a number"), "{why}");
    assert!(fails(&[&usbip[..], &["--count", "0"]].concat()).contains("--count"));
    assert!(fails(&["serve", "--usbip", "0.0.0.0:0"]).contains("not a loopback address"));
}

#[test]
fn channels_are_for_the_product_that_is_named() {
    assert!(contains(&Running::start(&[]).opening(), "tallykey-vms"));
    let other = Running::start(&["--product", "other-vms"]);
    assert!(contains(&other.opening(), "other-vms"));
    let said = fails(&["serve", "--listen", "127.0.0.1:0", "--product", "VMS"]);
    assert!(said.contains("small letters"), "{said}");
}

#[test]
fn channels_are_for_the_product_of_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("product.profile");
    let serve = ["--profile", file.to_str().unwrap()];
    let profile = Profile {
        product: "signed-vms",
        ..simulator::profile()
    };
    let vendor = simulator::vendor().unwrap();
    std::fs::write(&file, vendor.sign_profile(&profile).unwrap()).unwrap();
    assert!(contains(&Running::start(&serve).opening(), "signed-vms"));

    let fails = || fails(&[&["serve", "--listen", "127.0.0.1:0"], &serve[..]].concat());
    let other = Vendor::generate("Other", true, simulator::ISSUED_AT, getrandom::fill).unwrap();
    let profile = Profile {
        vendor: "Other",
        ..profile
    };
    std::fs::write(&file, other.sign_profile(&profile).unwrap()).unwrap();
    let why = "no product profile of the simulator's vendor";
    assert!(fails().contains(why));
    std::fs::write(&file, "no profile").unwrap();
    assert!(fails().contains(why));
}
