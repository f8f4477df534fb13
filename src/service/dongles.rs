//! Every dongle seen, and what each is worth here.

use tallykey_protocol::cose::CoseError;
use tallykey_protocol::id;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::proof::Proof;
use thiserror::Error;

use crate::dongle::Evidence;
use crate::ledger::{Event, GrantMark, Marks, RolledBack, SeenBefore};
use crate::licence::{Entitlement, GrantRefusal, Refusal};

use super::Settings;
use super::snapshot::{DongleFacts, DongleProblem, DongleStatus, GrantStatus};
use super::token::hex;
use super::watch::DongleEvent;

/// Every dongle that is plugged in, in order of arrival.
#[derive(Debug, Default)]
pub(super) struct Dongles(Vec<Seen>);

#[derive(Debug)]
struct Seen {
    /// Names it on this host while it is plugged in.
    key: String,
    /// Its identity and what it gives, while it proves itself.
    open: Option<Open>,
    status: DongleStatus,
}

#[derive(Debug)]
struct Open {
    serial: String,
    thumbprint: [u8; 32],
    entitlement: Option<Entitlement>,
}

/// Why a dongle that proved itself counts for nothing.
#[derive(Debug, Error)]
enum NotCounted {
    #[error("its memory was set back: {0}")]
    RolledBack(#[from] RolledBack),
    #[error("it is retired: everything it held was given away")]
    Retired,
    #[error(transparent)]
    Grant(#[from] GrantRefusal),
    #[error("its proof cannot be read: {0}")]
    Proof(#[from] CoseError),
}

impl NotCounted {
    const fn code(&self) -> &'static str {
        match self {
            Self::RolledBack(_) => "rolled-back",
            Self::Retired => "retired",
            Self::Grant(refusal) => refusal.code(),
            Self::Proof(_) => "proof-invalid",
        }
    }

    fn next(&self) -> String {
        match self {
            Self::RolledBack(_) => {
                "Do not rely on this dongle; send it to the vendor with this message.".into()
            }
            Self::Retired => "Send it back to the vendor, or keep it for its receipts.".into(),
            Self::Grant(refusal) => refusal.next(),
            Self::Proof(_) => "Unplug it and plug it in again.".into(),
        }
    }
}

impl Dongles {
    /// Takes notice of what happened to a dongle; what of it the history has to tell.
    pub(super) fn notice(
        &mut self,
        event: DongleEvent,
        settings: &Settings,
        marks: &Marks,
    ) -> Vec<Event> {
        match event {
            DongleEvent::Opened { key, evidence } => {
                self.proved(key, &evidence, true, settings, marks)
            }
            DongleEvent::Proved { key, evidence } => {
                self.proved(key, &evidence, false, settings, marks)
            }
            DongleEvent::Faulted {
                key,
                usb_serial,
                fault,
            } => {
                let status = DongleStatus {
                    // Not proved, and so not to be printed unless it is harmless.
                    serial: usb_serial.filter(|serial| id::is_label(serial)),
                    state: fault.code(),
                    problem: Some(DongleProblem {
                        detail: fault.to_string(),
                        next: fault.next().to_owned(),
                    }),
                    facts: None,
                };
                self.replace(Seen {
                    key,
                    open: None,
                    status,
                })
            }
            DongleEvent::Left { key } => {
                let place = self.0.iter().position(|seen| seen.key == key);
                let gone = place.map(|place| self.0.remove(place));
                gone.and_then(|seen| seen.open)
                    .map(|open| open.left())
                    .into_iter()
                    .collect()
            }
        }
    }

    fn proved(
        &mut self,
        key: String,
        evidence: &Evidence,
        opened: bool,
        settings: &Settings,
        marks: &Marks,
    ) -> Vec<Event> {
        let judged = judge(evidence, settings, marks);
        let news = opened || judged.event.as_ref().is_some_and(is_news);
        // One key is one dongle: after a reset it may come back before its leaving was seen.
        self.0.retain(|seen| {
            let same = seen
                .open
                .as_ref()
                .is_some_and(|open| open.thumbprint == evidence.thumbprint);
            !same || seen.key == key
        });
        let mut events = self.replace(Seen {
            key,
            open: judged.open,
            status: judged.status,
        });
        events.extend(judged.event.filter(|_| news));
        events
    }

    /// Puts a dongle in the place it had, or at the end. If it was open and is not any more, that
    /// is told.
    fn replace(&mut self, new: Seen) -> Vec<Event> {
        let Some(old) = self.0.iter_mut().find(|seen| seen.key == new.key) else {
            self.0.push(new);
            return Vec::new();
        };
        let was_open = old.open.take();
        let left = was_open
            .filter(|_| new.open.is_none())
            .map(|open| open.left());
        *old = new;
        left.into_iter().collect()
    }

    /// What every open dongle gives, in order of arrival.
    pub(super) fn entitlements(&self) -> impl Iterator<Item = &Entitlement> {
        self.0
            .iter()
            .filter_map(|seen| seen.open.as_ref()?.entitlement.as_ref())
    }

    /// The first moment after `now` at which a line begins or ends, Unix time in seconds.
    pub(super) fn next_turn(&self, now: u64) -> Option<u64> {
        self.entitlements()
            .filter_map(|one| one.next_turn(now))
            .min()
    }

    pub(super) fn statuses(&self) -> impl Iterator<Item = &DongleStatus> {
        self.0.iter().map(|seen| &seen.status)
    }

    /// The key of the dongle of that serial, if it is open.
    ///
    /// # Errors
    /// [`Refusal::NoSuchDongle`] or [`Refusal::DongleNotOpen`].
    pub(super) fn open_key(&self, serial: &str) -> Result<&str, Refusal> {
        let of_serial = |seen: &&Seen| seen.status.serial.as_deref() == Some(serial);
        let mut found: Vec<&Seen> = self.0.iter().filter(of_serial).collect();
        // A dongle that does not prove itself may claim any serial: the proved one comes first.
        found.sort_by_key(|seen| seen.open.is_none());
        match found.first() {
            None => Err(Refusal::NoSuchDongle {
                serial: serial.chars().take(64).collect(),
            }),
            Some(Seen {
                open: None, status, ..
            }) => Err(Refusal::DongleNotOpen {
                serial: serial.to_owned(),
                state: status.state,
            }),
            Some(seen) => Ok(&seen.key),
        }
    }
}

impl Open {
    fn left(self) -> Event {
        Event::DongleLeft {
            serial: self.serial,
            thumbprint: hex(&self.thumbprint),
        }
    }
}

/// What a proof is worth here.
struct Judged {
    status: DongleStatus,
    open: Option<Open>,
    event: Option<Event>,
}

/// A proof of a state that is in the history already is no news.
fn is_news(event: &Event) -> bool {
    !matches!(
        event,
        Event::DongleOpened {
            seen: SeenBefore::Same,
            ..
        }
    )
}

fn judge(evidence: &Evidence, settings: &Settings, marks: &Marks) -> Judged {
    match identify(evidence, marks) {
        Err(why) => {
            let facts = facts(evidence, &[], None);
            Judged {
                status: status(evidence, facts, Some(&why)),
                open: None,
                event: None,
            }
        }
        Ok((proof, grants, seen)) => {
            let entitled = entitle(evidence, &proof, settings);
            let (entitlement, why) = match entitled {
                Ok(entitlement) => (Some(entitlement), None),
                Err(why) => (None, Some(why)),
            };
            let counted = entitlement.is_some().then(|| settings.profile.product());
            let facts = facts(evidence, &grants, counted);
            let (serial, thumbprint) = (evidence.serial.clone(), evidence.thumbprint);
            Judged {
                status: status(evidence, facts, why.as_ref()),
                open: Some(Open {
                    serial: serial.clone(),
                    thumbprint,
                    entitlement,
                }),
                event: Some(Event::DongleOpened {
                    serial,
                    thumbprint: hex(&thumbprint),
                    counter: evidence.counter,
                    grants,
                    seen,
                }),
            }
        }
    }
}

/// Whether the dongle is where it should be by what this host remembers of it.
fn identify<'a>(
    evidence: &'a Evidence,
    marks: &Marks,
) -> Result<(Proof<'a>, Vec<GrantMark>, SeenBefore), NotCounted> {
    let proof = evidence.proof()?;
    let grants = proof.grants.iter().map(|grant| GrantMark {
        product: grant.product.to_owned(),
        revision: grant.revision,
    });
    let grants: Vec<GrantMark> = grants.collect();
    let thumbprint = hex(&evidence.thumbprint);
    let seen = marks.judge(&evidence.serial, &thumbprint, evidence.counter, &grants)?;
    Ok((proof, grants, seen))
}

fn entitle(
    evidence: &Evidence,
    proof: &Proof<'_>,
    settings: &Settings,
) -> Result<Entitlement, NotCounted> {
    if evidence.lifecycle == Lifecycle::Retired {
        return Err(NotCounted::Retired);
    }
    let records = evidence.grants.iter().map(Vec::as_slice);
    let Settings { trust, profile, .. } = settings;
    Ok(Entitlement::of_dongle(
        proof,
        evidence.thumbprint,
        records,
        trust,
        profile,
    )?)
}

fn status(evidence: &Evidence, facts: DongleFacts, why: Option<&NotCounted>) -> DongleStatus {
    DongleStatus {
        serial: Some(evidence.serial.clone()),
        state: why.map_or("open", NotCounted::code),
        problem: why.map(|why| DongleProblem {
            detail: why.to_string(),
            next: why.next(),
        }),
        facts: Some(facts),
    }
}

fn facts(evidence: &Evidence, grants: &[GrantMark], counted: Option<&str>) -> DongleFacts {
    let grant = |mark: &GrantMark| GrantStatus {
        product: mark.product.clone(),
        revision: mark.revision,
        counts: counted == Some(mark.product.as_str()),
    };
    DongleFacts {
        firmware: evidence.firmware.clone(),
        counter: evidence.counter,
        lifecycle: evidence.lifecycle.name().to_owned(),
        simulated: evidence.simulated,
        thumbprint: evidence.thumbprint,
        grants: grants.iter().map(grant).collect(),
    }
}
