//! Giving a dongle's channels away: judged, written down, asked of the dongle, and answered when its receipt is kept.
//!
//! ```text
//! ask ─▶ plan ─▶ ConversionMeant, durable ─▶ errand ─▶ the dongle proves its state ─▶ receipts.rs keeps the receipt
//!                                              └─ refused: ConversionEnded
//! ```
//!
//! The receipt is found in what the dongle proves, whether it answered us or not and whatever this host remembers, so
//! what was interrupted at any point ends in the same way.

mod outside;

use tallykey_protocol::command::Decode as _;
use tallykey_protocol::command::order::Order;
use tallykey_protocol::receipt::Kind;
use tallykey_protocol::target::Target;
use uuid::{Builder, Uuid};

use crate::arbiter::{self, Kind as Source};
use crate::dongle::{Evidence, OwnerCode};
use crate::ledger::{Bytes, Event, Goal};
use crate::licence::conversion::{ConversionRefusal, Destination, Gift, Plan};
use crate::licence::machine_binding::{Bindable, judge};
use crate::licence::{Entitlement, Refusal};

use super::super::batch::Batch;
use super::super::conversion::{ConvertAsk, Converted, ConvertedLine};
use super::super::fault::{Fault, ServiceError};
use super::super::ports::Store;
use super::super::request::{Actor, Reply, Resolution};
use super::super::token::hex;
use super::super::watch::{After, Errand};
use super::Core;
use super::handle::no_randomness;
use super::outcome::Outcome;
pub(super) use outside::kind_of;
use outside::{machine_of, refusal_of};

/// What was asked of a dongle that is at something else.
pub(super) type PutOff = (Actor, ConvertAsk, Reply<Converted>);

/// How many may be put off at a time; who comes then is told to ask again.
const PUT_OFF_MAX: usize = 64;

/// Somebody who waits for a receipt.
pub(super) struct Waiting {
    converted: Converted,
    thumbprint: [u8; 32],
    stage: Stage,
    reply: Reply<Converted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// What is meant is not durable yet.
    Written,
    /// The dongle is asked.
    Asked,
    /// It has answered, or has not: what it proves next tells.
    Answered,
}

/// What is to be asked of which dongle.
struct Planned {
    plan: Plan,
    key: String,
    evidence: Evidence,
    converted: Converted,
}

impl<S: Store> Core<S> {
    pub(super) fn convert(
        &mut self,
        actor: &Actor,
        ask: ConvertAsk,
        reply: Reply<Converted>,
        batch: &mut Batch,
    ) {
        let planned = match self.plan(&ask) {
            Ok(planned) if !ask.dry_run => planned,
            result => return batch.answer(reply, result.map(|planned| planned.converted)),
        };
        let told = self.dongles.is_being_told(&planned.evidence.thumbprint);
        if told && self.put_off.len() < PUT_OFF_MAX {
            // Its counter moves just now; the order would be stale when it comes.
            return self.put_off.push((actor.clone(), ask, reply));
        }
        match self.mean(actor, &planned, ask.code, batch) {
            Ok(id) => {
                let waiting = Waiting {
                    thumbprint: planned.evidence.thumbprint,
                    converted: planned.converted,
                    stage: Stage::Written,
                    reply,
                };
                self.waiting.insert(id, waiting);
            }
            Err(error) => batch.answer(reply, Err(error)),
        }
    }

    /// Takes up again what was put off until a dongle has proved what it is now, or is gone.
    pub(super) fn take_up(&mut self, batch: &mut Batch) {
        for (actor, ask, reply) in std::mem::take(&mut self.put_off) {
            self.convert(&actor, ask, reply, batch);
        }
    }

