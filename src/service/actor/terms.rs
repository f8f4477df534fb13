//! The terms of the product: accepted once, before its first licence is imported.

use crate::ledger::Event;
use crate::licence::Refusal;

use super::super::batch::Batch;
use super::super::ports::Store;
use super::super::request::{Actor, TermsStatus};
use super::super::token::hex;
use super::Core;

impl<S: Store> Core<S> {
    /// The terms of the product, if it has any; accepted first, if somebody does.
    pub(super) fn terms(
        &mut self,
        accepting: Option<&Actor>,
        batch: &mut Batch,
    ) -> Option<TermsStatus> {
        let profile = &self.settings.profile;
        let (terms, profile_revision) = (profile.terms()?.clone(), profile.revision());
        let digest = hex(terms.digest());
        if let Some(actor) = accepting
            && !self.state.shelf.has_accepted(&digest)
        {
            let event = Event::TermsAccepted {
                profile_revision,
                digest: digest.clone(),
            };
            self.record(actor, &event, batch);
        }
        Some(TermsStatus {
            profile_revision,
            text: terms.text().to_owned(),
            accepted: self.state.shelf.has_accepted(&digest),
            digest,
        })
    }

    /// That nothing has to be accepted before a licence is installed.
    pub(super) fn terms_allow(&self) -> Result<(), Refusal> {
        let profile = &self.settings.profile;
        match profile.terms() {
            Some(terms) if !self.state.shelf.has_accepted(&hex(terms.digest())) => {
                Err(Refusal::TermsNotAccepted {
                    profile_revision: profile.revision(),
                })
            }
            _ => Ok(()),
        }
    }
}
