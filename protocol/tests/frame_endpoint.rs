//! Every rule of the device's framing table, one test a rule, and then anything at all.

use proptest::prelude::*;
use tallykey_protocol::frame::{
    BROADCAST, DeviceInfo, Endpoint, ErrorCode, Input, Packets, command, error_report, init_request,
};
use tallykey_protocol::limits::{CHANNELS_MAX, MESSAGE_MAX, MESSAGE_TIME_MS, PACKET_GAP_MS};
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
            Input::Reply(report) if report[15..19] == channel.to_be_bytes()
        ));
    }
    device
}

fn packets(channel: u32, command: u8, payload: &[u8]) -> Vec<Report> {
    Packets::new(channel, command, payload)
        .expect("the test's payload fits")
        .collect()
}

fn one(channel: u32, command: u8, payload: &[u8]) -> Report {
    packets(channel, command, payload)[0]
}

fn error(channel: u32, code: ErrorCode) -> Input<'static> {
    Input::Reply(error_report(channel, code))
}

/// A device that holds the first packet of a three-packet message on [`OURS`].
fn assembling() -> (Endpoint, Vec<Report>) {
    let mut device = device();
    let sent = packets(OURS, VENDOR, &[9; 150]);
    assert_eq!(device.receive(&sent[0], 0, 0), Input::Nothing);
    (device, sent)
}

/// The message under way was dropped: its continuation no longer counts.
fn assert_dropped(device: &mut Endpoint, sent: &[Report], now: u64) {
    assert_eq!(device.receive(&sent[1], now, 0), Input::Nothing);
    assert_eq!(device.receive(&sent[2], now, 0), Input::Nothing);
}

/// The message under way is still whole.
fn assert_kept(device: &mut Endpoint, sent: &[Report], now: u64) {
    assert_eq!(device.receive(&sent[1], now, 0), Input::Nothing);
    assert!(matches!(
        device.receive(&sent[2], now, 0),
        Input::Message { channel: OURS, command: VENDOR, payload } if payload == [9; 150]
    ));
}

#[test]
fn a_start_on_channel_0_or_one_never_given_out_is_invalid_channel() {
    let mut device = device();
    for channel in [0, 0x0303_0303] {
        for command in [command::INIT, command::PING, VENDOR] {
            let came = one(channel, command, &[1; 8]);
            assert_eq!(
                device.receive(&came, 0, 0),
                error(channel, ErrorCode::InvalidChannel)
            );
        }
    }
}

#[test]
fn the_broadcast_channel_is_only_for_init() {
    let mut device = device();
    for command in [command::PING, command::WINK, VENDOR] {
        assert_eq!(
            device.receive(&one(BROADCAST, command, &[]), 0, 0),
            error(BROADCAST, ErrorCode::InvalidChannel)
        );
    }
}

#[test]
fn init_on_an_own_channel_drops_the_message_and_keeps_the_channel() {
    let (mut device, sent) = assembling();
    let Input::Reply(reply) = device.receive(&one(OURS, command::INIT, &[3; 8]), 1, 0x55) else {
        panic!("INIT is answered");
    };
    assert_eq!(reply[..4], OURS.to_be_bytes());
    assert_eq!(reply[15..19], OURS.to_be_bytes());
    assert_dropped(&mut device, &sent, 1);
}

#[test]
fn init_of_another_length_is_invalid_length() {
    let mut device = device();
    for length in [0, 7, 9, 57, 58] {
        assert_eq!(
            device.receive(&one(OURS, command::INIT, &vec![0; length]), 0, 0),
            error(OURS, ErrorCode::InvalidLength)
        );
    }
}

#[test]
fn another_channel_is_told_busy_and_disturbs_nothing() {
    let (mut device, sent) = assembling();
    for came in [
        one(THEIRS, VENDOR, &[]),
        one(THEIRS, command::INIT, &[0; 8]),
    ] {
        assert_eq!(
            device.receive(&came, 1, 0),
            error(THEIRS, ErrorCode::ChannelBusy)
        );
    }
    assert_eq!(
        device.receive(&init_request([1; 8]), 1, 0),
        error(BROADCAST, ErrorCode::ChannelBusy)
    );
    let stray = packets(THEIRS, VENDOR, &[0; 60])[1];
    assert_eq!(device.receive(&stray, 1, 0), Input::Nothing);
    let cancel = one(THEIRS, command::CANCEL, &[]);
    assert_eq!(device.receive(&cancel, 1, 0), Input::Nothing);
    assert_kept(&mut device, &sent, 1);
}

