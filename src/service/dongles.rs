//! Every dongle seen, what each is worth here, and for how long while it is away.

mod judge;
mod receipts;
mod seen;

use std::collections::BTreeMap;

use tallykey_protocol::proof::Kind;

use crate::dongle::{Evidence, NotEvidence};
use crate::ledger::grace::{Budget, Grace, Phase};
use crate::ledger::{Event, Gifts, Shown};
use crate::licence::{DongleRule, Entitlement, HeldGrant, IssuedRefusal, Profile, Refusal};

use super::Settings;
use super::pulse::Pulse;
use super::snapshot::{AwayDongle, AwayPhase, DongleStatus};
use super::state::State;
use super::token::hex;
use super::watch::DongleEvent;
use judge::{is_news, judge};
use seen::{Open, Seen};

/// Every dongle that is plugged in, and every one that this host knows.
#[derive(Debug)]
pub(super) struct Dongles {
    /// In order of arrival.
    seen: Vec<Seen>,
    /// By the thumbprint of the key: one key is one dongle.
    known: BTreeMap<[u8; 32], Known>,
    budget: Budget,
}

/// A dongle that proved itself here once.
#[derive(Debug)]
struct Known {
    serial: String,
    /// What it gave when it last proved itself; none if that was nothing.
    entitlement: Option<Entitlement>,
    /// The time that its vendor told it, Unix time in seconds: it is no earlier.
    time_floor: u64,
    grace: Grace,
    /// Where it stood when that was last looked at.
    phase: Phase,
}

impl Dongles {
    /// No dongle is known.
    pub(super) fn new(profile: &Profile) -> Self {
        Self {
            seen: Vec::new(),
            known: BTreeMap::new(),
            budget: Budget::of(profile),
        }
    }

    /// What is known of every dongle at a start, none of them being proved yet. `wall_ms`: the host's clock, Unix time
    /// in milliseconds.
    pub(super) fn recall(
        settings: &Settings,
        state: &State,
        pulse: Option<&Pulse>,
        wall_ms: i64,
    ) -> Self {
        let mut dongles = Self::new(&settings.profile);
        let off_ms = pulse.map_or(0, |pulse| pulse.since(wall_ms));
        for (thumbprint, shown) in &state.shown {
            let evidence = match recall(shown, settings) {
                Ok(evidence) => evidence,
                Err(error) => {
                    tracing::info!(
                        thumbprint,
                        "a dongle of the history counts no more: {error}"
                    );
                    continue;
                }
            };
            let kept = pulse.and_then(|pulse| pulse.grace.get(thumbprint).copied());
            let mut grace = kept.unwrap_or_else(Grace::forgotten);
            grace.restart(off_ms, &dongles.budget);
            let phase = grace.phase(false, &dongles.budget);
            let judged = judge(&evidence, settings, state);
            let known = Known {
                serial: evidence.serial.clone(),
                entitlement: judged.gives.flatten(),
                time_floor: judged.time_floor,
                grace,
                phase,
            };
            dongles.known.insert(evidence.thumbprint, known);
        }
        dongles.lessen(&state.gifts, settings.profile.product());
        dongles
    }

    /// Every dongle's grace, as the pulse keeps it.
    pub(super) fn graces(&self) -> BTreeMap<String, Grace> {
        let graces = self.known.iter();
        graces
            .map(|(thumbprint, known)| (hex(thumbprint), known.grace))
            .collect()
    }

