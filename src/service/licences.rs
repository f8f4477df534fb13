//! The software licences of this machine, verified again at every start: what they give, and how well they fit.

use std::collections::BTreeMap;

use crate::ledger::{Asked, Bytes, Event, Shelf};
use crate::licence::machine_binding::{Drift, Facts, Match, Standing};
use crate::licence::{Entitlement, LicenceRefusal, Revocations, SoftwareLicence};

use super::Settings;
use super::token::hex;

/// Every licence on the shelf.
#[derive(Debug, Default)]
pub(super) struct Licences {
    installed: BTreeMap<String, Installed>,
    /// What does not verify any more, and why: another vendor is trusted now, or another profile is loaded.
    refused: BTreeMap<String, LicenceRefusal>,
}

#[derive(Debug)]
pub(super) struct Installed {
    pub(super) licence: SoftwareLicence,
    /// How well the machine fits; none for a MAC licence.
    matched: Option<Match>,
    pub(super) standing: Standing,
    /// Whether it names another host key than this host has.
    pub(super) unbound: bool,
}

impl Installed {
    /// What became of the return that the desk opened with it.
    pub(super) fn returning(&self, asked: &Asked) -> Option<Returning> {
        let nonce = self.licence.desk_nonce()?;
        Some(match asked.confirmed(nonce) {
            None => Returning::WaitingConfirm,
            Some(confirmed) => Returning::ConfirmationSent {
                at: confirmed.at,
                file: confirmed.file.clone(),
            },
        })
    }
}

/// One installed licence, for readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceStatus {
    /// Its identity, hex.
    pub id: String,
    /// Its revision; none if it does not verify any more.
    pub revision: Option<u64>,
    /// Where it stands: whether it holds on this machine, or why it counts for nothing.
    pub standing: Result<Standing, LicenceRefusal>,
    /// Components of this machine that are not what was recorded.
    pub drift: Vec<Drift>,
    /// Whether it names another host key than this host has: it counts, and has to be repaired by the vendor.
    pub unbound: bool,
    /// What became of the return that the desk opened with it.
    pub returning: Option<Returning>,
}

/// Where a return stands, as far as this host can know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returning {
    /// The desk waits for a request that confirms it.
    WaitingConfirm,
    /// Such a request left.
    ConfirmationSent {
        /// When, Unix time in milliseconds.
        at: i64,
        /// Name of its file, as it was proposed.
        file: String,
    },
}

impl Returning {
    /// The stable name in API and CLI.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::WaitingConfirm => "waiting-confirm",
            Self::ConfirmationSent { .. } => "confirmation-sent",
        }
    }
}

impl Licences {
    /// Verifies what is on the shelf. What does not verify any more counts for nothing, and is shown and said in the log.
    pub(super) fn read(
        (shelf, revocations): (&Shelf, &Revocations),
        settings: &Settings,
        facts: &Facts,
        now: u64,
    ) -> Self {
        let (mut installed, mut refused) = (BTreeMap::new(), BTreeMap::new());
        let host_key = settings.host_key.thumbprint();
        for (id, kept) in shelf.kept() {
            let Settings { trust, profile, .. } = settings;
            let licence = SoftwareLicence::verify(kept.form, &kept.record.0, trust, profile);
            let judged = licence.and_then(|licence| {
                licence.stands(revocations)?;
                Ok((licence.judge(facts)?, licence))
            });
            match judged {
                Ok((matched, licence)) => {
                    let standing = standing(shelf, id, settings, now);
                    let one = Installed {
                        unbound: licence.is_unbound(&host_key),
                        licence,
                        matched,
                        standing,
                    };
                    installed.insert(id.to_owned(), one);
                }
                Err(refusal) => {
                    let (code, next) = (refusal.code(), refusal.next());
                    tracing::warn!(
                        id,
                        code,
                        next,
                        "a software licence counts no more: {refusal}"
                    );
                    refused.insert(id.to_owned(), refusal);
                }
            }
        }
        Self { installed, refused }
    }

