//! What one turn of the actor decided and has not answered yet.

use tokio::sync::oneshot;

use crate::ledger::{Event, Row};

use super::fault::{Fault, ServiceError};
use super::request::HistoryReply;
use super::watch::Errand;

/// Entries to be made durable in one commit, and the answers that wait for it.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    /// What the service itself saw, among the entries.
    pub(super) told: Vec<Event>,
    /// Pages of the history to be read once the entries are in it.
    pub(super) histories: Vec<(u64, u32, HistoryReply)>,
    /// Imports that wait for a dongle, by number: if the commit fails, nothing of theirs was done.
    pub(super) imports: Vec<u64>,
    /// What is to be done with dongles once the entries are durable, by the key of each; never done if they are not.
    pub(super) errands: Vec<(String, Errand)>,
    answers: Vec<Answer>,
}

/// Gives the decided answer, or the fault that undid it.
type Answer = Box<dyn FnOnce(Option<&Fault>) + Send>;

impl Batch {
    /// Keeps an answer until everything it rests on is durable. A refusal waits too: it may rest
    /// on channels that an entry of the same batch takes.
    pub(super) fn answer<T, E>(
        &mut self,
        reply: oneshot::Sender<Result<T, E>>,
        result: Result<T, E>,
    ) where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.answers.push(Box::new(move |fault| {
            let result = fault.map_or(result, |fault| Err(fault.clone().into()));
            // Who does not wait any more asks again and finds what is durable.
            drop(reply.send(result));
        }));
    }

    /// Keeps an answer about what was done elsewhere and cannot be undone: it is given whatever becomes of the
    /// entries, which are owed then.
    pub(super) fn inform<T: Send + 'static>(
        &mut self,
        reply: oneshot::Sender<Result<T, ServiceError>>,
        told: T,
    ) {
        self.answers.push(Box::new(move |_| {
            // Who does not wait any more imports the file again and finds what is so.
            drop(reply.send(Ok(told)));
        }));
    }

    /// Gives every answer; with a fault, that one to all.
    pub(super) fn finish(self, fault: Option<&Fault>) {
        for answer in self.answers {
            answer(fault);
        }
    }
}
