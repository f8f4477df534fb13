//! How long a host waits, seen from the port: nobody really does.

use super::*;
use std::sync::{Arc, Mutex};
use tallykey_protocol::frame::keepalive_report;

/// Says once what it waits for, and notes how long the host is ready to wait for more.
struct Asking {
    status: u8,
    waits: Arc<Mutex<Vec<Duration>>>,
    said: bool,
}

const CHANNEL: u32 = 0x0101_0101;

impl ReportPort for Asking {
    fn write(&mut self, _: &Report) -> Result<(), UsbError> {
        Ok(())
    }

    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError> {
        self.waits.lock().unwrap().push(timeout);
        let first = !std::mem::replace(&mut self.said, true);
        Ok(first.then(|| keepalive_report(CHANNEL, self.status)))
    }
}

/// How long the host waits for `command` at first, and after one sign of life of this status.
fn waits(command: Command, status: u8) -> [Duration; 2] {
    let waits = Arc::default();
    let port = Asking {
        status,
        waits: Arc::clone(&waits),
        said: false,
    };
    let mut link = Link {
        port: Box::new(port),
        channel: CHANNEL,
        timing: Timing {
            silence: Duration::from_secs(3_600),
            answer: Duration::from_secs(10),
        },
    };
    let error = link.request(command.code(), &[]).unwrap_err();
    assert!(matches!(error, LinkError::Silent { .. }), "{error}");
    let waits = waits.lock().unwrap();
    waits[..].try_into().expect("two waits")
}

#[test]
fn a_person_at_the_button_has_thirty_seconds_more_and_only_where_one_is_asked() {
    let answer = Duration::from_secs(10);
    for command in Command::ALL {
        for status in [keepalive::PROCESSING, keepalive::UP_NEEDED] {
            let [first, then] = waits(command, status);
            assert!(first <= answer, "{command:?}");
            let asked = command.needs_presence() && status == keepalive::UP_NEEDED;
            assert_eq!(then > answer, asked, "{command:?}");
            assert!(then <= answer + Duration::from_millis(CONFIRM_MS));
        }
    }
}
