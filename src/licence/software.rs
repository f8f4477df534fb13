//! From a software licence to what it gives on this machine.

mod refusal;

use std::collections::BTreeSet;

use tallykey_protocol::composite::Composite;
use tallykey_protocol::grant::{Convert, Line as Granted, NO_FREE_CHANNELS};
use tallykey_protocol::id::thumbprint;
use tallykey_protocol::licence::{Holder, Licence, Line as OfMacs};
use tallykey_protocol::target::Binding;

use super::machine_binding::{Facts, Match, judge};
use super::{Entitlement, Line, Profile, Revocations, Source, Trust};
pub use refusal::LicenceRefusal;

/// How a software licence came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// The vendor's desk signed it.
    Licence,
    /// A dongle's receipt with the grant that it came from.
    Composite,
}

impl Form {
    /// The stable name in API and history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Licence => "licence",
            Self::Composite => "composite",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Licence, Self::Composite]
            .into_iter()
            .find(|form| form.name() == name)
    }
}

/// A software licence that verified up to the vendor's root, whatever machine it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoftwareLicence {
    form: Form,
    /// Thumbprint and counter of the dongle that made it, if one did.
    made: Option<([u8; 32], u64)>,
    identity: [u8; 32],
    revision: u64,
    /// The machine that it is for; none for a MAC licence.
    machine: Option<Binding>,
    /// Thumbprint of that machine's host key.
    host_key: Option<[u8; 32]>,
    request_nonce: Option<[u8; 32]>,
    desk_nonce: Option<[u8; 32]>,
    lines: Vec<Line>,
    absorbs: Vec<[u8; 32]>,
    excludes_free: bool,
}

impl SoftwareLicence {
    /// Verifies a licence up to the vendor's root, and that it is for this host's product.
    ///
    /// # Errors
    /// [`LicenceRefusal`]; nothing in it may be believed then.
    pub fn verify(
        form: Form,
        bytes: &[u8],
        trust: &Trust,
        profile: &Profile,
    ) -> Result<Self, LicenceRefusal> {
        match form {
            Form::Licence => Self::of_desk(bytes, trust, profile),
            Form::Composite => Self::of_dongle(bytes, trust, profile),
        }
    }

