//! CTAPHID packets byte by byte, from the tables of FIDO CTAP 2.1 §11.2.4 and §11.2.9 and not from
//! our writer. Bytes after those given are zero.

use tallykey_protocol::frame::{
    DeviceInfo, Endpoint, ErrorCode, Exchange, InitReply, Input, Packets, Progress, capability,
    command, error_report, init_request, keepalive_report,
};
use tallykey_protocol::report::Report;

const INFO: DeviceInfo = DeviceInfo {
    version: [1, 2, 3],
    capabilities: capability::WINK | capability::NO_MSG,
};

const NONCE: [u8; 8] = [0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7];

const INIT_REQUEST: &[u8] = &[
    0xff, 0xff, 0xff, 0xff, // channel: broadcast
    0x86, // bit 7: initialisation packet; 0x06: INIT
    0x00, 0x08, // length: 8
    0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, // nonce
];

const INIT_REPLY: &[u8] = &[
    0xff, 0xff, 0xff, 0xff, // channel: broadcast, as it was asked
    0x86, // INIT
    0x00, 0x11, // length: 17
    0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, // nonce, as it was sent
    0x11, 0x22, 0x33, 0x44, // the new channel
    0x02, // CTAPHID protocol version
    0x01, 0x02, 0x03, // device version: major, minor, build
    0x09, // capabilities: 0x01 WINK, 0x08 no MSG
];

const PING_REQUEST: [&[u8]; 2] = [
    &[
        0x11, 0x22, 0x33, 0x44, // channel
        0x81, // PING
        0x00, 0x3b, // length: 59 = 57 here and 2 to follow
        // 57 bytes of payload
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
        0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d,
        0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c,
        0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
    ],
    &[
        0x11, 0x22, 0x33, 0x44, // channel
        0x00, // bit 7 clear: continuation packet; sequence number 0
        0x39, 0x3a, // the last two bytes of payload
    ],
];

const WINK_REQUEST: &[u8] = &[
    0x11, 0x22, 0x33, 0x44, // channel
    0x88, // WINK
    0x00, 0x00, // length: 0
];

const BUSY: &[u8] = &[
    0x11, 0x22, 0x33, 0x44, // channel
    0xbf, // ERROR
    0x00, 0x01, // length: 1
    0x06, // ERR_CHANNEL_BUSY
];

const KEEPALIVE: &[u8] = &[
    0x11, 0x22, 0x33, 0x44, // channel
    0xbb, // KEEPALIVE
    0x00, 0x01, // length: 1
    0x01, // STATUS_PROCESSING
];

const BUTTON: &[u8] = &[
    0x11, 0x22, 0x33, 0x44, // channel
    0xbb, // KEEPALIVE
    0x00, 0x01, // length: 1
    0x02, // STATUS_UPNEEDED
];

const CANCEL: &[u8] = &[
    0x11, 0x22, 0x33, 0x44, // channel
    0x91, // CANCEL
    0x00, 0x00, // length: 0
];

const LOCK: &[u8] = &[
    0x11, 0x22, 0x33, 0x44, // channel
    0x84, // LOCK
    0x00, 0x01, // length: 1
    0x0a, // 10 seconds
];

/// A vendor command of 7,609 bytes, all 0x5a: its first, second and last packet.
const LONGEST_FIRST: [u8; 7] = [
    0x11, 0x22, 0x33, 0x44, // channel
    0xc2, // 0x42, the vendor's range
    0x1d, 0xb9, // length: 7,609
];
const LONGEST_SECOND: [u8; 5] = [
    0x11, 0x22, 0x33, 0x44, // channel
    0x00, // sequence number 0
];
const LONGEST_LAST: [u8; 5] = [
    0x11, 0x22, 0x33, 0x44, // channel
    0x7f, // sequence number 127
];

fn report(bytes: &[u8]) -> Report {
    let mut report = [0; 64];
    report[..bytes.len()].copy_from_slice(bytes);
    report
}

fn open_device() -> Endpoint {
    let mut device = Endpoint::new(INFO);
    let answer = device.receive(&report(INIT_REQUEST), 0, 0x1122_3344);
    assert_eq!(answer, Input::Reply(report(INIT_REPLY)));
    device
}

#[test]
fn init_gives_a_channel() {
    assert_eq!(init_request(NONCE), report(INIT_REQUEST));
    open_device();
    let parsed = InitReply::parse(&INIT_REPLY[7..], NONCE).expect("our own nonce");
    assert_eq!(parsed.channel, 0x1122_3344);
    assert_eq!(parsed.protocol, 2);
    assert_eq!(parsed.info, INFO);
}

#[test]
fn ping_takes_two_packets() {
    let payload: Vec<u8> = (0..59).collect();
    let sent: Vec<Report> = Packets::new(0x1122_3344, command::PING, &payload)
        .expect("59 bytes fit")
        .collect();
    assert_eq!(sent, PING_REQUEST.map(report));

    let mut device = open_device();
    assert_eq!(device.receive(&sent[0], 1, 0), Input::Nothing);
    assert_eq!(
        device.receive(&sent[1], 2, 0),
        Input::Message {
            channel: 0x1122_3344,
            command: command::PING,
            payload: &payload,
        }
    );
}

#[test]
fn wink_has_no_payload() {
    let sent: Vec<Report> = Packets::new(0x1122_3344, command::WINK, &[])
        .expect("nothing fits")
        .collect();
    assert_eq!(sent, [report(WINK_REQUEST)]);
}

#[test]
fn error_and_keep_alive_are_one_byte() {
    assert_eq!(
        error_report(0x1122_3344, ErrorCode::ChannelBusy),
        report(BUSY)
    );
    let mut exchange = Exchange::new(0x1122_3344, command::PING);
    assert_eq!(exchange.feed(&report(KEEPALIVE)), Progress::KeepAlive(1));
    assert_eq!(exchange.feed(&report(BUTTON)), Progress::KeepAlive(2));
    assert_eq!(keepalive_report(0x1122_3344, 1), report(KEEPALIVE));
    assert_eq!(keepalive_report(0x1122_3344, 2), report(BUTTON));
}

#[test]
fn cancel_and_lock_are_one_packet() {
    for (command, payload, bytes) in [
        (command::CANCEL, &[][..], CANCEL),
        (command::LOCK, &[10], LOCK),
    ] {
        let sent: Vec<Report> = Packets::new(0x1122_3344, command, payload)
            .expect("one packet")
            .collect();
        assert_eq!(sent, [report(bytes)]);
        let message = Input::Message {
            channel: 0x1122_3344,
            command,
            payload,
        };
        assert_eq!(open_device().receive(&report(bytes), 1, 0), message);
    }
}

#[test]
fn the_longest_message_takes_129_packets() {
    let payload = vec![0x5a; 7609];
    let sent: Vec<Report> = Packets::new(0x1122_3344, 0x42, &payload)
        .expect("7,609 bytes fit")
        .collect();
    assert_eq!(sent.len(), 129);
    assert_eq!(sent[0][..7], LONGEST_FIRST);
    assert_eq!(sent[1][..5], LONGEST_SECOND);
    assert_eq!(sent[128][..5], LONGEST_LAST);
    assert!(Packets::new(0x1122_3344, 0x42, &[0; 7610]).is_err());
}
