//! Who runs the service's errands: at once, in the one session that is open, as the watch does in its thread.

use std::sync::Arc;

use tallykey::dongle::Fault;
use tallykey::service::ports::Watcher;
use tallykey::service::watch::{After, DongleEvent, Errand};
use tokio::sync::mpsc;

use super::stage::{PORT, Stage};

pub(crate) struct Bus {
    pub(crate) stage: Arc<Stage>,
    pub(crate) events: mpsc::Sender<DongleEvent>,
}

impl Watcher for Bus {
    fn visit(&self, key: &str, errand: Errand) {
        self.stage.hears();
        let Some(mut open) = self.stage.session().take() else {
            errand(Err(Fault::NotFound { place: key.into() }));
            return;
        };
        let after = errand(Ok(&mut open));
        self.stage.hears();
        let key = PORT.to_owned();
        let event = match after {
            After::Changed => open.prove().cloned().map(|evidence| {
                let key = key.clone();
                Some(DongleEvent::Proved { key, evidence })
            }),
            After::Same => Ok(None),
        };
        let event = match event {
            Ok(event) if !self.stage.is_dead() => {
                *self.stage.session() = Some(open);
                event
            }
            result => {
                assert!(self.stage.is_dead(), "nothing else breaks it: {result:?}");
                Some(DongleEvent::Left { key })
            }
        };
        if let Some(event) = event {
            self.stage.hears();
            let told = self.events.try_send(event);
            assert!(told.is_ok(), "so much does not wait");
        }
    }

    fn stop(self: Box<Self>) {}
}