    /// What the history has to tell of licences that ceased to hold on this machine, or hold again.
    pub(super) fn news(&self, shelf: &Shelf, now: u64) -> Vec<Event> {
        let news = self.installed.iter().filter_map(|(id, one)| {
            let matched = one.matched.as_ref()?;
            let kept = shelf.get(id)?;
            let changed = kept.footing.after(matched.holds(), now) != kept.footing;
            changed.then(|| Event::LicenceMachine {
                id: id.clone(),
                holds: matched.holds(),
                matched: matched.matched(),
                recorded: matched.recorded(),
                since: now,
            })
        });
        news.collect()
    }

    /// Lets time pass up to `now` (Unix time in seconds); whether a licence began or ceased to count.
    pub(super) fn pass(&mut self, shelf: &Shelf, settings: &Settings, now: u64) -> bool {
        let mut turned = false;
        for (id, one) in &mut self.installed {
            let standing = standing(shelf, id, settings, now);
            turned |= (standing == Standing::Out) != (one.standing == Standing::Out);
            one.standing = standing;
        }
        turned
    }

    /// What every licence that holds here gives, or did until a short time ago.
    pub(super) fn counting(&self) -> impl Iterator<Item = Entitlement> {
        let counting = self.installed.values();
        counting
            .filter(|one| one.standing != Standing::Out)
            .map(|one| one.licence.entitlement())
    }

    /// How many that count name another host key than this host has.
    pub(super) fn unbound(&self) -> usize {
        let counting = self.installed.values();
        counting
            .filter(|one| one.unbound && one.standing != Standing::Out)
            .count()
    }

    /// The first moment after `now` at which a line begins or ends, Unix time in seconds.
    pub(super) fn next_turn(&self, now: u64) -> Option<u64> {
        self.counting().filter_map(|one| one.next_turn(now)).min()
    }

    /// Every licence that verifies, by its identity in hex.
    pub(super) fn installed(&self) -> impl Iterator<Item = (&str, &Installed)> {
        self.installed.iter().map(|(id, one)| (id.as_str(), one))
    }

    /// Every licence whose return is not over, as far as this host can know.
    pub(super) fn returns(&self, asked: &Asked) -> impl Iterator<Item = (String, Returning)> {
        self.installed
            .iter()
            .filter_map(|(id, one)| Some((id.clone(), one.returning(asked)?)))
    }

    pub(super) fn statuses(&self, asked: &Asked) -> impl Iterator<Item = LicenceStatus> {
        let installed = self.installed.iter().map(|(id, one)| LicenceStatus {
            id: id.clone(),
            revision: Some(one.licence.revision()),
            standing: Ok(one.standing),
            drift: one
                .matched
                .as_ref()
                .map(|matched| matched.drift().to_vec())
                .unwrap_or_default(),
            unbound: one.unbound,
            returning: one.returning(asked),
        });
        let refused = self.refused.iter().map(|(id, refusal)| LicenceStatus {
            id: id.clone(),
            revision: None,
            standing: Err(refusal.clone()),
            drift: Vec::new(),
            unbound: false,
            returning: None,
        });
        installed.chain(refused)
    }
}

fn standing(shelf: &Shelf, id: &str, settings: &Settings, now: u64) -> Standing {
    let days = settings.profile.budgets().machine_grace_days;
    let kept = shelf.get(id);
    kept.map_or(Standing::Out, |kept| kept.footing.standing(now, days))
}

/// Whether a licence may be put on the shelf; if so, what the history will tell.
///
/// # Errors
/// [`LicenceRefusal`]. `Ok(None)`: it is there.
pub(super) fn admit(
    (shelf, revocations): (&Shelf, &Revocations),
    licence: &SoftwareLicence,
    facts: &Facts,
    record: &[u8],
) -> Result<Option<Event>, LicenceRefusal> {
    let id = hex(licence.identity());
    if let Some(by) = shelf.replaced_by(&id) {
        return Err(LicenceRefusal::Absorbed { by: by.to_owned() });
    }
    if shelf.get(&id).is_some() {
        return Ok(None);
    }
    licence.stands(revocations)?;
    licence.holds(facts)?;
    let absorbs = licence.absorbs().iter().map(|old| hex(old)).collect();
    Ok(Some(Event::LicenceImported {
        id,
        form: licence.form().name().to_owned(),
        revision: licence.revision(),
        absorbs,
        record: Bytes(record.to_vec()),
    }))
}

#[cfg(all(test, feature = "sim"))]
mod tests;
