//! The host's half of framing: what it makes of answers, honest and not.

use proptest::prelude::*;
use tallykey_protocol::frame::{
    BROADCAST, BadInit, DeviceInfo, Endpoint, ErrorCode, Exchange, FrameError, InitReply, Input,
    Packets, Progress, command, error_report, init_request,
};
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::report::Report;

const CHANNEL: u32 = 0x0101_0101;
const VENDOR: u8 = 0x42;

fn packets(channel: u32, command: u8, payload: &[u8]) -> Vec<Report> {
    Packets::new(channel, command, payload)
        .expect("the test's payload fits")
        .collect()
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[test]
fn split_and_assemble_give_every_length_back() {
    let mut device = Endpoint::new(DeviceInfo {
        version: [0; 3],
        capabilities: 0,
    });
    device.receive(&init_request([0; 8]), 0, CHANNEL);
    let longest = pattern(MESSAGE_MAX);
    for length in 0..=MESSAGE_MAX {
        let payload = &longest[..length];
        let reports = packets(CHANNEL, VENDOR, payload);
        let (last, before) = reports.split_last().expect("at least one packet");
        let mut host = Exchange::new(CHANNEL, VENDOR);
        for report in before {
            assert_eq!(device.receive(report, 0, 0), Input::Nothing);
            assert_eq!(host.feed(report), Progress::Pending);
        }
        assert_eq!(
            device.receive(last, 0, 0),
            Input::Message {
                channel: CHANNEL,
                command: VENDOR,
                payload
            }
        );
        assert_eq!(host.feed(last), Progress::Done(payload));
    }
}

#[test]
fn other_channels_and_keep_alives_do_not_disturb() {
    let mut host = Exchange::new(CHANNEL, VENDOR);
    let theirs = packets(9, VENDOR, &[1; 100]);
    let ours = packets(CHANNEL, VENDOR, &[2; 100]);
    assert_eq!(host.feed(&theirs[0]), Progress::Pending);
    let alive = packets(CHANNEL, command::KEEPALIVE, &[2])[0];
    assert_eq!(host.feed(&alive), Progress::KeepAlive(2));
    assert_eq!(host.feed(&ours[0]), Progress::Pending);
    assert_eq!(host.feed(&theirs[1]), Progress::Pending);
    let busy_elsewhere = error_report(9, ErrorCode::ChannelBusy);
    assert_eq!(host.feed(&busy_elsewhere), Progress::Pending);
    assert_eq!(host.feed(&ours[1]), Progress::Done(&[2; 100]));
    assert_eq!(host.feed(&ours[1]), Progress::Pending);
}

#[test]
fn each_broken_answer_has_its_own_name() {
    let ours = packets(CHANNEL, VENDOR, &[2; 200]);
    let mut too_long = ours[0];
    too_long[5..7].copy_from_slice(&[0x1d, 0xba]);
    let busy = ErrorCode::ChannelBusy;
    let cases: [(&[Report], FrameError); 8] = [
        (
            &[error_report(CHANNEL, busy)],
            FrameError::Device { code: busy },
        ),
        (
            &packets(CHANNEL, 0x43, &[]),
            FrameError::WrongCommand {
                asked: VENDOR,
                answered: 0x43,
            },
        ),
        (&[too_long], FrameError::Length { length: 7610 }),
        (
            &[ours[0], ours[2]],
            FrameError::Sequence { due: 0, came: 1 },
        ),
        (
            &[ours[0], ours[1], ours[1]],
            FrameError::Sequence { due: 1, came: 0 },
        ),
        (&[ours[0], ours[0]], FrameError::Interrupted),
        (&[ours[1]], FrameError::Stray),
        (
            &packets(CHANNEL, command::KEEPALIVE, &[]),
            FrameError::Notice,
        ),
    ];
    for (reports, expected) in cases {
        let mut host = Exchange::new(CHANNEL, VENDOR);
        let (last, before) = reports.split_last().expect("at least one report");
        for report in before {
            assert_eq!(host.feed(report), Progress::Pending);
        }
        assert_eq!(host.feed(last), Progress::Failed(expected));
    }
}

#[test]
fn an_init_answer_is_taken_only_for_our_nonce_and_a_real_channel() {
    let mut payload = [0; 17];
    payload[..8].copy_from_slice(&[5; 8]);
    payload[8..12].copy_from_slice(&CHANNEL.to_be_bytes());
    assert_eq!(InitReply::parse(&payload, [6; 8]), Err(BadInit::OtherNonce));
    assert_eq!(
        InitReply::parse(&payload[..16], [5; 8]),
        Err(BadInit::Length { length: 16 })
    );
    for channel in [0, BROADCAST] {
        payload[8..12].copy_from_slice(&channel.to_be_bytes());
        assert_eq!(
            InitReply::parse(&payload, [5; 8]),
            Err(BadInit::Channel { channel })
        );
    }
}

proptest! {
    #[test]
    fn a20_any_reports_leave_the_host_within_limits(
        reports in prop::collection::vec(
            (prop_oneof![4 => Just(CHANNEL), 1 => any::<u32>()],
             prop_oneof![2 => 0_u8..4, 2 => Just(0x80 | VENDOR), 1 => Just(0xbb), 1 => any::<u8>()],
             any::<[u8; 3]>()),
            0..300,
        ),
    ) {
        let mut host = Exchange::new(CHANNEL, VENDOR);
        let mut over = false;
        for (channel, kind, bytes) in &reports {
            let mut report = [0; 64];
            report[..4].copy_from_slice(&channel.to_be_bytes());
            report[4] = *kind;
            report[5..8].copy_from_slice(bytes);
            match host.feed(&report) {
                Progress::Pending | Progress::KeepAlive(_) => {}
                Progress::Done(payload) => {
                    prop_assert!(!over && payload.len() <= MESSAGE_MAX);
                    over = true;
                }
                Progress::Failed(_) => {
                    prop_assert!(!over);
                    over = true;
                }
            }
        }
    }

    #[test]
    fn every_error_code_byte_survives(byte in any::<u8>()) {
        prop_assert_eq!(ErrorCode::from_byte(byte).byte(), byte);
    }
}
