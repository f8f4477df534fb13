//! A host's side of USB/IP, as vhci_hcd speaks it, and the little of USB and CTAPHID that the tests need.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tallykey_protocol::frame::{BROADCAST, Exchange, InitReply, Packets, Progress, init_request};

/// So that a test that would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_secs(60);

/// Endpoint numbers of the class, both directions.
pub(crate) const REPORTS: u32 = 1;

pub(crate) const STALLED: i32 = -32;
pub(crate) const UNLINKED: i32 = -104;

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_nodelay(true).expect("no delay");
    stream
}

/// The bus ids that a host is shown.
pub(crate) fn list(address: SocketAddr) -> Vec<String> {
    let mut stream = connect(address);
    stream
        .write_all(&[0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0])
        .expect("a request");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("a list");
    assert_eq!(reply[..8], [0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0]);
    let count = word(&reply, 8) as usize;
    assert_eq!(reply.len(), 12 + count * (312 + 4));
    let records = reply[12..].chunks_exact(316);
    records.map(|record| busid(&record[256..288])).collect()
}

fn busid(field: &[u8]) -> String {
    let text = field.split(|byte| *byte == 0).next().unwrap();
    String::from_utf8(text.to_vec()).unwrap()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// An imported device.
pub(crate) struct Host {
    pub(crate) stream: TcpStream,
    seq: u32,
    /// Transfers to the host: only their replies have data.
    to_host: HashSet<u32>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Done {
        seq: u32,
        status: i32,
        data: Vec<u8>,
        moved: u32,
    },
    Unlinked {
        seq: u32,
        status: i32,
    },
}

impl Host {
    /// Attaches; the status that USB/IP refuses with if it does.
    pub(crate) fn attach(address: SocketAddr, wanted: &str) -> Result<Self, u32> {
        let mut stream = connect(address);
        let mut request = vec![0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0];
        request.extend(wanted.as_bytes());
        request.resize(8 + 32, 0);
        stream.write_all(&request).expect("a request");
        let mut head = [0; 8];
        stream.read_exact(&mut head).expect("an answer");
        assert_eq!(head[..4], [0x01, 0x11, 0x00, 0x03]);
        if word(&head, 4) != 0 {
            return Err(word(&head, 4));
        }
        let mut record = [0; 312];
        stream.read_exact(&mut record).expect("a record");
        assert_eq!(busid(&record[256..288]), wanted);
        // Full speed; 1209:0001; one configuration, one interface.
        assert_eq!(word(&record, 296), 2);
        assert_eq!(record[300..304], [0x12, 0x09, 0x00, 0x01]);
        assert_eq!(record[310..312], [1, 1]);
        Ok(Self {
            stream,
            seq: 0,
            to_host: HashSet::new(),
        })
    }

    /// Attaches as soon as `refused` is over: the port of a host before may still be busy.
    pub(crate) fn attach_after(address: SocketAddr, wanted: &str, refused: u32) -> Self {
        loop {
            match Self::attach(address, wanted) {
                Ok(host) => return host,
                Err(status) => assert_eq!(status, refused),
            }
        }
    }

    /// Attaches and configures, as a kernel does before it lets a driver near.
    pub(crate) fn configured(address: SocketAddr, wanted: &str) -> Self {
        let mut host = Self::attach(address, wanted).expect("nobody has it");
        host.configure();
        host
    }

    pub(crate) fn configure(&mut self) {
        self.control([0x00, 9, 1, 0, 0, 0, 0, 0])
            .expect("SET_CONFIGURATION");
    }

    fn command(&mut self, command: u32, to_host: bool, endpoint: u32, rest: &[u32]) -> Vec<u8> {
        self.seq += 1;
        let mut bytes = Vec::new();
        for word in [command, self.seq, 0x0001_0002, u32::from(to_host), endpoint] {
            bytes.extend(word.to_be_bytes());
        }
        for word in rest {
            bytes.extend(word.to_be_bytes());
        }
        bytes.resize(48, 0);
        bytes
    }

    pub(crate) fn submit_in(&mut self, endpoint: u32, room: u32, setup: [u8; 8]) -> u32 {
        let mut bytes = self.command(1, true, endpoint, &[0, room, 0, u32::MAX, 1]);
        bytes[40..].copy_from_slice(&setup);
        self.to_host.insert(self.seq);
        self.stream.write_all(&bytes).expect("a submit");
        self.seq
    }

    pub(crate) fn submit_out(&mut self, endpoint: u32, data: &[u8], setup: [u8; 8]) -> u32 {
        let length = data.len() as u32;
        let mut bytes = self.command(1, false, endpoint, &[0, length, 0, u32::MAX, 1]);
        bytes[40..].copy_from_slice(&setup);
        bytes.extend(data);
        self.stream.write_all(&bytes).expect("a submit");
        self.seq
    }

    pub(crate) fn read(&mut self) -> u32 {
        self.submit_in(REPORTS, 64, [0; 8])
    }

    pub(crate) fn write(&mut self, report: &[u8]) -> u32 {
        self.submit_out(REPORTS, report, [0; 8])
    }

    pub(crate) fn unlink(&mut self, victim: u32) -> u32 {
        let bytes = self.command(2, false, 0, &[victim]);
        self.stream.write_all(&bytes).expect("an unlink");
        self.seq
    }

    /// The next reply, whichever it is to.
    pub(crate) fn try_reply(&mut self) -> io::Result<Reply> {
        let mut head = [0; 48];
        self.stream.read_exact(&mut head)?;
        let (seq, status) = (word(&head, 4), word(&head, 20) as i32);
        match word(&head, 0) {
            3 => {
                let moved = word(&head, 24);
                let length = if self.to_host.remove(&seq) { moved } else { 0 };
                let mut data = vec![0; length as usize];
                self.stream.read_exact(&mut data)?;
                Ok(Reply::Done {
                    seq,
                    status,
                    data,
                    moved,
                })
            }
            4 => Ok(Reply::Unlinked { seq, status }),
            other => panic!("a reply {other}"),
        }
    }

    /// The next reply, to the transfer `wanted`.
    pub(crate) fn done(&mut self, wanted: u32) -> Result<Vec<u8>, i32> {
        match self.try_reply().expect("a reply") {
            Reply::Done {
                seq, status, data, ..
            } if seq == wanted => match status {
                0 => Ok(data),
                status => Err(status),
            },
            other => panic!("not the reply to {wanted}: {other:?}"),
        }
    }

    /// A control transfer without data to the device, alone on the wire.
    pub(crate) fn control(&mut self, setup: [u8; 8]) -> Result<Vec<u8>, i32> {
        let room = u16::from_le_bytes([setup[6], setup[7]]);
        let seq = if setup[0] & 0x80 != 0 {
            self.submit_in(0, room.into(), setup)
        } else {
            self.submit_out(0, &[], setup)
        };
        self.done(seq)
    }

    /// GET_DESCRIPTOR from the device (0x80) or an interface (0x81).
    pub(crate) fn descriptor(&mut self, from: u8, kind: u8, index: u8) -> Result<Vec<u8>, i32> {
        let language = if kind == 3 && index != 0 {
            [9, 4]
        } else {
            [0, 0]
        };
        self.control([from, 6, index, kind, language[0], language[1], 255, 0])
    }

    pub(crate) fn string(&mut self, index: u8) -> String {
        let bytes = self.descriptor(0x80, 3, index).expect("a string");
        assert_eq!((bytes[0] as usize, bytes[1]), (bytes.len(), 3));
        let units = bytes[2..]
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
    }

    /// Sends a message and collects the answer; frames' error if it is one.
    pub(crate) fn exchange(
        &mut self,
        channel: u32,
        command: u8,
        message: &[u8],
    ) -> Result<Vec<u8>, String> {
        for report in Packets::new(channel, command, message).unwrap() {
            let seq = self.write(&report);
            assert_eq!(self.done(seq), Ok(Vec::new()));
        }
        let mut exchange = Exchange::new(channel, command);
        loop {
            let seq = self.read();
            let report = self.done(seq).expect("a report").try_into().unwrap();
            match exchange.feed(&report) {
                Progress::Done(answer) => return Ok(answer.to_vec()),
                Progress::Failed(error) => return Err(error.to_string()),
                Progress::Pending | Progress::KeepAlive(_) => {}
            }
        }
    }

    /// A new channel.
    pub(crate) fn channel(&mut self) -> u32 {
        let nonce = [7; 8];
        let seq = self.write(&init_request(nonce));
        assert_eq!(self.done(seq), Ok(Vec::new()));
        let seq = self.read();
        let report: [u8; 64] = self.done(seq).expect("a report").try_into().unwrap();
        let mut exchange = Exchange::new(BROADCAST, 0x06);
        match exchange.feed(&report) {
            Progress::Done(reply) => InitReply::parse(reply, nonce).unwrap().channel,
            _ => panic!("INIT is answered by one report"),
        }
    }
}