    /// Judges what is asked, and foresees what it makes of this machine.
    fn plan(&self, ask: &ConvertAsk) -> Result<Planned, ServiceError> {
        let (key, evidence, entitlement) = self.giver(ask.serial.as_deref())?;
        let (to, host) = self.receiver(ask)?;
        let product = self.settings.profile.product();
        let plan = Plan::of(entitlement, product, &ask.wish, to)?;
        let goal = match (plan.kind(), to) {
            (Kind::ConvertOffline, Some(Destination::Here(_))) => Goal::ThisMachine,
            (Kind::ConvertOffline, _) => Goal::OtherMachine,
            (Kind::ConvertDesk | Kind::Retire, _) => Goal::Desk,
        };
        let lines = plan.parts().map(|(line, count)| ConvertedLine {
            line: entitlement.source().line_id(product, line.id),
            feature: line.feature.clone(),
            before: line.remaining(),
            after: line.remaining() - count,
        });
        let gained = plan.gained(evidence.counter);
        let gained = gained.filter(|_| goal == Goal::ThisMachine);
        let (resolution, held) = self.foresee_gift(entitlement, &plan.left(), gained);
        let converted = Converted {
            serial: evidence.serial.clone(),
            kind: plan.kind(),
            goal,
            host,
            lines: lines.collect(),
            resolution,
            held,
            done: None,
        };
        Ok(Planned {
            key: key.to_owned(),
            evidence: evidence.clone(),
            plan,
            converted,
        })
    }

    /// The dongle that is to give.
    fn giver(&self, serial: Option<&str>) -> Result<(&str, &Evidence, &Entitlement), Refusal> {
        if let Some(serial) = serial {
            // Says why not, if it is there and not open.
            self.dongles.open_key(serial)?;
        }
        let open = self.dongles.open();
        let named: Vec<_> = open
            .filter(|(_, evidence, _)| serial.is_none_or(|serial| evidence.serial == serial))
            .collect();
        let giving = named
            .iter()
            .filter_map(|(key, evidence, gives)| Some((*key, *evidence, (*gives)?)))
            .filter(|(.., gives)| gives.lines().iter().any(|line| line.remaining() > 0));
        let giving: Vec<_> = giving.collect();
        match (&giving[..], named.first()) {
            ([one], _) => Ok(*one),
            ([], None) => Err(ConversionRefusal::NoDongle.into()),
            ([], Some((_, one, _))) => {
                let serial = one.serial.clone();
                Err(ConversionRefusal::Empty { serial }.into())
            }
            (several, _) => {
                let serials = several.iter().map(|(_, one, _)| one.serial.clone());
                let serials = serials.collect();
                Err(ConversionRefusal::WhichDongle { serials }.into())
            }
        }
    }

    /// The machine that the channels go to, and its name if it is another one.
    fn receiver(
        &self,
        ask: &ConvertAsk,
    ) -> Result<(Option<Destination>, Option<String>), ServiceError> {
        let facts = (self.settings.machine)();
        match (ask.wish.gift, &ask.to) {
            (Gift::Retire, None) => Ok((None, None)),
            (Gift::Retire, Some(_)) => {
                let problem = "what goes back to the vendor is for no machine".into();
                Err(Refusal::from(ConversionRefusal::BadRequest { problem }).into())
            }
            (Gift::Convert | Gift::ConvertAtDesk, None) => {
                let here = Bindable::of(&facts).map_err(Refusal::from)?;
                let mut salt = [0; 16];
                getrandom::fill(&mut salt).map_err(no_randomness)?;
                let binding = here.record(salt);
                let target = Target {
                    salt,
                    components: binding.components,
                    host_key: self.settings.host_key.public_key(),
                };
                Ok((Some(Destination::Here(target)), None))
            }
            (Gift::Convert | Gift::ConvertAtDesk, Some(file)) => {
                let (target, host) = machine_of(file, self.settings.profile.product())?;
                let matched = judge(&target.binding(), &facts);
                let matched = matched.map_err(|problem| ConversionRefusal::BadRequest {
                    problem: problem.to_string(),
                });
                // A request of this very machine is for this machine.
                match matched.map_err(Refusal::from)?.holds() {
                    true => Ok((Some(Destination::Here(target)), None)),
                    false => Ok((Some(Destination::There(target)), Some(host))),
                }
            }
        }
    }

