//! Requests that take their time, and the lock: the columns of the device's framing table that `frame_endpoint` has not.

use tallykey_protocol::frame::{
    BROADCAST, DeviceInfo, Endpoint, ErrorCode, Held, Input, Packets, command, error_report,
    init_request, keepalive, keepalive_report,
};
use tallykey_protocol::report::Report;

const VENDOR: u8 = 0x42;
const OURS: u32 = 0x0101_0101;
const THEIRS: u32 = 0x0202_0202;

fn device() -> Endpoint {
    let mut device = Endpoint::new(DeviceInfo {
        version: [0, 1, 0],
        capabilities: 1,
    });
    for channel in [OURS, THEIRS] {
        assert!(matches!(
            device.receive(&init_request([7; 8]), 0, channel),
            Input::Reply(_)
        ));
    }
    device
}

fn one(channel: u32, command: u8, payload: &[u8]) -> Report {
    let mut packets = Packets::new(channel, command, payload).expect("it fits");
    packets.next().expect("one")
}

fn busy(channel: u32) -> Input<'static> {
    Input::Reply(error_report(channel, ErrorCode::ChannelBusy))
}

/// A device that holds a request of [`OURS`].
fn holding() -> Endpoint {
    let mut device = device();
    assert!(matches!(
        device.receive(&one(OURS, VENDOR, b"do it"), 0, 0),
        Input::Message { .. }
    ));
    device.hold(OURS, VENDOR);
    device
}

fn is_held(device: &Endpoint) -> bool {
    let ours = Held {
        channel: OURS,
        command: VENDOR,
        payload: b"do it",
    };
    device.held() == Some(ours)
}

#[test]
fn a_held_request_keeps_everyone_out_and_its_bytes() {
    let mut device = holding();
    for (channel, command, payload) in [
        (THEIRS, VENDOR, &b"?"[..]),
        (THEIRS, command::PING, b"?"),
        (THEIRS, command::INIT, &[1; 8]),
        (BROADCAST, command::INIT, &[1; 8]),
        (THEIRS, command::LOCK, &[1]),
        (OURS, VENDOR, b"?"),
        (OURS, command::PING, b"?"),
        (OURS, command::LOCK, &[1]),
        (OURS, 0x3A, b"?"),
    ] {
        let report = one(channel, command, payload);
        assert_eq!(device.receive(&report, 0, 9), busy(channel), "{command:#x}");
    }
    for channel in [OURS, THEIRS] {
        let stray = Packets::new(channel, VENDOR, &[9; 100])
            .unwrap()
            .nth(1)
            .unwrap();
        assert_eq!(device.receive(&stray, 0, 0), Input::Nothing);
    }
    assert_eq!(
        device.tick(1_000_000),
        None,
        "work has no time-out of framing's"
    );
    assert!(is_held(&device));
    device.release();
    assert_eq!(device.held(), None);
    assert!(matches!(
        device.receive(&one(THEIRS, VENDOR, b"?"), 0, 0),
        Input::Message { .. }
    ));
}

#[test]
fn cancel_comes_out_for_the_channel_that_waits_and_for_no_other() {
    let mut device = holding();
    assert_eq!(
        device.receive(&one(THEIRS, command::CANCEL, &[]), 0, 0),
        Input::Nothing
    );
    let cancel = Input::Message {
        channel: OURS,
        command: command::CANCEL,
        payload: &[],
    };
    assert_eq!(
        device.receive(&one(OURS, command::CANCEL, &[]), 0, 0),
        cancel
    );
    assert!(
        is_held(&device),
        "whether it can be taken back is the device's to say"
    );
}

#[test]
fn init_on_its_own_channel_drops_the_request() {
    let mut device = holding();
    let report = one(OURS, command::INIT, &[7; 8]);
    assert!(matches!(device.receive(&report, 0, 0), Input::Reply(_)));
    assert_eq!(device.held(), None);
}

#[test]
fn a_keepalive_is_one_byte_that_says_what_for() {
    // CTAP 2.1 §11.2.9.1.7: command 0x3B, BCNT 1, STATUS_PROCESSING 1 or STATUS_UPNEEDED 2.
    for (status, byte) in [(keepalive::PROCESSING, 1), (keepalive::UP_NEEDED, 2)] {
        let report = keepalive_report(OURS, status);
        assert_eq!(report[..8], [1, 1, 1, 1, 0xBB, 0, 1, byte]);
        assert!(report[8..].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn a_lock_answers_every_other_channel_busy_until_its_end() {
    let mut device = device();
    let lock = Input::Message {
        channel: OURS,
        command: command::LOCK,
        payload: &[3],
    };
    assert_eq!(device.receive(&one(OURS, command::LOCK, &[3]), 0, 0), lock);
    device.lock(OURS, 3, 1_000);
    for report in [one(THEIRS, VENDOR, b"?"), one(THEIRS, command::LOCK, &[0])] {
        assert_eq!(device.receive(&report, 3_999, 0), busy(THEIRS));
    }
    let joins = one(BROADCAST, command::INIT, &[1; 8]);
    assert_eq!(device.receive(&joins, 3_999, 9), busy(BROADCAST));
    assert!(matches!(
        device.receive(&one(OURS, VENDOR, b"?"), 3_999, 0),
        Input::Message { .. }
    ));
    assert!(matches!(
        device.receive(&one(THEIRS, VENDOR, b"?"), 4_000, 0),
        Input::Message { .. }
    ));
    device.lock(OURS, 3, 5_000);
    device.lock(OURS, 0, 5_000);
    assert!(matches!(
        device.receive(&one(THEIRS, VENDOR, b"?"), 5_000, 0),
        Input::Message { .. }
    ));
}

#[test]
fn a_lock_is_for_ten_seconds_at_most() {
    let mut device = device();
    for (payload, code) in [
        (&[][..], ErrorCode::InvalidLength),
        (&[1, 2], ErrorCode::InvalidLength),
        (&[11], ErrorCode::InvalidParameter),
        (&[255], ErrorCode::InvalidParameter),
    ] {
        let refused = Input::Reply(error_report(OURS, code));
        assert_eq!(
            device.receive(&one(OURS, command::LOCK, payload), 0, 0),
            refused
        );
    }
}