    fn of_desk(bytes: &[u8], trust: &Trust, profile: &Profile) -> Result<Self, LicenceRefusal> {
        let (licence, identity) = Licence::verify(bytes, &trust.root())
            .map_err(|problem| LicenceRefusal::NotVendors { problem })?;
        profile.covers(licence.product, licence.profile_revision)?;
        let line = |line: &OfMacs<'_>| {
            let macs = line.macs.addresses();
            let only = (!macs.is_empty()).then(|| macs.iter().copied().collect());
            of_line(&line.line, licence.revision, profile, only)
        };
        Ok(Self {
            form: Form::Licence,
            made: None,
            identity,
            revision: licence.revision,
            machine: match &licence.holder {
                Holder::Machine { binding, .. } => Some(*binding),
                Holder::Macs => None,
            },
            host_key: match licence.holder {
                Holder::Machine { thumbprint, .. } => Some(thumbprint),
                Holder::Macs => None,
            },
            request_nonce: licence.request_nonce,
            desk_nonce: licence.desk_nonce,
            lines: licence.lines.iter().map(line).collect(),
            absorbs: licence.absorbs.to_vec(),
            excludes_free: licence.flags & NO_FREE_CHANNELS != 0,
        })
    }

    fn of_dongle(bytes: &[u8], trust: &Trust, profile: &Profile) -> Result<Self, LicenceRefusal> {
        let converted = Composite::verify(bytes, &trust.root())
            .map_err(|problem| LicenceRefusal::NotConverted { problem })?;
        let (target, traced) = (&converted.target, &converted.traced);
        let grant = &traced.grant;
        if traced.simulated && !trust.is_test() {
            return Err(LicenceRefusal::Simulated);
        }
        profile.covers(grant.product, grant.profile_revision)?;
        let line = |line: &Granted<'_>| of_line(line, grant.revision, profile, None);
        Ok(Self {
            form: Form::Composite,
            made: Some((traced.thumbprint, traced.receipt.counter)),
            identity: traced.identity,
            revision: grant.revision,
            machine: Some(target.binding()),
            host_key: Some(thumbprint(&target.host_key)),
            request_nonce: None,
            desk_nonce: None,
            lines: traced.lines.iter().map(line).collect(),
            absorbs: Vec::new(),
            excludes_free: grant.flags & NO_FREE_CHANNELS != 0,
        })
    }

    /// How it came to be.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// What it is known by for ever: the record's digest, or that of the receipt it was made with.
    #[must_use]
    pub const fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// Its revision, or that of the grant which the dongle gave from.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Identities of what it replaces.
    #[must_use]
    pub fn absorbs(&self) -> &[[u8; 32]] {
        &self.absorbs
    }

    /// Whether it names another host key than the one with this thumbprint. It counts by the machine all the same; what
    /// a host signs for it waits until the vendor has repaired it.
    #[must_use]
    pub fn is_unbound(&self, host_key: &[u8; 32]) -> bool {
        self.host_key.is_some_and(|named| named != *host_key)
    }

    /// Nonce of the request that it answers.
    #[must_use]
    pub const fn request_nonce(&self) -> Option<&[u8; 32]> {
        self.request_nonce.as_ref()
    }

    /// The desk waits for a request that echoes this: it is the first phase of a return.
    #[must_use]
    pub const fn desk_nonce(&self) -> Option<&[u8; 32]> {
        self.desk_nonce.as_ref()
    }

    /// That the vendor stands by the dongle that made it, if one did.
    ///
    /// # Errors
    /// [`LicenceRefusal::Revoked`].
    pub fn stands(&self, revocations: &Revocations) -> Result<(), LicenceRefusal> {
        let Some((thumbprint, counter)) = self.made else {
            return Ok(());
        };
        match revocations.last_honoured(&thumbprint) {
            Some(last) if counter > last => Err(LicenceRefusal::Revoked { counter, last }),
            _ => Ok(()),
        }
    }

    /// How much of the machine that it is for is in these facts; none for a MAC licence, which is for no machine.
    ///
    /// # Errors
    /// [`LicenceRefusal::BadBinding`]: its machine is recorded in a way that fits too many.
    pub fn judge(&self, facts: &Facts) -> Result<Option<Match>, LicenceRefusal> {
        let matched = self.machine.as_ref().map(|binding| judge(binding, facts));
        matched
            .transpose()
            .map_err(|problem| LicenceRefusal::BadBinding { problem })
    }

    /// That it holds on the machine with these facts; how much of it matches.
    ///
    /// # Errors
    /// [`LicenceRefusal::OtherMachine`], or as [`SoftwareLicence::judge`].
    pub fn holds(&self, facts: &Facts) -> Result<Option<Match>, LicenceRefusal> {
        let matched = self.judge(facts)?;
        match matched {
            Some(found) if !found.holds() => Err(LicenceRefusal::OtherMachine {
                matched: found.matched(),
                recorded: found.recorded(),
            }),
            found => Ok(found),
        }
    }

    /// Every line of it, valid now or not.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What it gives where it holds.
    #[must_use]
    pub fn entitlement(&self) -> Entitlement {
        Entitlement {
            source: Source::Licence {
                identity: self.identity,
            },
            lines: self.lines.clone(),
            excludes_free: self.excludes_free,
            converts: Convert::None,
        }
    }
}

fn of_line(
    line: &Granted<'_>,
    revision: u64,
    profile: &Profile,
    only: Option<BTreeSet<[u8; 6]>>,
) -> Line {
    Line {
        revision,
        id: line.id,
        feature: line.feature.to_owned(),
        count: line.count,
        given: 0,
        plan: line.plan,
        valid_from: line.valid_from,
        valid_to: line.valid_to,
        grace_to: profile.renewal_grace(line.plan, line.valid_to),
        only,
    }
}
