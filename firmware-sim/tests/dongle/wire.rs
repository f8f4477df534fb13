//! Bare reports, where a test looks at each of them.

use std::time::Duration;
use tallykey_protocol::frame::{Packets, init_request};
use tallykey_protocol::report::Report;
use tallykey_sim::dongle::{Connection, SimDongle};

/// A host that sees bare reports.
pub(crate) struct Wire {
    pub(crate) connection: Connection,
    pub(crate) channel: u32,
}

impl Wire {
    pub(crate) fn new(dongle: &SimDongle) -> Self {
        let connection = dongle.connect().unwrap();
        connection.write(&init_request([9; 8])).unwrap();
        let reply = connection.read(Duration::ZERO).unwrap().unwrap();
        let channel = u32::from_be_bytes([reply[15], reply[16], reply[17], reply[18]]);
        Self {
            connection,
            channel,
        }
    }

    pub(crate) fn send(&self, command: u8, payload: &[u8]) {
        send(&self.connection, self.channel, command, payload);
    }

    pub(crate) fn heard(&self) -> Vec<Report> {
        heard(&self.connection)
    }

    /// The first report of an answer to `command` with these first bytes.
    pub(crate) fn is_answer(&self, report: &Report, command: u8, payload: &[u8]) -> bool {
        is_answer(self.channel, report, command, payload)
    }
}

pub(crate) fn send(connection: &Connection, channel: u32, command: u8, payload: &[u8]) {
    for report in Packets::new(channel, command, payload).unwrap() {
        connection.write(&report).unwrap();
    }
}

/// Everything that the dongle has said by now.
pub(crate) fn heard(connection: &Connection) -> Vec<Report> {
    std::iter::from_fn(|| connection.read(Duration::ZERO).unwrap()).collect()
}

/// Whether this is the first report of an answer on `channel`.
pub(crate) fn is_answer(channel: u32, report: &Report, command: u8, payload: &[u8]) -> bool {
    report[..5] == [&channel.to_be_bytes()[..], &[0x80 | command]].concat()
        && report[7..7 + payload.len()] == *payload
}
