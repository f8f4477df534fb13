//! What a proof is worth on this host.

use tallykey_protocol::cose::CoseError;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::proof::Proof;
use thiserror::Error;

use crate::dongle::Evidence;
use crate::ledger::{Bytes, Event, GrantMark, RolledBack, SeenBefore, Shown};
use crate::licence::{Entitlement, GrantRefusal, HeldGrant};

use super::super::Settings;
use super::super::snapshot::{DongleFacts, DongleProblem, DongleStatus, GrantStatus};
use super::super::state::State;
use super::super::token::hex;

/// What a proof is worth here.
pub(super) struct Judged {
    pub(super) status: DongleStatus,
    /// What it gives, if this host believes its state; `Some(None)` if that is nothing.
    pub(super) gives: Option<Option<Entitlement>>,
    pub(super) event: Option<Event>,
    /// The grants that it holds.
    pub(super) held: Vec<HeldGrant>,
    /// The time before which its vendor's records do not let it go, Unix time in seconds.
    pub(super) time_floor: u64,
}

/// Why a dongle that proved itself counts for nothing.
#[derive(Debug, Error)]
enum NotCounted {
    #[error("its memory was set back: {0}")]
    RolledBack(#[from] RolledBack),
    #[error("it is retired: everything it held was given away")]
    Retired,
    #[error("the vendor revoked it above its counter {last}")]
    Revoked { last: u64 },
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
            Self::Revoked { .. } => "revoked",
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
            Self::Revoked { .. } => {
                "Use another dongle, and ask the vendor; what it converted before stays good."
                    .into()
            }
            Self::Grant(refusal) => refusal.next(),
            Self::Proof(_) => "Unplug it and plug it in again.".into(),
        }
    }
}

/// A proof of a state that is in the history already is no news.
pub(super) fn is_news(event: &Event) -> bool {
    !matches!(
        event,
        Event::DongleOpened {
            seen: SeenBefore::Same,
            ..
        }
    )
}

pub(super) fn judge(evidence: &Evidence, settings: &Settings, state: &State) -> Judged {
    match identify(evidence, state) {
        Err(why) => {
            let facts = facts(evidence, &[], None);
            Judged {
                status: status(evidence, facts, Some(&why)),
                gives: None,
                event: None,
                held: Vec::new(),
                time_floor: 0,
            }
        }
        Ok((proof, grants, seen)) => {
            let entitled = entitle(evidence, &proof, settings, state);
            let (entitlement, why) = match entitled {
                Ok(entitlement) => (Some(entitlement), None),
                Err(why) => (None, Some(why)),
            };
            let counted = entitlement.is_some().then(|| settings.profile.product());
            let facts = facts(evidence, &grants, counted);
            let thumbprint = hex(&evidence.thumbprint);
            let known = seen == SeenBefore::Same && state.shown.contains_key(&thumbprint);
            Judged {
                held: held(&proof),
                time_floor: proof.time_floor,
                status: status(evidence, facts, why.as_ref()),
                gives: Some(entitlement),
                event: Some(Event::DongleOpened {
                    serial: evidence.serial.clone(),
                    thumbprint,
                    counter: evidence.counter,
                    grants,
                    seen,
                    shown: (!known).then(|| shown(evidence)),
                }),
            }
        }
    }
}

fn held(proof: &Proof<'_>) -> Vec<HeldGrant> {
    let grants = proof.grants.iter().map(|grant| HeldGrant {
        product: grant.product.to_owned(),
        revision: grant.revision,
        digest: grant.digest,
    });
    grants.collect()
}

/// Whether the dongle is where it should be by what this host remembers of it.
fn identify<'a>(
    evidence: &'a Evidence,
    state: &State,
) -> Result<(Proof<'a>, Vec<GrantMark>, SeenBefore), NotCounted> {
    let proof = evidence.proof()?;
    let grants = proof.grants.iter().map(|grant| GrantMark {
        product: grant.product.to_owned(),
        revision: grant.revision,
    });
    let grants: Vec<GrantMark> = grants.collect();
    let thumbprint = hex(&evidence.thumbprint);
    let seen = state
        .marks
        .judge(&evidence.serial, &thumbprint, evidence.counter, &grants)?;
    Ok((proof, grants, seen))
}

fn shown(evidence: &Evidence) -> Shown {
    let (kind, record) = evidence.record();
    let [leaf, authority] = evidence.chain.clone();
    Shown {
        kind: kind as u8,
        proof: Bytes(record.to_vec()),
        chain: [Bytes(leaf), Bytes(authority)],
        grants: evidence.grants.iter().cloned().map(Bytes).collect(),
    }
}

fn entitle(
    evidence: &Evidence,
    proof: &Proof<'_>,
    settings: &Settings,
    state: &State,
) -> Result<Entitlement, NotCounted> {
    // Whatever its counter is: a lost one stands where it stood, and whoever replaced it has given it out anew.
    if let Some(last) = state.revocations.last_honoured(&evidence.thumbprint) {
        return Err(NotCounted::Revoked { last });
    }
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
