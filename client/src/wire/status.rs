//! The answer of `GET /v1/status`.

use serde::{Deserialize, Serialize};

use super::{Away, ClockSuspect, Conflict, Dongle, HostKeyUnbound, Return};

/// What this machine may licence now, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the service.
    pub version: String,
    /// The source that is active on this machine; never two.
    pub authentication_type: AuthenticationType,
    /// The kind of source that is held while the other one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
    /// Why the host's clock is not believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_suspect: Option<ClockSuspect>,
    /// Licences that name another host key than this host has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_key_unbound: Option<HostKeyUnbound>,
    /// Whether counts come from a simulated dongle: never licences to rely on.
    pub simulated: bool,
    /// The product that the service's profile defines.
    pub product: Product,
    /// Counts of every feature of the product.
    pub features: Vec<FeatureCounts>,
    /// Every dongle that is plugged in, whatever its state.
    pub dongles: Vec<Dongle>,
    /// Dongles that counted here and are not plugged in now.
    pub away: Vec<Away>,
    /// Returns to the vendor that are not over, as far as this host can know.
    #[serde(default)]
    pub returns: Vec<Return>,
    /// Age of these facts in milliseconds.
    pub age_ms: u64,
}

/// A product, as its signed profile names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Stable id, such as `tallykey-vms`.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Revision of the profile.
    pub revision: u64,
}

/// Channels of one feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureCounts {
    /// Stable id, such as `camera`.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Channels there are: free ones and those of the active source.
    pub total: u64,
    /// Channels that the profile gives away; part of `total`.
    pub free: u64,
    /// Free channels in use; they are used first.
    pub free_used: u64,
    /// Channels in use, free ones included.
    pub used: u64,
    /// Channels that can still be allocated.
    pub available: u64,
    /// Channels of allocations that are kept but not licensed now.
    pub suspended: u64,
    /// Channels of parked lines; they are no part of `total`.
    #[serde(default)]
    pub parked: u64,
    /// Channels by which a subscription lets it grow beyond `total`, until it is renewed.
    #[serde(default)]
    pub growth: u64,
    /// The part of them in use; part of `used`.
    #[serde(default)]
    pub growth_used: u64,
}

/// Which kind of source is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticationType {
    /// Neither; only free channels count.
    None,
    /// One or more dongles.
    Dongle,
    /// Software licences.
    Software,
}

impl std::fmt::Display for AuthenticationType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Dongle => "dongle",
            Self::Software => "software",
        })
    }
}
