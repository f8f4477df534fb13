//! A dongle that goes through the factory, and what it makes when it converts.

use std::cell::RefCell;

use tallykey_protocol::command::order::{self, Order as GiveOrder, Share};
use tallykey_protocol::command::{Command as DongleCommand, Encode, certificate, grant};
use tallykey_protocol::composite::Composite;
use tallykey_protocol::grant::Convert;
use tallykey_protocol::limits::{COMPOSITE_MAX, ORDER_MAX};
use tallykey_protocol::list::List;
use tallykey_protocol::owner;
use tallykey_protocol::profile::Profile;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_protocol::receipt::{self, Evidence};
use tallykey_protocol::target::Target;
use tallykey_signing::{Vendor, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::host::{Channel, Session};
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};

/// The dongle's serial.
pub(crate) const SERIAL: &str = "TK-PUBLIC-1";

/// A dongle of `vendor` with 64 cameras and 8 of vca; `keep` gets its owner code.
pub(crate) fn provisioned(
    vendor: &Vendor,
    product: &Profile<'_>,
    keep: impl FnOnce(&str),
) -> SimDongle {
    let flash = SimFlash::blank(chip_id(SERIAL));
    let dongle =
        SimDongle::plug(SimPlatform::new(flash, Clock::real())).expect("blank flash boots");
    let channels = [("camera", 64), ("vca", 8)];
    let order = Order {
        serial: SERIAL,
        profile: product,
        channels: &channels,
        raise: true,
        convert: Convert::Offline,
        now: simulator::ISSUED_AT,
    };
    let keep = |code: &str| {
        keep(code);
        Ok(())
    };
    provision(&dongle, vendor, &order, keep).expect("a blank dongle is provisioned");
    dongle
}

/// The parts of a licence for 16 of 64 cameras, as a host gathers them from a dongle.
pub(crate) struct Parts {
    pub(crate) receipt: Vec<u8>,
    pub(crate) grant: Vec<u8>,
    pub(crate) chain: [Vec<u8>; 2],
}

impl Parts {
    /// Has a new dongle of `vendor` convert for the machine `target`.
    pub(crate) fn of(vendor: &Vendor, product: &Profile<'_>, target: Target) -> Self {
        let code = RefCell::new(String::new());
        let dongle = provisioned(vendor, product, |text| {
            code.replace(text.to_owned());
        });
        let mut channel = Channel::new(dongle.connect().expect("plugged in")).expect("a channel");
        channel.hello().expect("hello");
        let known = certificate::Request { known: None };
        let answer = channel.ask(DongleCommand::Certificate, &known);
        let answer = answer.expect("answers");
        let chain: certificate::Reply<'_> = answer.read_ok().expect("has a chain");
        let chain = chain.chain.expect("a chain").map(<[u8]>::to_vec);
        let mut session = Session::open(channel, [1; 16]).expect("opens");
        let grant = held(&mut session);
        let receipt = convert(&mut session, &code.borrow(), product, target);
        Self {
            receipt,
            grant,
            chain,
        }
    }

    /// The licence.
    pub(crate) fn envelope(&self) -> Vec<u8> {
        let [leaf, factory] = &self.chain;
        let evidence = Evidence {
            receipt: &self.receipt,
            grant: &self.grant,
            chain: [leaf, factory],
        };
        let mut out = vec![0; COMPOSITE_MAX];
        let length = Composite(evidence).encode(&mut out).expect("it fits");
        out.truncate(length);
        out
    }
}

/// The grant that the dongle holds.
fn held(session: &mut Session) -> Vec<u8> {
    let answer = session.ask(DongleCommand::Grant, &grant::Request::Index(0));
    let answer = answer.expect("answers");
    let held: grant::Reply<'_> = answer.read_ok().expect("has a grant");
    held.record.to_vec()
}

fn convert(session: &mut Session, code: &str, product: &Profile<'_>, target: Target) -> Vec<u8> {
    let proof = session.prove(Kind::State).expect("proves");
    let proof = Proof::verify(&proof, Kind::State, session.key()).expect("a true proof");
    let order = GiveOrder {
        kind: receipt::Kind::ConvertOffline,
        request_id: [7; 16],
        counter: proof.counter,
        product: product.product,
        shares: List::of(&[Share { line: 1, count: 16 }]).expect("one"),
        target: Some(target),
    };
    let mut buffer = [0; ORDER_MAX];
    let length = order.encode(&mut buffer).expect("it fits");
    let order = &buffer[..length];
    let code = code.as_bytes().try_into().expect("16 characters");
    let verifier = owner::verifier(code, SERIAL);
    let command = DongleCommand::Convert;
    let proof = owner::proof(&verifier, session.transcript(), command, order);
    let answer = session.ask(command, &order::Request { order, proof });
    let answer = answer.expect("answers");
    let reply: order::Reply<'_> = answer.read_ok().expect("converts");
    reply.record.to_vec()
}
