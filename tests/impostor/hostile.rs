//! A20: devices made to hurt the host. Every one ends in a named fault, in bounded time and memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use tallykey::dongle::{Fault, LinkError, Trouble};
use tallykey::usb::{ReportPort, UsbError};
use tallykey_protocol::frame::{DeviceInfo, Endpoint, FrameError, Input, Packets, command};
use tallykey_protocol::report::Report;

use super::bench::{fault, open, port, simulators_own};

/// What a device does once it has given a channel: reports for each time it is read.
type Script = Box<dyn FnMut(u32, u8) -> Vec<Report> + Send>;

/// A device that speaks framing and then whatever its script says.
struct Hostile {
    endpoint: Endpoint,
    script: Script,
    asked: Option<(u32, u8)>,
    queue: VecDeque<Report>,
}

impl Hostile {
    fn with(script: impl FnMut(u32, u8) -> Vec<Report> + Send + 'static) -> Box<dyn ReportPort> {
        let info = DeviceInfo {
            version: [0; 3],
            capabilities: 0,
        };
        Box::new(Self {
            endpoint: Endpoint::new(info),
            script: Box::new(script),
            asked: None,
            queue: VecDeque::new(),
        })
    }
}

impl ReportPort for Hostile {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        match self.endpoint.receive(report, 0, 7) {
            Input::Nothing => {}
            Input::Reply(reply) => self.queue.push_back(reply),
            Input::Message {
                channel, command, ..
            } => self.asked = Some((channel, command)),
        }
        Ok(())
    }

    fn read(&mut self, _: Duration) -> Result<Option<Report>, UsbError> {
        if self.queue.is_empty()
            && let Some((channel, command)) = self.asked
        {
            self.queue.extend((self.script)(channel, command));
        }
        Ok(self.queue.pop_front())
    }
}

fn link_error(fault: Fault) -> LinkError {
    match fault {
        Fault::Io {
            source: Trouble::Link(error),
        } => error,
        other => panic!("another fault: {other:?}"),
    }
}

fn message(channel: u32, command: u8, payload: &[u8]) -> Vec<Report> {
    let packets = Packets::new(channel, command, payload);
    packets.expect("the script's payload fits").collect()
}

#[test]
fn a20_a_silent_device_is_given_up() {
    let fault = fault(open(Hostile::with(|_, _| vec![])));
    assert!(matches!(link_error(fault), LinkError::Silent { .. }));
}

#[test]
fn a20_a_device_that_gives_no_channel_is_given_up() {
    struct Mute;
    impl ReportPort for Mute {
        fn write(&mut self, _: &Report) -> Result<(), UsbError> {
            Ok(())
        }
        fn read(&mut self, _: Duration) -> Result<Option<Report>, UsbError> {
            Ok(None)
        }
    }
    let fault = fault(open(Box::new(Mute)));
    assert!(matches!(link_error(fault), LinkError::Silent { .. }));
}

#[test]
fn a20_endless_signs_of_life_are_given_up() {
    let alive = |channel, _| message(channel, command::KEEPALIVE, &[1]);
    let fault = fault(open(Hostile::with(alive)));
    assert!(matches!(link_error(fault), LinkError::Flood));
}

#[test]
fn a20_endless_fragments_for_others_are_given_up() {
    let mut sequence = 0_u8;
    let fault = fault(open(Hostile::with(move |channel, command| {
        sequence = (sequence + 1) % 128;
        let mut fragment = message(channel.wrapping_add(1), command, &[])[0];
        fragment[4] = sequence;
        vec![fragment]
    })));
    assert!(matches!(link_error(fault), LinkError::Flood));
}

#[test]
fn a20_endless_fragments_of_an_answer_are_given_up() {
    let mut sent = 0_usize;
    let fault = fault(open(Hostile::with(move |channel, command| {
        let whole = message(channel, command, &[0x5a; 7609]);
        sent += 1;
        // Never the last one: from the 128th on, the 127th again and again.
        vec![whole[(sent - 1).min(127)]]
    })));
    assert!(matches!(
        link_error(fault),
        LinkError::Frame(FrameError::Sequence {
            due: 127,
            came: 126
        })
    ));
}

#[test]
fn a20_an_answer_without_a_byte_has_a_name() {
    let empty = |channel, command| message(channel, command, &[]);
    let fault = fault(open(Hostile::with(empty)));
    assert!(matches!(
        fault,
        Fault::Io {
            source: Trouble::Reply { .. }
        }
    ));
}

#[test]
fn a20_control_characters_in_a_serial_go_no_further() {
    // {1: 1, 2: 1, 3: h'…', 4: "TK\e[2J", 5: 2, 6: true, 7: "1", 8: 7609}
    let mut hello = vec![0x00, 0xa8, 1, 1, 2, 1, 3, 0x48];
    hello.extend([0; 8]);
    hello.extend([4, 0x66]);
    hello.extend(b"TK\x1b[2J");
    hello.extend([5, 2, 6, 0xf5, 7, 0x61, b'1', 8, 0x19, 0x1d, 0xb9]);
    let script = move |channel, command| message(channel, command, &hello);
    let fault = fault(open(Hostile::with(script)));
    let text = fault.to_string();
    assert!(text.contains("`serial`"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

/// A dongle that is pulled out after a number of reports, either way.
struct Vanishing {
    inner: Box<dyn ReportPort>,
    left: Arc<AtomicUsize>,
}

impl Vanishing {
    fn count_down(&self) -> Result<(), UsbError> {
        let gone = |_| UsbError::Gone {
            place: "here".into(),
        };
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .map(drop)
            .map_err(gone)
    }
}

impl ReportPort for Vanishing {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        self.count_down()?;
        self.inner.write(report)
    }

    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError> {
        self.count_down()?;
        self.inner.read(timeout)
    }
}

#[test]
fn a20_a_dongle_may_vanish_at_any_report() {
    let dongle = simulators_own();
    for reports in 0.. {
        // What the last host left behind ends with the bus, as when it is plugged in again.
        dongle.bus_reset();
        let left = Arc::new(AtomicUsize::new(reports));
        let vanishing = Vanishing {
            inner: port(&dongle),
            left: Arc::clone(&left),
        };
        match open(Box::new(vanishing)) {
            Err(fault) => assert_eq!(fault.code(), "not-found", "after {reports}: {fault}"),
            Ok(_) => {
                assert!(reports > 20, "an open takes more than {reports} reports");
                println!("vanished after each of {reports} reports");
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a20_any_answers_end_in_a_named_fault(
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..8),
        status_ok in any::<bool>(),
    ) {
        let mut next = 0;
        let opened = open(Hostile::with(move |channel, command| {
            let mut answer = answers[next % answers.len()].clone();
            next += 1;
            if status_ok && !answer.is_empty() {
                answer[0] = 0;
            }
            message(channel, command, &answer)
        }));
        let fault = opened.err().expect("rubbish opens nothing");
        // Rubbish may by chance be a refusal of the protocol's version.
        let named = ["io", "proof-invalid", "chain-invalid", "firmware-too-old", "host-too-old"];
        prop_assert!(named.contains(&fault.code()), "{}: {}", fault.code(), fault);
        prop_assert!(!fault.to_string().contains(char::is_control));
    }
}
