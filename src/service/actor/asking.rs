//! Requests for the vendor's desk: the dongles are asked for their proofs, and what they brought is signed.

mod content;

use std::sync::Arc;

use tallykey_protocol::limits::{NONCE_LEN, SALT_LEN, TIME_MAX};
use tallykey_protocol::list::List;
use tallykey_protocol::request::{Environment, Head, proof_nonce};
use tallykey_protocol::target::Binding;
use tokio::sync::oneshot;

use super::super::asking::{Begun, Draft, Gathered, LeftOut, RequestAsk, RequestFile, Sticks};
use super::super::batch::Batch;
use super::super::fault::{Fault, ServiceError};
use super::super::name::{file_name, label};
use super::super::ports::Store;
use super::super::request::Actor;
use super::super::token::hex;
use super::super::watch::{After, Errand};
use super::Core;
use crate::dongle::{self, Evidence, Open};
use crate::ledger::{Asked, Event};
use crate::licence::machine_binding::Bindable;

impl<S: Store> Core<S> {
    /// Asks every open dongle for a proof over a nonce that is used once.
    pub(super) fn begin_request(&self) -> Result<Begun, ServiceError> {
        let (mut nonce, mut salt) = ([0; NONCE_LEN], [0; SALT_LEN]);
        let random = getrandom::fill(&mut nonce).and_then(|()| getrandom::fill(&mut salt));
        random.map_err(|error| Fault::NoRandomness {
            source: Arc::new(error),
        })?;
        let proof_nonce = proof_nonce(&nonce, &self.settings.host_key.public_key());
        let dongles = self.dongles.sessions().map(|(key, serial)| {
            let (tell, told) = oneshot::channel();
            let errand: Errand = Box::new(move |open| {
                // Who does not wait any more has left it out.
                drop(tell.send(prove(open, proof_nonce).map_err(Arc::new)));
                After::Same
            });
            self.inputs.watcher.visit(key, errand);
            (serial.to_owned(), told)
        });
        Ok(Begun {
            nonce,
            salt,
            dongles: dongles.collect(),
            left_out: self
                .dongles
                .closed()
                .map(|one| LeftOut::closed(&one))
                .collect(),
        })
    }

    /// Signs a request over what the dongles brought, and writes down that it was made.
    pub(super) fn make_request(
        &mut self,
        actor: &Actor,
        ask: RequestAsk,
        gathered: Gathered,
        batch: &mut Batch,
    ) -> Result<RequestFile, ServiceError> {
        let wanted = self.wanted(&ask)?;
        let facts = (self.settings.machine)();
        let bindable = Bindable::of(&facts);
        let root = self.settings.trust.root();
        let mut sticks = Sticks::of_proven(gathered.proven, &root, &self.state.shelf);
        sticks.add_kept(&self.state.gifts, &self.state.shelf, &self.state.asked);
        sticks.add_conversions(&self.state.shelf);
        let (purpose, confirms) = self.purpose(&ask, &sticks)?;
        let installed = self.installed();
        let host = label(&self.settings.host);
        let draft = Draft {
            host: &host,
            issued_at: u64::try_from(self.now_ms() / 1_000).map_or(0, |s| s.min(TIME_MAX)),
            nonce: gathered.nonce,
            purpose,
            product: self.settings.profile.product(),
            profile_revision: self.settings.profile.revision(),
            binding: bindable.as_ref().map_or_else(
                |_| Binding {
                    salt: gathered.salt,
                    components: List::default(),
                },
                |bindable| bindable.record(gathered.salt),
            ),
            environment: facts
                .environment
                .as_ref()
                .map_or(Environment::Physical, |environment| environment.kind()),
            installed: &installed,
            dongles: &sticks.sticks,
            marks: &self.highest(),
            history: Head {
                sequence: self.state.head.seq,
                hash: self.state.head.hash,
            },
            desk_nonce: confirms.as_ref().map(|(_, nonce)| *nonce),
            wanted: &wanted,
        };
        let signed = draft.sign(&*self.settings.host_key)?;
        let counts = match wanted.is_empty() {
            true => self.held_counts(),
            false => wanted.iter().map(|one| (one.feature, one.count)).collect(),
        };
        let mut left_out = gathered.left_out;
        left_out.append(&mut sticks.left_out);
        let file = RequestFile {
            name: file_name(&host, purpose, counts, self.now_ms()),
            content: (!ask.dry_run).then_some(signed.armour),
            purpose,
            chosen: ask.purpose.is_none(),
            wanted: wanted
                .iter()
                .map(|one| (one.feature.to_owned(), one.count))
                .collect(),
            licences: self.carried(&installed),
            dongles: sticks.proven,
            receipts: sticks.receipts,
            confirms: confirms.as_ref().map(|(id, _)| id.clone()),
            left_out,
            unbound: bindable.err(),
            host,
        };
        if !ask.dry_run {
            let event = Event::RequestMade {
                nonce: Asked::name_of(&gathered.nonce),
                digest: hex(&signed.digest),
                purpose: purpose.name().to_owned(),
                file: file.name.clone(),
                wanted: file.wanted.clone(),
                licences: file.licences.iter().map(|one| one.id.clone()).collect(),
                dongles: file.dongles.clone(),
                receipts: file.receipts.clone(),
                desk_nonce: confirms.map(|(_, nonce)| Asked::name_of(&nonce)),
            };
            self.record(actor, &event, batch);
        }
        Ok(file)
    }

    /// What answers a request of this host is not awaited any more.
    pub(super) fn note_answer(
        &mut self,
        actor: &Actor,
        nonce: Option<&[u8; NONCE_LEN]>,
        with: &str,
        batch: &mut Batch,
    ) {
        if let Some(nonce) = nonce.filter(|nonce| self.state.asked.is_outstanding(nonce)) {
            let nonce = Asked::name_of(nonce);
            let with = with.to_owned();
            self.record(actor, &Event::RequestAnswered { nonce, with }, batch);
        }
    }
}

fn prove(
    open: Result<&mut Open, dongle::Fault>,
    nonce: [u8; NONCE_LEN],
) -> Result<(Evidence, Vec<u8>), dongle::Fault> {
    let open = open?;
    let proof = open.prove_for_request(nonce)?;
    Ok((open.evidence().clone(), proof))
}
