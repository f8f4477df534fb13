//! A20: devices made to hurt the host, as the simulator makes them. Every one ends in a named fault, in bounded time
//! and memory, and the dongle that comes after it opens.

use std::num::NonZeroU64;
use std::time::Duration;

use proptest::prelude::*;
use tallykey::dongle::{Fault, Found, LinkError, Open, Timing, Trouble};
use tallykey_protocol::frame::FrameError;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::fault::{Counter, Mode};

use super::bench::{blank, fault, open, port, simulator, simulators_own};

/// For devices that are silent: long enough to be asked, and short enough to wait for.
const SHORT: Timing = Timing {
    silence: Duration::from_millis(20),
    answer: Duration::from_secs(60),
};

/// The fault of a dongle in this mode; it has done something for it.
fn fault_of(mode: Mode) -> Fault {
    let dongle = blank();
    dongle.set_hostile(Some(mode));
    let fault = fault(open(port(&dongle)));
    assert!(dongle.counted(Counter::Hostile) > 0);
    fault
}

fn open_soon(dongle: &SimDongle) -> Result<Open, Fault> {
    let found = Found::new(port(dongle), SHORT)?;
    found.identify(&simulator())?.open([1; 16])
}

fn link_error(fault: Fault) -> LinkError {
    match fault {
        Fault::Io {
            source: Trouble::Link(error),
        } => error,
        other => panic!("another fault: {other:?}"),
    }
}

#[test]
fn a20_a_device_that_does_not_answer_is_given_up() {
    for mode in [Mode::Mute, Mode::Silence, Mode::WrongId] {
        let dongle = blank();
        dongle.set_hostile(Some(mode.clone()));
        let fault = fault(open_soon(&dongle));
        let silent = matches!(link_error(fault), LinkError::Silent { .. });
        assert!(silent, "{mode}");
        assert!(dongle.counted(Counter::ReportsOut) > 0);
    }
}

#[test]
fn a20_a_device_that_hangs_is_given_up_and_opens_when_it_goes_on() {
    let dongle = simulators_own();
    dongle.stall(None);
    let fault = fault(open_soon(&dongle));
    assert!(matches!(link_error(fault), LinkError::Silent { .. }));
    assert!(dongle.counted(Counter::Swallowed) > 0);
    dongle.release();
    open(port(&dongle)).expect("an honest dongle");
}

#[test]
fn a20_endless_reports_are_given_up() {
    for mode in [Mode::Keepalive, Mode::Fragments] {
        let fault = fault_of(mode.clone());
        assert!(matches!(link_error(fault), LinkError::Flood), "{mode}");
    }
}

#[test]
fn a20_endless_fragments_of_an_answer_are_given_up() {
    assert!(matches!(
        link_error(fault_of(Mode::Unending)),
        LinkError::Frame(FrameError::Sequence {
            due: 127,
            came: 126
        })
    ));
}

#[test]
fn a20_an_answer_without_a_byte_has_a_name() {
    assert!(matches!(
        fault_of(Mode::Empty),
        Fault::Io {
            source: Trouble::Reply { .. }
        }
    ));
}

#[test]
fn a20_control_characters_in_a_serial_go_no_further() {
    let text = fault_of(Mode::ControlSerial).to_string();
    assert!(text.contains("`serial`"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a20_a_dongle_may_vanish_at_any_report() {
    let dongle = simulators_own();
    for reports in 1.. {
        dongle.replug().expect("its flash is good");
        let after = NonZeroU64::new(reports).expect("counted from 1");
        dongle.set_hostile(Some(Mode::Vanish { after }));
        match open(port(&dongle)) {
            Err(fault) => assert_eq!(fault.code(), "not-found", "after {reports}: {fault}"),
            Ok(_) => {
                assert!(reports > 20, "an open takes more than {reports} reports");
                assert_eq!(dongle.counted(Counter::Vanished), reports - 1);
                println!("vanished after each of {} reports", reports - 1);
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
        let answers = answers.into_iter().map(|mut answer| {
            if status_ok && !answer.is_empty() {
                answer[0] = 0;
            }
            answer.try_into().expect("shorter than a message")
        });
        let fault = fault_of(Mode::Answers { answers: answers.collect() });
        // Rubbish may by chance be a refusal of the protocol's version.
        let named = ["io", "proof-invalid", "chain-invalid", "firmware-too-old", "host-too-old"];
        prop_assert!(named.contains(&fault.code()), "{}: {}", fault.code(), fault);
        prop_assert!(!fault.to_string().contains(char::is_control));
    }
}