#[test]
fn a_new_start_amid_an_own_message_is_invalid_sequence() {
    let (mut device, sent) = assembling();
    assert_eq!(
        device.receive(&sent[0], 1, 0),
        error(OURS, ErrorCode::InvalidSequence)
    );
    assert_dropped(&mut device, &sent, 1);
}

#[test]
fn a_continuation_out_of_order_is_invalid_sequence() {
    let (mut device, sent) = assembling();
    assert_eq!(
        device.receive(&sent[2], 1, 0),
        error(OURS, ErrorCode::InvalidSequence)
    );
    assert_dropped(&mut device, &sent, 1);
}

#[test]
fn cancel_amid_an_own_message_drops_it_without_an_answer() {
    let (mut device, sent) = assembling();
    let cancel = one(OURS, command::CANCEL, &[]);
    assert_eq!(device.receive(&cancel, 1, 0), Input::Nothing);
    assert_dropped(&mut device, &sent, 1);
}

#[test]
fn cancel_at_rest_is_for_the_device_to_know() {
    let mut device = device();
    assert_eq!(
        device.receive(&one(OURS, command::CANCEL, &[]), 0, 0),
        Input::Message {
            channel: OURS,
            command: command::CANCEL,
            payload: &[]
        }
    );
    let unknown = one(5, command::CANCEL, &[]);
    assert_eq!(device.receive(&unknown, 0, 0), Input::Nothing);
}

#[test]
fn commands_that_are_not_offered_are_invalid_command() {
    let mut device = device();
    const MSG: u8 = 0x03;
    const CBOR: u8 = 0x10;
    for command in [0, MSG, CBOR, command::KEEPALIVE, command::ERROR] {
        assert_eq!(
            device.receive(&one(OURS, command, &[1]), 0, 0),
            error(OURS, ErrorCode::InvalidCommand)
        );
    }
}

#[test]
fn a01_length_above_7609_is_refused_at_its_first_packet() {
    let mut device = device();
    for length in [7610_u16, 0x7fff, u16::MAX] {
        let mut start = one(OURS, VENDOR, &[1; 57]);
        start[5..7].copy_from_slice(&length.to_be_bytes());
        assert_eq!(
            device.receive(&start, 0, 0),
            error(OURS, ErrorCode::InvalidLength)
        );
    }
    assert_eq!(
        device.receive(&one(OURS, command::WINK, &[1]), 0, 0),
        error(OURS, ErrorCode::InvalidLength)
    );
}

#[test]
fn a_gap_between_packets_ends_the_message() {
    let (mut device, sent) = assembling();
    assert_eq!(device.tick(PACKET_GAP_MS - 1), None);
    assert_eq!(
        device.tick(PACKET_GAP_MS),
        Some(error_report(OURS, ErrorCode::MessageTimeout))
    );
    assert_eq!(device.tick(PACKET_GAP_MS), None);
    assert_dropped(&mut device, &sent, PACKET_GAP_MS);
}

#[test]
fn a_late_continuation_is_told_of_the_time_out() {
    let (mut device, sent) = assembling();
    assert_eq!(
        device.receive(&sent[1], PACKET_GAP_MS, 0),
        error(OURS, ErrorCode::MessageTimeout)
    );
}

#[test]
fn a_late_message_keeps_nobody_out() {
    let (mut device, _) = assembling();
    assert!(matches!(
        device.receive(&one(THEIRS, VENDOR, &[1]), PACKET_GAP_MS, 0),
        Input::Message {
            channel: THEIRS,
            ..
        }
    ));
}

