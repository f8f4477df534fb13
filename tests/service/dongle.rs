//! A simulated dongle for the service's tests.

use tallykey::dongle::{Evidence, OwnerCode};
use tallykey::service::Snapshot;
use tallykey::service::watch::DongleEvent;
use tallykey_protocol::command::{Command, update};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::grant::{Line, Plan};
use tallykey_protocol::list::List;
use tallykey_signing::{Holder, first_grant, next_grant, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::host::{Channel, Session};
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};

use crate::bench::product;
use crate::bus::session;

/// A simulated dongle that has been through the factory.
pub(crate) struct Dongle {
    serial: String,
    key: String,
    evidence: Evidence,
    code: String,
    sim: SimDongle,
}

impl Dongle {
    pub(crate) fn new(serial: &str, channels: &[(&str, u64)]) -> Self {
        let flash = SimFlash::blank(chip_id(serial));
        let sim =
            SimDongle::plug(SimPlatform::new(flash, Clock::real())).expect("blank flash boots");
        let mut code = String::new();
        grant(&sim, serial, channels, |text| code = text.to_owned());
        let evidence = prove(&sim);
        Self {
            code,
            serial: serial.into(),
            key: format!("port-{serial}"),
            evidence,
            sim,
        }
    }

    /// The same dongle after its vendor raised its counts.
    pub(crate) fn raised(&self, channels: &[(&str, u64)]) -> Self {
        grant(&self.sim, &self.serial, channels, |_| ());
        self.again()
    }

    /// The same dongle after its vendor added a line, which is that of the desk: the factory's
    /// are perpetual.
    pub(crate) fn with_line(&self, channels: &[(&str, u64)], added: Line<'_>) -> Self {
        let vendor = simulator::vendor().expect("constant keys");
        let channel = Channel::new(self.sim.connect().expect("plugged in")).expect("it answers");
        let mut session = Session::open(channel, [2; 16]).expect("it is free");
        let holder = Holder {
            serial: &self.serial,
            key: session.key(),
        };
        let kept = (1..).zip(channels).map(|(id, (feature, count))| Line {
            id,
            feature,
            count: *count,
            plan: Plan::Perpetual,
            valid_from: simulator::ISSUED_AT,
            valid_to: None,
        });
        let mut lines: Vec<_> = kept.collect();
        let held = List::of(&lines).expect("they fit");
        let held = first_grant(&product(), holder, held, simulator::ISSUED_AT);
        lines.push(added);
        let next = next_grant(
            &held,
            List::of(&lines).expect("they fit"),
            simulator::ISSUED_AT,
        );
        let record = vendor.sign_grant(&next).expect("our own vendor");
        let answer = session.ask(Command::Update, &update::Request { record: &record });
        let updated: update::Reply = answer.expect("it answers").read_ok().expect("it follows");
        assert_eq!(updated.revision, 2);
        session.close().expect("it is there");
        self.again()
    }

    /// The same dongle at another port.
    pub(crate) fn at(&self, port: &str) -> Self {
        let (serial, evidence) = (self.serial.clone(), self.evidence.clone());
        Self {
            serial,
            key: port.into(),
            evidence,
            code: self.code.clone(),
            sim: self.sim.clone(),
        }
    }

    pub(crate) fn opened(&self) -> DongleEvent {
        DongleEvent::Opened {
            key: self.key.clone(),
            evidence: self.evidence.clone(),
        }
    }

    /// The same dongle as it is now, whatever happened to it.
    pub(crate) fn again(&self) -> Self {
        Self {
            serial: self.serial.clone(),
            key: self.key.clone(),
            evidence: prove(&self.sim),
            code: self.code.clone(),
            sim: self.sim.clone(),
        }
    }

    /// Its owner code.
    pub(crate) fn code(&self) -> OwnerCode {
        OwnerCode::parse(&self.code).expect("the factory's")
    }

    /// What it proved.
    pub(crate) const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The device itself.
    pub(crate) fn sim(&self) -> SimDongle {
        self.sim.clone()
    }

    pub(crate) fn serial(&self) -> &str {
        &self.serial
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Its state as published.
    pub(crate) fn state_in(&self, snapshot: &Snapshot) -> Option<&'static str> {
        let mut all = snapshot.dongles.iter();
        all.find(|one| one.serial.as_deref() == Some(&self.serial))
            .map(|one| one.state)
    }
}

fn grant(sim: &SimDongle, serial: &str, channels: &[(&str, u64)], keep: impl FnOnce(&str)) {
    let vendor = simulator::vendor().expect("constant keys");
    let product = product();
    let order = Order {
        serial,
        profile: &product,
        channels,
        now: simulator::ISSUED_AT,
        raise: true,
        convert: Convert::Offline,
    };
    let keep = |text: &str| {
        keep(text);
        Ok(())
    };
    provision(sim, &vendor, &order, keep).expect("the factory's own dongle");
}

/// What it proves when the service opens it.
fn prove(sim: &SimDongle) -> Evidence {
    let open = session(sim).expect("it is free");
    let evidence = open.evidence().clone();
    open.close().expect("it is there");
    evidence
}
