//! What each request does.

use std::sync::Arc;

use uuid::{Builder, Uuid};

use crate::ledger::{Ask, Channel};
use crate::licence::Refusal;

use super::super::batch::Batch;
use super::super::fault::{BatchError, Fault, ServiceError};
use super::super::ports::Store;
use super::super::request::{
    Actor, Allocated, Allocation, HistoryEntry, NewToken, Reply, Request, Role, Token,
};
use super::super::watch::{After, Errand};
use super::super::{BATCH_MAX, HISTORY_PAGE_MAX, token};
use super::Core;
use super::views::Views;
use crate::dongle::Open;
use crate::ledger::Event;

impl<S: Store> Core<S> {
    /// Decides one request against the state in memory.
    pub(super) fn take(&mut self, request: Request, batch: &mut Batch) {
        match request {
            Request::Allocate { actor, asks, reply } => {
                let result = self.allocate(&actor, &asks, batch);
                batch.answer(reply, result);
            }
            Request::Release { actor, id, reply } => {
                let result = self.release(&actor, id, batch);
                batch.answer(reply, result);
            }
            Request::Change {
                actor,
                id,
                change,
                dry_run,
                reply,
            } => {
                let result = self.change(&actor, id, &change, dry_run, batch);
                batch.answer(reply, result);
            }
            Request::ChangePool {
                actor,
                change,
                dry_run,
                reply,
            } => {
                let result = self.change_pool(&actor, &change, dry_run, batch);
                batch.answer(reply, result);
            }
            Request::Import {
                actor,
                content,
                reply,
            } => self.import(&actor, &content, reply, batch),
            Request::Terms { accepting, reply } => {
                let terms = self.terms(accepting.as_ref(), batch);
                batch.answer::<_, ServiceError>(reply, Ok(terms));
            }
            Request::RemoveLicence { actor, id, reply } => {
                let result = self.remove_licence(&actor, &id, batch);
                batch.answer(reply, result);
            }
            Request::Resolve {
                actor,
                keep,
                dry_run,
                reply,
            } => {
                let result = self.resolve(&actor, keep, dry_run, batch);
                batch.answer(reply, result);
            }
            Request::Convert { actor, ask, reply } => self.convert(&actor, *ask, reply, batch),
            Request::CancelConversion { actor, id, reply } => {
                let result = self.cancel_conversion(&actor, id, batch);
                batch.answer(reply, result);
            }
            Request::AcknowledgeReceipt { actor, id, reply } => {
                self.acknowledge_receipt(&actor, id, reply);
            }
            Request::Conversions { reply } => {
                let conversions = self.conversions();
                batch.answer::<_, ServiceError>(reply, Ok(conversions));
            }
            Request::Licences { reply } => {
                let licences = self.licences(&self.state.ledger, &self.supply);
                batch.answer::<_, ServiceError>(reply, Ok(licences));
            }
            Request::Proofs { reply } => {
                let begun = self.begin_request();
                batch.answer(reply, begun);
            }
            Request::Sign {
                actor,
                ask,
                gathered,
                reply,
            } => {
                let result = self.make_request(&actor, ask, gathered, batch);
                batch.answer(reply, result);
            }
            Request::Need { reply } => {
                let (profile, stock) = (&self.settings.profile, (&self.active, &self.supply));
                let need = self.state.ledger.need(profile, stock, self.now_s());
                batch.answer::<_, ServiceError>(reply, Ok(need));
            }
            Request::Allocation { id, reply } => {
                let held = self.state.ledger.allocation(id);
                let held = held.ok_or(Refusal::NoSuchAllocation { id });
                let result =
                    held.map(|held| Views::of(&self.state.ledger, &self.supply).read(held));
                batch.answer(reply, result.map_err(ServiceError::from));
            }
            Request::Allocations { reply } => {
                let mut views = Views::of(&self.state.ledger, &self.supply);
                let mut all: Vec<_> = self.state.ledger.allocations().collect();
                all.sort_unstable_by_key(|held| held.order);
                let all = all.into_iter().map(|held| views.read(held)).collect();
                batch.answer::<_, ServiceError>(reply, Ok(all));
            }
            Request::History {
                after,
                limit,
                reply,
            } => batch.histories.push((after, limit, reply)),
            Request::Wink {
                actor,
                serial,
                reply,
            } => self.wink(&actor, serial, reply),
            Request::CreateToken {
                actor,
                role,
                label,
                reply,
            } => {
                let result = self.create_token(&actor, role, &label, batch);
                batch.answer(reply, result);
            }
            Request::RevokeToken { actor, id, reply } => {
                let result = self.revoke_token(&actor, id, batch);
                batch.answer(reply, result);
            }
            Request::Stop { reply } => self.stopping.get_or_insert_default().push(reply),
        }
    }

