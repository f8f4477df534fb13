//! Framing, on both sides of the bus.

use tallykey_protocol::frame::{DeviceInfo, Endpoint, Exchange, Input, Packets, Progress, command};
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::report::Report;

/// Takes `data` as (milliseconds, report) after each other. Channels are given out as 1, 2, 3, …, so that
/// bytes can name them.
pub fn reports(data: &[u8]) {
    let info = DeviceInfo {
        version: [0; 3],
        capabilities: 0,
    };
    let mut endpoint = Endpoint::new(info);
    let mut exchange = Exchange::new(1, command::VENDOR_FIRST);
    let (mut now_ms, mut joined) = (0, 0);
    for chunk in data.chunks(65) {
        let Some((pause, bytes)) = chunk.split_first() else {
            break;
        };
        let mut report: Report = [0; 64];
        report[..bytes.len()].copy_from_slice(bytes);
        now_ms += u64::from(*pause) * 4;
        joined += 1;
        match endpoint.receive(&report, now_ms, joined) {
            Input::Nothing => {}
            Input::Reply(reply) => assert_eq!(
                reply[..4],
                report[..4],
                "an answer goes back where its cause came from"
            ),
            Input::Message {
                channel,
                command,
                payload,
            } => check_message(channel, command, payload),
        }
        let _ = endpoint.tick(now_ms);
        if let Progress::Done(message) = exchange.feed(&report) {
            assert!(message.len() <= MESSAGE_MAX);
            exchange = Exchange::new(1, command::VENDOR_FIRST);
        }
    }
}

/// What was put together comes apart into as many reports as it must, and those make the same message again.
fn check_message(channel: u32, code: u8, payload: &[u8]) {
    assert!(channel != 0 && channel != u32::MAX);
    let mut exchange = Exchange::new(channel, code);
    let packets = Packets::new(channel, code, payload).expect("within the limit");
    let mut whole = None;
    let mut sent = 0;
    for report in packets {
        sent += 1;
        if let Progress::Done(message) = exchange.feed(&report) {
            whole = Some(message.to_vec());
        }
    }
    assert_eq!(sent, 1 + payload.len().saturating_sub(57).div_ceil(59));
    assert_eq!(whole.as_deref(), Some(payload));
}
