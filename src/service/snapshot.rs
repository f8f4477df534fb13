//! The state as published to readers: reading never waits for the actor or the disk.

use std::time::Instant;

use super::licences::Returning;
use crate::arbiter::{AuthenticationType, Kind};
use crate::ledger::clock::Suspicion;

/// The state at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Which source is active.
    pub authentication_type: AuthenticationType,
    /// The kind that is held while the other one counts, or that waits.
    pub held: Option<Held>,
    /// Why the host's clock is not believed, if it is not.
    pub clock: Option<Suspicion>,
    /// How many licences count although they name another host key than this host has.
    pub host_key_unbound: usize,
    /// Whether anything here is simulated: then no count is worth anything.
    pub simulated: bool,
    /// The product this host serves.
    pub product: Product,
    /// Counts of every feature of the product, in the profile's order.
    pub features: Vec<FeatureCounts>,
    /// Every dongle seen, open or not, in order of arrival.
    pub dongles: Vec<DongleStatus>,
    /// Every dongle that counted here and is not plugged in now.
    pub away: Vec<AwayDongle>,
    /// Licences whose return to the vendor is not over, by their identity in hex.
    pub returns: Vec<(String, Returning)>,
    /// Number and hash of the newest history entry.
    pub head: (u64, [u8; 32]),
    /// Why requests cannot be answered now, if they cannot: a code of [`super::Fault`].
    pub broken: Option<&'static str>,
    /// When the actor last confirmed all this.
    pub confirmed: Instant,
}

impl Snapshot {
    /// Milliseconds since the actor last confirmed these facts. It grows past about a second
    /// only when the service is stuck, for instance on a disk that does not answer.
    #[must_use]
    pub fn age_ms(&self) -> u64 {
        u64::try_from(self.confirmed.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A kind of source that is verified, shown, and counts 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The kind.
    pub kind: Kind,
    /// Whether an operator has to choose: nobody has yet.
    pub asks: bool,
}

/// A dongle that is away and has channels to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwayDongle {
    /// Its serial.
    pub serial: String,
    /// RFC 9679 thumbprint of its key.
    pub thumbprint: [u8; 32],
    /// Where it stands.
    pub phase: AwayPhase,
    /// How long its channels still count, milliseconds.
    pub left_ms: u64,
}

/// How long a dongle has been away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AwayPhase {
    /// So short that it is no alarm.
    Debounce,
    /// Its channels count for a limited time.
    Grace,
    /// Too long: its channels do not count.
    Exhausted,
}

impl AwayPhase {
    /// The stable name in API and CLI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debounce => "debounce",
            Self::Grace => "grace",
            Self::Exhausted => "exhausted",
        }
    }
}

/// The product as the profile names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id, as in grants.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Revision of the product profile.
    pub profile_revision: u64,
}

/// What one feature has. All numbers are channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureCounts {
    /// The feature's id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Free channels and those of the active source.
    pub total: u64,
    /// Free channels, part of `total`.
    pub free: u64,
    /// Free channels in use, part of `used`; they are used first.
    pub free_used: u64,
    /// Channels of licensed devices.
    pub used: u64,
    /// Channels that can be allocated now.
    pub available: u64,
    /// Channels that suspended devices wait for.
    pub suspended: u64,
    /// Channels of lines that the user parked, no part of `total`.
    pub parked: u64,
    /// Channels by which a subscription lets it grow beyond `total`.
    pub growth: u64,
    /// The part of them in use, part of `used`.
    pub growth_used: u64,
}

/// One dongle as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DongleStatus {
    /// Its serial: of its certificate once it is proved, else what USB says.
    pub serial: Option<String>,
    /// `open`, or the code of what is wrong with it.
    pub state: &'static str,
    /// What is wrong with it, if it is not open.
    pub problem: Option<DongleProblem>,
    /// What is known once it is proved.
    pub facts: Option<DongleFacts>,
}

/// Why a dongle gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DongleProblem {
    /// What happened.
    pub detail: String,
    /// What to do next.
    pub next: String,
}

/// What a dongle proved about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DongleFacts {
    /// Firmware version, self-reported.
    pub firmware: String,
    /// Its monotonic counter.
    pub counter: u64,
    /// Where in its life it is: `sealed`, `retired`, …
    pub lifecycle: String,
    /// Whether it is a simulated one.
    pub simulated: bool,
    /// RFC 9679 thumbprint of its key.
    pub thumbprint: [u8; 32],
    /// The grants it holds.
    pub grants: Vec<GrantStatus>,
}

/// One grant a dongle holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantStatus {
    /// The product it is for.
    pub product: String,
    /// Its revision.
    pub revision: u64,
    /// Whether it is of this host's product and counts here.
    pub counts: bool,
}

/// One line that gives channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceLine {
    /// Its id, stable and unique on this host.
    pub id: String,
    /// Where it comes from.
    pub source: LineSource,
    /// The feature.
    pub feature: String,
    /// The gross total ever granted.
    pub count: u64,
    /// What was given away of it; it gives `count` less `given`.
    pub given: u64,
    /// `free`, `perpetual`, `subscription` or `fixed-term`.
    pub plan: &'static str,
    /// The purchase date, Unix time in seconds.
    pub valid_from: Option<u64>,
    /// The last moment it is valid, Unix time in seconds; none if it never ends.
    pub valid_to: Option<u64>,
    /// If it counts only until it is renewed: until when, Unix time in seconds.
    pub renew_by: Option<u64>,
    /// Whether it counts now.
    pub active: bool,
    /// Whether the user took it out of the pool; then it does not count.
    pub parked: bool,
}

/// Where a line comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineSource {
    /// The product profile's free channels: they cannot be moved, converted or deleted.
    Free,
    /// A dongle.
    Dongle {
        /// Its serial.
        serial: String,
        /// Revision of the grant.
        revision: u64,
    },
    /// A software licence.
    Licence {
        /// Its identity, hex.
        id: String,
        /// Its revision.
        revision: u64,
    },
}
