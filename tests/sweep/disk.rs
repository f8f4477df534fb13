//! The host's disk, in memory: what is on it after each commit, and before it.

use std::sync::Arc;

use tallykey::ledger::{Event, Head, Row};
use tallykey::service::ports::{Store, StoreError};

use super::stage::Stage;

/// What a disk holds. Cloning it is taking an image.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) rows: Arc<Vec<Row>>,
    pub(crate) pulse: Option<Arc<str>>,
}

impl Disk {
    /// What the history tells, in order.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut head = Head::genesis();
        let follow = |row| head.follow(row).expect("a sound history");
        self.rows.iter().map(follow).collect()
    }

    /// What of it matters for what happens next, without the pulse, and without what is drawn
    /// anew each time.
    pub(crate) fn digest(&self) -> String {
        let (mut kind, mut shown, mut started) = (String::new(), 0, false);
        let mut gifts = tallykey::ledger::Gifts::default();
        let mut licences = 0;
        for event in self.events() {
            gifts.apply(&event).expect("a sound history");
            match event {
                Event::ServiceStarted { .. } => started = true,
                Event::AuthenticationType { now, .. } => kind = now,
                Event::DongleOpened { counter, .. } => shown = counter,
                Event::LicenceImported { .. } => licences += 1,
                _ => {}
            }
        }
        let meant: Vec<usize> = gifts.meant().map(|(_, one)| one.order.0.len()).collect();
        let kept: Vec<_> = gifts
            .receipts()
            .map(|kept| (kept.counter, kept.ours))
            .collect();
        format!("{started} {kind} {shown} {meant:?} {kept:?} {licences}")
    }
}

/// The disk as the service writes it.
pub(crate) struct Writer(pub(crate) Arc<Stage>);

impl Store for Writer {
    async fn read(&mut self, after: u64, limit: u32) -> Result<Vec<Row>, StoreError> {
        let disk = self.0.disk();
        let rows = disk.rows.iter().filter(|row| row.seq > after);
        Ok(rows.take(limit as usize).cloned().collect())
    }

    async fn newest(&mut self) -> Result<Option<Head>, StoreError> {
        let disk = self.0.disk();
        Ok(disk.rows.last().map(|row| Head {
            seq: row.seq,
            hash: row.hash,
        }))
    }

    async fn append(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.0.commit(|disk| {
            Arc::make_mut(&mut disk.rows).extend_from_slice(rows);
        });
        Ok(())
    }

    async fn pulse(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self.0.disk().pulse.as_deref().map(str::to_owned))
    }

    async fn set_pulse(&mut self, pulse: &str) -> Result<(), StoreError> {
        self.0.commit(|disk| disk.pulse = Some(pulse.into()));
        Ok(())
    }

    async fn close(self) -> Result<(), StoreError> {
        Ok(())
    }

    fn place(&self) -> String {
        "memory".into()
    }
}
