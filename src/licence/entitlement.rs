//! Verified counts that one source gives this machine.

use std::collections::BTreeSet;

use tallykey_protocol::grant::{Convert, Plan};

use super::year::{anniversary, years_between};

/// What one source gives, made only from records that verified for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    pub(super) source: Source,
    pub(super) lines: Vec<Line>,
    pub(super) excludes_free: bool,
    pub(super) converts: Convert,
}

/// Who gives: the holder of the records an entitlement was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A dongle.
    Dongle {
        /// Its serial.
        serial: String,
        /// RFC 9679 thumbprint of its key: one key is one dongle, whatever serial it shows.
        thumbprint: [u8; 32],
    },
    /// A software licence that this machine holds.
    Licence {
        /// Its identity: the record's digest, or that of the receipt it was made with.
        identity: [u8; 32],
    },
}

impl Source {
    /// What it is known by, whatever else it shows: the dongle's key, or the licence's identity.
    #[must_use]
    pub const fn identity(&self) -> &[u8; 32] {
        match self {
            Self::Dongle { thumbprint, .. } => thumbprint,
            Self::Licence { identity } => identity,
        }
    }

    /// What names the line `id` of it, for a product, on this host.
    #[must_use]
    pub fn line_id(&self, product: &str, id: u32) -> String {
        match self {
            Self::Dongle { serial, .. } => format!("{serial}/{product}/{id}"),
            Self::Licence { identity } => format!("{}/{product}/{id}", short(identity)),
        }
    }
}

/// Eight bytes of an identity, hex: enough to tell the licences of one machine apart, and short enough to read out.
fn short(identity: &[u8; 32]) -> String {
    identity[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// One line of a verified grant, less what was given away of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Revision of the grant it stands in.
    pub revision: u64,
    /// Its id, unique for the holder and product.
    pub id: u32,
    /// What it counts.
    pub feature: String,
    /// The gross total ever granted.
    pub count: u64,
    /// What the dongle gave away of it, as the dongle proved.
    pub given: u64,
    /// How long it lasts.
    pub plan: Plan,
    /// The purchase date, Unix time in seconds.
    pub valid_from: u64,
    /// The first moment it is not valid any more, Unix time in seconds; none if it never ends.
    pub valid_to: Option<u64>,
    /// For a subscription: until when it counts on so that it can be renewed, Unix time in seconds.
    pub grace_to: Option<u64>,
    /// The only devices it pays for, by MAC address; none if it pays for any.
    pub only: Option<BTreeSet<[u8; 6]>>,
}

impl Line {
    /// Whether it counts at `now` (Unix time in seconds).
    #[must_use]
    pub fn is_valid_at(&self, now: u64) -> bool {
        self.valid_from <= now && self.end().is_none_or(|end| now < end)
    }

    /// Whether it is paid for at `moment` (Unix time in seconds): the time to renew it is no part of that.
    #[must_use]
    pub fn is_paid_at(&self, moment: u64) -> bool {
        self.valid_from <= moment && self.valid_to.is_none_or(|end| moment < end)
    }

    /// When the subscription year began that `now` is in, both Unix time in seconds; none if it is no subscription
    /// that counts now.
    #[must_use]
    pub fn year_at(&self, now: u64) -> Option<u64> {
        let counts = self.plan == Plan::Subscription && self.is_valid_at(now);
        let years = counts
            .then(|| years_between(self.valid_from, now))
            .flatten()?;
        anniversary(self.valid_from, years)
    }

    /// When the next one begins, Unix time in seconds.
    #[must_use]
    pub fn next_year(&self, now: u64) -> Option<u64> {
        self.year_at(now)?;
        let years = years_between(self.valid_from, now)?;
        anniversary(self.valid_from, years + 1)
    }

    /// Whether it counts at `now` (Unix time in seconds) only until it is renewed.
    #[must_use]
    pub fn awaits_renewal_at(&self, now: u64) -> bool {
        self.is_valid_at(now) && self.valid_to.is_some_and(|end| end <= now)
    }

    /// The first moment it does not count any more, Unix time in seconds.
    fn end(&self) -> Option<u64> {
        self.grace_to.or(self.valid_to)
    }

    /// Channels it still holds: what was granted less what was given away.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.count.saturating_sub(self.given)
    }

    /// The moments at which what it gives changes by itself, seen from `now`.
    fn turns(&self, now: u64) -> impl Iterator<Item = u64> {
        let next_year = self.next_year(now);
        [
            Some(self.valid_from),
            self.valid_to,
            self.grace_to,
            next_year,
        ]
        .into_iter()
        .flatten()
    }
}

impl Entitlement {
    /// Who gives it.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Every line, valid now or not.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether the vendor granted it instead of the free channels, not beside them.
    #[must_use]
    pub fn excludes_free(&self) -> bool {
        self.excludes_free
    }

    /// Which way its channels may be made a software licence; a licence's may not.
    #[must_use]
    pub const fn converts(&self) -> Convert {
        self.converts
    }

    /// Takes what is known to have been given away, by line id, whatever the source last proved.
    pub fn lessen(&mut self, given: impl Fn(u32) -> u64) {
        for line in &mut self.lines {
            line.given = line.given.max(given(line.id));
        }
    }

    /// Channels of a feature at `now` (Unix time in seconds).
    #[must_use]
    pub fn channels(&self, feature: &str, now: u64) -> u64 {
        let valid = self
            .lines
            .iter()
            .filter(|line| line.feature == feature && line.is_valid_at(now));
        valid.map(Line::remaining).sum()
    }

    /// Whether it has a channel of anything at `now` (Unix time in seconds). A source with
    /// nothing to give is as if it were not there.
    #[must_use]
    pub fn gives_at(&self, now: u64) -> bool {
        self.lines
            .iter()
            .any(|line| line.is_valid_at(now) && line.remaining() > 0)
    }

    /// The first moment after `now` at which a line begins or ends, Unix time in seconds.
    #[must_use]
    pub fn next_turn(&self, now: u64) -> Option<u64> {
        self.lines
            .iter()
            .flat_map(|line| line.turns(now))
            .filter(|turn| *turn > now)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use crate::licence::testing;

    #[test]
    fn lines_count_while_they_are_valid_and_less_what_was_given() {
        let mut entitlement = testing::entitlement(1, &[("camera", 64), ("camera", 8)]);
        entitlement.lines[0].given = 14;
        entitlement.lines[1].valid_from = 100;
        entitlement.lines[1].valid_to = Some(200);
        let table = [
            (99, 50, Some(100)),
            (100, 58, Some(200)),
            (199, 58, Some(200)),
            (200, 50, None),
        ];
        for (now, channels, turn) in table {
            assert_eq!(entitlement.channels("camera", now), channels, "at {now}");
            assert_eq!(entitlement.next_turn(now), turn, "at {now}");
        }
        assert_eq!(entitlement.channels("vca", 100), 0);
    }

    #[test]
    fn what_is_all_given_away_or_expired_gives_nothing() {
        let mut entitlement = testing::entitlement(1, &[("camera", 2)]);
        assert!(entitlement.gives_at(0));
        entitlement.lines[0].given = 2;
        assert!(!entitlement.gives_at(0));
        entitlement.lines[0].given = 0;
        entitlement.lines[0].valid_to = Some(50);
        assert!(!entitlement.gives_at(50));
    }
}
