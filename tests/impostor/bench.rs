//! Dongles, hosts, and someone between them.

use std::collections::VecDeque;
use std::time::Duration;

use tallykey::dongle::{Fault, Found, Open, Timing, Vendor};
use tallykey::usb::sim::LocalFinder;
use tallykey::usb::{Finder, ReportPort, UsbError};
use tallykey_protocol::command::{Decode, Encode};
use tallykey_protocol::frame::{Exchange, Packets, Progress};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::report::Report;
use tallykey_protocol::trust::TrustBundle;
use tallykey_signing::{SoftwareKey, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};

pub(crate) const SERIAL: &str = "TK-IMPOSTOR-1";

/// Long enough for a busy machine; silence is scripted and costs nothing.
pub(crate) const TIMING: Timing = Timing {
    silence: Duration::from_secs(20),
    answer: Duration::from_secs(60),
};

pub(crate) fn blank() -> SimDongle {
    let flash = SimFlash::blank(chip_id(SERIAL));
    SimDongle::plug(SimPlatform::new(flash, Clock::real())).expect("blank flash boots")
}

/// A dongle with 64 camera channels of the vendor `maker`.
pub(crate) fn made_by(maker: &tallykey_signing::Vendor) -> SimDongle {
    let dongle = blank();
    let profile = simulator::profile();
    let order = Order {
        serial: SERIAL,
        profile: &profile,
        channels: &[("camera", 64)],
        raise: true,
        convert: Convert::None,
        now: simulator::ISSUED_AT,
    };
    provision(&dongle, maker, &order, |_| Ok(())).expect("a blank dongle is provisioned");
    dongle
}

pub(crate) fn simulators_own() -> SimDongle {
    made_by(&simulator::vendor().expect("constant keys"))
}

/// A vendor of its own.
pub(crate) fn vendor(name: &str, test: bool) -> tallykey_signing::Vendor {
    let fill = |bytes: &mut [u8]| getrandom::fill(bytes);
    tallykey_signing::Vendor::generate(name, test, simulator::ISSUED_AT, fill)
        .expect("random keys make a vendor")
}

pub(crate) fn random_key() -> SoftwareKey {
    SoftwareKey::generate(|bytes: &mut [u8]| getrandom::fill(bytes)).expect("random bytes")
}

/// What a host pins of `maker`.
pub(crate) fn pinned(maker: &tallykey_signing::Vendor) -> Vendor {
    let bytes = maker.trust_bundle();
    let bundle = TrustBundle::decode(&bytes).expect("our own bundle");
    Vendor::pin(&bundle, true).expect("a vendor's root")
}

pub(crate) fn simulator() -> Vendor {
    pinned(&simulator::vendor().expect("constant keys"))
}

pub(crate) fn port(dongle: &SimDongle) -> Box<dyn ReportPort> {
    let mut finder = LocalFinder::new(vec![dongle.clone()]);
    let found = finder.find().expect("a bus of our own");
    finder.open(&found[0]).expect("it is plugged in")
}

/// What `tallykey serve --simulate` does with a port.
pub(crate) fn open(port: Box<dyn ReportPort>) -> Result<Open, Fault> {
    open_for(port, &simulator())
}

pub(crate) fn open_for(port: Box<dyn ReportPort>, vendor: &Vendor) -> Result<Open, Fault> {
    Found::new(port, TIMING)?.identify(vendor)?.open([1; 16])
}

/// The fault of a dongle that must not open.
pub(crate) fn fault(opened: Result<Open, Fault>) -> Fault {
    match opened {
        Ok(open) => panic!("opened: {:?}", open.evidence()),
        Err(fault) => fault,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToDongle,
    ToHost,
}

/// May change a message; answers whether it is passed on.
pub(crate) type Hand = Box<dyn FnMut(Way, u8, &mut Vec<u8>) -> bool + Send>;

/// Someone with a cable at each side: sees every message whole and passes on what it likes.
pub(crate) struct Between {
    inner: Box<dyn ReportPort>,
    hand: Hand,
    outgoing: Option<(u32, u8, Exchange)>,
    incoming: Option<(u32, u8, Exchange)>,
    queue: VecDeque<Report>,
}

impl Between {
    pub(crate) fn on(
        inner: Box<dyn ReportPort>,
        hand: impl FnMut(Way, u8, &mut Vec<u8>) -> bool + Send + 'static,
    ) -> Box<dyn ReportPort> {
        Box::new(Self {
            inner,
            hand: Box::new(hand),
            outgoing: None,
            incoming: None,
            queue: VecDeque::new(),
        })
    }

    /// The reports to pass on instead of `report`, once its message is whole.
    fn pass(&mut self, way: Way, report: &Report) -> Vec<Report> {
        let growing = match way {
            Way::ToDongle => &mut self.outgoing,
            Way::ToHost => &mut self.incoming,
        };
        if report[4] & 0x80 != 0 {
            let channel = u32::from_be_bytes([report[0], report[1], report[2], report[3]]);
            let command = report[4] & 0x7f;
            *growing = Some((channel, command, Exchange::new(channel, command)));
        }
        let Some((channel, command, exchange)) = growing else {
            return vec![*report];
        };
        let Progress::Done(message) = exchange.feed(report) else {
            return vec![];
        };
        let mut message = message.to_vec();
        if !(self.hand)(way, *command, &mut message) {
            return vec![];
        }
        let packets = Packets::new(*channel, *command, &message);
        packets.expect("within the limit").collect()
    }
}

impl ReportPort for Between {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        for report in self.pass(Way::ToDongle, report) {
            self.inner.write(&report)?;
        }
        Ok(())
    }

    /// A message that is not passed on is silence, at once.
    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError> {
        while self.queue.is_empty() {
            let Some(report) = self.inner.read(timeout.min(Duration::from_millis(1)))? else {
                return Ok(None);
            };
            let passed = self.pass(Way::ToHost, &report);
            self.queue.extend(passed);
        }
        Ok(self.queue.pop_front())
    }
}

pub(crate) fn decoded<'b, T: Decode<'b>>(bytes: &'b [u8]) -> T {
    T::decode(bytes).expect("an honest message")
}

pub(crate) fn encoded(body: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![0; MESSAGE_MAX];
    let length = body.encode(&mut bytes).expect("fits a message");
    bytes.truncate(length);
    bytes
}
