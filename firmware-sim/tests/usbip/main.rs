//! The simulated dongle on a USB bus, seen by a host that speaks USB/IP. What a real kernel makes of it is shown by
//! tests/vm.

mod client;
mod faults;
mod hostile;

use client::{Host, Reply, STALLED, UNLINKED, list};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};
use tallykey_protocol::frame::{BROADCAST, command, init_request};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_signing::{Vendor, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};
use tallykey_sim::socket::BindError;
use tallykey_sim::usbip::Server;

static VENDOR: LazyLock<Vendor> = LazyLock::new(|| simulator::vendor().expect("a vendor"));

fn blank(serial: &str) -> SimDongle {
    let flash = SimFlash::blank(chip_id(serial));
    SimDongle::plug(SimPlatform::new(flash, Clock::real())).expect("it boots")
}

fn sell(dongle: &SimDongle, serial: &str) {
    let order = Order {
        serial,
        profile: &simulator::profile(),
        channels: &[("camera", 64)],
        raise: false,
        convert: Convert::None,
        now: simulator::ISSUED_AT,
    };
    // The end of a host that had it resets the bus in the middle of this. Asked again it goes on where it stopped.
    while provision(dongle, &VENDOR, &order, |_| Ok(())).is_err() {}
}

/// Serves these dongles until the test program ends.
fn bus(dongles: &[&SimDongle], paced: bool) -> SocketAddr {
    let mut server = Server::bind("127.0.0.1:0".parse().unwrap(), paced).expect("a free port");
    for (n, dongle) in dongles.iter().enumerate() {
        let busid = server.plug((*dongle).clone()).expect("a thread");
        assert_eq!(busid, format!("1-{}", n + 1));
    }
    let address = server.address();
    thread::spawn(move || server.serve());
    address
}

fn one() -> SocketAddr {
    bus(&[&blank("SIM-0001")], false)
}

#[test]
fn every_dongle_is_listed_and_one_host_has_it() {
    let address = bus(&[&blank("SIM-0001"), &blank("SIM-0002")], false);
    assert_eq!(list(address), ["1-1", "1-2"]);
    let _first = Host::attach(address, "1-1").expect("nobody has it");
    let _second = Host::attach(address, "1-2").expect("nobody has it");
    assert_eq!(Host::attach(address, "1-1").err(), Some(2), "in use");
    assert_eq!(Host::attach(address, "1-3").err(), Some(4), "not there");
    assert_eq!(Host::attach(address, "").err(), Some(4), "no bus id");
}

#[test]
fn it_enumerates_as_a_hid_device_of_the_vendors_page() {
    let mut host = Host::attach(one(), "1-1").expect("nobody has it");
    let device = host.descriptor(0x80, 1, 0).unwrap();
    // USB 2.0, class in the interface, packets of 64 bytes, 1209:0001, version 0.10, three strings.
    assert_eq!(
        device,
        [
            18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x10, 0x00, 1, 2, 3, 1
        ]
    );
    let configuration = host.descriptor(0x80, 2, 0).unwrap();
    assert_eq!(configuration.len(), 9 + 9 + 9 + 7 + 7);
    assert_eq!(configuration[8], 50, "100 mA in units of 2 mA");
    assert_eq!(configuration[9..18], [9, 4, 0, 0, 2, 3, 0, 0, 0]);
    assert_eq!(
        configuration[18..27],
        [9, 0x21, 0x11, 0x01, 0, 1, 0x22, 27, 0]
    );
    assert_eq!(configuration[27..34], [7, 5, 0x81, 3, 64, 0, 1]);
    assert_eq!(configuration[34..41], [7, 5, 0x01, 3, 64, 0, 1]);
    host.configure();
    let report = host.descriptor(0x81, 0x22, 0).unwrap();
    assert_eq!(report.len(), 27);
    assert_eq!(report[..7], [0x06, 0xA0, 0xFF, 0x09, 0x01, 0xA1, 0x01]);
    assert_eq!(host.descriptor(0x81, 0x21, 0).unwrap().len(), 9);
    assert_eq!(
        (host.string(1), host.string(2)),
        ("Tallykey".into(), "Tallykey dongle".into())
    );
}

#[test]
fn hid_requests_are_answered_and_others_stall_and_harm_nothing() {
    let mut host = Host::configured(one(), "1-1");
    assert_eq!(host.control([0x21, 0x0A, 0, 0, 0, 0, 0, 0]), Ok(vec![]));
    assert_eq!(host.control([0xA1, 0x02, 0, 0, 0, 0, 1, 0]), Ok(vec![0]));
    assert_eq!(
        host.control([0xA1, 0x01, 0, 1, 0, 0, 64, 0]),
        Ok(vec![0; 64])
    );
    assert_eq!(host.descriptor(0x80, 0x0F, 0), Err(STALLED), "no BOS");
    assert_eq!(host.descriptor(0x81, 0x22, 1), Err(STALLED));
    assert_eq!(host.control([0x21, 0x0B, 1, 0, 0, 0, 0, 0]), Err(STALLED));
    // Data to the device: SET_REPORT, of a length that the stack takes and of one that it does not.
    for length in [64, 200] {
        let seq = host.submit_out(0, &vec![0; length], [0x21, 9, 0, 2, 0, 0, length as u8, 0]);
        assert_eq!(host.done(seq), Err(STALLED), "{length}");
    }
    // Setup packet and transfer contradict each other.
    let seq = host.submit_out(0, &[0; 3], [0x21, 9, 0, 2, 0, 0, 2, 0]);
    assert_eq!(host.done(seq), Err(STALLED));
    assert_eq!(host.string(2), "Tallykey dongle");
    host.channel();
}

