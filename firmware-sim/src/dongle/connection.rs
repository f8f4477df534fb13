//! A handle on a dongle, as /dev/hidraw gives one.

use super::{Gone, Port, TURN};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tallykey_protocol::report::Report;

/// An open handle on a dongle. Closed when dropped.
pub struct Connection {
    pub(super) port: Arc<Port>,
    pub(super) handle: u64,
}

impl Connection {
    /// Sends one report to the dongle.
    ///
    /// # Errors
    /// [`Gone`], also when this report was what pulled it out.
    pub fn write(&self, report: &Report) -> Result<(), Gone> {
        let mut state = self.port.lock();
        if !state.queues.contains_key(&self.handle) {
            return Err(Gone);
        }
        state.accept(report);
        state.run();
        self.port.changed.notify_all();
        if state.queues.contains_key(&self.handle) {
            Ok(())
        } else {
            Err(Gone)
        }
    }

    /// The next report of the dongle; `None` if none comes within `timeout`.
    ///
    /// # Errors
    /// [`Gone`], at once when the dongle is pulled out or the handle closed.
    pub fn read(&self, timeout: Duration) -> Result<Option<Report>, Gone> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.port.lock();
        loop {
            let queue = state.queues.get_mut(&self.handle).ok_or(Gone)?;
            if let Some(report) = queue.pop_front() {
                return Ok(Some(report));
            }
            if state.run() {
                self.port.changed.notify_all();
                continue;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            let turn = state.is_working().then_some(TURN);
            let wait = [left, turn].into_iter().flatten().min();
            let changed = &self.port.changed;
            state = match wait {
                Some(wait) => {
                    let woken = changed.wait_timeout(state, wait);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Closes the handle; a read that waits in another thread ends with [`Gone`].
    pub fn close(&self) {
        self.port.lock().queues.remove(&self.handle);
        self.port.changed.notify_all();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}
