//! ADAPT: a folder whose files are imported by themselves, for couriers and scripts.
//!
//! A file is taken once it has stood still for two looks, goes through the same import as a request to the API, and is
//! then put away with a report beside it. Nothing is ever deleted.

mod folder;
mod report;
mod steady;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use crate::service::{Actor, Service};
use crate::store::FolderError;
use folder::Folder;
use report::Report;
use steady::{Stamp, Steady};

pub use folder::Refused;

/// How often the folder is looked at.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// A folder, and what was seen in it.
#[derive(Debug)]
pub struct Inbox {
    folder: Arc<Folder>,
    steady: Steady,
    /// What the last look could not do, so that it is said once and not every five seconds.
    troubled: Option<String>,
}

/// An inbox that is looked at until it is stopped.
#[derive(Debug)]
pub struct Watched(JoinHandle<()>);

impl Inbox {
    /// Opens the folder, or makes it and its folders `done` and `refused` for their owner alone.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        Ok(Self {
            folder: Arc::new(Folder::open(path)?),
            steady: Steady::default(),
            troubled: None,
        })
    }

    /// Looks at it from now on.
    #[must_use]
    pub fn watch(mut self, service: Service, every: Duration) -> Watched {
        Watched(tokio::spawn(async move {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                self.look(&service).await;
            }
        }))
    }

    /// Looks once: imports what has not changed since the last look, and puts it away. Whatever fails is said in the
    /// log and tried again at the next look.
    pub async fn look(&mut self, service: &Service) {
        let trouble = self.try_look(service).await.err();
        if let Some(trouble) = &trouble
            && self.troubled.as_ref() != Some(trouble)
        {
            let inbox = self.folder.path().display();
            tracing::warn!(%inbox, "what is in the inbox waits: {trouble}");
        }
        self.troubled = trouble;
    }

    async fn try_look(&mut self, service: &Service) -> Result<(), String> {
        let folder = Arc::clone(&self.folder);
        let seen = blocking(move || folder.list()).await?;
        for (name, stamp) in self.steady.look(seen) {
            self.take(service, name, stamp).await?;
        }
        Ok(())
    }

    async fn take(&self, service: &Service, name: PathBuf, stamp: Stamp) -> Result<(), String> {
        let (folder, file) = (Arc::clone(&self.folder), name.clone());
        let report = match blocking(move || Ok(folder.read(&file, stamp))).await? {
            Err(refused) if refused.changes() => return Ok(()),
            Err(refused) => Report::unread(&name, &refused),
            Ok(content) => {
                let imported = service.import(&Actor::inbox(), content).await;
                Report::of(&name, &imported.map_err(|fault| fault.to_string())?)
            }
        };
        report.log();
        let folder = Arc::clone(&self.folder);
        blocking(move || folder.put_away(&name, report.place(), report.text())).await
    }
}

impl Watched {
    /// Ends it. What was imported and not put away yet is found again at the next start.
    pub async fn stop(self) {
        self.0.abort();
        // It was told to end: how is of no interest.
        drop(self.0.await);
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, String> {
    match spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
