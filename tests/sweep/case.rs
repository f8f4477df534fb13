//! What is converted or returned, and the factory's dongle that all of it begins with.

use std::sync::Arc;

use tallykey::arbiter::Takeover;
use tallykey::dongle::{OwnerCode, Vendor};
use tallykey::licence::machine_binding::Facts;
use tallykey::licence::{Profile, Trust};
use tallykey::service::ports::{HostKey, HostKeyFailed};
use tallykey::service::{ConvertAsk, Gift, GiftWish, Goal, Moment, Part, Settings};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::list::List;
use tallykey_protocol::profile::{self, Feature};
use tallykey_protocol::trust::TrustBundle;
use tallykey_signing::{Signer as _, SoftwareKey, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::Platform as _;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};

use super::disk::Disk;
use super::other_machine::{self, key, machine};
use super::stage::World;

/// The dongle's serial.
pub(crate) const SERIAL: &str = "TK-1";

/// Channels of `camera` and of `vca` in it.
pub(crate) const HAS: [u64; 2] = [40, 2];

/// Channels of `camera` that the product gives to everybody.
pub(crate) const FREE: u64 = 4;

/// Channels of `camera` in a part.
const PART: u64 = 4;

/// When all of it happens, Unix time in milliseconds.
const NOW: i64 = 1_700_000_000_000;

/// One thing to do to the dongle, and to get done whatever happens.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) gift: Gift,
    pub(crate) whole: bool,
    pub(crate) goal: Goal,
}

/// Every one.
pub(crate) const CASES: [Case; 6] = [
    case(
        "all to this machine",
        Gift::Convert,
        true,
        Goal::ThisMachine,
    ),
    case(
        "all to another machine",
        Gift::Convert,
        true,
        Goal::OtherMachine,
    ),
    case(
        "a part to another machine",
        Gift::Convert,
        false,
        Goal::OtherMachine,
    ),
    case("retire all", Gift::Retire, true, Goal::Desk),
    case("retire a part", Gift::Retire, false, Goal::Desk),
    case("all at the desk", Gift::ConvertAtDesk, true, Goal::Desk),
];

const fn case(name: &'static str, gift: Gift, whole: bool, goal: Goal) -> Case {
    Case {
        name,
        gift,
        whole,
        goal,
    }
}

impl Case {
    /// Channels that go.
    pub(crate) const fn gives(&self) -> [u64; 2] {
        if self.whole { HAS } else { [PART, 0] }
    }
}

/// What every life begins with.
pub(crate) struct Factory {
    pub(crate) vendor: Vendor,
    pub(crate) start: World,
    code: OwnerCode,
    trust: Trust,
    profile: Profile,
    here: Facts,
    there: Facts,
    request: Vec<u8>,
}

impl Factory {
    pub(crate) fn new() -> Self {
        let signer = simulator::vendor().expect("constant keys");
        let bundle = signer.trust_bundle();
        let product = product();
        let record = signer.sign_profile(&product).expect("our own profile");
        let trust = Trust::decode(&bundle).expect("our own bundle");
        let pinned = TrustBundle::decode(&bundle).expect("our own bundle");
        let mut code = None;
        let blank = SimFlash::blank(chip_id(SERIAL));
        let flash = station(blank, HAS, |text| code = OwnerCode::parse(text));
        let there = other_machine::facts();
        Self {
            vendor: Vendor::pin(&pinned, true).expect("a root"),
            start: World {
                disk: Disk::default(),
                flash,
            },
            code: code.expect("the factory's"),
            profile: Profile::verify(&record, &trust).expect("signed by our own vendor"),
            trust,
            here: machine("server"),
            request: other_machine::request(product.product),
            there,
        }
    }

    /// The dongle with that flash after its vendor raised its counts.
    pub(crate) fn raise(&self, flash: &[u8], counts: [u64; 2]) -> Arc<Vec<u8>> {
        station(SimFlash::copy_of(flash), counts, |_| ())
    }

    /// What a service is set up with: on this machine, or on the other one.
    pub(crate) fn settings(&self, here: bool) -> Settings {
        let facts = if here { &self.here } else { &self.there }.clone();
        Settings {
            trust: self.trust.clone(),
            profile: self.profile.clone(),
            simulated: true,
            host: "nvr-3".into(),
            takeover: Takeover::Ask,
            host_key: Box::new(Key(key(if here { 1 } else { 2 }))),
            machine: Box::new(move || facts.clone()),
            clock: Box::new(|| Moment {
                wall_ms: NOW,
                running_ms: 0,
            }),
        }
    }

    /// What an operator asks for.
    pub(crate) fn ask(&self, case: &Case) -> ConvertAsk {
        let part = Part {
            of: "camera".into(),
            count: PART,
        };
        ConvertAsk {
            serial: Some(SERIAL.into()),
            wish: GiftWish {
                gift: case.gift,
                parts: if case.whole { Vec::new() } else { vec![part] },
            },
            to: (case.goal == Goal::OtherMachine).then(|| self.request.clone()),
            code: Some(self.code.clone()),
            dry_run: false,
        }
    }
}

/// The dongle with that flash, made to have so many channels of each.
fn station(flash: SimFlash, counts: [u64; 2], keep: impl FnOnce(&str)) -> Arc<Vec<u8>> {
    let vendor = simulator::vendor().expect("constant keys");
    let clock = Clock::Virtual(Arc::default());
    let dongle = SimDongle::plug(SimPlatform::new(flash, clock)).expect("it boots");
    let order = Order {
        serial: SERIAL,
        profile: &product(),
        channels: &[("camera", counts[0]), ("vca", counts[1])],
        now: simulator::ISSUED_AT,
        raise: true,
        convert: Convert::Offline,
    };
    let keep = |text: &str| {
        keep(text);
        Ok(())
    };
    provision(&dongle, &vendor, &order, keep).expect("the factory's own dongle");
    dongle.with_platform(|platform| platform.flash().contents().to_vec().into())
}

/// The product: [`FREE`] cameras, paid analytics, no terms.
fn product() -> profile::Profile<'static> {
    let feature = |id, free| Feature { id, name: id, free };
    profile::Profile {
        features: List::of(&[feature("camera", FREE), feature("vca", 0)]).expect("two fit"),
        terms: "",
        ..simulator::profile()
    }
}

struct Key(SoftwareKey);

impl HostKey for Key {
    fn public_key(&self) -> PublicKey {
        self.0.public_key()
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<[u8; 64], HostKeyFailed> {
        let signed = self.0.sign(digest);
        signed.map_err(|source| HostKeyFailed {
            source: source.into(),
        })
    }
}