#[test]
fn a20_a_trickle_of_packets_ends_with_the_whole_message_time() {
    let mut device = device();
    let sent = packets(OURS, VENDOR, &[0; MESSAGE_MAX]);
    let step = PACKET_GAP_MS - 1;
    let mut now = 0;
    for report in &sent {
        match device.receive(report, now, 0) {
            Input::Nothing => now += step,
            Input::Reply(reply) => {
                assert_eq!(reply, error_report(OURS, ErrorCode::MessageTimeout));
                assert!(now >= MESSAGE_TIME_MS && now < MESSAGE_TIME_MS + step);
                return;
            }
            Input::Message { .. } => panic!("the trickle got through"),
        }
    }
    panic!("never timed out");
}

#[test]
fn a_channel_at_work_outlives_any_number_of_new_ones() {
    let mut device = device();
    assert!(matches!(
        device.receive(&one(OURS, command::PING, &[1]), 0, 0),
        Input::Message { .. }
    ));
    for id in 1..=3 * CHANNELS_MAX as u32 {
        device.receive(&init_request([2; 8]), 0, id);
    }
    assert!(matches!(
        device.receive(&one(OURS, command::PING, &[1]), 0, 0),
        Input::Message { .. }
    ));
    assert_eq!(
        device.receive(&one(THEIRS, command::PING, &[1]), 0, 0),
        error(THEIRS, ErrorCode::InvalidChannel)
    );
}

#[test]
fn reserved_and_taken_ids_are_not_given_out() {
    let mut device = device();
    for (random, given) in [(0, 1_u32), (BROADCAST, 2), (OURS, OURS + 1)] {
        let Input::Reply(reply) = device.receive(&init_request([2; 8]), 0, random) else {
            panic!("INIT is answered");
        };
        assert_eq!(reply[15..19], given.to_be_bytes());
    }
}

/// Reports that reach deep: mostly of two known channels, mostly well-formed.
fn hostile_report() -> impl Strategy<Value = Report> {
    let channel = prop_oneof![
        6 => Just(OURS), 2 => Just(THEIRS), 1 => Just(BROADCAST), 1 => Just(0), 1 => any::<u32>(),
    ];
    let kind = prop_oneof![
        4 => 0_u8..4, 1 => any::<u8>(), 2 => Just(0x80 | VENDOR), 1 => Just(0x86), 1 => Just(0x91),
    ];
    (channel, kind, any::<[u8; 32]>(), any::<[u8; 27]>()).prop_map(|(channel, kind, a, b)| {
        let mut report = [0; 64];
        report[..4].copy_from_slice(&channel.to_be_bytes());
        report[4] = kind;
        report[5..37].copy_from_slice(&a);
        report[37..].copy_from_slice(&b);
        // A length that a few continuations can complete, as often as not.
        if a[31] & 1 == 0 {
            report[5] = 0;
        }
        report
    })
}

proptest! {
    #[test]
    fn a20_any_reports_end_in_bounded_answers(
        reports in prop::collection::vec((hostile_report(), 0_u64..200, any::<u32>()), 1..400),
    ) {
        let mut device = device();
        let mut now = 0;
        for (report, pause, random) in &reports {
            now += pause;
            match device.receive(report, now, *random) {
                Input::Nothing => {}
                Input::Reply(reply) => {
                    // An answer goes to the channel that asked, and is INIT's or one error byte.
                    prop_assert_eq!(&reply[..4], &report[..4]);
                    prop_assert!(matches!(
                        (reply[4], &reply[5..7]),
                        (0x86, [0, 17]) | (0xbf, [0, 1])
                    ));
                }
                Input::Message { command, payload, .. } => {
                    prop_assert!(payload.len() <= MESSAGE_MAX);
                    prop_assert!(
                        matches!(command, command::PING | command::WINK | command::CANCEL)
                            || command >= command::VENDOR_FIRST
                    );
                }
            }
        }
        // Whatever came before, once its time is over the device serves the next host.
        device.tick(now + MESSAGE_TIME_MS);
        let joined = device.receive(&init_request([1; 8]), now + MESSAGE_TIME_MS, 77);
        prop_assert!(matches!(joined, Input::Reply(reply) if reply[4] == 0x86));
    }
}
