//! One report taken apart, and put together.

use crate::limits::REPORT_LEN;
use crate::report::Report;

/// Bit 7 of byte 4 tells an initialisation packet from a continuation packet.
const START: u8 = 0x80;
/// Where the payload of an initialisation packet begins.
const START_HEADER: usize = 7;
/// Where the payload of a continuation packet begins.
const NEXT_HEADER: usize = 5;

/// Payload bytes of an initialisation packet.
pub(super) const START_DATA: usize = REPORT_LEN - START_HEADER;
/// Payload bytes of a continuation packet.
pub(super) const NEXT_DATA: usize = REPORT_LEN - NEXT_HEADER;

/// A report as CTAP 2.1 §11.2.4 reads it. Nothing in it has been judged yet.
pub(super) struct Packet<'a> {
    pub(super) channel: u32,
    pub(super) body: Body<'a>,
}

/// What follows the channel id.
pub(super) enum Body<'a> {
    /// Initialisation packet: `length` is of the whole message and may be any 16-bit number.
    Start {
        command: u8,
        length: u16,
        data: &'a [u8; START_DATA],
    },
    /// Continuation packet.
    Next {
        sequence: u8,
        data: &'a [u8; NEXT_DATA],
    },
}

impl<'a> Packet<'a> {
    pub(super) fn parse(report: &'a Report) -> Self {
        let [c0, c1, c2, c3, kind, rest @ ..] = report;
        let body = if kind & START == 0 {
            Body::Next {
                sequence: *kind,
                data: rest,
            }
        } else {
            let [high, low, data @ ..] = rest;
            Body::Start {
                command: kind & !START,
                length: u16::from_be_bytes([*high, *low]),
                data,
            }
        };
        Self {
            channel: u32::from_be_bytes([*c0, *c1, *c2, *c3]),
            body,
        }
    }
}

/// Writes an initialisation packet and returns it with the number of payload bytes it took.
pub(super) fn start(channel: u32, command: u8, length: u16, payload: &[u8]) -> (Report, usize) {
    let mut report = [0; REPORT_LEN];
    let taken = payload.len().min(START_DATA);
    report[..4].copy_from_slice(&channel.to_be_bytes());
    report[4] = START | command;
    report[5..START_HEADER].copy_from_slice(&length.to_be_bytes());
    report[START_HEADER..START_HEADER + taken].copy_from_slice(&payload[..taken]);
    (report, taken)
}

/// Writes a continuation packet and returns it with the number of payload bytes it took.
pub(super) fn next(channel: u32, sequence: u8, payload: &[u8]) -> (Report, usize) {
    let mut report = [0; REPORT_LEN];
    let taken = payload.len().min(NEXT_DATA);
    report[..4].copy_from_slice(&channel.to_be_bytes());
    report[4] = sequence & !START;
    report[NEXT_HEADER..NEXT_HEADER + taken].copy_from_slice(&payload[..taken]);
    (report, taken)
}