    /// What a gift makes of this machine, and the serials of the dongles that count nothing after it.
    fn foresee_gift(
        &self,
        before: &Entitlement,
        left: &Entitlement,
        gained: Option<Entitlement>,
    ) -> (Resolution, Vec<String>) {
        let moved = gained.as_ref().map_or_else(Vec::new, |gained| {
            self.moved_lines(before.source(), gained.source())
        });
        let ledger = self.rehearse(&moved);
        let now = self.now_s();
        let others = |one: &Entitlement| one.source() != left.source();
        let gives = [
            left.gives_at(now)
                || self
                    .dongles
                    .counting()
                    .filter(|one| others(one))
                    .any(|one| one.gives_at(now)),
            gained.is_some() || self.gives(Source::Software),
        ];
        let mut next = self.state.arbiter;
        if gained.is_some() {
            next = arbiter::decide(next, arbiter::Event::Converted, self.settings.takeover);
        }
        for event in arbiter::events(gives) {
            next = arbiter::decide(next, event, self.settings.takeover);
        }
        let held = self.dongles.open().filter(|(.., gives)| {
            next.held() == Some(Source::Dongle)
                && gives.is_some_and(|one| others(one) && one.gives_at(now))
        });
        let held = held
            .map(|(_, evidence, _)| evidence.serial.clone())
            .collect();
        let all = self.counting().map(|one| match others(&one) {
            true => one,
            false => left.clone(),
        });
        (self.foresee(next, all.chain(gained), &ledger), held)
    }

    /// Writes down what is meant, unless it is already, and sends the dongle's errand once that is durable.
    fn mean(
        &mut self,
        actor: &Actor,
        planned: &Planned,
        code: Option<OwnerCode>,
        batch: &mut Batch,
    ) -> Result<Uuid, ServiceError> {
        let code = code
            .ok_or(ConversionRefusal::CodeNeeded)
            .map_err(Refusal::from)?;
        let Planned {
            plan,
            key,
            evidence,
            converted,
        } = planned;
        let thumbprint = hex(&evidence.thumbprint);
        let (mut again, mut overtaken) = (None, Vec::new());
        for (id, meant) in self.state.gifts.meant() {
            let order = Order::decode(&meant.order.0).ok();
            if meant.thumbprint != thumbprint {
                continue;
            }
            let current = order.filter(|order| order.counter == evidence.counter);
            match current {
                Some(order) if plan.is_like(&order) && !self.waiting.contains_key(&id) => {
                    again = Some((id, meant.order.0.clone()));
                }
                Some(_) => return Err(Refusal::from(ConversionRefusal::UnderWay { id }).into()),
                // The dongle has moved on without it, and would refuse it for ever.
                None => overtaken.push(id),
            }
        }
        for id in overtaken {
            self.end_conversion(id, ConversionRefusal::Stale.code(), batch);
        }
        let (id, order) = match again {
            Some(again) => again,
            None => {
                let mut random = [0; 16];
                getrandom::fill(&mut random).map_err(no_randomness)?;
                let id = Builder::from_random_bytes(random).into_uuid();
                let product = self.settings.profile.product();
                let order = plan.order(*id.as_bytes(), evidence.counter, product);
                let order = order.map_err(Refusal::from)?;
                let event = Event::ConversionMeant {
                    id,
                    serial: evidence.serial.clone(),
                    thumbprint,
                    gift: plan.kind().name().to_owned(),
                    goal: converted.goal,
                    host: converted.host.clone(),
                    order: Bytes(order.clone()),
                };
                self.record(actor, &event, batch);
                (id, order)
            }
        };
        let tell = self.outcomes.tell.clone();
        let errand: Errand = Box::new(move |open| {
            let result = open.and_then(|open| open.give(&order, &code).map(drop));
            // If nobody listens the service is stopping, and finds the receipt when it starts again.
            drop(tell.send(Outcome::Given { id, result }));
            After::Changed
        });
        batch.errands.push((key.clone(), errand));
        Ok(id)
    }

    fn end_conversion(&mut self, id: Uuid, because: &str, batch: &mut Batch) {
        let because = because.to_owned();
        let event = Event::ConversionEnded { id, because };
        self.record(&Actor::service(), &event, batch);
    }