    /// Takes notice of what happened to a dongle; what of it the history has to tell.
    pub(super) fn notice(
        &mut self,
        event: DongleEvent,
        settings: &Settings,
        state: &State,
    ) -> Vec<Event> {
        match event {
            DongleEvent::Opened { key, evidence } => {
                self.proved(key, &evidence, true, settings, state)
            }
            DongleEvent::Proved { key, evidence } => {
                self.proved(key, &evidence, false, settings, state)
            }
            DongleEvent::Faulted {
                key,
                usb_serial,
                fault,
            } => self.replace(Seen::faulted(key, usb_serial, &fault)),
            DongleEvent::Left { key } => {
                let place = self.seen.iter().position(|seen| seen.key == key);
                let gone = place.map(|place| self.seen.remove(place));
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
        state: &State,
    ) -> Vec<Event> {
        let judged = judge(evidence, settings, state);
        let news = opened || judged.event.as_ref().is_some_and(is_news);
        // One key is one dongle: after a reset it may come back before its leaving was seen.
        self.seen.retain(|seen| {
            let same = seen.is_open(&evidence.thumbprint);
            !same || seen.key == key
        });
        let open = judged.gives.is_some().then(|| Open {
            held: judged.held,
            evidence: evidence.clone(),
            told: BTreeMap::new(),
        });
        if let Some(entitlement) = judged.gives {
            self.welcome(evidence, entitlement, judged.time_floor);
        }
        let mut events = self.replace(Seen {
            key,
            open,
            status: judged.status,
        });
        events.extend(judged.event.filter(|_| news));
        events
    }

    /// Takes what receipts say was given away, whatever the dongles proved before it: no dongle that is away gives
    /// what is a licence already.
    pub(super) fn lessen(&mut self, gifts: &Gifts, product: &str) {
        for (thumbprint, known) in &mut self.known {
            let thumbprint = hex(thumbprint);
            if let Some(entitlement) = &mut known.entitlement {
                entitlement.lessen(|line| gifts.given(&thumbprint, product, line));
            }
        }
    }

    /// A dongle proves that it is here, and what it gives.
    fn welcome(&mut self, evidence: &Evidence, entitlement: Option<Entitlement>, time_floor: u64) {
        let known = self
            .known
            .entry(evidence.thumbprint)
            .or_insert_with(|| Known {
                serial: evidence.serial.clone(),
                entitlement: None,
                time_floor,
                grace: Grace::first(&self.budget),
                phase: Phase::Present,
            });
        known.entitlement = entitlement;
        known.time_floor = time_floor;
        known.grace.back();
        known.phase = Phase::Present;
    }

    /// Judges every dongle anew: the vendor stands by some of them no more.
    pub(super) fn judge_again(&mut self, settings: &Settings, state: &State) {
        for (thumbprint, known) in &mut self.known {
            if state.revocations.last_honoured(thumbprint).is_some() {
                known.entitlement = None;
            }
        }
        for seen in &mut self.seen {
            let Some(open) = &seen.open else { continue };
            let judged = judge(&open.evidence, settings, state);
            seen.status = judged.status;
            let known = self.known.get_mut(&open.evidence.thumbprint);
            if let (Some(known), Some(gives)) = (known, judged.gives) {
                known.entitlement = gives;
            }
        }
        self.lessen(&state.gifts, settings.profile.product());
    }

    /// The latest time that the vendor told any dongle of this host, Unix time in seconds.
    pub(super) fn time_floor(&self) -> u64 {
        let known = self.known.values();
        known.map(|known| known.time_floor).max().unwrap_or(0)
    }

    /// Lets time pass, milliseconds in which this host ran. Tells the history of every dongle that stands elsewhere
    /// now, or of none if `counts` is false: then dongles are not what counts here.
    pub(super) fn pass(&mut self, elapsed_ms: u64, counts: bool) -> Passed {
        let mut passed = Passed::default();
        for (thumbprint, known) in &mut self.known {
            let here = self.seen.iter().any(|seen| seen.is_open(thumbprint));
            if here {
                known.grace.stay(elapsed_ms, &self.budget);
            } else {
                known.grace.miss(elapsed_ms);
            }
            let was = known.phase;
            known.phase = known.grace.phase(here, &self.budget);
            passed.turned |= was.counts() != known.phase.counts();
            passed.turned |= was.is_near() != known.phase.is_near();
            if counts && known.entitlement.is_some() {
                passed.away |= !here;
                passed.events.extend(known.news(was, thumbprint));
            }
        }
        passed
    }

    /// Puts a dongle in the place it had, or at the end. If it was open and is not any more, that
    /// is told.
    fn replace(&mut self, new: Seen) -> Vec<Event> {
        let Some(old) = self.seen.iter_mut().find(|seen| seen.key == new.key) else {
            self.seen.push(new);
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
    pub(super) fn present(&self) -> impl Iterator<Item = &Entitlement> {
        self.seen.iter().filter_map(|seen| {
            let open = seen.open.as_ref()?;
            self.known
                .get(&open.evidence.thumbprint)?
                .entitlement
                .as_ref()
        })
    }

    /// What every open dongle gives, and then every one that is away within its grace.
    pub(super) fn counting(&self) -> impl Iterator<Item = &Entitlement> {
        self.present().chain(self.away_while(Phase::counts))
    }

    /// What every open dongle gives, and then every one that has just gone or has not proved itself since the start.
    pub(super) fn near(&self) -> impl Iterator<Item = &Entitlement> {
        self.present().chain(self.away_while(Phase::is_near))
    }

    fn away_while(&self, wanted: fn(Phase) -> bool) -> impl Iterator<Item = &Entitlement> {
        let away = self.known.values();
        away.filter(move |known| known.is_away() && wanted(known.phase))
            .filter_map(|known| known.entitlement.as_ref())
    }

    /// The first moment after `now` at which a line begins or ends, Unix time in seconds.
    pub(super) fn next_turn(&self, now: u64) -> Option<u64> {
        let known = self.known.values();
        known
            .filter_map(|known| known.entitlement.as_ref()?.next_turn(now))
            .min()
    }

    pub(super) fn statuses(&self) -> impl Iterator<Item = &DongleStatus> {
        self.seen.iter().map(|seen| &seen.status)
    }

    /// Every dongle with an open session, whatever it is worth: its key, and its serial.
    pub(super) fn sessions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.seen.iter().filter_map(|seen| {
            seen.status.facts.as_ref()?;
            Some((seen.key.as_str(), seen.status.serial.as_deref()?))
        })
    }

    /// Every dongle that is plugged in and has none.
    pub(super) fn closed(&self) -> impl Iterator<Item = Closed<'_>> {
        let closed = self.seen.iter().map(|seen| &seen.status);
        closed
            .filter(|status| status.facts.is_none())
            .map(|status| Closed {
                serial: status.serial.as_deref(),
                state: status.state,
                why: status
                    .problem
                    .as_ref()
                    .map_or("", |problem| &problem.detail),
            })
    }

    /// Every dongle that has something to give and is not here.
    pub(super) fn away(&self) -> impl Iterator<Item = AwayDongle> {
        self.known.values().filter_map(Known::away)
    }

    /// Where a record for the dongle of that serial and key goes: the key of its session, and the grants that it holds.
    ///
    /// # Errors
    /// [`IssuedRefusal::DongleNotHere`], [`Refusal::DongleNotOpen`], or [`DongleRule::WrongHolder`] if the dongle of
    /// that serial has another key.
    pub(super) fn addressee(
        &self,
        serial: &str,
        thumbprint: &[u8; 32],
    ) -> Result<(&str, &[HeldGrant]), Refusal> {
        let mut open = self.seen.iter();
        let open = open.find_map(|seen| {
            let open = seen.open.as_ref()?;
            let proved = &open.evidence;
            let same = proved.thumbprint == *thumbprint && proved.serial == serial;
            same.then_some((seen, open))
        });
        if let Some((seen, open)) = open {
            return Ok((&seen.key, &open.held));
        }
        let serial = serial.to_owned();
        match self.open_key(&serial) {
            Ok(_) => {
                let rule = DongleRule::WrongHolder;
                Err(IssuedRefusal::Dongle { serial, rule }.into())
            }
            Err(Refusal::NoSuchDongle { .. }) => {
                Err(IssuedRefusal::DongleNotHere { serial }.into())
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Forgets the dongle of a key (hex) that is no more: what it gave counts no longer.
    pub(super) fn forget(&mut self, thumbprint: &str) {
        self.known.retain(|known, _| hex(known) != thumbprint);
    }

    /// Every open dongle: its key on this host, what it proved, and what it gives.
    pub(super) fn open(&self) -> impl Iterator<Item = (&str, &Evidence, Option<&Entitlement>)> {
        self.seen.iter().filter_map(|seen| {
            let evidence = &seen.open.as_ref()?.evidence;
            let known = self.known.get(&evidence.thumbprint);
            let entitlement = known.and_then(|known| known.entitlement.as_ref());
            Some((seen.key.as_str(), evidence, entitlement))
        })
    }

    /// The key of the dongle of that serial, if it is open.
    ///
    /// # Errors
    /// [`Refusal::NoSuchDongle`] or [`Refusal::DongleNotOpen`].
    pub(super) fn open_key(&self, serial: &str) -> Result<&str, Refusal> {
        let of_serial = |seen: &&Seen| seen.status.serial.as_deref() == Some(serial);
        let mut found: Vec<&Seen> = self.seen.iter().filter(of_serial).collect();
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

/// A dongle that is plugged in and cannot be talked to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closed<'d> {
    /// What it says its serial is.
    pub(super) serial: Option<&'d str>,
    /// Its state.
    pub(super) state: &'static str,
    /// Why.
    pub(super) why: &'d str,
}

/// What the passing of time made of the dongles.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// What the history has to tell.
    pub(super) events: Vec<Event>,
    /// Whether a dongle began or ceased to count, or to be near.
    pub(super) turned: bool,
    /// Whether one is away, so that what is published of it grows old by the second.
    pub(super) away: bool,
}

impl Known {
    fn is_away(&self) -> bool {
        self.phase != Phase::Present
    }

    fn away(&self) -> Option<AwayDongle> {
        let entitlement = self.entitlement.as_ref()?;
        let (phase, left_ms) = match self.phase {
            Phase::Present => return None,
            Phase::Debounce { left_ms } => (AwayPhase::Debounce, left_ms),
            Phase::Grace { left_ms } => (AwayPhase::Grace, left_ms),
            Phase::Exhausted => (AwayPhase::Exhausted, 0),
        };
        Some(AwayDongle {
            serial: self.serial.clone(),
            thumbprint: *entitlement.source().identity(),
            phase,
            left_ms,
        })
    }

    /// What the history has to tell if it stood elsewhere before.
    fn news(&self, was: Phase, thumbprint: &[u8; 32]) -> Option<Event> {
        let (serial, thumbprint) = (self.serial.clone(), hex(thumbprint));
        match (was, self.phase) {
            (Phase::Grace { .. }, Phase::Grace { .. }) | (Phase::Exhausted, Phase::Exhausted) => {
                None
            }
            (_, Phase::Grace { left_ms }) => Some(Event::GraceStarted {
                serial,
                thumbprint,
                left_s: left_ms / 1_000,
            }),
            (_, Phase::Exhausted) => Some(Event::GraceExhausted { serial, thumbprint }),
            (_, Phase::Present | Phase::Debounce { .. }) => None,
        }
    }
}

fn recall(shown: &Shown, settings: &Settings) -> Result<Evidence, NotEvidence> {
    let kind = Kind::from_code(shown.kind).ok_or(NotEvidence::Differs)?;
    let chain = shown.chain.clone().map(|certificate| certificate.0);
    let grants = shown.grants.iter().map(|grant| grant.0.clone()).collect();
    let Settings { trust, .. } = settings;
    let vendor = (&trust.root(), trust.is_test());
    Evidence::recall((kind, &shown.proof.0), chain, grants, vendor)
}
