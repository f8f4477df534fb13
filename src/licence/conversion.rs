//! What of a dongle is to be given away: judged here before the dongle judges it again.
//!
//! `Entitlement + GiftWish → Plan`: the order for the dongle, and what will be left and gained.

mod refusal;
#[cfg(test)]
mod tests;

use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::Encode as _;
use tallykey_protocol::command::order::{Order, Share};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::limits::ORDER_MAX;
use tallykey_protocol::list::List;
use tallykey_protocol::receipt::{self, Kind};
use tallykey_protocol::target::Target;

use super::{Entitlement, Feature, Line, Refusal, Source};
pub use refusal::ConversionRefusal;

/// What a person wants of a dongle's channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiftWish {
    /// What becomes of them.
    pub gift: Gift,
    /// How many of what; everything if it is empty.
    pub parts: Vec<Part>,
}

/// What becomes of channels that a dongle gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gift {
    /// A software licence, on the dongle's own authority where the vendor allows it, else through the desk.
    Convert,
    /// A software licence through the desk, also where it could be done without.
    ConvertAtDesk,
    /// They go back to the vendor.
    Retire,
}

/// A part of what a dongle has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A feature, or the id of a line.
    pub of: String,
    /// Channels.
    pub count: u64,
}

/// The machine that channels go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// This one: all of a dongle's channels go, for the two kinds exclude each other.
    Here(Target),
    /// Another one.
    There(Target),
}

/// What is to be done, found possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    kind: Kind,
    shares: List<Share, { tallykey_protocol::limits::LINES_MAX }>,
    target: Option<Target>,
    before: Entitlement,
}

impl Plan {
    /// Judges a wish against what a dongle gives. `to` is none for [`Gift::Retire`], and only for it.
    ///
    /// # Errors
    /// [`ConversionRefusal`], or [`Refusal::FreeChannels`].
    pub fn of(
        dongle: &Entitlement,
        product: &str,
        wish: &GiftWish,
        to: Option<Destination>,
    ) -> Result<Self, Refusal> {
        let kind = kind(wish.gift, dongle.converts())?;
        let shares = match wish.parts.as_slice() {
            [] => whole(dongle),
            parts => shares(dongle, product, parts)?,
        };
        let plan = Self {
            kind,
            shares: List::of(&shares).map_err(|Full| ConversionRefusal::Nothing)?,
            target: to.map(|to| match to {
                Destination::Here(target) | Destination::There(target) => target,
            }),
            before: dongle.clone(),
        };
        if plan.shares.is_empty() {
            return Err(ConversionRefusal::Nothing.into());
        }
        if matches!(to, Some(Destination::Here(_))) && *plan.shares != *whole(dongle) {
            return Err(ConversionRefusal::NotAll.into());
        }
        Ok(plan)
    }

    /// The receipt that the dongle will sign.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What goes of each line: the line, and how many channels.
    pub fn parts(&self) -> impl Iterator<Item = (&Line, u64)> {
        let lines = self.before.lines().iter();
        lines.filter_map(|line| {
            let share = self.shares.iter().find(|share| share.line == line.id)?;
            Some((line, share.count))
        })
    }

    /// Whether another plan gives the same of the same kind, to whatever machine.
    #[must_use]
    pub fn is_like(&self, order: &Order<'_>) -> bool {
        let to = |target: Option<Target>| target.map(|target| target.host_key);
        (order.kind, &*order.shares, to(order.target))
            == (self.kind, &*self.shares, to(self.target))
    }

    /// The order for the dongle, whose counter is `counter`.
    ///
    /// # Errors
    /// [`ConversionRefusal::Nothing`] never in practice: an order has room for every line.
    pub fn order(
        &self,
        request_id: [u8; 16],
        counter: u64,
        product: &str,
    ) -> Result<Vec<u8>, ConversionRefusal> {
        let order = Order {
            kind: self.kind,
            request_id,
            counter,
            product,
            shares: self.shares,
            target: self.target,
        };
        let mut bytes = vec![0; ORDER_MAX];
        let length = order.encode(&mut bytes);
        bytes.truncate(length.map_err(|Full| ConversionRefusal::Nothing)?);
        Ok(bytes)
    }

    /// What the dongle gives afterwards.
    #[must_use]
    pub fn left(&self) -> Entitlement {
        let mut left = self.before.clone();
        for line in &mut left.lines {
            let share = self.shares.iter().find(|share| share.line == line.id);
            line.given += share.map_or(0, |share| share.count);
        }
        left
    }

    /// What the licence gives on the machine that it is for, the dongle's counter being `counter` before; none if the
    /// desk has to issue one.
    #[must_use]
    pub fn gained(&self, counter: u64) -> Option<Entitlement> {
        let Source::Dongle { thumbprint, .. } = self.before.source() else {
            return None;
        };
        let identity = receipt::identity(thumbprint, counter.checked_add(1)?);
        let lines = self.parts().map(|(line, count)| Line {
            count,
            given: 0,
            ..line.clone()
        });
        (self.kind == Kind::ConvertOffline).then(|| Entitlement {
            source: Source::Licence { identity },
            lines: lines.collect(),
            converts: Convert::None,
            ..self.before.clone()
        })
    }
}

fn kind(gift: Gift, converts: Convert) -> Result<Kind, ConversionRefusal> {
    match (gift, converts) {
        (Gift::Retire, _) => Ok(Kind::Retire),
        (_, Convert::None) => Err(ConversionRefusal::NotAllowed),
        (Gift::Convert, Convert::Offline) => Ok(Kind::ConvertOffline),
        (Gift::Convert | Gift::ConvertAtDesk, _) => Ok(Kind::ConvertDesk),
    }
}

/// Everything that is left, ended lines too: they must not stay behind in a dongle that is to be empty.
fn whole(dongle: &Entitlement) -> Vec<Share> {
    let left = dongle.lines().iter().filter(|line| line.remaining() > 0);
    let share = left.map(|line| Share {
        line: line.id,
        count: line.remaining(),
    });
    share.collect()
}

fn shares(dongle: &Entitlement, product: &str, parts: &[Part]) -> Result<Vec<Share>, Refusal> {
    let mut shares: Vec<Share> = Vec::new();
    for Part { of, count } in parts {
        if Feature::is_free_id(of) {
            let line = of.clone();
            return Err(Refusal::FreeChannels { line });
        }
        let mut wanted = *count;
        for line in dongle.lines() {
            let named = line.feature == *of || dongle.source().line_id(product, line.id) == *of;
            let taken = shares.iter().find(|share| share.line == line.id);
            let left = line.remaining() - taken.map_or(0, |share| share.count);
            let count = wanted.min(left);
            if !named || count == 0 {
                continue;
            }
            wanted -= count;
            match shares.iter_mut().find(|share| share.line == line.id) {
                Some(share) => share.count += count,
                None => shares.push(Share {
                    line: line.id,
                    count,
                }),
            }
        }
        if wanted > 0 {
            return Err(ConversionRefusal::NotEnough {
                of: of.chars().take(64).collect(),
                wanted: *count,
                there: count - wanted,
            }
            .into());
        }
    }
    shares.sort_unstable_by_key(|share| share.line);
    Ok(shares)
}