    /// Gives up what the dongle has not done.
    pub(super) fn cancel_conversion(
        &mut self,
        actor: &Actor,
        id: Uuid,
        batch: &mut Batch,
    ) -> Result<(), ServiceError> {
        let gifts = &self.state.gifts;
        let refusal = if gifts.answer(id).is_some() {
            Some(ConversionRefusal::Done { id })
        } else if self.waiting.contains_key(&id) {
            Some(ConversionRefusal::UnderWay { id })
        } else if gifts.under_way(id).is_none() {
            Some(ConversionRefusal::NoSuch { id })
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return Err(Refusal::from(refusal).into());
        }
        let because = "cancelled".to_owned();
        self.record(actor, &Event::ConversionEnded { id, because }, batch);
        Ok(())
    }

    /// Hears what came of an errand.
    pub(super) fn hear(&mut self, outcome: Outcome, batch: &mut Batch) {
        let (id, result) = match outcome {
            Outcome::Given { id, result } => (id, result),
            Outcome::Delivered(delivered) => return self.delivered(*delivered, batch),
            Outcome::NotTold {
                thumbprint,
                counter,
            } => {
                self.dongles.not_told(&thumbprint, counter);
                return self.take_up(batch);
            }
        };
        match result.as_ref().err().and_then(refusal_of) {
            // Nothing was lowered, and that is known.
            Some(refusal) => {
                if self.state.gifts.under_way(id).is_some() {
                    self.end_conversion(id, refusal.code(), batch);
                }
                if let Some(waiting) = self.waiting.remove(&id) {
                    batch.answer(waiting.reply, Err(Refusal::from(refusal).into()));
                }
            }
            None => {
                if let Err(fault) = &result {
                    tracing::warn!(%id, "a dongle was asked to give channels away: {fault}");
                }
                if let Some(waiting) = self.waiting.get_mut(&id) {
                    waiting.stage = Stage::Answered;
                }
                let gone = |waiting: &Waiting| !self.is_open(&waiting.thumbprint);
                if self.waiting.get(&id).is_some_and(gone) {
                    self.interrupt(id, batch);
                }
            }
        }
    }

    /// Answers whoever waits for something that is known now: `proved` is the key of the dongle that proved its state.
    pub(super) fn settle_waiting(&mut self, proved: Option<[u8; 32]>, batch: &mut Batch) {
        let ids: Vec<Uuid> = self.waiting.keys().copied().collect();
        for id in ids {
            if let Some(done) = self.conversion(id) {
                if let Some(mut waiting) = self.waiting.remove(&id) {
                    waiting.converted.done = Some(done);
                    batch.answer(waiting.reply, Ok(waiting.converted));
                }
                continue;
            }
            let over = self.waiting.get(&id).is_some_and(|waiting| {
                let told = proved == Some(waiting.thumbprint) || !self.is_open(&waiting.thumbprint);
                waiting.stage == Stage::Answered && told
            });
            if over {
                self.interrupt(id, batch);
            }
        }
    }

    fn interrupt(&mut self, id: Uuid, batch: &mut Batch) {
        if let Some(waiting) = self.waiting.remove(&id) {
            let serial = waiting.converted.serial;
            batch.answer::<Converted, ServiceError>(
                waiting.reply,
                Err(Fault::Interrupted { serial }.into()),
            );
        }
    }

    /// After a commit: what was meant is durable, or it never was.
    pub(super) fn sent(&mut self) {
        for (id, mut waiting) in std::mem::take(&mut self.waiting) {
            match (&self.broken, waiting.stage) {
                (Some(fault), Stage::Written) => {
                    drop(waiting.reply.send(Err(fault.clone().into())));
                    continue;
                }
                (None, Stage::Written) => waiting.stage = Stage::Asked,
                (_, Stage::Asked | Stage::Answered) => {}
            }
            self.waiting.insert(id, waiting);
        }
    }

    fn is_open(&self, thumbprint: &[u8; 32]) -> bool {
        self.dongles
            .open()
            .any(|(_, evidence, _)| evidence.thumbprint == *thumbprint)
    }
}