    fn allocate(
        &mut self,
        actor: &Actor,
        asks: &[Ask],
        batch: &mut Batch,
    ) -> Result<Vec<Allocated>, BatchError> {
        let count = asks.len();
        if count > BATCH_MAX {
            let refusal = Refusal::BatchTooLarge {
                count,
                max: BATCH_MAX,
            };
            return Err(BatchError::refused(None, refusal));
        }
        let mut random = vec![[0; 16]; count];
        getrandom::fill(random.as_flattened_mut()).map_err(no_randomness)?;
        let mut ids = random
            .into_iter()
            .map(|bytes| Builder::from_random_bytes(bytes).into_uuid());

        let decided = self.state.ledger.decide(
            &self.settings.profile,
            (&self.supply, self.now_s()),
            asks,
            || {
                ids.next()
                    .expect("no request makes more than one allocation")
            },
        );
        let decided =
            decided.map_err(|(index, refusal)| BatchError::refused(Some(index), refusal))?;
        for decision in &decided {
            let new = decision.new.as_ref().map(Channel::event);
            for event in new.iter().chain(&decision.changes) {
                self.record(actor, event, batch);
            }
        }

        let mut views = Views::of(&self.state.ledger, &self.supply);
        let allocated = decided.iter().map(|decision| Allocated {
            allocation: views.of_id(decision.id),
            created: decision.new.is_some(),
        });
        Ok(allocated.collect())
    }

    fn release(
        &mut self,
        actor: &Actor,
        id: Uuid,
        batch: &mut Batch,
    ) -> Result<Allocation, ServiceError> {
        let event = self.state.ledger.release(id)?;
        let was = Views::of(&self.state.ledger, &self.supply).of_id(id);
        self.record(actor, &event, batch);
        Ok(was)
    }

    fn create_token(
        &mut self,
        actor: &Actor,
        role: Role,
        label: &str,
        batch: &mut Batch,
    ) -> Result<NewToken, ServiceError> {
        let mut random = [0; 48];
        getrandom::fill(&mut random).map_err(no_randomness)?;
        let (new, event) = token::make(&random, role, label, self.now_ms())?;
        self.record(actor, &event, batch);
        Ok(new)
    }

    fn revoke_token(
        &mut self,
        actor: &Actor,
        id: Uuid,
        batch: &mut Batch,
    ) -> Result<Token, ServiceError> {
        let token = self.state.tokens.find(id)?;
        self.record(actor, &Event::TokenRevoked { id }, batch);
        Ok(token)
    }

    /// Hands the wink on and is done with it: a dongle may take its time.
    fn wink(&self, actor: &Actor, serial: String, reply: Reply<()>) {
        match self.dongles.open_key(&serial) {
            Err(refusal) => drop(reply.send(Err(refusal.into()))),
            Ok(key) => {
                tracing::info!(
                    actor = actor.as_str(),
                    serial,
                    "the dongle is made to blink"
                );
                let errand: Errand = Box::new(move |open| {
                    let result = open.and_then(Open::wink).map_err(|source| {
                        Fault::DongleFailed {
                            serial,
                            source: Arc::new(source),
                        }
                        .into()
                    });
                    drop(reply.send(result));
                    After::Same
                });
                self.inputs.watcher.visit(key, errand);
            }
        }
    }

    /// One page of the history, as it is stored.
    pub(super) async fn history(
        &mut self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, ServiceError> {
        let rows = self
            .store
            .read(after, limit.min(HISTORY_PAGE_MAX))
            .await
            .map_err(Fault::from)?;
        let entries = rows.into_iter().map(|row| HistoryEntry {
            seq: row.seq,
            at: row.at,
            actor: row.actor,
            kind: row.kind,
            // A row that is no JSON any more is shown as the text it is, never left out.
            body: serde_json::from_str(&row.body).unwrap_or(serde_json::Value::String(row.body)),
            hash: row.hash,
        });
        Ok(entries.collect())
    }
}

pub(super) fn no_randomness(error: getrandom::Error) -> Fault {
    Fault::NoRandomness {
        source: Arc::new(error),
    }
}