#[test]
fn the_serial_string_is_the_chip_id_until_there_is_a_serial() {
    let dongle = blank("SIM-0001");
    let address = bus(&[&dongle], false);
    let chip: String = chip_id("SIM-0001")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut host = Host::configured(address, "1-1");
    assert_eq!(host.string(3), chip);
    drop(host);
    sell(&dongle, "SIM-0001");
    let mut host = Host::attach_after(address, "1-1", 2);
    assert_eq!(host.string(3), "SIM-0001");
}

#[test]
fn a_read_waits_until_there_is_a_report() {
    let mut host = Host::configured(one(), "1-1");
    let waiting = host.read();
    // What is asked later is answered first: the read is not.
    host.string(2);
    let written = host.write(&init_request([1; 8]));
    let (mut answered, mut report) = (0, Vec::new());
    for _ in 0..2 {
        match host.try_reply().unwrap() {
            Reply::Done {
                seq,
                status: 0,
                moved: 64,
                data,
            } if seq == waiting => report = data,
            Reply::Done {
                seq,
                status: 0,
                moved: 64,
                ..
            } if seq == written => answered += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(answered, 1);
    assert_eq!(report[..5], [0xFF, 0xFF, 0xFF, 0xFF, 0x86]);
}

#[test]
fn an_unlinked_read_ends_and_the_next_one_gets_the_report() {
    let mut host = Host::configured(one(), "1-1");
    let waiting = host.read();
    let cancel = host.unlink(waiting);
    let ended = Reply::Unlinked {
        seq: cancel,
        status: UNLINKED,
    };
    assert_eq!(host.try_reply().unwrap(), ended);
    let written = host.write(&init_request([1; 8]));
    assert_eq!(host.done(written), Ok(vec![]));
    let read = host.read();
    assert_eq!(host.done(read).map(|report| report.len()), Ok(64));
    // That one is over already.
    let late = host.unlink(read);
    assert_eq!(
        host.try_reply().unwrap(),
        Reply::Unlinked {
            seq: late,
            status: 0
        }
    );
}

#[test]
fn a_message_of_the_longest_comes_back_whole() {
    let mut host = Host::configured(one(), "1-1");
    let channel = host.channel();
    let message: Vec<u8> = (0..MESSAGE_MAX).map(|n| n as u8).collect();
    assert_eq!(host.exchange(channel, command::PING, &message), Ok(message));
}

#[test]
fn twenty_times_in_and_out_each_begins_anew() {
    let address = one();
    let mut before = None;
    for _ in 0..20 {
        let mut host = Host::attach_after(address, "1-1", 2);
        host.configure();
        if let Some(channel) = before {
            let stale = host.exchange(channel, command::PING, b"?");
            assert!(stale.is_err(), "a channel of before: {stale:?}");
        }
        let channel = host.channel();
        assert_eq!(
            host.exchange(channel, command::PING, b"!"),
            Ok(b"!".to_vec())
        );
        before = Some(channel);
    }
}

#[test]
fn configuring_again_is_what_a_reset_looks_like() {
    let mut host = Host::configured(one(), "1-1");
    let channel = host.channel();
    host.configure();
    host.exchange(channel, command::PING, b"?")
        .expect_err("a channel of before");
}

#[test]
fn two_dongles_on_one_port_do_not_disturb_each_other() {
    let address = bus(&[&blank("SIM-0001"), &blank("SIM-0002")], false);
    let talk = |busid: &'static str, with: u8| {
        thread::spawn(move || {
            let mut host = Host::configured(address, busid);
            let channel = host.channel();
            for n in 0..50 {
                let message = vec![with ^ n; 500];
                assert_eq!(host.exchange(channel, command::PING, &message), Ok(message));
            }
        })
    };
    for talk in [talk("1-1", 0x00), talk("1-2", 0xFF)] {
        talk.join().expect("it goes well");
    }
}

#[test]
fn a_paced_bus_moves_one_report_in_a_frame() {
    let address = bus(&[&blank("SIM-0001")], true);
    let mut host = Host::configured(address, "1-1");
    let channel = host.channel();
    let start = Instant::now();
    let message = vec![0x5A; 57 + 49 * 59];
    assert_eq!(host.exchange(channel, command::PING, &message), Ok(message));
    // 50 reports each way, each in a frame of its own; the first may come at the end of its frame.
    assert!(
        start.elapsed() > Duration::from_millis(98),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_dongle_that_is_pulled_out_is_gone_and_comes_back() {
    let dongle = blank("SIM-0001");
    let address = bus(&[&dongle, &blank("SIM-0002")], false);
    let mut host = Host::configured(address, "1-1");
    let channel = host.channel();
    dongle.unplug();
    host.try_reply().expect_err("the connection ends");
    assert_eq!(list(address), ["1-2"]);
    assert_eq!(Host::attach(address, "1-1").err(), Some(4));
    dongle.replug().expect("its flash is good");
    let mut host = Host::attach_after(address, "1-1", 4);
    host.configure();
    host.exchange(channel, command::PING, b"?")
        .expect_err("a channel of before");
    assert_ne!(host.channel(), BROADCAST);
}

#[test]
fn a04_the_bus_is_only_for_this_machine() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let refused = Server::bind(address.parse().unwrap(), false).err();
        assert!(
            matches!(refused, Some(BindError::NotLoopback { .. })),
            "{refused:?}"
        );
    }
}
